/* A frame of what was on a screen: pixels of a canvas. Main thread. */
#ifndef SCREEN_CANVAS_FRAME_H
#define SCREEN_CANVAS_FRAME_H

#include "screen/compose.h"

/* Takes the pixels over, from malloc, also on failure. The frame covers a place of this size at 0, 0
 * without distortion, and has one holder. NULL when out of memory. */
struct frame *canvas_frame_create(const struct canvas *canvas, int width_px, int height_px);

#endif
