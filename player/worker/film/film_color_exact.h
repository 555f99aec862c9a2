/* Colors of films that store light itself, sample by sample: near black a screen's code rises so
 * steeply with light that what is between two cells of a table of colors is far from either. Part
 * of film. */
#ifndef WORKER_FILM_FILM_COLOR_EXACT_H
#define WORKER_FILM_FILM_COLOR_EXACT_H

#include "worker/film/film_color.h"

#include <stdint.h>

struct film_color_exact;

bool film_color_exact_suits(const struct film_color_map *map);

/* For a map that suits. NULL if out of memory. */
struct film_color_exact *film_color_exact_create(const struct film_color_map *map);

/* One member of the result (0: Y, 1: Cb, 2: Cr) for `count` samples, whose members are in 16 bits.
 * To what is rounded down, dithers[x & 7] 64ths are added first. */
void film_color_exact_row(const struct film_color_exact *exact, int member, uint16_t *const rows[3],
                          int count, const uint8_t dithers[8], uint8_t *into);

/* NULL is allowed. */
void film_color_exact_destroy(struct film_color_exact *exact);

#endif
