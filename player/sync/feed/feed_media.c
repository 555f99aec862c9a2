#include "sync/feed/feed_media.h"

#include "base/feed_retry.h"
#include "base/log.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/feed/feed_media_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_media"

#define PARALLEL_MAX 4
#define BUSY_NS ((int64_t)500000000)     /* until it is looked whether a file is still busy */
#define READ_PAUSE_NS ((int64_t)5000000) /* between stretches: films read from the same disk */
#define GAIN_BYTES ((int64_t)1 << 20)    /* a try that brought so much is worth going on with */
#define ROOM_BYTES ((int64_t)64 << 20)   /* to make for a medium of unknown length */
#define SPARE_BYTES ((int64_t)1 << 20)   /* for the file system's own needs */
#define FEED_POINTER_SHOWN_BYTES 512

struct feed_media {
    struct feed_media_config config;
    struct feed_media_file *items;
    size_t count, done;
    struct feed_media_file *active[PARALLEL_MAX];
    size_t first_base; /* the next media begin with it */
    int64_t due_ns;
    int64_t read_due_ns; /* a stretch of a part that is read again; INT64_MAX: none is */
    char trouble[ERR_TEXT_BYTES];
};

/* Finds what an earlier playlist brought from the same address; false when out of memory. */
static bool find_kept(struct feed_media_file *m, const struct manifest *known,
                      const struct feed_media *before)
{
    char shown[HTTP_URL_BYTES_MAX + 1];
    for (size_t i = 0; before && i < before->count; i++) {
        const struct feed_media_file *old = &before->items[i];
        if (old->done && strcmp(old->url, m->url) == 0)
            return feed_media_file_remember(m, old->sha256, old->bytes, old->etag,
                                            old->last_modified);
    }
    fetch_public(m->url, shown, sizeof shown);
    for (size_t i = 0; known && i < known->file_count; i++) {
        const struct manifest_file *old = &known->files[i];
        if (strcmp(old->path, m->asset->path) == 0 && strcmp(old->url, shown) == 0)
            return feed_media_file_remember(m, old->sha256, old->size_bytes, old->etag,
                                            old->last_modified);
    }
    return true;
}

struct feed_media *feed_media_create(const struct feed_media_config *config,
                                     const struct manifest *known, const struct feed_media *before,
                                     struct err *err)
{
    size_t count = config->playlist->asset_count;
    struct feed_media *media = calloc(1, sizeof *media);
    struct feed_media_file *items = calloc(count + 1, sizeof *items);
    if (!media || !items) {
        free(media);
        free(items);
        err_oom(err);
        return NULL;
    }
    media->config = *config;
    media->items = items;
    media->read_due_ns = INT64_MAX;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        struct feed_media_file *m = &items[i];
        media->count = i + 1;
        ok = feed_media_file_init(m, &media->config, &config->playlist->assets[i], err);
        if (ok && !m->asset->has_sha256 && !find_kept(m, known, before))
            ok = err_oom(err);
        media->done += ok && m->done;
    }
    if (ok)
        return media;
    feed_media_destroy(media);
    return NULL;
}

void feed_media_destroy(struct feed_media *media)
{
    if (!media)
        return;
    for (size_t i = 0; i < media->count; i++)
        feed_media_file_finish(&media->items[i]);
    free(media->items);
    free(media);
}

/* A number for a cause, never 0 (FNV-1a). Two causes with one number cost a line in the log. */
static uint64_t number_cause(const struct err *err)
{
    uint64_t number = UINT64_C(14695981039346656037);
    for (const char *c = err->text; *c; c++)
        number = (number ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return number | 1;
}

/* Once for each cause; that a server doesn't have a file, or that it is not the right one, is a
 * cause of its own for each. */
static bool was_logged(const struct feed_media_file *m, const struct feed_media *media,
                       const struct err *err)
{
    uint64_t cause = number_cause(err);
    bool own = err->code == ERR_MISSING || (err->code == ERR_TRUST && m->status != 0);
    if (m->causes[m->base] == cause)
        return true;
    for (size_t i = 0; !own && i < media->count; i++)
        if (media->items[i].causes[m->base] == cause)
            return true;
    return false;
}

/* How much of a text is shown at most: whole characters, as a precision. */
static int shown_bytes(const char *text, size_t limit)
{
    return (int)feed_mailbox_whole_bytes(text, strnlen(text, limit));
}

static void tell(struct feed_media *media, struct feed_media_file *m, const struct err *err)
{
    char shown[FEED_POINTER_SHOWN_BYTES];
    fetch_public(m->url, shown, sizeof shown);
    snprintf(media->trouble, sizeof media->trouble, "%.*s: %.*s", shown_bytes(m->asset->path, 120),
             m->asset->path, shown_bytes(err->text, 300), err->text);
    if (!was_logged(m, media, err))
        log_warn("a medium can't be fetched path=\"%s\" url=%s reason=\"%s\"", m->asset->path,
                 shown, err->text);
    m->causes[m->base] = number_cause(err);
}

/* The disk is full: clears away what is not needed. True when that may have helped. */
static bool make_room(const struct feed_media *media, const struct feed_media_file *m)
{
    const struct feed_media_config *config = &media->config;
    const struct manifest *keep[FEED_MEDIA_KEEP_MAX + 1];
    struct manifest *own = feed_media_manifest(media);
    size_t removed = 0;
    if (own) {
        size_t count = 0;
        while (count < config->keep_count && count < FEED_MEDIA_KEEP_MAX) {
            keep[count] = config->keep[count];
            count++;
        }
        keep[count++] = own;
        int64_t whole_bytes = m->asset->has_sha256 ? m->asset->size_bytes : m->bytes;
        int64_t left_bytes = whole_bytes - feed_media_file_reached(m);
        removed = store_make_room(config->store, keep, count,
                                  (whole_bytes < 0 ? ROOM_BYTES : left_bytes) + SPARE_BYTES);
    }
    manifest_destroy(own);
    if (removed)
        log_info("the disk is full: files that are not needed make room files=%zu", removed);
    return removed > 0;
}

/* Where and when it is tried again. */
static void put_off(struct feed_media *media, struct feed_media_file *m, bool stay, int64_t now_ns)
{
    size_t next = (m->base + 1) % m->base_count;
    bool unanswered = m->status == 0 && m->base == media->first_base;
    /* An origin that can't be reached would cost every medium the same wait. */
    if (unanswered && !stay && m->base_count > 1)
        media->first_base = next;
    m->tried++;
    m->due_ns = now_ns;
    media->due_ns = now_ns;
    if (!stay && m->tried < m->base_count) {
        m->base = next;
        return;
    }
    if (!stay)
        m->base = m->base_count > 1 ? media->first_base : 0;
    m->failures = m->gained ? 1 : m->failures + 1;
    m->due_ns = feed_retry_ns(&media->config.policy, m->failures, now_ns);
    m->tried = 0;
    m->gained = false;
}

static void fail(struct feed_media *media, struct feed_media_file *m, const struct err *err,
                 int64_t now_ns)
{
    int64_t reached_bytes = feed_media_file_reached(m);
    bool broke = err->code == ERR_NETWORK || err->code == ERR_TIMEOUT || err->code == ERR_MISSING;
    /* A try that went well for long and then broke off is not for the next origin, which would have
     * to begin anew. One that was too slow is. */
    bool stay = err->code == ERR_NETWORK && reached_bytes - m->reached_bytes >= GAIN_BYTES;
    /* A bad line is no reason to wait ever longer. */
    m->gained = m->gained || reached_bytes > m->reached_bytes;
    m->reached_bytes = reached_bytes > m->reached_bytes ? reached_bytes : m->reached_bytes;
    bool again = m->forestalled || (m->store_failed && make_room(media, m));
    if (again) { /* before anybody is told */
        feed_media_file_leave(m, true);
        m->due_ns = media->due_ns = now_ns;
        return;
    }
    /* A part is worth keeping where the way to it broke, or where this try did not touch it: not
     * where it holds the wrong bytes or fills the disk. */
    feed_media_file_leave(m, !m->store_failed && (broke || !m->begun || err->code == ERR_DISK));
    tell(media, m, err);
    put_off(media, m, stay || m->store_failed, now_ns); /* no other origin helps a disk */
}

static void mark_done(struct feed_media *media, struct feed_media_file *m)
{
    memset(m->causes, 0, sizeof m->causes);
    media->done++;
}

/* A try has gone on: it is over, or not. */
static void sort_out(struct feed_media *media, size_t place, bool ok, const struct err *err,
                     int64_t now_ns)
{
    struct feed_media_file *m = media->active[place];
    if (ok && !m->done)
        return;
    media->active[place] = NULL;
    media->due_ns = now_ns;
    if (ok)
        mark_done(media, m);
    else
        fail(media, m, err, now_ns);
}

static void finish_active(struct feed_media *media, int64_t now_ns)
{
    for (size_t i = 0; i < PARALLEL_MAX; i++) {
        struct feed_media_file *m = media->active[i];
        struct err err = {0};
        if (m && m->transfer && fetch_finished(m->transfer)) {
            bool done = feed_media_file_settle(m, &err);
            sort_out(media, i, done, &err, now_ns);
        }
    }
}

/* The place of the first part that is being read again, or PARALLEL_MAX. */
static size_t reading_place(const struct feed_media *media)
{
    size_t place = 0;
    while (place < PARALLEL_MAX && !(media->active[place] && media->active[place]->reading))
        place++;
    return place;
}

/* One stretch of one part: gigabytes must hold up neither the feed nor its end. */
static void read_on(struct feed_media *media, int64_t now_ns)
{
    struct err err = {0};
    size_t place = reading_place(media);
    if (place < PARALLEL_MAX) {
        bool ok = feed_media_file_read_on(media->active[place], &err);
        sort_out(media, place, ok, &err, now_ns);
    }
    bool more = reading_place(media) < PARALLEL_MAX;
    media->read_due_ns = more ? now_ns + READ_PAUSE_NS : INT64_MAX;
}

/* A place among the active, or -1. */
static int free_place(const struct feed_media *media)
{
    for (int i = 0; i < PARALLEL_MAX; i++)
        if (!media->active[i])
            return i;
    return -1;
}

/* False: it is to be started at *due_ns at the earliest. */
static bool is_due(const struct feed_media_file *m, int64_t now_ns, int64_t *due_ns)
{
    *due_ns = m->due_ns;
    if (m->due_ns <= now_ns && feed_media_file_is_busy(m))
        *due_ns = now_ns + BUSY_NS;
    return *due_ns <= now_ns;
}

static void start_due(struct feed_media *media, int64_t now_ns)
{
    int place = free_place(media);
    int64_t due_ns;
    media->due_ns = INT64_MAX;
    for (size_t i = 0; i < media->count && place >= 0; i++) {
        struct feed_media_file *m = &media->items[i];
        struct err err = {0};
        if (m->done || m->transfer || m->reading)
            continue;
        if (!is_due(m, now_ns, &due_ns)) {
            media->due_ns = due_ns < media->due_ns ? due_ns : media->due_ns;
            continue;
        }
        if (m->tried == 0 && m->failures == 0 && m->base_count > 1)
            m->base = media->first_base;
        if (!feed_media_file_begin(m, &err)) {
            fail(media, m, &err, now_ns);
        } else if (m->done) {
            mark_done(media, m);
        } else {
            media->active[place] = m;
            place = free_place(media);
            media->read_due_ns = m->reading ? now_ns : media->read_due_ns;
        }
    }
}

bool feed_media_step(struct feed_media *media, int64_t now_ns)
{
    finish_active(media, now_ns);
    if (now_ns >= media->read_due_ns && !atomic_load(media->config.stop))
        read_on(media, now_ns);
    if (media->done < media->count && now_ns >= media->due_ns && !atomic_load(media->config.stop))
        start_due(media, now_ns);
    return media->done == media->count;
}

int64_t feed_media_due_ns(const struct feed_media *media)
{
    if (media->done == media->count)
        return INT64_MAX;
    return media->read_due_ns < media->due_ns ? media->read_due_ns : media->due_ns;
}

size_t feed_media_done(const struct feed_media *media)
{
    return media->done;
}

const char *feed_media_trouble(const struct feed_media *media)
{
    return media->trouble;
}

bool feed_media_confirm(struct feed_media *media)
{
    for (size_t i = 0; i < media->count; i++) {
        struct feed_media_file *m = &media->items[i];
        if (!m->done || store_has(media->config.store, m->sha256, m->bytes))
            continue;
        m->done = m->kept = false;
        m->due_ns = media->due_ns = 0;
        media->done--;
    }
    return media->done == media->count;
}

/* False when out of memory. */
static bool describe(const struct feed_media_file *m, struct manifest *manifest,
                     struct manifest_file *file)
{
    char shown[HTTP_URL_BYTES_MAX + 1];
    fetch_public(m->url, shown, sizeof shown);
    file->path = manifest_keep(manifest, m->asset->path);
    file->url = manifest_keep(manifest, shown);
    file->etag = manifest_keep(manifest, m->etag);
    file->last_modified = manifest_keep(manifest, m->last_modified);
    if (m->done || m->kept) {
        memcpy(file->sha256, m->sha256, HASH_BYTES);
        file->size_bytes = m->bytes;
        file->fresh = m->done && m->fresh;
    } else if (m->asset->has_sha256) {
        memcpy(file->sha256, m->asset->sha256, HASH_BYTES);
        file->size_bytes = m->asset->size_bytes;
    }
    return file->path && file->url && file->etag && file->last_modified;
}

struct manifest *feed_media_manifest(const struct feed_media *media)
{
    struct manifest *manifest = manifest_create(media->count);
    for (size_t i = 0; manifest && i < media->count; i++) {
        if (describe(&media->items[i], manifest, &manifest->files[i]))
            continue;
        manifest_destroy(manifest);
        return NULL;
    }
    return manifest;
}
