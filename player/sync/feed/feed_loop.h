/* Private to the feed: what its fetching sources do in each turn of their loop: move transfers, and
 * keep the store clean.
 *
 * Belongs to the feed's thread. */
#ifndef SYNC_FEED_FEED_LOOP_H
#define SYNC_FEED_FEED_LOOP_H

#include "core/retry.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/feed/rollout.h"
#include "sync/fetch.h"
#include "sync/store/store.h"

#define FEED_SHOWN_BYTES 512 /* a location for people */

struct feed_loop {
    struct feed_mailbox *slot;
    struct fetch *fetch;
    struct store *store;
    struct retry_policy retry;
    unsigned failures; /* of fetch_run, since it last worked a few times in a row */
    unsigned successes;
    bool clean_due;
};

/* All borrowed. */
void feed_loop_init(struct feed_loop *run, struct feed_mailbox *slot, struct fetch *fetch,
                    struct store *store, struct retry_policy retry);

/* Once, when the thread begins. */
void feed_loop_begin(struct feed_loop *run);

/* Moves transfers, at most until the instant on the monotonic clock. */
void feed_loop_wait(struct feed_loop *run, int64_t due_ns);

/* Removes from the store what none of the tracks needs, in force, before that or on its way, if it
 * is time: when something has become needless and the last edition was taken. */
void feed_loop_clean(struct feed_loop *run, struct rollout *const tracks[], size_t count);

#endif
