#include "sync/feed/feed_source.h"

#define BRISK_RETRY_MS 5000
#define PLAYLIST_MS_DEFAULT 60000
#define TOUR_POLLS 120
#define TOUR_MS_MAX 3600000

struct fetch *feed_source_make_fetch(const struct feed_config *config,
                                     const struct feed_limits *limits,
                                     const struct feed_mailbox *mailbox, struct err *err)
{
    struct http_config http = limits ? limits->http : (struct http_config){0};
    http.ca_file = config->ca_file;
    http.proxy = config->proxy;
    http.client_cert = config->client_cert;
    http.client_key = config->client_key;
    http.bandwidth_bytes_per_s = &mailbox->bandwidth_bytes_per_s;
    return fetch_create(&http, err);
}

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct retry_policy feed_source_poll_policy(const struct feed_config *config,
                                            const struct feed_limits *limits)
{
    int64_t max_ms = limits && limits->retry_max_ms ? limits->retry_max_ms : RETRY_MAX_MS_DEFAULT;
    return (struct retry_policy){
        .poll_ms = config->poll_ms,
        .max_ms = max_ms > config->poll_ms ? max_ms : config->poll_ms,
    };
}

struct retry_policy feed_source_fast_retry_policy(const struct feed_config *config,
                                                  const struct feed_limits *limits)
{
    return (struct retry_policy){
        .poll_ms = min_ms(config->poll_ms, BRISK_RETRY_MS),
        .max_ms = min_ms(feed_source_poll_policy(config, limits).max_ms, RETRY_MAX_MS_DEFAULT),
    };
}

struct retry_policy feed_source_tour_policy(const struct feed_config *config,
                                            const struct feed_limits *limits)
{
    int64_t tour_ms = min_ms(config->poll_ms * TOUR_POLLS, TOUR_MS_MAX);
    if (limits && limits->tour_ms)
        tour_ms = limits->tour_ms;
    return (struct retry_policy){
        .poll_ms = tour_ms > config->poll_ms ? tour_ms : config->poll_ms,
        .max_ms = TOUR_MS_MAX,
    };
}

int64_t feed_source_playlist_ms(const struct feed_limits *limits)
{
    return limits && limits->playlist_ms ? limits->playlist_ms : PLAYLIST_MS_DEFAULT;
}
