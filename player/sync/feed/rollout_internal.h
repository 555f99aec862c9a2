/* Private to rollout: what its files share. rollout.c has what is in force and what is coming,
 * rollout_scrub.c reads again what is stored. */
#ifndef SYNC_FEED_ROLLOUT_INTERNAL_H
#define SYNC_FEED_ROLLOUT_INTERNAL_H

#include "sync/feed/feed_media.h"
#include "sync/feed/rollout.h"

#define ROLLOUT_KEEP_MAX 6

/* A playlist on its way to be in force, or what is in force being mended: its media are being
 * fetched. */
struct rollout_coming {
    struct playlist *playlist; /* NULL: nothing is coming */
    struct feed_media *media;
    struct rollout_body body;
    char *own;              /* what the body points into */
    struct manifest *needs; /* what of it must not be evicted; NULL when out of memory */
    unsigned failures;      /* of the switch */
    int64_t due_ns;
};

struct rollout {
    struct rollout_config config;
    struct manifest *current;  /* in force, or at least what the store holds; NULL: nothing */
    struct manifest *previous; /* in force before: its files may still be on screen */
    struct marks *marks;       /* of the current's files; NULL unless in force */
    bool in_force;             /* an edition of `current` was made */
    bool damaged;              /* files of it are missing, or are not what they should be */
    bool repair_due;           /* without waiting until all was read */
    bool left_overs;
    /* Of what is in force: texts and bytes of its playlist, so that no damaged file, and no lack of
     * descriptors, keeps it from being shown once more. own: what they point into; NULL: not
     * had. */
    struct rollout_body body;
    char *own;
    struct rollout_coming coming, repair;
    struct rollout_coming *ready; /* one of the two: rollout_switch is to follow */
    struct store_check *check;    /* a file of `current` that is being read again */
    size_t check_at;              /* its place; file_count: the playlist */
    unsigned unreadable;          /* how often the last one could not be read */
    size_t scrub_at;              /* the next file to be read again once all were */
    int64_t check_due_ns;
    char told[ERR_TEXT_BYTES]; /* trouble that was logged last */
    const struct rollout *peer;
    const struct manifest
        *keep[ROLLOUT_KEEP_MAX]; /* what a full disk must not cost, besides what the store
                                              holds in force; NULL: nothing */
};

/* Logs trouble once, until there is other trouble or none. */
void rollout_tell_trouble(struct rollout *track, const char *what, const char *trouble);

/* Fetches again what is missing from the edition in force, and nothing else, whatever is coming. */
void rollout_repair(struct rollout *track);

#endif
