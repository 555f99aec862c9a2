/* Parses `spots`. */
#include "playlist/playlist_json.h"
#include "playlist/playlist_qr.h"
#include "playlist/playlist_shapes.h"
#include "playlist/playlist_tagline.h"
#include "playlist/playlist_texts.h"
#include "playlist/playlist_values.h"

#include <string.h>

static const char *const SPOT_KEYS[] = {
    "image",    "video",         "focus",           "motion",      "fit",     "background",
    "duration", "transition",    "text_transition", "text_motion", "tagline", "tagline_style",
    "subline",  "subline_style", "legal",           "legal_style", "qr",      "volume"};

static const struct playlist_range FOCUS = {0, 1, false,
                                            "a number from 0 (left or top) to 1 (right or bottom)"};

/* A path, or one for each of some shapes. */
static void parse_visual(struct playlist_parser *parser, const struct playlist_node *node,
                         struct playlist_spot *spot)
{
    struct playlist_shaped shaped;
    enum playlist_json_kind kind = playlist_json_kind(node->value);
    if (kind != PLAYLIST_JSON_STRING && kind != PLAYLIST_JSON_OBJECT) {
        playlist_fault_add(parser->faults, node,
                           "must be a path, or an object with a path for each shape of screens, "
                           "such as \"landscape\" and \"portrait\", not %s",
                           playlist_json_kind_words(node->value));
        return;
    }
    playlist_shaped_start(parser, node, &shaped);
    while (playlist_shaped_next(&shaped)) {
        const char *path = playlist_check_path(parser, &shaped.value);
        bool is_for_all = shaped.set == SHAPE_ALL;
        int *slots = is_for_all ? spot->assets : &spot->assets[shape_first(shaped.set)];
        playlist_use_path(parser, path, slots, is_for_all ? SHAPE_COUNT : 1);
    }
    spot->shapes = shaped.given;
}

/* One point. */
static void parse_point(struct playlist_parser *parser, const struct playlist_node *node,
                        struct playlist_point *point)
{
    if (playlist_json_kind(node->value) != PLAYLIST_JSON_LIST ||
        playlist_json_count(node->value) != 2) {
        playlist_fault_add(parser->faults, node,
                           "must be a list of two numbers from 0 to 1, [across, down]");
        return;
    }
    struct playlist_node across = playlist_list_item(node, 0), down = playlist_list_item(node, 1);
    playlist_check_number(parser, &across, &FOCUS, &point->x);
    playlist_check_number(parser, &down, &FOCUS, &point->y);
}

static void parse_focus(struct playlist_parser *parser, const struct playlist_node *spot_node,
                        struct playlist_spot *spot)
{
    struct playlist_shaped shaped;
    if (!playlist_shaped_begin(parser, spot_node, "focus", &shaped))
        return;
    while (playlist_shaped_next(&shaped)) {
        struct playlist_point point = {0.5, 0.5};
        parse_point(parser, &shaped.value, &point);
        for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
            if (shaped.set & 1U << shape)
                spot->focus[shape] = point;
    }
    if (shaped.given)
        spot->focus_shapes = shaped.given;
}

static void parse_spot(struct playlist_parser *parser, const struct playlist_node *node,
                       struct playlist_spot *spot)
{
    playlist_check_name(parser, node);
    if (!playlist_is_object(parser, node, PLAYLIST_WORDS(SPOT_KEYS)))
        return;
    struct playlist_node image, video, tagline, qr, color;
    struct transition transition = parser->transition_as_written;
    bool has_image = playlist_member(node, "image", &image);
    bool has_video = playlist_member(node, "video", &video);
    bool has_tagline = playlist_member(node, "tagline", &tagline);
    if (has_image && has_video)
        playlist_fault_add(parser->faults, node,
                           "has both an image and a video: remove one of them");
    if (!has_image && !has_video && !has_tagline && !playlist_member(node, "qr", &qr) &&
        !playlist_member(node, "background", &color))
        playlist_fault_add(
            parser->faults, node,
            "has nothing to show: give it an image, a video, a tagline, a QR code or "
            "a background");
    spot->has_visual = has_image || has_video;
    spot->is_video = has_video;
    if (has_image)
        parse_visual(parser, &image, spot);
    if (has_video)
        parse_visual(parser, &video, spot);
    playlist_parse_taglines(parser, node, spot);
    playlist_parse_qr(parser, node, &spot->qr);
    parse_focus(parser, node, spot);
    playlist_parse_common(parser, node, spot, &transition);
}

/* The house card: a spot of an image or a color alone, behind the others. */
static void parse_house(struct playlist_parser *parser, const struct playlist_node *node,
                        struct playlist_spot *house)
{
    *house = parser->defaults;
    house->name = "";
    house->motion = LAYOUT_MOTION_NONE;
    parser->playlist->has_house = true;
    const char *text = playlist_json_kind(node->value) == PLAYLIST_JSON_STRING
                           ? playlist_json_string(node->value)
                           : "";
    if (text[0] != '#') {
        house->has_visual = true;
        parse_visual(parser, node, house);
    } else if (!playlist_parse_color(text, &house->background)) {
        playlist_string_fault(parser, node, "an image, or a color such as \"#000000\" or \"#f60\"");
    }
}

void playlist_parse_spots(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist_node node, house;
    if (!playlist_member(root, "spots", &node)) {
        playlist_fault_add(parser->faults, &node, "is missing: a playlist needs at least one spot");
        return;
    }
    if (!playlist_is_object(parser, &node, (struct playlist_words){NULL, 0}))
        return;
    size_t count = playlist_json_count(node.value);
    if (!count)
        playlist_fault_add(parser->faults, &node, "is empty: a playlist needs at least one spot");
    if (count > PLAYLIST_SPOTS_MAX)
        playlist_fault_add(parser->faults, &node, "has %zu spots; at most %d are allowed", count,
                           PLAYLIST_SPOTS_MAX);
    parser->spots_known = playlist_sort_keys(parser, node.value, &parser->spot_names);
    parser->spots = playlist_new_items(parser, count + 1, sizeof *parser->spots);
    if (!parser->spots)
        return;
    parser->playlist->spots = parser->spots;
    parser->playlist->spot_count = count;
    struct playlist_json_member member = {.place = NULL};
    for (size_t i = 0; i < count && playlist_json_next(node.value, &member); i++) {
        struct playlist_node child = {.parent = &node, .value = member.value, .key = member.key};
        parser->spots[i] = parser->defaults;
        parser->spots[i].name = playlist_copy_text(parser, member.key);
        parse_spot(parser, &child, &parser->spots[i]);
    }
    if (playlist_member(root, "house", &house))
        parse_house(parser, &house, &parser->spots[count]);
}
