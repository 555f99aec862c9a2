/* The signed pointer of settings that come on a stick: the trusted comment of
 * duckling.conf.minisig, which says whose they are, and which version.
 *
 * player=lobby-3 version=7 file=duckling.conf bytes=120 signed=<RFC 3339> expires=<RFC 3339>
 *
 * or site=NAME in the place of player=, for all players of a site. It obeys the rules of a
 * channel's pointer (pointer.h). Pure; any thread. Nothing here is trusted before sync/trust has
 * verified the signature over it. */
#ifndef PLAYLIST_SITE_POINTER_H
#define PLAYLIST_SITE_POINTER_H

#include "playlist/pointer.h"

#define SITE_POINTER_FILE "duckling.conf"
#define SITE_POINTER_BYTES_MAX INT64_C(65536) /* of that file */

struct site_pointer {
    bool is_site;                     /* for a site, and not for one player */
    char name[POINTER_CHANNEL_BYTES]; /* of that */
    int64_t version;                  /* 1 to POINTER_VERSION_MAX */
    int64_t bytes;                    /* of the file */
    int64_t signed_ms, expires_ms;
};

/* What it is judged by. */
struct site_pointer_rules {
    const char *player, *site; /* "": it has no such name */
    int64_t highest_version;   /* taken so far; 0: none */
    int64_t now_ms;
    bool clock_trusted;
};

/* Reads a trusted comment: as pointer_parse, with one of player= and site= in the place of
 * channel=. ERR_INPUT, ERR_LIMIT. */
MUST_CHECK bool site_pointer_parse(const char *comment, struct site_pointer *pointer,
                                   struct err *err);

/* POINTER_WRONG_CHANNEL: it is for another player or site. POINTER_EXPIRED: it has expired, and
 * is not what is in force. */
enum pointer_verdict site_pointer_judge(const struct site_pointer *pointer,
                                        const struct site_pointer_rules *rules);

#endif
