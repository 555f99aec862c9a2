#include "screen/compose.h"

#include "screen/blend.h"
#include "screen/compose_film.h"
#include "screen/compose_motion.h"
#include "screen/compose_text.h"

#include <libyuv/planar_functions.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

static uint8_t *canvas_pixel_at(const struct canvas *canvas, int x, int y)
{
    return (uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)y + (size_t)x * 4;
}

static uint8_t *canvas_row(const struct canvas *canvas, int y)
{
    return canvas_pixel_at(canvas, 0, y);
}

static void fill_canvas(const struct canvas *canvas, uint32_t color)
{
    ARGBRect(canvas->pixels, (int)canvas->stride_bytes, 0, 0, canvas->width_px, canvas->height_px,
             0xff000000u | color);
}

/* Where a range of the canvas's rows lies in a box: counted from its top; empty where it does not. */
static struct compose_rows rows_in_box(const struct layout_box *at, int first_row, int end_row)
{
    struct compose_rows rows = {first_row - at->y, end_row - at->y};
    if (rows.first < 0)
        rows.first = 0;
    if (rows.end > at->height)
        rows.end = at->height;
    return rows;
}

/* Copies a still that has its own size on the canvas, and samples any other between its pixels. */
static void draw_still(const struct canvas *canvas, const struct picture_view *view,
                       struct compose_rows rows)
{
    const struct frame *frame = view->picture->visual;
    const struct layout_box *at = &frame->at;
    const struct compose_image image = {frame->pixels, frame->stride_bytes, frame->width_px,
                                        frame->height_px};
    struct layout_rect crop = picture_crop(view);
    if (crop.width < 1 || crop.height < 1 || frame->width_px != at->width ||
        frame->height_px != at->height)
        compose_motion_sample(canvas, at, &image, crop, rows);
    else
        ARGBCopy((const uint8_t *)frame->pixels + frame->stride_bytes * (size_t)rows.first,
                 (int)frame->stride_bytes, canvas_pixel_at(canvas, at->x, at->y + rows.first),
                 (int)canvas->stride_bytes, at->width, rows.end - rows.first);
}

static bool covers(const struct canvas *canvas, const struct frame *frame)
{
    return frame && frame->at.width == canvas->width_px && frame->at.height == canvas->height_px;
}

static bool is_film(const struct frame *visual)
{
    return visual && visual->format == FRAME_I420;
}

bool compose_view_prepare(const struct picture_view *view, struct compose_buffers *buffers)
{
    return !is_film(view->picture->visual) || compose_film_prepare(view, buffers);
}

bool compose_view_rows(const struct canvas *canvas, const struct picture_view *view, int first_row,
                       int end_row, const struct compose_buffers *buffers,
                       struct compose_scratch *scratch)
{
    const struct picture *picture = view->picture;
    const struct frame *visual = picture->visual;
    const struct canvas part =
        canvas_part(canvas, 0, first_row, canvas->width_px, end_row - first_row);
    struct compose_rows rows = {0};
    if (!covers(canvas, visual))
        fill_canvas(&part, picture->background);
    if (visual)
        rows = rows_in_box(&visual->at, first_row, end_row);
    if (rows.first < rows.end && !is_film(visual))
        draw_still(canvas, view, rows);
    else if (rows.first < rows.end && !compose_film_rows(canvas, view, rows, buffers, scratch))
        return false;
    compose_text(&part, 0, first_row, picture, &(struct picture_text_view){0});
    return true;
}

bool compose_view(const struct canvas *canvas, const struct picture_view *view,
                  struct compose_buffers *buffers)
{
    if (compose_view_prepare(view, buffers) &&
        compose_view_rows(canvas, view, 0, canvas->height_px, buffers, &buffers->scratch))
        return true;
    fill_canvas(canvas, view->picture->background);
    return false;
}

void compose_picture(const struct canvas *canvas, const struct picture_view *view)
{
    struct compose_buffers buffers = {0};
    (void)compose_view(canvas, view, &buffers);
    compose_buffers_finish(&buffers);
}

void compose_scratch_finish(struct compose_scratch *scratch)
{
    free(scratch->rows);
    *scratch = (struct compose_scratch){0};
}

void compose_buffers_finish(struct compose_buffers *buffers)
{
    free(buffers->planes);
    compose_scratch_finish(&buffers->scratch);
    *buffers = (struct compose_buffers){0};
}

void compose_crossfade(const struct canvas *target, const struct canvas *from,
                       const struct canvas *to, double mix)
{
    int weight = (int)lround(mix * 256);
    if (weight <= 0)
        compose_copy(target, from);
    else if (weight >= 256)
        compose_copy(target, to);
    else
        ARGBInterpolate(from->pixels, (int)from->stride_bytes, to->pixels, (int)to->stride_bytes,
                        target->pixels, (int)target->stride_bytes, target->width_px,
                        target->height_px, weight);
}

/* Steps of linear light: enough to keep all of the 256 stored levels apart, except the lowest
 * few. */
#define LINEAR_MAX 4095

static uint16_t to_linear[256];
static uint8_t from_linear[LINEAR_MAX + 1];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    for (int i = 0; i < 256; i++) {
        double v = i / 255.0;
        double light = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
        to_linear[i] = (uint16_t)lround(light * LINEAR_MAX * 16);
    }
    for (int i = 0; i <= LINEAR_MAX; i++) {
        double light = (double)i / LINEAR_MAX;
        double v = light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055;
        from_linear[i] = (uint8_t)lround(v * 255);
    }
}

static uint8_t dissolve_level(uint8_t from, uint8_t to, int weight)
{
    /* to_linear has four bits more than from_linear's index, so it is rounded only once, here. */
    int light = to_linear[from] * (4096 - weight) + to_linear[to] * weight;
    return from_linear[(light + (1 << 15)) >> 16];
}

void compose_dissolve(const struct canvas *target, const struct canvas *from,
                      const struct canvas *to, double mix)
{
    pthread_once(&tables_once, make_tables);
    int weight = (int)lround(mix * 4096);
    if (weight <= 0 || weight >= 4096) {
        compose_copy(target, weight <= 0 ? from : to);
        return;
    }
    size_t bytes = (size_t)target->width_px * 4;
    for (int y = 0; y < target->height_px; y++) {
        const uint8_t *a = canvas_row(from, y), *b = canvas_row(to, y);
        uint8_t *out = canvas_row(target, y);
        for (size_t i = 0; i < bytes; i++)
            out[i] = a[i] == b[i] ? a[i] : dissolve_level(a[i], b[i], weight);
    }
}

void compose_dim(const struct canvas *target, const struct canvas *source, double dim)
{
    int level = (int)lround(fmin(fmax(dim, 0), 1) * BLEND_WHOLE);
    if (level == BLEND_WHOLE) {
        compose_copy(target, source);
        return;
    }
    for (int y = 0; y < target->height_px; y++)
        blend_fade_row((uint32_t *)(void *)canvas_row(target, y),
                       (const uint32_t *)(void *)canvas_row(source, y), target->width_px, level,
                       0xff000000u);
}

void compose_copy(const struct canvas *target, const struct canvas *source)
{
    if (target->pixels != source->pixels)
        ARGBCopy(source->pixels, (int)source->stride_bytes, target->pixels,
                 (int)target->stride_bytes, target->width_px, target->height_px);
}
