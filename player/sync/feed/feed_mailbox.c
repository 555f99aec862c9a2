#include "sync/feed/feed_mailbox.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void feed_mailbox_init(struct feed_mailbox *mailbox, void (*wake)(void *), void *wake_context)
{
    *mailbox = (struct feed_mailbox){.wake = wake, .wake_context = wake_context};
    pthread_mutex_init(&mailbox->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&mailbox->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    atomic_init(&mailbox->stop, false);
    atomic_init(&mailbox->again, false);
    trusted_time_init(&mailbox->clock, 0, clock_mono_ns());
}

void feed_mailbox_finish(struct feed_mailbox *mailbox)
{
    edition_destroy(mailbox->edition);
    pthread_cond_destroy(&mailbox->ended);
    pthread_mutex_destroy(&mailbox->lock);
}

void feed_mailbox_post(struct feed_mailbox *mailbox, struct edition *edition, bool wake_too)
{
    pthread_mutex_lock(&mailbox->lock);
    struct edition *old = mailbox->edition;
    mailbox->edition = edition;
    pthread_mutex_unlock(&mailbox->lock);
    edition_destroy(old);
    if (wake_too)
        feed_mailbox_wake(mailbox);
}

void feed_mailbox_wake(struct feed_mailbox *mailbox)
{
    if (mailbox->wake)
        mailbox->wake(mailbox->wake_context);
}

struct edition *feed_mailbox_take(struct feed_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    struct edition *edition = mailbox->edition;
    mailbox->edition = NULL;
    pthread_mutex_unlock(&mailbox->lock);
    return edition;
}

bool feed_mailbox_is_empty(struct feed_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    bool empty = !mailbox->edition;
    pthread_mutex_unlock(&mailbox->lock);
    return empty;
}

/* How many bytes follow this first byte of a UTF-8 character. */
static size_t continuation_bytes(unsigned char lead)
{
    if (lead >= 0xf0)
        return 3;
    if (lead >= 0xe0)
        return 2;
    return lead >= 0xc0 ? 1 : 0;
}

size_t feed_mailbox_whole_bytes(const char *text, size_t size)
{
    size_t tail = 0; /* bytes that go on with a character, at the end */
    while (tail < size && tail < 3 && ((unsigned char)text[size - 1 - tail] & 0xc0) == 0x80)
        tail++;
    if (tail == size)
        return size;
    unsigned char lead = (unsigned char)text[size - 1 - tail];
    return tail < continuation_bytes(lead) ? size - 1 - tail : size;
}

static void cut_at_character(char *text)
{
    text[feed_mailbox_whole_bytes(text, strlen(text))] = '\0';
}

__attribute__((format(printf, 2, 0))) static void print_status(struct feed_mailbox *mailbox,
                                                               const char *format, va_list args)
{
    pthread_mutex_lock(&mailbox->lock);
    vsnprintf(mailbox->status, sizeof mailbox->status, format, args);
    cut_at_character(mailbox->status);
    pthread_mutex_unlock(&mailbox->lock);
}

void feed_mailbox_set_status(struct feed_mailbox *mailbox, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_status(mailbox, format, args);
    va_end(args);
}

void feed_mailbox_set_progress(struct feed_mailbox *mailbox, int64_t now_ns, const char *format,
                               ...)
{
    if (now_ns < mailbox->progress_due_ns)
        return;
    mailbox->progress_due_ns = now_ns + (int64_t)FEED_PROGRESS_MS * 1000000;
    va_list args;
    va_start(args, format);
    print_status(mailbox, format, args);
    va_end(args);
}

void feed_mailbox_stop(struct feed_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    atomic_store(&mailbox->stop, true);
    pthread_cond_broadcast(&mailbox->ended);
    pthread_mutex_unlock(&mailbox->lock);
}

void feed_mailbox_sleep_until(struct feed_mailbox *mailbox, int64_t until_ns)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int number = 0;
    pthread_mutex_lock(&mailbox->lock);
    while (number == 0 && !atomic_load(&mailbox->stop))
        number = pthread_cond_timedwait(&mailbox->ended, &mailbox->lock, &until);
    pthread_mutex_unlock(&mailbox->lock);
}

static struct trusted_time_reading read_clocks(int64_t mono_ns)
{
    return (struct trusted_time_reading){
        .wall_ms = clock_wall_ms(), .mono_ns = mono_ns, .synchronised = clock_is_synchronised()};
}

struct trusted_time_now feed_mailbox_time(struct feed_mailbox *mailbox, int64_t mono_ns)
{
    struct trusted_time_reading reading = read_clocks(mono_ns);
    pthread_mutex_lock(&mailbox->lock);
    struct trusted_time_now time = trusted_time_read(&mailbox->clock, &reading);
    pthread_mutex_unlock(&mailbox->lock);
    return time;
}

void feed_mailbox_set_floor(struct feed_mailbox *mailbox, int64_t floor_ms)
{
    pthread_mutex_lock(&mailbox->lock);
    trusted_time_init(&mailbox->clock, floor_ms, clock_mono_ns());
    pthread_mutex_unlock(&mailbox->lock);
}

int64_t feed_mailbox_raise_floor(struct feed_mailbox *mailbox, int64_t signed_ms)
{
    struct trusted_time_reading reading = read_clocks(clock_mono_ns());
    pthread_mutex_lock(&mailbox->lock);
    bool rose = trusted_time_raise(&mailbox->clock, &reading, signed_ms);
    int64_t floor_ms = mailbox->clock.floor_ms;
    pthread_mutex_unlock(&mailbox->lock);
    return rose ? floor_ms : 0;
}

enum trusted_time_news feed_mailbox_follow_clock(struct feed_mailbox *mailbox)
{
    struct trusted_time_reading reading = read_clocks(clock_mono_ns());
    pthread_mutex_lock(&mailbox->lock);
    enum trusted_time_news news = trusted_time_follow(&mailbox->clock, &reading);
    pthread_mutex_unlock(&mailbox->lock);
    return news;
}

void feed_mailbox_get_status(struct feed_mailbox *mailbox, char *text, size_t text_bytes)
{
    pthread_mutex_lock(&mailbox->lock);
    snprintf(text, text_bytes, "%s", mailbox->status);
    pthread_mutex_unlock(&mailbox->lock);
    if (text_bytes)
        cut_at_character(text);
}
