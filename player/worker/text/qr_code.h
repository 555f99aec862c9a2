/* QR codes: a text as a code of error correction M, by libqrencode.
 *
 * Runs in a worker process (one thread). */
#ifndef WORKER_TEXT_QR_CODE_H
#define WORKER_TEXT_QR_CODE_H

#include "core/err.h"
#include "core/qr_style.h"

#include <stddef.h>

struct qr_code;

struct qr_request {
    const char *text; /* of at most 2,000 bytes */
    struct qr_style style;
    int canvas_width_px, canvas_height_px; /* upright */
};

/* NULL on failure: ERR_INPUT (no text), ERR_LIMIT (too long), ERR_SYSTEM. */
struct qr_code *qr_code_create(const struct qr_request *request, struct err *err);

/* Its square on the canvas with its quiet zone; its side in modules, without. The result is the side
 * of a module in pixels; 0: its square is too small for it, and it is not drawn. */
int qr_code_place(const struct qr_code *code, struct layout_box *box, int *modules);

/* Draws into pixels whose top left corner lies at x_px, y_px of the canvas and that hold all of the
 * square; as tagline_paint, but the pixels beside it stay. */
void qr_code_paint(const struct qr_code *code, void *pixels, size_t stride_bytes, int x_px,
                   int y_px);

/* NULL is allowed. */
void qr_code_destroy(struct qr_code *code);

#endif
