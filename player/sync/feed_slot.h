/* Private to the feed: the one place where its thread and the main thread meet. A new edition
 * replaces one that was not taken. */
#ifndef SYNC_FEED_SLOT_H
#define SYNC_FEED_SLOT_H

#include "sync/edition.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#define FEED_TEXT_BYTES 512

struct feed_slot {
    pthread_mutex_t lock;
    struct edition *edition;    /* protected by lock; owned until taken */
    char text[FEED_TEXT_BYTES]; /* protected by lock */
    void (*wake)(void *);
    void *wake_context;
    atomic_bool stop; /* the thread is to end; set once */
};

void feed_slot_init(struct feed_slot *slot, void (*wake)(void *), void *wake_context);
void feed_slot_finish(struct feed_slot *slot);

/* Takes ownership; wakes when `wake_too`. */
void feed_slot_offer(struct feed_slot *slot, struct edition *edition, bool wake_too);
struct edition *feed_slot_take(struct feed_slot *slot);
bool feed_slot_is_empty(struct feed_slot *slot);

/* What the feed waits for. */
__attribute__((format(printf, 2, 3))) void feed_slot_tell(struct feed_slot *slot,
                                                          const char *format, ...);
void feed_slot_describe(struct feed_slot *slot, char *text, size_t text_bytes);

#endif
