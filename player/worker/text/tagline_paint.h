/* Draws a tagline's coverage as a picture: scrim, shadow, text. Pure except for memory; any
 * thread. */
#ifndef WORKER_TEXT_TAGLINE_PAINT_H
#define WORKER_TEXT_TAGLINE_PAINT_H

#include "core/err.h"
#include "core/text_style.h"
#include "worker/text/tagline_fonts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tagline_paint_style {
    struct text_style style;
    int size_px; /* the em */
    int canvas_width_px, canvas_height_px;
    uint32_t inks[1 + TEXT_SPANS_MAX]; /* 0xRRGGBB, by the numbers of tagline_plane.inks */
};

/* On the canvas, in pixels. */
struct tagline_area {
    int x, y, width, height;
};

/* The smallest area with all of a plane's coverage; width 0 if there is none. */
struct tagline_area tagline_paint_ink(const struct tagline_plane *plane);

/* The area of `ink`, extended by shadow and scrim; may be larger than the canvas, from whose edge a
 * scrim may come. */
struct tagline_area tagline_paint_reach(const struct tagline_paint_style *paint_style,
                                        const struct tagline_area *ink);

/* Draws `box` of the canvas: rows of premultiplied ARGB8888, every pixel written. Shadow and scrim
 * are dark behind light text, light behind dark text, unless the style gives the shadow a color, which
 * both have then. ERR_SYSTEM when out of memory. */
MUST_CHECK bool tagline_paint_box(const struct tagline_paint_style *paint_style,
                                  const struct tagline_plane *plane, const struct tagline_area *box,
                                  void *pixels, size_t stride_bytes, struct err *err);

#endif
