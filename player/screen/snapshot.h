/* What a screen showed, as one picture for a screen of another size.
 *
 * It stays on the wall until pictures of the new size are there. Main thread. */
#ifndef SCREEN_SNAPSHOT_H
#define SCREEN_SNAPSHOT_H

#include "screen/display.h"

/* Composes the mix, which was made for a screen of width_px × height_px, and fits the result into
 * one of new_width_px × new_height_px: covered whole, not distorted. What display_freeze kept is
 * not known here: a mix that starts from it starts from its `from` instead. The picture has the
 * name of mix->to's, and is the caller's. NULL when out of memory. */
struct picture *snapshot_take(const struct display_mix *mix, int width_px, int height_px,
                              int new_width_px, int new_height_px);

/* Scales a canvas down into another, both of opaque pixels, by averaging what each pixel covers.
 * ERR_SYSTEM: out of memory. */
bool snapshot_scale(const struct canvas *from, const struct canvas *to, struct err *err);

#endif
