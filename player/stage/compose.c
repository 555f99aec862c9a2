#include "stage/compose.h"

#include <libyuv/planar_functions.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

static uint8_t *pixel_of(const struct canvas *canvas, int x, int y)
{
    return (uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)y + (size_t)x * 4;
}

static uint8_t *row_of(const struct canvas *canvas, int y)
{
    return pixel_of(canvas, 0, y);
}

static void fill(const struct canvas *canvas, uint32_t color)
{
    ARGBRect(canvas->pixels, (int)canvas->stride_bytes, 0, 0, canvas->width_px, canvas->height_px,
             0xff000000u | color);
}

static const uint8_t *frame_row(const struct frame *frame, int y)
{
    return (const uint8_t *)frame->pixels + frame->stride_bytes * (size_t)y;
}

/* Where samples of one axis lie: first pixel and weight of the second, in 256ths. */
struct tap {
    int first;
    int weight;
};

/* Rounded, not cut, and the mix too: cut, a picture would be half a level darker while it moves. */
static struct tap tap_at(double position, int size)
{
    int steps = (int)floor(position * 256 + 0.5);
    if (steps < 0)
        steps = 0;
    struct tap tap = {steps / 256, steps % 256};
    if (tap.first >= size - 1)
        tap = (struct tap){size - 1, 0};
    return tap;
}

/* Two neighbours of four channels each, weighed and added: what bilinear sampling does to a row, in
 * vectors that gcc and clang turn into SSE2 or NEON. */
typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef uint16_t words8 __attribute__((vector_size(16)));

static words8 weights_of(int weight)
{
    uint16_t second = (uint16_t)weight, first = (uint16_t)(256 - weight);
    return (words8){first, first, first, first, second, second, second, second};
}

static uint32_t mix_pair(const uint32_t *pair, words8 weights)
{
    bytes8 channels;
    memcpy(&channels, pair, sizeof channels);
    words8 parts = __builtin_convertvector(channels, words8) * weights;
    words8 swapped = __builtin_shufflevector(parts, parts, 4, 5, 6, 7, 0, 1, 2, 3);
    bytes8 mixed = __builtin_convertvector((parts + swapped + 128) >> 8, bytes8);
    uint32_t pixel;
    memcpy(&pixel, &mixed, sizeof pixel);
    return pixel;
}

#define SAMPLE_COLUMNS                                                                             \
    256 /* sampled in strips, so that taps and the blended row stay in the first cache */

struct sampling {
    const struct frame *frame;
    struct layout_rect part; /* of the frame, in its pixels */
    const struct canvas *canvas;
};

static void sample_strip(const struct sampling *s, int left, int width)
{
    const struct frame *frame = s->frame;
    uint16_t offsets[SAMPLE_COLUMNS];
    words8 weights[SAMPLE_COLUMNS];
    uint32_t blended[SAMPLE_COLUMNS * 4 + 8];
    double step_x = s->part.width / frame->at.width, step_y = s->part.height / frame->at.height;
    int first = tap_at(s->part.x + (left + 0.5) * step_x - 0.5, frame->width_px).first;
    int last = first;
    for (int i = 0; i < width; i++) {
        struct tap tap = tap_at(s->part.x + (left + i + 0.5) * step_x - 0.5, frame->width_px);
        offsets[i] = (uint16_t)(tap.first - first);
        weights[i] = weights_of(tap.weight);
        last = tap.first;
    }
    if (last < frame->width_px - 1)
        last++;
    int span = last - first + 1; /* at most 256 × step, and a step is at most scale 2 */
    for (int y = 0; y < frame->at.height; y++) {
        struct tap row = tap_at(s->part.y + (y + 0.5) * step_y - 0.5, frame->height_px);
        const uint8_t *upper = frame_row(frame, row.first) + (size_t)first * 4;
        const uint8_t *lower = row.weight ? upper + frame->stride_bytes : upper;
        InterpolatePlane(upper, 0, lower, 0, (uint8_t *)blended, 0, span * 4, 1, row.weight);
        blended[span] = blended[span - 1];
        uint32_t *target =
            (uint32_t *)(void *)pixel_of(s->canvas, frame->at.x + left, frame->at.y + y);
        for (int i = 0; i < width; i++)
            target[i] = mix_pair(blended + offsets[i], weights[i]);
    }
}

static void sample(const struct canvas *canvas, const struct frame *frame, struct layout_rect crop)
{
    struct sampling sampling = {
        .frame = frame,
        .part = {crop.x * frame->width_px, crop.y * frame->height_px, crop.width * frame->width_px,
                 crop.height * frame->height_px},
        .canvas = canvas,
    };
    for (int left = 0; left < frame->at.width; left += SAMPLE_COLUMNS) {
        int width = frame->at.width - left;
        sample_strip(&sampling, left, width < SAMPLE_COLUMNS ? width : SAMPLE_COLUMNS);
    }
}

static void draw_visual(const struct canvas *canvas, const struct picture_view *view)
{
    const struct frame *frame = view->picture->visual;
    const struct layout_box *at = &frame->at;
    if (picture_moves(view->picture) || frame->width_px != at->width ||
        frame->height_px != at->height)
        sample(canvas, frame, picture_crop(view));
    else
        ARGBCopy(frame->pixels, (int)frame->stride_bytes, pixel_of(canvas, at->x, at->y),
                 (int)canvas->stride_bytes, at->width, at->height);
}

static bool covers(const struct canvas *canvas, const struct frame *frame)
{
    return frame && frame->at.width == canvas->width_px && frame->at.height == canvas->height_px;
}

void compose_picture(const struct canvas *canvas, const struct picture_view *view)
{
    const struct picture *picture = view->picture;
    if (!covers(canvas, picture->visual))
        fill(canvas, picture->background);
    if (picture->visual)
        draw_visual(canvas, view);
    const struct frame *text = picture->text;
    if (text) {
        uint8_t *target = pixel_of(canvas, text->at.x, text->at.y);
        ARGBBlend(text->pixels, (int)text->stride_bytes, target, (int)canvas->stride_bytes, target,
                  (int)canvas->stride_bytes, text->at.width, text->at.height);
    }
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

#define LINEAR_MAX                                                                                 \
    4095 /* steps of linear light: enough to tell all 256 stored levels apart but the lowest few   \
          */

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
    /* to_linear has four bits more than the table's index, so the rounding happens once, here. */
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
        const uint8_t *a = row_of(from, y), *b = row_of(to, y);
        uint8_t *out = row_of(target, y);
        for (size_t i = 0; i < bytes; i++)
            out[i] = a[i] == b[i] ? a[i] : dissolve_level(a[i], b[i], weight);
    }
}

void compose_dim(const struct canvas *canvas, double dim)
{
    uint32_t level = (uint32_t)lround((dim < 0 ? 0 : dim > 1 ? 1 : dim) * 255);
    if (level == 255)
        return;
    ARGBShade(canvas->pixels, (int)canvas->stride_bytes, canvas->pixels, (int)canvas->stride_bytes,
              canvas->width_px, canvas->height_px, 0xff000000u | level << 16 | level << 8 | level);
}

void compose_copy(const struct canvas *target, const struct canvas *source)
{
    if (target->pixels != source->pixels)
        ARGBCopy(source->pixels, (int)source->stride_bytes, target->pixels,
                 (int)target->stride_bytes, target->width_px, target->height_px);
}
