#include "screen/test_card_paint.h"
#include "screen/test_card_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "sample_frames.h"

static const struct test_card_facts facts = {.name = "box", .lines = "a\nb", .language = "en"};

static struct sample_canvas paint(struct test_card_plan *plan, int width, int height)
{
    struct sample_canvas out = sample_canvas(width, height);
    test_card_plan_make(plan, width, height, &facts);
    test_card_paint(plan, &out.canvas);
    return out;
}

static uint32_t pixel_at(const struct sample_canvas *out, int x, int y)
{
    return *sample_pixel(&out->canvas, x, y);
}

static void its_outermost_pixels_are_white_and_its_corners_yellow(void **state)
{
    static const int sizes[][2] = {{16, 16}, {64, 200}, {640, 480}, {1080, 1920}, {1921, 401}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int width = sizes[i][0], height = sizes[i][1];
        struct test_card_plan plan;
        struct sample_canvas out = paint(&plan, width, height);
        for (int x = 0; x < width; x++) {
            assert_int_equal(pixel_at(&out, x, 0), 0xffffffff);
            assert_int_equal(pixel_at(&out, x, height - 1), 0xffffffff);
        }
        for (int y = 0; y < height; y++) {
            assert_int_equal(pixel_at(&out, 0, y), 0xffffffff);
            assert_int_equal(pixel_at(&out, width - 1, y), 0xffffffff);
        }
        assert_int_equal(pixel_at(&out, 1, 1), 0xffffc42e);
        assert_int_equal(pixel_at(&out, width - 2, 1), 0xffffc42e);
        assert_int_equal(pixel_at(&out, 1, height - 2), 0xffffc42e);
        assert_int_equal(pixel_at(&out, width - 2, height - 2), 0xffffc42e);
        sample_canvas_finish(&out);
    }
}

/* The patterns are of single pixels whatever the canvas; the mean of lines is what gamma is held
 * against. */
static void patterns_are_of_single_pixels(void **state)
{
    struct test_card_plan plan;
    (void)state;
    struct sample_canvas out = paint(&plan, 3840, 2160);
    const struct layout_box *check = &plan.sharp[0], *upright = &plan.sharp[1],
                            *level = &plan.sharp[2], *wide = &plan.sharp[3];
    for (int i = 0; i < 16; i++) {
        uint32_t lit = i % 2 ? 0xff000000 : 0xffffffff, pair = i % 4 < 2 ? 0xffffffff : 0xff000000;
        assert_int_equal(pixel_at(&out, check->x + i, check->y), lit);
        assert_int_equal(pixel_at(&out, check->x, check->y + i), lit);
        assert_int_equal(pixel_at(&out, upright->x + i, upright->y + 1), lit);
        assert_int_equal(pixel_at(&out, level->x + 1, level->y + i), lit);
        assert_int_equal(pixel_at(&out, wide->x + i, wide->y), pair);
        assert_int_equal(pixel_at(&out, plan.gammas[2].x, plan.gammas[2].y + i), lit);
    }
    const struct layout_box *gamma = &plan.gammas[2];
    assert_int_equal(pixel_at(&out, gamma->x + gamma->width / 2, gamma->y + gamma->height / 2),
                     0xffbababa);
    int step = plan.blacks.width / TEST_CARD_STEPS;
    assert_int_equal(pixel_at(&out, plan.blacks.x + step * 3 / 2, plan.blacks.y), 0xff020202);
    assert_int_equal(pixel_at(&out, plan.whites.x + step * 13 / 2, plan.whites.y), 0xfffdfdfd);
    sample_canvas_finish(&out);
}

static void gradients_have_every_level(void **state)
{
    struct test_card_plan plan;
    (void)state;
    struct sample_canvas out = paint(&plan, 1920, 1080);
    uint32_t before = 0;
    for (int x = 0; x < plan.ramps.width; x++) {
        uint32_t level = pixel_at(&out, plan.ramps.x + x, plan.ramps.y) & 255;
        assert_true(level == before || level == before + 1);
        before = level;
    }
    assert_int_equal(before, 255);
    sample_canvas_finish(&out);
}

static void the_circle_is_round(void **state)
{
    struct test_card_plan plan;
    (void)state;
    struct sample_canvas out = paint(&plan, 1920, 1080);
    const struct layout_box *ring = &plan.ring;
    assert_int_equal(ring->width, ring->height);
    /* Symmetric at its outer edge, both ways. */
    int half = ring->width / 2;
    for (int i = 1; i < half; i += 7) {
        int x = ring->x + i, y = ring->y;
        while (pixel_at(&out, x, y) != (0xff000000 | TEST_CARD_LINE) && y < ring->y + half)
            y++;
        int mirrored = 2 * ring->y + ring->height - 1 - y;
        assert_int_equal(pixel_at(&out, x, mirrored), 0xff000000 | TEST_CARD_LINE);
    }
    sample_canvas_finish(&out);
}

/* A text that a worker has set lies over the card, cut where the card ends. */
static void texts_are_cut_at_its_edges(void **state)
{
    static const int corners[][2] = {{-3, -3}, {60, 60}, {10, 10}, {-20, 5}, {70, 5}};
    (void)state;
    for (size_t i = 0; i < sizeof corners / sizeof *corners; i++) {
        struct sample_canvas out = sample_canvas(64, 64);
        struct frame *text = sample_frame(8, 8, (struct layout_box){0, 0, 8, 8});
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                ((uint32_t *)(void *)((uintptr_t)text->pixels +
                                      (size_t)y * text->stride_bytes))[x] = 0xff8090a0;
        for (int y = 0; y < 64; y++)
            for (int x = 0; x < 64; x++)
                *sample_pixel(&out.canvas, x, y) = 0xff000000;
        test_card_paint_text(&out.canvas, text, corners[i][0], corners[i][1]);
        for (int y = 0; y < 64; y++)
            for (int x = 0; x < 64; x++) {
                int u = x - corners[i][0], v = y - corners[i][1];
                bool is_text = u >= 0 && u < 8 && v >= 0 && v < 8;
                assert_int_equal(pixel_at(&out, x, y), is_text ? 0xff8090a0 : 0xff000000);
            }
        frame_release(text);
        sample_canvas_finish(&out);
    }
}

/* Twelve signs: bars of the height of their number, with a column between. */
static struct frame *make_glyphs(int signs)
{
    int width = signs * 5;
    struct frame *frame = sample_frame(width, 20, (struct layout_box){0, 0, width, 20});
    for (int y = 0; y < 20; y++)
        for (int x = 0; x < width; x++)
            ((uint32_t *)(void *)((uintptr_t)frame->pixels + (size_t)y * frame->stride_bytes))[x] =
                x % 5 < 4 && y <= x / 5 ? 0xffffffff : 0;
    return frame;
}

static void glyphs_are_found_by_the_gaps(void **state)
{
    struct test_card_glyphs glyphs;
    (void)state;
    for (int signs = 11; signs <= 13; signs++) {
        struct frame *frame = make_glyphs(signs);
        assert_int_equal(test_card_cut_glyphs(&glyphs, frame), signs == 12);
        if (signs == 12) {
            assert_int_equal(glyphs.left[11], 55);
            assert_int_equal(glyphs.width[11], 4);
            assert_int_equal(glyphs.figure_px, 4);
        }
        frame_release(frame);
    }
}

/* Which figures are on the clock, by how high they are. */
static void read_clock(const struct canvas *canvas, char text[16])
{
    int count = 0, before = 0;
    for (int x = 0; x < canvas->width_px; x++) {
        int height = 0;
        while (height < 15 && *sample_pixel(canvas, x, height) == 0xffffffff)
            height++;
        if (height > 0 && before == 0 && count < 15)
            text[count++] = "?0123456789:."[height];
        before = height;
    }
    text[count] = '\0';
}

static void the_clock_shows_the_time_of_day(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } times[] = {{0, "00:00:00.000"},
                 {86399999, "23:59:59.999"},
                 {INT64_C(1796007660123), "03:01:00.123"},
                 {-1, "23:59:59.999"}};
    struct test_card_plan plan;
    struct test_card_glyphs glyphs;
    (void)state;
    test_card_plan_make(&plan, 640, 480, &facts);
    struct frame *frame = make_glyphs(12);
    assert_true(test_card_cut_glyphs(&glyphs, frame));
    glyphs.figure_px = 8; /* so that there are gaps between figures */
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[16];
        struct sample_canvas out = sample_canvas(plan.clock.width, plan.clock.height);
        test_card_paint_clock(&plan, &glyphs, &out.canvas, times[i].ms);
        read_clock(&out.canvas, text);
        assert_string_equal(text, times[i].text);
        sample_canvas_finish(&out);
    }
    frame_release(frame);
}

/* The column in which most of the dot is. */
static int find_dot(const struct canvas *canvas)
{
    int best = 0, most = 0;
    for (int x = 0; x < canvas->width_px; x++) {
        int count = 0;
        for (int y = 0; y < canvas->height_px; y++)
            count += *sample_pixel(canvas, x, y) == 0xffffc42e;
        if (count > most) {
            most = count;
            best = x;
        }
    }
    return best;
}

static void the_dot_goes_over_its_track_in_a_second(void **state)
{
    struct test_card_plan plan;
    (void)state;
    test_card_plan_make(&plan, 1920, 1080, &facts);
    int places[4];
    for (int i = 0; i < 4; i++) {
        struct sample_canvas out = sample_canvas(plan.clock.width, plan.clock.height);
        test_card_paint_clock(&plan, NULL, &out.canvas, 7000 + i * 250);
        places[i] = find_dot(&out.canvas);
        sample_canvas_finish(&out);
    }
    for (int i = 1; i < 4; i++)
        assert_in_range(places[i] - places[i - 1], plan.clock.width / 5, plan.clock.width / 4);
}

static void it_turns_with_the_screen(void **state)
{
    static const struct {
        int rotation, x, y; /* where the pixel of the top left corner goes to */
    } turns[] = {{0, 0, 0}, {90, 1, 0}, {180, 2, 1}, {270, 0, 2}};
    (void)state;
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        int width = 3, height = 2;
        struct sample_canvas from = sample_canvas(width, height);
        layout_rotate_size(turns[i].rotation, &width, &height);
        struct sample_canvas to = sample_canvas(width, height);
        for (int y = 0; y < 2; y++)
            for (int x = 0; x < 3; x++)
                *sample_pixel(&from.canvas, x, y) = x == 0 && y == 0 ? 0xffffffff : 0xff000000;
        test_card_turn(&to.canvas, &from.canvas, turns[i].rotation);
        assert_int_equal(pixel_at(&to, turns[i].x, turns[i].y), 0xffffffff);
        sample_canvas_finish(&from);
        sample_canvas_finish(&to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_outermost_pixels_are_white_and_its_corners_yellow),
        cmocka_unit_test(patterns_are_of_single_pixels),
        cmocka_unit_test(gradients_have_every_level),
        cmocka_unit_test(the_circle_is_round),
        cmocka_unit_test(texts_are_cut_at_its_edges),
        cmocka_unit_test(glyphs_are_found_by_the_gaps),
        cmocka_unit_test(the_clock_shows_the_time_of_day),
        cmocka_unit_test(the_dot_goes_over_its_track_in_a_second),
        cmocka_unit_test(it_turns_with_the_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
