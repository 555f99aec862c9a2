#include "screen/compose_motion.h"

#include <libyuv/planar_functions.h>
#include <math.h>
#include <string.h>

/* Where samples of one axis lie: first pixel and weight of the second, in 256ths. */
struct tap {
    int first;
    int weight;
};

/* Positions and mixes are rounded: if they were cut, a moving picture would be half a level
 * darker. */
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

/* Blends two neighbors of four channels each, as bilinear sampling does along a row, in vectors
 * that gcc and clang turn into SSE2 or NEON. */
typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef uint16_t words8 __attribute__((vector_size(16)));

static words8 weights_of(int weight)
{
    uint16_t second = (uint16_t)weight, first = (uint16_t)(256 - weight);
    return (words8){first, first, first, first, second, second, second, second};
}

static uint32_t blend_pair(const uint32_t *pair, words8 weights)
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

/* Pictures are sampled in strips, so that taps and the blended row stay in the first cache. */
#define SAMPLE_COLUMNS 256
#define SAMPLE_STEP_MAX 4 /* for a whole strip; strips of larger steps are narrower */

struct image_sampling {
    const struct compose_image *image;
    const struct layout_box *at;
    struct layout_rect part; /* of the image, in its pixels */
    double step_x, step_y;   /* from one pixel of the canvas to the next, in the image's */
    const struct canvas *canvas;
    struct compose_rows rows;
};

static const uint8_t *image_pixel(const struct compose_image *image, int x, int y)
{
    return (const uint8_t *)image->pixels + image->stride_bytes * (size_t)y + (size_t)x * 4;
}

static uint32_t *canvas_pixel(const struct canvas *canvas, int x, int y)
{
    return (uint32_t *)(void *)((uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)y +
                                (size_t)x * 4);
}

static struct tap column_tap(const struct image_sampling *s, int x)
{
    return tap_at(s->part.x + (x + 0.5) * s->step_x - 0.5, s->image->width_px);
}

static void sample_strip(const struct image_sampling *s, int left, int width)
{
    const struct compose_image *image = s->image;
    uint16_t offsets[SAMPLE_COLUMNS];
    words8 weights[SAMPLE_COLUMNS];
    uint32_t blended[SAMPLE_COLUMNS * SAMPLE_STEP_MAX + 8];
    int first = column_tap(s, left).first;
    int last = first;
    for (int i = 0; i < width; i++) {
        struct tap tap = column_tap(s, left + i);
        offsets[i] = (uint16_t)(tap.first - first);
        weights[i] = weights_of(tap.weight);
        last = tap.first;
    }
    if (last < image->width_px - 1)
        last++;
    int span = last - first + 1; /* at most width × step + 2 */
    for (int y = s->rows.first; y < s->rows.end; y++) {
        struct tap row = tap_at(s->part.y + (y + 0.5) * s->step_y - 0.5, image->height_px);
        const uint8_t *upper = image_pixel(image, first, row.first);
        const uint8_t *lower = row.weight ? upper + image->stride_bytes : upper;
        InterpolatePlane(upper, 0, lower, 0, (uint8_t *)blended, 0, span * 4, 1, row.weight);
        blended[span] = blended[span - 1];
        uint32_t *target = canvas_pixel(s->canvas, s->at->x + left, s->at->y + y);
        for (int i = 0; i < width; i++)
            target[i] = blend_pair(blended + offsets[i], weights[i]);
    }
}

void compose_motion_sample(const struct canvas *canvas, const struct layout_box *at,
                           const struct compose_image *image, struct layout_rect crop,
                           struct compose_rows rows)
{
    struct image_sampling sampling = {
        .image = image,
        .at = at,
        .part = {crop.x * image->width_px, crop.y * image->height_px, crop.width * image->width_px,
                 crop.height * image->height_px},
        .canvas = canvas,
        .rows = rows,
    };
    sampling.step_x = sampling.part.width / at->width;
    sampling.step_y = sampling.part.height / at->height;
    int columns = SAMPLE_COLUMNS;
    if (sampling.step_x > SAMPLE_STEP_MAX)
        columns = (int)fmax(SAMPLE_COLUMNS * SAMPLE_STEP_MAX / sampling.step_x, 1);
    for (int left = 0; left < at->width; left += columns) {
        int width = at->width - left;
        sample_strip(&sampling, left, width < columns ? width : columns);
    }
}
