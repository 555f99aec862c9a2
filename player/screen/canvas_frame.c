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

struct frame *canvas_frame_create(const struct canvas *canvas)
{
    static uint64_t last_id = UINT64_C(1) << 61; /* far from the ids of decoded frames */
    struct canvas_frame *own = calloc(1, sizeof *own);
    if (!own) {
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
        .opaque = true,
        .at = {0, 0, canvas->width_px, canvas->height_px},
        .focus_x = 0.5,
        .focus_y = 0.5,
        .format = FRAME_ARGB,
        .holders = 1,
        .free = free_canvas_frame,
    };
    return &own->frame;
}
