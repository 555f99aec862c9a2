/* Private to the feed: the edition of one source as the store has it across restarts. */
#ifndef SYNC_FEED_ROLLOUT_STORED_H
#define SYNC_FEED_ROLLOUT_STORED_H

#include "playlist/playlist.h"
#include "sync/edition.h"
#include "sync/store/manifest.h"
#include "sync/store/store.h"

#include <stddef.h>

/* The manifest of a source, or NULL when there is none or it can't be read (ERR_MISSING:
 * there never was one). */
struct manifest *rollout_stored_manifest(const struct store *store, const char *url,
                                         struct err *err);

/* The same of the playlist that was in force before. */
struct manifest *rollout_stored_previous(const struct store *store, const char *url,
                                         struct err *err);

/* Keeps a manifest as that of the playlist in force before; where it can't be written, an older one may
 * stay in its place. */
void rollout_stored_keep_previous(const struct store *store, const char *url,
                                  const struct manifest *manifest);

/* The playlist that a manifest names, read and parsed again, and its bytes, which the caller frees.
 * NULL when it is damaged (ERR_TRUST; the file is removed then, so that it is fetched again), or
 * when this machine does not know its time zone (any more). */
struct playlist *rollout_stored_playlist(struct store *store, const struct manifest *manifest,
                                         char **bytes, size_t *size, struct err *err);

/* How many of the manifest's media that the screen needs are missing or have a wrong size. */
size_t rollout_stored_missing(const struct store *store, const struct manifest *manifest);

/* Whether any of its media is there. */
bool rollout_stored_any(const struct store *store, const struct manifest *manifest);

/* An edition of this playlist with the manifest's media, which takes ownership of the playlist.
 * Media that are missing or cut have a path at which there is nothing. NULL when out of memory or
 * when the two don't belong together; the playlist is destroyed then. */
struct edition *rollout_stored_edition(const struct store *store, const struct manifest *manifest,
                                       struct playlist *playlist, const char *origin);

/* Puts the playlist's bytes into the store, then the manifest in force, which completes this one's
 * playlist fields: at once and durably. */
MUST_CHECK bool rollout_stored_write(struct store *store, const char *url,
                                     struct manifest *manifest, const void *bytes, size_t size,
                                     struct err *err);

/* Removes the manifest in force of a source. */
void rollout_stored_remove(const struct store *store, const char *url);

/* Forgets files without a hash in the playlist that are not what they are used as (media_verify.h),
 * as an older player has taken them: they count as missing then. */
void rollout_stored_forget_wrong(const struct store *store, struct manifest *manifest,
                                 const struct playlist *playlist);

#endif
