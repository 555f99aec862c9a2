/* Converts decoded frames into slots that they were not decoded into: other formats, other colors,
 * interlaced or rotated films. Part of film. */
#ifndef WORKER_FILM_FILM_CONVERT_H
#define WORKER_FILM_FILM_CONVERT_H

#include "worker/film/film.h"
#include "worker/film/film_fields.h"

struct film_converter;

/* `rotation` is the screen's. NULL if out of memory. */
struct film_converter *film_convert_create(const struct film_facts *facts, int rotation);

/* Whether a picture's planes can be shown as they are. */
bool film_convert_is_plain(const struct film_converter *converter,
                           const struct film_picture *picture);

/* Converts a picture into planes with the facts' layout. Frames of another size than the film's are
 * scaled to it. Errors: ERR_INPUT (a format that can't be converted), ERR_SYSTEM. */
MUST_CHECK bool film_convert_picture(struct film_converter *converter,
                                     const struct film_picture *picture, uint8_t *planes[3],
                                     struct err *err);

/* NULL is allowed. */
void film_convert_destroy(struct film_converter *converter);

#endif
