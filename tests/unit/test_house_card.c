#include "worker/house_card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "sample_frames.h"

static bool plain;

static struct sample_canvas paint(int width, int height)
{
    struct sample_canvas out = sample_canvas(width, height);
    house_card_paint(out.canvas.pixels, out.canvas.stride_bytes, width, height, plain);
    return out;
}

static int brightness(uint32_t pixel)
{
    return sample_channel(pixel, 16) + sample_channel(pixel, 8) + sample_channel(pixel, 0);
}

/* A screen that shows the card is never taken for one that is off, and never dazzles at night. */
static void check_calm(const struct canvas *canvas)
{
    int64_t sum = 0, bright = 0;
    int64_t count = (int64_t)canvas->width_px * canvas->height_px;
    for (int y = 0; y < canvas->height_px; y++)
        for (int x = 0; x < canvas->width_px; x++) {
            uint32_t pixel = *sample_pixel(canvas, x, y);
            assert_int_equal(pixel >> 24, 255);
            assert_true(brightness(pixel) >= 45);
            sum += brightness(pixel);
            bright += brightness(pixel) > 450;
        }
    int64_t mean = sum / count / 3;
    assert_in_range(mean, 25, 90);
    assert_true(bright * 50 < count);
}

static const int sizes[][2] = {{64, 64},   {64, 1024},   {1024, 64},
                               {320, 180}, {1080, 1920}, {999, 333}};

static void calm_at_every_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sample_canvas out = paint(sizes[i][0], sizes[i][1]);
        check_calm(&out.canvas);
        sample_canvas_finish(&out);
    }
}

/* Yellow and orange stand out from the blue of all the rest. */
static void there_is_a_duckling(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sample_canvas out = paint(sizes[i][0], sizes[i][1]);
        int warm = 0;
        for (int y = 0; y < out.canvas.height_px; y++)
            for (int x = 0; x < out.canvas.width_px; x++) {
                uint32_t pixel = *sample_pixel(&out.canvas, x, y);
                warm += sample_channel(pixel, 16) - sample_channel(pixel, 0) > 80;
            }
        assert_in_range(warm, 4, out.canvas.width_px * out.canvas.height_px / 40);
        sample_canvas_finish(&out);
    }
}

/* No visible edge but the duckling's: neighbours in the sky differ by the grain alone. */
static void the_sky_is_smooth(void **state)
{
    (void)state;
    struct sample_canvas out = paint(320, 180);
    for (int y = 1; y < 80; y++)
        for (int x = 1; x < 320; x++) {
            uint32_t pixel = *sample_pixel(&out.canvas, x, y);
            assert_true(sample_apart(pixel, *sample_pixel(&out.canvas, x - 1, y)) <= 1);
            assert_true(sample_apart(pixel, *sample_pixel(&out.canvas, x, y - 1)) <= 3);
        }
    sample_canvas_finish(&out);
}

static void the_same_each_time(void **state)
{
    (void)state;
    struct sample_canvas a = paint(320, 180), b = paint(320, 180);
    assert_memory_equal(a.canvas.pixels, b.canvas.pixels, a.canvas.stride_bytes * 180);
    sample_canvas_finish(&a);
    sample_canvas_finish(&b);
}

/* A wall of fifteen million pixels, within the time that a worker is given; counted in the
 * processor's time, so that a busy machine does not matter. */
static void a_large_wall_in_time(void **state)
{
    (void)state;
    clock_t start = clock();
    struct sample_canvas out = paint(7840, 1952);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("# 7840 x 1952 took %.2f s of processor time\n", seconds);
    assert_true(seconds < 10);
    check_calm(&out.canvas);
    sample_canvas_finish(&out);
}

/* For passers-by: the same calm water, and nothing on it that stands out. */
static void plain_it_has_nothing_to_look_at(void **state)
{
    (void)state;
    plain = true;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sample_canvas out = paint(sizes[i][0], sizes[i][1]);
        check_calm(&out.canvas);
        for (int y = 1; y < out.canvas.height_px; y++)
            for (int x = 1; x < out.canvas.width_px; x++)
                assert_true(sample_apart(*sample_pixel(&out.canvas, x, y),
                                         *sample_pixel(&out.canvas, x - 1, y)) <= 1);
        sample_canvas_finish(&out);
    }
    plain = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calm_at_every_size),   cmocka_unit_test(there_is_a_duckling),
        cmocka_unit_test(the_sky_is_smooth),    cmocka_unit_test(the_same_each_time),
        cmocka_unit_test(a_large_wall_in_time), cmocka_unit_test(plain_it_has_nothing_to_look_at),
    };
    return cmocka_run_group_tests_name("house_card", tests, NULL, NULL);
}
