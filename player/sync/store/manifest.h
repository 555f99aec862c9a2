/* The manifest: what is in force for one source, as the store has it. It names files by
 * hash, so replacing this one small file is the whole switch from one edition to the next.
 *
 * Pure; any thread. */
#ifndef SYNC_STORE_MANIFEST_H
#define SYNC_STORE_MANIFEST_H

#include "base/file.h"
#include "base/hash.h"
#include "core/arena.h"
#include "core/err.h"

/* Texts are "" where there is none, never NULL. */
struct manifest_file {
    const char *path; /* as the playlist has it */
    const char *url;  /* where it came from, without credentials or query */
    const char *etag, *last_modified;
    uint8_t sha256[HASH_BYTES]; /* zeros: none, the file could not be had */
    int64_t size_bytes;
    /* An older one: the server could not be asked whether it is still the right one. */
    bool unconfirmed;
    /* The player's screen does not need it, having another shape (playlist_needed.h): it may be there
     * or not. */
    bool spare;
    bool fresh;              /* hashed while it arrived, just now; not kept */
    struct file_stamp stamp; /* when fresh; not kept */
};

struct manifest {
    struct arena arena; /* holds everything below */
    const char *url;    /* of the playlist, without credentials or query */
    const char *etag, *last_modified;
    const char *pointer; /* of a channel: the signature file that vouches for the playlist */
    uint8_t playlist_sha256[HASH_BYTES];
    int64_t playlist_bytes;
    struct manifest_file *files;
    size_t file_count;
};

/* Whether the file could be had. */
bool manifest_has_file(const struct manifest_file *file);

/* An empty one with room for so many files, zeroed apart from the texts. NULL when out of
 * memory. */
struct manifest *manifest_create(size_t file_count);

/* NULL is allowed. */
void manifest_destroy(struct manifest *manifest);

/* NULL: ERR_INPUT when these bytes are no manifest, ERR_SYSTEM. */
struct manifest *manifest_parse(const char *bytes, size_t size, struct err *err);

/* JSON text, which the caller frees; NULL when out of memory. */
char *manifest_print(const struct manifest *manifest);

/* Copies a text into the manifest; NULL when out of memory. */
const char *manifest_copy(struct manifest *manifest, const char *text);

#endif
