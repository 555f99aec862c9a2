/* Private to the feed: fetches the media files of one playlist into the store, four at a time, each
 * until it is there.
 *
 * Belongs to the feed's thread. What has arrived stays in the store when it is destroyed
 * half-way. */
#ifndef SYNC_FEED_FEED_MEDIA_H
#define SYNC_FEED_FEED_MEDIA_H

#include "core/retry.h"
#include "playlist/playlist.h"
#include "sync/feed/feed_screen.h"
#include "sync/fetch.h"
#include "sync/store/manifest.h"
#include "sync/store/store.h"

#include <stdatomic.h>

struct feed_media;

#define FEED_MEDIA_BASES_MAX 8
#define FEED_MEDIA_KEEP_MAX 8

/* All borrowed; they must outlive the media. */
struct feed_media_config {
    struct fetch *fetch;
    struct store *store;
    /* Where the playlist is, or would be, at each origin: a file's address is relative to it. The
     * first is preferred; what fails at one is tried at the next. 1 to FEED_MEDIA_BASES_MAX. */
    const char *const *bases;
    size_t base_count;
    /* Who gave us the playlist, where nobody has signed it (http.h): nothing is fetched while that
     * is not known. Read at each try. NULL: it is signed. */
    const struct http_peer *from;
    /* Only media whose hash and length the playlist names, at "../../media/NAME" or a URL. */
    bool trusted_only;
    /* What `known` names and the store has need not be asked about: the playlist is in force. */
    bool repairs;
    const struct playlist *playlist;
    struct feed_screen screen;  /* at first */
    bool any_bytes;             /* for tests: films and fonts may hold any bytes */
    struct retry_policy policy; /* between rounds of tries for one file */
    const atomic_bool *stop;
    /* For store_free_space, when the disk is full: what is needed besides these media and what the
     * manifests in the store name; 0 to FEED_MEDIA_KEEP_MAX. Read at that time; entries may be
     * NULL. */
    const struct manifest *const *keep;
    size_t keep_count;
};

/* `known` and `before` (media of a playlist that this one supersedes) tell what the store holds
 * already; NULL: nothing. Neither is needed afterwards. NULL: ERR_SYSTEM, or with
 * trusted_only, where an address in the playlist can't be used, ERR_INPUT and ERR_TRUST, with its
 * path. */
struct feed_media *feed_media_create(const struct feed_media_config *config,
                                     const struct manifest *known, const struct feed_media *before,
                                     struct err *err);

/* NULL is allowed. */
void feed_media_destroy(struct feed_media *media);

/* The screen is another one now, and may need other files. */
void feed_media_set_screen(struct feed_media *media, struct feed_screen screen);

/* Takes transfers that have finished and begins those that are due. True once every file that the
 * screen needs is in the store. Call after each fetch_run, and at feed_media_due_ns. */
bool feed_media_step(struct feed_media *media, int64_t now_ns);

/* Held: every transfer ends, what has arrived is kept, and none begins; they go on once it is not
 * held any more. For the time that something more urgent needs the line. */
void feed_media_hold(struct feed_media *media, bool hold);

/* Whether transfers are under way. */
bool feed_media_is_moving(const struct feed_media *media);

/* Whether each file that the screen needs is in the store, or was tried several times and cannot be
 * had now, or is none that could be shown: that is the fault of the file, and not of the network.
 * Such files are tried again, less and less often. */
bool feed_media_is_settled(const struct feed_media *media);

/* Whether there is a file for this asset, perhaps an older one from the same address. */
bool feed_media_has(const struct feed_media *media, size_t asset);

/* Whether any spot can be shown with the files that there are. */
bool feed_media_can_show(const struct feed_media *media);

/* A worker cannot show what there is for this asset, and no hash in the playlist vouches for it: the
 * server is asked for another, less and less often. */
void feed_media_doubt(struct feed_media *media, size_t asset, int64_t now_ns);

/* Goes on with the tries of `before`, media of the same playlist, for the files that are
 * missing. */
void feed_media_take_tries(struct feed_media *media, const struct feed_media *before);

/* When the next try is due on the monotonic clock; INT64_MAX: nothing is waiting. */
int64_t feed_media_due_ns(const struct feed_media *media);

/* How many the screen needs; how many of these are in the store, and what last kept one from it (""
 * if nothing did): the path, and words that begin with the fault's name: "hash mismatch", "wrong
 * length", "too large", "too slow". */
size_t feed_media_needed(const struct feed_media *media);
size_t feed_media_done(const struct feed_media *media);
const char *feed_media_trouble(const struct feed_media *media);

/* Checks once more whether each of these is on disk, and goes back to fetching those that are not. */
bool feed_media_confirm(struct feed_media *media);

/* A manifest of all media, which the caller owns, without what concerns the playlist itself. Files
 * that are not in the store have the hash that the playlist names, or none (manifest.h). NULL when
 * out of memory. */
struct manifest *feed_media_manifest(const struct feed_media *media);

#endif
