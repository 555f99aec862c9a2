/* Private to track: what its two files share. track.c has what is in force and what is coming,
 * track_check.c reads again what is stored. */
#ifndef SYNC_FEED_TRACK_ROOM_H
#define SYNC_FEED_TRACK_ROOM_H

#include "sync/feed/feed_media.h"
#include "sync/feed/track.h"

#define KEEP_MAX 6

/* A playlist on its way to be in force, or what is in force being mended: its media are being
 * fetched. */
struct coming {
    struct playlist *playlist; /* NULL: nothing is coming */
    struct feed_media *media;
    struct track_body body;
    char *own;              /* what the body points into */
    struct manifest *needs; /* what of it must not be evicted; NULL when out of memory */
    unsigned failures;      /* of the switch */
    int64_t due_ns;
};

struct track {
    struct track_config config;
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
    struct track_body body;
    char *own;
    struct coming coming, repair;
    struct coming *ready;      /* one of the two: track_switch is to follow */
    struct store_check *check; /* a file of `current` that is being read again */
    size_t check_at;           /* its place; file_count: the playlist */
    unsigned unreadable;       /* how often the last one could not be read */
    size_t scrub_at;           /* the next file to be read again once all were */
    int64_t check_due_ns;
    char told[ERR_TEXT_BYTES]; /* trouble that was logged last */
    const struct track *peer;
    const struct manifest *keep[KEEP_MAX]; /* what a full disk must not cost, besides what the store
                                              holds in force; NULL: nothing */
};

/* Logs trouble once, until there is other trouble or none. */
void track_tell_trouble(struct track *track, const char *what, const char *trouble);

/* Fetches again what is missing from the edition in force, and nothing else, whatever is coming. */
void track_repair(struct track *track);

#endif
