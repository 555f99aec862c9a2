#include "worker/text/tagline_paint.h"

#include "worker/text/tagline_blur.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    uint8_t *coverage; /* of one row */
    uint32_t red, green, blue;
    uint32_t
        shade; /* the channels that the layers are bright in: alpha, for white the colors too */
};

static void painter_finish(struct painter *painter)
{
    for (int i = 0; i < LAYERS; i++)
        tagline_blur_finish(&painter->blurs[i]);
    free(painter->clear);
    free(painter->blurred);
    free(painter->scratch);
    free(painter->coverage);
}

static MUST_CHECK bool painter_init(struct painter *painter, struct err *err)
{
    const struct tagline_paint_style *paint_style = painter->paint_style;
    size_t width = (size_t)painter->box->width;
    painter->red = paint_style->color >> 16 & 0xff;
    painter->green = paint_style->color >> 8 & 0xff;
    painter->blue = paint_style->color & 0xff;
    painter->shade = is_dark(paint_style->color) ? 0xffffffff : 0xff000000;
    painter->clear = calloc(width, sizeof(float));
    painter->blurred = calloc(width, sizeof(float));
    painter->scratch = calloc(width, sizeof(float));
    painter->coverage = calloc(width, 1);
    if (!painter->clear || !painter->blurred || !painter->scratch || !painter->coverage)
        return err_oom(err);
    for (int i = 0; i < LAYERS; i++)
        if (has_layer(paint_style, i) &&
            !tagline_blur_init(&painter->blurs[i], painter->plane, painter->box,
                               layers[i].deviation * paint_style->size_px, err))
            return false;
    return true;
}

static void darken_row(float *restrict clear, float *restrict blurred, const struct layer *layer,
                       int width)
{
    for (int x = 0; x < width; x++)
        blurred[x] = 1 - blurred[x];
    for (int gain = layer->gain; gain > 1; gain /= 2)
        for (int x = 0; x < width; x++)
            blurred[x] *= blurred[x];
    for (int x = 0; x < width; x++)
        clear[x] *= 1 - layer->strength * (1 - blurred[x]);
}

static void clear_row(struct painter *painter, int row)
{
    int width = painter->box->width;
    for (int x = 0; x < width; x++)
        painter->clear[x] = 1;
    for (int i = 0; i < LAYERS; i++) {
        if (!painter->blurs[i].sums)
            continue;
        tagline_blur_row(&painter->blurs[i], row - layer_drop_px(painter->paint_style, i),
                         painter->scratch, painter->blurred);
        darken_row(painter->clear, painter->blurred, &layers[i], width);
    }
}

/* The plane's row, as far as it is in the box; 0 beside it. */
static void cover_row(struct painter *painter, int row)
{
    const struct tagline_plane *plane = painter->plane;
    const struct tagline_area *box = painter->box;
    int y = box->y + row - plane->y;
    int first = plane->x > box->x ? plane->x : box->x;
    int plane_end = plane->x + plane->width, box_end = box->x + box->width;
    int end = plane_end < box_end ? plane_end : box_end;
    memset(painter->coverage, 0, (size_t)box->width);
    if (y >= 0 && y < plane->height && first < end)
        memcpy(painter->coverage + (first - box->x),
               plane->pixels + (size_t)y * (size_t)plane->width + (first - plane->x),
               (size_t)(end - first));
}

/* value × part ÷ 255, rounded: the shift is that division, exact up to 255 × 255. */
static uint32_t scale_channel(uint32_t value, uint32_t part)
{
    uint32_t product = value * part + 127;
    return (product + 1 + (product >> 8)) >> 8;
}

/* Text over what is behind it; all premultiplied. */
static void blend_row(const struct painter *painter, uint32_t *restrict out)
{
    const uint8_t *cover = painter->coverage;
    const float *clear = painter->clear;
    uint32_t red = painter->red, green = painter->green, blue = painter->blue;
    for (int x = 0; x < painter->box->width; x++) {
        uint32_t coverage = cover[x];
        uint32_t behind =
            (uint32_t)(int32_t)((1 - clear[x]) * (float)(int32_t)(255 - coverage) + 0.5F);
        uint32_t text = coverage << 24 | scale_channel(red, coverage) << 16 |
                        scale_channel(green, coverage) << 8 | scale_channel(blue, coverage);
        out[x] = text + (behind * 0x01010101 & painter->shade);
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
        cover_row(&painter, row);
        blend_row(&painter, (uint32_t *)((char *)pixels + (size_t)row * stride_bytes));
    }
    painter_finish(&painter);
    return ok;
}
