#include "sync/feed_media.h"

#include "base/log.h"
#include "sync/feed_retry.h"
#include "sync/feed_slot.h"
#include "sync/verify.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARALLEL_MAX 4
#define MEDIUM_BYTES_MAX ((int64_t)4 << 30)
#define CAUSE_LENGTH 199

/* One medium. `kept` is a stored file that the server is asked about first: it may still be the
 * right one. */
struct medium {
    struct feed_media *media;
    const struct playlist_asset *asset;
    char *url;
    char part_name[HASH_TEXT_BYTES];
    bool done, kept, begun;
    uint8_t sha256[HASH_BYTES]; /* when done or kept */
    int64_t bytes;              /* when done or kept */
    char *etag, *last_modified; /* of what is kept, arriving or done; never NULL */
    struct http_transfer *transfer;
    struct store_part *part;
    int64_t reached_bytes; /* the longest part so far */
    unsigned failures;
    int64_t due_ns;
    char cause[CAUSE_LENGTH + 1]; /* of the last failure */
};

struct feed_media {
    struct feed_media_config config;
    struct medium *items;
    size_t count, done;
    struct medium *active[PARALLEL_MAX];
    int64_t due_ns;
    char trouble[ERR_TEXT_BYTES];
};

static bool replace_text(char **text, const char *value)
{
    char *copy = strdup(value);
    if (!copy)
        return false;
    free(*text);
    *text = copy;
    return true;
}

static void mark_done(struct medium *m)
{
    m->done = true;
    m->media->done++;
}

/* Whether the store has this medium as the playlist's "files" describe it. */
static bool is_stored(const struct medium *m)
{
    struct store *store = m->media->config.store;
    const struct playlist_asset *asset = m->asset;
    return asset->has_sha256 && store_has(store, asset->sha256, asset->size_bytes);
}

static bool remember(struct medium *m, const uint8_t sha256[HASH_BYTES], int64_t bytes,
                     const char *etag, const char *last_modified)
{
    if ((!etag[0] && !last_modified[0]) || !store_has(m->media->config.store, sha256, bytes))
        return true;
    memcpy(m->sha256, sha256, HASH_BYTES);
    m->bytes = bytes;
    m->kept = true;
    return replace_text(&m->etag, etag) && replace_text(&m->last_modified, last_modified);
}

/* Finds what an earlier playlist brought from the same address; false when out of memory. */
static bool find_kept(struct medium *m, const struct manifest *known,
                      const struct feed_media *before)
{
    char shown[HTTP_URL_BYTES_MAX + 1];
    for (size_t i = 0; before && i < before->count; i++) {
        const struct medium *old = &before->items[i];
        if (old->done && strcmp(old->url, m->url) == 0)
            return remember(m, old->sha256, old->bytes, old->etag, old->last_modified);
    }
    http_url_public(m->url, shown, sizeof shown);
    for (size_t i = 0; known && i < known->file_count; i++) {
        const struct manifest_file *old = &known->files[i];
        if (strcmp(old->path, m->asset->path) == 0 && strcmp(old->url, shown) == 0)
            return remember(m, old->sha256, old->size_bytes, old->etag, old->last_modified);
    }
    return true;
}

static char *resolve(const struct feed_media_config *config, const struct playlist_asset *asset,
                     struct err *err)
{
    char *url = asset->url ? http_url_resolve(config->url, asset->url, err)
                           : http_url_resolve_path(config->url, asset->path, err);
    if (!url)
        err_prefix(err, "address of %s: ", asset->path);
    return url;
}

/* Two media with one address (a.jpg and ./a.jpg) must not write into one part. */
static bool name_part(struct medium *m)
{
    uint8_t digest[HASH_BYTES];
    struct hash *hash = hash_create();
    bool ok = hash && hash_add(hash, m->url, strlen(m->url) + 1) &&
              hash_add(hash, m->asset->path, strlen(m->asset->path)) && hash_result(hash, digest);
    hash_destroy(hash);
    if (ok)
        hash_to_text(digest, m->part_name);
    return ok;
}

static bool medium_init(struct medium *m, struct feed_media *media,
                        const struct playlist_asset *asset, const struct manifest *known,
                        const struct feed_media *before, struct err *err)
{
    m->media = media;
    m->asset = asset;
    m->url = resolve(&media->config, asset, err);
    if (!m->url)
        return false;
    bool ok = replace_text(&m->etag, "") && replace_text(&m->last_modified, "") && name_part(m);
    if (ok && is_stored(m)) {
        memcpy(m->sha256, asset->sha256, HASH_BYTES);
        m->bytes = asset->size_bytes;
        mark_done(m);
    } else if (ok && !asset->has_sha256) {
        ok = find_kept(m, known, before);
    }
    return ok || err_set(err, ERR_SYSTEM, "out of memory");
}

struct feed_media *feed_media_create(const struct feed_media_config *config,
                                     const struct manifest *known, const struct feed_media *before,
                                     struct err *err)
{
    size_t count = config->playlist->asset_count;
    struct feed_media *media = calloc(1, sizeof *media);
    struct medium *items = calloc(count + 1, sizeof *items);
    if (!media || !items) {
        free(media);
        free(items);
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    media->config = *config;
    media->items = items;
    for (size_t i = 0; i < count; i++) {
        media->count = i + 1;
        if (medium_init(&items[i], media, &config->playlist->assets[i], known, before, err))
            continue;
        feed_media_destroy(media);
        return NULL;
    }
    return media;
}

void feed_media_destroy(struct feed_media *media)
{
    if (!media)
        return;
    for (size_t i = 0; i < media->count; i++) {
        struct medium *m = &media->items[i];
        http_end(m->transfer);
        store_part_keep(m->part);
        free(m->url);
        free(m->etag);
        free(m->last_modified);
    }
    free(media->items);
    free(media);
}

/* The head of an answer: is it what can be used, and does it go on with what is there? */
static bool begin_body(struct medium *m, const struct http_response *head, struct err *err)
{
    const struct playlist_asset *asset = m->asset;
    int64_t whole_bytes = head->status == 206 ? head->range_total : head->content_bytes;
    if (asset->has_sha256 && whole_bytes >= 0 && whole_bytes != asset->size_bytes)
        return err_set(err, ERR_TRUST, "it has not the size that the playlist names");
    m->begun = true;
    m->kept = false;
    if (!replace_text(&m->etag, head->etag) ||
        !replace_text(&m->last_modified, head->last_modified))
        return err_set(err, ERR_SYSTEM, "out of memory");
    if (head->status == 206) {
        m->bytes = head->range_total;
        if (head->etag[0] && strcmp(head->etag, store_part_tag(m->part)) != 0)
            return err_set(err, ERR_NETWORK, "the server sent a part of another version");
        return true;
    }
    m->bytes = head->content_bytes;
    store_part_discard(m->part);
    /* Only a strong ETag vouches for single bytes (RFC 9110, 13.1.5). */
    bool strong = head->etag[0] && strncmp(head->etag, "W/", 2) != 0;
    m->part = store_part_begin(m->media->config.store, m->part_name, strong ? head->etag : "", err);
    return m->part != NULL;
}

static bool take(void *context, const struct http_response *head, const void *data, size_t size,
                 struct err *err)
{
    struct medium *m = context;
    if (!m->begun && !begin_body(m, head, err))
        return false;
    return store_part_append(m->part, data, size, err);
}

static void begin(struct medium *m, struct err *err)
{
    const struct feed_media_config *config = &m->media->config;
    const struct playlist_asset *asset = m->asset;
    struct http_request request = {
        .url = m->url,
        .limit_bytes =
            asset->has_sha256 && asset->size_bytes > 0 ? asset->size_bytes : MEDIUM_BYTES_MAX,
        .take = take,
        .context = m,
    };
    m->begun = false;
    if (m->kept && m->etag[0])
        request.if_none_match = m->etag;
    else if (m->kept)
        request.if_modified_since = m->last_modified;
    else
        m->part = store_part_resume(config->store, m->part_name, asset->has_sha256, config->stop);
    if (m->part) {
        request.range_start = store_part_bytes(m->part);
        request.if_range = store_part_tag(m->part);
    }
    m->transfer = http_get(config->http, &request, err);
}

/* Makes what has arrived a stored file, if all of it has. */
static bool complete(struct medium *m, struct err *err)
{
    const uint8_t *wanted = m->asset->has_sha256 ? m->asset->sha256 : NULL;
    int64_t bytes = store_part_bytes(m->part);
    if (bytes == 0)
        return err_set(err, ERR_INPUT, "it is empty");
    if (m->bytes >= 0 && m->bytes != bytes)
        return err_set(err, ERR_NETWORK, "its length is not the one the server told");
    struct store_part *part = m->part;
    m->part = NULL;
    m->bytes = bytes;
    return store_part_commit(part, wanted, m->sha256, err);
}

/* What arrived whole may be a picture that somebody is still copying to the server, or a sign-in
 * page: it is asked for again, from its beginning, until it is a picture. Bytes that the playlist's
 * own hash vouches for can't get any better. */
static bool is_picture(struct medium *m, struct err *err)
{
    const struct feed_media_config *config = &m->media->config;
    char path[PATH_MAX];
    if (m->asset->has_sha256 ||
        !verify_is_still(config->playlist, (int)(m->asset - config->playlist->assets)))
        return true;
    store_media_path(config->store, m->sha256, path);
    if (verify_still(path, err))
        return true;
    m->kept = false;
    return false;
}

static bool settle(struct medium *m, struct err *err)
{
    struct http_response head;
    bool ok = http_result(m->transfer, &head, err);
    http_end(m->transfer);
    m->transfer = NULL;
    if (ok && head.status == 304) {
        if (store_has(m->media->config.store, m->sha256, m->bytes))
            return is_picture(m, err);
        m->kept = false;
        return err_set(err, ERR_MISSING, "the stored file is gone");
    }
    if (ok)
        return complete(m, err) && is_picture(m, err);
    if (head.status == 416) { /* the part is longer than the file is now */
        store_part_discard(m->part);
        m->part = NULL;
    }
    return false;
}

/* Once for each cause; a file that the server doesn't have is a cause of its own. */
static bool was_logged(const struct medium *m, const struct err *err)
{
    const struct feed_media *media = m->media;
    if (strncmp(m->cause, err->text, CAUSE_LENGTH) == 0)
        return true;
    for (size_t i = 0; err->code != ERR_MISSING && i < media->count; i++)
        if (strncmp(media->items[i].cause, err->text, CAUSE_LENGTH) == 0)
            return true;
    return false;
}

/* Whether this try brought the medium further than any before it: a bad line is no reason to wait
 * ever longer. */
static bool has_gained(struct medium *m)
{
    if (!m->part || !store_part_tag(m->part)[0] || store_part_bytes(m->part) <= m->reached_bytes)
        return false;
    m->reached_bytes = store_part_bytes(m->part);
    return true;
}

/* How much of a text is shown at most: whole characters, as a precision. */
static int shown_bytes(const char *text, size_t limit)
{
    return (int)feed_slot_whole_bytes(text, strnlen(text, limit));
}

static void fail(struct medium *m, const struct err *err, int64_t now_ns)
{
    struct feed_media *media = m->media;
    char shown[512];
    bool gained = has_gained(m);
    /* A part is worth keeping where the way to the server broke, not where it holds the wrong bytes
     * or fills the disk. */
    if (err->code == ERR_NETWORK || err->code == ERR_TIMEOUT || err->code == ERR_MISSING)
        store_part_keep(m->part);
    else
        store_part_discard(m->part);
    m->part = NULL;
    if (!m->kept && (!replace_text(&m->etag, "") || !replace_text(&m->last_modified, "")))
        m->etag[0] = m->last_modified[0] = '\0';
    http_url_public(m->url, shown, sizeof shown);
    snprintf(media->trouble, sizeof media->trouble, "%.*s: %.*s", shown_bytes(m->asset->path, 120),
             m->asset->path, shown_bytes(err->text, 300), err->text);
    if (!was_logged(m, err))
        log_warn("feed", "a medium can't be fetched path=\"%s\" url=%s: %s", m->asset->path, shown,
                 err->text);
    snprintf(m->cause, sizeof m->cause, "%.*s", CAUSE_LENGTH, err->text);
    m->failures = gained ? 1 : m->failures + 1;
    m->due_ns = feed_retry_ns(&media->config.policy, m->failures, now_ns);
    media->due_ns = now_ns;
}

static void finish_active(struct feed_media *media, int64_t now_ns)
{
    for (size_t i = 0; i < PARALLEL_MAX; i++) {
        struct medium *m = media->active[i];
        struct err err = {0};
        if (!m || !http_finished(m->transfer))
            continue;
        media->active[i] = NULL;
        media->due_ns = now_ns;
        if (!settle(m, &err)) {
            fail(m, &err, now_ns);
            continue;
        }
        m->cause[0] = '\0';
        mark_done(m);
    }
}

/* A place among the active, or -1. */
static int free_place(const struct feed_media *media)
{
    for (int i = 0; i < PARALLEL_MAX; i++)
        if (!media->active[i])
            return i;
    return -1;
}

static void start_due(struct feed_media *media, int64_t now_ns)
{
    int place = free_place(media);
    media->due_ns = INT64_MAX;
    for (size_t i = 0; i < media->count && place >= 0; i++) {
        struct medium *m = &media->items[i];
        struct err err = {0};
        if (m->done || m->transfer)
            continue;
        if (m->due_ns > now_ns) {
            media->due_ns = m->due_ns < media->due_ns ? m->due_ns : media->due_ns;
            continue;
        }
        begin(m, &err);
        if (!m->transfer) {
            fail(m, &err, now_ns);
            continue;
        }
        media->active[place] = m;
        place = free_place(media);
    }
}

bool feed_media_step(struct feed_media *media, int64_t now_ns)
{
    finish_active(media, now_ns);
    if (media->done < media->count && now_ns >= media->due_ns && !atomic_load(media->config.stop))
        start_due(media, now_ns);
    return media->done == media->count;
}

int64_t feed_media_due_ns(const struct feed_media *media)
{
    return media->done == media->count ? INT64_MAX : media->due_ns;
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
        struct medium *m = &media->items[i];
        if (!m->done || store_has(media->config.store, m->sha256, m->bytes))
            continue;
        m->done = m->kept = false;
        m->due_ns = media->due_ns = 0;
        media->done--;
    }
    return media->done == media->count;
}

struct manifest *feed_media_manifest(const struct feed_media *media)
{
    struct manifest *manifest = manifest_create(media->count);
    for (size_t i = 0; manifest && i < media->count; i++) {
        const struct medium *m = &media->items[i];
        struct manifest_file *file = &manifest->files[i];
        char shown[HTTP_URL_BYTES_MAX + 1];
        http_url_public(m->url, shown, sizeof shown);
        file->path = manifest_keep(manifest, m->asset->path);
        file->url = manifest_keep(manifest, shown);
        file->etag = manifest_keep(manifest, m->etag);
        file->last_modified = manifest_keep(manifest, m->last_modified);
        file->size_bytes = m->bytes;
        memcpy(file->sha256, m->sha256, HASH_BYTES);
        if (!file->path || !file->url || !file->etag || !file->last_modified) {
            manifest_destroy(manifest);
            return NULL;
        }
    }
    return manifest;
}
