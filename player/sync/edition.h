/* An edition: one checked playlist with every file that it needs at hand on disk.
 *
 * Immutable once made; made by any thread, handed to the main thread, destroyed with its last
 * reference. */
#ifndef SYNC_EDITION_H
#define SYNC_EDITION_H

#include "base/hash.h"
#include "core/err.h"
#include "playlist/playlist.h"
#include "sync/integrity.h"

#include <stdatomic.h>

struct edition {
    struct playlist *playlist;
    char **paths;               /* for each asset of the playlist: the local file that holds it */
    uint8_t digest[HASH_BYTES]; /* of the playlist's bytes; zeros: not known */
    char *origin;               /* file path or URL, without credentials, for the log */
    /* Of each asset, one reference; NULL: nothing is known of hashes, all may be shown. */
    struct integrity *integrity;
    /* For each asset: it is not to be used, and the log says why already. Its spots keep the
     * picture before them, its texts are set in a system font. NULL: all may be used. */
    bool *refused;
    /* For each asset: the store had no such file when the edition was made; that of another shape of
     * screens is shown meanwhile (edition_spot_asset). NULL: all were there. */
    bool *absent;
    bool takeover;    /* shown above every priority, until it expires */
    bool is_one_file; /* made of one file, `origin`, whose name is not in the playlist */
    /* Of each asset, what its file was when the edition was made; no two versions of a file have the
     * same stamp. */
    struct edition_stamp *stamps;
    /* Of each asset, the hash of its bytes where the store knows it; zeros: it does not. NULL: of
     * none. */
    uint8_t (*hashes)[HASH_BYTES];
    struct edition *self; /* for edition_hold */
    atomic_uint holders;
};

/* All zero: there was no file. */
struct edition_stamp {
    int64_t device, inode, size_bytes, modified_s, modified_ns;
};

/* Whether this machine knows the time zone that the playlist names; one that names none goes by the
 * player's own. A playlist must pass before it is put in force: its slots can't be found without
 * its zone. ERR_INPUT, with a fault at $.timezone: there is no such zone here, or it can't be used;
 * ERR_SYSTEM or ERR_DISK, without: it could not be found out, and trying again may help. */
MUST_CHECK bool edition_check_zone(const struct playlist *playlist, struct playlist_faults *faults,
                                   struct err *err);

/* False (ERR_INPUT) where a file is a film, a picture or the like by its first bytes, and so not a
 * playlist: for a better error than the JSON parser's. True also where it can't be read: who reads
 * it gets that error. */
MUST_CHECK bool edition_check_kind(const char *path, struct err *err);

/* Loads a playlist file; its media are beside it, there or not. On failure `err` says it in one
 * line and `faults` (zeroed by the caller, finished by it) lists every fault; a time zone that is
 * not known here is one, too. NULL on failure. */
struct edition *edition_load(const char *path, struct playlist_faults *faults, struct err *err);

/* Whether a media file can be opened, and is what it is used as (media_verify.h); of a film only
 * the first is looked at, since one that is cut off plays to its end. ERR_MISSING, ERR_INPUT and
 * ERR_LIMIT are the file's fault; what else it is may pass. */
enum edition_use { EDITION_FILM, EDITION_STILL, EDITION_FONT };
MUST_CHECK bool edition_check_file(const char *path, enum edition_use use, struct err *err);
enum edition_use edition_use_of(const struct playlist *playlist, int asset);

/* Checks all assets, and refuses those that cannot be used: `faults` (zeroed by the caller,
 * finished by it) lists them, with the JSON path of each place that names one. False when out of
 * memory. */
MUST_CHECK bool edition_check_media(struct edition *edition, struct playlist_faults *faults,
                                    struct err *err);

/* The hash of an asset's bytes, which the playlist or the store vouches for; NULL: it is not known. */
const uint8_t *edition_hash(const struct edition *edition, int asset);

/* The spot's image or film for a canvas (playlist_spot_asset), or, where that is not there, as after a
 * screen was turned, of those that are there the one of the nearest shape. -1 without visual. */
int edition_spot_asset(const struct edition *edition, const struct playlist_spot *spot,
                       int width_px, int height_px);

bool edition_is_absent(const struct edition *edition, int asset);

/* Whether any spot can be shown: it has no visual, or one that was not refused. */
bool edition_can_show(const struct edition *edition);

/* Whether edition_check_media, or whoever fetched it, found that it cannot be used. */
bool edition_has_refused(const struct edition *edition, int asset);

/* The edition of a playlist file that was parsed already, with its media beside it, there or not:
 * for `check`, which reports each. Takes ownership of the playlist. NULL when out of memory. */
struct edition *edition_create_unchecked(struct playlist *playlist, const char *path);

/* Takes ownership of `playlist`, of `paths` (malloc'd array of malloc'd strings, one an asset) and
 * copies `origin`. NULL when out of memory (then everything passed in is freed). */
struct edition *edition_create(struct playlist *playlist, char **paths, const char *origin);

/* Whether an asset may be shown, as far as it is known: the disk, which may hang, is not touched;
 * edition_open finds out what was replaced. INTEGRITY_UNCHECKED: not yet; it is read next because
 * of this call. INTEGRITY_REFUSED: it cannot be used, and the log says why already. */
enum integrity_state edition_request_asset(const struct edition *edition, int asset);

/* Opens an asset read-only, close-on-exec; -1 with err when it can't be. One that was replaced
 * after it was verified is not opened (ERR_TRUST), and is INTEGRITY_UNCHECKED from now on. The
 * caller closes it. */
int edition_open(const struct edition *edition, int asset, struct err *err);

/* One reference more. Any thread. */
struct edition *edition_hold(const struct edition *edition);

/* Drops a reference, and frees with the last one. Any thread. NULL is allowed. */
void edition_destroy(struct edition *edition);

/* Writes the first EDITION_FAULTS_LOGGED_MAX faults of a playlist to the log, and how many more
 * there are. */
#define EDITION_FAULTS_LOGGED_MAX 20
void edition_log_faults(const struct playlist_faults *faults);

/* Warns, in the log, of what the playlist is shown in spite of (struct playlist, `tolerated`), up to
 * as many. */
void edition_log_tolerated(const struct edition *edition);

/* The same of media that cannot be used: those that are not among `known` (NULL: all). */
void edition_log_media_faults(const struct playlist_faults *faults,
                              const struct playlist_faults *known);

#endif
