#include "screen/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#define BRIDGE_MS 1000

/* Pictures that are alive: made and not yet freed. */
static int alive;

static void count_free(struct frame *frame)
{
    alive--;
    free(frame);
}

/* Has a visual, whose end is counted. */
static struct picture *make_picture(enum layout_motion motion)
{
    struct frame *frame = calloc(1, sizeof *frame);
    assert_non_null(frame);
    *frame = (struct frame){.width_px = 1, .height_px = 1, .holders = 1, .free = count_free};
    alive++;
    struct picture *picture = picture_create(0, frame, NULL);
    assert_non_null(picture);
    picture->motion = motion;
    return picture;
}

/* Three pictures and a show that stands on the first. */
struct fixture {
    struct picture *ground, *a, *b, *c;
    struct show show;
};

static struct show_target target(uint64_t key, struct picture *picture, double start_ms)
{
    return (struct show_target){
        .key = key, .picture = picture, .start_ms = start_ms, .motion_ms = 10000};
}

static struct show_frame step_to(struct fixture *f, double now_ms, struct show_target to)
{
    const struct show_request request = {
        .now_ms = now_ms, .to = to, .mix = 1, .bridge_ms = BRIDGE_MS};
    return show_step(&f->show, &request);
}

static struct show_frame step_mix(struct fixture *f, double now_ms, struct show_target from,
                                  struct show_target to, double mix)
{
    const struct show_request request = {.now_ms = now_ms,
                                         .has_from = true,
                                         .from = from,
                                         .to = to,
                                         .mix = mix,
                                         .transition.type = TRANSITION_DISSOLVE,
                                         .bridge_ms = BRIDGE_MS};
    return show_step(&f->show, &request);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    alive = 0;
    f->ground = make_picture(LAYOUT_MOTION_NONE);
    f->a = make_picture(LAYOUT_MOTION_DRIFT_IN);
    f->b = make_picture(LAYOUT_MOTION_DRIFT_IN);
    f->c = make_picture(LAYOUT_MOTION_NONE);
    *state = f;
    return 0;
}

/* The show lets go of all that it held: each picture has its maker left, and is freed with it. */
static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct picture *pictures[] = {f->ground, f->a, f->b, f->c};
    show_finish(&f->show);
    bool balanced = true;
    for (size_t i = 0; i < 4; i++) {
        balanced &= pictures[i]->holders == 1;
        picture_release(pictures[i]);
    }
    free(f);
    return balanced && alive == 0 ? 0 : -1;
}

/* Settled on a, which began at 0. */
static void settle_on_a(struct fixture *f)
{
    show_start(&f->show, f->a, 0);
    f->show.settled.key = 1;
    f->show.settled.motion_ms = 10000;
}

static void nothing_before_the_first_picture(void **state)
{
    struct fixture *f = *state;
    struct show_frame frame = step_to(f, 0, target(1, NULL, 0));
    assert_true(frame.nothing);
    frame = step_to(f, 10, target(1, f->a, 0));
    assert_false(frame.nothing);
    assert_ptr_equal(frame.mix.to.picture, f->a);
}

static void the_first_picture_fades_in_from_the_ground(void **state)
{
    struct fixture *f = *state;
    show_start(&f->show, f->ground, 0);
    struct show_frame frame = step_to(f, 10, target(1, NULL, 0));
    assert_false(frame.nothing);
    assert_ptr_equal(frame.mix.to.picture, f->ground);
    assert_false(frame.mix.has_from);
    assert_false(frame.animating);
    frame = step_to(f, 500, target(1, f->a, 0));
    assert_true(frame.mix.has_from);
    assert_ptr_equal(frame.mix.from.picture, f->ground);
    assert_ptr_equal(frame.mix.to.picture, f->a);
    assert_true(frame.mix.mix == 0);
    assert_false(frame.needs_freeze);
    frame = step_to(f, 500 + BRIDGE_MS / 2.0, target(1, f->a, 0));
    assert_true(frame.mix.mix == 0.5 && frame.linear_mix == 0.5);
    frame = step_to(f, 500 + BRIDGE_MS, target(1, f->a, 0));
    assert_false(frame.mix.has_from);
    assert_ptr_equal(frame.mix.to.picture, f->a);
    assert_true(frame.mix.mix == 1 && frame.mix.dim == 1);
}

static void a_natural_transition_is_the_programmes_own(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    double before = -1;
    for (int i = 0; i <= 100; i++) {
        double now = 8000 + 10 * i;
        struct show_frame frame =
            step_mix(f, now, target(1, f->a, 0), target(2, f->b, 8000), i / 100.0);
        if (i == 100) {
            assert_false(frame.mix.has_from);
            assert_int_equal(frame.to_key, 2);
            break;
        }
        assert_true(frame.mix.has_from && frame.animating && !frame.needs_freeze);
        assert_true(frame.linear_mix == i / 100.0);
        assert_true(frame.mix.mix > before);
        before = frame.mix.mix;
        assert_int_equal(frame.mix.transition.type,
                         TRANSITION_DISSOLVE); /* the dissolve is passed on */
        assert_int_equal(frame.from_key, 1);
        assert_int_equal(frame.to_key, 2);
        /* Both go on moving. */
        assert_true(fabs(frame.mix.from.progress - now / 10000) < 1e-9);
        assert_true(fabs(frame.mix.to.progress - (now - 8000) / 10000) < 1e-9);
    }
}

static void easing_is_gentle_and_symmetric(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    double mixes[101];
    for (int i = 0; i < 100; i++)
        mixes[i] =
            step_mix(f, 8000 + i, target(1, f->a, 0), target(2, f->b, 8000), i / 100.0).mix.mix;
    assert_true(mixes[0] == 0 && mixes[50] == 0.5);
    assert_true(mixes[1] < 0.001);
    for (int i = 1; i < 100; i++)
        assert_true(fabs(mixes[i] + mixes[100 - i] - 1) < 1e-12);
}

static void a_late_picture_is_bridged(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    for (int i = 0; i < 6; i++) {
        struct show_frame frame =
            step_mix(f, 8000 + 100 * i, target(1, f->a, 0), target(2, NULL, 8000), i / 10.0);
        assert_ptr_equal(frame.mix.to.picture, f->a);
        assert_false(frame.mix.has_from);
    }
    struct show_frame frame = step_mix(f, 8600, target(1, f->a, 0), target(2, f->b, 8000), 0.6);
    assert_true(frame.mix.has_from && frame.mix.mix == 0);
    assert_int_equal(frame.mix.transition.type, TRANSITION_CROSSFADE);
    assert_false(frame.needs_freeze);
    frame = step_to(f, 9100, target(2, f->b, 8000));
    assert_true(frame.linear_mix == 0.5);
    assert_ptr_equal(frame.mix.from.picture, f->a);
    frame = step_to(f, 9600, target(2, f->b, 8000));
    assert_false(frame.mix.has_from);
    assert_ptr_equal(frame.mix.to.picture, f->b);
}

/* Thirty times a thirtieth of a second is no second, as added up. */
static void a_fade_is_over_in_time(void **state)
{
    struct fixture *f = *state;
    const double begin_ms = 1770337800066.7; /* February 2026 */
    double now_ms = begin_ms;
    settle_on_a(f);
    step_to(f, now_ms, target(2, f->b, 8000));
    for (int i = 0; i < 30; i++)
        now_ms += BRIDGE_MS / 30.0;
    assert_true(now_ms < begin_ms + BRIDGE_MS);
    struct show_frame frame = step_to(f, now_ms, target(2, f->b, 8000));
    assert_false(frame.mix.has_from);
    assert_ptr_equal(frame.mix.to.picture, f->b);
}

static void a_transition_that_just_began_is_joined(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    struct show_frame frame = step_mix(f, 8150, target(1, f->a, 0), target(2, f->b, 8000), 0.15);
    assert_true(frame.linear_mix == 0.15 && frame.mix.transition.type == TRANSITION_DISSOLVE);
    frame = step_mix(f, 8300, target(1, f->a, 0), target(2, f->b, 8000), 0.3);
    assert_true(frame.linear_mix == 0.3);
}

static void a_failed_picture_leaves_the_one_before_moving(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    double before = -1;
    for (int now = 8000; now < 10000; now += 100) {
        struct show_frame frame = step_to(f, now, target(2, NULL, 8000));
        assert_ptr_equal(frame.mix.to.picture, f->a);
        assert_false(frame.mix.has_from);
        assert_true(frame.mix.to.progress > before && frame.animating);
        before = frame.mix.to.progress;
    }
    assert_false(step_to(f, 10000, target(2, NULL, 8000)).animating); /* its way is over */
    /* And the next one comes over it, not over the one that failed. */
    struct show_frame frame = step_mix(f, 12000, target(2, NULL, 8000), target(3, f->c, 12000), 0);
    assert_true(frame.mix.has_from);
    assert_ptr_equal(frame.mix.from.picture, f->a);
    assert_ptr_equal(frame.mix.to.picture, f->c);
}

static void a_swap_in_a_transition_freezes_once(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    step_mix(f, 8000, target(1, f->a, 0), target(2, f->b, 8000), 0);
    step_mix(f, 8400, target(1, f->a, 0), target(2, f->b, 8000), 0.4);
    struct show_frame frame = step_to(f, 8410, target(7, f->c, 8410));
    assert_true(frame.needs_freeze && frame.mix.has_from && frame.mix.from_frozen);
    assert_int_equal(frame.from_key, 0);
    assert_true(frame.mix.mix == 0);
    /* What display_freeze draws once more is still there. */
    assert_true(f->b->holders > 1 && f->a->holders > 1);
    for (int i = 1; i < 10; i++) {
        frame = step_to(f, 8410 + 100 * i, target(7, f->c, 8410));
        assert_false(frame.needs_freeze);
        assert_true(frame.mix.from_frozen);
        assert_true(fabs(frame.linear_mix - i / 10.0) < 1e-9);
    }
    assert_int_equal(f->b->holders, 1); /* let go */
    frame = step_to(f, 9410, target(7, f->c, 8410));
    assert_false(frame.mix.has_from);
    assert_ptr_equal(frame.mix.to.picture, f->c);
}

static void a_swap_on_a_settled_picture_needs_no_freeze(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    struct show_frame frame = step_to(f, 3000, target(9, f->b, 3000));
    assert_false(frame.needs_freeze);
    assert_true(frame.mix.has_from && !frame.mix.from_frozen && frame.mix.mix == 0);
    assert_ptr_equal(frame.mix.from.picture, f->a);
}

/* A swap whose pictures are not there yet, in the middle of a fade: the fade goes on to its end. */
static void a_swap_to_a_missing_picture_cuts_nothing(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    step_mix(f, 8000, target(1, f->a, 0), target(2, f->b, 8000), 0);
    struct show_frame frame = step_mix(f, 8400, target(1, f->a, 0), target(2, f->b, 8000), 0.4);
    double before = frame.linear_mix;
    for (int now = 8410; now < 9000; now += 10) {
        frame = step_to(f, now, target(7, NULL, 8400));
        assert_true(frame.mix.has_from);
        assert_ptr_equal(frame.mix.to.picture, f->b);
        assert_true(frame.linear_mix >= before && frame.linear_mix - before <= 0.011);
        assert_int_equal(frame.mix.transition.type, TRANSITION_DISSOLVE);
        before = frame.linear_mix;
    }
    frame = step_to(f, 9100, target(7, NULL, 8400));
    assert_false(frame.mix.has_from);
    assert_ptr_equal(frame.mix.to.picture, f->b);
}

static void a_clock_set_back_in_a_bridge_cuts_nothing(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    step_to(f, 50000, target(2, f->b, 50000));
    double mix = step_to(f, 50300, target(2, f->b, 50000)).linear_mix;
    struct show_frame frame = step_to(f, 20000, target(2, f->b, 50000));
    assert_true(frame.mix.has_from && fabs(frame.linear_mix - mix) < 0.02);
    frame = step_to(f, 20350, target(2, f->b, 50000));
    assert_true(fabs(frame.linear_mix - 0.65) < 1e-9);
    frame = step_to(f, 20700, target(2, f->b, 50000));
    assert_false(frame.mix.has_from);
}

static void a_clock_set_back_in_a_transition_cuts_nothing(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    for (int i = 0; i <= 8; i++)
        step_mix(f, 8000 + 400 * i, target(1, f->a, 0), target(2, f->b, 8000), i / 10.0);
    struct show_frame frame = step_mix(f, 8800, target(1, f->a, 0), target(2, f->b, 8000), 0.2);
    assert_true(frame.mix.has_from && fabs(frame.linear_mix - 0.8) < 1e-9);
    frame = step_mix(f, 8900, target(1, f->a, 0), target(2, f->b, 8000), 0.225);
    assert_true(fabs(frame.linear_mix - 0.9) < 1e-9);
    frame = step_mix(f, 9000, target(1, f->a, 0), target(2, f->b, 8000), 0.25);
    assert_false(frame.mix.has_from);
    assert_ptr_equal(frame.mix.to.picture, f->b);
}

static void a_clock_step_is_bridged(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    /* Hours on, into the middle of another transition; then back. */
    struct show_frame frame =
        step_mix(f, 7200500, target(5, f->b, 7190000), target(6, f->c, 7200000), 0.5);
    assert_true(frame.mix.has_from && frame.mix.mix == 0);
    assert_ptr_equal(frame.mix.from.picture, f->a);
    assert_ptr_equal(frame.mix.to.picture, f->c);
    step_to(f, 7201600, target(6, f->c, 7200000));
    frame = step_to(f, 500, target(1, f->a, 0));
    assert_true(frame.mix.has_from && frame.mix.mix == 0 && !frame.needs_freeze);
    assert_ptr_equal(frame.mix.from.picture, f->c);
}

/* Back to the picture that is just fading out. */
static void a_transition_can_turn_round(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    step_mix(f, 8000, target(1, f->a, 0), target(2, f->b, 8000), 0);
    step_mix(f, 8300, target(1, f->a, 0), target(2, f->b, 8000), 0.3);
    struct show_frame frame = step_to(f, 5000, target(1, f->a, 0));
    assert_true(frame.needs_freeze && frame.mix.from_frozen && frame.mix.mix == 0);
    assert_ptr_equal(frame.mix.to.picture, f->a);
}

static struct show_frame step_cut(struct fixture *f, double now_ms, struct show_target to)
{
    const struct show_request request = {.now_ms = now_ms,
                                         .to = to,
                                         .mix = 1,
                                         .transition.type = TRANSITION_CUT,
                                         .bridge_ms = BRIDGE_MS};
    return show_step(&f->show, &request);
}

static void a_cut_is_a_cut_when_it_is_on_time(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    struct show_frame frame = step_cut(f, 8016, target(2, f->b, 8000));
    assert_false(frame.mix.has_from);
    assert_ptr_equal(frame.mix.to.picture, f->b);
    frame = step_cut(f, 16500, target(3, f->c, 16000)); /* late: bridged */
    assert_true(frame.mix.has_from && frame.mix.mix == 0);
    assert_ptr_equal(frame.mix.to.picture, f->c);
}

/* A hot machine: what moves stands still where it is, what comes stands in the middle of its way, and
 * nothing jumps when it has cooled down. */
static void pictures_stand_still_on_a_hot_machine(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    struct show_frame frame = step_to(f, 2000, target(1, f->a, 0));
    assert_true(frame.animating);
    assert_true(frame.mix.to.progress == 0.2);
    f->show.is_still = true;
    frame = step_to(f, 3000, target(1, f->a, 0));
    assert_true(frame.mix.to.progress == 0.3);
    frame = step_to(f, 4000, target(1, f->a, 0));
    assert_true(frame.mix.to.progress == 0.3);
    assert_false(frame.animating);
    /* A transition goes on. */
    frame = step_mix(f, 5000, target(1, f->a, 0), target(2, f->b, 5000), 0.1);
    assert_true(frame.animating);
    assert_true(frame.mix.from.progress == 0.3);
    assert_true(frame.mix.to.progress == 0.5);
    f->show.is_still = false;
    frame = step_mix(f, 6000, target(1, f->a, 0), target(2, f->b, 5000), 1);
    assert_true(frame.mix.to.progress == 0.5);
    frame = step_to(f, 7000, target(2, f->b, 5000));
    assert_true(frame.mix.to.progress == 0.5);
    assert_false(frame.animating);
    /* The next one moves. */
    step_to(f, 15000, target(3, f->a, 15000));
    frame = step_to(f, 17000, target(3, f->a, 15000));
    assert_true(frame.mix.to.progress == 0.2);
    assert_true(frame.animating);
}

/* A loop of one spot: both sides are the same picture, at two moments of its motion. */
static void one_picture_fades_into_itself(void **state)
{
    struct fixture *f = *state;
    settle_on_a(f);
    step_mix(f, 8000, target(1, f->a, 0), target(2, f->a, 8000), 0);
    struct show_frame frame = step_mix(f, 8500, target(1, f->a, 0), target(2, f->a, 8000), 0.5);
    assert_true(frame.mix.has_from);
    assert_ptr_equal(frame.mix.from.picture, f->a);
    assert_ptr_equal(frame.mix.to.picture, f->a);
    assert_true(fabs(frame.mix.from.progress - 0.85) < 1e-9);
    assert_true(fabs(frame.mix.to.progress - 0.05) < 1e-9);
}

static void the_show_holds_what_it_shows(void **state)
{
    struct fixture *f = *state;
    show_start(&f->show, f->ground, 0);
    struct picture *lone = make_picture(LAYOUT_MOTION_PAN);
    step_to(f, 0, target(4, lone, 0));
    picture_release(lone); /* as a loader does that was not asked for it again */
    struct show_frame frame = step_to(f, 2000, target(5, NULL, 2000));
    assert_ptr_equal(frame.mix.to.picture, lone);
    assert_int_equal(frame.mix.to.picture->holders, 1);
    show_start(&f->show, f->ground, 3000);
}

#define SHOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOW_TEST(nothing_before_the_first_picture),
        SHOW_TEST(the_first_picture_fades_in_from_the_ground),
        SHOW_TEST(a_natural_transition_is_the_programmes_own),
        SHOW_TEST(easing_is_gentle_and_symmetric),
        SHOW_TEST(a_late_picture_is_bridged),
        SHOW_TEST(a_fade_is_over_in_time),
        SHOW_TEST(a_transition_that_just_began_is_joined),
        SHOW_TEST(a_failed_picture_leaves_the_one_before_moving),
        SHOW_TEST(a_swap_in_a_transition_freezes_once),
        SHOW_TEST(a_swap_on_a_settled_picture_needs_no_freeze),
        SHOW_TEST(a_swap_to_a_missing_picture_cuts_nothing),
        SHOW_TEST(a_clock_set_back_in_a_bridge_cuts_nothing),
        SHOW_TEST(a_clock_set_back_in_a_transition_cuts_nothing),
        SHOW_TEST(a_clock_step_is_bridged),
        SHOW_TEST(a_transition_can_turn_round),
        SHOW_TEST(a_cut_is_a_cut_when_it_is_on_time),
        SHOW_TEST(pictures_stand_still_on_a_hot_machine),
        SHOW_TEST(one_picture_fades_into_itself),
        SHOW_TEST(the_show_holds_what_it_shows),
    };
    return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
