/* The worker that plays a film: decodes ahead into a ring of memory that the player reads, as far
 * as the player releases frames; until the film ends or the player exits. */
#ifndef WORKER_WORKER_FILM_H
#define WORKER_WORKER_FILM_H

#include "worker/worker.h"

extern const struct worker_role worker_film;

#endif
