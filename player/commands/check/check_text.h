/* Warnings about taglines as they are set: characters without a glyph, type that became too
 * small, contrast. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_TEXT_H
#define COMMANDS_CHECK_CHECK_TEXT_H

#include "commands/check/check_report.h"
#include "commands/check/check_screens.h"
#include "sandbox/protocol.h"
#include "screen/compose.h"

/* A spot's texts in one of its languages (playlist_spot_language) on one screen. */
struct check_text {
    const struct playlist *playlist;
    int spot, text;       /* indexes of the spots, and of the spot's languages */
    const char *language; /* that it is set by */
    const struct check_screen *screen;
    const struct protocol_facts *facts;
    const bool *is_under_qr; /* by level */
    const double
        *contrast;  /* by level, with the visual, by check_text_measure; INFINITY: not known */
    bool first;     /* the first of the screens: report what is the same on all of them */
    bool *bad_font; /* by asset: reported already */
};

/* The language that a spot's texts are set by: playlist_spot_language, or English where they serve all.
 * NULL where there are no more. */
const char *check_text_language(const struct playlist_spot *spot, size_t index);

void check_text_judge(const struct check_text *text, struct check_report *report);

/* Whether there is a text of this level. */
bool check_text_has(const struct check_text *text, enum text_level level);

/* Whether its letters can't be told from what is beside and behind them: check_text_measure needs its
 * ink. */
bool check_text_needs_ink(const struct check_text *text, enum text_level level);

/* Measures the contrast of a text with the visual behind it. `canvas` is scratch, of the screen's size,
 * upright; the frames are upright, too: `frame` has all texts, `ink` (NULL where it is not needed) the
 * letters of this one alone. ERR_SYSTEM when out of memory. */
MUST_CHECK bool check_text_measure(const struct check_text *text, enum text_level level,
                                   const struct canvas *canvas, struct frame *visual,
                                   struct frame *frame, const struct frame *ink, double *contrast,
                                   struct err *err);

/* The place of a spot's text that is shown in this language, of a style's font. */
struct check_place check_text_place(const struct playlist *playlist, int spot,
                                    enum text_level level, const char *language);
struct check_place check_text_font_place(const struct playlist_style *style,
                                         const struct playlist_font *font);

#endif
