#include "core/pixel_shift.h"

static int64_t minute_of(int64_t t_ms)
{
    return t_ms / PIXEL_SHIFT_MS - (t_ms % PIXEL_SHIFT_MS < 0);
}

/* Row by row, each in the other direction, to the last place and back the same way. */
void pixel_shift_at(int64_t t_ms, int most_px, int *x_px, int *y_px)
{
    int side = 2 * most_px + 1, last = side * side - 1;
    int round = 2 * last, step = last ? (int)((minute_of(t_ms) % round + round) % round) : 0;
    int place = step <= last ? step : round - step;
    int row = place / side, column = place % side;
    *x_px = (row % 2 ? side - 1 - column : column) - most_px;
    *y_px = row - most_px;
}

int64_t pixel_shift_next_ms(int64_t t_ms)
{
    return (minute_of(t_ms) + 1) * PIXEL_SHIFT_MS;
}
