#include "worker/still_scale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sample_frames.h"

/* Each layout's own bytes, filled from 0xAARRGGBB by one function; gray is red. */
static void put_pixel(uint8_t *row, int x, enum still_layout layout, uint32_t argb)
{
    uint8_t rgba[4] = {(uint8_t)(argb >> 16), (uint8_t)(argb >> 8), (uint8_t)argb,
                       (uint8_t)(argb >> 24)};
    size_t bytes = still_layout_bytes(layout);
    memcpy(row + (size_t)x * bytes, rgba, bytes);
}

typedef uint32_t draw_fn(int x, int y);

/* Scales a drawn picture; both sides end at a closed page. The caller finishes the canvas. */
static struct sample_canvas scaled_to(enum still_scale_result result,
                                      const struct still_scale_source *shape, draw_fn *draw,
                                      int width, int height)
{
    struct still_scale_source source = *shape;
    source.stride_bytes = (size_t)source.width_px * still_layout_bytes(source.layout);
    struct sample_guarded memory = sample_guard(source.stride_bytes * (size_t)source.height_px);
    for (int y = 0; y < source.height_px; y++)
        for (int x = 0; x < source.width_px; x++)
            put_pixel(memory.bytes + source.stride_bytes * (size_t)y, x, source.layout, draw(x, y));
    source.bytes = memory.bytes;
    if (source.part.width == 0)
        source.part = (struct layout_rect){0, 0, source.width_px, source.height_px};
    struct sample_canvas canvas = sample_canvas(width, height);
    struct still_scale_target target = {result, canvas.canvas.pixels, canvas.canvas.stride_bytes,
                                        width, height};
    struct err err = {0};
    if (!still_scale_picture(&source, &target, &err))
        fail_msg("%d x %d to %d x %d: %s", source.width_px, source.height_px, width, height,
                 err.text);
    sample_unguard(&memory);
    return canvas;
}

static struct sample_canvas scaled(const struct still_scale_source *shape, draw_fn *draw, int width,
                                   int height)
{
    return scaled_to(STILL_SCALE_WORDS, shape, draw, width, height);
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

static const enum still_layout layouts[] = {STILL_RGB24, STILL_RGBA32};

static void one_to_one_is_exact(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {7, 5}, {64, 64}, {333, 77}, {130, 1}, {1, 130}};
    for (size_t f = 0; f < 2; f++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const struct still_scale_source shape = {
                .width_px = sizes[i][0], .height_px = sizes[i][1], .layout = layouts[f]};
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
            .width_px = sizes[i / n], .height_px = sizes[i % n], .layout = layouts[i % 2]};
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
        .width_px = 128, .height_px = 128, .layout = STILL_RGB24};
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
            .width_px = 100, .height_px = 9, .layout = STILL_RGB24};
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
        struct still_scale_source shape = {.width_px = 100, .height_px = 8, .layout = STILL_RGBA32};
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
    const struct still_scale_source shape = {
        .width_px = 5, .height_px = 16, .layout = STILL_RGBA32, .background = 0x205090};
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

static uint32_t grey(int x, int y)
{
    uint32_t v = noise(x, y) & 255;
    return 0xff000000u | v << 16 | v << 8 | v;
}

/* A third of the work, and the same pixels. */
static void one_channel_is_scaled_as_three(void **state)
{
    (void)state;
    static const int sizes[][2] = {{61, 33}, {20, 90}, {300, 200}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct still_scale_source shape = {.width_px = 61, .height_px = 33, .layout = STILL_GREY8};
        struct sample_canvas one = scaled(&shape, grey, sizes[i][0], sizes[i][1]);
        shape.layout = STILL_RGB24;
        struct sample_canvas three = scaled(&shape, grey, sizes[i][0], sizes[i][1]);
        for (int y = 0; y < sizes[i][1]; y++)
            for (int x = 0; x < sizes[i][0]; x++)
                assert_int_equal(*sample_pixel(&one.canvas, x, y),
                                 *sample_pixel(&three.canvas, x, y));
        sample_canvas_finish(&one);
        sample_canvas_finish(&three);
    }
}

static void inks_stay_four_bytes(void **state)
{
    (void)state;
    const struct still_scale_source shape = {
        .width_px = 61, .height_px = 33, .layout = STILL_CMYK32};
    struct sample_canvas out = scaled_to(STILL_SCALE_BYTES, &shape, noise, 61, 33);
    for (int y = 0; y < 33; y++)
        for (int x = 0; x < 61; x++) {
            uint8_t wanted[4];
            put_pixel(wanted, 0, STILL_CMYK32, noise(x, y));
            assert_memory_equal(sample_pixel(&out.canvas, x, y), wanted, 4);
        }
    sample_canvas_finish(&out);
}

/* Green that nobody sees beside red. */
static uint32_t red_beside_hidden_green(int x, int y)
{
    (void)y;
    return x < 20 ? 0xffff0000u : 0x0000ff00u;
}

static void hidden_colors_do_not_bleed(void **state)
{
    (void)state;
    const struct still_scale_source shape = {
        .width_px = 40, .height_px = 8, .layout = STILL_RGBA32};
    struct sample_canvas out = scaled_to(STILL_SCALE_BYTES, &shape, red_beside_hidden_green, 33, 8);
    int edge = 0;
    for (int x = 0; x < 33; x++) {
        const uint8_t *pixel = (const uint8_t *)sample_pixel(&out.canvas, x, 4);
        assert_int_equal(pixel[1], 0);
        assert_int_equal(pixel[2], 0);
        assert_true(pixel[0] <= pixel[3] && pixel[0] + 1 >= pixel[3]);
        edge += pixel[3] > 0 && pixel[3] < 255;
    }
    assert_in_range(edge, 1, 6);
    sample_canvas_finish(&out);
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
        struct still_scale_source shape = {
            .width_px = size[0], .height_px = size[1], .layout = layouts[i % 2]};
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
        const struct still_scale_source shape = {
            .width_px = rows[i][0], .height_px = rows[i][1], .layout = STILL_RGB24};
        struct sample_canvas out = scaled(&shape, solid, rows[i][2], rows[i][3]);
        assert_int_equal(*sample_pixel(&out.canvas, rows[i][2] - 1, rows[i][3] - 1), solid(0, 0));
        sample_canvas_finish(&out);
    }
}

static void a_failure_says_so(void **state)
{
    (void)state;
    uint32_t pixel = 0;
    uint8_t bytes[4] = {0};
    struct still_scale_source source = {.bytes = bytes,
                                        .stride_bytes = 4,
                                        .width_px = 1,
                                        .height_px = 1,
                                        .layout = STILL_RGBA32,
                                        .part = {5, 5, -1, 1}};
    struct still_scale_target target = {STILL_SCALE_WORDS, &pixel, 4, 1, 1};
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
        cmocka_unit_test(one_channel_is_scaled_as_three),
        cmocka_unit_test(inks_stay_four_bytes),
        cmocka_unit_test(hidden_colors_do_not_bleed),
        cmocka_unit_test(every_crop_of_a_picture_works),
        cmocka_unit_test(extreme_shapes),
        cmocka_unit_test(a_failure_says_so),
    };
    return cmocka_run_group_tests_name("still_scale", tests, NULL, NULL);
}
