/* Private to feed_pointer: what its files share. feed_pointer.c follows the newest pointer,
 * feed_pointer_origins.c asks for it and judges it, feed_pointer_stored.c has what the store has
 * of it. */
#ifndef SYNC_FEED_FEED_POINTER_INTERNAL_H
#define SYNC_FEED_FEED_POINTER_INTERNAL_H

#include "base/log_throttle.h"
#include "sync/feed/feed_playlist.h"
#include "sync/feed/feed_pointer.h"
#include "sync/feed/feed_poll.h"
#include "sync/feed/feed_source.h"

/* The pointer at one origin. The next one is asked as long as this one gives no answer, or one that
 * is refused, or may be hiding something: it has no pointer, or one that has expired. A folder is
 * asked always. The others are asked on a tour: all at the start, and then one after the other, so
 * that an origin that lags is found out. */
struct feed_pointer_origin {
    struct feed_poll *poll;
    char *location;
    char shown[FEED_SHOWN_BYTES];
    bool asked;            /* whether it is asked at each poll */
    bool touring;          /* it is asked once, out of turn */
    int64_t version;       /* of the pointer that was accepted from it last; 0: none */
    int64_t end_ms;        /* of the same */
    bool failing, missing; /* its last answer was none or was refused; said that there is none */
    struct log_throttle logged;
};

/* A pointer that was accepted, and its bytes. */
struct feed_pointer_accepted {
    struct pointer pointer;
    char text[POINTER_BYTES_MAX + 1];
    uint8_t signature[64];        /* over the file; the same for the same file and key */
    char key_id[STATE_KEY_BYTES]; /* of the key that signed it */
    int64_t accepted_ns;          /* when, on the monotonic clock */
    bool present;
};

/* A signature file that was verified and parsed. */
struct feed_pointer_signed {
    struct trust_seal seal;
    struct pointer pointer;
    const char *refusal; /* the name of why it is refused; NULL: it is not */
};

struct feed_pointer {
    struct feed_pointer_config config;
    struct feed_pointer_origin origins[FEED_SOURCES_MAX];
    struct feed_pointer_accepted newest, in_force;
    size_t newest_base;  /* the origin that gave it */
    int64_t tour_due_ns; /* when the next origin is asked out of turn; 0: all are, now */
    size_t tour_at;      /* the one that was asked so last */
    struct feed_playlist *download;
    int64_t download_due_ns; /* when to try again to start the download; 0: it was started */
    /* What the newest pointer signs can't be played: it is not fetched again. */
    bool refused;
    struct log_throttle logged;
    char trouble[ERR_TEXT_BYTES];
};

/* "takeover", "playlist". */
const char *feed_pointer_kind_name(const struct feed_pointer *follower);

/* Verifies a pointer's signature and parses it. On failure opened->refusal says why it is refused;
 * NULL: it could not be verified now. */
MUST_CHECK bool feed_pointer_verify(const struct feed_pointer *follower, const char *bytes,
                                    size_t size, struct feed_pointer_signed *opened,
                                    struct err *err);

/* Fills *to. */
void feed_pointer_set_accepted(const struct feed_pointer *follower,
                               struct feed_pointer_accepted *to,
                               const struct feed_pointer_signed *opened, const char *bytes,
                               size_t size);

/* Whether it signs another file than the one that is here under its version. */
bool feed_pointer_is_duplicate(const struct feed_pointer *follower,
                               const struct feed_pointer_signed *opened);

/* Takes a pointer from this origin that was judged to be right. */
void feed_pointer_accept(struct feed_pointer *follower, size_t base,
                         const struct feed_pointer_signed *opened);

/* Saves what the pointer says in the state. */
void feed_pointer_remember(const struct feed_pointer *follower,
                           const struct feed_pointer_accepted *accepted, bool in_force);

/* Creates the origins; asks those that are due. */
MUST_CHECK bool feed_pointer_make_origins(struct feed_pointer *follower, struct err *err);
void feed_pointer_step_origins(struct feed_pointer *follower, int64_t now_ns);
int64_t feed_pointer_origins_due_ns(const struct feed_pointer *follower);

#endif
