#include "screen/snapshot.h"

#include "screen/blend.h"
#include "screen/canvas_frame.h"

#include <libyuv/planar_functions.h>
#include <libyuv/scale_argb.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is seen of a text on a screen of one size, for one of another on which the picture lies as
 * `frame` does. NULL: nothing, or out of memory. */
static struct frame *scale_text(const struct frame *text, const struct picture_text_view *view,
                                const struct frame *frame)
{
    const struct layout_rect *source = &frame->source;
    double scale_x = frame->at.width / (source->width * frame->width_px);
    double scale_y = frame->at.height / (source->height * frame->height_px);
    struct layout_box box = {
        (int)lround((text->at.x - source->x * frame->width_px) * scale_x),
        (int)lround((text->at.y - source->y * frame->height_px) * scale_y),
        (int)lround(text->at.width * scale_x),
        (int)lround(text->at.height * scale_y),
    };
    if (box.width < 1 || box.height < 1)
        return NULL;
    struct canvas scaled = {NULL, (size_t)box.width * 4, box.width, box.height};
    scaled.pixels = malloc(scaled.stride_bytes * (size_t)box.height);
    if (!scaled.pixels)
        return NULL;
    int level = (int)lround((1 - view->hidden) * BLEND_WHOLE);
    ARGBScale(text->pixels, (int)text->stride_bytes, text->width_px, text->height_px, scaled.pixels,
              (int)scaled.stride_bytes, box.width, box.height, kFilterBox);
    for (int y = 0; level < BLEND_WHOLE && y < box.height; y++) {
        uint32_t *row =
            (uint32_t *)(void *)((char *)scaled.pixels + scaled.stride_bytes * (size_t)y);
        blend_fade_row(row, row, box.width, level, 0);
    }
    return canvas_frame_create(&scaled, box, false);
}

static struct frame *snapshot_text(const struct display_mix *mix, const struct frame *frame)
{
    bool is_old = mix->has_from && mix->from_text.hidden < mix->to_text.hidden;
    const struct picture *picture = is_old ? mix->from.picture : mix->to.picture;
    const struct picture_text_view *view = is_old ? &mix->from_text : &mix->to_text;
    if (!picture->text || view->hidden >= 1)
        return NULL;
    return scale_text(picture->text, view, frame);
}

struct picture *snapshot_take(const struct display_mix *mix, int width_px, int height_px,
                              int new_width_px, int new_height_px)
{
    struct display_mix unfrozen = *mix;
    unfrozen.from_frozen = false;
    unfrozen.dim = 1; /* the new screen dims it again */
    unfrozen.from_text.hidden = unfrozen.to_text.hidden = 1;
    const struct display_config config = {
        .renderer = DISPLAY_MEMORY, .width_px = width_px, .height_px = height_px};
    struct display *display = display_create(&config, NULL);
    struct canvas canvas = {NULL, (size_t)width_px * 4, width_px, height_px};
    canvas.pixels = malloc(canvas.stride_bytes * (size_t)height_px);
    bool ok = display && canvas.pixels && display_capture(display, &unfrozen, &canvas, NULL);
    display_destroy(display);
    if (!ok) {
        free(canvas.pixels);
        return NULL;
    }
    struct frame *frame = canvas_frame_create_covering(&canvas, new_width_px, new_height_px);
    if (!frame)
        return NULL;
    struct picture *picture =
        picture_create(mix->to.picture->background, frame, snapshot_text(mix, frame));
    if (picture)
        memcpy(picture->name, mix->to.picture->name, sizeof picture->name);
    return picture;
}

/* How much of pixel from_at of from_count lies under pixel `at` of `count` on the same length, which
 * is count × from_count long here. */
static uint64_t overlap(int at, int count, int from_at, int from_count)
{
    int64_t begin = (int64_t)at * from_count, end = begin + from_count;
    int64_t from_begin = (int64_t)from_at * count, from_end = from_begin + count;
    return (uint64_t)((end < from_end ? end : from_end) -
                      (begin > from_begin ? begin : from_begin));
}

/* The mean of all that lies under a pixel of the smaller canvas. */
static uint32_t average(const struct canvas *from, const struct canvas *to, int x, int y)
{
    uint64_t sums[3] = {0}, all = (uint64_t)from->width_px * (uint64_t)from->height_px;
    int left = (int)((int64_t)x * from->width_px / to->width_px);
    int top = (int)((int64_t)y * from->height_px / to->height_px);
    for (int v = top; (int64_t)v * to->height_px < (int64_t)(y + 1) * from->height_px; v++) {
        const uint32_t *row =
            (const void *)((const uint8_t *)from->pixels + from->stride_bytes * (size_t)v);
        uint64_t share_y = overlap(y, to->height_px, v, from->height_px);
        for (int u = left; (int64_t)u * to->width_px < (int64_t)(x + 1) * from->width_px; u++) {
            uint64_t share = share_y * overlap(x, to->width_px, u, from->width_px);
            for (int i = 0; i < 3; i++)
                sums[i] += share * (row[u] >> 8 * i & 255);
        }
    }
    uint32_t pixel = 0xff000000u;
    for (int i = 0; i < 3; i++)
        pixel |= (uint32_t)((sums[i] + all / 2) / all) << 8 * i;
    return pixel;
}

/* libyuv's ARGBScale is not for this: it averages only where the sizes differ by two or four. */
void snapshot_scale(const struct canvas *from, const struct canvas *to)
{
    for (int y = 0; y < to->height_px; y++) {
        uint32_t *row = (void *)((uint8_t *)to->pixels + to->stride_bytes * (size_t)y);
        for (int x = 0; x < to->width_px; x++)
            row[x] = average(from, to, x, y);
    }
}
