#include "sync/feed/source.h"

#include "http/http.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct source {
    struct feed *feed;
    struct edition *first; /* of a file, until it is taken */
};

static struct edition *load_first(const char *path, struct err *err)
{
    struct playlist_faults faults = {0};
    struct edition *edition = edition_load(path, &faults, err);
    edition_log_faults(&faults);
    playlist_faults_finish(&faults);
    return edition;
}

/* The XDG base directory rules; a service without a home keeps its files where services do. */
static void default_folder(const char *variable, const char *in_home, const char *of_service,
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

struct source *source_open(const struct feed_config *config, struct err *err)
{
    char store[PATH_MAX], state[PATH_MAX];
    struct feed_config feed = *config;
    struct source *source = calloc(1, sizeof *source);
    if (!source) {
        err_oom(err);
        return NULL;
    }
    default_folder("XDG_CACHE_HOME", ".cache", "/var/cache", store);
    default_folder("XDG_STATE_HOME", ".local/state", "/var/lib", state);
    feed.store = feed.store ? feed.store : store;
    feed.state = feed.state ? feed.state : state;
    source->feed = feed_start(&feed, err);
    bool ok = source->feed != NULL;
    /* The feed watches already, so no change falls between this load and its first look. */
    if (ok && !http_is_url(config->sources[0]) &&
        !feed_is_channel(config->sources[0], config->key_count > 0)) {
        source->first = load_first(config->sources[0], err);
        ok = source->first != NULL;
    }
    if (!ok) {
        source_close(source);
        return NULL;
    }
    return source;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    feed_stop(source->feed);
    edition_destroy(source->first);
    free(source);
}

struct edition *source_take(struct source *source)
{
    struct edition *edition = feed_take(source->feed);
    if (!edition)
        edition = source->first;
    else
        edition_destroy(source->first);
    source->first = NULL;
    return edition;
}

void source_again(struct source *source)
{
    feed_again(source->feed);
}

int64_t source_now_ms(struct source *source, int64_t mono_ns, bool *trusted)
{
    return feed_now_ms(source->feed, mono_ns, trusted);
}

void source_describe(struct source *source, char *words, size_t words_bytes)
{
    int used = snprintf(words, words_bytes, "Duckling\n");
    feed_describe(source->feed, words + used, words_bytes - (size_t)used);
}
