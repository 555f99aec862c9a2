/* Private to the playlist's parser: the place of a value in the JSON, and the faults found there.
 *
 * Pure; one thread for each set of faults. */
#ifndef PLAYLIST_PLAYLIST_FAULT_H
#define PLAYLIST_PLAYLIST_FAULT_H

#include "playlist/playlist.h"

struct json_t;

/* A JSON value and the path to it. Nodes live on the stack of the parser, so a path costs nothing
 * until a fault needs it. */
struct playlist_node {
    const struct playlist_node *parent; /* NULL: the root */
    const struct json_t *value;         /* NULL: missing, or not known yet */
    const char *key;                    /* UTF-8, as unescaped; NULL for an item of a list */
    size_t index;                       /* of an item of a list */
};

/* Adds a fault at `where`. Whatever the text and the keys contain, the fault is valid UTF-8
 * without characters that control a terminal, so that it can go to one or to a log. */
__attribute__((format(printf, 3, 4))) void playlist_fault_add(struct playlist_faults *faults,
                                                              const struct playlist_node *where,
                                                              const char *format, ...);

/* Whether another fault would only be counted, so that its text need not be worked out. */
bool playlist_fault_is_full(const struct playlist_faults *faults);

/* A user's text for a message: at most 80 bytes of it, in buffer, which is returned. */
const char *playlist_fault_clip(const char *text, char buffer[96]);

#endif
