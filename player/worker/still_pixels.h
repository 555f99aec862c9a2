/* A decoded picture in memory, as its file stores it: not yet scaled, turned or converted to sRGB.
 *
 * Runs in a worker process. */
#ifndef WORKER_STILL_PIXELS_H
#define WORKER_STILL_PIXELS_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

enum still_layout {
    STILL_GREY8,  /* a byte a pixel */
    STILL_RGB24,  /* bytes R, G, B */
    STILL_RGBA32, /* bytes R, G, B, A; alpha not premultiplied */
    STILL_CMYK32, /* bytes C, M, Y, K; 255 is full ink */
};

/* Bytes of one pixel. */
static inline size_t still_layout_bytes(enum still_layout layout)
{
    static const uint8_t bytes[] = {
        [STILL_GREY8] = 1, [STILL_RGB24] = 3, [STILL_RGBA32] = 4, [STILL_CMYK32] = 4};
    return bytes[layout];
}

struct still_color;

/* What a decoder makes of a file. Zeroed: nothing. */
struct still_pixels {
    enum still_layout layout;
    int width_px, height_px;
    size_t stride_bytes;       /* width_px pixels */
    uint8_t *bytes;            /* height_px rows */
    struct still_color *color; /* how these values become sRGB; NULL: they are, or CMYK inks */
    uint32_t notes;            /* enum protocol_still_note */
};

/* Allocates zeroed rows; width and height are within the limits of still_header.h. Errors:
 * ERR_SYSTEM (out of memory). */
MUST_CHECK bool still_pixels_allocate(struct still_pixels *pixels, enum still_layout layout,
                                      int width_px, int height_px, struct err *err);

/* The first byte of a row. */
static inline uint8_t *still_pixels_row(const struct still_pixels *pixels, int y)
{
    return pixels->bytes + pixels->stride_bytes * (size_t)y;
}

/* Frees the rows; `color` stays the owner's. Zeroed memory is allowed. */
void still_pixels_finish(struct still_pixels *pixels);

#endif
