/* Composing on the processor: pictures flattened into plain pixels, and two of those mixed.
 *
 * What display_cpu shows and `preview` writes; display_gpu borrows the dissolve. Arithmetic only:
 * no window, no state; any thread. Canvases are rows of 0xFFRRGGBB words; all canvases of one call
 * have the same size. */
#ifndef STAGE_COMPOSE_H
#define STAGE_COMPOSE_H

#include "stage/picture.h"

struct canvas {
    void *pixels;
    size_t stride_bytes;
    int width_px, height_px;
};

/* Draws ground, visual at its moment, tagline; every pixel is written. A moving visual is sampled
 * between pixels (bilinear), so that slow motion does not step. */
void compose_picture(const struct canvas *canvas, const struct picture_view *view);

/* target = from + (to - from) × mix, as stored. `target` may be `from` or `to`. Exact at 0 and 1;
 * between, mix counts in 256ths. */
void compose_crossfade(const struct canvas *target, const struct canvas *from,
                       const struct canvas *to, double mix);

/* The same in linear light (IEC 61966-2-1). */
void compose_dissolve(const struct canvas *target, const struct canvas *from,
                      const struct canvas *to, double mix);

/* Darkens: 1 leaves the canvas as it is, 0 is black. */
void compose_dim(const struct canvas *canvas, double dim);

/* Copies one canvas into another. */
void compose_copy(const struct canvas *target, const struct canvas *source);

#endif
