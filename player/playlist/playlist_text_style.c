#include "playlist/playlist_text_style.h"

#include "playlist/playlist_json.h"
#include "playlist/playlist_shapes.h"

static const char *const KEYS[] = {"font",    "weight",    "size",   "color",     "position",
                                   "box",     "align",     "valign", "max_lines", "tracking",
                                   "leading", "autospace", "hang",   "figures",   "opacity",
                                   "shadow",  "scrim"};
const struct playlist_words playlist_style_keys = {KEYS, sizeof KEYS / sizeof *KEYS};

/* Row × 3 + column: by 3 the place down, its rest the place across (enum text_align). */
static const char *const POSITIONS[] = {"top-left",    "top",    "top-right",
                                        "left",        "center", "right",
                                        "bottom-left", "bottom", "bottom-right"};
/* In the order of enum text_align. */
static const char *const ALIGNS[] = {"start", "center", "end"};
static const char *const VALIGNS[] = {"top", "center", "bottom"};
static const char *const FIGURES[] = {"proportional", "tabular"};
static const char *const SHADOW_KEYS[] = {"color", "strength", "blur", "drop"};
static const char *const EDGE[] = {"edge"};

static const struct playlist_range SIZE = {
    0.01, 0.5, false, "a number from 0.01 to 0.5 (a fraction of the screen's shorter side)"};
static const struct playlist_range PLACE = {0, 1, false,
                                            "a number from 0 to 1 (a fraction of the screen)"};
static const struct playlist_range MAX_LINES = {1, TEXT_STYLE_LINES_MAX, true,
                                                "a whole number from 1 to 16"};
static const struct playlist_range TRACKING = {-0.02, 0.2, false,
                                               "a number from -0.02 to 0.2 (in ems)"};
static const struct playlist_range LEADING = {1, 1.8, false,
                                              "a number from 1 to 1.8 (a part of the size)"};
static const struct playlist_range AUTOSPACE = {0, 0.25, false, "a number from 0 to 0.25 (in ems)"};
static const struct playlist_range PART = {0, 1, false, "a number from 0 to 1"};
static const struct playlist_range BLUR = {0, 1, false, "a number from 0 to 1 (in ems)"};
static const struct playlist_range DROP = {0, 0.5, false, "a number from 0 to 0.5 (in ems)"};

/* A box must have room for something; 0.7 and 0.3 add up to a little more or less than 1. */
#define BOX_PART_LEAST 0.01
#define BOX_ERROR 1e-9

static void parse_size(struct playlist_parser *parser, const struct playlist_node *style_node,
                       struct playlist_style *style)
{
    struct playlist_shaped shaped;
    if (!playlist_shaped_begin(parser, style_node, "size", &shaped))
        return;
    while (playlist_shaped_next(&shaped)) {
        double size = style->text.size;
        playlist_check_number(parser, &shaped.value, &SIZE, &size);
        for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
            if (shaped.set & 1U << shape)
                style->shapes.size[shape] = size;
    }
    style->shapes.sizes = shaped.given;
}

void playlist_check_position(struct playlist_parser *parser, const struct playlist_node *node,
                             enum text_align *align, enum text_align *valign)
{
    int place = (int)*valign * 3 + (int)*align;
    playlist_check_word(parser, node, PLAYLIST_WORDS(POSITIONS), &place);
    *align = (enum text_align)(place % 3);
    *valign = (enum text_align)(place / 3);
}

/* "position" says both places; "align" and "valign" say more of one of them, on all shapes. */
static void parse_place(struct playlist_parser *parser, const struct playlist_node *style_node,
                        struct playlist_style *style)
{
    struct playlist_shaped shaped;
    struct playlist_style_shapes *shapes = &style->shapes;
    int align, valign;
    if (playlist_shaped_begin(parser, style_node, "position", &shaped)) {
        while (playlist_shaped_next(&shaped)) {
            enum text_align own_align = style->text.align, own_valign = style->text.valign;
            playlist_check_position(parser, &shaped.value, &own_align, &own_valign);
            for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
                if (shaped.set & 1U << shape) {
                    shapes->align[shape] = own_align;
                    shapes->valign[shape] = own_valign;
                }
        }
        shapes->positions = shaped.given;
    }
    if (playlist_read_word(parser, style_node, "align", PLAYLIST_WORDS(ALIGNS), &align)) {
        style->text.align = (enum text_align)align;
        for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
            shapes->align[shape] = style->text.align;
    }
    if (playlist_read_word(parser, style_node, "valign", PLAYLIST_WORDS(VALIGNS), &valign)) {
        style->text.valign = (enum text_align)valign;
        for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
            shapes->valign[shape] = style->text.valign;
    }
}

/* [x, y, width, height]. */
static bool check_box(struct playlist_parser *parser, const struct playlist_node *node,
                      struct layout_rect *box)
{
    double numbers[4] = {0};
    if (!playlist_is_list(parser, node, 1))
        return false;
    if (playlist_json_count(node->value) != 4) {
        playlist_fault_add(parser->faults, node, "must be four numbers: x, y, width and height");
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        const struct playlist_node item = playlist_list_item(node, i);
        if (!playlist_check_number(parser, &item, &PLACE, &numbers[i]))
            return false;
    }
    if (numbers[2] < BOX_PART_LEAST || numbers[3] < BOX_PART_LEAST) {
        playlist_fault_add(parser->faults, node,
                           "its width and its height must be at least %g of the screen",
                           BOX_PART_LEAST);
        return false;
    }
    if (numbers[0] + numbers[2] > 1 + BOX_ERROR || numbers[1] + numbers[3] > 1 + BOX_ERROR) {
        playlist_fault_add(parser->faults, node,
                           "reaches beyond the screen: x and width, and y and height, must be at "
                           "most 1 together");
        return false;
    }
    *box = (struct layout_rect){numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}

static void parse_box(struct playlist_parser *parser, const struct playlist_node *style_node,
                      struct playlist_style *style)
{
    struct playlist_shaped shaped;
    if (!playlist_shaped_begin(parser, style_node, "box", &shaped))
        return;
    while (playlist_shaped_next(&shaped)) {
        struct layout_rect box = {0, 0, 1, 1};
        check_box(parser, &shaped.value, &box);
        for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
            if (shaped.set & 1U << shape)
                style->shapes.box[shape] = box;
    }
    style->shapes.boxes = shaped.given;
}

static void parse_shadow(struct playlist_parser *parser, const struct playlist_node *style_node,
                         struct text_shadow *shadow)
{
    struct playlist_node node;
    if (!playlist_member(style_node, "shadow", &node))
        return;
    if (playlist_json_kind(node.value) != PLAYLIST_JSON_OBJECT) {
        bool is_on = true;
        if (playlist_json_kind(node.value) == PLAYLIST_JSON_BOOLEAN)
            playlist_read_boolean(parser, style_node, "shadow", &is_on);
        else
            playlist_fault_add(parser->faults, &node, "must be true, false or an object, not %s",
                               playlist_json_kind_words(node.value));
        shadow->kind = is_on ? TEXT_SHADOW_BUILT_IN : TEXT_SHADOW_NONE;
        return;
    }
    *shadow = (struct text_shadow){.kind = TEXT_SHADOW_OWN, .strength = 0.35, .blur = 0.25};
    if (!playlist_is_object(parser, &node, PLAYLIST_WORDS(SHADOW_KEYS)))
        return;
    shadow->has_color = playlist_read_color(parser, &node, "color", &shadow->color);
    playlist_read_number(parser, &node, "strength", &PART, &shadow->strength);
    playlist_read_number(parser, &node, "blur", &BLUR, &shadow->blur);
    playlist_read_number(parser, &node, "drop", &DROP, &shadow->drop);
}

static void parse_scrim(struct playlist_parser *parser, const struct playlist_node *style_node,
                        enum text_scrim *scrim)
{
    struct playlist_node node;
    int word = 0;
    bool is_on = false;
    if (!playlist_member(style_node, "scrim", &node))
        return;
    if (playlist_json_kind(node.value) == PLAYLIST_JSON_STRING) {
        if (playlist_check_word(parser, &node, PLAYLIST_WORDS(EDGE), &word))
            *scrim = TEXT_SCRIM_EDGE;
    } else if (playlist_json_kind(node.value) != PLAYLIST_JSON_BOOLEAN) {
        playlist_fault_add(parser->faults, &node, "must be true, false or \"edge\", not %s",
                           playlist_json_kind_words(node.value));
    } else if (playlist_read_boolean(parser, style_node, "scrim", &is_on)) {
        *scrim = is_on ? TEXT_SCRIM_SOFT : TEXT_SCRIM_NONE;
    }
}

void playlist_parse_text_style(struct playlist_parser *parser, const struct playlist_node *node,
                               struct playlist_style *style)
{
    struct text_style *text = &style->text;
    double lines_max = text->lines_max;
    int figures = text->is_tabular;
    parse_size(parser, node, style);
    playlist_read_color(parser, node, "color", &text->color);
    parse_place(parser, node, style);
    parse_box(parser, node, style);
    playlist_read_number(parser, node, "max_lines", &MAX_LINES, &lines_max);
    playlist_read_number(parser, node, "tracking", &TRACKING, &text->tracking);
    playlist_read_number(parser, node, "leading", &LEADING, &text->leading);
    playlist_read_number(parser, node, "autospace", &AUTOSPACE, &text->autospace);
    playlist_read_boolean(parser, node, "hang", &text->hangs);
    playlist_read_word(parser, node, "figures", PLAYLIST_WORDS(FIGURES), &figures);
    playlist_read_number(parser, node, "opacity", &PART, &text->opacity);
    parse_shadow(parser, node, &text->shadow);
    parse_scrim(parser, node, &text->scrim);
    text->lines_max = (int)lines_max;
    text->is_tabular = figures == 1;
}
