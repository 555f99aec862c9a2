/* Private to feed_pointer: what its files share. feed_pointer.c follows the newest pointer,
 * feed_pointer_origins.c asks for it and judges it, feed_pointer_stored.c has what the store kept
 * of it. */
#ifndef SYNC_FEED_FEED_POINTER_INTERNAL_H
#define SYNC_FEED_FEED_POINTER_INTERNAL_H

#include "base/log_throttle.h"
#include "sync/feed/feed_playlist.h"
#include "sync/feed/feed_pointer.h"
#include "sync/feed/feed_poll.h"
#include "sync/feed/feed_source.h"

#define FEED_POINTER_SHOWN_BYTES 512

/* The pointer at one origin. The next one is asked as long as this one gives no answer, or one that
 * is refused, or may be hiding something: it has no pointer, or one that has expired. */
struct feed_pointer_origin {
    struct feed_poll *poll;
    char *location;
    char shown[FEED_POINTER_SHOWN_BYTES];
    bool asked;      /* is asked at all */
    int64_t version; /* of the pointer that was accepted from it last; 0: none */
    int64_t end_ms;  /* of the same */
    bool troubled, missing;
    struct log_throttle told;
};

/* A pointer that was accepted, and its bytes. */
struct feed_pointer_accepted {
    struct pointer pointer;
    char text[POINTER_BYTES_MAX + 1];
    uint8_t signature[64];        /* over the file; the same for the same file and key */
    char key_id[STATE_KEY_BYTES]; /* of the key that signed it */
    int64_t accepted_ns;          /* when, on the monotonic clock */
    bool given;
};

/* A signature file that was opened. */
struct opened {
    struct trust_seal seal;
    struct pointer pointer;
    const char *refusal; /* why it is refused, a name of an enum's; NULL: it is not */
};

struct feed_pointer {
    struct feed_pointer_config config;
    struct feed_pointer_origin origins[FEED_SOURCES_MAX];
    struct feed_pointer_accepted newest, in_force;
    size_t newest_base; /* the origin that gave it */
    struct feed_wanted *wanted;
    int64_t want_due_ns; /* it could not be wanted: again then; 0: it could */
    /* What the newest pointer signs can't be played; there is no use in asking again. */
    bool refused;
    struct log_throttle told;
    char trouble[ERR_TEXT_BYTES];
};

/* "takeover", "playlist". */
const char *feed_pointer_kind(const struct feed_pointer *line);

/* Verifies a pointer's signature and reads it. On failure opened->refusal says whether it is
 * refused, or (NULL) could not be looked into now. */
MUST_CHECK bool feed_pointer_open(const struct feed_pointer *line, const char *bytes, size_t size,
                                  struct opened *opened, struct err *err);

void feed_pointer_keep(const struct feed_pointer *line, struct feed_pointer_accepted *to,
                       const struct opened *opened, const char *bytes, size_t size);

/* A pointer that is right, from this origin. */
void feed_pointer_accept(struct feed_pointer *line, size_t base, const struct opened *opened);

/* What pointer and time say must be remembered. */
void feed_pointer_remember(const struct feed_pointer *line,
                           const struct feed_pointer_accepted *accepted, bool in_force);

/* The origins: made, asked in turn, when the next is due. */
MUST_CHECK bool feed_pointer_make_origins(struct feed_pointer *line, struct err *err);
void feed_pointer_step_origins(struct feed_pointer *line, int64_t now_ns);

#endif
