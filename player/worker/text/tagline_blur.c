#include "worker/text/tagline_blur.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Least deviation, in small pixels, that is still smooth when enlarged. */
#define DEVIATION_SMALL 4.0
#define PASSES 3

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
    return (PASSES * plan.radius + 2) * plan.factor;
}

static void shrink_row(const struct tagline_blur *blur, const struct tagline_plane *plane, int row,
                       uint32_t *sums)
{
    memset(sums, 0, (size_t)blur->columns * sizeof *sums);
    for (int i = 0; i < blur->factor; i++) {
        int offset = row * blur->factor + i, y = blur->area.y + offset - plane->y;
        if (offset >= blur->area.height || y < 0 || y >= plane->height)
            continue;
        const uint8_t *in = plane->pixels + (size_t)y * (size_t)plane->width;
        int first = plane->x > blur->area.x ? plane->x : blur->area.x;
        int plane_end = plane->x + plane->width, area_end = blur->area.x + blur->area.width;
        int end = plane_end < area_end ? plane_end : area_end;
        for (int x = first; x < end; x++)
            sums[(x - blur->area.x) / blur->factor] += in[x - plane->x];
    }
}

static void shrink(const struct tagline_blur *blur, const struct tagline_plane *plane,
                   uint32_t *sums)
{
    uint32_t cells = (uint32_t)(blur->factor * blur->factor);
    for (int row = 0; row < blur->rows; row++) {
        uint16_t *out = blur->small + (size_t)row * (size_t)blur->columns;
        shrink_row(blur, plane, row, sums);
        for (int x = 0; x < blur->columns; x++)
            out[x] = (uint16_t)((uint64_t)sums[x] * 256 / cells);
    }
}

static uint16_t mean(uint32_t sum, uint32_t reciprocal)
{
    return (uint16_t)(((uint64_t)sum * reciprocal + (1U << 23)) >> 24);
}

static void blur_rows(const struct tagline_blur *blur, const uint16_t *from, uint16_t *to)
{
    int width = blur->columns, radius = blur->radius;
    uint32_t reciprocal = (1U << 24) / (uint32_t)(2 * radius + 1);
    for (int row = 0; row < blur->rows; row++) {
        const uint16_t *in = from + (size_t)row * (size_t)width;
        uint16_t *out = to + (size_t)row * (size_t)width;
        uint32_t sum = 0;
        for (int x = 0; x < radius && x < width; x++)
            sum += in[x];
        for (int x = 0; x < width; x++) {
            if (x + radius < width)
                sum += in[x + radius];
            if (x > radius)
                sum -= in[x - radius - 1];
            out[x] = mean(sum, reciprocal);
        }
    }
}

/* Blurs along the columns, but row by row, in the order of memory. */
static void blur_columns(const struct tagline_blur *blur, const uint16_t *from, uint16_t *to,
                         uint32_t *sums)
{
    size_t width = (size_t)blur->columns;
    int radius = blur->radius;
    uint32_t reciprocal = (1U << 24) / (uint32_t)(2 * radius + 1);
    memset(sums, 0, width * sizeof *sums);
    for (int row = -radius; row < blur->rows; row++) {
        int enters = row + radius, leaves = row - radius - 1;
        if (enters < blur->rows)
            for (size_t x = 0; x < width; x++)
                sums[x] += from[(size_t)enters * width + x];
        if (leaves >= 0)
            for (size_t x = 0; x < width; x++)
                sums[x] -= from[(size_t)leaves * width + x];
        if (row >= 0)
            for (size_t x = 0; x < width; x++)
                to[(size_t)row * width + x] = mean(sums[x], reciprocal);
    }
}

bool tagline_blur_init(struct tagline_blur *blur, const struct tagline_plane *plane,
                       const struct tagline_area *area, double deviation_px, struct err *err)
{
    struct plan plan = plan_for(deviation_px);
    *blur = (struct tagline_blur){.factor = plan.factor, .radius = plan.radius, .area = *area};
    blur->columns = (area->width + plan.factor - 1) / plan.factor;
    blur->rows = (area->height + plan.factor - 1) / plan.factor;
    size_t cells = (size_t)blur->columns * (size_t)blur->rows;
    uint16_t *other = calloc(cells, sizeof *other);
    uint32_t *sums = malloc((size_t)blur->columns * sizeof *sums);
    blur->small = calloc(cells, sizeof *blur->small);
    bool ok = other && sums && blur->small;
    if (ok) {
        shrink(blur, plane, sums);
        for (int pass = 0; pass < PASSES; pass++) {
            blur_rows(blur, blur->small, other);
            blur_columns(blur, other, blur->small, sums);
        }
    }
    free(other);
    free(sums);
    return ok || err_oom(err);
}

void tagline_blur_finish(struct tagline_blur *blur)
{
    free(blur->small);
    *blur = (struct tagline_blur){0};
}

/* `part` of the way from the first value to the second. */
static float interpolate_linear(float first, float second, float part)
{
    return first + (second - first) * part;
}

void tagline_blur_row(const struct tagline_blur *blur, int row_px, float *columns, float *out)
{
    float scale = 1.0F / (float)blur->factor;
    float at = ((float)row_px + 0.5F) * scale - 0.5F;
    int row = (int)floorf(at);
    const uint16_t *upper = NULL, *lower = NULL;
    if (row >= 0 && row < blur->rows)
        upper = blur->small + (size_t)row * (size_t)blur->columns;
    if (row + 1 >= 0 && row + 1 < blur->rows)
        lower = blur->small + (size_t)(row + 1) * (size_t)blur->columns;
    for (int x = 0; x < blur->columns; x++)
        columns[x] = interpolate_linear(upper ? (float)upper[x] : 0, lower ? (float)lower[x] : 0,
                                        at - (float)row) /
                     (255.0F * 256.0F);
    if (blur->factor == 1) {
        memcpy(out, columns, (size_t)blur->area.width * sizeof *out);
        return;
    }
    for (int x = 0; x < blur->area.width; x++) {
        float place = ((float)x + 0.5F) * scale - 0.5F;
        int column = (int)(place + 1) - 1; /* floor: the place is above -1 */
        float left = column >= 0 ? columns[column] : columns[0];
        float right = column + 1 < blur->columns ? columns[column + 1] : columns[blur->columns - 1];
        out[x] = interpolate_linear(left, right, place - (float)column);
    }
}
