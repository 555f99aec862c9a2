/* The editions of a rollout, and what is known of their files: which are good, and which
 * missing. */
#include "sync/feed/rollout_internal.h"

#include "sync/feed/rollout_stored.h"

#include <stdlib.h>
#include <string.h>

static void wake_fetch(void *context)
{
    fetch_wake(context);
}

/* Editions may outlive the rollout, and ask in vain. */
void rollout_release_integrity(struct integrity *integrity)
{
    if (integrity)
        integrity_set_wake(integrity, NULL, NULL);
    integrity_release(integrity);
}

/* Whether the stored file is one that has just arrived. Two paths may lead to the same bytes, and
 * so to one stored file: the last to arrive is there. */
static bool find_fresh(const struct rollout *rollout, const struct manifest *manifest,
                       const uint8_t sha256[HASH_BYTES], struct file_stamp *stamp)
{
    char path[PATH_MAX];
    struct stat st;
    store_media_path(rollout->config.store, sha256, path);
    if (lstat(path, &st) < 0)
        return false;
    *stamp = file_stamp_of(&st);
    for (size_t i = 0; i < manifest->file_count; i++)
        if (manifest->files[i].fresh &&
            memcmp(manifest->files[i].sha256, sha256, HASH_BYTES) == 0 &&
            file_stamp_equal(&manifest->files[i].stamp, stamp))
            return true;
    return false;
}

/* What is known of the files of what comes into force: what has just arrived was hashed on its way,
 * what the edition before used may have been read already. NULL when out of memory. */
struct integrity *rollout_create_integrity(const struct rollout *rollout,
                                           const struct manifest *manifest)
{
    struct integrity *integrity = integrity_create(manifest->file_count);
    if (integrity)
        integrity_set_wake(integrity, wake_fetch, rollout->config.fetch);
    for (size_t i = 0; integrity && i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        struct file_stamp stamp;
        bool good = find_fresh(rollout, manifest, file->sha256, &stamp);
        if ((rollout->config.partial || file->spare) &&
            !store_has(rollout->config.store, file->sha256,
                       file->size_bytes)) { /* nothing to read */
            integrity_set(integrity, i, INTEGRITY_DAMAGED);
            continue;
        }
        for (size_t j = 0; !good && rollout->integrity && j < rollout->current->file_count; j++)
            good = memcmp(file->sha256, rollout->current->files[j].sha256, HASH_BYTES) == 0 &&
                   integrity_stamp(rollout->integrity, j, &stamp);
        if (good)
            integrity_set_good(integrity, i, &stamp);
    }
    return integrity;
}

/* Refuses the media that the store has not; false when out of memory. */
static bool refuse_missing(const struct rollout *rollout, const struct manifest *manifest,
                           struct edition *edition)
{
    const struct store *store = rollout->config.store;
    if (!rollout->config.partial || !rollout_stored_missing(store, manifest))
        return true;
    edition->refused = calloc(manifest->file_count + 1, sizeof *edition->refused);
    for (size_t i = 0; edition->refused && i < manifest->file_count; i++)
        edition->refused[i] =
            !store_has(store, manifest->files[i].sha256, manifest->files[i].size_bytes);
    return edition->refused != NULL;
}

/* Notes the media that the store has not, so that other shapes' can take their place. */
static bool note_absent(const struct rollout *rollout, const struct manifest *manifest,
                        struct edition *edition)
{
    edition->absent = calloc(manifest->file_count + 1, sizeof *edition->absent);
    for (size_t i = 0; edition->absent && i < manifest->file_count; i++)
        edition->absent[i] = !store_has(rollout->config.store, manifest->files[i].sha256,
                                        manifest->files[i].size_bytes);
    return edition->absent != NULL;
}

struct edition *rollout_create_edition(const struct rollout *rollout,
                                       const struct manifest *manifest, struct playlist *playlist,
                                       struct integrity *integrity)
{
    struct edition *edition =
        rollout_stored_edition(rollout->config.store, manifest, playlist, rollout->config.shown);
    if (!edition)
        return NULL;
    if (!refuse_missing(rollout, manifest, edition) || !note_absent(rollout, manifest, edition)) {
        edition_destroy(edition);
        return NULL;
    }
    edition->integrity = integrity_hold(integrity);
    edition->takeover = rollout->config.takeover;
    return edition;
}

/* The files of what is in force were needed until now, so the store evicts them last. */
void rollout_touch_current(const struct rollout *rollout)
{
    const struct manifest *current = rollout->current;
    for (size_t i = 0; current && i < current->file_count; i++)
        if (manifest_has_file(&current->files[i]))
            store_touch(rollout->config.store, current->files[i].sha256);
}
