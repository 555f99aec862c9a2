/* Puts decoded frames into slots that they were not decoded into: other formats, other colours,
 * turned films. Part of movie. */
#ifndef WORKER_FILM_MOVIE_PAINT_H
#define WORKER_FILM_MOVIE_PAINT_H

#include "worker/film/movie.h"

#include <libavutil/frame.h>

struct movie_paint;

/* `rotation` is the screen's. NULL without memory. */
struct movie_paint *movie_paint_create(const struct movie_facts *facts, int rotation);

/* Whether a frame's planes are what the reader expects, as they are. */
bool movie_paint_plain(const struct movie_paint *paint, const AVFrame *frame);

/* Into planes with the facts' layout. Frames of another size than the film's are scaled to it.
 * False: ERR_INPUT (a format that can't be converted), ERR_SYSTEM. */
MUST_CHECK bool movie_paint_frame(struct movie_paint *paint, const AVFrame *frame,
                                  uint8_t *planes[3], struct err *err);

/* NULL is allowed. */
void movie_paint_destroy(struct movie_paint *paint);

#endif
