#include "screen/compose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "sample_frames.h"

/* Two weights of eight bits, each rounded, and a rounding after each. */
#define SAMPLER_TOLERANCE 2

typedef uint32_t draw_fn(int x, int y);

static uint32_t noise(int x, int y)
{
    uint64_t seed = (uint64_t)y * 65537 + (uint64_t)x;
    sample_random(&seed);
    return sample_random(&seed) | 0xff000000u;
}

/* Neighbours differ by a few levels, as in a photo that was not sharpened. */
static uint32_t waves(int x, int y)
{
    uint32_t r = (uint32_t)(128 + 100 * sin(x * 0.05) * cos(y * 0.07));
    uint32_t g = (uint32_t)(128 + 100 * cos(x * 0.04 + y * 0.03));
    uint32_t b =
        (uint32_t)(x + y) % 256 < 128 ? (uint32_t)(x + y) % 128 : 127 - (uint32_t)(x + y) % 128;
    return 0xff000000u | r << 16 | g << 8 | b;
}

static struct frame *drawn_frame(int width, int height, struct layout_box at, draw_fn *draw)
{
    struct frame *frame = sample_frame(width, height, at);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            sample_frame_row(frame, y)[x] = draw(x, y);
    return frame;
}

static struct sample_canvas drawn_canvas(int width, int height, draw_fn *draw)
{
    struct sample_canvas out = sample_canvas(width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            *sample_pixel(&out.canvas, x, y) = draw(x, y);
    return out;
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* One channel of a frame between its pixels; beyond the middles of the outer ones it goes on as
 * they are. */
static double sampled(const struct frame *frame, double x, double y, int shift)
{
    x = clamp(x - 0.5, 0, frame->width_px - 1);
    y = clamp(y - 0.5, 0, frame->height_px - 1);
    int x0 = (int)x, y0 = (int)y;
    int x1 = x0 + 1 < frame->width_px ? x0 + 1 : x0, y1 = y0 + 1 < frame->height_px ? y0 + 1 : y0;
    const uint8_t *pixels = frame->pixels;
    const uint32_t *upper =
        (const uint32_t *)(const void *)(pixels + frame->stride_bytes * (size_t)y0);
    const uint32_t *lower =
        (const uint32_t *)(const void *)(pixels + frame->stride_bytes * (size_t)y1);
    double fx = x - x0, fy = y - y0;
    double top =
        sample_channel(upper[x0], shift) * (1 - fx) + sample_channel(upper[x1], shift) * fx;
    double low =
        sample_channel(lower[x0], shift) * (1 - fx) + sample_channel(lower[x1], shift) * fx;
    return top * (1 - fy) + low * fy;
}

/* Draws a moving picture and holds each pixel of its place against the slow way, and each pixel
 * around it against the ground. Returns the largest difference. */
static double check_sampled(const struct picture_view *view, int width, int height)
{
    const struct frame *frame = view->picture->visual;
    const struct layout_box *at = &frame->at;
    struct layout_rect crop = picture_crop(view);
    struct sample_canvas out = sample_canvas(width, height);
    compose_picture(&out.canvas, view);
    double most = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint32_t pixel = *sample_pixel(&out.canvas, x, y);
            assert_int_equal(pixel >> 24, 255);
            if (x < at->x || y < at->y || x >= at->x + at->width || y >= at->y + at->height) {
                assert_int_equal(pixel & 0xffffff, view->picture->background);
                continue;
            }
            double fx = (crop.x + crop.width * (x - at->x + 0.5) / at->width) * frame->width_px;
            double fy = (crop.y + crop.height * (y - at->y + 0.5) / at->height) * frame->height_px;
            for (int shift = 0; shift < 24; shift += 8)
                most =
                    fmax(most, fabs(sampled(frame, fx, fy, shift) - sample_channel(pixel, shift)));
        }
    sample_canvas_finish(&out);
    return most;
}

static void a_moving_visual_lies_between_pixels(void **state)
{
    (void)state;
    static const enum layout_motion motions[] = {LAYOUT_MOTION_DRIFT_IN, LAYOUT_MOTION_DRIFT_OUT,
                                                 LAYOUT_MOTION_PAN};
    draw_fn *const draws[] = {waves, noise};
    double most = 0;
    for (int i = 0; i < 18; i++) {
        struct frame *frame =
            drawn_frame(346, 195, (struct layout_box){0, 0, 320, 180}, draws[i % 2]);
        struct picture *picture = picture_create(0x123456, frame, NULL);
        picture->motion = motions[i / 6];
        picture->portrait = i % 4 == 1;
        for (int step = 0; step <= 6; step++) {
            struct picture_view view = {picture, step / 6.0 + 0.003 * i};
            most = fmax(most, check_sampled(&view, 320, 180));
        }
        picture_release(picture);
    }
    print_message("# largest difference %.2f\n", most);
    assert_true(most <= SAMPLER_TOLERANCE);
}

/* Frames of one pixel and more, places that fill the canvas or a corner of it, all ways to move:
 * nothing outside is touched, which the closed pages prove. */
static void every_size_and_place(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < 3000; i++) {
        int width = 1 + (int)(sample_random(&seed) % (i % 8 ? 40 : 700));
        int height = 1 + (int)(sample_random(&seed) % 12);
        struct layout_box at = {.x = (int)(sample_random(&seed) % (unsigned)width),
                                .y = (int)(sample_random(&seed) % (unsigned)height)};
        at.width = 1 + (int)(sample_random(&seed) % (unsigned)(width - at.x));
        at.height = 1 + (int)(sample_random(&seed) % (unsigned)(height - at.y));
        /* Up to twice its place, and one more pixel: what picture_client.c lets pass. */
        int fw = at.width + (int)(sample_random(&seed) % (unsigned)(at.width + 2));
        int fh = at.height + (int)(sample_random(&seed) % (unsigned)(at.height + 2));
        struct picture *picture = picture_create(0x445566, drawn_frame(fw, fh, at, noise), NULL);
        picture->motion = (enum layout_motion)(i % 4);
        picture->rotation = i / 4 % 4 * 90;
        picture->visual->focus_x = sample_random(&seed) / 4294967295.0;
        picture->visual->focus_y = sample_random(&seed) / 4294967295.0;
        struct picture_view view = {picture, sample_random(&seed) / 4294967295.0};
        assert_true(check_sampled(&view, width, height) <= SAMPLER_TOLERANCE);
        picture_release(picture);
    }
}

static void a_still_of_its_own_size_is_copied(void **state)
{
    (void)state;
    struct picture *picture = picture_create(
        0x000000, drawn_frame(33, 21, (struct layout_box){0, 0, 33, 21}, noise), NULL);
    struct sample_canvas out = sample_canvas(33, 21);
    compose_picture(&out.canvas, &(struct picture_view){picture, 0.4});
    assert_memory_equal(out.canvas.pixels, picture->visual->pixels, (size_t)33 * 21 * 4);
    sample_canvas_finish(&out);
    picture_release(picture);
}

static void bars_show_the_background(void **state)
{
    (void)state;
    struct picture *picture = picture_create(
        0xff6a00, drawn_frame(10, 20, (struct layout_box){15, 0, 10, 20}, waves), NULL);
    struct picture_view view = {picture, 0};
    assert_true(check_sampled(&view, 40, 20) == 0);
    picture_release(picture);
    picture = picture_create(0xff6a00, NULL, NULL);
    struct sample_canvas out = sample_canvas(7, 5);
    compose_picture(&out.canvas, &(struct picture_view){picture, 0});
    for (int i = 0; i < 35; i++)
        assert_int_equal(*sample_pixel(&out.canvas, i % 7, i / 7), 0xffff6a00u);
    sample_canvas_finish(&out);
    picture_release(picture);
}

/* Premultiplied, with every alpha from 0 to 255. */
static uint32_t premultiplied(int x, int y)
{
    uint32_t alpha = (uint32_t)x, bits = noise(x, y), pixel = alpha << 24;
    for (int shift = 0; shift < 24; shift += 8)
        pixel |= (bits >> shift & 255) * alpha / 255 << shift;
    return pixel;
}

static void text_lies_over_the_visual(void **state)
{
    (void)state;
    struct frame *visual = drawn_frame(300, 12, (struct layout_box){0, 0, 300, 12}, waves);
    struct frame *text = drawn_frame(256, 9, (struct layout_box){40, 2, 256, 9}, premultiplied);
    text->opaque = false;
    struct picture *picture = picture_create(0, visual, text);
    struct sample_canvas out = sample_canvas(300, 12);
    compose_picture(&out.canvas, &(struct picture_view){picture, 0});
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 300; x++) {
            uint32_t pixel = *sample_pixel(&out.canvas, x, y), under = waves(x, y);
            assert_int_equal(pixel >> 24, 255);
            bool inside = x >= 40 && x < 296 && y >= 2 && y < 11;
            uint32_t over = inside ? premultiplied(x - 40, y - 2) : 0;
            if (over >> 24 == 0)
                assert_int_equal(pixel, under);
            for (int shift = 0; shift < 24; shift += 8) {
                double exact = sample_channel(over, shift) +
                               sample_channel(under, shift) * (1 - (over >> 24) / 255.0);
                assert_true(fabs(exact - sample_channel(pixel, shift)) <= 1);
            }
        }
    sample_canvas_finish(&out);
    picture_release(picture);
}

typedef void mix_fn(const struct canvas *target, const struct canvas *from, const struct canvas *to,
                    double mix);

static uint32_t other_noise(int x, int y)
{
    return noise(y + 1000, x);
}

static void check_ends(mix_fn *mix)
{
    struct sample_canvas a = drawn_canvas(131, 7, noise), b = drawn_canvas(131, 7, other_noise);
    struct sample_canvas out = sample_canvas(131, 7);
    const size_t bytes = a.canvas.stride_bytes * 7;
    mix(&out.canvas, &a.canvas, &b.canvas, 0);
    assert_memory_equal(out.canvas.pixels, a.canvas.pixels, bytes);
    mix(&out.canvas, &a.canvas, &b.canvas, 1);
    assert_memory_equal(out.canvas.pixels, b.canvas.pixels, bytes);
    /* The target may be either side. */
    struct sample_canvas again = sample_canvas(131, 7);
    mix(&out.canvas, &a.canvas, &b.canvas, 0.3);
    compose_copy(&again.canvas, &a.canvas);
    mix(&again.canvas, &again.canvas, &b.canvas, 0.3);
    assert_memory_equal(out.canvas.pixels, again.canvas.pixels, bytes);
    compose_copy(&again.canvas, &b.canvas);
    mix(&again.canvas, &a.canvas, &again.canvas, 0.3);
    assert_memory_equal(out.canvas.pixels, again.canvas.pixels, bytes);
    sample_canvas_finish(&a);
    sample_canvas_finish(&b);
    sample_canvas_finish(&out);
    sample_canvas_finish(&again);
}

static void mixes_are_exact_at_their_ends(void **state)
{
    (void)state;
    check_ends(compose_crossfade);
    check_ends(compose_dissolve);
}

/* All pairs of levels: from = column, to = row. */
static uint32_t columns(int x, int y)
{
    (void)y;
    return 0xff000000u | (uint32_t)x << 16 | (uint32_t)x << 8 | (uint32_t)x;
}

static uint32_t rows(int x, int y)
{
    return columns(y, x);
}

/* The largest difference of all 65,536 pairs from what `exact` says. */
static double most_apart(mix_fn *mix, double (*exact)(double, double, double), double at)
{
    struct sample_canvas a = drawn_canvas(256, 256, columns), b = drawn_canvas(256, 256, rows);
    struct sample_canvas out = sample_canvas(256, 256);
    mix(&out.canvas, &a.canvas, &b.canvas, at);
    double most = 0;
    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 256; x++) {
            uint32_t pixel = *sample_pixel(&out.canvas, x, y);
            assert_int_equal(pixel >> 24, 255);
            assert_int_equal(pixel & 255, pixel >> 16 & 255);
            most = fmax(most, fabs(exact(x, y, at) - (pixel & 255)));
        }
    sample_canvas_finish(&a);
    sample_canvas_finish(&b);
    sample_canvas_finish(&out);
    return most;
}

static double exact_crossfade(double from, double to, double mix)
{
    return from + (to - from) * mix;
}

static double linear_of(double level)
{
    double v = level / 255;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* IEC 61966-2-1 there and back. */
static double exact_dissolve(double from, double to, double mix)
{
    double light = linear_of(from) + (linear_of(to) - linear_of(from)) * mix;
    double v = light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055;
    return v * 255;
}

static void a_crossfade_is_exact_within_one(void **state)
{
    (void)state;
    assert_true(most_apart(compose_crossfade, exact_crossfade, 0.5) <= 1);
    for (int i = 1; i < 64; i++)
        assert_true(most_apart(compose_crossfade, exact_crossfade, i / 64.0) <= 1);
}

static void a_dissolve_is_exact_within_one(void **state)
{
    (void)state;
    static const double mixes[] = {0.001, 0.1, 0.25, 0.5, 0.62, 0.9, 0.999};
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        double most = most_apart(compose_dissolve, exact_dissolve, mixes[i]);
        if (most > 1)
            fail_msg("%.3f apart at %.3f", most, mixes[i]);
    }
}

/* No level ever goes back while a fade runs. */
static void check_monotone(mix_fn *mix)
{
    struct sample_canvas a = drawn_canvas(64, 4, noise), b = drawn_canvas(64, 4, other_noise);
    struct sample_canvas before = drawn_canvas(64, 4, noise), now = sample_canvas(64, 4);
    for (int i = 1; i <= 300; i++) {
        mix(&now.canvas, &a.canvas, &b.canvas, i / 300.0);
        for (int k = 0; k < 64 * 4 * 3; k++) {
            int x = k / 3 % 64, y = k / 192, shift = k % 3 * 8;
            int start = sample_channel(noise(x, y), shift);
            int end = sample_channel(other_noise(x, y), shift);
            int was = sample_channel(*sample_pixel(&before.canvas, x, y), shift);
            int is = sample_channel(*sample_pixel(&now.canvas, x, y), shift);
            assert_true(end >= start ? is >= was : is <= was);
        }
        compose_copy(&before.canvas, &now.canvas);
    }
    sample_canvas_finish(&a);
    sample_canvas_finish(&b);
    sample_canvas_finish(&before);
    sample_canvas_finish(&now);
}

static void mixes_go_one_way(void **state)
{
    (void)state;
    check_monotone(compose_crossfade);
    check_monotone(compose_dissolve);
}

static void dimming(void **state)
{
    (void)state;
    static const double dims[] = {-1, 0, 0.25, 0.5, 0.75, 1, 2};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
        struct sample_canvas out = drawn_canvas(37, 5, noise);
        double factor = clamp(dims[i], 0, 1);
        compose_dim(&out.canvas, &out.canvas, dims[i]);
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 37; x++) {
                uint32_t pixel = *sample_pixel(&out.canvas, x, y);
                assert_int_equal(pixel >> 24, 255);
                for (int shift = 0; shift < 24; shift += 8) {
                    double exact = sample_channel(noise(x, y), shift) * factor;
                    double apart = fabs(exact - sample_channel(pixel, shift));
                    assert_true(apart <= (factor == 0 || factor == 1 ? 0 : 1.5));
                }
            }
        sample_canvas_finish(&out);
    }
}

static void canvases_of_other_strides_are_copied(void **state)
{
    (void)state;
    struct sample_canvas a = drawn_canvas(31, 5, noise);
    struct sample_guarded memory = sample_guard((size_t)40 * 4 * 4 + (size_t)31 * 4);
    struct canvas wide = {memory.bytes, (size_t)40 * 4, 31, 5};
    compose_copy(&wide, &a.canvas);
    for (int y = 0; y < 5; y++)
        assert_memory_equal(sample_pixel(&wide, 0, y), sample_pixel(&a.canvas, 0, y),
                            31 * sizeof(uint32_t));
    compose_copy(&wide, &wide); /* itself: nothing */
    sample_unguard(&memory);
    sample_canvas_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moving_visual_lies_between_pixels),
        cmocka_unit_test(every_size_and_place),
        cmocka_unit_test(a_still_of_its_own_size_is_copied),
        cmocka_unit_test(bars_show_the_background),
        cmocka_unit_test(text_lies_over_the_visual),
        cmocka_unit_test(mixes_are_exact_at_their_ends),
        cmocka_unit_test(a_crossfade_is_exact_within_one),
        cmocka_unit_test(a_dissolve_is_exact_within_one),
        cmocka_unit_test(mixes_go_one_way),
        cmocka_unit_test(dimming),
        cmocka_unit_test(canvases_of_other_strides_are_copied),
    };
    return cmocka_run_group_tests_name("compose", tests, NULL, NULL);
}
