#include "sync/feed/rollout_stored.h"

#include "base/file.h"
#include "sync/media_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST_BYTES_MAX ((size_t)32 << 20)

static struct manifest *read_manifest(const char *path, struct err *err)
{
    char *bytes;
    size_t size;
    if (!file_read_own(path, MANIFEST_BYTES_MAX, &bytes, &size, err))
        return NULL;
    struct manifest *manifest = manifest_parse(bytes, size, err);
    free(bytes);
    if (!manifest)
        err_prefix(err, "%s: ", path);
    return manifest;
}

struct manifest *rollout_stored_manifest(const struct store *store, const char *url,
                                         struct err *err)
{
    char path[PATH_MAX];
    store_manifest_path(store, url, path);
    return read_manifest(path, err);
}

struct manifest *rollout_stored_previous(const struct store *store, const char *url,
                                         struct err *err)
{
    char path[PATH_MAX];
    store_previous_path(store, url, path);
    return read_manifest(path, err);
}

void rollout_stored_keep_previous(const struct store *store, const char *url,
                                  const struct manifest *manifest)
{
    char path[PATH_MAX];
    char *text = manifest_print(manifest);
    store_previous_path(store, url, path);
    if (text)
        (void)!file_replace(path, text, strlen(text), NULL);
    free(text);
}

/* The bytes of the playlist, which the caller frees, or NULL. A damaged file is removed, so that it
 * is fetched again. */
static char *read_stored_playlist(struct store *store, const struct manifest *manifest,
                                  size_t *size, struct err *err)
{
    char path[PATH_MAX], *bytes = NULL;
    uint8_t digest[HASH_BYTES];
    struct err trouble = {0};
    store_media_path(store, manifest->playlist_sha256, path);
    bool read = file_read_own(path, PLAYLIST_BYTES_MAX, &bytes, size, &trouble);
    if (!read && trouble.code != ERR_LIMIT && trouble.code != ERR_INPUT) {
        err_set(err, trouble.code, "%s", trouble.text);
        return NULL;
    }
    if (read && !hash_bytes(bytes, *size, digest)) {
        err_oom(err);
    } else if (read && memcmp(digest, manifest->playlist_sha256, HASH_BYTES) == 0) {
        return bytes;
    } else {
        store_remove(store, manifest->playlist_sha256);
        err_set(err, ERR_TRUST, "%s is damaged", path);
    }
    free(bytes);
    return NULL;
}

struct playlist *rollout_stored_playlist(struct store *store, const struct manifest *manifest,
                                         char **bytes, size_t *size, struct err *err)
{
    *bytes = read_stored_playlist(store, manifest, size, err);
    if (!*bytes)
        return NULL;
    struct playlist *playlist = NULL;
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    if (!faults)
        err_oom(err);
    else if (!(playlist = playlist_parse(*bytes, *size, faults)))
        err_set(err, ERR_INPUT, "this version of the player cannot read it");
    else if (!edition_check_zone(playlist, faults, err)) {
        playlist_destroy(playlist);
        playlist = NULL;
    }
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
    if (!playlist) {
        free(*bytes);
        *bytes = NULL;
    }
    return playlist;
}

size_t rollout_stored_missing(const struct store *store, const struct manifest *manifest)
{
    size_t missing = 0;
    for (size_t i = 0; i < manifest->file_count; i++)
        missing += !manifest->files[i].spare &&
                   !store_has(store, manifest->files[i].sha256, manifest->files[i].size_bytes);
    return missing;
}

bool rollout_stored_any(const struct store *store, const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->file_count; i++)
        if (store_has(store, manifest->files[i].sha256, manifest->files[i].size_bytes))
            return true;
    return false;
}

/* The manifest lists the files in the order of the playlist's assets. */
static char **find_stored_paths(const struct store *store, const struct manifest *manifest,
                                const struct playlist *playlist)
{
    char **paths = calloc(playlist->asset_count + 1, sizeof *paths);
    bool ok = paths && manifest->file_count == playlist->asset_count;
    for (size_t i = 0; ok && i < playlist->asset_count; i++) {
        char path[PATH_MAX];
        const struct manifest_file *file = &manifest->files[i];
        store_media_path(store, file->sha256, path);
        /* A file that was cut short must not be shown as if it were whole. */
        bool whole = store_has(store, file->sha256, file->size_bytes);
        ok = strcmp(file->path, playlist->assets[i].path) == 0 &&
             asprintf(&paths[i], "%s%s", path, whole ? "" : ".missing") >= 0;
    }
    if (ok)
        return paths;
    for (size_t i = 0; paths && i < playlist->asset_count; i++)
        free(paths[i]);
    free(paths);
    return NULL;
}

struct edition *rollout_stored_edition(const struct store *store, const struct manifest *manifest,
                                       struct playlist *playlist, const char *origin)
{
    char **paths = find_stored_paths(store, manifest, playlist);
    if (!paths) {
        playlist_destroy(playlist);
        return NULL;
    }
    struct edition *edition = edition_create(playlist, paths, origin);
    if (edition)
        memcpy(edition->digest, manifest->playlist_sha256, HASH_BYTES);
    if (edition) /* without memory files are told apart by their stamps */
        edition->hashes = calloc(manifest->file_count + 1, sizeof *edition->hashes);
    for (size_t i = 0; edition && edition->hashes && i < manifest->file_count; i++)
        memcpy(edition->hashes[i], manifest->files[i].sha256, HASH_BYTES);
    return edition;
}

bool rollout_stored_write(struct store *store, const char *url, struct manifest *manifest,
                          const void *bytes, size_t size, struct err *err)
{
    char path[PATH_MAX];
    if (!store_add(store, bytes, size, manifest->playlist_sha256, err))
        return false;
    manifest->playlist_bytes = (int64_t)size;
    char *text = manifest_print(manifest);
    if (!text)
        return err_oom(err);
    store_manifest_path(store, url, path);
    bool ok = file_replace(path, text, strlen(text), err);
    free(text);
    return ok;
}

void rollout_stored_remove(const struct store *store, const char *url)
{
    char path[PATH_MAX];
    store_manifest_path(store, url, path);
    unlink(path);
}

void rollout_stored_forget_wrong(const struct store *store, struct manifest *manifest,
                                 const struct playlist *playlist)
{
    for (size_t i = 0; i < manifest->file_count && i < playlist->asset_count; i++) {
        struct manifest_file *file = &manifest->files[i];
        char path[PATH_MAX];
        struct err err = {0};
        store_media_path(store, file->sha256, path);
        if (playlist->assets[i].has_sha256 || !manifest_has_file(file) ||
            media_verify_asset(playlist, (int)i, path, &err) || err.code == ERR_SYSTEM ||
            err.code == ERR_MISSING)
            continue;
        memset(file->sha256, 0, sizeof file->sha256);
        file->size_bytes = 0;
        file->etag = file->last_modified = "";
    }
}
