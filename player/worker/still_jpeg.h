/* Decodes JPEG, by libjpeg-turbo. Runs in a worker process. */
#ifndef WORKER_STILL_JPEG_H
#define WORKER_STILL_JPEG_H

#include "worker/still_pixels.h"

/* Lets the library do what it does at its first use. Call once in a worker, before its sandbox
 * closes. */
void still_jpeg_prepare(void);

/* Decodes a whole file into zeroed `pixels`, which the caller frees whatever comes. Bytes that
 * are lost in a scan are an error, as a cut file is, though the decoder could go on: what it shows
 * is gray below or shifted. Errors: ERR_INPUT (damaged), ERR_SYSTEM (no memory). */
MUST_CHECK bool still_jpeg_decode(const uint8_t *bytes, size_t size, struct still_pixels *pixels,
                                  struct err *err);

#endif
