/* Scaling with a good filter (zimg's Lanczos with three lobes): once for each picture, never for
 * each frame.
 *
 * Runs in a worker process; one thread. Works row by row: no copy of the picture is made. */
#ifndef WORKER_STILL_SCALE_H
#define WORKER_STILL_SCALE_H

#include "core/err.h"
#include "core/layout.h"

#include <stddef.h>
#include <stdint.h>

enum still_scale_format {
    STILL_SCALE_RGB24,    /* bytes R, G, B */
    STILL_SCALE_RGBA32,   /* bytes R, G, B, A; alpha not premultiplied */
    STILL_SCALE_ARGB8888, /* 0xAARRGGBB words in native byte order; alpha not premultiplied */
};

struct still_scale_source {
    const void *pixels;
    size_t stride_bytes;
    int width_px, height_px;
    enum still_scale_format format;
    struct layout_rect part; /* in pixels, fractions allowed; inside the picture */
    uint32_t background;     /* 0xRRGGBB, shows through alpha */
};

struct still_scale_target {
    void *pixels; /* 0xFFRRGGBB words */
    size_t stride_bytes;
    int width_px, height_px;
};

/* Errors: ERR_SYSTEM (out of memory, or zimg failed). */
MUST_CHECK bool still_scale_picture(const struct still_scale_source *source,
                                    const struct still_scale_target *target, struct err *err);

#endif
