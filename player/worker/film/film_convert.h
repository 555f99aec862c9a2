/* Converts decoded frames into slots that they were not decoded into: other formats, other colors,
 * rotated films. Part of film. */
#ifndef WORKER_FILM_FILM_CONVERT_H
#define WORKER_FILM_FILM_CONVERT_H

#include "worker/film/film.h"

#include <libavutil/frame.h>

struct film_converter;

/* `rotation` is the screen's. NULL if out of memory. */
struct film_converter *film_convert_create(const struct film_facts *facts, int rotation);

/* Whether a frame's planes can be shown as they are. */
bool film_convert_is_plain(const struct film_converter *converter, const AVFrame *frame);

/* Converts a frame into planes with the facts' layout. Frames of another size than the film's are
 * scaled to it. Errors: ERR_INPUT (a format that can't be converted), ERR_SYSTEM. */
MUST_CHECK bool film_convert_frame(struct film_converter *converter, const AVFrame *frame,
                                   uint8_t *planes[3], struct err *err);

/* NULL is allowed. */
void film_convert_destroy(struct film_converter *converter);

#endif
