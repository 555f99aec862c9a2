/* Drives a feed on a channel for tests/faults/test_channel_*.py:
 *
 *     probe_channel store=DIR state=DIR source=BASE... key=KEY... [poll_ms=N] [ca=FILE] ...
 *
 * What it says and takes: probe_feeds.h. After an edition's name comes a line "about VERSION CHANNEL
 * playlist|takeover". One command more: "marks" prints how far each medium of the last edition has
 * been read again ("mark PATH good|unchecked|damaged", ended by "end"), and asks for those that
 * were not. */
#include "probe_feeds.h"

#define LIST_MAX 16

struct options {
    struct feed_config config;
    struct feed_limits limits;
    const char *sources[LIST_MAX], *keys[LIST_MAX];
};

static void tell_about(const struct edition *edition)
{
    const struct playlist *playlist = edition->playlist;
    printf("about %" PRId64 " %s %s\n", playlist->version,
           playlist->channel ? playlist->channel : "-",
           edition->takeover ? "takeover" : "playlist");
}

static bool obey_marks(const char *line, const struct edition *edition)
{
    static const char *const WORDS[] = {[INTEGRITY_UNCHECKED] = "unchecked",
                                        [INTEGRITY_GOOD] = "good",
                                        [INTEGRITY_DAMAGED] = "damaged"};
    if (strcmp(line, "marks\n") != 0)
        return false;
    for (size_t i = 0; edition && i < edition->playlist->asset_count; i++)
        printf("mark %s %s\n", edition->playlist->assets[i].path,
               WORDS[edition_request_asset(edition, (int)i)]);
    printf("end\n");
    return true;
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
        {"tour_ms", NULL, &limits->tour_ms},
    };
    if (strcmp(name, "source") == 0)
        return add_to_list(options->sources, &config->source_count, value);
    if (strcmp(name, "key") == 0)
        return add_to_list(options->keys, &config->key_count, value);
    if (strcmp(name, "coming") == 0) {
        config->screen_is_coming = true;
        return true;
    }
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
        .config = {.poll_ms = 100},
        .limits = {.http.stall_ms = 1000, .retry_max_ms = 100, .playlist_ms = 60000}};
    const struct probe_habits habits = {.tell = tell_about, .obey = obey_marks};
    if (!read_options(&options, argc, argv))
        return 2;
    return probe_run(&options.config, &options.limits, &habits);
}
