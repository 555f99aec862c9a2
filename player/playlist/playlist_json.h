/* Private to the playlist's parser: JSON syntax. Only this module uses jansson; its values are
 * freed after the parse.
 *
 * Pure; any thread, one for each value. Strings are valid UTF-8 without NUL and live as long as
 * the root. */
#ifndef PLAYLIST_PLAYLIST_JSON_H
#define PLAYLIST_PLAYLIST_JSON_H

#include "core/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct json_t;

enum playlist_json_kind {
    PLAYLIST_JSON_OBJECT,
    PLAYLIST_JSON_LIST,
    PLAYLIST_JSON_STRING,
    PLAYLIST_JSON_NUMBER,
    PLAYLIST_JSON_BOOLEAN,
    PLAYLIST_JSON_NULL
};

struct playlist_json_error {
    bool out_of_memory;
    int line, column; /* from 1; the column counts characters */
    char text[192];   /* for an operator */
};

/* Zeroed before the first; key and value are of the member that was reached. */
struct playlist_json_member {
    const char *key;
    const struct json_t *value;
    void *place;
};

/* Where the JSON of a file begins: behind the byte order mark that some editors write. */
size_t playlist_json_begin(const char *bytes, size_t size);

/* NULL and *error where `bytes` are not a JSON object or list. Of a repeated key the last value
 * remains, at the first's place. The caller frees the result. */
struct json_t *playlist_json_load(const char *bytes, size_t size,
                                  struct playlist_json_error *error);
void playlist_json_free(struct json_t *root);

enum playlist_json_kind playlist_json_kind(const struct json_t *value);

/* "an object", "a list", "a string", "a number", "true or false", "null". */
const char *playlist_json_kind_words(const struct json_t *value);

/* Members of an object, items of a list, else 0. */
size_t playlist_json_count(const struct json_t *value);
const struct json_t *playlist_json_item(const struct json_t *list, size_t index);
const struct json_t *playlist_json_get(const struct json_t *object, const char *key);

/* The number of keys of all objects in it. Recurses as deep as the text is nested, which the
 * caller has limited. */
size_t playlist_json_count_keys(const struct json_t *value);

/* Moves on to the next member in the order of the file; false after the last. */
bool playlist_json_next(const struct json_t *object, struct playlist_json_member *member);

/* NULL, 0 and false for values of another kind. */
const char *playlist_json_string(const struct json_t *value);
double playlist_json_number(const struct json_t *value);
bool playlist_json_boolean(const struct json_t *value);

/* What the string between the quotes at `bytes` (without them) says, in the arena; NULL when it is
 * malformed or out of memory. */
const char *playlist_json_unescape(const char *bytes, size_t size, struct arena *arena);

#endif
