#include "sync/feed/feed.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/feed/feed_screen.h"
#include "sync/feed/feed_source.h"
#include "sync/fetch.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_MODULE "feed"

#define POLL_MS_MIN 100
#define POLL_MS_MAX 86400000

struct feed {
    struct feed_mailbox mailbox;
    struct feed_source *source;
    struct edition *first; /* of a playlist file, until it is taken; main thread */
    pthread_t thread;
};

static void *run_feed_thread(void *context)
{
    struct feed_source *source = context;
    source->ops->run(source);
    return NULL;
}

/* The thread takes no signal: they are the main thread's. Returns an errno value, or 0. */
static int start_thread(struct feed *feed)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&feed->thread, NULL, run_feed_thread, feed->source);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

static void feed_destroy(struct feed *feed)
{
    if (feed->source)
        feed->source->ops->destroy(feed->source);
    feed_mailbox_finish(&feed->mailbox);
    edition_destroy(feed->first);
    free(feed);
}

void feed_set_bandwidth(struct feed *feed, int64_t bytes_per_s)
{
    atomic_store_explicit(&feed->mailbox.bandwidth_bytes_per_s, bytes_per_s, memory_order_relaxed);
}

static void put_screen(struct feed *feed, struct feed_screen screen)
{
    atomic_store(&feed->mailbox.screen, feed_screen_pack(screen));
}

void feed_set_screen(struct feed *feed, int width_px, int height_px)
{
    struct feed_screen screen = {.state = FEED_SCREEN_ANY};
    if (width_px > 0 && height_px > 0)
        screen = (struct feed_screen){.state = FEED_SCREEN_KNOWN, .size = {width_px, height_px}};
    put_screen(feed, screen);
    feed->source->ops->wake(feed->source);
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

static MUST_CHECK bool check_source(const char *source, struct err *err)
{
    if (!source[0])
        return err_set(err, ERR_INPUT,
                       "the source is empty: give a playlist file, an http(s) address, or a "
                       "channel");
    char *url = http_is_url(source) ? http_url_clean(source, err) : NULL;
    bool ok = url || !http_is_url(source);
    free(url);
    return ok;
}

static MUST_CHECK bool check_config(const struct feed_config *config, struct err *err)
{
    if (config->poll_ms < POLL_MS_MIN || config->poll_ms > POLL_MS_MAX)
        return err_set(err, ERR_INPUT, "the poll interval must be %d to %d ms", POLL_MS_MIN,
                       POLL_MS_MAX);
    if (config->source_count < 1 || config->source_count > FEED_SOURCES_MAX)
        return err_set(err, ERR_INPUT, "give 1 to %d sources", FEED_SOURCES_MAX);
    for (size_t i = 0; i < config->source_count; i++) {
        bool channel = feed_is_channel(config->sources[i], config->key_count > 0);
        char shown[256];
        if (!check_source(config->sources[i], err))
            return false;
        fetch_public(config->sources[i], shown, sizeof shown);
        if (channel && !config->key_count)
            return err_set(err, ERR_INPUT, "%s is a signed channel: give its public key with --key",
                           shown);
        if (!channel && config->key_count)
            return err_set(err, ERR_INPUT,
                           "%s is not signed: with --key give a channel's address, which ends in /",
                           shown);
        if (!channel && config->source_count > 1)
            return err_set(err, ERR_INPUT, "only a channel can have several sources: %s", shown);
    }
    return true;
}

static const struct feed_source_ops *choose_ops(const struct feed_config *config)
{
    if (feed_is_channel(config->sources[0], config->key_count > 0))
        return &feed_channel_ops;
    return http_is_url(config->sources[0]) ? &feed_url_ops : &feed_file_ops;
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
    feed_mailbox_init(&feed->mailbox, config->wake, config->wake_context);
    feed_set_bandwidth(feed, config->bandwidth_bytes_per_s);
    if (config->screen_is_coming)
        put_screen(feed, (struct feed_screen){.state = FEED_SCREEN_COMING});
    feed->source = choose_ops(config)->create(config, limits, &feed->mailbox, err);
    if (feed->source) {
        int number = start_thread(feed);
        if (!number)
            return feed;
        err_set_errno(err, ERR_SYSTEM, number, "cannot start the feed's thread");
    }
    feed_destroy(feed);
    return NULL;
}

/* The XDG base directory rules; a service without a home has its files where services do. */
static void print_default_folder(const char *variable, const char *in_home, const char *of_service,
                                 char path[PATH_MAX])
{
    const char *own = getenv(variable), *home = getenv("HOME");
    if (own && *own == '/')
        snprintf(path, PATH_MAX, "%s/duckling", own);
    else if (home && *home == '/')
        snprintf(path, PATH_MAX, "%s/%s/duckling", home, in_home);
    else
        snprintf(path, PATH_MAX, "%s/duckling", of_service);
}

void feed_default_folders(char store[PATH_MAX], char state[PATH_MAX])
{
    print_default_folder("XDG_CACHE_HOME", ".cache", "/var/cache", store);
    print_default_folder("XDG_STATE_HOME", ".local/state", "/var/lib", state);
}

void feed_find_state(const char *given, char *path, size_t path_bytes)
{
    char store[PATH_MAX], own[PATH_MAX];
    feed_default_folders(store, own);
    snprintf(path, path_bytes, "%s", given ? given : own);
}

static struct edition *load_first_edition(const char *path, const struct left_out *left_out,
                                          struct err *err)
{
    struct playlist_faults faults = {0}, media_faults = {0};
    struct edition *edition = edition_load(path, &faults, err);
    edition_log_faults(&faults);
    playlist_faults_finish(&faults);
    if (!edition)
        return NULL;
    bool checked = left_out_check(left_out, edition->digest, clock_boot_ms(), err) &&
                   edition_check_media(edition, &media_faults, err);
    edition_log_media_faults(&media_faults, NULL);
    playlist_faults_finish(&media_faults);
    if (checked)
        return edition;
    edition_destroy(edition);
    return NULL;
}

struct feed *feed_start(const struct feed_config *config, struct err *err)
{
    char store[PATH_MAX], state[PATH_MAX];
    struct feed_config complete = *config;
    feed_default_folders(store, state);
    if (!complete.store)
        complete.store = store;
    if (!complete.state)
        complete.state = state;
    struct feed *feed = feed_start_limited(&complete, NULL, err);
    if (!feed || feed->source->ops != &feed_file_ops)
        return feed;
    /* The file is watched already, so no change is missed between this load and the first poll. */
    feed->first = load_first_edition(config->sources[0], config->left_out, err);
    if (feed->first)
        return feed;
    if (config->patient) {
        log_error("playlist refused, waiting for a better one reason=\"%s\"", err->text);
        return feed;
    }
    feed_stop(feed);
    return NULL;
}

struct edition *feed_take(struct feed *feed)
{
    struct edition *edition = feed_mailbox_take(&feed->mailbox);
    if (edition)
        edition_destroy(feed->first);
    else
        edition = feed->first;
    feed->first = NULL;
    return edition;
}

void feed_describe(struct feed *feed, char *text, size_t text_bytes)
{
    feed_mailbox_get_status(&feed->mailbox, text, text_bytes);
}

int64_t feed_now_ms(struct feed *feed, int64_t mono_ns, bool *trusted)
{
    struct trusted_time_now time = feed_mailbox_time(&feed->mailbox, mono_ns);
    if (trusted)
        *trusted = time.trusted;
    return time.now_ms;
}

void feed_again(struct feed *feed)
{
    atomic_store(&feed->mailbox.again, true);
    if (feed->source->ops->retry)
        feed->source->ops->retry(feed->source);
}

void feed_stop(struct feed *feed)
{
    if (!feed)
        return;
    feed_mailbox_stop(&feed->mailbox);
    feed->source->ops->wake(feed->source);
    pthread_join(feed->thread, NULL);
    feed_destroy(feed);
}
