#include "playlist/playlist_values.h"

#include "playlist/playlist_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool playlist_member(const struct playlist_node *object, const char *key,
                     struct playlist_node *member)
{
    *member = (struct playlist_node){
        .parent = object, .value = playlist_json_get(object->value, key), .key = key};
    return member->value != NULL;
}

struct playlist_node playlist_list_item(const struct playlist_node *list, size_t index)
{
    return (struct playlist_node){
        .parent = list, .value = playlist_json_item(list->value, index), .index = index};
}

static void add_kind_fault(struct playlist_parser *parser, const struct playlist_node *node,
                           const char *needed)
{
    playlist_fault_add(parser->faults, node, "must be %s, not %s", needed,
                       playlist_json_kind_words(node->value));
}

void playlist_string_fault(struct playlist_parser *parser, const struct playlist_node *node,
                           const char *needed)
{
    char clipped[96];
    playlist_fault_clip(playlist_json_string(node->value), clipped);
    playlist_fault_add(parser->faults, node, "must be %s, not \"%s\"", needed, clipped);
}

bool playlist_is_object(struct playlist_parser *parser, const struct playlist_node *node,
                        struct playlist_words known)
{
    if (playlist_json_kind(node->value) != PLAYLIST_JSON_OBJECT) {
        add_kind_fault(parser, node, "an object");
        return false;
    }
    struct playlist_json_member member = {.place = NULL};
    while (known.count && playlist_json_next(node->value, &member)) {
        size_t i = 0;
        while (i < known.count && strcmp(known.items[i], member.key) != 0)
            i++;
        if (i < known.count)
            continue;
        struct playlist_node stray = {.parent = node, .value = member.value, .key = member.key};
        const char *near = playlist_fault_is_full(parser->faults)
                               ? NULL
                               : playlist_words_nearest(known.items, known.count, member.key);
        if (near)
            playlist_fault_add(parser->faults, &stray, "unknown key; did you mean \"%s\"?", near);
        else
            playlist_fault_add(parser->faults, &stray, "unknown key: remove it");
    }
    return true;
}

bool playlist_is_list(struct playlist_parser *parser, const struct playlist_node *node,
                      size_t count_min)
{
    if (playlist_json_kind(node->value) != PLAYLIST_JSON_LIST) {
        add_kind_fault(parser, node, "a list");
        return false;
    }
    if (playlist_json_count(node->value) < count_min) {
        playlist_fault_add(parser->faults, node, "is empty: give at least one item");
        return false;
    }
    return true;
}

bool playlist_is_string(struct playlist_parser *parser, const struct playlist_node *node)
{
    if (playlist_json_kind(node->value) == PLAYLIST_JSON_STRING)
        return true;
    add_kind_fault(parser, node, "a string");
    return false;
}

bool playlist_check_number(struct playlist_parser *parser, const struct playlist_node *node,
                           const struct playlist_range *range, double *out)
{
    if (playlist_json_kind(node->value) != PLAYLIST_JSON_NUMBER) {
        add_kind_fault(parser, node, range->whole ? "a whole number" : "a number");
        return false;
    }
    double number = playlist_json_number(node->value);
    bool inside = number >= range->min && number <= range->max;
    if (!inside || (range->whole && floor(number) != number)) {
        playlist_fault_add(parser->faults, node, "must be %s, not %.15g", range->words, number);
        return false;
    }
    *out = number;
    return true;
}

bool playlist_read_number(struct playlist_parser *parser, const struct playlist_node *object,
                          const char *key, const struct playlist_range *range, double *out)
{
    struct playlist_node node;
    return playlist_member(object, key, &node) && playlist_check_number(parser, &node, range, out);
}

bool playlist_read_boolean(struct playlist_parser *parser, const struct playlist_node *object,
                           const char *key, bool *out)
{
    struct playlist_node node;
    if (!playlist_member(object, key, &node))
        return false;
    if (playlist_json_kind(node.value) != PLAYLIST_JSON_BOOLEAN) {
        add_kind_fault(parser, &node, "true or false");
        return false;
    }
    *out = playlist_json_boolean(node.value);
    return true;
}

bool playlist_check_word(struct playlist_parser *parser, const struct playlist_node *node,
                         struct playlist_words words, int *out)
{
    if (!playlist_is_string(parser, node))
        return false;
    const char *text = playlist_json_string(node->value);
    for (size_t i = 0; i < words.count; i++)
        if (!strcmp(words.items[i], text)) {
            *out = (int)i;
            return true;
        }
    if (playlist_fault_is_full(parser->faults)) {
        playlist_fault_add(parser->faults, node, "unknown word");
        return false;
    }
    const char *near = playlist_words_nearest(words.items, words.count, text);
    char list[256] = "", clipped[96];
    size_t length = 0;
    for (size_t i = 0; i < words.count; i++) {
        const char *joint = i + 1 == words.count ? " or " : ", ";
        int step = snprintf(list + length, sizeof list - length, "%s\"%s\"", i ? joint : "",
                            words.items[i]);
        length += (size_t)step < sizeof list - length ? (size_t)step : 0;
    }
    if (near)
        playlist_fault_add(parser->faults, node, "must be %s, not \"%s\"; did you mean \"%s\"?",
                           list, playlist_fault_clip(text, clipped), near);
    else
        playlist_string_fault(parser, node, list);
    return false;
}

bool playlist_read_word(struct playlist_parser *parser, const struct playlist_node *object,
                        const char *key, struct playlist_words words, int *out)
{
    struct playlist_node node;
    return playlist_member(object, key, &node) && playlist_check_word(parser, &node, words, out);
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    char low = (char)(digit >= 'A' && digit <= 'F' ? digit - 'A' + 'a' : digit);
    const char *found = digit ? strchr(digits, low) : NULL;
    return found ? (int)(found - digits) : -1;
}

bool playlist_hex_parse(const char *text, uint8_t *bytes, size_t count)
{
    if (strlen(text) != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool playlist_parse_color(const char *text, uint32_t *out)
{
    char full[8] = "";
    uint8_t rgb[3];
    if (text[0] == '#' && strlen(text) == 4)
        for (size_t i = 0; i < 6; i++)
            full[i] = text[1 + i / 2];
    else if (text[0] == '#' && strlen(text) == 7)
        memcpy(full, text + 1, 6);
    if (!playlist_hex_parse(full, rgb, sizeof rgb))
        return false;
    *out = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    return true;
}

bool playlist_read_color(struct playlist_parser *parser, const struct playlist_node *object,
                         const char *key, uint32_t *out)
{
    const char *text;
    struct playlist_node node;
    if (!playlist_read_string(parser, object, key, &text))
        return false;
    if (playlist_parse_color(text, out))
        return true;
    playlist_member(object, key, &node);
    playlist_string_fault(parser, &node, "a color such as \"#ff6a00\" or \"#f60\"");
    return false;
}

bool playlist_read_string(struct playlist_parser *parser, const struct playlist_node *object,
                          const char *key, const char **out)
{
    struct playlist_node node;
    if (!playlist_member(object, key, &node) || !playlist_is_string(parser, &node))
        return false;
    *out = playlist_json_string(node.value);
    return true;
}

const char *playlist_copy_text(struct playlist_parser *parser, const char *text)
{
    const char *copy = arena_copy(&parser->playlist->arena, text, strlen(text));
    if (!copy)
        parser->out_of_memory = true;
    return copy ? copy : "";
}

void *playlist_new_items(struct playlist_parser *parser, size_t count, size_t size)
{
    void *items = arena_alloc(&parser->playlist->arena, count, size);
    if (!items)
        parser->out_of_memory = true;
    return items;
}
