/* Where a picture lies against burn-in: a pixel further each minute, along all places of a small
 * square, and back. The same on all screens at an instant. Pure. */
#ifndef CORE_PIXEL_SHIFT_H
#define CORE_PIXEL_SHIFT_H

#include <stdint.h>

#define PIXEL_SHIFT_MAX 16 /* in each direction */
#define PIXEL_SHIFT_MS 60000

/* At an instant (Unix time), no further than `most_px` (0 to PIXEL_SHIFT_MAX) in each direction. */
void pixel_shift_at(int64_t t_ms, int most_px, int *x_px, int *y_px);

/* When it moves next. */
int64_t pixel_shift_next_ms(int64_t t_ms);

#endif
