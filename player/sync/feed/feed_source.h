/* Private to the feed: what each kind of source implements, and what the kinds have in common. */
#ifndef SYNC_FEED_FEED_SOURCE_H
#define SYNC_FEED_FEED_SOURCE_H

#include "core/retry.h"
#include "http/http.h"
#include "sync/feed/feed.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/fetch.h"

#define FEED_SHOWN_BYTES 512 /* a location for people, with its NUL */

/* What a test shortens. Zero takes the default. */
struct feed_limits {
    struct http_config http; /* only its times and rates */
    int64_t retry_max_ms;    /* the longest wait after failures, at least poll_ms */
    int64_t playlist_ms;     /* for the whole answer to a poll; 60,000 */
    int64_t tour_ms;         /* feed_source_tour_policy */
    int64_t scrub_ms;        /* rollout.h */
    bool any_bytes;          /* films and fonts of a URL may hold any bytes */
};

/* As feed_start, but without default folders; and the first edition of a file is not loaded, only
 * changes are handed over. limits may be NULL. */
struct feed *feed_start_limited(const struct feed_config *config, const struct feed_limits *limits,
                                struct err *err);

/* Embedded first in each kind's own struct. */
struct feed_source {
    const struct feed_source_ops *ops;
    struct feed_mailbox *mailbox; /* borrowed */
};

/* create, wake, retry and destroy are called by the thread that calls feed_start and feed_stop. */
struct feed_source_ops {
    /* The configuration is borrowed for the call, the mailbox for the source's life. Where the
     * store holds an edition it is in the mailbox when this returns. NULL on failure. */
    struct feed_source *(*create)(const struct feed_config *config,
                                  const struct feed_limits *limits, struct feed_mailbox *mailbox,
                                  struct err *err);
    /* The feed's thread. Returns once mailbox->stop is set and wake was called. */
    void (*run)(struct feed_source *source);
    /* Ends a wait of run, or its next one. */
    void (*wake)(struct feed_source *source);
    /* mailbox->again was set. NULL: the source sees it at its next poll. */
    void (*retry)(struct feed_source *source);
    void (*destroy)(struct feed_source *source); /* NULL is allowed */
};

extern const struct feed_source_ops feed_file_ops;    /* a playlist file */
extern const struct feed_source_ops feed_url_ops;     /* an unsigned playlist behind a URL */
extern const struct feed_source_ops feed_channel_ops; /* a signed channel */

/* For sources that fetch. */
struct fetch *feed_source_make_fetch(const struct feed_config *config,
                                     const struct feed_limits *limits,
                                     const struct feed_mailbox *mailbox, struct err *err);
struct retry_policy feed_source_poll_policy(const struct feed_config *config,
                                            const struct feed_limits *limits);
/* For what should not take as long as a poll may. */
struct retry_policy feed_source_fast_retry_policy(const struct feed_config *config,
                                                  const struct feed_limits *limits);
/* How often one more origin of several is asked: with each 120th poll, at least hourly. A new TLS
 * connection included, that adds about 50 bytes to a poll. */
struct retry_policy feed_source_tour_policy(const struct feed_config *config,
                                            const struct feed_limits *limits);
int64_t feed_source_playlist_ms(const struct feed_limits *limits);

#endif
