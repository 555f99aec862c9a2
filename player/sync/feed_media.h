/* Private to the feed: brings every medium of one playlist into the store, four at a time, each
 * again and again until it is there.
 *
 * Belongs to the feed's thread. What has arrived stays in the store when it is destroyed half-way.
 */
#ifndef SYNC_FEED_MEDIA_H
#define SYNC_FEED_MEDIA_H

#include "base/http.h"
#include "core/playlist.h"
#include "core/retry.h"
#include "sync/manifest.h"
#include "sync/store.h"

struct feed_media;

/* All borrowed; they must outlive the media. */
struct feed_media_config {
    struct http *http;
    struct store *store;
    const char *url; /* of the playlist, clean */
    const struct playlist *playlist;
    struct retry_policy policy; /* between tries for one medium */
    const atomic_bool *stop;
};

/* `known` and `before` (media of a playlist that this one supersedes) tell what the store holds
 * already; NULL: nothing. Neither is needed afterwards. NULL: ERR_SYSTEM, or ERR_INPUT and
 * ERR_TRUST where an address in the playlist can't be used. */
struct feed_media *feed_media_create(const struct feed_media_config *config,
                                     const struct manifest *known, const struct feed_media *before,
                                     struct err *err);

/* NULL is allowed. */
void feed_media_destroy(struct feed_media *media);

/* Sorts out transfers that have finished and begins those that are due. True once every medium is
 * in the store. Call after each http_run, and at feed_media_due_ns. */
bool feed_media_step(struct feed_media *media, int64_t now_ns);

/* When the next try is due on the monotonic clock; INT64_MAX: nothing is waiting. */
int64_t feed_media_due_ns(const struct feed_media *media);

/* How many are in the store, and what last kept one from it ("" if nothing did). */
size_t feed_media_done(const struct feed_media *media);
const char *feed_media_trouble(const struct feed_media *media);

/* Looks once more whether each medium is on disk, and goes back to fetching those that are not. */
bool feed_media_confirm(struct feed_media *media);

/* A manifest of all media, which the caller owns, without what concerns the playlist itself. NULL
 * when out of memory. Only once every medium is in the store. */
struct manifest *feed_media_manifest(const struct feed_media *media);

#endif
