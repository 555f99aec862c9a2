#include "sync/feed/feed_media_file.h"

#include "sync/media_verify.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Where the playlist names no length. */
#define MEDIUM_BYTES_MAX ((int64_t)4 << 30)
#define CHANNEL_MEDIA "../../media/" /* from channels/<channel>/ */

static bool replace_text(char **text, const char *value)
{
    char *copy = strdup(value);
    if (!copy)
        return false;
    free(*text);
    *text = copy;
    return true;
}

/* What a channel's playlist may name: a file in the publisher's media folder, or a whole URL. */
static bool is_allowed(const char *url)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (!url)
        return false;
    if (http_is_url(url))
        return true;
    if (strncmp(url, CHANNEL_MEDIA, strlen(CHANNEL_MEDIA)) != 0)
        return false;
    const char *name = url + strlen(CHANNEL_MEDIA);
    return name[0] && name[0] != '.' && name[strspn(name, letters)] == '\0';
}

static bool check_trusted(const struct playlist_asset *asset, struct err *err)
{
    if (!asset->has_sha256 || asset->size_bytes <= 0)
        return err_set(err, ERR_TRUST, "%s: the playlist does not name its hash and length",
                       asset->path);
    return is_allowed(asset->url) ||
           err_set(err, ERR_TRUST, "%s: an address that is not allowed", asset->path);
}

static char *resolve(const struct feed_media_file *m, size_t base, struct err *err)
{
    const struct playlist_asset *asset = m->asset;
    const char *at = m->config->bases[base];
    char *url = asset->url ? fetch_resolve(at, asset->url, false, err)
                           : fetch_resolve(at, asset->path, true, err);
    if (!url)
        err_prefix(err, "address of %s: ", asset->path);
    return url;
}

static bool go_to_base(struct feed_media_file *m, size_t base, struct err *err)
{
    if (m->url && m->url_base == base)
        return true;
    char *url = resolve(m, base, err);
    if (!url)
        return false;
    free(m->url);
    m->url = url;
    m->url_base = base;
    return true;
}

/* A file whose hash is known has one part, whoever wants it and from wherever. Else two media with
 * one address (a.jpg and ./a.jpg) must not write into one part. */
static bool name_part(struct feed_media_file *m)
{
    uint8_t digest[HASH_BYTES];
    if (m->asset->has_sha256) {
        hash_to_text(m->asset->sha256, m->part_name);
        return true;
    }
    struct hash *hash = hash_create();
    bool ok = hash && hash_add(hash, m->url, strlen(m->url) + 1) &&
              hash_add(hash, m->asset->path, strlen(m->asset->path)) && hash_result(hash, digest);
    hash_destroy(hash);
    if (ok)
        hash_to_text(digest, m->part_name);
    return ok;
}

/* Done where the store has this medium as the playlist describes it. */
static bool find_stored(struct feed_media_file *m)
{
    const struct playlist_asset *asset = m->asset;
    if (!asset->has_sha256 || !store_has(m->config->store, asset->sha256, asset->size_bytes))
        return false;
    store_touch(m->config->store, asset->sha256);
    memcpy(m->sha256, asset->sha256, HASH_BYTES);
    m->bytes = asset->size_bytes;
    m->fresh = false;
    m->done = true;
    return true;
}

bool feed_media_file_init(struct feed_media_file *medium, const struct feed_media_config *config,
                          const struct playlist_asset *asset, struct err *err)
{
    struct feed_media_file *m = medium;
    m->config = config;
    m->asset = asset;
    if (config->trusted_only && !check_trusted(asset, err))
        return false;
    m->base_count = asset->url && http_is_url(asset->url) ? 1 : config->base_count;
    for (size_t i = m->base_count; i-- > 0;) /* ends at the first */
        if (!go_to_base(m, i, err))
            return false;
    if (!replace_text(&m->etag, "") || !replace_text(&m->last_modified, "") || !name_part(m))
        return err_oom(err);
    find_stored(m);
    return true;
}

void feed_media_file_finish(struct feed_media_file *medium)
{
    fetch_end(medium->transfer);
    store_part_keep(medium->part);
    free(medium->url);
    free(medium->etag);
    free(medium->last_modified);
}

bool feed_media_file_remember(struct feed_media_file *medium, const uint8_t sha256[HASH_BYTES],
                              int64_t bytes, const char *etag, const char *last_modified)
{
    struct feed_media_file *m = medium;
    if ((!etag[0] && !last_modified[0]) || !store_has(m->config->store, sha256, bytes))
        return true;
    memcpy(m->sha256, sha256, HASH_BYTES);
    m->bytes = bytes;
    m->kept = true;
    return replace_text(&m->etag, etag) && replace_text(&m->last_modified, last_modified);
}

bool feed_media_file_is_busy(const struct feed_media_file *medium)
{
    return store_part_is_busy(medium->config->store, medium->part_name);
}

/* Notes whose fault it was. */
static bool store_fault(struct feed_media_file *m, const struct err *err)
{
    m->store_failed = err->code == ERR_DISK;
    return false;
}

/* The head of an answer: is it what can be used, and does it go on with what is there? */
static bool begin_body(struct feed_media_file *m, const struct http_response *head, struct err *err)
{
    const struct playlist_asset *asset = m->asset;
    int64_t whole_bytes = head->status == 206 ? head->range_total : head->content_bytes;
    if (asset->has_sha256 && whole_bytes >= 0 && whole_bytes != asset->size_bytes)
        return err_set(err, ERR_TRUST,
                       "wrong length: not the %" PRId64 " bytes that the playlist names",
                       asset->size_bytes);
    m->forestalled = !m->part && feed_media_file_is_busy(m);
    if (m->forestalled)
        return err_set(err, ERR_SYSTEM, "the same file is under way already");
    m->begun = true;
    m->kept = false;
    if (!replace_text(&m->etag, head->etag) ||
        !replace_text(&m->last_modified, head->last_modified))
        return err_oom(err);
    m->bytes = whole_bytes;
    if (head->status == 206) {
        if (head->etag[0] && strcmp(head->etag, store_part_tag(m->part)) != 0)
            return err_set(err, ERR_NETWORK, "the server sent a part of another version");
        return true;
    }
    store_part_discard(m->part);
    /* Only a strong ETag vouches for single bytes (RFC 9110, 13.1.5). */
    bool strong = head->etag[0] && strncmp(head->etag, "W/", 2) != 0;
    m->part = store_part_begin(m->config->store, m->part_name, strong ? head->etag : "", err);
    return m->part || store_fault(m, err);
}

static bool take(void *context, const struct http_response *head, const void *data, size_t size,
                 struct err *err)
{
    struct feed_media_file *m = context;
    if (!m->begun && !begin_body(m, head, err))
        return false;
    return store_part_append(m->part, data, size, err) || store_fault(m, err);
}

/* Makes what has arrived a stored file, if all of it has. */
static bool complete(struct feed_media_file *m, struct err *err)
{
    const struct playlist_asset *asset = m->asset;
    int64_t bytes = store_part_bytes(m->part);
    if (bytes == 0)
        return err_set(err, ERR_INPUT, "wrong length: it is empty");
    if (asset->has_sha256 && asset->size_bytes != bytes)
        return err_set(err, ERR_TRUST,
                       "wrong length: not the %" PRId64 " bytes that the playlist names",
                       asset->size_bytes);
    if (m->bytes >= 0 && m->bytes != bytes)
        return err_set(err, ERR_NETWORK, "wrong length: not the one the server told");
    struct store_part *part = m->part;
    m->part = NULL;
    m->bytes = bytes;
    m->fresh = true;
    return store_part_commit(part, asset->has_sha256 ? asset->sha256 : NULL, m->sha256, err) ||
           store_fault(m, err);
}

/* What arrived whole may be a picture that somebody is still copying to the server, or a sign-in
 * page: it is asked for again, from its beginning, until it is a picture. Bytes that the playlist's
 * own hash vouches for can't get any better. */
static bool is_picture(struct feed_media_file *m, struct err *err)
{
    const struct feed_media_config *config = m->config;
    char path[PATH_MAX];
    if (m->asset->has_sha256 ||
        !media_verify_is_still(config->playlist, (int)(m->asset - config->playlist->assets)))
        return true;
    store_media_path(config->store, m->sha256, path);
    if (media_verify_still(path, err))
        return true;
    m->kept = false;
    return false;
}

/* What is kept came from the first base, and an ETag says nothing at another. */
static bool asks_about_kept(const struct feed_media_file *m)
{
    return m->kept && m->base == 0;
}

/* Asks the server for the medium, or for the rest of it. */
static bool ask(struct feed_media_file *m, struct err *err)
{
    const struct playlist_asset *asset = m->asset;
    struct http_request request = {
        .url = m->url,
        .capped = true,
        .limit_bytes =
            asset->has_sha256 && asset->size_bytes > 0 ? asset->size_bytes : MEDIUM_BYTES_MAX,
        .take = take,
        .context = m,
    };
    if (asks_about_kept(m) && m->etag[0])
        request.if_none_match = m->etag;
    else if (asks_about_kept(m))
        request.if_modified_since = m->last_modified;
    if (m->part) {
        request.range_start = store_part_bytes(m->part);
        request.if_range = store_part_tag(m->part);
    }
    m->transfer = fetch_get(m->config->fetch, &request, err);
    return m->transfer != NULL;
}

bool feed_media_file_begin(struct feed_media_file *medium, struct err *err)
{
    struct feed_media_file *m = medium;
    m->begun = m->reading = m->store_failed = m->forestalled = false;
    m->status = 0;
    if (find_stored(m))
        return true;
    if (!go_to_base(m, m->base, err))
        return false;
    if (!asks_about_kept(m))
        m->part = store_part_resume(m->config->store, m->part_name, m->asset->has_sha256);
    m->reading = m->part != NULL;
    return m->reading || ask(m, err);
}

static void drop_part(struct feed_media_file *m)
{
    store_part_discard(m->part);
    m->part = NULL;
}

bool feed_media_file_read_on(struct feed_media_file *medium, struct err *err)
{
    struct feed_media_file *m = medium;
    const struct playlist_asset *asset = m->asset;
    enum store_reread state = store_part_reread(m->part);
    m->reading = state == STORE_REREAD_GOES_ON;
    if (m->reading)
        return true;
    if (state == STORE_REREAD_GONE)
        drop_part(m);
    if (!m->part || !asset->has_sha256 || store_part_bytes(m->part) < asset->size_bytes)
        return ask(m, err);
    /* It was whole already. One that turns out to be wrong is dropped, and nobody's fault now. */
    struct err trouble = {0};
    m->bytes = asset->size_bytes;
    m->done = complete(m, &trouble);
    if (m->done)
        return true;
    if (trouble.code != ERR_TRUST)
        return err_set(err, trouble.code, "%s", trouble.text);
    drop_part(m);
    return ask(m, err);
}

bool feed_media_file_settle(struct feed_media_file *medium, struct err *err)
{
    struct feed_media_file *m = medium;
    struct http_response head;
    bool ok = fetch_result(m->transfer, &head, err);
    fetch_end(m->transfer);
    m->transfer = NULL;
    m->status = head.status;
    if (ok && head.status == 304) {
        bool there = store_has(m->config->store, m->sha256, m->bytes);
        m->kept = there;
        m->fresh = false;
        m->done = there ? is_picture(m, err) : err_set(err, ERR_MISSING, "the stored file is gone");
    } else if (ok) {
        m->done = complete(m, err) && is_picture(m, err);
    } else if (head.status == 416) { /* the part is longer than the file is now */
        drop_part(m);
    }
    return m->done;
}

int64_t feed_media_file_reached(const struct feed_media_file *medium)
{
    const struct store_part *part = medium->part;
    return part && store_part_tag(part)[0] ? store_part_bytes(part) : 0;
}

void feed_media_file_leave(struct feed_media_file *medium, bool keep_part)
{
    struct feed_media_file *m = medium;
    if (keep_part)
        store_part_keep(m->part);
    else
        store_part_discard(m->part);
    m->part = NULL;
    m->reading = false;
    if (!m->kept && (!replace_text(&m->etag, "") || !replace_text(&m->last_modified, "")))
        m->etag[0] = m->last_modified[0] = '\0';
}
