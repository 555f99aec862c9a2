/* Parses `styles` and `defaults`, and the members that they have in common with a spot. */
#include "playlist/playlist_json.h"
#include "playlist/playlist_text_style.h"
#include "playlist/playlist_texts.h"
#include "playlist/playlist_values.h"

#include <math.h>
#include <string.h>

static const char *const FITS[] = {"cover", "contain", "fill"};
static const char *const MOTIONS[] = {"none", "drift-in", "drift-out", "pan"};
static const char *const DIRECTIONS[] = {"left", "right", "up", "down"};
static const char *const TEXT_MOTIONS[] = {"none", "rise"};
static const char *const WEIGHTS[] = {"regular", "bold"};

static const char *const TRANSITION_KEYS[] = {"type", "duration", "direction", "softness", "color"};
static const char *const TEXT_TRANSITION_KEYS[] = {"out", "in"};
static const char *const DEFAULTS_KEYS[] = {
    "duration", "transition",  "text_transition", "fit",           "background", "motion",
    "volume",   "text_motion", "tagline_style",   "subline_style", "legal_style"};

static const struct playlist_range DURATION = {1, 86400, false,
                                               "a number of seconds from 1 to 86400"};
static const struct playlist_range TRANSITION = {0, 10, false, "a number of seconds from 0 to 10"};
static const struct playlist_range SOFTNESS = {0, 0.5, false,
                                               "a number from 0 to 0.5 (a part of the way)"};
static const struct playlist_range TEXT_PART = {0, 1, false,
                                                "a number from 0 to 1 (a part of the transition)"};
static const struct playlist_range VOLUME = {0, 1, false,
                                             "a number from 0 (silent) to 1 (full volume)"};
/* 0.7 and 0.3 add up to a little more or less than 1. */
#define TEXT_PART_ERROR 1e-9

static const struct playlist_style BUILT_IN = {
    .name = "",
    .weight = PLAYLIST_WEIGHT_BOLD,
    .text = {.size = 0.08,
             .color = 0xffffff,
             .align = TEXT_ALIGN_START,
             .valign = TEXT_ALIGN_END,
             .autospace = TEXT_STYLE_AUTOSPACE,
             .opacity = 1,
             .shadow = {.kind = TEXT_SHADOW_BUILT_IN}},
};

static void parse_fonts(struct playlist_parser *parser, const struct playlist_node *style_node,
                        struct playlist_style *style)
{
    struct playlist_node node;
    struct playlist_translation items[PLAYLIST_LANGUAGES_MAX];
    if (!playlist_member(style_node, "font", &node))
        return;
    size_t count = playlist_translations(parser, &node, false, items);
    struct playlist_font *fonts = playlist_new_items(parser, count, sizeof *fonts);
    if (!fonts)
        return;
    for (size_t i = 0; i < count; i++) {
        fonts[i].language = playlist_copy_text(parser, items[i].language);
        playlist_use_path(parser, playlist_check_path(parser, &items[i].node), &fonts[i].asset, 1);
    }
    style->fonts = fonts;
    style->font_count = count;
}

static void parse_style(struct playlist_parser *parser, const struct playlist_node *node,
                        struct playlist_style *style)
{
    playlist_check_name(parser, node);
    if (!playlist_is_object(parser, node, playlist_style_keys))
        return;
    int weight = (int)style->weight;
    parse_fonts(parser, node, style);
    playlist_read_word(parser, node, "weight", PLAYLIST_WORDS(WEIGHTS), &weight);
    playlist_parse_text_style(parser, node, style);
    style->weight = (enum playlist_weight)weight;
    style->text = playlist_style_for(style, 16, 9);
}

void playlist_parse_styles(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist_node node;
    size_t count = 0;
    bool given = playlist_member(root, "styles", &node);
    parser->styles_known = !given;
    if (given && playlist_is_object(parser, &node, (struct playlist_words){NULL, 0})) {
        count = playlist_json_count(node.value);
        parser->styles_known = playlist_sort_keys(parser, node.value, &parser->style_names);
        if (count > PLAYLIST_STYLES_MAX)
            playlist_fault_add(parser->faults, &node, "has %zu styles; at most %d are allowed",
                               count, PLAYLIST_STYLES_MAX);
    }
    /* [0] is for the spots that name no style. */
    parser->styles = playlist_new_items(parser, count + 1, sizeof *parser->styles);
    if (!parser->styles)
        return;
    parser->styles[0] = BUILT_IN;
    parser->playlist->styles = parser->styles;
    parser->playlist->style_count = count + 1;
    struct playlist_json_member member = {.place = NULL};
    for (size_t i = 1; i <= count && playlist_json_next(node.value, &member); i++) {
        struct playlist_node child = {.parent = &node, .value = member.value, .key = member.key};
        parser->styles[i] = BUILT_IN;
        parser->styles[i].name = playlist_copy_text(parser, member.key);
        parse_style(parser, &child, &parser->styles[i]);
    }
}

static bool check_type(struct playlist_parser *parser, const struct playlist_node *node, int *type)
{
    const char *names[TRANSITION_TYPES];
    for (int i = 0; i < TRANSITION_TYPES; i++)
        names[i] = transition_kinds[i].name;
    return playlist_check_word(parser, node, PLAYLIST_WORDS(names), type);
}

static void parse_transition(struct playlist_parser *parser, const struct playlist_node *object,
                             struct transition *transition)
{
    struct playlist_node node, inner;
    int type = (int)transition->type, direction = (int)transition->direction;
    double seconds;
    if (!playlist_member(object, "transition", &node))
        return;
    if (playlist_json_kind(node.value) == PLAYLIST_JSON_STRING) {
        check_type(parser, &node, &type);
    } else if (playlist_is_object(parser, &node, PLAYLIST_WORDS(TRANSITION_KEYS))) {
        if (playlist_member(&node, "type", &inner))
            check_type(parser, &inner, &type);
        if (playlist_read_number(parser, &node, "duration", &TRANSITION, &seconds))
            transition->duration_ms = (int32_t)lround(seconds * 1000);
        playlist_read_word(parser, &node, "direction", PLAYLIST_WORDS(DIRECTIONS), &direction);
        playlist_read_number(parser, &node, "softness", &SOFTNESS, &transition->softness);
        playlist_read_color(parser, &node, "color", &transition->color);
    }
    transition->type = (enum transition_type)type;
    transition->direction = (enum transition_direction)direction;
}

/* What a member leaves out is as in the defaults; so a sum can be too large though the member that is
 * given is not. */
static void parse_text_transition(struct playlist_parser *parser,
                                  const struct playlist_node *object, struct transition *transition)
{
    struct playlist_node node;
    double out = transition->text_out, in = transition->text_in;
    if (!playlist_member(object, "text_transition", &node) ||
        !playlist_is_object(parser, &node, PLAYLIST_WORDS(TEXT_TRANSITION_KEYS)))
        return;
    playlist_read_number(parser, &node, "out", &TEXT_PART, &out);
    playlist_read_number(parser, &node, "in", &TEXT_PART, &in);
    if (out + in > 1 + TEXT_PART_ERROR) {
        playlist_fault_add(parser->faults, &node,
                           "out and in are %g and %g, together more than 1: both texts would be "
                           "seen at once; make one of them smaller",
                           out, in);
        return;
    }
    transition->text_out = out;
    transition->text_in = in;
}

static void read_style(struct playlist_parser *parser, const struct playlist_node *object,
                       const char *key, int *style)
{
    struct playlist_node node;
    if (!playlist_member(object, key, &node))
        return;
    int index = playlist_check_reference(parser, &node, &parser->style_names, parser->styles_known,
                                         "style");
    *style = index < 0 ? *style : index + 1;
}

void playlist_parse_common(struct playlist_parser *parser, const struct playlist_node *node,
                           struct playlist_spot *spot, struct transition *transition)
{
    double seconds;
    int fit = (int)spot->fit, motion = (int)spot->motion, text_motion = spot->text_rises;
    if (playlist_read_number(parser, node, "duration", &DURATION, &seconds)) {
        spot->duration_ms = (int32_t)lround(seconds * 1000);
        spot->has_duration = true;
    }
    parse_transition(parser, node, transition);
    parse_text_transition(parser, node, transition);
    spot->transition = *transition;
    if (transition->type == TRANSITION_CUT)
        spot->transition.duration_ms = 0;
    playlist_read_word(parser, node, "fit", PLAYLIST_WORDS(FITS), &fit);
    playlist_read_word(parser, node, "motion", PLAYLIST_WORDS(MOTIONS), &motion);
    playlist_read_word(parser, node, "text_motion", PLAYLIST_WORDS(TEXT_MOTIONS), &text_motion);
    spot->text_rises = text_motion == 1;
    spot->fit = (enum layout_fit)fit;
    spot->motion = (enum layout_motion)motion;
    playlist_read_color(parser, node, "background", &spot->background);
    playlist_read_number(parser, node, "volume", &VOLUME, &spot->volume);
    read_style(parser, node, "tagline_style", &spot->style);
    read_style(parser, node, "subline_style", &spot->subline.style);
    read_style(parser, node, "legal_style", &spot->legal.style);
}

void playlist_parse_defaults(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist_node node;
    struct playlist_spot *defaults = &parser->defaults;
    *defaults = (struct playlist_spot){
        .name = "",
        .assets = {-1, -1, -1, -1},
        .subline = {.style = -1},
        .legal = {.style = -1},
        .duration_ms = 8000,
        .transition = {.type = TRANSITION_CROSSFADE,
                       .duration_ms = 1000,
                       .softness = TRANSITION_SOFTNESS,
                       .text_out = TRANSITION_TEXT_OUT,
                       .text_in = TRANSITION_TEXT_IN},
        .focus_shapes = SHAPE_ALL,
        .focus = {{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}},
    };
    _Static_assert(SHAPE_COUNT == 4, "one of each for each shape");
    parser->transition_as_written = defaults->transition;
    if (playlist_member(root, "defaults", &node) &&
        playlist_is_object(parser, &node, PLAYLIST_WORDS(DEFAULTS_KEYS)))
        playlist_parse_common(parser, &node, defaults, &parser->transition_as_written);
    if (parser->styles && defaults->style)
        parser->styles[0] = parser->styles[defaults->style];
    /* A default is not a spot's own duration: a film's length comes before it (duckling-
     * playlist(5), PROGRAMME, rule 5). */
    defaults->has_duration = false;
    defaults->style = 0;
    parser->playlist->default_transition = defaults->transition;
    parser->playlist->default_duration_ms = defaults->duration_ms;
    parser->playlist->background = defaults->background;
}
