#include "sync/feed/feed_media_file.h"

#include "sync/media_verify.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Where the playlist names no length. */
#define MEDIUM_BYTES_MAX ((int64_t)4 << 30)
/* The tag of a part whose origin gave no strong ETag, where the hash of the whole is known: it can
 * be gone on with all the same. No ETag looks so. */
#define HASHED_TAG "-"
#define DOUBTED "it cannot be shown, and the server has no other"
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

static void forget_refusal(struct feed_media_file *file)
{
    free(file->refusal);
    file->refusal = NULL;
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

static MUST_CHECK bool check_trusted(const struct playlist_asset *asset, struct err *err)
{
    if (!asset->has_sha256 || asset->size_bytes <= 0)
        return err_set(err, ERR_TRUST, "%s: the playlist lacks its hash and length", asset->path);
    if (!is_allowed(asset->url))
        return err_set(err, ERR_TRUST, "%s: its address is not allowed", asset->path);
    return true;
}

static char *resolve_asset(const struct feed_media_file *file, size_t base, struct err *err)
{
    const struct playlist_asset *asset = file->asset;
    const char *at = file->config->bases[base];
    char *url = asset->url ? fetch_resolve(at, asset->url, false, err)
                           : fetch_resolve(at, asset->path, true, err);
    if (!url)
        err_prefix(err, "address of %s: ", asset->path);
    return url;
}

static MUST_CHECK bool go_to_base(struct feed_media_file *file, size_t base, struct err *err)
{
    char *url = resolve_asset(file, base, err);
    if (!url)
        return false;
    free(file->url);
    file->url = url;
    return true;
}

/* A file whose hash is known has one part, whoever wants it and from wherever. Else two media with
 * one address (a.jpg and ./a.jpg) must not write into one part. */
static bool name_part(struct feed_media_file *file)
{
    uint8_t digest[HASH_BYTES];
    if (file->asset->has_sha256) {
        hash_to_text(file->asset->sha256, file->part_name);
        return true;
    }
    struct hash *hash = hash_create();
    bool ok = hash && hash_add(hash, file->url, strlen(file->url) + 1) &&
              hash_add(hash, file->asset->path, strlen(file->asset->path)) &&
              hash_result(hash, digest);
    hash_destroy(hash);
    if (ok)
        hash_to_text(digest, file->part_name);
    return ok;
}

/* Done where the store has this medium as the playlist describes it. */
static bool find_stored(struct feed_media_file *file)
{
    const struct playlist_asset *asset = file->asset;
    if (!asset->has_sha256 || !store_has(file->config->store, asset->sha256, asset->size_bytes))
        return false;
    memcpy(file->sha256, asset->sha256, HASH_BYTES);
    file->bytes = asset->size_bytes;
    file->fresh = false;
    file->done = true;
    return true;
}

bool feed_media_file_init(struct feed_media_file *file, const struct feed_media_config *config,
                          const struct playlist_asset *asset, struct err *err)
{
    file->config = config;
    file->asset = asset;
    if (config->trusted_only && !check_trusted(asset, err))
        return false;
    file->part_base = FEED_MEDIA_BASES_MAX;
    file->base_count = asset->url && http_is_url(asset->url) ? 1 : config->base_count;
    for (size_t i = file->base_count; i-- > 0;) { /* ends at the first */
        struct err trouble = {0};
        if (go_to_base(file, i, &trouble))
            continue;
        if (config->trusted_only || trouble.code == ERR_SYSTEM)
            return err_set(err, trouble.code, "%s", trouble.text);
        /* An address that can't be used costs the file its place; each try says why. */
        if (!file->url && !replace_text(&file->url, asset->path))
            return err_oom(err);
    }
    if (!replace_text(&file->etag, "") || !replace_text(&file->last_modified, "") ||
        !name_part(file))
        return err_oom(err);
    find_stored(file);
    return true;
}

void feed_media_file_finish(struct feed_media_file *file)
{
    fetch_end(file->transfer);
    store_part_keep(file->part);
    free(file->url);
    free(file->refusal);
    free(file->etag);
    free(file->last_modified);
    free(file->older.etag);
    free(file->older.last_modified);
}

bool feed_media_file_remember(struct feed_media_file *file, const uint8_t sha256[HASH_BYTES],
                              int64_t bytes, const char *etag, const char *last_modified)
{
    struct feed_media_older *older = &file->older;
    if (!store_has(file->config->store, sha256, bytes))
        return true;
    memcpy(older->sha256, sha256, HASH_BYTES);
    older->bytes = bytes;
    older->there =
        replace_text(&older->etag, etag) && replace_text(&older->last_modified, last_modified);
    return older->there;
}

bool feed_media_file_doubt(struct feed_media_file *file)
{
    const struct feed_media_older *older = &file->older;
    bool is_busy = file->transfer || file->reading;
    if (is_busy || (file->done && !feed_media_file_remember(file, file->sha256, file->bytes,
                                                            file->etag, file->last_modified)))
        return false;
    if (!older->there || !replace_text(&file->etag, older->etag) ||
        !replace_text(&file->last_modified, older->last_modified))
        return false;
    forget_refusal(file);
    file->refusal = strdup(DOUBTED); /* without memory it is fetched again */
    file->doubted = true;
    memcpy(file->doubted_sha256, older->sha256, HASH_BYTES);
    file->done = false;
    return true;
}

bool feed_media_file_has(const struct feed_media_file *file)
{
    return file->done || file->older.there;
}

void feed_media_file_confirm(struct feed_media_file *file)
{
    const struct store *store = file->config->store;
    struct feed_media_older *older = &file->older;
    older->there = older->there && store_has(store, older->sha256, older->bytes);
    file->done = file->done && store_has(store, file->sha256, file->bytes);
}

static bool keep_file(struct feed_media_file *file, const struct manifest_file *known)
{
    if (known->unconfirmed || !store_has(file->config->store, known->sha256, known->size_bytes))
        return true;
    memcpy(file->sha256, known->sha256, HASH_BYTES);
    file->bytes = known->size_bytes;
    file->done = replace_text(&file->etag, known->etag) &&
                 replace_text(&file->last_modified, known->last_modified);
    return file->done;
}

bool feed_media_file_find_kept(struct feed_media_file *item, const struct manifest *known)
{
    for (size_t i = 0; known && !item->done && i < known->file_count; i++) {
        const struct manifest_file *file = &known->files[i];
        bool is_it = strcmp(file->path, item->asset->path) == 0 && manifest_has_file(file);
        if (is_it && !keep_file(item, file))
            return false;
        /* From another address than now, perhaps: then its ETag says nothing. */
        if (is_it && !item->done && !item->asset->has_sha256 &&
            !feed_media_file_remember(item, file->sha256, file->size_bytes, "", ""))
            return false;
    }
    return true;
}

bool feed_media_file_take_tries(struct feed_media_file *file, const struct feed_media_file *before)
{
    forget_refusal(file);
    file->refusal = before->refusal ? strdup(before->refusal) : NULL;
    file->failures = before->failures;
    file->given_up = before->given_up;
    file->doubted = before->doubted;
    memcpy(file->doubted_sha256, before->doubted_sha256, HASH_BYTES);
    file->due_ns = before->due_ns;
    memcpy(file->causes, before->causes, sizeof file->causes);
    return replace_text(&file->etag, before->etag) &&
           replace_text(&file->last_modified, before->last_modified);
}

bool feed_media_file_is_busy(const struct feed_media_file *file)
{
    return store_part_is_busy(file->config->store, file->part_name);
}

/* Notes whose fault it was. */
static MUST_CHECK bool note_store_fault(struct feed_media_file *file, const struct err *err)
{
    file->store_failed = err->code == ERR_DISK;
    return false;
}

/* Whether the part's tag says nothing at the base that is asked. Then its bytes are asked for
 * without a condition: the names of a channel's media are hashes, so the files never change, and
 * the hash decides in the end. */
static bool has_foreign_tag(const struct feed_media_file *file)
{
    bool is_elsewhere = file->part_base < FEED_MEDIA_BASES_MAX && file->part_base != file->base;
    return file->asset->has_sha256 &&
           (is_elsewhere || strcmp(store_part_tag(file->part), HASHED_TAG) == 0);
}

/* The rest of the part, or what it goes on with. */
static MUST_CHECK bool continue_part(struct feed_media_file *file, const struct http_response *head,
                                     struct err *err)
{
    bool foreign = has_foreign_tag(file);
    file->joined |= file->part_base != file->base && store_part_bytes(file->part) > 0;
    if (head->status == 200) {
        file->skip_bytes = store_part_bytes(file->part);
        return true;
    }
    if (!foreign && head->etag[0] && strcmp(head->etag, store_part_tag(file->part)) != 0)
        return err_set(err, ERR_NETWORK, "the file changed on the server during the download");
    return true;
}

static MUST_CHECK bool begin_part(struct feed_media_file *file, const struct http_response *head,
                                  struct err *err)
{
    store_part_discard(file->part);
    /* Only a strong ETag vouches for single bytes (RFC 9110, 13.1.5). */
    bool strong = head->etag[0] && strncmp(head->etag, "W/", 2) != 0;
    const char *tag = file->asset->has_sha256 ? HASHED_TAG : "";
    file->part =
        store_part_begin(file->config->store, file->part_name, strong ? head->etag : tag, err);
    file->part_base = file->base;
    file->joined = false;
    return file->part || note_store_fault(file, err);
}

/* The head of an answer: is it what can be used, and does it go on with what is there? */
static MUST_CHECK bool begin_body(struct feed_media_file *file, const struct http_response *head,
                                  struct err *err)
{
    const struct playlist_asset *asset = file->asset;
    int64_t whole_bytes = head->status == 206 ? head->range_total : head->content_bytes;
    if (asset->has_sha256 && whole_bytes >= 0 && whole_bytes != asset->size_bytes)
        return err_set(err, ERR_TRUST,
                       "wrong length: not the %" PRId64 " bytes that the playlist says",
                       asset->size_bytes);
    file->taken_elsewhere = !file->part && feed_media_file_is_busy(file);
    if (file->taken_elsewhere)
        return err_set(err, ERR_SYSTEM, "the same file is being fetched already");
    file->begun = true;
    forget_refusal(file);
    if (!replace_text(&file->etag, head->etag) ||
        !replace_text(&file->last_modified, head->last_modified))
        return err_oom(err);
    file->bytes = whole_bytes;
    bool skips = file->part && file->goes_on && asset->has_sha256;
    return head->status == 206 || skips ? continue_part(file, head, err)
                                        : begin_part(file, head, err);
}

static MUST_CHECK bool take_media_bytes(void *context, const struct http_response *head,
                                        const void *data, size_t size, struct err *err)
{
    struct feed_media_file *file = context;
    if (!file->begun && !begin_body(file, head, err))
        return false;
    size_t skipped = (int64_t)size < file->skip_bytes ? size : (size_t)file->skip_bytes;
    file->skip_bytes -= (int64_t)skipped;
    file->arrived_bytes += (int64_t)size;
    return store_part_append(file->part, (const char *)data + skipped, size - skipped, err) ||
           note_store_fault(file, err);
}

/* Makes what has arrived a stored file, if all of it has. */
static MUST_CHECK bool complete_file(struct feed_media_file *file, struct err *err)
{
    const struct playlist_asset *asset = file->asset;
    int64_t bytes = store_part_bytes(file->part);
    if (bytes == 0)
        return err_set(err, ERR_INPUT, "wrong length: the file is empty");
    if (asset->has_sha256 && asset->size_bytes != bytes)
        return err_set(err, ERR_TRUST,
                       "wrong length: not the %" PRId64 " bytes that the playlist says",
                       asset->size_bytes);
    if (file->bytes >= 0 && file->bytes != bytes)
        return err_set(err, ERR_NETWORK, "wrong length: not what the server announced");
    struct store_part *part = file->part;
    file->part = NULL;
    file->bytes = bytes;
    file->fresh = true;
    return store_part_commit(part, asset->has_sha256 ? asset->sha256 : NULL, file->sha256,
                             &file->stamp, err) ||
           note_store_fault(file, err);
}

/* What arrived whole may be a file that is still being copied to the server, or a sign-in page: it
 * is asked for again until it is a picture, a film, a font. Bytes that the playlist's own hash
 * vouches for can't get any better. */
static MUST_CHECK bool check_insides(struct feed_media_file *file, struct err *err)
{
    const struct feed_media_config *config = file->config;
    int asset = (int)(file->asset - config->playlist->assets);
    char path[PATH_MAX];
    if (file->doubted && memcmp(file->sha256, file->doubted_sha256, HASH_BYTES) == 0) {
        forget_refusal(file);
        file->refusal = strdup(DOUBTED);
        return err_set(err, ERR_INPUT, DOUBTED);
    }
    if (file->asset->has_sha256 ||
        (config->any_bytes && !media_verify_is_still(config->playlist, asset)))
        return true;
    store_media_path(config->store, file->sha256, path);
    struct err trouble = {0};
    if (media_verify_asset(config->playlist, asset, path, &trouble))
        return true;
    forget_refusal(file);
    if (trouble.code == ERR_INPUT || trouble.code == ERR_LIMIT)
        file->refusal = strdup(trouble.text); /* without memory it is fetched again */
    return err_set(err, trouble.code, "%s", trouble.text);
}

/* What is known came from the first base, and an ETag says nothing at another. */
static bool asks_whether_changed(const struct feed_media_file *file)
{
    return (file->older.there || file->refusal) && file->base == 0;
}

/* Asks only for another one than what is known. What is known is the part, where there is one. */
static void add_conditions(const struct feed_media_file *file, struct http_request *request)
{
    const char *etag = file->refusal ? file->etag : file->older.etag;
    const char *last_modified = file->refusal ? file->last_modified : file->older.last_modified;
    if (file->part) {
        request->range_start = store_part_bytes(file->part);
        request->if_range = has_foreign_tag(file) ? NULL : store_part_tag(file->part);
    } else if (asks_whether_changed(file) && etag[0]) {
        request->if_none_match = etag;
    } else if (asks_whether_changed(file) && last_modified[0]) {
        request->if_modified_since = last_modified;
    }
}

/* Asks the server for the medium, or for the rest of it. */
static MUST_CHECK bool ask_server(struct feed_media_file *file, struct err *err)
{
    const struct playlist_asset *asset = file->asset;
    struct http_request request = {
        .url = file->url,
        .from = file->config->from,
        .capped = true,
        .limit_bytes =
            asset->has_sha256 && asset->size_bytes > 0 ? asset->size_bytes : MEDIUM_BYTES_MAX,
        .take = take_media_bytes,
        .context = file,
    };
    add_conditions(file, &request);
    file->arrived_bytes = file->skip_bytes = 0;
    file->looked_ns = 0;
    file->transfer = fetch_get(file->config->fetch, &request, err);
    return file->transfer != NULL;
}

bool feed_media_file_begin(struct feed_media_file *file, struct err *err)
{
    file->begun = file->reading = file->store_failed = file->taken_elsewhere = false;
    file->goes_on = false;
    file->status = 0;
    if (find_stored(file))
        return true;
    if (!go_to_base(file, file->base, err))
        return false;
    if (!file->refusal || file->base != 0)
        file->part =
            store_part_resume(file->config->store, file->part_name, file->asset->has_sha256);
    file->reading = file->part != NULL;
    return file->reading || ask_server(file, err);
}

static void drop_part(struct feed_media_file *file)
{
    store_part_discard(file->part);
    file->part = NULL;
    file->joined = false;
    file->part_base = FEED_MEDIA_BASES_MAX;
}

static void end_transfer(struct feed_media_file *file)
{
    fetch_end(file->transfer);
    file->transfer = NULL;
}

bool feed_media_file_go_on(struct feed_media_file *file, size_t base, struct err *err)
{
    end_transfer(file);
    file->begun = false;
    file->goes_on = true;
    file->status = 0;
    file->base = base;
    if (file->part && file->unjoined && base != file->part_base)
        drop_part(file);
    return go_to_base(file, base, err) && ask_server(file, err);
}

int64_t feed_media_file_left(const struct feed_media_file *file)
{
    const struct playlist_asset *asset = file->asset;
    int64_t whole_bytes = asset->has_sha256 && asset->size_bytes > 0 ? asset->size_bytes
                          : file->begun                              ? file->bytes
                                                                     : -1;
    if (whole_bytes < 0)
        return -1;
    return whole_bytes - (file->part ? store_part_bytes(file->part) : 0) + file->skip_bytes;
}

bool feed_media_file_read_on(struct feed_media_file *file, struct err *err)
{
    const struct playlist_asset *asset = file->asset;
    enum store_reread state = store_part_reread(file->part);
    file->reading = state == STORE_REREAD_GOES_ON;
    if (file->reading)
        return true;
    if (state == STORE_REREAD_GONE)
        drop_part(file);
    if (!file->part || !asset->has_sha256 || store_part_bytes(file->part) < asset->size_bytes)
        return ask_server(file, err);
    /* It was complete already. A wrong one is dropped and fetched anew, without an error. */
    struct err trouble = {0};
    file->bytes = asset->size_bytes;
    file->done = complete_file(file, &trouble);
    if (file->done)
        return true;
    if (trouble.code != ERR_TRUST)
        return err_set(err, trouble.code, "%s", trouble.text);
    drop_part(file);
    return ask_server(file, err);
}

/* The server still has the older one. */
static MUST_CHECK bool take_older(struct feed_media_file *file, struct err *err)
{
    struct feed_media_older *older = &file->older;
    if (!older->there || !store_has(file->config->store, older->sha256, older->bytes)) {
        older->there = false;
        return err_set(err, ERR_MISSING, "the stored file is gone");
    }
    if (!replace_text(&file->etag, older->etag) ||
        !replace_text(&file->last_modified, older->last_modified))
        return err_oom(err);
    memcpy(file->sha256, older->sha256, HASH_BYTES);
    file->bytes = older->bytes;
    file->fresh = false;
    if (check_insides(file, err))
        return true;
    older->there = older->there && (!file->refusal || file->doubted);
    return false;
}

bool feed_media_file_settle(struct feed_media_file *file, struct err *err)
{
    struct http_response head;
    bool ok = fetch_result(file->transfer, &head, err);
    fetch_end(file->transfer);
    file->transfer = NULL;
    file->status = head.status;
    if (ok && head.status == 304 && file->refusal) {
        err_set(err, ERR_INPUT, "%s", file->refusal);
    } else if (ok && head.status == 304) {
        file->done = take_older(file, err);
    } else if (ok) {
        file->done = complete_file(file, err) && check_insides(file, err);
    } else if (head.status == 416 && file->part && !has_foreign_tag(file)) {
        drop_part(file); /* it is longer than the file is now */
    }
    return file->done;
}

int64_t feed_media_file_reached(const struct feed_media_file *file)
{
    const struct store_part *part = file->part;
    return part && store_part_tag(part)[0] ? store_part_bytes(part) : 0;
}

void feed_media_file_leave(struct feed_media_file *file, bool keep_part)
{
    if (keep_part)
        store_part_keep(file->part);
    else
        drop_part(file);
    file->part = NULL;
    file->reading = false;
    if (!file->refusal &&
        (!replace_text(&file->etag, "") || !replace_text(&file->last_modified, "")))
        file->etag[0] = file->last_modified[0] = '\0';
}

void feed_media_file_hold(struct feed_media_file *file)
{
    end_transfer(file);
    feed_media_file_leave(file, true);
    file->part_base = FEED_MEDIA_BASES_MAX; /* others may go on with it meanwhile */
}

bool feed_media_file_describe(const struct feed_media_file *item, struct manifest *manifest,
                              struct manifest_file *file)
{
    char shown[HTTP_URL_BYTES_MAX + 1];
    fetch_public(item->url, shown, sizeof shown);
    file->path = manifest_copy(manifest, item->asset->path);
    file->url = manifest_copy(manifest, shown);
    file->spare = item->spare;
    file->unconfirmed = !item->done && item->older.there;
    file->etag = manifest_copy(manifest, file->unconfirmed ? item->older.etag : item->etag);
    file->last_modified = manifest_copy(manifest, file->unconfirmed ? item->older.last_modified
                                                                    : item->last_modified);
    if (item->done) {
        memcpy(file->sha256, item->sha256, HASH_BYTES);
        file->size_bytes = item->bytes;
        file->fresh = item->fresh;
        file->stamp = item->stamp;
    } else if (file->unconfirmed) {
        memcpy(file->sha256, item->older.sha256, HASH_BYTES);
        file->size_bytes = item->older.bytes;
    } else if (item->asset->has_sha256) {
        memcpy(file->sha256, item->asset->sha256, HASH_BYTES);
        file->size_bytes = item->asset->size_bytes;
    }
    return file->path && file->url && file->etag && file->last_modified;
}

/* Whether a server refuses this file. One that is overloaded (5xx, 429) or slow (408) does not. */
static bool is_refused_by_server(const struct feed_media_file *item)
{
    return item->status >= 400 && item->status < 500 && item->status != 408 && item->status != 429;
}

bool feed_media_file_is_at_fault(const struct feed_media_file *item, const struct err *err)
{
    bool own = err->code == ERR_MISSING || err->code == ERR_TRUST || err->code == ERR_INPUT ||
               err->code == ERR_LIMIT;
    return !item->store_failed && (own || is_refused_by_server(item));
}
