#include "sync/feed_slot.h"

#include <stdarg.h>
#include <stdio.h>

void feed_slot_init(struct feed_slot *slot, void (*wake)(void *), void *wake_context)
{
    *slot = (struct feed_slot){.wake = wake, .wake_context = wake_context};
    pthread_mutex_init(&slot->lock, NULL);
    atomic_init(&slot->stop, false);
}

void feed_slot_finish(struct feed_slot *slot)
{
    edition_destroy(slot->edition);
    pthread_mutex_destroy(&slot->lock);
}

void feed_slot_offer(struct feed_slot *slot, struct edition *edition, bool wake_too)
{
    pthread_mutex_lock(&slot->lock);
    struct edition *old = slot->edition;
    slot->edition = edition;
    pthread_mutex_unlock(&slot->lock);
    edition_destroy(old);
    if (wake_too && slot->wake)
        slot->wake(slot->wake_context);
}

struct edition *feed_slot_take(struct feed_slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    struct edition *edition = slot->edition;
    slot->edition = NULL;
    pthread_mutex_unlock(&slot->lock);
    return edition;
}

bool feed_slot_is_empty(struct feed_slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    bool empty = !slot->edition;
    pthread_mutex_unlock(&slot->lock);
    return empty;
}

void feed_slot_tell(struct feed_slot *slot, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&slot->lock);
    vsnprintf(slot->text, sizeof slot->text, format, args);
    pthread_mutex_unlock(&slot->lock);
    va_end(args);
}

void feed_slot_describe(struct feed_slot *slot, char *text, size_t text_bytes)
{
    pthread_mutex_lock(&slot->lock);
    snprintf(text, text_bytes, "%s", slot->text);
    pthread_mutex_unlock(&slot->lock);
}
