#include "playlist/playlist_shapes.h"

#include "playlist/playlist_json.h"
#include "playlist/playlist_values.h"

#include <string.h>

#define WORDS "\"landscape\", \"portrait\", \"wide\" or \"square\""

/* SHAPE_COUNT: it is the name of none. */
static enum shape shape_of_name(const char *name)
{
    enum shape shape = 0;
    while (shape < SHAPE_COUNT && strcmp(shape_name(shape), name) != 0)
        shape++;
    return shape;
}

static void add_unknown_fault(struct playlist_parser *parser, const struct playlist_node *stray)
{
    const char *names[SHAPE_COUNT], *near = NULL;
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
        names[shape] = shape_name(shape);
    if (!playlist_fault_is_full(parser->faults))
        near = playlist_words_nearest(names, SHAPE_COUNT, stray->key);
    if (near)
        playlist_fault_add(parser->faults, stray, "unknown shape; did you mean \"%s\"?", near);
    else
        playlist_fault_add(parser->faults, stray, "unknown shape: it must be " WORDS);
}

void playlist_shaped_start(struct playlist_parser *parser, const struct playlist_node *node,
                           struct playlist_shaped *shaped)
{
    struct playlist_json_member member = {.place = NULL};
    *shaped = (struct playlist_shaped){.node = *node, .given = SHAPE_ALL};
    if (playlist_json_kind(node->value) != PLAYLIST_JSON_OBJECT)
        return;
    shaped->given = 0;
    if (playlist_json_count(node->value) == 0)
        playlist_fault_add(parser->faults, node,
                           "is empty: give a value for at least one shape, " WORDS);
    while (playlist_json_next(node->value, &member)) {
        const struct playlist_node stray = {
            .parent = node, .value = member.value, .key = member.key};
        enum shape shape = shape_of_name(member.key);
        if (shape == SHAPE_COUNT)
            add_unknown_fault(parser, &stray);
        else
            shaped->given |= 1U << shape;
    }
}

bool playlist_shaped_begin(struct playlist_parser *parser, const struct playlist_node *object,
                           const char *key, struct playlist_shaped *shaped)
{
    struct playlist_node node;
    if (!playlist_member(object, key, &node))
        return false;
    playlist_shaped_start(parser, &node, shaped);
    return true;
}

bool playlist_shaped_next(struct playlist_shaped *shaped)
{
    if (playlist_json_kind(shaped->node.value) != PLAYLIST_JSON_OBJECT) {
        shaped->value = shaped->node;
        shaped->set = SHAPE_ALL;
        return shaped->next++ == 0;
    }
    while (shaped->next < SHAPE_COUNT && !(shaped->given & 1U << shaped->next))
        shaped->next++;
    if (shaped->next == SHAPE_COUNT)
        return false;
    shaped->set = 1U << shaped->next;
    playlist_member(&shaped->node, shape_name(shaped->next), &shaped->value);
    shaped->next++;
    return true;
}
