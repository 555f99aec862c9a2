#include "sync/feed/feed_mailbox.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void feed_mailbox_init(struct feed_mailbox *slot, void (*wake)(void *), void *wake_context)
{
    *slot = (struct feed_mailbox){.wake = wake, .wake_context = wake_context};
    pthread_mutex_init(&slot->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&slot->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    atomic_init(&slot->stop, false);
    atomic_init(&slot->again, false);
    trusted_time_init(&slot->clock, 0, clock_mono_ns());
}

void feed_mailbox_finish(struct feed_mailbox *slot)
{
    edition_destroy(slot->edition);
    pthread_cond_destroy(&slot->ended);
    pthread_mutex_destroy(&slot->lock);
}

void feed_mailbox_offer(struct feed_mailbox *slot, struct edition *edition, bool wake_too)
{
    pthread_mutex_lock(&slot->lock);
    struct edition *old = slot->edition;
    slot->edition = edition;
    pthread_mutex_unlock(&slot->lock);
    edition_destroy(old);
    if (wake_too)
        feed_mailbox_wake(slot);
}

void feed_mailbox_wake(struct feed_mailbox *slot)
{
    if (slot->wake)
        slot->wake(slot->wake_context);
}

struct edition *feed_mailbox_take(struct feed_mailbox *slot)
{
    pthread_mutex_lock(&slot->lock);
    struct edition *edition = slot->edition;
    slot->edition = NULL;
    pthread_mutex_unlock(&slot->lock);
    return edition;
}

bool feed_mailbox_is_empty(struct feed_mailbox *slot)
{
    pthread_mutex_lock(&slot->lock);
    bool empty = !slot->edition;
    pthread_mutex_unlock(&slot->lock);
    return empty;
}

size_t feed_mailbox_whole_bytes(const char *text, size_t size)
{
    size_t tail = 0; /* bytes that go on with a character, at the end */
    while (tail < size && tail < 3 && ((unsigned char)text[size - 1 - tail] & 0xc0) == 0x80)
        tail++;
    if (tail == size)
        return size;
    unsigned char lead = (unsigned char)text[size - 1 - tail];
    size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    return tail < wanted ? size - 1 - tail : size;
}

static void cut_at_character(char *text)
{
    text[feed_mailbox_whole_bytes(text, strlen(text))] = '\0';
}

__attribute__((format(printf, 2, 0))) static void tell(struct feed_mailbox *slot,
                                                       const char *format, va_list args)
{
    pthread_mutex_lock(&slot->lock);
    vsnprintf(slot->text, sizeof slot->text, format, args);
    cut_at_character(slot->text);
    pthread_mutex_unlock(&slot->lock);
}

void feed_mailbox_tell(struct feed_mailbox *slot, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(slot, format, args);
    va_end(args);
}

void feed_mailbox_tell_progress(struct feed_mailbox *slot, int64_t now_ns, const char *format, ...)
{
    if (now_ns < slot->progress_due_ns)
        return;
    slot->progress_due_ns = now_ns + (int64_t)FEED_PROGRESS_MS * 1000000;
    va_list args;
    va_start(args, format);
    tell(slot, format, args);
    va_end(args);
}

void feed_mailbox_end(struct feed_mailbox *slot)
{
    pthread_mutex_lock(&slot->lock);
    atomic_store(&slot->stop, true);
    pthread_cond_broadcast(&slot->ended);
    pthread_mutex_unlock(&slot->lock);
}

void feed_mailbox_rest(struct feed_mailbox *slot, int64_t until_ns)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int number = 0;
    pthread_mutex_lock(&slot->lock);
    while (number == 0 && !atomic_load(&slot->stop))
        number = pthread_cond_timedwait(&slot->ended, &slot->lock, &until);
    pthread_mutex_unlock(&slot->lock);
}

static struct trusted_time_reading read_clocks(int64_t mono_ns)
{
    return (struct trusted_time_reading){
        .wall_ms = clock_wall_ms(), .mono_ns = mono_ns, .synchronised = clock_is_synchronised()};
}

struct trusted_time_now feed_mailbox_time(struct feed_mailbox *slot, int64_t mono_ns)
{
    struct trusted_time_reading reading = read_clocks(mono_ns);
    pthread_mutex_lock(&slot->lock);
    struct trusted_time_now time = trusted_time_read(&slot->clock, &reading);
    pthread_mutex_unlock(&slot->lock);
    return time;
}

void feed_mailbox_set_floor(struct feed_mailbox *slot, int64_t floor_ms)
{
    pthread_mutex_lock(&slot->lock);
    trusted_time_init(&slot->clock, floor_ms, clock_mono_ns());
    pthread_mutex_unlock(&slot->lock);
}

int64_t feed_mailbox_raise_floor(struct feed_mailbox *slot, int64_t signed_ms)
{
    struct trusted_time_reading reading = read_clocks(clock_mono_ns());
    pthread_mutex_lock(&slot->lock);
    bool rose = trusted_time_raise(&slot->clock, &reading, signed_ms);
    int64_t floor_ms = slot->clock.floor_ms;
    pthread_mutex_unlock(&slot->lock);
    return rose ? floor_ms : 0;
}

enum trusted_time_news feed_mailbox_follow_clock(struct feed_mailbox *slot)
{
    struct trusted_time_reading reading = read_clocks(clock_mono_ns());
    pthread_mutex_lock(&slot->lock);
    enum trusted_time_news news = trusted_time_follow(&slot->clock, &reading);
    pthread_mutex_unlock(&slot->lock);
    return news;
}

void feed_mailbox_describe(struct feed_mailbox *slot, char *text, size_t text_bytes)
{
    pthread_mutex_lock(&slot->lock);
    snprintf(text, text_bytes, "%s", slot->text);
    pthread_mutex_unlock(&slot->lock);
    if (text_bytes)
        cut_at_character(text);
}
