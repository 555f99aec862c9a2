/* Private to rollout: what its files share. rollout.c has the playlist in force and the pending
 * one, rollout_edition.c makes editions, rollout_scrub.c reads stored files again. */
#ifndef SYNC_FEED_ROLLOUT_INTERNAL_H
#define SYNC_FEED_ROLLOUT_INTERNAL_H

#include "sync/feed/feed_media.h"
#include "sync/feed/rollout.h"

#define ROLLOUT_KEEP_MAX 6

/* A playlist whose media are being fetched: one that is to come into force, or the one in force
 * being repaired. */
struct rollout_pending {
    struct playlist *playlist; /* NULL: nothing is pending */
    struct feed_media *media;
    struct rollout_body body;
    char *body_memory;      /* what the body points into; owned */
    size_t had;             /* of a repair: files that were done when it began */
    struct manifest *needs; /* what of it must not be evicted; NULL when out of memory */
    unsigned failures;      /* of the switch, in a row */
    int64_t due_ns;
};

struct rollout {
    struct rollout_config config;
    struct manifest *current;    /* in force, or at least what the store holds; NULL: nothing */
    struct manifest *previous;   /* in force before: its files may still be on screen */
    struct integrity *integrity; /* of the current's files; NULL unless in force */
    bool fell_back;              /* `current` is older than what the store has */
    struct feed_screen screen;   /* that its files were chosen for */
    bool in_force;               /* an edition of `current` was made */
    bool damaged; /* files of `current` are missing, damaged, or older ones that may be outdated */
    bool repair_due; /* without waiting until all files were read */
    bool garbage;
    bool held;
    /* Texts and bytes of the playlist in force, so that it can be shown once more whatever happens
     * to its file, and without a descriptor. body_memory: what they point into; owned; NULL: there
     * was no memory for it. */
    struct rollout_body body;
    char *body_memory;
    struct rollout_pending pending, repair;
    struct rollout_pending *ready; /* one of the two; rollout_switch is to follow */
    struct store_check *check;     /* a file of `current` that is being read again */
    size_t check_at;               /* its index; file_count: the playlist */
    unsigned unreadable;           /* how often the last one could not be read */
    size_t scrub_at;               /* index of the next file to read again, once all were */
    int64_t check_due_ns;
    char logged[ERR_TEXT_BYTES]; /* the last trouble in the log */
    const struct rollout *peer;
    /* What a full disk must not cost, besides what the manifests in the store name; entries may be
     * NULL. */
    const struct manifest *keep[ROLLOUT_KEEP_MAX];
};

/* Takes another screen: what it needs more is fetched. */
void rollout_follow_screen(struct rollout *rollout);

/* The playlist in force, read again, which the caller owns. */
struct playlist *rollout_read_current(const struct rollout *rollout, struct err *err);

/* Whether this trouble is another than what was logged last, for which it counts from now on. */
bool rollout_is_new_trouble(struct rollout *rollout, const char *trouble);

/* Begins to fetch what is missing from the edition in force. What is pending goes on. */
void rollout_repair(struct rollout *rollout);

/* What is known of the files of what comes into force; the caller owns it. NULL when out of
 * memory. */
struct integrity *rollout_create_integrity(const struct rollout *rollout,
                                           const struct manifest *manifest);

/* For editions that may outlive the rollout, and ask in vain then. NULL is allowed. */
void rollout_release_integrity(struct integrity *integrity);

/* An edition of a manifest; takes the playlist. NULL when out of memory, or where the two don't
 * match. */
struct edition *rollout_create_edition(const struct rollout *rollout,
                                       const struct manifest *manifest, struct playlist *playlist,
                                       struct integrity *integrity);

/* The files of what is in force were needed until now, so the store evicts them last. */
void rollout_touch_current(const struct rollout *rollout);

#endif
