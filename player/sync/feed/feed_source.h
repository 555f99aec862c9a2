/* Private to the feed: its kinds of source. Each is made and destroyed by the thread that calls
 * feed_start and feed_stop; run is the feed's thread and returns once slot->stop is set and wake
 * was called. */
#ifndef SYNC_FEED_FEED_SOURCE_H
#define SYNC_FEED_FEED_SOURCE_H

#include "core/retry.h"
#include "http/http.h"
#include "sync/feed/feed.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/fetch.h"

/* What a test shortens. Zero takes the default. */
struct feed_limits {
    struct http_config http; /* only its times and rates */
    int64_t retry_max_ms;    /* the longest wait after failures, at least poll_ms */
    int64_t playlist_ms;     /* for the whole answer to a poll; 60,000 */
    int64_t scrub_ms;        /* rollout.h */
};

/* As feed_start; limits may be NULL. */
struct feed *feed_start_limited(const struct feed_config *config, const struct feed_limits *limits,
                                struct err *err);

/* A playlist behind a URL. The last good edition is in the slot when create returns. */
struct feed_url;
struct feed_url *feed_url_create(const struct feed_config *config, const struct feed_limits *limits,
                                 struct feed_mailbox *slot, struct err *err);
void feed_url_run(struct feed_url *source);
void feed_url_wake(struct feed_url *source);
void feed_url_destroy(struct feed_url *source);

/* A playlist file. */
struct feed_file;
struct feed_file *feed_file_create(const struct feed_config *config, struct feed_mailbox *slot,
                                   struct err *err);
void feed_file_run(struct feed_file *source);
void feed_file_wake(struct feed_file *source);
void feed_file_destroy(struct feed_file *source);

/* A signed channel. The last good edition is in the slot when create returns. */
struct feed_channel;
struct feed_channel *feed_channel_create(const struct feed_config *config,
                                         const struct feed_limits *limits,
                                         struct feed_mailbox *slot, struct err *err);
void feed_channel_run(struct feed_channel *source);
void feed_channel_wake(struct feed_channel *source);
void feed_channel_destroy(struct feed_channel *source);

/* What the sources that fetch have in common. */
struct fetch *feed_make_fetch(const struct feed_config *config, const struct feed_limits *limits,
                              struct err *err);
struct retry_policy feed_poll_policy(const struct feed_config *config,
                                     const struct feed_limits *limits);
/* For what should not take as long as a poll may. */
struct retry_policy feed_brisk_policy(const struct feed_config *config,
                                      const struct feed_limits *limits);
int64_t feed_playlist_ms(const struct feed_limits *limits);

#endif
