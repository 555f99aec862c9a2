/* Finds the size of a tagline's type and its lines: the largest size that fits its box, with lines
 * as even as possible.
 *
 * A text that would get more lines than its copy has by itself, or a line that looks left over, is
 * set up to 12 percent smaller where that saves a line. */
#ifndef WORKER_TEXT_TAGLINE_FIT_H
#define WORKER_TEXT_TAGLINE_FIT_H

#include "core/err.h"
#include "core/text_style.h"
#include "worker/text/tagline_balance.h"
#include "worker/text/tagline_text.h"

#include <stdbool.h>

/* In ems, by script: the distance of lines, unless a style says it (leading above 0), and how far the
 * block reaches above the first and below the last baseline. */
struct tagline_measure {
    double leading, ascent, descent;
};
struct tagline_measure tagline_fit_measure(enum linebreak_script script, double leading);

/* The space for a tagline on a canvas, in pixels. */
struct tagline_bounds {
    struct layout_rect area; /* in which it stands; no ink leaves it */
    bool is_box;             /* the style's, else the safe area */
    double width, height;    /* for headlines; at most the area's, which is for very long texts */
    int asked_px, floor_px,
        least_px; /* sizes: asked for; least that can be read from afar; least of all */
    size_t lines_max;
    double leading; /* as struct text_style has it */
    bool hangs;
};
struct tagline_bounds tagline_fit_bounds(int canvas_width_px, int canvas_height_px,
                                         const struct text_style *style);

struct tagline_fit {
    int size_px;
    struct tagline_pieces pieces;
    struct tagline_lines lines;
    bool is_cut; /* does not fit even at the least size */
};

/* Fits the text and leaves its faces at the size found. A text that does not fit even at the least
 * size is set at that size, and its last lines are outside the bounds. Errors: ERR_SYSTEM,
 * ERR_INPUT (a face rejects a size). */
MUST_CHECK bool tagline_fit_text(const struct tagline_text *text,
                                 const struct tagline_bounds *bounds, struct tagline_fit *fit,
                                 struct err *err);

#endif
