/* Samples a picture between its pixels (bilinear), so that slow motion doesn't step.
 *
 * Arithmetic only; any thread. Only compose*.c include this. */
#ifndef SCREEN_COMPOSE_MOTION_H
#define SCREEN_COMPOSE_MOTION_H

#include "screen/compose.h"

/* Rows of 0xAARRGGBB words. */
struct compose_image {
    const void *pixels;
    size_t stride_bytes;
    int width_px, height_px;
};

/* Rows of a box, counted from its top; `end` is the first that is none of them. */
struct compose_rows {
    int first, end;
};

/* Draws `crop` of the image, in fractions of it, so that it fills `at`, which lies inside the
 * canvas; of that only `rows`. Meant for crops of up to twice the size of their place: larger ones become
 * jagged. */
void compose_motion_sample(const struct canvas *canvas, const struct layout_box *at,
                           const struct compose_image *image, struct layout_rect crop,
                           struct compose_rows rows);

#endif
