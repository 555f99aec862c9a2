/* Contrast of a text with what is behind it (WCAG 2.2, "contrast ratio"). Arithmetic only; any
 * thread. */
#ifndef COMMANDS_CHECK_CHECK_CONTRAST_H
#define COMMANDS_CHECK_CHECK_CONTRAST_H

#include "core/err.h"
#include "screen/compose.h"

/* What WCAG 2.2 (1.4.3) requires of large text. */
#define CHECK_CONTRAST_LEAST 3.0

/* A color (0xRRGGBB) through which another one is seen; opacity is 0 to 1. */
uint32_t check_contrast_mix(uint32_t over, uint32_t under, double opacity);

/* Between two colors (0xRRGGBB): 1 to 21. */
double check_contrast_colors(uint32_t a, uint32_t b);

struct check_contrast_text {
    /* On that screen, upright. What is behind its letters is black where the text is light, else white
     * (tagline_paint.c); or is_ink: there is nothing behind them. */
    const struct frame *frame;
    bool is_ink;
    uint32_t color; /* of the letters to look at; where others are, too, the frame must be of ink */
    double opacity;
    int size_px;
};

/* Between a text of a color and the pixels that touch its letters, as `screen` shows them: visual,
 * scrim and shadow. Of these the worst tenth counts: *ratio is the contrast that nine tenths of them
 * have at least. False when out of memory. */
MUST_CHECK bool check_contrast_measure(const struct canvas *screen,
                                       const struct check_contrast_text *text, double *ratio,
                                       struct err *err);

#endif
