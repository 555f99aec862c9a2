/* What a film's headers say, in the words of movie.h. Part of movie. */
#ifndef WORKER_FILM_MOVIE_SHAPE_H
#define WORKER_FILM_MOVIE_SHAPE_H

#include "worker/film/movie.h"

#include <libavformat/avformat.h>

/* Everything but duration_us and has_sound. False: ERR_INPUT, ERR_LIMIT
 * (PROTOCOL_FILM_SIDE_MAX_PX, PROTOCOL_FILM_AREA_MAX_PX). */
MUST_CHECK bool movie_shape_read(AVStream *pictures, const struct movie_request *request,
                                 struct movie_facts *facts, struct err *err);

/* Matrix and range of a frame or a stream; MOVIE_MATRIX_*, or `otherwise` where it is not told. */
enum movie_matrix movie_shape_matrix(enum AVColorSpace space, enum movie_matrix otherwise);
bool movie_shape_full_range(enum AVColorRange range, enum AVPixelFormat format, bool otherwise);

/* Whether planes with these colours can be shown as they are; then as which. */
bool movie_shape_colour(enum movie_matrix matrix, bool full_range, enum frame_matrix *colour);

/* How far frames have to be turned, clockwise, after they are mirrored, if they are. */
int movie_shape_turn(const struct movie_facts *facts, int rotation);

#endif
