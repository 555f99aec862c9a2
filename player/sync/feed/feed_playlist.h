/* Private to the feed: fetches the playlist that an accepted pointer names, from one origin after
 * the other, until one has what was signed.
 *
 * Belongs to the feed's thread. */
#ifndef SYNC_FEED_FEED_PLAYLIST_H
#define SYNC_FEED_FEED_PLAYLIST_H

#include "core/retry.h"
#include "playlist/pointer.h"
#include "sync/fetch.h"
#include "sync/trust.h"

#include <stdint.h>

struct feed_playlist;

/* All borrowed; must outlive the download. */
struct feed_playlist_config {
    struct fetch *fetch;
    const struct trust *trust;
    const char *const *bases;
    size_t base_count;
    const struct retry_policy *policy; /* after all origins have failed */
    int64_t total_ms;                  /* for a whole answer, at first */
};

/* `first`: the origin to begin with. Copies pointer and seal. NULL when out of memory. */
struct feed_playlist *feed_playlist_create(const struct feed_playlist_config *config,
                                           const struct pointer *pointer,
                                           const struct trust_seal *seal, size_t first);
void feed_playlist_destroy(struct feed_playlist *download); /* NULL is allowed */

enum feed_playlist_news {
    FEED_PLAYLIST_NONE,
    FEED_PLAYLIST_ARRIVED, /* feed_playlist_bytes: what was signed. Nothing more is fetched */
    FEED_PLAYLIST_FAILED   /* err says why; it is tried again by itself */
};

/* Call after each fetch_run, and at feed_playlist_due_ns. Errors: those of fetch_result, and
 * ERR_TRUST where the file is not what the pointer signs ("does not match its pointer: ..."). */
enum feed_playlist_news feed_playlist_step(struct feed_playlist *download, int64_t now_ns,
                                           struct err *err);
int64_t feed_playlist_due_ns(const struct feed_playlist *download);

const char *feed_playlist_bytes(const struct feed_playlist *download, size_t *size);

/* Whether an origin has failed before. */
bool feed_playlist_has_failed(const struct feed_playlist *download);

/* The playlist has arrived, but can't be used now: it is fetched again later. */
void feed_playlist_retry(struct feed_playlist *download, int64_t now_ns);

#endif
