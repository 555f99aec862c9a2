/* Decodes WebP, by libwebp. Runs in a worker process. */
#ifndef WORKER_STILL_WEBP_H
#define WORKER_STILL_WEBP_H

#include "worker/still_pixels.h"

/* Decodes a whole file into zeroed `pixels`, which the caller frees whatever comes; of an
 * animation the first picture, on its transparent canvas of width_px × height_px. Errors: ERR_INPUT
 * (damaged), ERR_SYSTEM (no memory). */
MUST_CHECK bool still_webp_decode(const uint8_t *bytes, size_t size, int width_px, int height_px,
                                  struct still_pixels *pixels, struct err *err);

#endif
