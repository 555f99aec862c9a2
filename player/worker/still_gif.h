/* Decodes the first picture of a GIF. Runs in a worker process. */
#ifndef WORKER_STILL_GIF_H
#define WORKER_STILL_GIF_H

#include "worker/still_pixels.h"

/* Decodes into zeroed `pixels`, which the caller frees whatever comes: the first picture on the
 * file's canvas, whose rest is transparent. The size is the header's (still_header.h). Errors:
 * ERR_INPUT (damaged), ERR_SYSTEM (no memory). */
MUST_CHECK bool still_gif_decode(const uint8_t *bytes, size_t size, int width_px, int height_px,
                                 struct still_pixels *pixels, struct err *err);

#endif
