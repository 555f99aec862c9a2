/* Private to the playlist's parser: members that may be given for each shape of screens, as an object
 * with a value for one or more of them, in the place of one value for all. */
#ifndef PLAYLIST_PLAYLIST_SHAPES_H
#define PLAYLIST_PLAYLIST_SHAPES_H

#include "core/shape.h"
#include "playlist/playlist_internal.h"

struct playlist_shaped {
    unsigned given;             /* the shapes that have a value, as a set; 0: there was a fault */
    unsigned set;               /* those that `value` is for: one, or SHAPE_ALL */
    struct playlist_node value; /* is not checked */
    struct playlist_node node;  /* the member */
    enum shape next;
};

/* Begins with the values of a node. Adds faults for shapes that are unknown, and where there is
 * none. */
void playlist_shaped_start(struct playlist_parser *parser, const struct playlist_node *node,
                           struct playlist_shaped *shaped);

/* The same with a member of an object; false where it is not given. */
bool playlist_shaped_begin(struct playlist_parser *parser, const struct playlist_node *object,
                           const char *key, struct playlist_shaped *shaped);

/* Goes on to the next value; false after the last. */
bool playlist_shaped_next(struct playlist_shaped *shaped);

#endif
