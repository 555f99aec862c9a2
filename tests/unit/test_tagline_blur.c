/* The blur against its plain definition, worked out in the slowest way: three times, each small
 * pixel becomes the mean of those around it, along rows and along columns. */
#include "worker/text/tagline_blur.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FULL_PX 120

/* A quarter of a step of a color. */
#define TOLERANCE (0.25 / 255)

struct picture {
    int width, height;
    double *values;
};

static double at(const struct picture *picture, int x, int y)
{
    if (x < 0 || y < 0 || x >= picture->width || y >= picture->height)
        return 0;
    return picture->values[y * picture->width + x];
}

static struct picture picture_create(int width, int height)
{
    struct picture picture = {width, height,
                              calloc((size_t)width * (size_t)height, sizeof(double))};
    assert_non_null(picture.values);
    return picture;
}

static double coverage(const struct tagline_plane *plane, const struct tagline_area *area, int x,
                       int y)
{
    int column = area->x + x - plane->x, row = area->y + y - plane->y;
    if (x >= area->width || y >= area->height || column < 0 || column >= plane->width || row < 0 ||
        row >= plane->height)
        return 0;
    return plane->pixels[row * plane->width + column] / 255.0;
}

/* A cell that the area's edge cuts has nothing beyond it. */
static struct picture shrink(const struct tagline_plane *plane, const struct tagline_area *area,
                             int factor)
{
    struct picture small =
        picture_create((area->width + factor - 1) / factor, (area->height + factor - 1) / factor);
    for (int y = 0; y < small.height * factor; y++)
        for (int x = 0; x < small.width * factor; x++)
            small.values[y / factor * small.width + x / factor] +=
                coverage(plane, area, x, y) / (factor * factor);
    return small;
}

static void average(struct picture *picture, int radius, int right, int down)
{
    struct picture mean = picture_create(picture->width, picture->height);
    for (int y = 0; y < picture->height; y++)
        for (int x = 0; x < picture->width; x++)
            for (int i = -radius; i <= radius; i++)
                mean.values[y * picture->width + x] +=
                    at(picture, x + i * right, y + i * down) / (2 * radius + 1);
    free(picture->values);
    *picture = mean;
}

static double nearest_column(const struct picture *small, double x, int y)
{
    int column = (int)floor(x), last = small->width - 1;
    int right = column + 1 < last ? column + 1 : last;
    double part = x - column;
    return at(small, column > 0 ? column : 0, y) * (1 - part) + at(small, right, y) * part;
}

/* Columns beyond the ends are as the last ones; rows beyond them are zero. */
static double enlarge(const struct picture *small, int factor, int x, int y)
{
    double column = (x + 0.5) / factor - 0.5, row = (y + 0.5) / factor - 0.5;
    int upper = (int)floor(row);
    double part = row - upper;
    return nearest_column(small, column, upper) * (1 - part) +
           nearest_column(small, column, upper + 1) * part;
}

static unsigned next(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 16;
}

/* Strokes with gaps, as a text has. */
static struct tagline_plane make_plane(unsigned *state)
{
    struct tagline_plane plane = {.x = (int)(next(state) % 40),
                                  .y = (int)(next(state) % 40),
                                  .width = 1 + (int)(next(state) % 90),
                                  .height = 1 + (int)(next(state) % 60)};
    plane.pixels = calloc((size_t)plane.width, (size_t)plane.height);
    assert_non_null(plane.pixels);
    int strokes = (int)(next(state) % 12);
    for (int i = 0; i < strokes; i++) {
        int x = (int)(next(state) % (unsigned)plane.width);
        int y = (int)(next(state) % (unsigned)plane.height);
        uint8_t value = next(state) % 3 ? 255 : (uint8_t)next(state);
        for (int row = y; row < plane.height && row < y + 3; row++)
            for (int column = x; column < plane.width && column < x + 20; column++)
                plane.pixels[row * plane.width + column] = value;
    }
    return plane;
}

static void compare(const struct tagline_plane *plane, const struct tagline_area *area,
                    double deviation_px)
{
    struct tagline_blur blur;
    struct err err = {0};
    assert_true(tagline_blur_init(&blur, plane, area, deviation_px, &err));
    struct picture small = shrink(plane, area, blur.factor);
    assert_int_equal(small.width, blur.columns);
    assert_int_equal(small.height, blur.rows);
    for (int pass = 0; pass < TAGLINE_BLUR_PASSES; pass++)
        average(&small, blur.radius, 1, 0);
    for (int pass = 0; pass < TAGLINE_BLUR_PASSES; pass++)
        average(&small, blur.radius, 0, 1);
    float *columns = calloc((size_t)blur.columns, sizeof *columns);
    float *row = calloc((size_t)area->width, sizeof *row);
    assert_true(columns && row);
    for (int y = -2 * blur.factor; y < area->height + 2 * blur.factor; y++) {
        tagline_blur_row(&blur, y, columns, row);
        for (int x = 0; x < area->width; x++)
            if (!(fabs((double)row[x] - enlarge(&small, blur.factor, x, y)) < TOLERANCE))
                fail_msg("deviation %g, area %d × %d: at (%d, %d) %.5f instead of %.5f",
                         deviation_px, area->width, area->height, x, y, (double)row[x],
                         enlarge(&small, blur.factor, x, y));
    }
    free(columns);
    free(row);
    free(small.values);
    tagline_blur_finish(&blur);
}

static void the_blur_is_as_defined(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 60; round++) {
        struct tagline_plane plane = make_plane(&seed);
        /* Around the plane, beside it, within it. */
        struct tagline_area area = {.x = (int)(next(&seed) % 60) - 10,
                                    .y = (int)(next(&seed) % 60) - 10,
                                    .width = 1 + (int)(next(&seed) % 130),
                                    .height = 1 + (int)(next(&seed) % 90)};
        double deviation = 0.3 + next(&seed) % 300 / 10.0;
        compare(&plane, &area, deviation);
        free(plane.pixels);
    }
}

/* The largest sums there are: everything covered, the widest window. */
static void a_full_plane_stays_full_in_the_middle(void **state)
{
    (void)state;
    static uint8_t pixels[FULL_PX * FULL_PX];
    memset(pixels, 255, sizeof pixels);
    struct tagline_plane plane = {.width = FULL_PX, .height = FULL_PX, .pixels = pixels};
    struct tagline_area area = {0, 0, FULL_PX, FULL_PX};
    for (int tenths = 5; tenths < 200; tenths += 5)
        compare(&plane, &area, tenths / 10.0 - 0.001);
    struct tagline_blur blur;
    assert_true(tagline_blur_init(&blur, &plane, &area, 7.99, NULL));
    assert_int_equal(blur.factor, 1);
    assert_int_equal(blur.radius, 8);
    float row[FULL_PX], columns[FULL_PX];
    for (int y = 0; y <= FULL_PX / 2; y++)
        tagline_blur_row(&blur, y, columns, row);
    assert_true(fabs((double)row[FULL_PX / 2] - 1) < 1e-6);
    tagline_blur_finish(&blur);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_blur_is_as_defined),
        cmocka_unit_test(a_full_plane_stays_full_in_the_middle),
    };
    return cmocka_run_group_tests_name("tagline_blur", tests, NULL, NULL);
}
