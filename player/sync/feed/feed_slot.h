/* Private to the feed: the one place where its thread and the main thread meet. A new edition
 * replaces one that was not taken. */
#ifndef SYNC_FEED_FEED_SLOT_H
#define SYNC_FEED_FEED_SLOT_H

#include "core/trusted_time.h"
#include "sync/edition.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define FEED_TEXT_BYTES 512
#define FEED_PROGRESS_MS 3000

struct feed_slot {
    pthread_mutex_t lock;
    struct edition *edition;    /* protected by lock; owned until taken */
    char text[FEED_TEXT_BYTES]; /* protected by lock */
    int64_t progress_due_ns;    /* the feed's thread only */
    void (*wake)(void *);
    void *wake_context;
    pthread_cond_t ended;      /* with lock: stop was set */
    atomic_bool stop;          /* the thread is to end; set once, by feed_slot_end */
    atomic_bool again;         /* feed_again was called */
    struct trusted_time clock; /* protected by lock; its floor is 0 where none is known */
};

void feed_slot_init(struct feed_slot *slot, void (*wake)(void *), void *wake_context);
void feed_slot_finish(struct feed_slot *slot);

/* Takes ownership; wakes when `wake_too`. */
void feed_slot_offer(struct feed_slot *slot, struct edition *edition, bool wake_too);
/* Wakes the main thread: something that it waits for may have changed. */
void feed_slot_wake(struct feed_slot *slot);
struct edition *feed_slot_take(struct feed_slot *slot);
bool feed_slot_is_empty(struct feed_slot *slot);

/* What the feed waits for. Cut at a character where it is too long. */
__attribute__((format(printf, 2, 3))) void feed_slot_tell(struct feed_slot *slot,
                                                          const char *format, ...);

/* The same for what changes with each file that arrives: at most once in FEED_PROGRESS_MS, so that
 * people can read it. What comes between is dropped; tell it again at slot->progress_due_ns. */
__attribute__((format(printf, 3, 4))) void
feed_slot_tell_progress(struct feed_slot *slot, int64_t now_ns, const char *format, ...);

/* As many of these bytes as are whole characters: without the beginning of a UTF-8 character that a
 * cut left at the end. */
size_t feed_slot_whole_bytes(const char *text, size_t size);

/* Asks the feed's thread to end, and ends its rest. */
void feed_slot_end(struct feed_slot *slot);

/* Sleeps until the instant on the monotonic clock, or until feed_slot_end. Needs no descriptor and
 * no memory: it is for when both have run out. */
void feed_slot_rest(struct feed_slot *slot, int64_t until_ns);

/* What time it is (trusted_time.h), when the monotonic clock reads mono_ns, by the wall clock as it
 * is now. */
struct trusted_time_now feed_slot_time(struct feed_slot *slot, int64_t mono_ns);

/* The floor as it was remembered; as a signature vouches for it (trusted_time_raise: what it was
 * raised to, which is to be remembered, or 0); as time goes by. */
void feed_slot_set_floor(struct feed_slot *slot, int64_t floor_ms);
int64_t feed_slot_raise_floor(struct feed_slot *slot, int64_t signed_ms);
enum trusted_time_news feed_slot_follow_clock(struct feed_slot *slot);

/* Copies it, cut at a character to fit. */
void feed_slot_describe(struct feed_slot *slot, char *text, size_t text_bytes);

#endif
