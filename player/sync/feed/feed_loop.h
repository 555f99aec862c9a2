/* Private to the feed: what sources that fetch do in each turn of their loop: move transfers, and
 * clean the store.
 *
 * Belongs to the feed's thread. */
#ifndef SYNC_FEED_FEED_LOOP_H
#define SYNC_FEED_FEED_LOOP_H

#include "core/retry.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/feed/rollout.h"
#include "sync/fetch.h"
#include "sync/store/store.h"

struct feed_loop {
    struct feed_mailbox *mailbox;
    struct fetch *fetch;
    struct store *store;
    struct retry_policy retry;
    unsigned failures; /* of fetch_run, since it last worked a few times in a row */
    unsigned successes;
    bool clean_due;
};

/* All borrowed. */
void feed_loop_init(struct feed_loop *loop, struct feed_mailbox *mailbox, struct fetch *fetch,
                    struct store *store, struct retry_policy retry);

/* Once, when the thread begins. */
void feed_loop_begin(struct feed_loop *loop);

/* Moves transfers, at most until the instant on the monotonic clock. */
void feed_loop_wait(struct feed_loop *loop, int64_t due_ns);

/* Removes from the store what none of the rollouts needs, where files may have become unneeded and
 * the main thread has taken the last edition. */
void feed_loop_clean(struct feed_loop *loop, struct rollout *const rollouts[], size_t count);

#endif
