/* Reads a film's format from its headers into struct film_facts. Part of film. */
#ifndef WORKER_FILM_FILM_FORMAT_H
#define WORKER_FILM_FILM_FORMAT_H

#include "worker/film/film.h"

#include <libavformat/avformat.h>

/* Fills everything except duration_us and has_sound. Errors: ERR_INPUT, ERR_LIMIT
 * (PROTOCOL_FILM_SIDE_MAX_PX, PROTOCOL_FILM_AREA_MAX_PX). */
MUST_CHECK bool film_format_read(AVStream *pictures, const struct film_request *request,
                                 struct film_facts *facts, struct err *err);

/* Matrix and range of a frame or a stream; `otherwise` if they are unspecified. */
enum film_matrix film_format_matrix(enum AVColorSpace space, enum film_matrix otherwise);
bool film_format_full_range(enum AVColorRange range, enum AVPixelFormat format, bool otherwise);

/* Whether planes with this matrix and range can be shown as they are; then *result is set. */
bool film_format_frame_matrix(enum film_matrix matrix, bool full_range, enum frame_matrix *result);

/* How far to rotate frames, clockwise, after mirroring, if they are mirrored. Degrees. */
int film_format_turn(const struct film_facts *facts, int rotation);

#endif
