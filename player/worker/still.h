/* Reads a JPEG, PNG, WebP or GIF picture, scales it once to the size at which it is shown, and
 * converts its colors to sRGB.
 *
 * Runs in a worker process. Never opens a file itself. */
#ifndef WORKER_STILL_H
#define WORKER_STILL_H

#include "core/err.h"
#include "core/layout.h"
#include "core/still_header.h"
#include "playlist/playlist.h"
#include "sandbox/protocol.h"

#include <stddef.h>
#include <stdint.h>

struct still_request {
    int canvas_width_px, canvas_height_px;
    enum layout_fit fit;
    double focus_x, focus_y;
    double scale;        /* frame size over place on the canvas */
    uint32_t background; /* 0xRRGGBB under transparent pixels */
};

/* Lets the libraries open what they open at their first use. Call once in a worker, before its
 * sandbox closes. */
void still_prepare(void);

/* A picture that is open, and later decoded, but not yet scaled. */
struct still;

/* Opens the picture of a descriptor, which stays the caller's, and reads its header; pictures over
 * the limits of still_header.h are refused. NULL on failure: ERR_INPUT (not a picture, truncated),
 * ERR_LIMIT, ERR_SYSTEM. */
struct still *still_open(int fd, const struct still_request *request, struct err *err);

/* The size that the header says, before the orientation is applied. */
void still_stored_size(const struct still *still, int *width_px, int *height_px);

/* Decodes the picture; call once, before the functions below. The EXIF orientation is applied.
 * Errors: ERR_INPUT (damaged), ERR_SYSTEM. */
MUST_CHECK bool still_decode(struct still *still, struct err *err);

/* The frame's size, its place on the upright canvas, and where the focus lies in it (fractions);
 * and what the file's header says, for `check`. */
struct still_shape {
    int width_px, height_px;
    struct layout_box at;
    double focus_x, focus_y;
    int stored_width_px, stored_height_px; /* before the orientation is applied */
    int orientation;                       /* EXIF, 1 to 8 */
    uint32_t notes;                        /* enum protocol_still_note */
};
struct still_shape still_shape(const struct still *still);

/* Scales (Lanczos, on the stored values), converts and turns into height_px rows of 0xFFRRGGBB
 * words. Errors: ERR_SYSTEM. */
MUST_CHECK bool still_paint(struct still *still, void *pixels, size_t stride_bytes,
                            struct err *err);

/* NULL is allowed. */
void still_close(struct still *still);

#endif
