/* Converts whole frames by a film_color_map, through a table of colors: as fast for any color.
 * Part of film.
 *
 * The table has the result for 65 values of Y, and 33 of Cb and of Cr; what lies between is
 * interpolated, linearly in each. Grays, whose Cb and Cr are in the table, come out gray. */
#ifndef WORKER_FILM_FILM_COLOR_TABLE_H
#define WORKER_FILM_FILM_COLOR_TABLE_H

#include "worker/film/film_color.h"

#include <stddef.h>
#include <stdint.h>

struct film_color_table;

/* For planes of `bits` (8 to 16) a sample, up to `width_px` wide, 1 to 16384. NULL if out of
 * memory. */
struct film_color_table *film_color_table_create(const struct film_color *color, int bits,
                                                 enum frame_matrix into, int width_px);

/* Planes Y, U and V, the latter two at half the size both ways, rounded up. Samples of more than 8
 * bits are words in native byte order. */
struct film_color_planes {
    const uint8_t *planes[3];
    int strides_bytes[3];
};

/* Converts a frame into 8 bits a sample, in planes of the same shape that overlap none of its. */
void film_color_table_apply(struct film_color_table *table, const struct film_color_planes *from,
                            int width_px, int height_px, uint8_t *const into[3],
                            const int strides_bytes[3]);

/* NULL is allowed. */
void film_color_table_destroy(struct film_color_table *table);

#endif
