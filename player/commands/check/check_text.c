#include "commands/check/check_text.h"

#include "commands/check/check_contrast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEPPED_PART 0.75  /* of the style's size; a smaller text looks like another one */
#define LEGIBLE_PART 0.025 /* of the shorter side */
#define LEGIBLE_LEGAL_PART 0.022
/* A text in one string, for all languages, is set by the rules of this one. */
#define LANGUAGE_OF_ALL "en"

static const char *const level_keys[] = {"tagline", "subline", "legal"};
_Static_assert(sizeof level_keys / sizeof *level_keys == TEXT_LEVELS, "one for each level");

static struct check_place place_of(const struct playlist_spot *spot, enum text_level level,
                                   const char *language)
{
    return (struct check_place){
        {"spots", spot->name, level_keys[level], *language ? language : NULL}};
}

struct check_place check_text_place(const struct playlist *playlist, int spot,
                                    enum text_level level, const char *language)
{
    const struct playlist_spot *of = &playlist->spots[spot];
    const struct playlist_level found = playlist_spot_level(of, level);
    const struct playlist_text *text =
        playlist_choose_text(found.texts, found.text_count, language);
    if (!text) /* a code alone */
        return (struct check_place){{"spots", of->name, "qr"}};
    return place_of(of, level, text->language);
}

struct check_place check_text_font_place(const struct playlist_style *style,
                                         const struct playlist_font *font)
{
    return (struct check_place){
        {"styles", style->name, "font", *font->language ? font->language : NULL}};
}

/* One of the texts. */
struct judged {
    const struct check_text *of;
    const struct playlist_text *text;
    const struct playlist_style *style; /* whose fonts it has */
    struct text_style look;
    const struct protocol_text_facts *facts;
    struct check_place place;
};

static const struct playlist_spot *spot_of(const struct check_text *text)
{
    return &text->playlist->spots[text->spot];
}

static const struct playlist_text *text_of(const struct check_text *text, enum text_level level)
{
    const struct playlist_level found = playlist_spot_level(spot_of(text), level);
    return playlist_choose_text(found.texts, found.text_count, text->language);
}

bool check_text_has(const struct check_text *text, enum text_level level)
{
    return text_of(text, level) != NULL;
}

static struct text_style look_of(const struct check_text *text, enum text_level level)
{
    return playlist_spot_text_style(text->playlist, spot_of(text), level, text->screen->width_px,
                                    text->screen->height_px);
}

const char *check_text_language(const struct playlist_spot *spot, size_t index)
{
    const char *language = playlist_spot_language(spot, index);
    return language && !*language ? LANGUAGE_OF_ALL : language;
}

/* A text that several languages share is judged with the first of them. */
static bool is_judged_already(const struct check_text *text, enum text_level level)
{
    const struct playlist_spot *spot = spot_of(text);
    const struct playlist_level found = playlist_spot_level(spot, level);
    const struct playlist_text *own = text_of(text, level);
    for (int i = 0; i < text->text; i++)
        if (playlist_choose_text(found.texts, found.text_count,
                                 check_text_language(spot, (size_t)i)) == own)
            return true;
    return false;
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

static void judge_glyphs(const struct judged *judged, struct check_report *report)
{
    const struct protocol_text_facts *facts = judged->facts;
    const struct playlist_style *style = judged->style;
    const struct check_text *text = judged->of;
    char codes[256];
    if (facts->missing_glyphs > 0) {
        list_codes(facts->missing_code_points, codes);
        check_report_add(report, CHECK_WARNING, &judged->place,
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
        check_report_add(report, CHECK_WARNING, &judged->place,
                         "%s lacks %d of its characters, so a system font draws them: %s",
                         text->playlist->assets[asset].path, (int)facts->fallback_glyphs, codes);
    }
}

static void judge_lines(const struct judged *judged, struct check_report *report)
{
    const struct protocol_text_facts *facts = judged->facts;
    const struct check_screen *screen = judged->of->screen;
    if (facts->copy_lines > 1 && facts->lines > facts->copy_lines)
        check_report_add(report, CHECK_WARNING, &judged->place,
                         "on %d × %d it takes %d lines, but it is written in %d: shorten its "
                         "longest line, or make the style smaller",
                         screen->width_px, screen->height_px, (int)facts->lines,
                         (int)facts->copy_lines);
}

/* A legal line is read from nearby. */
static double legible_part(enum text_level level)
{
    return level == TEXT_LEVEL_LEGAL ? LEGIBLE_LEGAL_PART : LEGIBLE_PART;
}

static void judge_size(const struct judged *judged, enum text_level level,
                       struct check_report *report)
{
    const struct protocol_text_facts *facts = judged->facts;
    int width = judged->of->screen->width_px, height = judged->of->screen->height_px;
    double least = legible_part(level);
    if (facts->is_cut)
        check_report_add(report, CHECK_WARNING, &judged->place,
                         "on %d × %d it does not fit even with type %d pixels high, and its end is "
                         "cut off: shorten it, or allow it more lines or a larger box",
                         width, height, (int)facts->used_px);
    else if (facts->used_px < least * fmin(width, height))
        check_report_add(report, CHECK_WARNING, &judged->place,
                         "on %d × %d its type is %d pixels high (the style asks for %d): below %g "
                         "%% of the shorter side it cannot be read from afar",
                         width, height, (int)facts->used_px, (int)facts->asked_px, least * 100);
    else if (facts->used_px < STEPPED_PART * facts->asked_px)
        check_report_add(
            report, CHECK_WARNING, &judged->place,
            "on %d × %d its type shrinks from %d to %d pixels so that the text fits: shorten it",
            width, height, (int)facts->asked_px, (int)facts->used_px);
}

bool check_text_needs_ink(const struct check_text *text, enum text_level level)
{
    const struct text_style look = look_of(text, level);
    const struct playlist_spot *spot = spot_of(text);
    return text_of(text, level)->span_count > 0 || look.opacity < 1 ||
           look.shadow.kind == TEXT_SHADOW_OWN || spot->subline.text_count > 0 ||
           spot->legal.text_count > 0 || spot->qr.text;
}

/* The colors of its letters: the style's, or those of its spans. */
static size_t colors_of(const struct playlist_text *text, uint32_t own,
                        uint32_t colors[TEXT_SPANS_MAX])
{
    colors[0] = own;
    for (size_t i = 0; i < text->span_count && i < TEXT_SPANS_MAX; i++)
        colors[i] = text->spans[i].has_color ? text->spans[i].color : own;
    return text->span_count > 0 ? text->span_count : 1;
}

/* Measures each color at both ends of the visual's motion; the lowest contrast counts. */
bool check_text_measure(const struct check_text *text, enum text_level level,
                        const struct canvas *canvas, struct frame *visual, struct frame *frame,
                        const struct frame *ink, double *contrast, struct err *err)
{
    const struct playlist_spot *spot = spot_of(text);
    const struct text_style look = look_of(text, level);
    struct picture picture = {
        .background = spot->background,
        .visual = visual,
        .text = frame,
        .motion = spot->motion,
        .portrait = canvas->height_px > canvas->width_px,
        .holders = 1,
    };
    uint32_t colors[TEXT_SPANS_MAX];
    size_t count = colors_of(text_of(text, level), look.color, colors);
    *contrast = INFINITY;
    for (int end = 0; end < (picture_moves(&picture) ? 2 : 1); end++) {
        struct picture_view view = {&picture, end};
        compose_picture(canvas, &view);
        for (size_t i = 0; i < count; i++) {
            const struct check_contrast_text letters = {.frame = ink ? ink : frame,
                                                        .is_ink = ink != NULL,
                                                        .color = colors[i],
                                                        .opacity = look.opacity,
                                                        .size_px =
                                                            text->facts->texts[level].used_px};
            double here;
            if (!check_contrast_measure(canvas, &letters, &here, err))
                return false;
            *contrast = fmin(*contrast, here);
        }
    }
    return true;
}

/* As it is seen on a plain background. */
static double contrast_on(const struct judged *judged, uint32_t background)
{
    uint32_t colors[TEXT_SPANS_MAX];
    size_t count = colors_of(judged->text, judged->look.color, colors);
    double ratio = INFINITY;
    for (size_t i = 0; i < count; i++) {
        uint32_t seen = check_contrast_mix(colors[i], background, judged->look.opacity);
        ratio = fmin(ratio, check_contrast_colors(seen, background));
    }
    return ratio;
}

static void judge_contrast(const struct judged *judged, enum text_level level,
                           struct check_report *report)
{
    const struct check_text *text = judged->of;
    const struct playlist_spot *spot = spot_of(text);
    double contrast = text->contrast[level];
    if (spot->has_visual && contrast < CHECK_CONTRAST_LEAST)
        check_report_add(report, CHECK_WARNING, &judged->place,
                         "on %d × %d its contrast with the visual is %.2f:1; WCAG 2.2 requires "
                         "%g:1: try a scrim, another color or another position",
                         text->screen->width_px, text->screen->height_px,
                         floor(contrast * 100) / 100, CHECK_CONTRAST_LEAST);
    /* Without spans it is the same in all languages. */
    bool has_spans = judged->text->span_count > 0;
    if (spot->has_visual || !text->first || (text->text != 0 && !has_spans))
        return;
    struct check_place whole = {{"spots", spot->name, level_keys[level]}};
    double ratio = contrast_on(judged, spot->background);
    if (ratio < CHECK_CONTRAST_LEAST)
        check_report_add(report, CHECK_WARNING, has_spans ? &judged->place : &whole,
                         "its contrast with the background is %.2f:1; WCAG 2.2 requires %g:1: "
                         "try another color",
                         floor(ratio * 100) / 100, CHECK_CONTRAST_LEAST);
}

/* What makes a code's modules large enough on this screen. */
static const char *remedy_for(const struct check_text *text, char words[96])
{
    int width = text->screen->width_px, height = text->screen->height_px;
    int whole = QR_MODULE_LEAST_PX * (text->facts->qr_modules + 2 * QR_QUIET_MODULES);
    double size = ceil(100.0 * whole / (width < height ? width : height)) / 100;
    if (size > QR_SIZE_MAX)
        snprintf(words, 96, "make its text shorter");
    else
        snprintf(words, 96, "make its size at least %g, or its text shorter", size);
    return words;
}

/* Of the code itself: on each screen whether it can be read, once whether its colors serve. */
static void judge_qr(const struct check_text *text, struct check_report *report)
{
    const struct playlist_spot *spot = spot_of(text);
    const struct protocol_facts *facts = text->facts;
    const struct qr_style *style = &spot->qr.style;
    struct check_place place = {{"spots", spot->name, "qr"}};
    char words[96];
    if (!spot->qr.text || text->text != 0)
        return;
    int width = text->screen->width_px, height = text->screen->height_px;
    if (facts->qr_module_px == 0)
        check_report_add(report, CHECK_FAULT, &place,
                         "on %d × %d it is not shown: %d × %d modules do not fit into its square: "
                         "%s",
                         width, height, (int)facts->qr_modules, (int)facts->qr_modules,
                         remedy_for(text, words));
    else if (facts->qr_module_px < QR_MODULE_LEAST_PX)
        check_report_add(report, CHECK_WARNING, &place,
                         "on %d × %d a module has %d × %d pixels, too few for the camera of a "
                         "phone: %s",
                         width, height, (int)facts->qr_module_px, (int)facts->qr_module_px,
                         remedy_for(text, words));
    if (!text->first)
        return;
    double contrast = check_contrast_colors(style->dark, style->light);
    if (contrast < CHECK_CONTRAST_LEAST)
        check_report_add(report, CHECK_WARNING, &place,
                         "the contrast of its colors is %.2f:1, and phones need %g:1 at least",
                         floor(contrast * 100) / 100, CHECK_CONTRAST_LEAST);
    else if (check_contrast_colors(style->dark, 0) > check_contrast_colors(style->light, 0))
        check_report_add(report, CHECK_WARNING, &place,
                         "its dark color is the lighter one: many phones read no inverted codes");
}

static void judge_under_qr(const struct judged *judged, enum text_level level,
                           struct check_report *report)
{
    const struct check_screen *screen = judged->of->screen;
    if (judged->of->is_under_qr[level])
        check_report_add(report, CHECK_WARNING, &judged->place,
                         "on %d × %d the QR code covers part of it: move one of them, or give the "
                         "text a box beside the code",
                         screen->width_px, screen->height_px);
}

void check_text_judge(const struct check_text *text, struct check_report *report)
{
    const struct playlist_spot *spot = spot_of(text);
    judge_qr(text, report);
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        if (!check_text_has(text, level) || is_judged_already(text, level))
            continue;
        int style = playlist_spot_level(spot, level).style;
        const struct judged judged = {
            .of = text,
            .text = text_of(text, level),
            .style = &text->playlist->styles[style],
            .look = look_of(text, level),
            .facts = &text->facts->texts[level],
            .place = place_of(spot, level, text_of(text, level)->language),
        };
        if (text->first)
            judge_glyphs(&judged, report);
        judge_size(&judged, level, report);
        judge_lines(&judged, report);
        judge_contrast(&judged, level, report);
        judge_under_qr(&judged, level, report);
    }
}
