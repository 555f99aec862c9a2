/* Private to the playlist's parser: checks single values, and adds faults for an operator.
 *
 * The `read` functions look for `key` in `object` and return whether it was there and right. If
 * not, *out is unchanged. A wrong value is a fault, a missing one is not. */
#ifndef PLAYLIST_PLAYLIST_VALUES_H
#define PLAYLIST_PLAYLIST_VALUES_H

#include "playlist/playlist_internal.h"

/* Both ends are included; `words` completes "must be ". */
struct playlist_range {
    double min, max;
    bool whole;
    const char *words;
};

struct playlist_words {
    const char *const *items;
    size_t count;
};

#define PLAYLIST_WORDS(array) ((struct playlist_words){(array), sizeof(array) / sizeof *(array)})

/* False where `object` has no such key; *member is its node in any case. */
bool playlist_member(const struct playlist_node *object, const char *key,
                     struct playlist_node *member);
struct playlist_node playlist_list_item(const struct playlist_node *list, size_t index);

/* Each returns false, with a fault, unless `node` is an object (unknown keys are faults, but do
 * not make it false; without `known` all keys are allowed), a list of at least count_min items, a
 * string. */
bool playlist_is_object(struct playlist_parser *parser, const struct playlist_node *node,
                        struct playlist_words known);
bool playlist_is_list(struct playlist_parser *parser, const struct playlist_node *node,
                      size_t count_min);
bool playlist_is_string(struct playlist_parser *parser, const struct playlist_node *node);

/* Adds a fault to a string: it must be what `needed` says, and is something else. */
void playlist_string_fault(struct playlist_parser *parser, const struct playlist_node *node,
                           const char *needed);

bool playlist_check_number(struct playlist_parser *parser, const struct playlist_node *node,
                           const struct playlist_range *range, double *out);
bool playlist_read_number(struct playlist_parser *parser, const struct playlist_node *object,
                          const char *key, const struct playlist_range *range, double *out);
bool playlist_read_boolean(struct playlist_parser *parser, const struct playlist_node *object,
                           const char *key, bool *out);

/* *out: the index of the word. */
bool playlist_check_word(struct playlist_parser *parser, const struct playlist_node *node,
                         struct playlist_words words, int *out);
bool playlist_read_word(struct playlist_parser *parser, const struct playlist_node *object,
                        const char *key, struct playlist_words words, int *out);
bool playlist_read_color(struct playlist_parser *parser, const struct playlist_node *object,
                         const char *key, uint32_t *out);

/* Two hexadecimal digits for each byte, in either case, and nothing else. */
bool playlist_hex_parse(const char *text, uint8_t *bytes, size_t count);

/* The JSON's own string, for civil_parse and the like. */
bool playlist_read_string(struct playlist_parser *parser, const struct playlist_node *object,
                          const char *key, const char **out);

/* Copies a string, or allocates `count` zeroed items, in the playlist's memory. "" or NULL when
 * out of memory. */
const char *playlist_copy_text(struct playlist_parser *parser, const char *text);
void *playlist_new_items(struct playlist_parser *parser, size_t count, size_t size);

#endif
