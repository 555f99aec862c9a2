/* The worker that draws one picture: a still, a tagline, the house card's ground. */
#ifndef DECODE_WORKER_PICTURE_H
#define DECODE_WORKER_PICTURE_H

#include "decode/worker.h"

extern const struct worker_trade worker_picture;

#endif
