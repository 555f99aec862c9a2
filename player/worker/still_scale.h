/* Scaling with a good filter (zimg's Lanczos with three lobes): once for each picture, never for
 * each frame.
 *
 * Runs in a worker process; one thread. Works row by row: no copy of the picture is made. */
#ifndef WORKER_STILL_SCALE_H
#define WORKER_STILL_SCALE_H

#include "core/err.h"
#include "core/layout.h"
#include "worker/still_pixels.h"

#include <stddef.h>
#include <stdint.h>

/* What comes out: four bytes a pixel. */
enum still_scale_result {
    /* 0xFFRRGGBB words in native byte order; what is transparent shows the background. */
    STILL_SCALE_WORDS,
    /* Bytes in the order of the source's layout, which has four. R, G and B are premultiplied with
     * alpha, rounded, and at most alpha, so that hidden colors do not bleed into their neighbors;
     * inks are as they are. */
    STILL_SCALE_BYTES,
};

struct still_scale_source {
    const uint8_t *bytes;
    size_t stride_bytes;
    int width_px, height_px;
    enum still_layout layout; /* STILL_CMYK32: only for STILL_SCALE_BYTES */
    struct layout_rect part;  /* in pixels, fractions allowed; inside the picture */
    uint32_t background;      /* 0xRRGGBB, shows through alpha; for STILL_SCALE_WORDS */
};

struct still_scale_target {
    enum still_scale_result result;
    void *pixels; /* aligned for words */
    size_t stride_bytes;
    int width_px, height_px;
};

/* Errors: ERR_SYSTEM (out of memory, or zimg failed). */
MUST_CHECK bool still_scale_picture(const struct still_scale_source *source,
                                    const struct still_scale_target *target, struct err *err);

#endif
