/* Sets a text in the font of boxes, and says where its lines end. */
#ifndef TESTS_UNIT_SET_TEXT_H
#define TESTS_UNIT_SET_TEXT_H

#include "worker/text/tagline_fit.h"

#include "sample_font.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SET_LINES_BYTES (3 * LINEBREAK_TEXT_BYTES_MAX)

struct set_text {
    int size_px;
    size_t lines, copy_lines;
    char broken[SET_LINES_BYTES]; /* with '|' between the lines */
    /* How good a place each byte of the text is to begin a line, and whether a line begins there. */
    unsigned char ranks[LINEBREAK_TEXT_BYTES_MAX];
    bool begins[LINEBREAK_TEXT_BYTES_MAX];
    size_t bytes;
};

static void set_text_read_lines(const struct tagline_text *text, const struct tagline_fit *fit,
                                struct set_text *set)
{
    size_t used = 0;
    for (size_t line = 0, piece = 0; line < fit->lines.count; line++) {
        size_t first = text->characters[fit->pieces.items[piece].start].start;
        set->begins[first] = true;
        if (line > 0)
            set->broken[used++] = '|';
        for (; piece < fit->lines.ends[line]; piece++) {
            size_t from = text->characters[fit->pieces.items[piece].start].start;
            const struct tagline_character *last =
                &text->characters[fit->pieces.items[piece].end - 1];
            size_t bytes = (size_t)last->start + last->bytes - from;
            memcpy(set->broken + used, text->text + from, bytes);
            used += bytes;
        }
    }
    set->broken[used] = '\0';
}

/* `font` is sample_font_open's. */
static void set_text(const char *source, const char *language, const struct linebreak_words *words,
                     int font, const struct tagline_bounds *bounds, struct set_text *set)
{
    struct err err = {0};
    struct tagline_text text = {0};
    struct tagline_face face = {.fd = font};
    struct tagline_fit *fit = calloc(1, sizeof *fit);
    assert_non_null(fit);
    memset(set, 0, sizeof *set);
    assert_true(tagline_text_init(&text, source, language, words, &err));
    struct tagline_fonts *fonts = tagline_fonts_open(&face, 1, text.script, bounds->floor_px, &err);
    if (!fonts)
        fail_msg("%s", err.text);
    tagline_text_choose_faces(&text, fonts);
    assert_int_equal(text.missing, 0);
    assert_true(tagline_fit_text(&text, bounds, fit, &err));
    set->size_px = fit->size_px;
    set->lines = fit->lines.count;
    set->copy_lines = text.copy_lines;
    set->bytes = strlen(text.text);
    for (size_t i = 0; i < text.count; i++)
        set->ranks[text.characters[i].start] = (unsigned char)text.characters[i].before;
    set_text_read_lines(&text, fit, set);
    tagline_fonts_close(fonts);
    tagline_text_finish(&text);
    free(fit);
}

#endif
