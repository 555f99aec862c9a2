/* The worker that plays a film: decodes ahead into a ring of memory that the player reads, as far
 * as the player gives frames back; until the film's end, or until the player is gone. */
#ifndef DECODE_WORKER_MOVIE_H
#define DECODE_WORKER_MOVIE_H

#include "decode/worker.h"

extern const struct worker_trade worker_movie;

#endif
