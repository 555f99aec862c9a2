#include "playlist/playlist_texts.h"

#include "core/language_tag.h"
#include "core/utf8.h"
#include "playlist/playlist_json.h"
#include "playlist/playlist_values.h"

#include <string.h>

/* A search for the intended name goes through all names. After this many comparisons faults come
 * without a suggestion. */
#define NAMES_COMPARED_MAX 65536

/* Control characters are single bytes, or C2 and another byte; everything else is skipped. */
static bool find_control(const char *text, const char *allowed, uint32_t *code)
{
    for (const char *at = text; *at; at++) {
        unsigned char byte = (unsigned char)*at, next = (unsigned char)at[1];
        bool suspect = byte < 0x20 || byte == 0x7f || byte == 0xc2;
        if (!suspect || strchr(allowed, *at))
            continue;
        *code = byte == 0xc2 ? next : byte;
        if (utf8_is_control(*code))
            return true;
    }
    return false;
}

bool playlist_check_printable(struct playlist_parser *parser, const struct playlist_node *node,
                              const char *text, const char *allowed)
{
    uint32_t code = 0;
    if (!find_control(text, allowed, &code))
        return true;
    playlist_fault_add(parser->faults, node, "has a control character (U+%04X): remove it%s",
                       (unsigned)code, *allowed ? " (a line break is written \\n)" : "");
    return false;
}

void playlist_check_name(struct playlist_parser *parser, const struct playlist_node *node)
{
    if (!node->key[0])
        playlist_fault_add(parser->faults, node, "the name is empty");
    else if (strlen(node->key) > PLAYLIST_NAME_BYTES_MAX)
        playlist_fault_add(parser->faults, node, "the name is longer than %d bytes",
                           PLAYLIST_NAME_BYTES_MAX);
    else
        playlist_check_printable(parser, node, node->key, "");
}

int playlist_check_reference(struct playlist_parser *parser, const struct playlist_node *node,
                             const struct playlist_names *names, bool known, const char *what)
{
    if (!playlist_is_string(parser, node))
        return -1;
    const char *text = playlist_json_string(node->value);
    int index = playlist_names_find(names, text);
    if (index >= 0 || !known)
        return index;

    const char *near = NULL;
    char wrong[96], right[96];
    if (!playlist_fault_is_full(parser->faults) && parser->names_compared < NAMES_COMPARED_MAX) {
        near = playlist_names_nearest(names, text);
        parser->names_compared += names->count;
    }
    playlist_fault_clip(text, wrong);
    if (near)
        playlist_fault_add(parser->faults, node, "there is no %s \"%s\"; did you mean \"%s\"?",
                           what, wrong, playlist_fault_clip(near, right));
    else
        playlist_fault_add(parser->faults, node, "there is no %s \"%s\"", what, wrong);
    return -1;
}

/* A tag that is none, such as zh_TW, is a fault like any other. One whose subtags are not
 * registered keeps no player from showing the playlist: it may be newer than the player's table. */
static void check_language(struct playlist_parser *parser, const struct playlist_node *node,
                           const struct playlist_translation *items, size_t count)
{
    char words[LANGUAGE_TAG_WORDS_BYTES], suggestion[LANGUAGE_TAG_BYTES];
    if (language_tag_explain(node->key, words)) {
        bool is_tag = language_tag_check(node->key, suggestion) != LANGUAGE_TAG_NOT_A_TAG;
        playlist_fault_add(is_tag ? &parser->playlist->tolerated : parser->faults, node, "%s",
                           words);
        if (!is_tag)
            return;
    }
    for (size_t i = 0; i < count; i++)
        if (language_tag_equals(node->key, strlen(node->key), items[i].language)) {
            playlist_fault_add(parser->faults, node,
                               "is the same language as \"%s\": remove one of them",
                               items[i].language);
            return;
        }
}

size_t playlist_translations(struct playlist_parser *parser, const struct playlist_node *node,
                             bool may_be_list,
                             struct playlist_translation items[PLAYLIST_LANGUAGES_MAX])
{
    enum playlist_json_kind kind = playlist_json_kind(node->value);
    if (kind == PLAYLIST_JSON_STRING || (may_be_list && kind == PLAYLIST_JSON_LIST)) {
        items[0] = (struct playlist_translation){.language = "", .node = *node};
        return 1;
    }
    if (kind != PLAYLIST_JSON_OBJECT) {
        playlist_fault_add(parser->faults, node, "must be a string, %s, not %s",
                           may_be_list
                               ? "a list of spans, or an object with one of these for each language"
                               : "or an object with a string for each language",
                           playlist_json_kind_words(node->value));
        return 0;
    }
    size_t languages = playlist_json_count(node->value), count = 0;
    if (!languages)
        playlist_fault_add(parser->faults, node, "is empty: give at least one language");
    if (languages > PLAYLIST_LANGUAGES_MAX)
        playlist_fault_add(parser->faults, node, "has %zu languages; at most %d are allowed",
                           languages, PLAYLIST_LANGUAGES_MAX);
    struct playlist_json_member member = {.place = NULL};
    while (count < PLAYLIST_LANGUAGES_MAX && playlist_json_next(node->value, &member)) {
        struct playlist_node child = {.parent = node, .value = member.value, .key = member.key};
        check_language(parser, &child, items, count);
        items[count++] = (struct playlist_translation){.language = member.key, .node = child};
    }
    return count;
}

bool playlist_sort_keys(struct playlist_parser *parser, const struct json_t *object,
                        struct playlist_names *names)
{
    size_t count = playlist_json_count(object);
    names->items = arena_alloc(&parser->scratch, count, sizeof *names->items);
    if (!names->items) {
        parser->out_of_memory = true;
        return false;
    }
    struct playlist_json_member member = {.place = NULL};
    while (playlist_json_next(object, &member)) {
        names->items[names->count] =
            (struct playlist_name){.text = member.key, .index = (int)names->count};
        names->count++;
    }
    playlist_names_sort(names);
    return true;
}
