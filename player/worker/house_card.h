/* Draws the house card's ground: calm water with one small duckling, made by nothing but code.
 *
 * What a screen shows while it has nothing else. Pure arithmetic; runs in a worker process, so that
 * a large wall does not hold up the player. */
#ifndef WORKER_HOUSE_CARD_H
#define WORKER_HOUSE_CARD_H

#include <stddef.h>

/* Draws height_px rows of 0xFFRRGGBB words. */
void house_card_paint(void *pixels, size_t stride_bytes, int width_px, int height_px);

#endif
