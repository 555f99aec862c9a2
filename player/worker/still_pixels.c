#include "worker/still_pixels.h"

#include <stdlib.h>

bool still_pixels_allocate(struct still_pixels *pixels, enum still_layout layout, int width_px,
                           int height_px, struct err *err)
{
    pixels->layout = layout;
    pixels->width_px = width_px;
    pixels->height_px = height_px;
    pixels->stride_bytes = (size_t)width_px * still_layout_bytes(layout);
    pixels->bytes = calloc((size_t)height_px, pixels->stride_bytes);
    return pixels->bytes || err_oom(err);
}

void still_pixels_finish(struct still_pixels *pixels)
{
    free(pixels->bytes);
    *pixels = (struct still_pixels){0};
}
