/* Drives a feed on a channel for tests/faults/test_channel_*.py:
 *
 *     probe_channel store=DIR state=DIR source=BASE... key=KEY... [poll_ms=N] [ca=FILE] ...
 *
 * Each edition is a line "edition NAME", a line "about VERSION CHANNEL playlist|takeover", and then
 * a line "medium PATH FILE" for each asset, ended by "end". On standard input: "describe" prints
 * what the feed waits for; "marks" prints how far each medium of the last edition has been read
 * again
 * ("mark PATH good|unchecked|damaged", ended by "end"), and asks for those that were not; "stop",
 * or the end, stops it and prints how long that took. */
#include "base/clock.h"
#include "base/log.h"
#include "sync/feed_source.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX 16

static int wake_pipe[2];

struct options {
    struct feed_config config;
    struct feed_limits limits;
    const char *sources[LIST_MAX], *keys[LIST_MAX];
};

static void wake(void *context)
{
    (void)context;
    if (write(wake_pipe[1], "", 1) < 0)
        abort();
}

static void print_edition(const struct edition *edition)
{
    const struct playlist *playlist = edition->playlist;
    printf("edition %s\nabout %" PRId64 " %s %s\n", playlist->name, playlist->version,
           playlist->channel ? playlist->channel : "-",
           edition->takeover ? "takeover" : "playlist");
    for (size_t i = 0; i < playlist->asset_count; i++) {
        struct err err = {0};
        int fd = edition_open(edition, (int)i, &err);
        printf("medium %s %s\n", playlist->assets[i].path, fd < 0 ? "missing" : edition->paths[i]);
        if (fd >= 0)
            close(fd);
    }
    printf("end\n");
    fflush(stdout);
}

static void print_marks(const struct edition *edition)
{
    static const char *const WORDS[] = {
        [MARKS_UNCHECKED] = "unchecked", [MARKS_GOOD] = "good", [MARKS_DAMAGED] = "damaged"};
    for (size_t i = 0; edition && i < edition->playlist->asset_count; i++)
        printf("mark %s %s\n", edition->playlist->assets[i].path,
               WORDS[edition_want(edition, (int)i)]);
    printf("end\n");
    fflush(stdout);
}

static void take(struct feed *feed, struct edition **shown)
{
    struct edition *edition = feed_take(feed);
    if (!edition)
        return;
    print_edition(edition);
    edition_destroy(*shown);
    *shown = edition;
}

/* False when it is time to stop. */
static bool obey(struct feed *feed, const struct edition *shown)
{
    char line[64];
    if (!fgets(line, sizeof line, stdin) || strcmp(line, "stop\n") == 0)
        return false;
    if (strcmp(line, "marks\n") == 0) {
        print_marks(shown);
        return true;
    }
    char text[512];
    feed_describe(feed, text, sizeof text);
    printf("describe %s\n", text);
    fflush(stdout);
    return true;
}

static void follow(struct feed *feed)
{
    struct edition *shown = NULL;
    take(feed, &shown);
    for (;;) {
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = wake_pipe[0], .events = POLLIN}};
        poll(fds, 2, -1);
        char byte;
        if ((fds[1].revents & POLLIN) && read(wake_pipe[0], &byte, 1) == 1)
            take(feed, &shown);
        if ((fds[0].revents & (POLLIN | POLLHUP)) && !obey(feed, shown))
            break;
    }
    int64_t start_ns = clock_mono_ns();
    feed_stop(feed);
    printf("stopped %" PRId64 "\n", (clock_mono_ns() - start_ns) / 1000000);
    edition_destroy(shown);
}

static bool add_to_list(const char *list[LIST_MAX], size_t *count, const char *value)
{
    if (*count == LIST_MAX)
        return false;
    list[(*count)++] = value;
    return true;
}

/* One NAME=VALUE; false when there is no such option. */
static bool read_option(struct options *options, const char *name, const char *value)
{
    struct feed_config *config = &options->config;
    struct feed_limits *limits = &options->limits;
    const struct {
        const char *name;
        const char **text;
        int64_t *number;
    } plain[] = {
        {"store", &config->store, NULL},
        {"state", &config->state, NULL},
        {"ca", &config->ca_file, NULL},
        {"cert", &config->client_cert, NULL},
        {"cert_key", &config->client_key, NULL},
        {"poll_ms", NULL, &config->poll_ms},
        {"quota_bytes", NULL, &config->quota_bytes},
        {"bandwidth", NULL, &config->bandwidth_bytes_per_s},
        {"stall_ms", NULL, &limits->http.stall_ms},
        {"retry_max_ms", NULL, &limits->retry_max_ms},
        {"playlist_ms", NULL, &limits->playlist_ms},
    };
    if (strcmp(name, "source") == 0)
        return add_to_list(options->sources, &config->source_count, value);
    if (strcmp(name, "key") == 0)
        return add_to_list(options->keys, &config->key_count, value);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(name, plain[i].name) != 0)
            continue;
        if (plain[i].text)
            *plain[i].text = value;
        else
            *plain[i].number = strtoll(value, NULL, 10);
        return true;
    }
    return false;
}

static bool read_options(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            return false;
        *equals = '\0';
        if (!read_option(options, argv[i], equals + 1))
            return false;
    }
    options->config.sources = options->sources;
    options->config.keys = options->keys;
    return true;
}

int main(int argc, char **argv)
{
    static struct options options = {
        .config = {.poll_ms = 100, .wake = wake},
        .limits = {.http.stall_ms = 1000, .retry_max_ms = 100, .playlist_ms = 60000}};
    if (!read_options(&options, argc, argv) || pipe(wake_pipe) < 0)
        return 2;
    setvbuf(stdin, NULL, _IONBF, 0); /* so that poll and fgets see the same bytes */
    struct err err = {0};
    struct feed *feed = feed_start_limited(&options.config, &options.limits, &err);
    if (!feed) {
        printf("refused %s\n", err.text);
        return 1;
    }
    printf("started\n");
    fflush(stdout);
    follow(feed);
    log_flush();
    return 0;
}
