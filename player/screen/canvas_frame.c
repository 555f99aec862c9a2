#include "screen/canvas_frame.h"

#include <stdlib.h>

struct canvas_frame {
    struct frame frame; /* first */
    void *pixels;
};

static void free_canvas_frame(struct frame *frame)
{
    struct canvas_frame *own = (struct canvas_frame *)frame;
    free(own->pixels);
    free(own);
}

static void fit_frame(struct frame *frame, int width_px, int height_px)
{
    struct layout_fitted fitted = layout_fit(frame->width_px, frame->height_px, width_px, height_px,
                                             LAYOUT_FIT_COVER, frame->focus_x, frame->focus_y);
    frame->at = fitted.target;
    frame->source = (struct layout_rect){
        fitted.source.x / frame->width_px, fitted.source.y / frame->height_px,
        fitted.source.width / frame->width_px, fitted.source.height / frame->height_px};
}

struct frame *canvas_frame_create(const struct canvas *canvas, struct layout_box at, bool opaque)
{
    static uint64_t last_id = UINT64_C(1) << 61; /* far from the ids of decoded frames */
    struct canvas_frame *own = calloc(1, sizeof *own);
    if (!own || !canvas->pixels) {
        free(own);
        free(canvas->pixels);
        return NULL;
    }
    own->pixels = canvas->pixels;
    own->frame = (struct frame){
        .id = ++last_id,
        .width_px = canvas->width_px,
        .height_px = canvas->height_px,
        .stride_bytes = canvas->stride_bytes,
        .pixels = canvas->pixels,
        .opaque = opaque,
        .at = at,
        .focus_x = 0.5,
        .focus_y = 0.5,
        .format = FRAME_ARGB,
        .holders = 1,
        .free = free_canvas_frame,
    };
    return &own->frame;
}

struct frame *canvas_frame_create_covering(const struct canvas *canvas, int width_px, int height_px)
{
    struct frame *frame = canvas_frame_create(canvas, (struct layout_box){0}, true);
    if (frame)
        fit_frame(frame, width_px, height_px);
    return frame;
}
