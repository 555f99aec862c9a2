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

/* A scrim from an edge covers this part of the screen, or what the text takes and an em more. */
#define EDGE_PART 0.45
#define EDGE_STRENGTH 0.55

/* The edge that a scrim comes from. A text in the middle stands at none, and has a soft one. */
enum side { SIDE_NONE, SIDE_TOP, SIDE_BOTTOM, SIDE_LEFT, SIDE_RIGHT };

static enum side edge_of(const struct text_style *style)
{
    if (style->scrim != TEXT_SCRIM_EDGE)
        return SIDE_NONE;
    if (style->valign != TEXT_ALIGN_CENTER)
        return style->valign == TEXT_ALIGN_START ? SIDE_TOP : SIDE_BOTTOM;
    if (style->align != TEXT_ALIGN_CENTER)
        return style->align == TEXT_ALIGN_START ? SIDE_LEFT : SIDE_RIGHT;
    return SIDE_NONE;
}

/* The layers of a style; one without strength is none. */
static void find_layers(const struct text_style *style, struct layer out[LAYERS])
{
    const struct text_shadow *shadow = &style->shadow;
    memset(out, 0, LAYERS * sizeof *out);
    if (shadow->kind == TEXT_SHADOW_BUILT_IN) {
        out[LAYER_EDGE] = layers[LAYER_EDGE];
        out[LAYER_GLOW] = layers[LAYER_GLOW];
    } else if (shadow->kind == TEXT_SHADOW_OWN) {
        out[LAYER_EDGE] = (struct layer){.deviation = shadow->blur,
                                         .drop = shadow->drop,
                                         .strength = (float)shadow->strength,
                                         .gain = 2};
    }
    if (style->scrim == TEXT_SCRIM_SOFT ||
        (style->scrim == TEXT_SCRIM_EDGE && edge_of(style) == SIDE_NONE))
        out[LAYER_SCRIM] = layers[LAYER_SCRIM];
}

static int drop_px(const struct layer *layer, int size_px)
{
    return (int)lround(layer->drop * size_px);
}

/* The part of the canvas that a scrim from an edge covers; width 0: there is none. */
static struct tagline_area edge_strip(const struct tagline_paint_style *paint_style,
                                      const struct tagline_area *ink)
{
    int width = paint_style->canvas_width_px, height = paint_style->canvas_height_px;
    enum side side = edge_of(&paint_style->style);
    int wide = (int)lround(EDGE_PART * width), high = (int)lround(EDGE_PART * height);
    int em = paint_style->size_px;
    switch (side) {
    case SIDE_TOP:
        high = (int)fmax(high, fmin(ink->y + ink->height + em, height));
        return (struct tagline_area){0, 0, width, high};
    case SIDE_BOTTOM:
        high = (int)fmax(high, fmin(height - ink->y + em, height));
        return (struct tagline_area){0, height - high, width, high};
    case SIDE_LEFT:
        wide = (int)fmax(wide, fmin(ink->x + ink->width + em, width));
        return (struct tagline_area){0, 0, wide, height};
    case SIDE_RIGHT:
        wide = (int)fmax(wide, fmin(width - ink->x + em, width));
        return (struct tagline_area){width - wide, 0, wide, height};
    case SIDE_NONE:
        break;
    }
    return (struct tagline_area){.width = 0};
}

struct tagline_area tagline_paint_reach(const struct tagline_paint_style *paint_style,
                                        const struct tagline_area *ink)
{
    int around = 0, below = 0;
    struct layer all[LAYERS];
    find_layers(&paint_style->style, all);
    for (int i = 0; i < LAYERS; i++) {
        if (!(all[i].strength > 0))
            continue;
        int reach = tagline_blur_reach(all[i].deviation * paint_style->size_px);
        int dropped = reach + drop_px(&all[i], paint_style->size_px);
        around = reach > around ? reach : around;
        below = dropped > below ? dropped : below;
    }
    struct tagline_area reach = {ink->x - around, ink->y - around, ink->width + 2 * around,
                                 ink->height + around + below};
    struct tagline_area strip = edge_strip(paint_style, ink);
    if (strip.width == 0)
        return reach;
    int left = reach.x < strip.x ? reach.x : strip.x, top = reach.y < strip.y ? reach.y : strip.y;
    int right = reach.x + reach.width, bottom = reach.y + reach.height;
    right = right > strip.x + strip.width ? right : strip.x + strip.width;
    bottom = bottom > strip.y + strip.height ? bottom : strip.y + strip.height;
    return (struct tagline_area){left, top, right - left, bottom - top};
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
    struct layer layers[LAYERS];
    struct tagline_blur blurs[LAYERS]; /* zeroed: none */
    struct tagline_area strip;         /* width 0: no scrim from an edge */
    float *clear;                      /* of one row: how much the layers let through */
    float *blurred, *scratch;
    uint8_t *coverage, *inks, *density; /* of one row */
    uint32_t red, green, blue;
    uint32_t shade;   /* 0xRRGGBB: the color of all layers */
    uint32_t opacity; /* 0 to 255 */
};

static void painter_finish(struct painter *painter)
{
    for (int i = 0; i < LAYERS; i++)
        tagline_blur_finish(&painter->blurs[i]);
    free(painter->clear);
    free(painter->blurred);
    free(painter->scratch);
    free(painter->coverage);
    free(painter->density);
    free(painter->inks);
}

static MUST_CHECK bool painter_init(struct painter *painter, struct err *err)
{
    const struct tagline_paint_style *paint_style = painter->paint_style;
    const struct text_style *style = &paint_style->style;
    size_t width = (size_t)painter->box->width;
    painter->red = style->color >> 16 & 0xff;
    painter->green = style->color >> 8 & 0xff;
    painter->blue = style->color & 0xff;
    painter->shade = is_dark(style->color) ? 0xffffff : 0;
    if (style->shadow.kind == TEXT_SHADOW_OWN)
        painter->shade = style->shadow.color;
    painter->opacity = (uint32_t)lround(style->opacity * 255);
    painter->clear = calloc(width, sizeof(float));
    painter->blurred = calloc(width, sizeof(float));
    painter->scratch = calloc(width, sizeof(float));
    painter->coverage = calloc(width, 1);
    painter->density = calloc(width, 1);
    painter->inks = calloc(width, 1);
    if (!painter->clear || !painter->blurred || !painter->scratch || !painter->coverage ||
        !painter->density || !painter->inks)
        return err_oom(err);
    find_layers(style, painter->layers);
    if (edge_of(style) != SIDE_NONE) {
        struct tagline_area ink = tagline_paint_ink(painter->plane);
        painter->strip = edge_strip(paint_style, &ink);
    }
    for (int i = 0; i < LAYERS; i++)
        if (painter->layers[i].strength > 0 &&
            !tagline_blur_init(&painter->blurs[i], painter->plane, painter->box,
                               painter->layers[i].deviation * paint_style->size_px, err))
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

/* How dense a scrim is at a part of the way from its end to the edge: eased. */
static float edge_density(double part)
{
    part = fmin(fmax(part, 0), 1);
    return (float)(EDGE_STRENGTH * part * part * (3 - 2 * part));
}

/* The scrim from an edge, in one row. */
static void fade_row(struct painter *painter, int row)
{
    const struct tagline_area *strip = &painter->strip, *box = painter->box;
    enum side side = edge_of(&painter->paint_style->style);
    double down = box->y + row + 0.5 - strip->y;
    if (side == SIDE_TOP || side == SIDE_BOTTOM) {
        double part = down / strip->height;
        float through = 1 - edge_density(side == SIDE_TOP ? 1 - part : part);
        if (down >= 0 && down <= strip->height)
            for (int x = 0; x < box->width; x++)
                painter->clear[x] *= through;
        return;
    }
    for (int x = 0; x < box->width; x++) {
        double part = (box->x + x + 0.5 - strip->x) / strip->width;
        if (part >= 0 && part <= 1)
            painter->clear[x] *= 1 - edge_density(side == SIDE_LEFT ? 1 - part : part);
    }
}

static void clear_row(struct painter *painter, int row)
{
    int width = painter->box->width;
    for (int x = 0; x < width; x++)
        painter->clear[x] = 1;
    for (int i = 0; i < LAYERS; i++) {
        if (!painter->blurs[i].sums)
            continue;
        tagline_blur_row(&painter->blurs[i],
                         row - drop_px(&painter->layers[i], painter->paint_style->size_px),
                         painter->scratch, painter->blurred);
        darken_row(painter->clear, painter->blurred, &painter->layers[i], width);
    }
    if (painter->strip.width > 0)
        fade_row(painter, row);
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
    if (y < 0 || y >= plane->height || first >= end)
        return;
    size_t from = (size_t)y * (size_t)plane->width + (size_t)(first - plane->x);
    memcpy(painter->coverage + (first - box->x), plane->pixels + from, (size_t)(end - first));
    if (plane->inks)
        memcpy(painter->inks + (first - box->x), plane->inks + from, (size_t)(end - first));
}

/* value × part ÷ 255, rounded: the shift is that division, exact up to 255 × 255. */
static uint32_t scale_channel(uint32_t value, uint32_t part)
{
    uint32_t product = value * part + 127;
    return (product + 1 + (product >> 8)) >> 8;
}

/* What is added before a density becomes a whole number, so that a wide gradient shows no bands: by
 * place, in cells of 8 × 8 (ordered dithering, Bayer 1973). */
static float dither_at(unsigned x, unsigned y)
{
    unsigned value = 0, mixed = x ^ y;
    for (unsigned bit = 0; bit < 3; bit++)
        value = value << 2 | (mixed >> bit & 1) << 1 | (y >> bit & 1);
    return ((float)value + 0.5F) / 64;
}

/* How much of the layers is seen beside the text, 0 to 255. */
static void density_row(struct painter *painter, int row)
{
    const uint8_t *cover = painter->coverage;
    const float *clear = painter->clear;
    float added[8];
    bool has_strip = painter->strip.width > 0;
    for (unsigned x = 0; x < 8; x++)
        added[x] = has_strip ? dither_at(x, (unsigned)row) : 0.5F;
    for (int x = 0; x < painter->box->width; x++)
        painter->density[x] =
            (uint8_t)(int32_t)((1 - clear[x]) * (float)(int32_t)(255 - cover[x]) + added[x % 8]);
}

static uint32_t premultiplied(uint32_t alpha, uint32_t red, uint32_t green, uint32_t blue)
{
    return alpha << 24 | scale_channel(red, alpha) << 16 | scale_channel(green, alpha) << 8 |
           scale_channel(blue, alpha);
}

/* Text over what is behind it; all premultiplied. */
static void blend_row(const struct painter *painter, uint32_t *restrict out)
{
    const uint8_t *cover = painter->coverage, *density = painter->density;
    uint32_t red = painter->red, green = painter->green, blue = painter->blue;
    uint32_t shade = painter->shade;
    for (int x = 0; x < painter->box->width; x++)
        out[x] = premultiplied(density[x], shade >> 16, shade >> 8 & 0xff, shade & 0xff);
    if (!painter->plane->inks)
        for (int x = 0; x < painter->box->width; x++)
            out[x] += premultiplied(cover[x], red, green, blue);
    else
        for (int x = 0; x < painter->box->width; x++) {
            uint32_t ink = painter->paint_style->inks[painter->inks[x]];
            out[x] += premultiplied(cover[x], ink >> 16, ink >> 8 & 0xff, ink & 0xff);
        }
}

static void thin_row(uint32_t *row, int width, uint32_t opacity)
{
    for (int x = 0; x < width; x++)
        row[x] = scale_channel(row[x] >> 24, opacity) << 24 |
                 scale_channel(row[x] >> 16 & 0xff, opacity) << 16 |
                 scale_channel(row[x] >> 8 & 0xff, opacity) << 8 |
                 scale_channel(row[x] & 0xff, opacity);
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
        uint32_t *out = (uint32_t *)((char *)pixels + (size_t)row * stride_bytes);
        density_row(&painter, row);
        blend_row(&painter, out);
        if (painter.opacity < 255)
            thin_row(out, box->width, painter.opacity);
    }
    painter_finish(&painter);
    return ok;
}
