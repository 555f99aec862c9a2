#include "worker/text/tagline_paint.h"

#include "worker/text/tagline_blur.h"

#include <math.h>
#include <stdlib.h>

/* What is behind the text: its own coverage, blurred. Lengths are in ems. */
struct layer {
    double deviation, drop;
    float strength; /* where it is densest */
    /* Thin strokes blur to little, so the blur is applied to itself so often; a power of 2. */
    int gain;
};
enum { LAYER_EDGE, LAYER_GLOW, LAYER_SCRIM, LAYERS };
static const struct layer layers[LAYERS] = {
    /* The shadow: a close one to mark the edge on white, and a wide, faint one to calm a busy
     * picture. */
    [LAYER_EDGE] = {.deviation = 0.055, .drop = 0.03, .strength = 0.6F, .gain = 2},
    [LAYER_GLOW] = {.deviation = 0.20, .drop = 0.04, .strength = 0.44F, .gain = 2},
    /* The scrim follows the lines and has no edge: even a soft rectangle would be seen as one. */
    [LAYER_SCRIM] = {.deviation = 0.62, .drop = 0, .strength = 0.5F, .gain = 8},
};

struct tagline_area tagline_paint_ink(const struct tagline_plane *plane)
{
    int left = plane->width, right = -1, top = plane->height, bottom = -1;
    for (int y = 0; y < plane->height; y++) {
        const uint8_t *row = plane->pixels + (size_t)y * (size_t)plane->width;
        int first = 0, last = plane->width - 1;
        while (first < plane->width && !row[first])
            first++;
        if (first == plane->width)
            continue;
        while (!row[last])
            last--;
        left = first < left ? first : left;
        right = last > right ? last : right;
        top = y < top ? y : top;
        bottom = y;
    }
    if (right < 0)
        return (struct tagline_area){.x = plane->x, .y = plane->y};
    return (struct tagline_area){plane->x + left, plane->y + top, right - left + 1,
                                 bottom - top + 1};
}

static bool has_layer(const struct tagline_paint_style *paint_style, int layer)
{
    return layer == LAYER_SCRIM ? paint_style->scrim : paint_style->shadow;
}

static int layer_drop_px(const struct tagline_paint_style *paint_style, int layer)
{
    return (int)lround(layers[layer].drop * paint_style->size_px);
}

struct tagline_area tagline_paint_reach(const struct tagline_paint_style *paint_style,
                                        const struct tagline_area *ink)
{
    int around = 0, below = 0;
    for (int i = 0; i < LAYERS; i++) {
        if (!has_layer(paint_style, i))
            continue;
        int reach = tagline_blur_reach(layers[i].deviation * paint_style->size_px);
        around = reach > around ? reach : around;
        below = reach + layer_drop_px(paint_style, i) > below
                    ? reach + layer_drop_px(paint_style, i)
                    : below;
    }
    return (struct tagline_area){ink->x - around, ink->y - around, ink->width + 2 * around,
                                 ink->height + around + below};
}

/* Relative luminance (WCAG 2): above 0.179 black is the stronger contrast, below it white. */
static bool is_dark(uint32_t color)
{
    static const double parts[] = {0.2126, 0.7152, 0.0722};
    double luminance = 0;
    for (int i = 0; i < 3; i++) {
        double value = (double)((color >> (16 - 8 * i)) & 0xff) / 255;
        luminance +=
            parts[i] * (value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4));
    }
    return luminance < 0.179;
}

struct painter {
    const struct tagline_paint_style *paint_style;
    const struct tagline_plane *plane;
    const struct tagline_area *box;
    struct tagline_blur blurs[LAYERS]; /* zeroed: none */
    float *clear;                      /* of one row: how much the layers let through */
    float *blurred, *scratch;
    uint32_t color;
    uint32_t shade; /* of the layers: 0 black, 255 white */
};

static void painter_finish(struct painter *painter)
{
    for (int i = 0; i < LAYERS; i++)
        tagline_blur_finish(&painter->blurs[i]);
    free(painter->clear);
    free(painter->blurred);
    free(painter->scratch);
}

static MUST_CHECK bool painter_init(struct painter *painter, struct err *err)
{
    const struct tagline_paint_style *paint_style = painter->paint_style;
    size_t width = (size_t)painter->box->width;
    painter->color = paint_style->color & 0xffffff;
    painter->shade = is_dark(paint_style->color) ? 255 : 0;
    painter->clear = calloc(width, sizeof(float));
    painter->blurred = calloc(width, sizeof(float));
    painter->scratch = calloc(width, sizeof(float));
    if (!painter->clear || !painter->blurred || !painter->scratch)
        return err_oom(err);
    for (int i = 0; i < LAYERS; i++)
        if (has_layer(paint_style, i) &&
            !tagline_blur_init(&painter->blurs[i], painter->plane, painter->box,
                               layers[i].deviation * paint_style->size_px, err))
            return false;
    return true;
}

static void clear_row(struct painter *painter, int row)
{
    int width = painter->box->width;
    for (int x = 0; x < width; x++)
        painter->clear[x] = 1;
    for (int i = 0; i < LAYERS; i++) {
        if (!painter->blurs[i].small)
            continue;
        tagline_blur_row(&painter->blurs[i], row - layer_drop_px(painter->paint_style, i),
                         painter->scratch, painter->blurred);
        for (int x = 0; x < width; x++) {
            float light = 1 - painter->blurred[x];
            for (int gain = layers[i].gain; gain > 1; gain /= 2)
                light *= light;
            painter->clear[x] *= 1 - layers[i].strength * (1 - light);
        }
    }
}

static uint32_t scale_channel(uint32_t value, uint32_t part)
{
    return (value * part + 127) / 255;
}

/* Text over what is behind it; all premultiplied. */
static uint32_t blend_pixel(const struct painter *painter, uint32_t coverage, float clear)
{
    uint32_t behind = (uint32_t)((1 - clear) * (float)(255 - coverage) + 0.5F);
    uint32_t shade = scale_channel(behind, painter->shade);
    uint32_t red = scale_channel(painter->color >> 16, coverage) + shade;
    uint32_t green = scale_channel(painter->color >> 8 & 0xff, coverage) + shade;
    uint32_t blue = scale_channel(painter->color & 0xff, coverage) + shade;
    return (coverage + behind) << 24 | red << 16 | green << 8 | blue;
}

static void paint_row(const struct painter *painter, int row, uint32_t *out)
{
    const struct tagline_plane *plane = painter->plane;
    const struct tagline_area *box = painter->box;
    int y = box->y + row - plane->y;
    const uint8_t *coverage = NULL;
    if (y >= 0 && y < plane->height)
        coverage = plane->pixels + (size_t)y * (size_t)plane->width;
    for (int x = 0; x < box->width; x++) {
        int column = box->x + x - plane->x;
        bool covered = coverage && column >= 0 && column < plane->width;
        out[x] = blend_pixel(painter, covered ? coverage[column] : 0, painter->clear[x]);
    }
}

bool tagline_paint_box(const struct tagline_paint_style *paint_style,
                       const struct tagline_plane *plane, const struct tagline_area *box,
                       void *pixels, size_t stride_bytes, struct err *err)
{
    struct painter painter = {.paint_style = paint_style, .plane = plane, .box = box};
    bool ok = painter_init(&painter, err);
    for (int row = 0; ok && row < box->height; row++) {
        clear_row(&painter, row);
        paint_row(&painter, row, (uint32_t *)((char *)pixels + (size_t)row * stride_bytes));
    }
    painter_finish(&painter);
    return ok;
}
