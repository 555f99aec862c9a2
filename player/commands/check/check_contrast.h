/* Contrast of a text with what is behind it (WCAG 2.2, "contrast ratio"). Arithmetic only; any
 * thread. */
#ifndef COMMANDS_CHECK_CHECK_CONTRAST_H
#define COMMANDS_CHECK_CHECK_CONTRAST_H

#include "core/err.h"
#include "screen/compose.h"

/* What WCAG 2.2 (1.4.3) requires of large text. */
#define CHECK_CONTRAST_LEAST 3.0

/* Between two colors (0xRRGGBB): 1 to 21. */
double check_contrast_colors(uint32_t a, uint32_t b);

/* Between a text of a color, type size_px high, and the pixels that touch its letters, as `screen`
 * shows them: visual, scrim and shadow. Of these the worst tenth counts: *ratio is the contrast
 * that nine tenths of them have at least. `text` is the text's frame on that screen, upright; what
 * is behind its letters is black where the text is light, else white (tagline_paint.c). False when
 * out of memory. */
MUST_CHECK bool check_contrast_measure(const struct canvas *screen, const struct frame *text,
                                       uint32_t color, int size_px, double *ratio, struct err *err);

#endif
