/* A finished picture in memory, as a worker made it: the one currency between decode and stage.
 *
 * Immutable. Counted by its holders on the main thread only; the last one to let go frees it. */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include "core/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame {
    uint64_t id; /* never used twice in a process: what a display's textures are kept under */
    int width_px, height_px;
    size_t stride_bytes; /* >= width_px * 4, a multiple of 4 */
    const void *pixels;  /* height_px rows of 0xAARRGGBB words in native byte order */
    bool opaque;         /* alpha is to be ignored; else alpha is premultiplied */
    struct layout_box
        at; /* where the whole frame stands on the canvas when nothing moves, in screen pixels */
    double focus_x, focus_y;           /* where the focus lies, as fractions of the upright frame */
    int holders;                       /* 1 when made */
    void (*free)(struct frame *frame); /* called when the last holder lets go */
};

/* One more holder; returns the frame. NULL is allowed. */
struct frame *frame_hold(struct frame *frame);

/* One holder less. NULL is allowed. */
void frame_release(struct frame *frame);

#endif
