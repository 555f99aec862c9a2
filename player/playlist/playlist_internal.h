/* Private to the playlist's parser: the state of one parse, and its parts.
 *
 * Each part takes a node, adds a fault for all that is wrong there, and goes on with the default,
 * so that one run finds everything. When memory runs out `out_of_memory` is set, and the parse
 * fails at its end. */
#ifndef PLAYLIST_PLAYLIST_INTERNAL_H
#define PLAYLIST_PLAYLIST_INTERNAL_H

#include "playlist/playlist_fault.h"
#include "playlist/playlist_names.h"

#define PLAYLIST_NAME_BYTES_MAX 200
/* Languages of one text or font. */
#define PLAYLIST_LANGUAGES_MAX 64

/* The limit of the model's memory, and of the parser's. Neither needs more than about eight times
 * the size of the text. */
#define PLAYLIST_ARENA_BYTES_MAX (16 * PLAYLIST_BYTES_MAX)

/* Places in the model, one after the other, where the index of the asset with this path goes. */
struct playlist_use {
    const char *path; /* the JSON's */
    int *slots;
    size_t count;
};

struct playlist_parser {
    struct playlist *playlist; /* being filled; its arena has all that outlives the parse */
    struct playlist_faults *faults;
    struct arena scratch; /* what the parse alone needs */
    bool out_of_memory;

    /* Known names; the flag is false where the object itself is missing or no object, so that one
     * fault does not make a hundred. */
    struct playlist_names spot_names, loop_names, style_names;
    bool spots_known, loops_known, styles_known;
    size_t names_compared; /* in searches for the name that was intended; limited */

    /* The arrays of the playlist while they can be changed. */
    struct playlist_style *styles;
    struct playlist_spot *spots;
    struct playlist_daypart *schedule;

    struct playlist_spot defaults; /* a spot without keys */
    /* Of the defaults: a cut's duration not yet 0. */
    struct transition transition_as_written;

    /* Where a path is used, in the order of the file, with repeats. */
    struct playlist_use *uses;
    size_t use_count, use_capacity;
    const struct json_t *files;       /* NULL: not the compiled form */
    struct playlist_names file_names; /* by their place in `files` */
};

/* As playlist_parse with another bound than PLAYLIST_ARENA_BYTES_MAX; for tests of what happens
 * when memory runs out. */
struct playlist *playlist_parse_within(const char *bytes, size_t size, size_t arena_bytes_max,
                                       struct playlist_faults *faults);

/* playlist_styles.c: `styles` and `defaults`. */
void playlist_parse_styles(struct playlist_parser *parser, const struct playlist_node *root);
void playlist_parse_defaults(struct playlist_parser *parser, const struct playlist_node *root);

/* Reads the members that `defaults` and a spot have in common. *spot has the values of keys that
 * are not given. */
void playlist_parse_common(struct playlist_parser *parser, const struct playlist_node *node,
                           struct playlist_spot *spot, struct transition *transition);

/* playlist_spots.c */
void playlist_parse_spots(struct playlist_parser *parser, const struct playlist_node *root);

/* playlist_loops.c: `loops` after the spots, `fallback` after the loops. */
void playlist_parse_loops(struct playlist_parser *parser, const struct playlist_node *root);
void playlist_parse_fallback(struct playlist_parser *parser, const struct playlist_node *root);

/* playlist_schedule.c; after the loops. */
void playlist_parse_schedule(struct playlist_parser *parser, const struct playlist_node *root);

/* playlist_assets.c. `files` is parsed before anything that names a path. */
void playlist_parse_files(struct playlist_parser *parser, const struct playlist_node *root);

/* The path in `node`, or NULL with a fault. */
const char *playlist_check_path(struct playlist_parser *parser, const struct playlist_node *node);

/* Has `count` slots filled by playlist_assets_resolve, which makes the assets at the end; until then
 * they are -1. With a NULL path they stay that. */
void playlist_use_path(struct playlist_parser *parser, const char *path, int *slots, size_t count);
void playlist_assets_resolve(struct playlist_parser *parser, const struct playlist_node *root);

#endif
