/* Mixes pictures on the CPU: draws each into plain pixels, and crossfades or dissolves two of them.
 *
 * display_cpu shows the result, `preview` writes it, and display_gpu uses the dissolve.
 * Arithmetic only: no window, no state but the caller's; any thread. Canvases are rows of
 * 0xFFRRGGBB words; all canvases of one call have the same size. What mixes canvases does so for a
 * range of rows by their parts (canvas_part). */
#ifndef SCREEN_COMPOSE_H
#define SCREEN_COMPOSE_H

#include "screen/picture.h"

struct canvas {
    void *pixels;
    size_t stride_bytes;
    int width_px, height_px;
};

/* A part of a canvas, which lies inside it: the same memory. */
static inline struct canvas canvas_part(const struct canvas *canvas, int x_px, int y_px,
                                        int width_px, int height_px)
{
    uint8_t *first =
        (uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)y_px + (size_t)x_px * 4;
    return (struct canvas){first, canvas->stride_bytes, width_px, height_px};
}

/* Memory for the rows of a film that are drawn one after another: of one range of rows. Zeroed before
 * its first use. */
struct compose_scratch {
    void *rows;
    size_t rows_bytes;
};

void compose_scratch_finish(struct compose_scratch *scratch);

/* Memory for drawing films. A caller that draws many frames keeps one for each picture on screen,
 * zeroed before the first frame; then nothing is allocated for a frame but a row or two inside
 * libyuv. */
struct compose_buffers {
    void *planes; /* a film's frame, scaled in steps */
    size_t planes_bytes;
    void *scaled;          /* the last step, in `planes` */
    uint64_t planes_frame; /* id of the frame in `scaled` if it can be used again; else 0 */
    struct compose_scratch scratch; /* of compose_view, which draws all rows itself */
};

void compose_buffers_finish(struct compose_buffers *buffers);

/* Draws background, visual at its moment of motion, and tagline; every pixel is written. A
 * moving visual is sampled between pixels (bilinear), so that slow motion doesn't step. False:
 * out of memory for a film, and only the background was drawn; never for pictures without film. */
bool compose_view(const struct canvas *canvas, const struct picture_view *view,
                  struct compose_buffers *buffers);

/* The same in two steps, so that threads can share the second: scales what has to be scaled (false: out
 * of memory), then draws the rows from first_row to before end_row, which touches nothing of the buffers
 * and no other row. Each range has a scratch of its own; any ranges give the pixels of compose_view.
 * False: out of memory, and the film is missing in these rows. */
bool compose_view_prepare(const struct picture_view *view, struct compose_buffers *buffers);
bool compose_view_rows(const struct canvas *canvas, const struct picture_view *view, int first_row,
                       int end_row, const struct compose_buffers *buffers,
                       struct compose_scratch *scratch);

/* The same, with buffers of its own; when out of memory, only the background is drawn. */
void compose_picture(const struct canvas *canvas, const struct picture_view *view);

/* target = from + (to - from) × mix, on the stored values. `target` may be `from` or `to`. Exact
 * at 0 and 1; in between, mix is rounded to 256ths. */
void compose_crossfade(const struct canvas *target, const struct canvas *from,
                       const struct canvas *to, double mix);

/* The same in linear light (IEC 61966-2-1). */
void compose_dissolve(const struct canvas *target, const struct canvas *from,
                      const struct canvas *to, double mix);

/* Darkens `source` into `target`, which may be `source`: 1 leaves it as it is, 0 is black. */
void compose_dim(const struct canvas *target, const struct canvas *source, double dim);

/* Copies one canvas into another. */
void compose_copy(const struct canvas *target, const struct canvas *source);

#endif
