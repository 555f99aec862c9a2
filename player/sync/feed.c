#include "sync/feed.h"

#include "base/log.h"
#include "sync/feed_source.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define POLL_MS_MIN 100
#define POLL_MS_MAX 86400000
#define FAULT_LINES_MAX 20

struct feed {
    struct feed_slot slot;
    struct feed_url *url; /* one of the two; the other is NULL */
    struct feed_file *file;
    pthread_t thread;
};

static void *run(void *context)
{
    struct feed *feed = context;
    if (feed->url)
        feed_url_run(feed->url);
    else
        feed_file_run(feed->file);
    return NULL;
}

/* The thread takes no signal: they are the main thread's. */
static int start_thread(struct feed *feed)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&feed->thread, NULL, run, feed);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

static void feed_destroy(struct feed *feed)
{
    feed_url_destroy(feed->url);
    feed_file_destroy(feed->file);
    feed_slot_finish(&feed->slot);
    free(feed);
}

struct feed *feed_start_limited(const struct feed_config *config, const struct feed_limits *limits,
                                struct err *err)
{
    if (config->poll_ms < POLL_MS_MIN || config->poll_ms > POLL_MS_MAX) {
        err_set(err, ERR_INPUT, "polling is possible each %d to %d ms", POLL_MS_MIN, POLL_MS_MAX);
        return NULL;
    }
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed) {
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    feed_slot_init(&feed->slot, config->wake, config->wake_context);
    bool ok;
    if (http_is_url(config->source))
        ok = (feed->url = feed_url_create(config, limits, &feed->slot, err)) != NULL;
    else
        ok = (feed->file = feed_file_create(config, &feed->slot, err)) != NULL;
    int number = ok ? start_thread(feed) : 0;
    if (number)
        err_set_errno(err, ERR_SYSTEM, number, "starting the feed's thread");
    if (ok && !number)
        return feed;
    feed_destroy(feed);
    return NULL;
}

struct feed *feed_start(const struct feed_config *config, struct err *err)
{
    return feed_start_limited(config, NULL, err);
}

struct edition *feed_take(struct feed *feed)
{
    return feed_slot_take(&feed->slot);
}

void feed_describe(struct feed *feed, char *text, size_t text_bytes)
{
    feed_slot_describe(&feed->slot, text, text_bytes);
}

void feed_stop(struct feed *feed)
{
    if (!feed)
        return;
    feed_slot_end(&feed->slot);
    if (feed->url)
        feed_url_wake(feed->url);
    else
        feed_file_wake(feed->file);
    pthread_join(feed->thread, NULL);
    feed_destroy(feed);
}

void feed_log_faults(const struct playlist_faults *faults)
{
    size_t shown = faults->count < FAULT_LINES_MAX ? faults->count : FAULT_LINES_MAX;
    for (size_t i = 0; i < shown; i++)
        log_error("feed", "fault at %s: %s", faults->items[i].path, faults->items[i].text);
    if (faults->total > shown)
        log_error("feed", "and %zu faults more", faults->total - shown);
}
