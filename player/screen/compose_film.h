/* Draws frames of films (I420) on the CPU: converts, scales and moves them.
 *
 * Arithmetic only; any thread. The frame's memory may change while it is read. Only compose*.c and
 * display*.c include this. */
#ifndef SCREEN_COMPOSE_FILM_H
#define SCREEN_COMPOSE_FILM_H

#include "screen/compose.h"
#include "screen/compose_motion.h"

/* Planes of I420, as in struct frame. */
struct compose_planes {
    const uint8_t *planes[3];
    size_t strides_bytes[3];
    int width_px, height_px;
};

/* What compose_view_prepare does for a film. */
bool compose_film_prepare(const struct picture_view *view, struct compose_buffers *buffers);

/* Draws rows of the film's frame of a view into its place on the canvas. Chroma is interpolated, as on
 * GPUs. False: out of memory; nothing was drawn. */
bool compose_film_rows(const struct canvas *canvas, const struct picture_view *view,
                       struct compose_rows rows, const struct compose_buffers *buffers,
                       struct compose_scratch *scratch);

/* The frame's own planes, or, where these are more than twice as large as needed or longer than
 * side_max_px, smaller ones, which are in the buffers until the next call with these. The size
 * depends on everything but the frame's pixels. False: out of memory. */
bool compose_film_reduce(const struct frame *frame, int side_max_px,
                         struct compose_buffers *buffers, struct compose_planes *planes);

#endif
