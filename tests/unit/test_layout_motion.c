#include "core/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <cmocka.h>

static const enum layout_motion motions[] = {LAYOUT_MOTION_NONE, LAYOUT_MOTION_DRIFT_IN,
                                             LAYOUT_MOTION_DRIFT_OUT, LAYOUT_MOTION_PAN};
#define MOTIONS (sizeof motions / sizeof *motions)

static const double focuses[] = {0, 0.25, 0.5, 1};
#define FOCUSES (sizeof focuses / sizeof *focuses)

#define STEPS 1000
#define ROUNDING 1e-12

/* Calls `check` for each motion, focus and shape of the canvas. */
static void for_all(void (*check)(enum layout_motion motion, const double focus[2], bool portrait))
{
    for (size_t m = 0; m < MOTIONS; m++)
        for (size_t f = 0; f < FOCUSES * FOCUSES; f++)
            for (int portrait = 0; portrait < 2; portrait++) {
                const double focus[2] = {focuses[f / FOCUSES], focuses[f % FOCUSES]};
                check(motions[m], focus, portrait);
            }
}

static void check_inside(enum layout_motion motion, const double focus[2], bool portrait)
{
    for (int i = -10; i <= STEPS + 10; i++) {
        struct layout_rect crop =
            layout_motion_crop(motion, (double)i / STEPS, focus[0], focus[1], portrait);
        assert_true(crop.x >= 0 && crop.y >= 0);
        assert_true(crop.x + crop.width <= 1 + ROUNDING && crop.y + crop.height <= 1 + ROUNDING);
        /* Never enlarged beyond the frame's own pixels, and never stretched. */
        assert_true(crop.width >= 1 / layout_motion_scale(motion) - ROUNDING);
        assert_true(fabs(crop.width - crop.height) < ROUNDING);
    }
}

static void the_crop_stays_inside(void **state)
{
    (void)state;
    for_all(check_inside);
}

static void check_monotone(enum layout_motion motion, const double focus[2], bool portrait)
{
    struct layout_rect before = layout_motion_crop(motion, 0, focus[0], focus[1], portrait);
    for (int i = 1; i <= STEPS; i++) {
        struct layout_rect now =
            layout_motion_crop(motion, (double)i / STEPS, focus[0], focus[1], portrait);
        if (motion == LAYOUT_MOTION_DRIFT_IN)
            assert_true(now.width < before.width);
        else if (motion == LAYOUT_MOTION_DRIFT_OUT)
            assert_true(now.width > before.width);
        else if (motion == LAYOUT_MOTION_PAN)
            assert_true(portrait ? now.y > before.y && now.x == before.x
                                 : now.x > before.x && now.y == before.y);
        else
            assert_true(now.x == 0 && now.y == 0 && now.width == 1 && now.height == 1);
        before = now;
    }
}

static void it_goes_one_way(void **state)
{
    (void)state;
    for_all(check_monotone);
}

static double largest_move(struct layout_rect a, struct layout_rect b)
{
    double left = fabs(a.x - b.x), top = fabs(a.y - b.y);
    double right = fabs(a.x + a.width - b.x - b.width);
    double bottom = fabs(a.y + a.height - b.y - b.height);
    return fmax(fmax(left, right), fmax(top, bottom));
}

/* No edge ever travels farther in a frame than its share of the whole way: 0.08 of the frame in a
 * slot, at any frame rate. */
static void check_continuous(enum layout_motion motion, const double focus[2], bool portrait)
{
    static const int rates[] = {24, 30, 50, 60};
    const double seconds = 9.2, way = (layout_motion_scale(motion) - 1) * 1.0001;
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        double step = 1 / (seconds * rates[r]);
        for (int i = -2; i * step < 1 + 2 * step; i++) {
            double p = i * step;
            struct layout_rect a = layout_motion_crop(motion, p, focus[0], focus[1], portrait);
            struct layout_rect b =
                layout_motion_crop(motion, p + step, focus[0], focus[1], portrait);
            assert_true(largest_move(a, b) <= way * step + ROUNDING);
        }
    }
}

static void no_frame_leaps(void **state)
{
    (void)state;
    for_all(check_continuous);
}

/* On screen the focus is at (focus - crop.x) / crop.width. */
static void check_focus(enum layout_motion motion, const double focus[2], bool portrait)
{
    if (motion != LAYOUT_MOTION_DRIFT_IN && motion != LAYOUT_MOTION_DRIFT_OUT)
        return;
    for (int i = 0; i <= STEPS; i++) {
        struct layout_rect crop =
            layout_motion_crop(motion, (double)i / STEPS, focus[0], focus[1], portrait);
        assert_true(fabs((focus[0] - crop.x) / crop.width - focus[0]) < 1e-9);
        assert_true(fabs((focus[1] - crop.y) / crop.height - focus[1]) < 1e-9);
    }
}

static void a_drift_holds_the_focus(void **state)
{
    (void)state;
    for_all(check_focus);
}

static void both_ends_hold(void **state)
{
    (void)state;
    static const double far[] = {-1e300, -5, 1.5, 1e300};
    for (size_t m = 0; m < MOTIONS; m++)
        for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
            struct layout_rect end = layout_motion_crop(motions[m], far[i] > 0, 0.3, 0.7, false);
            struct layout_rect outside = layout_motion_crop(motions[m], far[i], 0.3, 0.7, false);
            assert_true(largest_move(end, outside) == 0);
        }
}

static void a_drift_out_is_a_drift_in_backwards(void **state)
{
    (void)state;
    for (int i = 0; i <= STEPS; i++) {
        double p = (double)i / STEPS;
        struct layout_rect in = layout_motion_crop(LAYOUT_MOTION_DRIFT_IN, p, 0.2, 0.9, false);
        struct layout_rect out =
            layout_motion_crop(LAYOUT_MOTION_DRIFT_OUT, 1 - p, 0.2, 0.9, false);
        assert_true(largest_move(in, out) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_crop_stays_inside),
        cmocka_unit_test(it_goes_one_way),
        cmocka_unit_test(no_frame_leaps),
        cmocka_unit_test(a_drift_holds_the_focus),
        cmocka_unit_test(both_ends_hold),
        cmocka_unit_test(a_drift_out_is_a_drift_in_backwards),
    };
    return cmocka_run_group_tests_name("layout_motion", tests, NULL, NULL);
}
