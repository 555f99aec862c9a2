/* Lays pixels with alpha over pixels without. The same on every processor, and wherever a row is cut
 * into parts. Arithmetic only; any thread. */
#ifndef SCREEN_BLEND_H
#define SCREEN_BLEND_H

#include <stdint.h>

#define BLEND_WHOLE 256

/* Lays `count` pixels of `over` (premultiplied, 0xAARRGGBB), faded to level ÷ BLEND_WHOLE, over those
 * of `under`, which are opaque then. */
void blend_row(uint32_t *under, const uint32_t *over, int count, int level);

/* Fades `count` pixels to level ÷ BLEND_WHOLE, all four channels, rounded to the nearest, and sets the bits
 * of `always`: 0xff000000 for pixels that stay opaque. `to` may be `from`. */
void blend_fade_row(uint32_t *to, const uint32_t *from, int count, int level, uint32_t always);

#endif
