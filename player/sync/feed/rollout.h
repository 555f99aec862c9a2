/* Private to the feed: brings the playlists of one source from pending to in force, with all their
 * files in the store.
 *
 * There are at most three: the one in force, the one before it, and the pending one, whose files
 * are being fetched. Keeps what is in force whole: reads its files again, and fetches those that
 * are damaged, whatever is pending; its playlist it has in memory. A URL has one rollout; a channel
 * has one for its playlists and one for its takeovers. Belongs to the feed's thread. */
#ifndef SYNC_FEED_ROLLOUT_H
#define SYNC_FEED_ROLLOUT_H

#include "core/retry.h"
#include "sync/edition.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/feed/left_out.h"
#include "sync/fetch.h"
#include "sync/store/manifest.h"
#include "sync/store/store.h"

#include <stdint.h>

struct rollout;

/* All borrowed; must outlive the rollout. */
struct rollout_config {
    struct fetch *fetch;
    struct store *store;
    const atomic_bool *stop;
    const _Atomic int64_t *screen; /* feed_screen_pack's; it may change at any time */
    const char *name;              /* under which the store has it */
    const char *shown;             /* for people */
    /* Where the playlist is, or would be, at each origin; the first is preferred. */
    const char *const *bases;
    size_t base_count;
    const struct http_peer *from; /* who gave us the playlist; NULL: it is signed */
    bool trusted_only;            /* only media whose hash and length the playlist names */
    /* A playlist comes into force although the server has some of its media not or not right: their
     * spots do without, and they are asked for again, less and less often. */
    bool partial;
    bool any_bytes; /* for tests: films and fonts may hold any bytes */
    bool takeover;
    struct retry_policy retry;       /* of what should not take as long as a poll may */
    const struct left_out *left_out; /* playlists that do not come into force; NULL: none */
    int64_t scrub_ms;                /* between stretches of reading everything again; 0: 60,000 */
};

/* A playlist as it came: its bytes, and what identifies them. Borrowed. */
struct rollout_body {
    const char *bytes;
    size_t size;
    uint8_t sha256[HASH_BYTES];
    const char *etag, *last_modified; /* "" without */
    const char *pointer;              /* of a channel, else "" */
};

/* NULL when out of memory. */
struct rollout *rollout_create(const struct rollout_config *config);
void rollout_destroy(struct rollout *rollout); /* NULL is allowed */

/* Another rollout of the same store, whose files must not be evicted either when the disk is full.
 * Borrowed. */
void rollout_set_peer(struct rollout *rollout, const struct rollout *peer);

/* The playlist that the store has for this rollout, or where that is left out the one before it
 * (rollout_fell_back), read and checked again, which the caller owns;
 * *bytes are its bytes, which the caller frees. NULL: there is none (ERR_MISSING) or it can't be
 * used. rollout_manifest is its manifest then; it comes into force only by rollout_resume. Call
 * once, before anything else. */
struct playlist *rollout_load_stored(struct rollout *rollout, char **bytes, size_t *size,
                                     struct err *err);

/* Puts what was loaded in force and gives its edition; takes the playlist. Media that are missing
 * have a path at which there is nothing, and are fetched; with `partial` they are refused
 * (edition.h). NULL when it can't be used, which is
 * logged. */
struct edition *rollout_resume(struct rollout *rollout, struct playlist *playlist);

/* Whether that is older than what the store has. */
bool rollout_fell_back(const struct rollout *rollout);

/* Of what is in force, or was loaded; NULL: nothing. */
const struct manifest *rollout_manifest(const struct rollout *rollout);
bool rollout_is_in_force(const struct rollout *rollout);
/* In force, with all the files that the screen needs. */
bool rollout_is_complete(const struct rollout *rollout);
/* Another playlist than the one in force; not a repair. */
bool rollout_is_pending(const struct rollout *rollout);

/* The bytes of the newest playlist here, pending or else in force; NULL: there is none, or no memory
 * for them. Until the next call. */
const char *rollout_bytes(const struct rollout *rollout, size_t *size);

/* Makes a playlist pending and begins to fetch its media; takes the playlist, and copies the body.
 * What was pending is dropped. On failure (ERR_TRUST and ERR_INPUT are the playlist's fault)
 * nothing has changed. */
MUST_CHECK bool rollout_begin(struct rollout *rollout, struct playlist *playlist,
                              const struct rollout_body *body, struct err *err);
void rollout_cancel_pending(struct rollout *rollout);

/* Moves what is pending, and repairs. True when all files of one of them are in the store, or as
 * many as can be had (partial): rollout_switch has to follow. */
bool rollout_step(struct rollout *rollout, int64_t now_ns);

/* Makes what is complete the edition in force: at once and durably. The edition is the caller's;
 * NULL on failure, which is logged and tried again later, or when it can't be handed over (in force
 * all the same). What is in force is another manifest then (rollout_manifest), also after a
 * repair. */
struct edition *rollout_switch(struct rollout *rollout, int64_t now_ns);

/* The edition in force once more, from memory; NULL when there is none, or when it can't be made
 * now: no memory, or this machine has lost its time zone. */
struct edition *rollout_make_edition(struct rollout *rollout, struct err *err);

/* Ends what is in force, also in the store. What is pending goes on. */
void rollout_withdraw(struct rollout *rollout);

/* When it is due, reads a stretch of a stored file again, and has damaged files fetched. True when
 * the integrity of a file has become known, for which the main thread may wait. */
bool rollout_scrub(struct rollout *rollout, int64_t now_ns);

/* Held: its media wait, with what has arrived of them, while something more urgent has the line. */
void rollout_hold(struct rollout *rollout, bool hold);
/* Whether media of it are on the line. */
bool rollout_is_moving(const struct rollout *rollout);

/* When rollout_step or rollout_scrub has something to do, on the monotonic clock; INT64_MAX: not
 * before a transfer has moved. */
int64_t rollout_due_ns(const struct rollout *rollout);

/* What is pending, in words for people: "2 of 5 files; b.jpg: no answer". */
void rollout_describe_pending(const struct rollout *rollout, char *text, size_t text_bytes);

/* Appends the manifests of what this rollout needs, with what is pending and being repaired; at
 * most ROLLOUT_MANIFESTS_MAX, valid until the next call of any function but rollout_take_garbage.
 * False when out of memory: then the store may not be cleaned now. */
#define ROLLOUT_MANIFESTS_MAX 4
bool rollout_list_needed(struct rollout *rollout, const struct manifest *manifests[],
                         size_t *count);

/* Whether files may have become unneeded since the last call. */
bool rollout_take_garbage(struct rollout *rollout);

#endif
