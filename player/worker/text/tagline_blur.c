#include "worker/text/tagline_blur.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Least deviation, in small pixels, that is still smooth when enlarged. */
#define DEVIATION_SMALL 4.0

struct plan {
    int factor, radius;
};

/* The variance of a box of 2r + 1 is ((2r + 1)² - 1) ÷ 12; of three, r² + r. */
static struct plan plan_for(double deviation_px)
{
    struct plan plan = {.factor = (int)(deviation_px / DEVIATION_SMALL)};
    if (plan.factor < 1)
        plan.factor = 1;
    double small = deviation_px / plan.factor;
    plan.radius = (int)lround(sqrt(small * small + 0.25) - 0.5);
    if (plan.radius < 1)
        plan.radius = 1;
    return plan;
}

int tagline_blur_reach(double deviation_px)
{
    struct plan plan = plan_for(deviation_px);
    return (TAGLINE_BLUR_PASSES * plan.radius + 2) * plan.factor;
}

static void add_row(const uint8_t *restrict in, uint32_t *restrict sums, int count, uint32_t *any)
{
    uint32_t all = 0;
    for (int x = 0; x < count; x++) {
        sums[x] += in[x];
        all |= in[x];
    }
    *any |= all;
}

/* Adds up the plane's rows in small row `row`. False if they are all zero. */
static bool add_cover(const struct tagline_blur *blur, int row)
{
    const struct tagline_plane *plane = blur->plane;
    const struct tagline_area *area = &blur->area;
    int first = plane->x > area->x ? plane->x : area->x;
    int plane_end = plane->x + plane->width, area_end = area->x + area->width;
    int end = plane_end < area_end ? plane_end : area_end;
    uint32_t any = 0;
    memset(blur->cover, 0, (size_t)area->width * sizeof *blur->cover);
    for (int i = 0; i < blur->factor; i++) {
        int offset = row * blur->factor + i, y = area->y + offset - plane->y;
        if (offset >= area->height || y < 0 || y >= plane->height)
            continue;
        const uint8_t *in = plane->pixels + (size_t)y * (size_t)plane->width;
        add_row(in + (first - plane->x), blur->cover + (first - area->x), end - first, &any);
    }
    return any;
}

/* Small pixels that the area's right edge cuts have zeros beyond it. */
static void fold_cover(const struct tagline_blur *blur)
{
    const uint32_t *cover = blur->cover;
    int width = blur->area.width, factor = blur->factor;
    uint32_t pixels = (uint32_t)(factor * factor);
    if (factor == 1) {
        for (int x = 0; x < width; x++)
            blur->line[x] = cover[x] * 256;
        return;
    }
    for (int column = 0; column < blur->columns; column++) {
        int end = (column + 1) * factor < width ? (column + 1) * factor : width;
        uint32_t sum = 0;
        for (int x = column * factor; x < end; x++)
            sum += cover[x];
        blur->line[column] = (uint32_t)((uint64_t)sum * 256 / pixels);
    }
}

/* `in` has zeros beyond its ends. */
static void sum_along_row(const uint32_t *restrict in, uint32_t *restrict out, int width,
                          int radius)
{
    uint32_t sum = 0;
    for (int x = 0; x < radius && x < width; x++)
        sum += in[x];
    for (int x = 0; x < width; x++) {
        uint32_t change = in[x + radius] - in[x - radius - 1];
        sum += change;
        out[x] = sum;
    }
}

/* `leaves` is the row that entered as many rows ago as the window has; `in` takes its place. */
static void sum_along_columns(const uint32_t *restrict in, uint32_t *restrict leaves,
                              uint32_t *restrict sums, int width)
{
    for (int x = 0; x < width; x++) {
        sums[x] += in[x] - leaves[x];
        leaves[x] = in[x];
    }
}

/* Sums are below 2³¹: taken as signed, which more processors convert. */
static void divide_row(const uint32_t *restrict in, uint32_t *restrict out, int width, float part)
{
    for (int x = 0; x < width; x++)
        out[x] = (uint32_t)(int32_t)((float)(int32_t)in[x] * part + 0.5F);
}

static void keep_row(const uint32_t *restrict in, float *restrict out, int width, float part)
{
    for (int x = 0; x < width; x++)
        out[x] = (float)(int32_t)in[x] * part;
}

/* The next small row, blurred along itself. */
static const uint32_t *enter_row(const struct tagline_blur *blur, float part)
{
    int width = blur->columns, radius = blur->radius;
    if (blur->entered >= blur->rows || !add_cover(blur, blur->entered))
        return blur->zeros;
    fold_cover(blur);
    sum_along_row(blur->line, blur->other, width, radius);
    sum_along_row(blur->other, blur->line, width, radius);
    sum_along_row(blur->line, blur->other, width, radius);
    divide_row(blur->other, blur->line, width, part);
    return blur->line;
}

static float *kept_row(const struct tagline_blur *blur, int row)
{
    return blur->kept + (size_t)(row & 1) * (size_t)blur->columns;
}

/* Lets one row enter, and keeps the one that it finishes. Returns that one's number: so far above
 * as three windows reach, negative at first, and at last blur->rows, which is zeros. */
static int make_row(struct tagline_blur *blur)
{
    int radius = blur->radius, length = 2 * radius + 1, width = blur->columns;
    float part = 1 / (float)(length * length * length);
    const uint32_t *row = enter_row(blur, part);
    int at = blur->entered++; /* of the row that enters; the window's middle is `radius` above */
    for (int pass = 0; pass < TAGLINE_BLUR_PASSES && at >= 0; pass++, at -= radius) {
        uint32_t *sums = blur->windows[pass].sums;
        uint32_t *leaves = blur->windows[pass].rows + (size_t)(at % length) * (size_t)width;
        sum_along_columns(row, leaves, sums, width);
        row = at - radius < blur->rows ? sums : blur->zeros;
    }
    if (at >= 0)
        keep_row(row, kept_row(blur, at), width, part / (255 * 256));
    return at;
}

bool tagline_blur_init(struct tagline_blur *blur, const struct tagline_plane *plane,
                       const struct tagline_area *area, double deviation_px, struct err *err)
{
    struct plan plan = plan_for(deviation_px);
    *blur = (struct tagline_blur){
        .factor = plan.factor, .radius = plan.radius, .area = *area, .plane = plane, .made = -1};
    blur->columns = (area->width + plan.factor - 1) / plan.factor;
    blur->rows = (area->height + plan.factor - 1) / plan.factor;
    size_t width = (size_t)blur->columns, side = (size_t)blur->radius + 1;
    size_t rows = 2 * (size_t)blur->radius + 1, cover = (size_t)area->width;
    blur->sums = calloc(cover + 3 * width + 4 * side + TAGLINE_BLUR_PASSES * (rows + 1) * width,
                        sizeof *blur->sums);
    blur->kept = calloc(2 * width, sizeof *blur->kept);
    if (!blur->sums || !blur->kept)
        return err_oom(err);
    blur->cover = blur->sums;
    blur->line = blur->cover + cover + side;
    blur->other = blur->line + width + 2 * side;
    blur->zeros = blur->other + width + side;
    uint32_t *at = blur->zeros + width;
    for (int pass = 0; pass < TAGLINE_BLUR_PASSES; pass++, at += (rows + 1) * width) {
        blur->windows[pass].rows = at;
        blur->windows[pass].sums = at + rows * width;
    }
    return true;
}

void tagline_blur_finish(struct tagline_blur *blur)
{
    free(blur->sums);
    free(blur->kept);
    *blur = (struct tagline_blur){0};
}

static void mix_rows(const float *upper, const float *lower, float part, float *restrict out,
                     int count)
{
    for (int x = 0; x < count; x++)
        out[x] = upper[x] + (lower[x] - upper[x]) * part;
}

/* Between the middles of two small pixels lie `factor` pixels. */
static void enlarge_row(const float *columns, int count, int factor, float *out, int width)
{
    float scale = 1 / (float)factor, first_part = factor % 2 ? 0 : scale / 2;
    int x = 0;
    for (; x < factor / 2 && x < width; x++)
        out[x] = columns[0];
    for (int column = 0; x < width; column++) {
        int end = x + factor < width ? x + factor : width;
        float left = columns[column], right = columns[column + 1 < count ? column + 1 : column];
        float step = (right - left) * scale, value = left + (right - left) * first_part;
        for (; x < end; x++, value += step)
            out[x] = value;
    }
}

void tagline_blur_row(struct tagline_blur *blur, int row_px, float *columns, float *out)
{
    float at = ((float)row_px + 0.5F) / (float)blur->factor - 0.5F;
    int row = (int)floorf(at);
    if (row < -1 || row >= blur->rows) {
        memset(out, 0, (size_t)blur->area.width * sizeof *out);
        return;
    }
    while (blur->made < row + 1)
        blur->made = make_row(blur);
    if (blur->factor == 1) {
        memcpy(out, kept_row(blur, row), (size_t)blur->columns * sizeof *out);
        return;
    }
    mix_rows(kept_row(blur, row), kept_row(blur, row + 1), at - (float)row, columns, blur->columns);
    enlarge_row(columns, blur->columns, blur->factor, out, blur->area.width);
}
