/* Lays pixels with alpha over pixels without. The same on every processor, and wherever a row is cut
 * into parts. Arithmetic only; any thread. */
#ifndef SCREEN_BLEND_H
#define SCREEN_BLEND_H

#include <stdint.h>

#define BLEND_WHOLE 256

/* Lays `count` pixels of `over` (premultiplied, 0xAARRGGBB), faded to level ÷ BLEND_WHOLE, over those
 * of `under`, which are opaque then. */
void blend_row(uint32_t *under, const uint32_t *over, int count, int level);

#endif
