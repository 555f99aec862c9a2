/* Turns what a screen shows into one picture for a screen of another size, to be shown until
 * pictures of that size are ready; and scales screens down for contact sheets. Main thread. */
#ifndef SCREEN_SNAPSHOT_H
#define SCREEN_SNAPSHOT_H

#include "screen/display.h"

/* Draws the mix, which was made for a screen of width_px × height_px, and fits the result into
 * one of new_width_px × new_height_px, which it covers without distortion. A text stays one, so that
 * it goes before another comes. The frozen frame of a
 * display is not known here: a mix that starts from it starts from its `from` instead. The
 * picture has the name of mix->to's, and belongs to the caller. NULL when out of memory. */
struct picture *snapshot_take(const struct display_mix *mix, int width_px, int height_px,
                              int new_width_px, int new_height_px);

/* Scales a canvas of opaque pixels down into another: each pixel is the mean of all that lies under
 * it, so that fine lines grow faint, but never vanish. */
void snapshot_scale(const struct canvas *from, const struct canvas *to);

#endif
