/* Samples rows of 8-bit values between the values (linear), so that a slowly moving film doesn't
 * step: along the rows first, without rounding, then between rows.
 *
 * Arithmetic only; any thread. Only compose*.c include this. */
#ifndef SCREEN_COMPOSE_YUV_H
#define SCREEN_COMPOSE_YUV_H

#include <stdbool.h>
#include <stdint.h>

#define COMPOSE_YUV_EIGHT 8
#define COMPOSE_YUV_SPARE 16 /* samples that may be read or written beyond a row */
#define COMPOSE_YUV_WEIGHTS 32768

/* Where eight samples of a result come from: pairs of places, counted from `first`, and their
 * weights in 128ths, in the order in which byte shuffles take them. */
struct compose_taps {
    uint8_t places[2 * COMPOSE_YUV_EIGHT];
    uint8_t weights[2 * COMPOSE_YUV_EIGHT];
    int32_t first;
};

static inline int compose_yuv_groups(int count)
{
    return (count + COMPOSE_YUV_EIGHT - 1) / COMPOSE_YUV_EIGHT;
}

/* Fills compose_yuv_groups(count) taps for `count` results: the first at `position` (0: the
 * middle of the first of `size` samples), each `step`, at most 8, after the one before. Beyond
 * the ends the outer samples are repeated. True when compose_yuv_along may use its fast path. */
bool compose_yuv_taps(struct compose_taps *taps, int count, double position, double step, int size);

/* Samples one row; the results are (sample - 128) × 128. `near`: what compose_yuv_taps returned. */
void compose_yuv_along(int16_t *result, const uint8_t *row, const struct compose_taps *taps,
                       int count, bool near);

/* Blends two such rows, and returns to samples. `weight` is the lower row's, in
 * COMPOSE_YUV_WEIGHTS, and less than that. */
void compose_yuv_between(uint8_t *result, const int16_t *upper, const int16_t *lower, int weight,
                         int count);

#endif
