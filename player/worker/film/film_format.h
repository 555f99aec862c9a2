/* Reads a film's format from its headers into struct film_facts. Part of film. */
#ifndef WORKER_FILM_FILM_FORMAT_H
#define WORKER_FILM_FILM_FORMAT_H

#include "worker/film/film.h"

#include <libavformat/avformat.h>

/* Fills everything except duration_us and has_sound. Errors: ERR_INPUT, ERR_LIMIT
 * (PROTOCOL_FILM_SIDE_MAX_PX, PROTOCOL_FILM_AREA_MAX_PX). */
MUST_CHECK bool film_format_read(AVStream *pictures, const struct film_request *request,
                                 struct film_facts *facts, struct err *err);

/* What a frame's samples mean; `otherwise` in what it leaves open. Frames of red, green and blue are
 * taken as what film_convert makes of them first: BT.709's matrix, limited range. */
struct film_color film_format_color(const AVFrame *frame, const struct film_color *otherwise);

/* How far to rotate frames, clockwise, after mirroring, if they are mirrored. Degrees. */
int film_format_turn(const struct film_facts *facts, int rotation);

#endif
