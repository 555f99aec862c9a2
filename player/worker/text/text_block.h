/* A spot's texts as one picture: the tagline, a subline under it, a legal line, and a QR code.
 *
 * Runs in a worker process (one thread). The subline moves with its tagline: both stand as one block
 * where the tagline's style says. A legal line at the same edge of the screen has its place first. */
#ifndef WORKER_TEXT_TEXT_BLOCK_H
#define WORKER_TEXT_TEXT_BLOCK_H

#include "worker/text/qr_code.h"
#include "worker/text/tagline.h"

struct text_block;

struct text_block_request {
    const struct tagline_request *texts[TEXT_LEVELS]; /* for one canvas; NULL: there is none */
    bool subline_follows; /* where the tagline is set smaller than asked for, so is the subline */
    /* A level to be drawn alone, in its place; TEXT_LEVELS: all. */
    enum text_level only;
    const struct qr_request *qr; /* for the same canvas; NULL: there is none */
};

/* Sets the texts. A subline needs a tagline. NULL on failure, as tagline_create and qr_code_create. */
struct text_block *text_block_create(const struct text_block_request *request, struct err *err);

/* The box on the canvas that holds every pixel; inside the canvas, never empty. */
void text_block_box(const struct text_block *block, int *x_px, int *y_px, int *width_px,
                    int *height_px);

/* How a text was set; all zero where there is none. Its lines are counted from its own box, whose top is
 * *top_px below the block's. */
struct tagline_facts text_block_facts(const struct text_block *block, enum text_level level,
                                      int *top_px);

/* The QR code; NULL: there is none. */
const struct qr_code *text_block_qr(const struct text_block *block);

/* As tagline_paint, for the block's box. */
MUST_CHECK bool text_block_paint(const struct text_block *block, void *pixels, size_t stride_bytes,
                                 struct err *err);

/* NULL is allowed. */
void text_block_destroy(struct text_block *block);

#endif
