/* A finished picture in memory, as a worker made it: decode hands it to screen.
 *
 * It is a still or a text (ARGB), or one frame of a film (I420). It is immutable, but for its
 * pixels: a worker may write to those of a film at any time, so no decision may depend on their
 * values. Holders are counted on the main thread only; the last one to release it frees it. */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include "core/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_format {
    FRAME_ARGB, /* pixels, stride_bytes */
    FRAME_I420, /* planes, strides_bytes: 8 bits a sample, chroma at half the size both ways */
};

/* What I420 means in red, green and blue. */
enum frame_matrix {
    FRAME_BT601, /* ITU-R BT.601, limited range: Y 16 to 235, U and V 16 to 240 */
    FRAME_BT709, /* ITU-R BT.709, limited range */
    FRAME_JPEG,  /* BT.601, full range: 0 to 255 */
};

#define FRAME_LINES_MAX 16

/* Of a text: its lines, so that they can move one after another. Upright, in pixels from the frame's
 * top. */
struct frame_lines {
    int count; /* 0: unknown, or no text; those beyond FRAME_LINES_MAX belong to the last */
    int em_px; /* the size of its type */
    struct {
        int top, end; /* of its ink; inside the frame, each below the one before it */
    } ink[FRAME_LINES_MAX];
};

struct frame {
    uint64_t id; /* unique in the process; displays find their textures by it */
    int width_px, height_px;
    size_t stride_bytes; /* >= width_px * 4, a multiple of 4 */
    const void *pixels;  /* height_px rows of 0xAARRGGBB words in native byte order */
    bool opaque;         /* alpha is to be ignored; else alpha is premultiplied */
    /* Where `source` lies on the canvas when nothing moves, in screen pixels. */
    struct layout_box at;
    double focus_x, focus_y; /* where the focus lies, as fractions of `source`, upright */
    enum frame_format format;
    /* The part that is shown, in fractions of the frame as it is (turned for the screen), inside
     * it. A zero width: the whole frame (frame_source). */
    struct layout_rect source;
    /* I420 alone; opaque whatever that says, and of any size, not only that of its place. Planes U
     * and V have (width_px + 1) / 2 × (height_px + 1) / 2 samples. Sides are at most 16,384; a
     * stride is at least a row's samples and at most INT_MAX; nothing need be aligned. */
    enum frame_matrix matrix;
    const uint8_t *planes[3]; /* Y, U, V */
    size_t strides_bytes[3];
    uint64_t stream; /* the same for all frames of one film that runs, and for no other; 0: none */
    struct frame_lines lines;
    int holders;                       /* 1 when made */
    void (*free)(struct frame *frame); /* called when the last holder lets go */
};

/* One more holder; returns the frame. NULL is allowed. */
struct frame *frame_hold(struct frame *frame);

/* Which part of it is shown: `source`, or the whole. */
struct layout_rect frame_source(const struct frame *frame);

/* One holder less. NULL is allowed. */
void frame_release(struct frame *frame);

#endif
