/* Parses `loops` and `fallback`. */
#include "playlist/playlist_json.h"
#include "playlist/playlist_texts.h"
#include "playlist/playlist_values.h"

static void parse_loop(struct playlist_parser *parser, const struct playlist_node *node,
                       struct playlist_loop *loop)
{
    playlist_check_name(parser, node);
    if (!playlist_is_list(parser, node, 1))
        return;
    size_t count = playlist_json_count(node->value);
    if (count > PLAYLIST_LOOP_LENGTH_MAX)
        playlist_fault_add(parser->faults, node, "has %zu spots; at most %d are allowed", count,
                           PLAYLIST_LOOP_LENGTH_MAX);
    int *spots = playlist_new_items(parser, count, sizeof *spots);
    if (!spots)
        return;
    for (size_t i = 0; i < count; i++) {
        struct playlist_node item = playlist_list_item(node, i);
        spots[i] = playlist_check_reference(parser, &item, &parser->spot_names, parser->spots_known,
                                            "spot");
    }
    loop->spots = spots;
    loop->spot_count = count;
}

/* Makes the loop of all spots that a playlist without `loops` has. */
static void imply_loop(struct playlist_parser *parser)
{
    struct playlist *playlist = parser->playlist;
    struct playlist_loop *loop = playlist_new_items(parser, 1, sizeof *loop);
    int *spots = playlist_new_items(parser, playlist->spot_count, sizeof *spots);
    if (!loop || !spots)
        return;
    for (size_t i = 0; i < playlist->spot_count; i++)
        spots[i] = (int)i;
    *loop = (struct playlist_loop){"", spots, playlist->spot_count};
    playlist->loops = loop;
    playlist->loop_count = 1;
}

void playlist_parse_loops(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist_node node;
    if (!playlist_member(root, "loops", &node)) {
        parser->loops_known = true;
        imply_loop(parser);
        return;
    }
    if (!playlist_is_object(parser, &node, (struct playlist_words){NULL, 0}))
        return;
    size_t count = playlist_json_count(node.value);
    if (!count)
        playlist_fault_add(parser->faults, &node,
                           "is empty: leave it out to play all spots in one loop");
    if (count > PLAYLIST_LOOPS_MAX)
        playlist_fault_add(parser->faults, &node, "has %zu loops; at most %d are allowed", count,
                           PLAYLIST_LOOPS_MAX);
    parser->loops_known = playlist_sort_keys(parser, node.value, &parser->loop_names);
    struct playlist_loop *loops = playlist_new_items(parser, count, sizeof *loops);
    if (!loops)
        return;
    struct playlist_json_member member = {.place = NULL};
    for (size_t i = 0; i < count && playlist_json_next(node.value, &member); i++) {
        struct playlist_node child = {.parent = &node, .value = member.value, .key = member.key};
        loops[i].name = playlist_copy_text(parser, member.key);
        parse_loop(parser, &child, &loops[i]);
    }
    parser->playlist->loops = loops;
    parser->playlist->loop_count = count;
}

void playlist_parse_fallback(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist_node node;
    parser->playlist->fallback = -1;
    if (playlist_member(root, "fallback", &node))
        parser->playlist->fallback = playlist_check_reference(parser, &node, &parser->loop_names,
                                                              parser->loops_known, "loop");
}
