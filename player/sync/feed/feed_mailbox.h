/* A one-slot mailbox between the feed's thread and the main thread, private to the feed. A newer
 * edition replaces one that was not taken. */
#ifndef SYNC_FEED_FEED_MAILBOX_H
#define SYNC_FEED_FEED_MAILBOX_H

#include "core/trusted_time.h"
#include "sync/edition.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define FEED_STATUS_BYTES 512
#define FEED_PROGRESS_MS 3000

struct feed_mailbox {
    pthread_mutex_t lock;
    struct edition *edition;        /* protected by lock; owned until taken */
    char status[FEED_STATUS_BYTES]; /* protected by lock */
    int64_t progress_due_ns;        /* the feed's thread only */
    void (*wake)(void *);
    void *wake_context;
    pthread_cond_t ended; /* with lock: stop was set */
    atomic_bool stop;     /* the feed's thread has to end; set once, by feed_mailbox_stop */
    _Atomic int64_t
        bandwidth_bytes_per_s; /* of media; 0: all; set by the main thread at any time */
    _Atomic int64_t screen;    /* feed_screen_pack's; set by the main thread at any time */
    atomic_bool again;         /* feed_again was called, and the thread has not seen it yet */
    struct trusted_time clock; /* protected by lock; its floor is 0 where none is known */
};

void feed_mailbox_init(struct feed_mailbox *mailbox, void (*wake)(void *), void *wake_context);
void feed_mailbox_finish(struct feed_mailbox *mailbox);

/* Takes ownership; wakes when `wake_too`. */
void feed_mailbox_post(struct feed_mailbox *mailbox, struct edition *edition, bool wake_too);
/* Wakes the main thread: something that it waits for may have changed. */
void feed_mailbox_wake(struct feed_mailbox *mailbox);
struct edition *feed_mailbox_take(struct feed_mailbox *mailbox);
bool feed_mailbox_is_empty(struct feed_mailbox *mailbox);

/* What the feed waits for, in words for the house card. Cut at a character where it is too long. */
__attribute__((format(printf, 2, 3))) void feed_mailbox_set_status(struct feed_mailbox *mailbox,
                                                                   const char *format, ...);

/* The same for what changes with each file that arrives: at most once in FEED_PROGRESS_MS, so that
 * people can read it. What comes between is dropped: set it again at progress_due_ns. */
__attribute__((format(printf, 3, 4))) void
feed_mailbox_set_progress(struct feed_mailbox *mailbox, int64_t now_ns, const char *format, ...);

/* As many of these bytes as are whole characters: without the beginning of a UTF-8 character that a
 * cut left at the end. */
size_t feed_mailbox_whole_bytes(const char *text, size_t size);

/* Sets stop, and ends the sleep of feed_mailbox_sleep_until. */
void feed_mailbox_stop(struct feed_mailbox *mailbox);

/* Sleeps until the instant on the monotonic clock, or until feed_mailbox_stop. Needs no descriptor
 * and no memory: it is for when both have run out. */
void feed_mailbox_sleep_until(struct feed_mailbox *mailbox, int64_t until_ns);

/* What time it is (trusted_time.h), when the monotonic clock reads mono_ns, by the wall clock as it
 * is now. */
struct trusted_time_now feed_mailbox_time(struct feed_mailbox *mailbox, int64_t mono_ns);

/* Sets the floor to what the state says; raises it by a signature (trusted_time_raise), returning
 * what it was raised to, which has to be saved, or 0; moves it on as time passes. */
void feed_mailbox_set_floor(struct feed_mailbox *mailbox, int64_t floor_ms);
int64_t feed_mailbox_raise_floor(struct feed_mailbox *mailbox, int64_t signed_ms);
enum trusted_time_news feed_mailbox_follow_clock(struct feed_mailbox *mailbox);

/* Copies the status, cut at a character to fit. */
void feed_mailbox_get_status(struct feed_mailbox *mailbox, char *text, size_t text_bytes);

#endif
