/* Rows of 8-bit samples, taken between samples (linear): what a film that moves slowly needs so as
 * not to step. Along the rows first, without rounding, then from row to row.
 *
 * Arithmetic only; any thread. Only compose*.c include this. */
#ifndef SCREEN_COMPOSE_YUV_H
#define SCREEN_COMPOSE_YUV_H

#include <stdbool.h>
#include <stdint.h>

#define COMPOSE_YUV_EIGHT 8
#define COMPOSE_YUV_SPARE 16 /* samples that may be read or written beyond a row */
#define COMPOSE_YUV_WEIGHTS 32768

/* Where eight samples of a result come from: pairs of places, counted from `first`, and what each
 * weighs, in 128ths, as processors with byte shuffles take them. */
struct compose_taps {
    uint8_t places[2 * COMPOSE_YUV_EIGHT];
    uint8_t weights[2 * COMPOSE_YUV_EIGHT];
    int32_t first;
};

static inline int compose_yuv_groups(int count)
{
    return (count + COMPOSE_YUV_EIGHT - 1) / COMPOSE_YUV_EIGHT;
}

/* For `count` results, the first at `position` (0: the middle of the first of `size` samples), each
 * `step` after the one before, at most 8; beyond the outer samples these go on. Fills
 * compose_yuv_groups of `count`. True when compose_yuv_along may take its fast way. */
bool compose_yuv_taps(struct compose_taps *taps, int count, double position, double step, int size);

/* One row: samples less 128, times 128. `near`: as compose_yuv_taps told. */
void compose_yuv_along(int16_t *result, const uint8_t *row, const struct compose_taps *taps,
                       int count, bool near);

/* Between two such rows, back to samples: `weight` of COMPOSE_YUV_WEIGHTS is the lower one's,
 * less than all. */
void compose_yuv_between(uint8_t *result, const int16_t *upper, const int16_t *lower, int weight,
                         int count);

#endif
