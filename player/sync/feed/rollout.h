/* Private to the feed: the editions of one source in the store: the one in force, the one before
 * it, and the one being fetched. Keeps what is in force whole: reads its files again, and fetches
 * those that are damaged, whatever is coming; its playlist it has in memory.
 *
 * A source has a track for its playlist; a channel has another for its takeovers. Belongs to the
 * feed's thread. */
#ifndef SYNC_FEED_ROLLOUT_H
#define SYNC_FEED_ROLLOUT_H

#include "core/retry.h"
#include "sync/edition.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/fetch.h"
#include "sync/store/manifest.h"
#include "sync/store/store.h"

#include <stdint.h>

struct rollout;

/* All borrowed; must outlive the track. */
struct rollout_config {
    struct fetch *fetch;
    struct store *store;
    const atomic_bool *stop;
    const char *name;  /* what the store keeps it under */
    const char *shown; /* for people */
    /* Where the playlist is, or would be, at each origin; the first is preferred. */
    const char *const *bases;
    size_t base_count;
    bool trusted_only; /* only media whose hash and length the playlist names */
    bool takeover;
    struct retry_policy retry; /* of what should not take as long as a poll may */
    int64_t scrub_ms; /* between stretches of reading everything again and again; 0: 60,000 */
};

/* A playlist as it came: its bytes, and what tells them from others. Borrowed. */
struct rollout_body {
    const char *bytes;
    size_t size;
    uint8_t sha256[HASH_BYTES];
    const char *etag, *last_modified; /* "" without */
    const char *pointer;              /* of a channel, else "" */
};

/* NULL when out of memory. */
struct rollout *rollout_create(const struct rollout_config *config);
void rollout_destroy(struct rollout *track); /* NULL is allowed */

/* Another track of the same store, whose files a full disk must not cost either. Borrowed. */
void rollout_set_peer(struct rollout *track, const struct rollout *peer);

/* What the store holds in force, or NULL: its playlist, read and checked again, which the caller
 * owns; *bytes are its bytes (freed by the caller). rollout_manifest then tells of it. It counts only
 * after rollout_resume. Call once, before anything else. */
struct playlist *rollout_recall(struct rollout *track, char **bytes, size_t *size, struct err *err);

/* Puts what was recalled in force and gives its edition; takes the playlist. Media that are missing
 * have a path at which there is nothing, and are fetched. NULL when it can't be used. */
struct edition *rollout_resume(struct rollout *track, struct playlist *playlist,
                               const char *whence);

/* Of what is in force, or was recalled; NULL: nothing. */
const struct manifest *rollout_manifest(const struct rollout *track);
bool rollout_is_in_force(const struct rollout *track);
/* In force, with all its files. */
bool rollout_is_whole(const struct rollout *track);
/* Something else than what is in force, that is; not a repair. */
bool rollout_is_coming(const struct rollout *track);

/* Begins to bring a playlist's media; takes the playlist, and copies the body. What was coming
 * gives way. On failure (ERR_TRUST and ERR_INPUT are the playlist's fault) nothing has changed. */
MUST_CHECK bool rollout_bring(struct rollout *track, struct playlist *playlist,
                              const struct rollout_body *body, struct err *err);
void rollout_drop_coming(struct rollout *track);

/* Moves what is coming, and repairs. True when all of one is in the store, and rollout_switch is to
 * follow. */
bool rollout_step(struct rollout *track, int64_t now_ns);

/* Makes what has come the edition in force: at once and durably. The edition is the caller's; NULL
 * on failure, which is logged and tried again later, or when it can't be handed over (in force all
 * the same). What is in force is another manifest then (rollout_manifest), also after a repair. */
struct edition *rollout_switch(struct rollout *track, int64_t now_ns);

/* The edition in force once more, from memory; NULL when there is none, or when it can't be made
 * now: no memory, or this machine has lost its time zone. */
struct edition *rollout_edition(struct rollout *track, struct err *err);

/* Ends what is in force, also in the store; what is coming goes on. */
void rollout_end(struct rollout *track);

/* When it is time, a stretch of reading stored files again, and fetching those that are damaged.
 * True when a file's mark has changed, for which somebody may wait. */
bool rollout_check(struct rollout *track, int64_t now_ns);

/* When rollout_step or rollout_check has something to do; INT64_MAX: nothing is waiting. */
int64_t rollout_due_ns(const struct rollout *track);

/* What is coming, in words for people: "2 of 5 files; b.jpg: no answer". */
void rollout_describe_coming(const struct rollout *track, char *text, size_t text_bytes);

/* The manifests of what this track needs, with what is coming and being repaired; at most
 * ROLLOUT_MANIFESTS_MAX, valid until the next call of any but rollout_has_left_overs. False when out of
 * memory: then the store may not be cleaned now. */
#define ROLLOUT_MANIFESTS_MAX 4
bool rollout_needs(struct rollout *track, const struct manifest *manifests[], size_t *count);

/* Whether there is something to clean since the last call. */
bool rollout_has_left_overs(struct rollout *track);

#endif
