/* The signed pointer of a channel: the trusted comment of its signature file, which says which
 * version is in force.
 *
 *     channel=seoul version=43 file=p-43.json bytes=5321 signed=<RFC 3339> expires=<RFC 3339>
 *
 * Pure; any thread. Nothing here is trusted before sync/trust has verified the signature over
 * it. */
#ifndef PLAYLIST_POINTER_H
#define PLAYLIST_POINTER_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

#define POINTER_BYTES_MAX 4096 /* of a whole signature file */
/* A version beyond this is refused: were 2^63 - 1 accepted once, no later one could follow. */
#define POINTER_VERSION_MAX INT64_C(999999999999)
#define POINTER_CHANNEL_BYTES 65 /* with its NUL */
#define POINTER_FILE_BYTES 32    /* "p-43.json", with its NUL */
#define POINTER_TEXT_BYTES 512   /* a trusted comment as pointer_print writes it, with its NUL */
/* A pointer signed later than this from now is refused, where the clock is trusted. */
#define POINTER_FUTURE_MS INT64_C(86400000)
/* Where the clock is not trusted: later than this (ten years) from the time that has certainly
 * passed. A player that was in storage for longer must be set up anew. */
#define POINTER_FUTURE_BLIND_MS INT64_C(315576000000)
/* The end of a pointer that is never in force: it has passed by every clock. */
#define POINTER_ENDED_MS 1

enum pointer_kind { POINTER_PLAYLIST, POINTER_TAKEOVER };
#define POINTER_KINDS 2

struct pointer {
    enum pointer_kind kind; /* by its file: p-<version>.json or t-<version>.json */
    char channel[POINTER_CHANNEL_BYTES];
    int64_t version; /* 1 to POINTER_VERSION_MAX */
    int64_t bytes;   /* of the file; 1 to PLAYLIST_BYTES_MAX */
    int64_t signed_ms, expires_ms;
};

/* What to do about a pointer whose signature is right. */
enum pointer_verdict {
    POINTER_NEW,           /* newer than all seen */
    POINTER_SAME,          /* the newest seen */
    POINTER_ROLLBACK,      /* older than one seen: a lagging mirror, or an attack */
    POINTER_WRONG_CHANNEL, /* of another channel */
    POINTER_WRONG_KIND,    /* a takeover's in place of a playlist's, or the other way round */
    /* It had expired before any was seen: who has no memory would take any old one. A takeover that
     * has expired calls off those before it. */
    POINTER_EXPIRED,
    POINTER_FUTURE,    /* signed later than can be: POINTER_FUTURE_MS, POINTER_FUTURE_BLIND_MS */
    POINTER_DUPLICATE, /* another file than the one that is here under its version: the caller's to
                          find out */
    POINTER_MALFORMED, /* none at all: pointer_parse refuses it */
};

/* What a pointer is judged by. */
struct pointer_rules {
    const char *channel;
    enum pointer_kind kind;
    int64_t highest_version; /* seen so far; 0: none */
    /* The time (trusted_time.h): of a trusted clock, or else the latest time that has certainly
     * passed, which says little about the future. */
    int64_t now_ms;
    bool clock_trusted;
};

/* Letters of a channel's name: a-z 0-9 . _ -, the first a letter or digit; 1 to 64 bytes. */
bool pointer_channel_is_valid(const char *name);

/* Reads a trusted comment. The six fields must be there once each, in any order, separated by
 * single spaces. Fields of other names are refused, unless the name begins with "x-": those are
 * for later players and other programs, and are ignored, however often they occur. Numbers have no
 * sign or leading zeros; times have an offset; file must be p-<version>.json or t-<version>.json
 * of this version; expires must not be before signed. ERR_INPUT, ERR_LIMIT. */
MUST_CHECK bool pointer_parse(const char *comment, struct pointer *pointer, struct err *err);

/* Writes a trusted comment, times in UTC to the second. The pointer's fields must be valid. */
void pointer_print(const struct pointer *pointer, char text[POINTER_TEXT_BYTES]);

/* A time of the years 1970 to 9999 in UTC, to the second: "2026-11-23T09:00:00Z". */
#define POINTER_TIME_BYTES 24
void pointer_print_time(int64_t ms, char text[POINTER_TIME_BYTES]);

/* "p-43.json". */
void pointer_file(const struct pointer *pointer, char name[POINTER_FILE_BYTES]);

/* When the pointer ends: expires_ms, or POINTER_ENDED_MS if that is not after signed_ms. A
 * takeover is ended by a pointer that expires as it is signed, and the clocks of players may be
 * slow. */
int64_t pointer_end_ms(const struct pointer *pointer);

/* Never POINTER_DUPLICATE or POINTER_MALFORMED. */
enum pointer_verdict pointer_judge(const struct pointer *pointer,
                                   const struct pointer_rules *rules);

/* A verdict's name in the log: "rollback", "wrong_channel". Static. */
const char *pointer_verdict_name(enum pointer_verdict verdict);

/* ... and for people: "wrong channel". Static. */
const char *pointer_verdict_words(enum pointer_verdict verdict);

#endif
