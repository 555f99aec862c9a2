#include "worker/text/tagline_text.h"

#include "worker/text/linebreak_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* At most so much of a line hangs at one end; several marks in a row would leave the screen. */
#define HANGING_EM 0.75

static bool is_blank_character(unsigned c)
{
    return c == ' ' || c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
           c == 0x205f;
}

bool tagline_text_init(struct tagline_text *text, const char *source, const char *language,
                       const struct linebreak_words *words, struct err *err)
{
    unsigned char *ranks = NULL;
    size_t bytes, length;
    bool ok = false;
    *text = (struct tagline_text){.text = linebreak_normalize(source, err), .copy_lines = 1};
    if (!text->text)
        return false;
    bytes = strlen(text->text);
    text->script = linebreak_script_of(text->text, bytes, language);
    ranks = malloc(bytes + 1);
    text->characters = calloc(bytes + 1, sizeof *text->characters);
    if (!ranks || !text->characters) {
        err_oom(err);
        goto out;
    }
    if (!linebreak_find(text->text, bytes, language, words, ranks, err))
        goto out;
    for (size_t at = 0; at < bytes; at += length) {
        unsigned code = linebreak_character(text->text, at, &length);
        if (ranks[at] != LINEBREAK_INSIDE)
            text->characters[text->count++] =
                (struct tagline_character){.start = (unsigned short)at,
                                           .code = code,
                                           .face = TAGLINE_TEXT_UNSEEN,
                                           .is_space = is_blank_character(code),
                                           .before = ranks[at]};
        text->copy_lines += ranks[at] == LINEBREAK_MUST;
        struct tagline_character *last = &text->characters[text->count - 1];
        last->bytes = (unsigned short)(last->bytes + length);
    }
    ok = true;
out:
    free(ranks);
    return ok;
}

void tagline_text_finish(struct tagline_text *text)
{
    free(text->text);
    free(text->characters);
    *text = (struct tagline_text){0};
}

/* Where byte `end` of the source is in the normalized text. -1: out of memory. */
static long place_of(const char *source, size_t end)
{
    char *part = strndup(source, end), *normal = NULL;
    if (part && *part)
        normal = linebreak_normalize(part, NULL);
    long place = normal ? (long)strlen(normal) : 0;
    if (!part || (*part && !normal))
        place = -1;
    free(part);
    free(normal);
    return place;
}

bool tagline_text_color(struct tagline_text *text, const char *source,
                        const struct text_span *spans, size_t count, struct err *err)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        long end = place_of(source, spans[i].end_bytes);
        if (end < 0)
            return err_set(err, ERR_SYSTEM, "a part of the text cannot be found");
        for (; at < text->count && text->characters[at].start < end; at++)
            text->characters[at].ink = spans[i].has_color ? (uint8_t)(i + 1) : 0;
    }
    return true;
}

/* Counts the code points of a character that the face lacks, except invisible ones. */
static int count_missing(const struct tagline_text *text, const struct tagline_character *character,
                         int face)
{
    int missing = 0;
    size_t length, end = (size_t)character->start + character->bytes;
    for (size_t at = character->start; at < end; at += length) {
        unsigned code = linebreak_character(text->text, at, &length);
        missing += !linebreak_is_invisible(code) && !tagline_fonts_has(text->fonts, face, code);
    }
    return missing;
}

/* A brand's Latin font has quotes and dashes, too, but not in the shapes of Chinese and Japanese:
 * there they come from the face that also has the full stop 。 */
static bool is_shared_punctuation(unsigned code)
{
    return (code >= 0x2018 && code <= 0x201d) || code == 0x2014 || code == 0x2026 || code == 0xb7;
}

static int choose_face(const struct tagline_text *text, const struct tagline_character *character)
{
    bool needs_cjk_face =
        is_shared_punctuation(character->code) &&
        (text->script == LINEBREAK_SCRIPT_HAN || text->script == LINEBREAK_SCRIPT_KANA);
    int fallback = TAGLINE_TEXT_MISSING;
    for (int face = 0; face < tagline_fonts_count(text->fonts); face++) {
        if (count_missing(text, character, face) > 0)
            continue;
        if (!needs_cjk_face || tagline_fonts_has(text->fonts, face, 0x3002))
            return face;
        if (fallback < 0)
            fallback = face;
    }
    return fallback;
}

/* U+200B and U+2060 are for whoever breaks lines, and nothing to draw: fonts give them boxes. */
static bool says_where_lines_end(const struct tagline_character *character)
{
    return character->code == 0x200b || character->code == 0x2060 || character->code == 0xfeff;
}

void tagline_text_choose_faces(struct tagline_text *text, struct tagline_fonts *fonts)
{
    text->fonts = fonts;
    text->missing = 0;
    text->is_seen = false;
    int previous = TAGLINE_TEXT_UNSEEN;
    for (size_t i = 0; i < text->count; i++) {
        struct tagline_character *character = &text->characters[i];
        character->face = TAGLINE_TEXT_UNSEEN;
        if (character->code == '\n') {
            previous = TAGLINE_TEXT_UNSEEN;
            continue;
        }
        if (says_where_lines_end(character))
            continue;
        /* A space takes the face of the word before it, so that it does not split a run. */
        if (character->is_space) {
            bool keeps = previous >= 0 && tagline_fonts_has(fonts, previous, character->code);
            character->face = keeps ? previous : TAGLINE_TEXT_UNSEEN;
            continue;
        }
        character->face = choose_face(text, character);
        if (character->face >= 0) {
            previous = character->face;
            text->is_seen = true;
        } else {
            text->missing += count_missing(text, character, 0);
        }
    }
}

static void add_code(unsigned codes[TAGLINE_CODE_POINTS_MAX], unsigned code)
{
    for (int i = 0; i < TAGLINE_CODE_POINTS_MAX && codes[i] != code; i++)
        if (codes[i] == 0) {
            codes[i] = code;
            return;
        }
}

/* Adds the code points of a character that no face has. */
static void add_missing(const struct tagline_text *text, const struct tagline_character *character,
                        unsigned codes[TAGLINE_CODE_POINTS_MAX])
{
    size_t length, end = (size_t)character->start + character->bytes;
    for (size_t at = character->start; at < end; at += length) {
        unsigned code = linebreak_character(text->text, at, &length);
        if (!linebreak_is_invisible(code) && !tagline_fonts_has(text->fonts, 0, code))
            add_code(codes, code);
    }
}

void tagline_text_fill_facts(const struct tagline_text *text, struct tagline_facts *facts)
{
    for (int face = 0; face < tagline_fonts_count(text->fonts); face++)
        facts->faces_open |= 1U << tagline_fonts_place(text->fonts, face);
    facts->missing_glyphs = text->missing;
    for (size_t i = 0; i < text->count; i++) {
        const struct tagline_character *character = &text->characters[i];
        if (character->face == TAGLINE_TEXT_MISSING)
            add_missing(text, character, facts->missing_code_points);
        if (character->face < 0 || character->is_space)
            continue;
        int place = tagline_fonts_place(text->fonts, character->face);
        facts->faces_used |= 1U << place;
        if (place > 0) {
            facts->fallback_glyphs++;
            add_code(facts->fallback_code_points, character->code);
        }
    }
}

static struct tagline_glyph glyph_of(const struct tagline_text *text, size_t at)
{
    const struct tagline_character *character = &text->characters[at];
    return tagline_fonts_glyph(text->fonts, character->face, character->code);
}

/* The space between Chinese or Japanese characters and Latin letters or digits (clreq, "Mixed text
 * composition in Chinese and Western"; JLREQ, "Mixed text composition"). Punctuation and spaces have
 * their own. */
static int space_between(const struct tagline_text *text, unsigned before, unsigned after)
{
    bool of_asia[2], of_west[2];
    unsigned codes[2] = {before, after};
    if (text->autospace <= 0 || text->script == LINEBREAK_SCRIPT_HANGUL)
        return 0;
    for (int i = 0; i < 2; i++) {
        of_asia[i] = linebreak_is_han(codes[i]) || linebreak_is_kana(codes[i]);
        of_west[i] =
            codes[i] < 0xff00 && (linebreak_is_letter(codes[i]) || linebreak_is_digit(codes[i]));
    }
    bool meet = (of_asia[0] && of_west[1]) || (of_west[0] && of_asia[1]);
    return meet ? (int)lround(text->autospace * tagline_fonts_size(text->fonts)) : 0;
}

/* A curly quote of a Chinese face is as wide as a character and blank on its outer side, which
 * leaves a hole beside a character: an eighth of an em of it stays. */
static int close_hole(const struct tagline_text *text, size_t at)
{
    const struct tagline_character *a = &text->characters[at], *b = a + 1;
    int size = tagline_fonts_size(text->fonts), move = 0;
    if (text->script != LINEBREAK_SCRIPT_HAN || a->is_space || b->is_space)
        return 0;
    if (b->code == 0x201c || b->code == 0x2018) {
        struct tagline_glyph quote = glyph_of(text, at + 1);
        if (quote.advance >= size * 9 / 10 && quote.left >= size * 2 / 5)
            move -= size * 3 / 8;
    }
    if (a->code == 0x201d || a->code == 0x2019) {
        struct tagline_glyph quote = glyph_of(text, at);
        if (quote.advance >= size * 9 / 10 && quote.advance - quote.right >= size * 2 / 5)
            move -= size * 3 / 8;
    }
    return move;
}

/* By pairs:
 * - Two full-width punctuation marks in a row, 。” or ：“, share one blank half (clreq, "punctuation
 *   adjustment"). The font's own features for this (halt, chws) are not available through SDL_ttf.
 * - An apostrophe of a Chinese face is as wide as a character, which leaves a hole in don’t. */
static int kern_pair(const struct tagline_text *text, size_t at)
{
    const struct tagline_character *a = &text->characters[at], *b = a + 1;
    int size = tagline_fonts_size(text->fonts), space = space_between(text, a->code, b->code);
    if (space > 0)
        return space;
    bool apostrophe = a->code == 0x2019 && linebreak_is_latin(b->code) && at > 0 &&
                      linebreak_is_latin(text->characters[at - 1].code);
    bool pair = linebreak_is_cjk_punctuation(a->code) && linebreak_is_cjk_punctuation(b->code);
    if (!apostrophe && !pair)
        return close_hole(text, at);
    struct tagline_glyph left = glyph_of(text, at), right = glyph_of(text, at + 1);
    int wide = size * 9 / 10;
    if (left.advance < wide)
        return 0;
    if (apostrophe)
        return -(left.advance - left.right - size / 25);
    bool is_blank = left.advance - left.right + right.left > size * 55 / 100;
    return right.advance >= wide && is_blank ? -size / 2 : 0;
}

static bool is_figure(const struct tagline_text *text, size_t at)
{
    const struct tagline_character *character = &text->characters[at];
    return text->is_tabular && character->face >= 0 && character->code >= '0' &&
           character->code <= '9';
}

/* A tabular figure stands in the middle of a cell, which is as wide as the widest figure: how much of
 * the cell is before it, and behind it. */
static void find_cell(const struct tagline_text *text, size_t at, int *before, int *behind)
{
    int widest = 0;
    *before = *behind = 0;
    if (!is_figure(text, at))
        return;
    for (unsigned code = '0'; code <= '9'; code++) {
        int advance = tagline_fonts_glyph(text->fonts, text->characters[at].face, code).advance;
        widest = advance > widest ? advance : widest;
    }
    int blank = widest - glyph_of(text, at).advance;
    *before = blank / 2;
    *behind = blank - *before;
}

static int tracking_px(const struct tagline_text *text)
{
    return (int)lround(text->tracking * tagline_fonts_size(text->fonts));
}

/* What the font moves the pen between two letters that are not drawn as one run. */
static int font_kerning(const struct tagline_text *text, size_t at)
{
    const struct tagline_character *a = &text->characters[at], *b = a + 1;
    if (a->face != b->face || !linebreak_is_latin(a->code) || !linebreak_is_latin(b->code) ||
        a->code == 'f') /* which joins the next one in many fonts */
        return 0;
    const struct tagline_run both = {text->text + a->start, (size_t)a->bytes + b->bytes, a->face,
                                     0};
    const struct tagline_run first = {text->text + a->start, a->bytes, a->face, 0};
    const struct tagline_run second = {text->text + b->start, b->bytes, b->face, 0};
    return tagline_fonts_width(text->fonts, &both) - tagline_fonts_width(text->fonts, &first) -
           tagline_fonts_width(text->fonts, &second);
}

/* How far to move the pen between characters `at` and `at` + 1, beyond what a run's font says. */
static int kern_after(const struct tagline_text *text, size_t at)
{
    int before, behind, track = tracking_px(text);
    find_cell(text, at, &before, &behind);
    if (at + 1 >= text->count)
        return behind;
    const struct tagline_character *a = &text->characters[at], *b = a + 1;
    if (a->face < 0 || b->face < 0)
        return behind;
    bool is_apart = track || a->ink != b->ink;
    return behind + track + kern_pair(text, at) + (is_apart ? font_kerning(text, at) : 0);
}

/* Whether the pen stops between characters `at` and `at` + 1. */
static bool splits_run(const struct tagline_text *text, size_t at)
{
    return text->characters[at].face != text->characters[at + 1].face ||
           text->characters[at].ink != text->characters[at + 1].ink || is_figure(text, at) ||
           is_figure(text, at + 1) || tracking_px(text) != 0 || kern_after(text, at) != 0;
}

/* The longest run from *at on, before `end`, that can be drawn at once; moves *at behind it. */
static struct tagline_run next_run(const struct tagline_text *text, size_t *at, size_t end)
{
    const struct tagline_character *first = &text->characters[*at];
    struct tagline_run run = {
        .text = text->text + first->start, .face = first->face, .ink = first->ink};
    do {
        run.bytes += text->characters[*at].bytes;
        (*at)++;
    } while (*at < end && !splits_run(text, *at - 1));
    return run;
}

static int cell_before(const struct tagline_text *text, size_t at)
{
    int before, behind;
    find_cell(text, at, &before, &behind);
    return before;
}

static int cell_behind(const struct tagline_text *text, size_t at)
{
    int before, behind;
    find_cell(text, at, &before, &behind);
    return behind;
}

/* Where the pen is after characters [start, end), with what kern_after() adds. */
static int pen_after(const struct tagline_text *text, size_t start, size_t end)
{
    int pen = 0;
    for (size_t at = start; at < end;) {
        int before = cell_before(text, at);
        struct tagline_run run = next_run(text, &at, end);
        if (run.face >= 0)
            pen += before + tagline_fonts_width(text->fonts, &run) + kern_after(text, at - 1);
    }
    return pen;
}

/* Between the ink of a character and the pen after it. */
static int blank_behind(const struct tagline_text *text, size_t at)
{
    const struct tagline_glyph glyph = glyph_of(text, at);
    return is_figure(text, at) ? -cell_behind(text, at) : glyph.advance - glyph.right;
}

struct tagline_piece tagline_text_measure(const struct tagline_text *text, size_t start, size_t end)
{
    struct tagline_piece piece = {.start = start, .end = end};
    piece.rank = end < text->count ? text->characters[end].before : LINEBREAK_MUST;
    size_t first = start, last = end;
    while (last > start &&
           (text->characters[last - 1].is_space || text->characters[last - 1].face < 0))
        last--;
    while (first < last && (text->characters[first].is_space || text->characters[first].face < 0))
        first++;
    int pen = pen_after(text, start, last), spaces = 0;
    for (size_t at = last; at < end; at++)
        if (text->characters[at].face >= 0)
            spaces += glyph_of(text, at).advance + kern_after(text, at);
    piece.advance = (float)(pen + spaces);
    if (last == first) {
        piece.lead = 0;
        piece.trail = piece.advance;
        return piece;
    }
    /* At an edge a tabular figure's cell counts, so that a number stands still as it changes. */
    piece.lead = (float)(is_figure(text, first) ? 0 : glyph_of(text, first).left);
    piece.trail = (float)(spaces + kern_after(text, last - 1) + blank_behind(text, last - 1));
    return piece;
}

/* Quotes, which hang at both ends of a line, and what hangs at its end (clreq, "Hanging punctuation";
 * JLREQ, "Line-end hanging punctuation"). */
static bool hangs_at_start(unsigned code)
{
    static const unsigned codes[] = {'"',    '\'',   0xab,   0x2018, 0x201a, 0x201c,
                                     0x201e, 0x2039, 0x300c, 0x300e, 0xff62};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool hangs_at_end(unsigned code)
{
    static const unsigned codes[] = {'"',    '\'',   ',',    '.',    '-',    0xbb,   0x2010,
                                     0x2013, 0x2019, 0x201d, 0x203a, 0x3001, 0x3002, 0x300d,
                                     0x300f, 0xff0c, 0xff0e, 0xff61, 0xff63, 0xff64};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

void tagline_text_hang(const struct tagline_text *text, size_t start, size_t end, int *left_px,
                       int *right_px)
{
    struct tagline_piece whole = tagline_text_measure(text, start, end), rest;
    size_t first = start, last = end;
    *left_px = *right_px = 0;
    while (first < end && (text->characters[first].is_space || text->characters[first].face < 0))
        first++;
    while (last > first &&
           (text->characters[last - 1].is_space || text->characters[last - 1].face < 0))
        last--;
    size_t opens = first, closes = last;
    while (opens < last && hangs_at_start(text->characters[opens].code))
        opens++;
    while (closes > opens && hangs_at_end(text->characters[closes - 1].code))
        closes--;
    if (opens == closes) /* nothing else is in it */
        return;
    int most = (int)(HANGING_EM * tagline_fonts_size(text->fonts));
    if (opens > first) {
        rest = tagline_text_measure(text, opens, end);
        *left_px = (int)(whole.advance - whole.lead - (rest.advance - rest.lead));
    }
    if (closes < last) {
        rest = tagline_text_measure(text, start, closes);
        *right_px = (int)(whole.advance - whole.trail - (rest.advance - rest.trail));
    }
    *left_px = *left_px < most ? *left_px : most;
    *right_px = *right_px < most ? *right_px : most;
}

double tagline_text_hanging(const struct tagline_text *text)
{
    bool start = false, end = false;
    for (size_t i = 0; i < text->count; i++) {
        start |= hangs_at_start(text->characters[i].code);
        end |= hangs_at_end(text->characters[i].code);
    }
    return (start ? HANGING_EM : 0) + (end ? HANGING_EM : 0);
}

void tagline_text_reach(const struct tagline_text *text, size_t start, size_t end, int *above_px,
                        int *below_px)
{
    for (size_t at = start; at < end; at++) {
        if (text->characters[at].face < 0)
            continue;
        struct tagline_glyph glyph = glyph_of(text, at);
        *above_px = glyph.top > *above_px ? glyph.top : *above_px;
        *below_px = -glyph.bottom > *below_px ? -glyph.bottom : *below_px;
    }
}

bool tagline_text_draw(const struct tagline_text *text, size_t start, size_t end, int x, int y,
                       const struct tagline_plane *plane, struct err *err)
{
    for (size_t at = start; at < end;) {
        int before = cell_before(text, at);
        struct tagline_run run = next_run(text, &at, end);
        if (run.face < 0)
            continue;
        x += before;
        if (!tagline_fonts_draw(text->fonts, &run, x, y, plane, err))
            return false;
        x += tagline_fonts_width(text->fonts, &run) + kern_after(text, at - 1);
    }
    return true;
}
