/* Warnings about taglines as they are set: characters without a glyph, type that became too
 * small, contrast. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_TEXT_H
#define COMMANDS_CHECK_CHECK_TEXT_H

#include "commands/check/check_report.h"
#include "commands/check/check_screens.h"
#include "sandbox/protocol.h"
#include "screen/compose.h"

/* A tagline in one language on one screen. */
struct check_text {
    const struct playlist *playlist;
    int spot, text;       /* indexes of the spots, and of the spot's texts */
    const char *language; /* that it is set by */
    const struct check_screen *screen;
    const struct protocol_facts *facts;
    double contrast; /* with the visual, by check_text_measure; INFINITY: not known */
    bool first;      /* the first of the screens: report what is the same on all of them */
    bool *bad_font;  /* by asset: reported already */
};

void check_text_judge(const struct check_text *text, struct check_report *report);

/* Measures the contrast of a tagline with the visual behind it. `canvas` is scratch, of the
 * screen's size, upright; both frames are upright, too. ERR_SYSTEM when out of memory. */
MUST_CHECK bool check_text_measure(const struct check_text *text, const struct canvas *canvas,
                                   struct frame *visual, struct frame *frame, double *contrast,
                                   struct err *err);

/* The place of a spot's text, of a style's font. */
struct check_place check_text_place(const struct playlist *playlist, int spot, int text);
struct check_place check_text_font_place(const struct playlist_style *style,
                                         const struct playlist_font *font);

#endif
