#include "playlist/playlist_tagline.h"

#include "core/utf8.h"
#include "playlist/playlist_json.h"
#include "playlist/playlist_texts.h"
#include "playlist/playlist_values.h"

#include <string.h>

static const char *const SPAN_KEYS[] = {"text", "color"};

/* Spaces that draw nothing: a tagline of nothing but these would be an empty line on a wall. */
static bool is_invisible_space(uint32_t code)
{
    return code == ' ' || code == '\n' || code == 0xa0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200f) || code == 0x2028 || code == 0x2029 ||
           code == 0x202f || code == 0x205f || code == 0x2060 || code == 0x3000 || code == 0xfeff ||
           code == 0x3164; /* the Hangul filler */
}

static bool is_blank_text(const char *text)
{
    uint32_t code = 0;
    size_t size = strlen(text), step;
    for (size_t i = 0; i < size; i += step) {
        step = utf8_next(text + i, size - i, &code);
        if (!step || !is_invisible_space(code))
            return false;
    }
    return true;
}

/* What holds for a text as a whole. */
static void check_text(struct playlist_parser *parser, const struct playlist_node *node,
                       const char *text)
{
    if (strlen(text) > PLAYLIST_TEXT_BYTES_MAX)
        playlist_fault_add(parser->faults, node, "has %zu bytes; at most %d are allowed",
                           strlen(text), PLAYLIST_TEXT_BYTES_MAX);
    else if (!playlist_check_printable(parser, node, text, "\n"))
        return;
    else if (is_blank_text(text))
        playlist_fault_add(parser->faults, node, "is blank: write a text, or leave it out");
}

/* One span; returns its bytes, which it appends to `whole`, as far as they fit. */
static size_t parse_span(struct playlist_parser *parser, const struct playlist_node *node,
                         struct text_span *span, char whole[PLAYLIST_TEXT_BYTES_MAX + 2],
                         size_t used)
{
    struct playlist_node text_node;
    const char *text = "";
    if (!playlist_is_object(parser, node, PLAYLIST_WORDS(SPAN_KEYS)))
        return 0;
    span->has_color = playlist_read_color(parser, node, "color", &span->color);
    if (!playlist_member(node, "text", &text_node))
        playlist_fault_add(parser->faults, &text_node, "is missing: a span is a text with a color");
    else if (playlist_is_string(parser, &text_node))
        text = playlist_json_string(text_node.value);
    size_t size = strlen(text), room = PLAYLIST_TEXT_BYTES_MAX + 1 - used;
    memcpy(whole + used, text, size < room ? size : room);
    return size;
}

/* A list of spans: one text, in parts. */
static void parse_spans(struct playlist_parser *parser, const struct playlist_node *node,
                        struct playlist_text *text)
{
    char whole[PLAYLIST_TEXT_BYTES_MAX + 2] = "";
    size_t count = playlist_json_count(node->value), used = 0, faults = parser->faults->total;
    if (!playlist_is_list(parser, node, 1))
        return;
    if (count > TEXT_SPANS_MAX) {
        playlist_fault_add(parser->faults, node, "has %zu spans; at most %d are allowed", count,
                           TEXT_SPANS_MAX);
        return;
    }
    struct text_span *spans = playlist_new_items(parser, count, sizeof *spans);
    if (!spans)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct playlist_node item = playlist_list_item(node, i);
        used += parse_span(parser, &item, &spans[i], whole, used);
        if (used > PLAYLIST_TEXT_BYTES_MAX) {
            playlist_fault_add(
                parser->faults, node,
                "its texts have more than %d bytes together, the most that is allowed",
                PLAYLIST_TEXT_BYTES_MAX);
            return;
        }
        spans[i].end_bytes = (uint32_t)used;
    }
    if (parser->faults->total == faults)
        check_text(parser, node, whole);
    text->text = playlist_copy_text(parser, whole);
    text->spans = spans;
    text->span_count = count;
}

static void parse_text(struct playlist_parser *parser, const struct playlist_node *node,
                       struct playlist_text *text)
{
    text->text = "";
    if (playlist_json_kind(node->value) == PLAYLIST_JSON_LIST) {
        parse_spans(parser, node, text);
    } else if (playlist_is_string(parser, node)) {
        const char *words = playlist_json_string(node->value);
        check_text(parser, node, words);
        text->text = playlist_copy_text(parser, words);
    }
}

static void parse_texts(struct playlist_parser *parser, const struct playlist_node *node,
                        const struct playlist_text **out, size_t *out_count)
{
    struct playlist_translation items[PLAYLIST_LANGUAGES_MAX];
    size_t count = playlist_translations(parser, node, true, items);
    struct playlist_text *texts = playlist_new_items(parser, count, sizeof *texts);
    if (!texts)
        return;
    for (size_t i = 0; i < count; i++) {
        texts[i].language = playlist_copy_text(parser, items[i].language);
        parse_text(parser, &items[i].node, &texts[i]);
    }
    *out = texts;
    *out_count = count;
}

/* A text that stands beside the tagline. */
static void parse_level(struct playlist_parser *parser, const struct playlist_node *spot_node,
                        const char *key, bool has_tagline, struct playlist_level *level)
{
    struct playlist_node node;
    if (!playlist_member(spot_node, key, &node))
        return;
    parse_texts(parser, &node, &level->texts, &level->text_count);
    if (!has_tagline)
        playlist_fault_add(parser->faults, &node,
                           "stands beside a tagline, and the spot has none: make it the tagline, "
                           "with a style");
}

void playlist_parse_taglines(struct playlist_parser *parser, const struct playlist_node *spot_node,
                             struct playlist_spot *spot)
{
    struct playlist_node tagline;
    bool has_tagline = playlist_member(spot_node, "tagline", &tagline);
    if (has_tagline)
        parse_texts(parser, &tagline, &spot->texts, &spot->text_count);
    parse_level(parser, spot_node, "subline", has_tagline, &spot->subline);
    parse_level(parser, spot_node, "legal", has_tagline, &spot->legal);
}
