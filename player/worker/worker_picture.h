/* The worker that draws one picture: a still, a tagline, or the house card's background. */
#ifndef WORKER_WORKER_PICTURE_H
#define WORKER_WORKER_PICTURE_H

#include "worker/worker.h"

extern const struct worker_role worker_picture;

#endif
