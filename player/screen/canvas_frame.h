/* A frame of what was drawn on a canvas, or was on a screen. Main thread. */
#ifndef SCREEN_CANVAS_FRAME_H
#define SCREEN_CANVAS_FRAME_H

#include "core/layout.h"
#include "screen/compose.h"

/* Takes the pixels over, from malloc, also on failure. The frame lies at `at`, and has one holder.
 * NULL when out of memory, or where the canvas has no pixels. */
struct frame *canvas_frame_create(const struct canvas *canvas, struct layout_box at, bool opaque);

/* The same of an opaque canvas, which covers a place of this size at 0, 0 without distortion. */
struct frame *canvas_frame_create_covering(const struct canvas *canvas, int width_px,
                                           int height_px);

#endif
