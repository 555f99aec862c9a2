/* Decodes PNG, by libpng. Runs in a worker process. */
#ifndef WORKER_STILL_PNG_H
#define WORKER_STILL_PNG_H

#include "worker/still_pixels.h"

/* Decodes a whole file into zeroed `pixels`, which the caller frees whatever comes. Palettes and
 * values of less than 8 bits are expanded, transparent colors (tRNS) become alpha, and 16 bits are
 * rounded to 8, after conversion to sRGB where there is one. Errors: ERR_INPUT (damaged),
 * ERR_SYSTEM (no memory). */
MUST_CHECK bool still_png_decode(const uint8_t *bytes, size_t size, struct still_pixels *pixels,
                                 struct err *err);

#endif
