/* Draws the text of a picture over what is on a canvas, as much of it as is seen, and its lines where
 * they are while they come up. Arithmetic only; any thread. */
#ifndef SCREEN_COMPOSE_TEXT_H
#define SCREEN_COMPOSE_TEXT_H

#include "screen/compose.h"

/* Where the text of a picture is on its screen: all pixels that compose_text may touch. A width of 0:
 * nothing is seen of it. */
struct layout_box compose_text_box(const struct picture *picture,
                                   const struct picture_text_view *view);

/* Draws the text over `part`, whose top left corner is at x_px, y_px of the screen. Nothing outside the
 * part is touched; parts share nothing that changes. */
void compose_text(const struct canvas *part, int x_px, int y_px, const struct picture *picture,
                  const struct picture_text_view *view);

#endif
