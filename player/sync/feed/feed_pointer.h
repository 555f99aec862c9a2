/* Private to the feed: follows one signed pointer of a channel, its playlist's or its takeover's:
 * asks the origins for it in turn, judges it, and fetches the playlist that it names.
 *
 * Nothing is fetched that a pinned key has not signed. Belongs to the feed's thread. */
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

/* All borrowed; must outlive the follower. */
struct feed_pointer_config {
    struct fetch *fetch;
    const struct trust *trust;
    struct state_file *state;
    struct rollout *rollout; /* gets the playlists that arrive */
    struct feed_mailbox *mailbox;
    enum pointer_kind kind;
    const char *channel;
    const char *const *bases; /* locations of the channel's folder, each ending in '/' */
    size_t base_count;        /* 1 to FEED_SOURCES_MAX */
    struct retry_policy poll, fast_retry;
    struct retry_policy tour; /* from one origin that is asked out of turn to the next */
    int64_t total_ms;         /* for a whole answer */
    int64_t quota_bytes;      /* a playlist whose media need more is refused; 0: none is */
};

/* NULL: out of memory. */
struct feed_pointer *feed_pointer_create(const struct feed_pointer_config *config, struct err *err);
void feed_pointer_destroy(struct feed_pointer *follower); /* NULL is allowed */

/* Puts in force what the store has from an earlier run, if a pinned key has signed it and nothing
 * newer was in force since, and gives its edition; NULL: nothing. A takeover that will not be shown
 * again is removed from the store. */
struct edition *feed_pointer_load_stored(struct feed_pointer *follower, int64_t now_ns);

/* Asks the origins, judges, fetches. Call after each fetch_run, and at feed_pointer_due_ns. */
void feed_pointer_step(struct feed_pointer *follower, int64_t now_ns);
int64_t feed_pointer_due_ns(const struct feed_pointer *follower);

/* Something has changed in a folder: asks the origins at once. */
void feed_pointer_poll_soon(struct feed_pointer *follower);

/* Of what the rollout has in force; NULL: nothing. */
const struct pointer *feed_pointer_in_force(const struct feed_pointer *follower);

/* What time it is here, when the monotonic clock reads now_ns. As feed_mailbox_time says; but where
 * no time service keeps the wall clock, it is at least as late as the newest pointer accepted here
 * was signed, and what has gone by since. The other kind's pointers don't count: a playlist that
 * was signed by a clock hours ahead must not keep every takeover from the screen. */
int64_t feed_pointer_now_ms(const struct feed_pointer *follower, int64_t now_ns);

/* Whether a takeover in force is to be shown now: until it expires, or until a newer one was
 * accepted that has expired already (which calls it off). A newer one that is still being fetched
 * does not end it. */
bool feed_pointer_is_active(const struct feed_pointer *follower, int64_t now_ns);

/* Whether it is not active and never will be again. A clock that may be wrong does not decide
 * that. */
bool feed_pointer_is_over(const struct feed_pointer *follower, int64_t now_ns);

/* The rollout has switched to what was newest; or what was in force was withdrawn. */
void feed_pointer_activated(struct feed_pointer *follower);
void feed_pointer_withdrawn(struct feed_pointer *follower);

/* Why there is nothing yet, in words for people; "" when all is well. */
const char *feed_pointer_trouble(const struct feed_pointer *follower);

#endif
