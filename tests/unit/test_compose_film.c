#include "screen/compose_film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "sample_films.h"

/* libyuv's coefficients have six bits after the point, and chroma between samples is rounded. */
#define TOLERANCE 2

static const enum frame_matrix matrices[] = {FRAME_BT601, FRAME_BT709, FRAME_JPEG};

static uint8_t noise(int plane, int x, int y)
{
    uint64_t seed = (uint64_t)(plane + 1) << 40 | (uint64_t)y << 20 | (uint64_t)x;
    sample_random(&seed);
    return (uint8_t)sample_random(&seed);
}

/* Luma from end to end, by one step at most from sample to sample, chroma with it. */
static uint8_t slopes(int plane, int x, int y)
{
    if (plane == 0)
        return (uint8_t)(16 + 109 * (1 + sin(x * 0.008 + y * 0.003)));
    return (uint8_t)(128 + 60 * sin((plane + 1) * 0.003 * x - 0.005 * y));
}

static struct picture_view view_of(struct frame *frame)
{
    struct picture *picture = picture_create(0x204060, frame, NULL);
    assert_non_null(picture);
    return (struct picture_view){picture, 0};
}

static void release(const struct picture_view *view)
{
    struct picture *picture = (struct picture *)(uintptr_t)view->picture;
    picture_release(picture);
}

/* Draws into a canvas of the frame's place and holds every pixel against the formulas. */
static double most_apart(const struct picture_view *view, int width, int height)
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
            /* Chroma of an odd last column has no share of the one before it in libyuv. */
            if (at->width % 2 && x == at->x + at->width - 1)
                continue;
            double fx = (crop.x + crop.width * (x - at->x + 0.5) / at->width) * frame->width_px;
            double fy = (crop.y + crop.height * (y - at->y + 0.5) / at->height) * frame->height_px;
            most = fmax(most, sample_color_apart(pixel, sample_film_color(frame, fx, fy)));
        }
    sample_canvas_finish(&out);
    return most;
}

static void check_flat(enum frame_matrix matrix, const uint8_t samples[3])
{
    struct frame *frame = sample_film(38, 6, (struct layout_box){0, 0, 38, 6}, 0);
    frame->matrix = matrix;
    sample_film_fill(frame, samples);
    struct picture_view view = view_of(frame);
    double most = most_apart(&view, 38, 6);
    if (most > TOLERANCE)
        fail_msg("%.2f apart: %d %d %d by %d", most, samples[0], samples[1], samples[2],
                 (int)matrix);
    release(&view);
}

static void greys_and_primaries_are_by_the_formulas(void **state)
{
    (void)state;
    for (int m = 0; m < 3; m++) {
        for (int y = 0; y < 256; y++)
            check_flat(matrices[m], (const uint8_t[]){(uint8_t)y, 128, 128});
        for (int color = 0; color < 8; color++) {
            double r = color & 1, g = color >> 1 & 1, b = color >> 2;
            double kr = m == 1 ? 0.2126 : 0.299, kb = m == 1 ? 0.0722 : 0.114;
            double luma = kr * r + (1 - kr - kb) * g + kb * b;
            double u = (b - luma) / 2 / (1 - kb), v = (r - luma) / 2 / (1 - kr);
            bool full = matrices[m] == FRAME_JPEG;
            double span = full ? 255 : 224;
            const uint8_t samples[] = {
                (uint8_t)lround(full ? luma * 255 : 16 + luma * 219),
                (uint8_t)fmin(round(128 + u * span), 255),
                (uint8_t)fmin(round(128 + v * span), 255),
            };
            check_flat(matrices[m], samples);
        }
    }
}

static void white_is_white_and_black_is_black(void **state)
{
    (void)state;
    for (int m = 0; m < 3; m++)
        for (int white = 0; white < 2; white++) {
            bool full = matrices[m] == FRAME_JPEG;
            struct frame *frame = sample_film(17, 3, (struct layout_box){0, 0, 17, 3}, 5);
            frame->matrix = matrices[m];
            uint8_t level = (uint8_t)(white ? (full ? 255 : 235) : (full ? 0 : 16));
            sample_film_fill(frame, (const uint8_t[]){level, 128, 128});
            struct picture_view view = view_of(frame);
            struct sample_canvas out = sample_canvas(17, 3);
            compose_picture(&out.canvas, &view);
            for (int i = 0; i < 17 * 3; i++)
                assert_true(sample_apart(*sample_pixel(&out.canvas, i % 17, i / 17),
                                         white ? 0xffffff : 0) <= 1);
            sample_canvas_finish(&out);
            release(&view);
        }
}

static void random_colors_are_by_the_formulas(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 3000; i++) {
        const uint8_t samples[] = {(uint8_t)sample_random(&seed), (uint8_t)sample_random(&seed),
                                   (uint8_t)sample_random(&seed)};
        check_flat(matrices[i % 3], samples);
    }
}

/* Every sample another one: chroma between its samples too. */
static void noise_is_by_the_formulas(void **state)
{
    (void)state;
    double most = 0;
    for (int i = 0; i < 60; i++) {
        int width = 1 + i * 7 % 90, height = 1 + i * 5 % 31;
        struct frame *frame =
            sample_film(width, height, (struct layout_box){0, 0, width, height}, (size_t)i % 4);
        frame->matrix = matrices[i % 3];
        sample_film_draw(frame, noise);
        struct picture_view view = view_of(frame);
        most = fmax(most, most_apart(&view, width, height));
        release(&view);
    }
    print_message("# largest difference %.2f\n", most);
    assert_true(most <= TOLERANCE + 1); /* and chroma rounded once more */
}

/* Any size into any place, with every kind of crop and motion: nothing outside is touched, which
 * the closed pages prove, and every pixel of the place is written. */
static void every_size_and_place(void **state)
{
    (void)state;
    uint64_t seed = 23;
    struct compose_buffers buffers = {0};
    for (int i = 0; i < 4000; i++) {
        const unsigned most = i % 16 ? 60 : 700;
        int width = 1 + (int)(sample_random(&seed) % most);
        int height = 1 + (int)(sample_random(&seed) % 40);
        struct layout_box at = {.x = (int)(sample_random(&seed) % (unsigned)width),
                                .y = (int)(sample_random(&seed) % (unsigned)height)};
        at.width = 1 + (int)(sample_random(&seed) % (unsigned)(width - at.x));
        at.height = 1 + (int)(sample_random(&seed) % (unsigned)(height - at.y));
        struct frame *frame =
            sample_film(1 + (int)(sample_random(&seed) % most),
                        1 + (int)(sample_random(&seed) % 60), at, sample_random(&seed) % 5);
        frame->matrix = matrices[i % 3];
        sample_film_fill(frame, (const uint8_t[]){180, 90, 150});
        if (i % 3) {
            frame->source.x = sample_random(&seed) / 4294967295.0 * 0.9;
            frame->source.y = sample_random(&seed) / 4294967295.0 * 0.9;
            frame->source.width = fmax(0.01, sample_random(&seed) / 4294967295.0) * //
                                  (1 - frame->source.x);
            frame->source.height = fmax(0.01, sample_random(&seed) / 4294967295.0) * //
                                   (1 - frame->source.y);
        }
        struct picture_view view = view_of(frame);
        struct picture *picture = (struct picture *)(uintptr_t)view.picture;
        picture->motion = i % 5 ? LAYOUT_MOTION_NONE : (enum layout_motion)(1 + i / 5 % 3);
        picture->rotation = i / 4 % 4 * 90;
        view.progress = sample_random(&seed) / 4294967295.0;
        struct sample_canvas out = sample_canvas(width, height);
        assert_true(compose_view(&out.canvas, &view, &buffers));
        struct sample_color color = sample_film_color(frame, 0.5, 0.5);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                uint32_t pixel = *sample_pixel(&out.canvas, x, y);
                bool inside = x >= at.x && y >= at.y && x < at.x + at.width && y < at.y + at.height;
                if (inside)
                    assert_true(sample_color_apart(pixel, color) <= TOLERANCE);
                else
                    assert_int_equal(pixel, 0xff204060u);
            }
        sample_canvas_finish(&out);
        release(&view);
    }
    compose_buffers_finish(&buffers);
}

/* libyuv's larger pictures begin and end at the middles of the outer pixels, half a pixel from
 * where they should, and chroma of odd sizes is half a sample off. */
static void slopes_stay_slopes_at_other_sizes(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        struct layout_box at;
        struct layout_rect source;
    } cases[] = {
        {640, 360, {0, 0, 960, 540}, {0, 0, 0, 0}},        /* 1.5 times as large */
        {480, 270, {0, 0, 960, 540}, {0, 0, 0, 0}},        /* twice */
        {333, 217, {7, 5, 901, 533}, {0, 0, 0, 0}},        /* odd */
        {960, 540, {0, 0, 480, 270}, {0, 0, 0, 0}},        /* half */
        {960, 540, {3, 2, 701, 399}, {0, 0, 0, 0}},        /* a little smaller */
        {961, 541, {0, 0, 240, 135}, {0, 0, 0, 0}},        /* a quarter, and a pixel more */
        {960, 540, {0, 0, 320, 180}, {0, 0, 0, 0}},        /* a third */
        {960, 540, {0, 0, 1000, 100}, {0, 0, 0, 0}},       /* larger one way, smaller the other */
        {960, 540, {0, 0, 304, 540}, {0.25, 0, 0.317, 1}}, /* a crop of its own size */
        {960, 540, {0, 0, 608, 1080}, {0.4, 0, 0.317, 1}}, /* a larger one */
        {960, 540, {0, 0, 270, 270}, {0.1, 0.25, 0.28125, 0.5}}, /* its own size, both ways */
        {961, 541, {0, 0, 400, 200}, {0.37, 0.41, 0.59, 0.55}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int moving = 0; moving < 2; moving++) {
            struct frame *frame = sample_film(cases[i].width, cases[i].height, cases[i].at, i % 3);
            frame->matrix = matrices[i % 3];
            frame->source = cases[i].source;
            sample_film_draw(frame, slopes);
            struct picture_view view = view_of(frame);
            if (moving)
                ((struct picture *)(uintptr_t)view.picture)->motion = LAYOUT_MOTION_DRIFT_IN;
            view.progress = 0.3;
            double most = most_apart(&view, cases[i].at.x + cases[i].at.width + 3,
                                     cases[i].at.y + cases[i].at.height + 1);
            if (most > TOLERANCE + 4)
                fail_msg("case %zu: %.2f apart", i, most);
            release(&view);
        }
}

/* A crop of its own size is the same pixels, from an even one on; only the chroma of its edges has
 * no neighbours there. */
static void a_crop_of_its_own_size_is_not_blurred(void **state)
{
    (void)state;
    for (int x = 0; x <= 20; x++) {
        struct frame *frame = sample_film(100, 50, (struct layout_box){0, 0, 80, 40}, 3);
        frame->source = (struct layout_rect){x / 100.0, 0.1, 0.8, 0.8};
        sample_film_draw(frame, noise);
        struct picture_view view = view_of(frame);
        struct sample_canvas out = sample_canvas(80, 40);
        compose_picture(&out.canvas, &view);
        int left = (int)lround(picture_crop(&view).x * 100), top = 6;
        assert_int_equal(left % 2, 0);
        assert_true(abs(left - x) <= 1);
        if (picture_crop(&view).y * 50 < 5)
            top = 4;
        for (int row = 1; row < 39; row++)
            for (int column = 1; column < 79; column++) {
                struct sample_color color =
                    sample_film_color(frame, left + column + 0.5, top + row + 0.5);
                assert_true(sample_color_apart(*sample_pixel(&out.canvas, column, row), color) <=
                            TOLERANCE + 1);
            }
        sample_canvas_finish(&out);
        release(&view);
    }
}

/* Pictures far too large are means of their pixels, not a few of these. */
static void fine_patterns_become_grey(void **state)
{
    (void)state;
    for (int moving = 0; moving < 2; moving++) {
        struct frame *frame = sample_film(1200, 720, (struct layout_box){0, 0, 200, 120}, 0);
        for (int y = 0; y < 720; y++)
            for (int x = 0; x < 1200; x++)
                *sample_film_at(frame, 0, x, y) = (x / 2 + y / 2) % 2 ? 235 : 16;
        for (int plane = 1; plane < 3; plane++)
            memset(sample_film_at(frame, plane, 0, 0), 128, (size_t)600 * 360);
        struct picture_view view = view_of(frame);
        if (moving)
            ((struct picture *)(uintptr_t)view.picture)->motion = LAYOUT_MOTION_PAN;
        struct sample_canvas out = sample_canvas(200, 120);
        compose_picture(&out.canvas, &view);
        for (int y = 0; y < 120; y++)
            for (int x = 0; x < 200; x++)
                assert_true(sample_apart(*sample_pixel(&out.canvas, x, y), 0x808080) <=
                            (moving ? 40 : 3));
        sample_canvas_finish(&out);
        release(&view);
    }
}

static void text_lies_over_a_film(void **state)
{
    (void)state;
    struct frame *frame = sample_film(90, 40, (struct layout_box){0, 0, 90, 40}, 1);
    sample_film_fill(frame, (const uint8_t[]){120, 100, 170});
    struct sample_color under = sample_film_color(frame, 0.5, 0.5);
    struct frame *text = sample_frame(64, 4, (struct layout_box){10, 6, 64, 4});
    text->opaque = false;
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 64; x++)
            sample_frame_row(text, y)[x] = (uint32_t)(x * 4) << 24;
    struct picture *picture = picture_create(0, frame, text);
    struct sample_canvas out = sample_canvas(90, 40);
    compose_picture(&out.canvas, &(struct picture_view){picture, 0});
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 90; x++) {
            bool inside = x >= 10 && x < 74 && y >= 6 && y < 10;
            double left = inside ? 1 - (x - 10) * 4 / 255.0 : 1;
            struct sample_color color = under;
            for (int i = 0; i < 3; i++)
                color.channels[i] *= left;
            assert_true(sample_color_apart(*sample_pixel(&out.canvas, x, y), color) <=
                        TOLERANCE + 1);
        }
    sample_canvas_finish(&out);
    picture_release(picture);
}

/* One film after the other, at its own size, scaled and moving: memory is taken by the first frame
 * alone. */
static void nothing_is_allocated_once_warm(void **state)
{
    (void)state;
    const struct layout_box at = {0, 0, 320, 180};
    struct compose_buffers buffers[3] = {{0}}, warm[3] = {{0}};
    struct picture_view views[3];
    for (int i = 0; i < 3; i++) {
        struct frame *frame = i ? sample_film(480, 270, at, 0) : sample_film(320, 180, at, 0);
        sample_film_draw(frame, slopes);
        views[i] = view_of(frame);
    }
    ((struct picture *)(uintptr_t)views[2].picture)->motion = LAYOUT_MOTION_PAN;
    struct sample_canvas out = sample_canvas(320, 180);
    struct mallinfo2 before = {0};
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 3; i++) {
            views[i].picture->visual->id += 1000000;
            assert_true(compose_view(&out.canvas, &views[i], &buffers[i]));
            if (round == 1)
                warm[i] = buffers[i];
            if (round < 1)
                continue;
            assert_ptr_equal(buffers[i].planes, warm[i].planes);
            assert_ptr_equal(buffers[i].scratch.rows, warm[i].scratch.rows);
        }
        if (round == 1)
            before = mallinfo2();
    }
    struct mallinfo2 after = mallinfo2(); /* all zero where a sanitizer has its own malloc */
    assert_int_equal(after.uordblks, before.uordblks);
    assert_int_equal(after.hblkhd, before.hblkhd);
    assert_null(buffers[0].planes);
    assert_null(buffers[0].scratch.rows);
    assert_non_null(buffers[1].planes);
    assert_null(buffers[1].scratch.rows);
    assert_non_null(buffers[2].scratch.rows);
    for (int i = 0; i < 3; i++) {
        release(&views[i]);
        compose_buffers_finish(&buffers[i]);
    }
    sample_canvas_finish(&out);
}

/* Kept buffers hold the frame that was converted last: never shown for another one. */
static void kept_buffers_are_never_the_wrong_ones(void **state)
{
    (void)state;
    uint64_t seed = 9;
    struct compose_buffers kept = {0};
    struct picture_view views[6];
    for (int i = 0; i < 6; i++) {
        struct frame *frame =
            sample_film(30 + 50 * i, 200 - 30 * i, (struct layout_box){0, 0, 64, 36}, (size_t)i);
        sample_film_draw(frame, i % 2 ? slopes : noise);
        views[i] = view_of(frame);
        ((struct picture *)(uintptr_t)views[i].picture)->motion =
            i % 3 ? LAYOUT_MOTION_DRIFT_OUT : LAYOUT_MOTION_NONE;
    }
    for (int i = 0; i < 400; i++) {
        struct picture_view view = views[sample_random(&seed) % 6];
        view.progress = sample_random(&seed) / 4294967295.0;
        struct sample_canvas a = sample_canvas(64, 36), b = sample_canvas(64, 36);
        assert_true(compose_view(&a.canvas, &view, &kept));
        compose_picture(&b.canvas, &view);
        assert_memory_equal(a.canvas.pixels, b.canvas.pixels, (size_t)64 * 36 * 4);
        sample_canvas_finish(&a);
        sample_canvas_finish(&b);
    }
    for (int i = 0; i < 6; i++)
        release(&views[i]);
    compose_buffers_finish(&kept);
}

static void large_frames_are_reduced(void **state)
{
    (void)state;
    static const struct {
        int width, height, side_max, reduced_width, reduced_height;
        struct layout_rect source;
    } cases[] = {
        {200, 100, INT_MAX, 200, 100, {0, 0, 0, 0}},
        {400, 200, INT_MAX, 400, 200, {0, 0, 0, 0}},
        {432, 216, INT_MAX, 432, 216, {0, 0, 0, 0}}, /* twice what a moving one needs */
        {433, 217, INT_MAX, 216, 108, {0, 0, 0, 0}},
        {900, 100, INT_MAX, 216, 100, {0, 0, 0, 0}},
        {860, 430, INT_MAX, 860, 430, {0.5, 0.5, 0.5, 0.5}}, /* a part of it is large enough */
        {200, 100, 150, 150, 100, {0, 0, 0, 0}},
        {400, 200, 64, 64, 64, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame *frame =
            sample_film(cases[i].width, cases[i].height, (struct layout_box){0, 0, 200, 100}, 2);
        frame->source = cases[i].source;
        sample_film_draw(frame, slopes);
        struct compose_buffers buffers = {0};
        struct compose_planes planes;
        assert_true(compose_film_reduce(frame, cases[i].side_max, &buffers, &planes));
        assert_int_equal(planes.width_px, cases[i].reduced_width);
        assert_int_equal(planes.height_px, cases[i].reduced_height);
        bool own = planes.planes[0] == frame->planes[0];
        assert_int_equal(own, planes.width_px == frame->width_px &&
                                  planes.height_px == frame->height_px);
        assert_int_equal(own, buffers.planes == NULL);
        compose_buffers_finish(&buffers);
        frame_release(frame);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greys_and_primaries_are_by_the_formulas),
        cmocka_unit_test(white_is_white_and_black_is_black),
        cmocka_unit_test(random_colors_are_by_the_formulas),
        cmocka_unit_test(noise_is_by_the_formulas),
        cmocka_unit_test(every_size_and_place),
        cmocka_unit_test(slopes_stay_slopes_at_other_sizes),
        cmocka_unit_test(a_crop_of_its_own_size_is_not_blurred),
        cmocka_unit_test(fine_patterns_become_grey),
        cmocka_unit_test(text_lies_over_a_film),
        cmocka_unit_test(nothing_is_allocated_once_warm),
        cmocka_unit_test(kept_buffers_are_never_the_wrong_ones),
        cmocka_unit_test(large_frames_are_reduced),
    };
    return cmocka_run_group_tests_name("compose_film", tests, NULL, NULL);
}
