/* Mixes pictures on the processor: draws each into plain pixels, and crossfades or dissolves two
 * of them.
 *
 * What display_cpu shows and `preview` writes; display_gpu borrows the dissolve. Arithmetic only:
 * no window, no state but the caller's; any thread. Canvases are rows of 0xFFRRGGBB words; all
 * canvases of one call have the same size. */
#ifndef SCREEN_COMPOSE_H
#define SCREEN_COMPOSE_H

#include "screen/picture.h"

struct canvas {
    void *pixels;
    size_t stride_bytes;
    int width_px, height_px;
};

/* What drawing films needs beside the canvas. Who draws many frames keeps one for each picture that
 * is on, zeroed before the first, and then nothing is allocated for a frame but a row or two inside
 * libyuv. */
struct compose_buffers {
    void *planes; /* a film's frame, scaled */
    size_t planes_bytes;
    void *scaled;          /* the last result in there */
    uint64_t planes_frame; /* the frame, by its id, that it is of, where that is needed again; 0 */
    void *rows;            /* a few rows of a film that moves, and where they are sampled from */
    size_t rows_bytes;
};

void compose_buffers_finish(struct compose_buffers *buffers);

/* Draws ground, visual at its moment, tagline; every pixel is written. A moving visual is sampled
 * between pixels (bilinear), so that slow motion does not step. False: no memory for the buffers,
 * and nothing but ground was drawn; never so for pictures without film. */
bool compose_view(const struct canvas *canvas, const struct picture_view *view,
                  struct compose_buffers *buffers);

/* The same, with buffers of its own. Without memory for them there is only ground. */
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
