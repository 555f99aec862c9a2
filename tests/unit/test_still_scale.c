#include "worker/still_scale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sample_frames.h"

/* The formats' own layouts, filled from 0xAARRGGBB by one function. */
static void put_pixel(uint8_t *row, int x, enum still_scale_format format, uint32_t argb)
{
    uint8_t rgba[4] = {(uint8_t)(argb >> 16), (uint8_t)(argb >> 8), (uint8_t)argb,
                       (uint8_t)(argb >> 24)};
    if (format == STILL_SCALE_RGB24)
        memcpy(row + (ptrdiff_t)x * 3, rgba, 3);
    else if (format == STILL_SCALE_RGBA32)
        memcpy(row + (ptrdiff_t)x * 4, rgba, 4);
    else
        memcpy(row + (ptrdiff_t)x * 4, &argb, 4);
}

typedef uint32_t draw_fn(int x, int y);

/* Scales a drawn picture; both sides end at a closed page. The caller finishes the canvas. */
static struct sample_canvas scaled(const struct still_scale_source *shape, draw_fn *draw, int width,
                                   int height)
{
    struct still_scale_source source = *shape;
    int pixel_bytes = source.format == STILL_SCALE_RGB24 ? 3 : 4;
    source.stride_bytes = (size_t)source.width_px * (size_t)pixel_bytes;
    struct sample_guarded memory = sample_guard(source.stride_bytes * (size_t)source.height_px);
    for (int y = 0; y < source.height_px; y++)
        for (int x = 0; x < source.width_px; x++)
            put_pixel(memory.bytes + source.stride_bytes * (size_t)y, x, source.format, draw(x, y));
    source.pixels = memory.bytes;
    if (source.part.width == 0)
        source.part = (struct layout_rect){0, 0, source.width_px, source.height_px};
    struct sample_canvas canvas = sample_canvas(width, height);
    struct still_scale_target target = {canvas.canvas.pixels, canvas.canvas.stride_bytes, width,
                                        height};
    struct err err = {0};
    if (!still_scale_picture(&source, &target, &err))
        fail_msg("%d x %d to %d x %d: %s", source.width_px, source.height_px, width, height,
                 err.text);
    sample_unguard(&memory);
    return canvas;
}

static uint32_t noise(int x, int y)
{
    uint64_t seed = (uint64_t)y * 65537 + (uint64_t)x;
    sample_random(&seed);
    return sample_random(&seed) | 0xff000000u;
}

static uint32_t checker(int x, int y)
{
    return (x + y) % 2 ? 0xffffffffu : 0xff000000u;
}

static uint32_t solid(int x, int y)
{
    (void)x;
    (void)y;
    return 0xff3a7bd5u;
}

static uint32_t ramp(int x, int y)
{
    (void)y;
    uint32_t v = (uint32_t)(20 + x * 2);
    return 0xff000000u | v << 16 | (255 - v) << 8 | v;
}

/* Alpha grows downwards under one color. */
static uint32_t glass(int x, int y)
{
    (void)x;
    return (uint32_t)(y * 17) << 24 | 0xf08010u;
}

static const enum still_scale_format formats[] = {STILL_SCALE_RGB24, STILL_SCALE_RGBA32,
                                                  STILL_SCALE_ARGB8888};

static void one_to_one_is_exact(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {7, 5}, {64, 64}, {333, 77}, {130, 1}, {1, 130}};
    for (size_t f = 0; f < 3; f++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const struct still_scale_source shape = {
                .width_px = sizes[i][0], .height_px = sizes[i][1], .format = formats[f]};
            struct sample_canvas out = scaled(&shape, noise, sizes[i][0], sizes[i][1]);
            for (int y = 0; y < sizes[i][1]; y++)
                for (int x = 0; x < sizes[i][0]; x++)
                    assert_int_equal(*sample_pixel(&out.canvas, x, y), noise(x, y));
            sample_canvas_finish(&out);
        }
}

static void one_color_stays_it(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 17, 64, 100, 511};
    const size_t n = sizeof sizes / sizeof *sizes;
    for (size_t i = 0; i < n * n; i++) {
        const struct still_scale_source shape = {
            .width_px = sizes[i / n], .height_px = sizes[i % n], .format = formats[i % 3]};
        int width = sizes[(i + 3) % n], height = sizes[(i * 5 + 1) % n];
        struct sample_canvas out = scaled(&shape, solid, width, height);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                assert_int_equal(*sample_pixel(&out.canvas, x, y), solid(x, y));
        sample_canvas_finish(&out);
    }
}

static void half_a_checker_is_middle_grey(void **state)
{
    (void)state;
    const struct still_scale_source shape = {
        .width_px = 128, .height_px = 128, .format = STILL_SCALE_RGB24};
    struct sample_canvas out = scaled(&shape, checker, 64, 64);
    for (int y = 4; y < 60; y++) /* the edges see their own mirror */
        for (int x = 4; x < 60; x++)
            assert_true(sample_apart(*sample_pixel(&out.canvas, x, y), 0xff808080u) <= 1);
    sample_canvas_finish(&out);
}

static void a_ramp_stays_one(void **state)
{
    (void)state;
    static const int widths[] = {60, 90, 100, 117, 300, 1000};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        const struct still_scale_source shape = {
            .width_px = 100, .height_px = 9, .format = STILL_SCALE_RGB24};
        int width = widths[i];
        struct sample_canvas out = scaled(&shape, ramp, width, 13);
        int margin = width / 20 + 1; /* Lanczos rings where the ramp ends */
        for (int y = 0; y < 13; y++)
            for (int x = margin; x < width - margin; x++) {
                int here = sample_channel(*sample_pixel(&out.canvas, x, y), 0);
                int left = sample_channel(*sample_pixel(&out.canvas, x - 1, y), 0);
                assert_true(x == margin || here >= left);
                double exact = 20 + ((x + 0.5) * 100 / width - 0.5) * 2;
                assert_true(here >= exact - 1.5 && here <= exact + 1.5);
            }
        sample_canvas_finish(&out);
    }
}

/* A part that begins between two pixels shows them mixed, a half pixel further. */
static void a_part_may_begin_between_pixels(void **state)
{
    (void)state;
    for (int quarter = 0; quarter < 4; quarter++) {
        struct still_scale_source shape = {
            .width_px = 100, .height_px = 8, .format = STILL_SCALE_ARGB8888};
        shape.part = (struct layout_rect){10 + quarter / 4.0, 1.5, 60, 5.25};
        struct sample_canvas out = scaled(&shape, ramp, 60, 10);
        for (int x = 0; x < 60; x++) {
            double exact = 20 + 2 * (x + 10 + quarter / 4.0);
            int here = sample_channel(*sample_pixel(&out.canvas, x, 5), 0);
            assert_true(here >= exact - 1 && here <= exact + 1);
        }
        sample_canvas_finish(&out);
    }
}

static void alpha_shows_the_background(void **state)
{
    (void)state;
    for (int f = 1; f < 3; f++) {
        const struct still_scale_source shape = {
            .width_px = 5, .height_px = 16, .format = formats[f], .background = 0x205090};
        struct sample_canvas out = scaled(&shape, glass, 5, 16);
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 5; x++) {
                uint32_t exact = 0;
                for (int shift = 0; shift < 24; shift += 8) {
                    double a = y * 17 / 255.0;
                    double v = sample_channel(0xf08010u, shift) * a +
                               sample_channel(0x205090u, shift) * (1 - a);
                    exact |= (uint32_t)(v + 0.5) << shift;
                }
                uint32_t pixel = *sample_pixel(&out.canvas, x, y);
                assert_int_equal(pixel >> 24, 255);
                assert_int_equal(pixel & 0xffffff, exact);
            }
        sample_canvas_finish(&out);
    }
}

/* As a cover crop gives them: the part may end a rounding beyond the picture's edge. */
static void every_crop_of_a_picture_works(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 400; i++) {
        int size[4];
        for (int k = 0; k < 4; k++)
            size[k] = 1 + (int)(sample_random(&seed) % 200);
        double fx = sample_random(&seed) / 4294967295.0, fy = sample_random(&seed) / 4294967295.0;
        struct layout_fitted fitted =
            layout_fit(size[0], size[1], size[2], size[3], LAYOUT_FIT_COVER, fx, fy);
        struct still_scale_source shape = {.width_px = size[0], .height_px = size[1]};
        shape.part = fitted.source;
        struct sample_canvas out = scaled(&shape, solid, size[2], size[3]);
        assert_int_equal(*sample_pixel(&out.canvas, size[2] - 1, size[3] - 1), solid(0, 0));
        sample_canvas_finish(&out);
    }
}

static void extreme_shapes(void **state)
{
    (void)state;
    static const int rows[][4] = {{16384, 1, 1, 1},  {1, 16384, 1, 1},     {16384, 1, 64, 64},
                                  {1, 1, 16384, 1},  {1, 1, 1, 16384},     {2, 3, 2000, 1},
                                  {3000, 2, 1, 700}, {16384, 2, 16384, 1}, {1, 1, 1920, 1080}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct still_scale_source shape = {.width_px = rows[i][0], .height_px = rows[i][1]};
        struct sample_canvas out = scaled(&shape, solid, rows[i][2], rows[i][3]);
        assert_int_equal(*sample_pixel(&out.canvas, rows[i][2] - 1, rows[i][3] - 1), solid(0, 0));
        sample_canvas_finish(&out);
    }
}

static void a_failure_says_so(void **state)
{
    (void)state;
    uint32_t pixel = 0;
    struct still_scale_source source = {.pixels = &pixel,
                                        .stride_bytes = 4,
                                        .width_px = 1,
                                        .height_px = 1,
                                        .format = STILL_SCALE_ARGB8888,
                                        .part = {5, 5, -1, 1}};
    struct still_scale_target target = {&pixel, 4, 1, 1};
    struct err err = {0};
    assert_false(still_scale_picture(&source, &target, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.text, "cannot scale the picture: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_to_one_is_exact),
        cmocka_unit_test(one_color_stays_it),
        cmocka_unit_test(half_a_checker_is_middle_grey),
        cmocka_unit_test(a_ramp_stays_one),
        cmocka_unit_test(a_part_may_begin_between_pixels),
        cmocka_unit_test(alpha_shows_the_background),
        cmocka_unit_test(every_crop_of_a_picture_works),
        cmocka_unit_test(extreme_shapes),
        cmocka_unit_test(a_failure_says_so),
    };
    return cmocka_run_group_tests_name("still_scale", tests, NULL, NULL);
}
