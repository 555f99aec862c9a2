#include "decode/tagline_paint.h"

#include "decode/tagline_blur.h"

#include <math.h>
#include <stdlib.h>

/* All in ems. Two shadows: a close one that draws the edge on white, a wide faint one that calms
 * what is busy. */
struct shadow {
    double deviation, drop;
    float strength;
};
static const struct shadow shadows[] = {
    {.deviation = 0.05, .drop = 0.03, .strength = 0.55F},
    {.deviation = 0.20, .drop = 0.04, .strength = 0.40F},
};
#define SHADOWS (sizeof shadows / sizeof *shadows)

/* The scrim is a rectangle around the text, blurred: no edge anywhere, corners round by themselves.
 */
#define SCRIM_PAD 0.5
#define SCRIM_DEVIATION 0.55
#define SCRIM_STRENGTH 0.5F
#define SCRIM_TAILS 2.9 /* deviations, after which less than half a grey level is left */

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

struct tagline_area tagline_paint_reach(const struct tagline_look *look,
                                        const struct tagline_area *ink)
{
    int around = 0, drop = 0;
    for (size_t i = 0; look->shadow && i < SHADOWS; i++) {
        int reach = tagline_blur_reach(shadows[i].deviation * look->size_px);
        int lower = (int)lround(shadows[i].drop * look->size_px);
        around = reach > around ? reach : around;
        drop = lower > drop ? lower : drop;
    }
    int scrim = (int)ceil((SCRIM_PAD + SCRIM_DEVIATION * SCRIM_TAILS) * look->size_px);
    if (look->scrim && scrim > around)
        around = scrim;
    return (struct tagline_area){ink->x - around, ink->y - around, ink->width + 2 * around,
                                 ink->height + 2 * around + drop};
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

/* How much of a blurred interval [from, to] is left at each of `count` places from `start` on. */
static void blurred_interval(double from, double to, double deviation, int start, int count,
                             float *out)
{
    double scale = 1 / (deviation * sqrt(2));
    for (int i = 0; i < count; i++) {
        double at = start + i + 0.5;
        out[i] = (float)(0.5 * (erf((at - from) * scale) - erf((at - to) * scale)));
    }
}

struct painter {
    const struct tagline_look *look;
    const struct tagline_plane *plane;
    const struct tagline_area *ink, *box;
    struct tagline_blur blurs[SHADOWS];
    float *scrim_columns, *scrim_rows;
    float *clear; /* of one row: what shadow and scrim let through */
    float *blurred, *scratch;
    uint32_t color;
    uint32_t shade; /* of shadow and scrim: 0 black, 255 white */
};

static void painter_finish(struct painter *painter)
{
    for (size_t i = 0; i < SHADOWS; i++)
        tagline_blur_finish(&painter->blurs[i]);
    free(painter->scrim_columns);
    free(painter->scrim_rows);
    free(painter->clear);
    free(painter->blurred);
    free(painter->scratch);
}

static bool painter_init(struct painter *painter, struct err *err)
{
    const struct tagline_look *look = painter->look;
    const struct tagline_area *ink = painter->ink, *box = painter->box;
    size_t width = (size_t)box->width, height = (size_t)box->height;
    painter->scrim_columns = calloc(width, sizeof(float));
    painter->scrim_rows = calloc(height, sizeof(float));
    painter->clear = calloc(width, sizeof(float));
    painter->blurred = calloc(width, sizeof(float));
    painter->scratch = calloc(width, sizeof(float));
    if (!painter->scrim_columns || !painter->scrim_rows || !painter->clear || !painter->blurred ||
        !painter->scratch)
        return err_set(err, ERR_SYSTEM, "out of memory");
    painter->color = look->color & 0xffffff;
    painter->shade = is_dark(look->color) ? 255 : 0;
    if (ink->width == 0)
        return true;
    if (look->scrim) {
        double pad = SCRIM_PAD * look->size_px, deviation = SCRIM_DEVIATION * look->size_px;
        blurred_interval(ink->x - pad, ink->x + ink->width + pad, deviation, box->x, box->width,
                         painter->scrim_columns);
        blurred_interval(ink->y - pad, ink->y + ink->height + pad, deviation, box->y, box->height,
                         painter->scrim_rows);
    }
    for (size_t i = 0; look->shadow && i < SHADOWS; i++)
        if (!tagline_blur_init(&painter->blurs[i], painter->plane, box,
                               shadows[i].deviation * look->size_px, err))
            return false;
    return true;
}

static void clear_row(struct painter *painter, int row)
{
    int width = painter->box->width;
    for (int x = 0; x < width; x++)
        painter->clear[x] =
            1 - SCRIM_STRENGTH * painter->scrim_columns[x] * painter->scrim_rows[row];
    for (size_t i = 0; i < SHADOWS; i++) {
        if (!painter->blurs[i].small)
            continue;
        int drop = (int)lround(shadows[i].drop * painter->look->size_px);
        tagline_blur_row(&painter->blurs[i], row - drop, painter->scratch, painter->blurred);
        /* Thin strokes blur to little: 1 - (1 - b)² gives them twice as much, and stays below 1. */
        for (int x = 0; x < width; x++) {
            float light = 1 - painter->blurred[x];
            painter->clear[x] *= 1 - shadows[i].strength * (1 - light * light);
        }
    }
}

static uint32_t scaled(uint32_t value, uint32_t part)
{
    return (value * part + 127) / 255;
}

/* Text over what is behind it; all premultiplied. */
static uint32_t pixel_of(const struct painter *painter, uint32_t coverage, float clear)
{
    uint32_t behind = (uint32_t)lrintf((1 - clear) * (float)(255 - coverage));
    uint32_t shade = scaled(behind, painter->shade);
    uint32_t red = scaled(painter->color >> 16, coverage) + shade;
    uint32_t green = scaled(painter->color >> 8 & 0xff, coverage) + shade;
    uint32_t blue = scaled(painter->color & 0xff, coverage) + shade;
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
        out[x] = pixel_of(painter, covered ? coverage[column] : 0, painter->clear[x]);
    }
}

bool tagline_paint_box(const struct tagline_look *look, const struct tagline_plane *plane,
                       const struct tagline_area *ink, const struct tagline_area *box, void *pixels,
                       size_t stride_bytes, struct err *err)
{
    struct painter painter = {.look = look, .plane = plane, .ink = ink, .box = box};
    bool ok = painter_init(&painter, err);
    for (int row = 0; ok && row < box->height; row++) {
        clear_row(&painter, row);
        paint_row(&painter, row, (uint32_t *)((char *)pixels + (size_t)row * stride_bytes));
    }
    painter_finish(&painter);
    return ok;
}
