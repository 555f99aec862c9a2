#include "commands/check/check_contrast.h"

#include <math.h>
#include <stdlib.h>

#define INK 128       /* coverage from which on a pixel belongs to a letter */
#define CLEAR 16      /* and up to which it doesn't */
#define INK_ERROR 2   /* of a color channel, by rounding */
#define TOUCH_PART 16 /* what is within the em divided by this touches a letter */
#define STEPS 100     /* of contrast 1, in the histogram */
#define WORST_PART 10 /* a tenth */

static double linear_level(uint32_t level)
{
    double value = level / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

struct levels {
    double red[256], green[256], blue[256]; /* parts of relative luminance */
};

static void levels_init(struct levels *levels)
{
    for (uint32_t i = 0; i < 256; i++) {
        double light = linear_level(i);
        levels->red[i] = 0.2126 * light;
        levels->green[i] = 0.7152 * light;
        levels->blue[i] = 0.0722 * light;
    }
}

static double color_luminance(const struct levels *levels, uint32_t color)
{
    return levels->red[color >> 16 & 0xff] + levels->green[color >> 8 & 0xff] +
           levels->blue[color & 0xff];
}

static double ratio_of(double a, double b)
{
    return (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);
}

uint32_t check_contrast_mix(uint32_t over, uint32_t under, double opacity)
{
    uint32_t mixed = 0;
    for (int shift = 0; shift < 24; shift += 8)
        mixed |= (uint32_t)lround((over >> shift & 0xff) * opacity +
                                  (under >> shift & 0xff) * (1 - opacity))
                 << shift;
    return mixed;
}

double check_contrast_colors(uint32_t a, uint32_t b)
{
    struct levels levels;
    levels_init(&levels);
    return ratio_of(color_luminance(&levels, a), color_luminance(&levels, b));
}

/* Tells a letter's part of a premultiplied pixel from its shadow's: by a color channel in which
 * the shadow, black behind light text and white behind dark, is not visible. */
struct probe {
    int shift;
    uint32_t level; /* of the color there */
    bool dark;
};

static struct probe probe_for(uint32_t color)
{
    struct probe best = {.shift = 0, .level = color & 0xff};
    struct levels levels;
    levels_init(&levels);
    best.dark = color_luminance(&levels, color) < 0.179; /* as tagline_paint.c decides */
    for (int shift = 8; shift <= 16; shift += 8) {
        uint32_t level = color >> shift & 0xff;
        if (best.dark ? level < best.level : level > best.level)
            best = (struct probe){shift, level, best.dark};
    }
    return best;
}

static uint32_t coverage_of(const struct probe *probe, uint32_t pixel)
{
    uint32_t alpha = pixel >> 24, level = pixel >> probe->shift & 0xff;
    if (probe->dark)
        return alpha > level ? (alpha - level) * 255 / (255 - probe->level) : 0;
    return level * 255 / probe->level;
}

/* What a pixel of the text is; TOUCHED ones lie beside a letter. */
enum { PIXEL_CLEAR, PIXEL_EDGE, PIXEL_INK, PIXEL_TOUCHED = 4 };

static void classify(const struct frame *text, uint32_t color, uint8_t *kinds)
{
    struct probe probe = probe_for(color);
    for (int y = 0; y < text->height_px; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)((const uint8_t *)text->pixels +
                                                               text->stride_bytes * (size_t)y);
        for (int x = 0; x < text->width_px; x++) {
            uint32_t coverage = coverage_of(&probe, row[x]);
            uint8_t *kind = &kinds[(size_t)y * (size_t)text->width_px + (size_t)x];
            *kind = coverage > CLEAR ? PIXEL_EDGE : PIXEL_CLEAR;
            if (coverage >= INK)
                *kind = PIXEL_INK;
        }
    }
}

static bool has_color(uint32_t pixel, uint32_t color)
{
    uint32_t alpha = pixel >> 24;
    for (int shift = 0; shift < 24; shift += 8) {
        uint32_t expected = ((color >> shift & 0xff) * alpha + 127) / 255;
        uint32_t level = pixel >> shift & 0xff;
        if (level > expected + INK_ERROR || expected > level + INK_ERROR)
            return false;
    }
    return true;
}

/* The same for letters without anything behind them; those of another color are no ink, nor clear. */
static void classify_ink(const struct frame *text, uint32_t color, uint8_t *kinds)
{
    for (int y = 0; y < text->height_px; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)((const uint8_t *)text->pixels +
                                                               text->stride_bytes * (size_t)y);
        for (int x = 0; x < text->width_px; x++) {
            uint32_t coverage = row[x] >> 24;
            uint8_t *kind = &kinds[(size_t)y * (size_t)text->width_px + (size_t)x];
            *kind = coverage > CLEAR ? PIXEL_EDGE : PIXEL_CLEAR;
            if (coverage >= INK && has_color(row[x], color))
                *kind = PIXEL_INK;
        }
    }
}

/* Marks what lies within `reach` pixels of ink (or of marks, for the second direction) along a
 * line, both ways. */
static void mark_line(uint8_t *kinds, int count, size_t step, int reach, bool of_marks)
{
    for (int way = 0; way < 2; way++) {
        int left = 0;
        for (int i = 0; i < count; i++) {
            uint8_t *kind = kinds + (size_t)(way ? count - 1 - i : i) * step;
            bool source = of_marks ? (*kind & PIXEL_TOUCHED) != 0 : *kind == PIXEL_INK;
            if (source)
                left = reach + 1;
            if (left > 0 && !source)
                *kind |= of_marks ? PIXEL_TOUCHED << 1 : PIXEL_TOUCHED;
            left -= left > 0;
        }
    }
}

/* The square around each pixel of ink: along the rows, then from there along the columns. */
static void mark_touched(uint8_t *kinds, int width, int height, int reach)
{
    for (int y = 0; y < height; y++)
        mark_line(kinds + (size_t)y * (size_t)width, width, 1, reach, false);
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        if (kinds[i] == PIXEL_INK)
            kinds[i] |= PIXEL_TOUCHED;
    for (int x = 0; x < width; x++)
        mark_line(kinds + x, height, (size_t)width, reach, true);
}

static double worst_part(const struct canvas *screen, const struct check_contrast_text *of,
                         const uint8_t *kinds)
{
    const struct frame *text = of->frame;
    static const size_t bins_count = 21 * STEPS + 1;
    size_t bins[21 * STEPS + 1] = {0}, total = 0, sum = 0, bin = 0;
    struct levels levels;
    levels_init(&levels);
    for (int y = 0; y < text->height_px; y++) {
        const uint8_t *line =
            (const uint8_t *)screen->pixels + screen->stride_bytes * (size_t)(text->at.y + y);
        const uint32_t *row = (const uint32_t *)(const void *)line + text->at.x;
        for (int x = 0; x < text->width_px; x++) {
            uint8_t kind = kinds[(size_t)y * (size_t)text->width_px + (size_t)x];
            if (kind < PIXEL_TOUCHED || kind % PIXEL_TOUCHED != PIXEL_CLEAR)
                continue;
            double light =
                color_luminance(&levels, check_contrast_mix(of->color, row[x], of->opacity));
            bins[(size_t)(ratio_of(light, color_luminance(&levels, row[x])) * STEPS)]++;
            total++;
        }
    }
    while (bin + 1 < bins_count && (sum += bins[bin]) * WORST_PART <= total)
        bin++;
    return (double)bin / STEPS;
}

bool check_contrast_measure(const struct canvas *screen, const struct check_contrast_text *text,
                            double *ratio, struct err *err)
{
    const struct frame *frame = text->frame;
    uint8_t *kinds = calloc((size_t)frame->width_px, (size_t)frame->height_px);
    if (!kinds)
        return err_oom(err);
    if (text->is_ink)
        classify_ink(frame, text->color, kinds);
    else
        classify(frame, text->color, kinds);
    int reach = text->size_px / TOUCH_PART;
    mark_touched(kinds, frame->width_px, frame->height_px, reach > 2 ? reach : 2);
    *ratio = worst_part(screen, text, kinds);
    free(kinds);
    return true;
}
