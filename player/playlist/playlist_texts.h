/* Private to the playlist's parser: names, references to them, and texts by language. Pure. */
#ifndef PLAYLIST_PLAYLIST_TEXTS_H
#define PLAYLIST_PLAYLIST_TEXTS_H

#include "playlist/playlist_internal.h"

/* One language's value of a text or font. */
struct playlist_translation {
    const char *language; /* "": of all */
    struct playlist_node node;
};

/* Checks a name that is the key of `node`: 1 to PLAYLIST_NAME_BYTES_MAX bytes, no control
 * characters. */
void playlist_check_name(struct playlist_parser *parser, const struct playlist_node *node);

/* Whether `text` is free of control characters (but those in `allowed`); a fault where not. */
bool playlist_check_printable(struct playlist_parser *parser, const struct playlist_node *node,
                              const char *text, const char *allowed);

/* Looks up the name in `node`: its index, or -1 with a fault ("there is no spot ..."). Not
 * `known`: the names themselves have a fault, so -1 comes without another one. */
int playlist_check_reference(struct playlist_parser *parser, const struct playlist_node *node,
                             const struct playlist_names *names, bool known, const char *what);

/* Reads a string for all languages (or a list, where that may be one, too), or an object of values by
 * language: at most PLAYLIST_LANGUAGES_MAX, each with a different tag. The values are not checked. */
size_t playlist_translations(struct playlist_parser *parser, const struct playlist_node *node,
                             bool may_be_list,
                             struct playlist_translation items[PLAYLIST_LANGUAGES_MAX]);

/* The names of an object's members, sorted for lookup; index is the place in the file. The texts
 * are the JSON's. False when out of memory. */
bool playlist_sort_keys(struct playlist_parser *parser, const struct json_t *object,
                        struct playlist_names *names);

#endif
