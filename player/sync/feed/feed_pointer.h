/* Private to the feed: follows one signed pointer of a channel, its playlist's or its takeover's:
 * asks every origin for it in turn, judges it, and fetches the playlist that it names.
 *
 * Nothing is fetched that a pinned key has not signed for. Belongs to the feed's thread. */
#ifndef SYNC_FEED_FEED_POINTER_H
#define SYNC_FEED_FEED_POINTER_H

#include "core/retry.h"
#include "playlist/pointer.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/feed/rollout.h"
#include "sync/fetch.h"
#include "sync/state.h"
#include "sync/trust.h"

#include <stdint.h>

struct feed_pointer;

/* All borrowed; must outlive the line. */
struct feed_pointer_config {
    struct fetch *fetch;
    const struct trust *trust;
    struct state_file *state;
    struct rollout *track; /* what it brings */
    struct feed_mailbox *slot;
    enum pointer_kind kind;
    const char *channel;
    const char *const *bases; /* locations of the channel's folder, each ending in '/' */
    size_t base_count;        /* 1 to FEED_SOURCES_MAX */
    struct retry_policy poll, brisk;
    int64_t total_ms;    /* for a whole answer */
    int64_t quota_bytes; /* a playlist that alone needs more is refused; 0: none */
};

/* NULL: out of memory. */
struct feed_pointer *feed_pointer_create(const struct feed_pointer_config *config, struct err *err);
void feed_pointer_destroy(struct feed_pointer *line); /* NULL is allowed */

/* Puts in force what the store kept of an earlier run, if a pinned key has signed it and nothing
 * newer was in force since, and gives its edition; NULL: nothing. A takeover that is over for good
 * is removed from the store. */
struct edition *feed_pointer_recall(struct feed_pointer *line, int64_t now_ns);

/* Asks, judges, fetches. Call after each fetch_run, and at feed_pointer_due_ns. */
void feed_pointer_step(struct feed_pointer *line, int64_t now_ns);
int64_t feed_pointer_due_ns(const struct feed_pointer *line);

/* Something has changed in a folder: asks at once. */
void feed_pointer_hurry(struct feed_pointer *line);

/* Of what the track has in force; NULL: nothing. */
const struct pointer *feed_pointer_in_force(const struct feed_pointer *line);

/* What time it is here, when the monotonic clock reads now_ns. As feed_mailbox_time says; but where no
 * time service keeps the wall clock, it is at least as late as the newest pointer accepted here was
 * signed, and what has gone by since. Another line's pointers don't count: a playlist that was
 * signed by a clock hours ahead must not keep every takeover from the screen. */
int64_t feed_pointer_now_ms(const struct feed_pointer *line, int64_t now_ns);

/* Of a takeover in force: whether it is on now. It is until it expires, or until a newer one was
 * accepted that is over (called off). A newer one that is still being fetched leaves it on. */
bool feed_pointer_is_on(const struct feed_pointer *line, int64_t now_ns);

/* ... whether it is not on and will never be again. A clock that may be wrong does not say so. */
bool feed_pointer_is_done(const struct feed_pointer *line, int64_t now_ns);

/* The track has switched to what was newest, or it has ended. */
void feed_pointer_switched(struct feed_pointer *line);
void feed_pointer_ended(struct feed_pointer *line);

/* Why there is nothing yet, in words for people; "" when all is well. */
const char *feed_pointer_trouble(const struct feed_pointer *line);

#endif
