/* Draws the house card's background: calm water with one small duckling, drawn by code alone.
 *
 * A screen shows it while it has nothing else. Pure arithmetic; runs in a worker process, so that a
 * large screen does not hold up the player. */
#ifndef WORKER_HOUSE_CARD_H
#define WORKER_HOUSE_CARD_H

#include <stdbool.h>
#include <stddef.h>

/* Draws height_px rows of 0xFFRRGGBB words. `plain`: the water alone, for a wall on which nobody
 * should wonder what it means. */
void house_card_paint(void *pixels, size_t stride_bytes, int width_px, int height_px, bool plain);

#endif
