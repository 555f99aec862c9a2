/* Drives a feed for tests/faults/test_feed.py:  probe_feed SOURCE STORE POLL_MS CA|- STALL_MS
 * RETRY_MAX_MS PLAYLIST_MS
 *
 * Each edition is a line "edition NAME" and then a line "medium PATH FILE" for each asset, ended by
 * "end". On standard input: "describe" prints what the feed waits for; "stop", or the end, stops it
 * and prints how long that took. */
#include "base/clock.h"
#include "base/log.h"
#include "sync/feed_source.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wake_pipe[2];

static void wake(void *context)
{
    (void)context;
    if (write(wake_pipe[1], "", 1) < 0)
        abort();
}

static void print_edition(const struct edition *edition)
{
    printf("edition %s\n", edition->playlist->name);
    for (size_t i = 0; i < edition->playlist->asset_count; i++) {
        struct err err = {0};
        int fd = edition_open(edition, (int)i, &err);
        printf("medium %s %s\n", edition->playlist->assets[i].path,
               fd < 0 ? "missing" : edition->paths[i]);
        if (fd >= 0)
            close(fd);
    }
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
static bool obey(struct feed *feed)
{
    char line[64];
    if (!fgets(line, sizeof line, stdin) || strcmp(line, "stop\n") == 0)
        return false;
    char text[256];
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
        if ((fds[0].revents & (POLLIN | POLLHUP)) && !obey(feed))
            break;
    }
    int64_t start_ns = clock_mono_ns();
    feed_stop(feed);
    printf("stopped %" PRId64 "\n", (clock_mono_ns() - start_ns) / 1000000);
    edition_destroy(shown);
}

int main(int argc, char **argv)
{
    if (argc != 8 || pipe(wake_pipe) < 0)
        return 2;
    setvbuf(stdin, NULL, _IONBF, 0); /* so that poll and fgets see the same bytes */
    const char *const sources[] = {argv[1]};
    struct feed_config config = {.sources = sources,
                                 .source_count = 1,
                                 .store = argv[2],
                                 .poll_ms = strtol(argv[3], NULL, 10),
                                 .ca_file = strcmp(argv[4], "-") == 0 ? NULL : argv[4],
                                 .wake = wake};
    struct feed_limits limits = {.http.stall_ms = strtol(argv[5], NULL, 10),
                                 .retry_max_ms = strtol(argv[6], NULL, 10),
                                 .playlist_ms = strtol(argv[7], NULL, 10)};
    struct err err = {0};
    struct feed *feed = feed_start_limited(&config, &limits, &err);
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
