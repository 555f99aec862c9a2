#include "screen/snapshot.h"

#include <libyuv/scale_argb.h>
#include <stdlib.h>
#include <string.h>

struct snapshot_frame {
    struct frame frame; /* first */
    void *pixels;
};

static void free_snapshot_frame(struct frame *frame)
{
    struct snapshot_frame *own = (struct snapshot_frame *)frame;
    free(own->pixels);
    free(own);
}

static struct frame *create_snapshot_frame(const struct display_mix *mix, int width_px,
                                           int height_px)
{
    static uint64_t last_id = UINT64_C(1) << 61; /* far from the ids of decoded frames */
    const struct display_config config = {
        .renderer = DISPLAY_MEMORY, .width_px = width_px, .height_px = height_px};
    struct display *display = display_create(&config, NULL);
    struct snapshot_frame *own = calloc(1, sizeof *own);
    struct canvas canvas = {NULL, (size_t)width_px * 4, width_px, height_px};
    canvas.pixels = malloc(canvas.stride_bytes * (size_t)height_px);
    bool ok = display && own && canvas.pixels && display_capture(display, mix, &canvas, NULL);
    display_destroy(display);
    if (!ok) {
        free(canvas.pixels);
        free(own);
        return NULL;
    }
    own->pixels = canvas.pixels;
    own->frame = (struct frame){
        .id = ++last_id,
        .width_px = width_px,
        .height_px = height_px,
        .stride_bytes = canvas.stride_bytes,
        .pixels = canvas.pixels,
        .opaque = true,
        .focus_x = 0.5,
        .focus_y = 0.5,
        .format = FRAME_ARGB,
        .holders = 1,
        .free = free_snapshot_frame,
    };
    return &own->frame;
}

struct picture *snapshot_take(const struct display_mix *mix, int width_px, int height_px,
                              int new_width_px, int new_height_px)
{
    struct display_mix unfrozen = *mix;
    unfrozen.from_frozen = false;
    unfrozen.dim = 1; /* the new screen dims it again */
    struct frame *frame = create_snapshot_frame(&unfrozen, width_px, height_px);
    if (!frame)
        return NULL;
    struct layout_fitted fitted = layout_fit(width_px, height_px, new_width_px, new_height_px,
                                             LAYOUT_FIT_COVER, frame->focus_x, frame->focus_y);
    frame->at = fitted.target;
    frame->source =
        (struct layout_rect){fitted.source.x / width_px, fitted.source.y / height_px,
                             fitted.source.width / width_px, fitted.source.height / height_px};
    struct picture *picture = picture_create(mix->to.picture->background, frame, NULL);
    if (picture)
        memcpy(picture->name, mix->to.picture->name, sizeof picture->name);
    return picture;
}

bool snapshot_scale(const struct canvas *from, const struct canvas *to, struct err *err)
{
    if (ARGBScale(from->pixels, (int)from->stride_bytes, from->width_px, from->height_px,
                  to->pixels, (int)to->stride_bytes, to->width_px, to->height_px, kFilterBox) != 0)
        return err_oom(err);
    return true;
}
