/* A frame of what was on a screen: pixels of a canvas, for the canvas's own place. Main thread. */
#ifndef SCREEN_CANVAS_FRAME_H
#define SCREEN_CANVAS_FRAME_H

#include "screen/compose.h"

/* Takes the pixels over, from malloc, also on failure. It has one holder, and lies at 0, 0. NULL
 * when out of memory. */
struct frame *canvas_frame_create(const struct canvas *canvas);

#endif
