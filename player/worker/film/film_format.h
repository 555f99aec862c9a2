/* What a film's headers say, in the words of film.h. Part of film. */
#ifndef WORKER_FILM_FILM_FORMAT_H
#define WORKER_FILM_FILM_FORMAT_H

#include "worker/film/film.h"

#include <libavformat/avformat.h>

/* Everything but duration_us and has_sound. False: ERR_INPUT, ERR_LIMIT
 * (PROTOCOL_FILM_SIDE_MAX_PX, PROTOCOL_FILM_AREA_MAX_PX). */
MUST_CHECK bool film_format_read(AVStream *pictures, const struct film_request *request,
                                 struct film_facts *facts, struct err *err);

/* Matrix and range of a frame or a stream; FILM_MATRIX_*, or `otherwise` where it is not told. */
enum film_matrix film_format_matrix(enum AVColorSpace space, enum film_matrix otherwise);
bool film_format_full_range(enum AVColorRange range, enum AVPixelFormat format, bool otherwise);

/* Whether planes with these colours can be shown as they are; then as which. */
bool film_format_frame_matrix(enum film_matrix matrix, bool full_range, enum frame_matrix *result);

/* How far frames have to be turned, clockwise, after they are mirrored, if they are. */
int film_format_turn(const struct film_facts *facts, int rotation);

#endif
