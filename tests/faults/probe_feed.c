/* Drives a feed for tests/faults/test_feed.py:  probe_feed SOURCE STORE POLL_MS CA|- STALL_MS
 * RETRY_MAX_MS PLAYLIST_MS any|real
 *
 * "any": films and fonts may hold any bytes.
 *
 * What it says and takes: probe_feeds.h. */
#include "probe_feeds.h"

int main(int argc, char **argv)
{
    if (argc != 9)
        return 2;
    const char *const sources[] = {argv[1]};
    struct feed_config config = {.sources = sources,
                                 .source_count = 1,
                                 .store = argv[2],
                                 .poll_ms = strtol(argv[3], NULL, 10),
                                 .ca_file = strcmp(argv[4], "-") == 0 ? NULL : argv[4]};
    const struct feed_limits limits = {.http.stall_ms = strtol(argv[5], NULL, 10),
                                       .retry_max_ms = strtol(argv[6], NULL, 10),
                                       .playlist_ms = strtol(argv[7], NULL, 10),
                                       .any_bytes = strcmp(argv[8], "any") == 0};
    const struct probe_habits habits = {0};
    return probe_run(&config, &limits, &habits);
}
