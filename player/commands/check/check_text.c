#include "commands/check/check_text.h"

#include "commands/check/check_contrast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEPPED_PART 0.75  /* of the style's size; a smaller text looks like another one */
#define LEGIBLE_PART 0.025 /* of the shorter side */

struct check_place check_text_place(const struct playlist *playlist, int spot, int text)
{
    const struct playlist_spot *of = &playlist->spots[spot];
    const char *language = of->texts[text].language;
    return (struct check_place){{"spots", of->name, "tagline", *language ? language : NULL}};
}

struct check_place check_text_font_place(const struct playlist_style *style,
                                         const struct playlist_font *font)
{
    return (struct check_place){
        {"styles", style->name, "font", *font->language ? font->language : NULL}};
}

static const struct playlist_spot *spot_of(const struct check_text *text)
{
    return &text->playlist->spots[text->spot];
}

static const struct playlist_style *style_of(const struct check_text *text)
{
    return &text->playlist->styles[spot_of(text)->style];
}

static size_t encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t bytes = code < 0x10000 ? 3 : 4;
    if (code < 0x800)
        bytes = 2;
    for (size_t i = bytes; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((0xf00U >> bytes & 0xff) | code);
    return bytes;
}

/* "相 U+76F8, 信 U+4FE1", with "..." where there are more. */
static void list_codes(const uint32_t codes[PROTOCOL_CODE_POINTS_MAX], char words[256])
{
    size_t used = 0;
    for (int i = 0; i < PROTOCOL_CODE_POINTS_MAX && codes[i]; i++) {
        used += (size_t)snprintf(words + used, 256 - used, "%s", i ? ", " : "");
        used += encode(codes[i], words + used);
        used += (size_t)snprintf(words + used, 256 - used, " U+%04X", codes[i]);
    }
    snprintf(words + used, 256 - used, "%s", codes[PROTOCOL_CODE_POINTS_MAX - 1] ? ", ..." : "");
}

static void judge_glyphs(const struct check_text *text, const struct check_place *place,
                         struct check_report *report)
{
    const struct protocol_facts *facts = text->facts;
    const struct playlist_style *style = style_of(text);
    char codes[256];
    if (facts->missing_glyphs > 0) {
        list_codes(facts->missing_code_points, codes);
        check_report_add(report, CHECK_WARNING, place,
                         "no font has %d of its characters, so they are left out: %s",
                         (int)facts->missing_glyphs, codes);
    }
    int asset = playlist_choose_font(style, text->language);
    if (asset < 0)
        return;
    if (!(facts->faces_open & 1) && !text->bad_font[asset]) {
        text->bad_font[asset] = true;
        for (size_t i = 0; i < style->font_count; i++) {
            struct check_place font = check_text_font_place(style, &style->fonts[i]);
            if (style->fonts[i].asset == asset)
                check_report_add(report, CHECK_FAULT, &font, "%s is not a usable font",
                                 text->playlist->assets[asset].path);
        }
    }
    if (facts->faces_open & 1 && facts->fallback_glyphs > 0) {
        list_codes(facts->fallback_code_points, codes);
        check_report_add(report, CHECK_WARNING, place,
                         "%s lacks %d of its characters, so a system font draws them: %s",
                         text->playlist->assets[asset].path, (int)facts->fallback_glyphs, codes);
    }
}

static void judge_lines(const struct check_text *text, const struct check_place *place,
                        struct check_report *report)
{
    const struct protocol_facts *facts = text->facts;
    if (facts->copy_lines > 1 && facts->lines > facts->copy_lines)
        check_report_add(report, CHECK_WARNING, place,
                         "on %d × %d it takes %d lines, but it is written in %d: shorten its "
                         "longest line, or make the style smaller",
                         text->screen->width_px, text->screen->height_px, (int)facts->lines,
                         (int)facts->copy_lines);
}

static void judge_size(const struct check_text *text, const struct check_place *place,
                       struct check_report *report)
{
    const struct protocol_facts *facts = text->facts;
    int width = text->screen->width_px, height = text->screen->height_px;
    if (facts->is_cut)
        check_report_add(report, CHECK_WARNING, place,
                         "on %d × %d it does not fit even with type %d pixels high, and its end is "
                         "cut off: shorten it, or allow it more lines or a larger box",
                         width, height, (int)facts->used_px);
    else if (facts->used_px < LEGIBLE_PART * fmin(width, height))
        check_report_add(report, CHECK_WARNING, place,
                         "on %d × %d its type is %d pixels high (the style asks for %d): below %g "
                         "%% of the shorter side it cannot be read from afar",
                         width, height, (int)facts->used_px, (int)facts->asked_px,
                         LEGIBLE_PART * 100);
    else if (facts->used_px < STEPPED_PART * facts->asked_px)
        check_report_add(
            report, CHECK_WARNING, place,
            "on %d × %d its type shrinks from %d to %d pixels so that the text fits: shorten it",
            width, height, (int)facts->asked_px, (int)facts->used_px);
}

/* Measures at both ends of the visual's motion; the lower contrast counts. */
bool check_text_measure(const struct check_text *text, const struct canvas *canvas,
                        struct frame *visual, struct frame *frame, double *contrast,
                        struct err *err)
{
    const struct playlist_spot *spot = spot_of(text);
    struct picture picture = {
        .background = spot->background,
        .visual = visual,
        .text = frame,
        .motion = spot->motion,
        .portrait = canvas->height_px > canvas->width_px,
        .holders = 1,
    };
    *contrast = INFINITY;
    for (int end = 0; end < (picture_moves(&picture) ? 2 : 1); end++) {
        struct picture_view view = {&picture, end};
        double here;
        compose_picture(canvas, &view);
        if (!check_contrast_measure(canvas, frame, style_of(text)->text.color, text->facts->used_px,
                                    &here, err))
            return false;
        *contrast = fmin(*contrast, here);
    }
    return true;
}

static void judge_contrast(const struct check_text *text, const struct check_place *place,
                           struct check_report *report)
{
    const struct playlist_spot *spot = spot_of(text);
    if (spot->has_visual && text->contrast < CHECK_CONTRAST_LEAST)
        check_report_add(report, CHECK_WARNING, place,
                         "on %d × %d its contrast with the visual is %.2f:1; WCAG 2.2 requires "
                         "%g:1: try a scrim, another color or another position",
                         text->screen->width_px, text->screen->height_px,
                         floor(text->contrast * 100) / 100, CHECK_CONTRAST_LEAST);
    if (spot->has_visual || !text->first || text->text != 0)
        return;
    struct check_place whole = {{"spots", spot->name, "tagline"}};
    double ratio = check_contrast_colors(style_of(text)->text.color, spot->background);
    if (ratio < CHECK_CONTRAST_LEAST)
        check_report_add(report, CHECK_WARNING, &whole,
                         "its contrast with the background is %.2f:1; WCAG 2.2 requires %g:1: "
                         "try another color",
                         floor(ratio * 100) / 100, CHECK_CONTRAST_LEAST);
}

void check_text_judge(const struct check_text *text, struct check_report *report)
{
    struct check_place place = check_text_place(text->playlist, text->spot, text->text);
    if (text->first)
        judge_glyphs(text, &place, report);
    judge_size(text, &place, report);
    judge_lines(text, &place, report);
    judge_contrast(text, &place, report);
}
