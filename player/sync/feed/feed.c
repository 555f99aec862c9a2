#include "sync/feed/feed.h"

#include "sync/feed/feed_source.h"
#include "sync/fetch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define POLL_MS_MIN 100
#define POLL_MS_MAX 86400000
#define BRISK_RETRY_MS 5000
#define PLAYLIST_MS_DEFAULT 60000

struct feed {
    struct feed_mailbox slot;
    /* One of the three; the others are NULL. */
    struct feed_url *url;
    struct feed_file *file;
    struct feed_channel *channel;
    pthread_t thread;
};

static void *run(void *context)
{
    struct feed *feed = context;
    if (feed->url)
        feed_url_run(feed->url);
    else if (feed->channel)
        feed_channel_run(feed->channel);
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
    feed_channel_destroy(feed->channel);
    feed_mailbox_finish(&feed->slot);
    free(feed);
}

bool feed_is_channel(const char *source, bool keyed)
{
    struct stat st;
    size_t length = strlen(source);
    if (length > 0 && source[length - 1] == '/')
        return true;
    if (http_is_url(source))
        return false;
    return stat(source, &st) == 0 ? S_ISDIR(st.st_mode) : keyed;
}

static bool check_config(const struct feed_config *config, struct err *err)
{
    if (config->poll_ms < POLL_MS_MIN || config->poll_ms > POLL_MS_MAX)
        return err_set(err, ERR_INPUT, "polling is possible each %d to %d ms", POLL_MS_MIN,
                       POLL_MS_MAX);
    if (config->source_count < 1 || config->source_count > FEED_SOURCES_MAX)
        return err_set(err, ERR_INPUT, "1 to %d sources, please", FEED_SOURCES_MAX);
    for (size_t i = 0; i < config->source_count; i++) {
        bool channel = feed_is_channel(config->sources[i], config->key_count > 0);
        char shown[256];
        fetch_public(config->sources[i], shown, sizeof shown);
        if (channel && !config->key_count)
            return err_set(err, ERR_INPUT,
                           "%s is a channel, which is signed: give its public key with --key",
                           shown);
        if (!channel && config->key_count)
            return err_set(err, ERR_INPUT,
                           "%s is not signed: with --key only channels are played, whose address "
                           "ends in /",
                           shown);
        if (!channel && config->source_count > 1)
            return err_set(err, ERR_INPUT, "one playlist at a time, please: %s", shown);
    }
    return true;
}

static bool make_source(struct feed *feed, const struct feed_config *config,
                        const struct feed_limits *limits, struct err *err)
{
    if (feed_is_channel(config->sources[0], config->key_count > 0))
        feed->channel = feed_channel_create(config, limits, &feed->slot, err);
    else if (http_is_url(config->sources[0]))
        feed->url = feed_url_create(config, limits, &feed->slot, err);
    else
        feed->file = feed_file_create(config, &feed->slot, err);
    return feed->channel || feed->url || feed->file;
}

struct feed *feed_start_limited(const struct feed_config *config, const struct feed_limits *limits,
                                struct err *err)
{
    if (!check_config(config, err))
        return NULL;
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed) {
        err_oom(err);
        return NULL;
    }
    feed_mailbox_init(&feed->slot, config->wake, config->wake_context);
    bool ok = make_source(feed, config, limits, err);
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
    return feed_mailbox_take(&feed->slot);
}

void feed_describe(struct feed *feed, char *text, size_t text_bytes)
{
    feed_mailbox_describe(&feed->slot, text, text_bytes);
}

int64_t feed_now_ms(struct feed *feed, int64_t mono_ns, bool *trusted)
{
    struct trusted_time_now time = feed_mailbox_time(&feed->slot, mono_ns);
    if (trusted)
        *trusted = time.trusted;
    return time.now_ms;
}

static void wake_thread(struct feed *feed)
{
    if (feed->url)
        feed_url_wake(feed->url);
    else if (feed->channel)
        feed_channel_wake(feed->channel);
    else
        feed_file_wake(feed->file);
}

void feed_again(struct feed *feed)
{
    atomic_store(&feed->slot.again, true);
    if (feed->channel) /* the others see it when they look for something new */
        feed_channel_wake(feed->channel);
}

void feed_stop(struct feed *feed)
{
    if (!feed)
        return;
    feed_mailbox_end(&feed->slot);
    wake_thread(feed);
    pthread_join(feed->thread, NULL);
    feed_destroy(feed);
}

struct fetch *feed_make_fetch(const struct feed_config *config, const struct feed_limits *limits,
                              struct err *err)
{
    struct http_config http = limits ? limits->http : (struct http_config){0};
    http.ca_file = config->ca_file;
    http.client_cert = config->client_cert;
    http.client_key = config->client_key;
    http.bandwidth_bytes_per_s = config->bandwidth_bytes_per_s;
    return fetch_create(&http, err);
}

struct retry_policy feed_poll_policy(const struct feed_config *config,
                                     const struct feed_limits *limits)
{
    int64_t max_ms = limits && limits->retry_max_ms ? limits->retry_max_ms : RETRY_MAX_MS_DEFAULT;
    return (struct retry_policy){config->poll_ms,
                                 max_ms > config->poll_ms ? max_ms : config->poll_ms};
}

struct retry_policy feed_brisk_policy(const struct feed_config *config,
                                      const struct feed_limits *limits)
{
    int64_t max_ms = feed_poll_policy(config, limits).max_ms;
    return (struct retry_policy){config->poll_ms < BRISK_RETRY_MS ? config->poll_ms
                                                                  : BRISK_RETRY_MS,
                                 max_ms < RETRY_MAX_MS_DEFAULT ? max_ms : RETRY_MAX_MS_DEFAULT};
}

int64_t feed_playlist_ms(const struct feed_limits *limits)
{
    return limits && limits->playlist_ms ? limits->playlist_ms : PLAYLIST_MS_DEFAULT;
}
