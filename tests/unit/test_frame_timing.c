#include "screen/frame_timing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <cmocka.h>

#define MS INT64_C(1000000)
#define START (5000 * MS)
#define PERIOD (20 * MS) /* of 50 Hz */

static void a_refresh_that_is_not_known_is_sixty(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 0, false);
    assert_true(fabs(frame_timing_hz(&pace) - 60) < 0.001);
    frame_timing_init(&pace, -5, false);
    assert_true(fabs(frame_timing_hz(&pace) - 60) < 0.001);
    frame_timing_init(&pace, 59.94, false);
    assert_true(fabs(frame_timing_hz(&pace) - 59.94) < 0.001);
}

static void a_still_screen_sleeps(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        struct frame_timing pace;
        frame_timing_init(&pace, 50, waits);
        int64_t lead = waits ? PERIOD : 0;
        assert_int_equal(frame_timing_lead_ns(&pace), lead);
        assert_int_equal(frame_timing_next_ns(&pace, START), START + lead);
        assert_false(frame_timing_presented(&pace, START + 7 * PERIOD)); /* nobody waited for it */
        assert_true(frame_timing_wait_until_ns(&pace, START) == INT64_MAX);
        /* An hour later it is as soon as can be again. */
        int64_t later = START + INT64_C(3600000) * MS;
        assert_int_equal(frame_timing_next_ns(&pace, later), later + lead);
    }
}

/* Begins frames when pace says, draws each for `work` nanoseconds, and presents it when pace says.
 * Returns how many of `count` were late. None is ever early. */
static int play(struct frame_timing *pace, int64_t *now, int count, int64_t work)
{
    int late = 0;
    for (int i = 0; i < count; i++) {
        int64_t until = frame_timing_wait_until_ns(pace, *now);
        if (until != INT64_MAX && until > *now)
            *now = until;
        int64_t seen = frame_timing_next_ns(pace, *now);
        assert_true(seen >= *now);
        *now += work;
        frame_timing_drawn(pace, *now);
        if (*now < frame_timing_present_ns(pace))
            *now = frame_timing_present_ns(pace);
        if (pace->waits) /* the display holds it until the refresh */
            *now = (*now + PERIOD - 1) / PERIOD * PERIOD;
        else
            assert_true(*now >= seen);
        late += frame_timing_presented(pace, *now);
        frame_timing_set_running(pace, true);
    }
    return late;
}

static void frames_come_one_period_apart(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, false);
    int64_t now = START;
    play(&pace, &now, 1, MS);
    int64_t before = pace.target_ns;
    for (int i = 0; i < 500; i++) {
        assert_int_equal(play(&pace, &now, 1, (i % 9) * MS), 0);
        assert_int_equal(pace.target_ns - before, PERIOD);
        before = pace.target_ns;
    }
}

static void a_display_that_waits_sets_the_pace(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, true);
    int64_t now = START;
    assert_int_equal(play(&pace, &now, 500, 3 * MS), 0);
    assert_true(pace.waits);
    assert_int_equal(frame_timing_wait_until_ns(&pace, now), now);
    assert_int_equal(frame_timing_next_ns(&pace, now), now + PERIOD);
}

/* A film shows fewer frames than the screen: where one had nothing new to draw, nobody waited. */
static void a_frame_that_is_not_drawn_takes_its_time(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, true);
    int64_t now = START;
    assert_int_equal(play(&pace, &now, 10, 3 * MS), 0);
    int64_t presented = now;
    assert_int_equal(frame_timing_next_ns(&pace, now), presented + PERIOD);
    assert_int_equal(frame_timing_wait_until_ns(&pace, now + MS), presented + PERIOD);
    assert_int_equal(frame_timing_next_ns(&pace, presented + PERIOD), presented + 2 * PERIOD);
    assert_int_equal(frame_timing_wait_until_ns(&pace, presented + PERIOD + MS),
                     presented + 2 * PERIOD);
    now = presented + 2 * PERIOD;
    assert_int_equal(play(&pace, &now, 10, 3 * MS), 0);
    assert_int_equal(now, presented + 12 * PERIOD);
}

static void a_late_frame_is_told_and_skipped(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, false);
    int64_t now = START;
    play(&pace, &now, 10, MS);
    int64_t before = pace.target_ns;
    assert_int_equal(play(&pace, &now, 1, 3 * PERIOD + PERIOD / 2 + MS), 1);
    int64_t next = frame_timing_next_ns(&pace, now);
    assert_true(next >= now && next - now < PERIOD);
    assert_int_equal((next - before) % PERIOD, 0);    /* still in step */
    assert_true(frame_timing_presented(&pace, next)); /* some were left out before it */
    frame_timing_next_ns(&pace, next);
    assert_false(frame_timing_presented(&pace, next + PERIOD));
}

/* However early a frame is drawn, it is presented at its time; and begun early enough for that. */
static void a_frame_is_presented_at_its_time_and_not_before(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, false);
    int64_t now = START;
    play(&pace, &now, 1, 0);
    for (int i = 0; i < 300; i++) {
        int64_t work = (i < 200 ? i * 7 % 18 : 9) * MS;
        int64_t until = frame_timing_wait_until_ns(&pace, now);
        now = until > now ? until : now;
        int64_t seen = frame_timing_next_ns(&pace, now);
        frame_timing_drawn(&pace, now + work);
        assert_int_equal(frame_timing_present_ns(&pace), seen);
        now = now + work > seen ? now + work : seen;
        assert_false(frame_timing_presented(&pace, now));
        frame_timing_set_running(&pace, true);
        if (i > 200) /* they are all alike by now: begun early enough */
            assert_int_equal(now, seen);
    }
}

static void where_the_display_waits_nobody_else_does(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, true);
    int64_t now = START;
    play(&pace, &now, 10, MS);
    frame_timing_next_ns(&pace, now);
    assert_true(frame_timing_present_ns(&pace) <= now);
}

/* Ten refreshes pass: while the frame is drawn, or before it is begun. */
static void a_stall_counts_all_that_it_missed(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++)
        for (int begun = 0; begun < 2; begun++) {
            struct frame_timing pace;
            frame_timing_init(&pace, 50, waits);
            int64_t now = START;
            play(&pace, &now, 100, MS);
            assert_int_equal(pace.missed, 0);
            assert_int_equal(pace.due, 99); /* the first one came out of stillness */
            int64_t last = now;
            if (begun) {
                int64_t until = frame_timing_wait_until_ns(&pace, now);
                now = until > now ? until : now;
                frame_timing_next_ns(&pace, now);
                frame_timing_drawn(&pace, now + MS);
            }
            now = last + 11 * PERIOD; /* the next was due one period after the last */
            if (!begun)
                frame_timing_next_ns(&pace, now);
            if (begun || !waits)
                assert_true(frame_timing_presented(&pace, now));
            else /* drawn for the refresh after that, and that is when it is seen */
                assert_true(frame_timing_presented(&pace, now += PERIOD));
            assert_in_range(pace.missed, 10, waits && !begun ? 11 : 10);
            int64_t missed = pace.missed;
            play(&pace, &now, 100, MS);
            assert_int_equal(pace.missed, missed); /* told once */
            assert_int_equal(pace.due, 99 + missed + 1 + 100);
        }
}

/* A film of half the refresh rate: refreshes without a new frame of it are nothing missed. */
static void what_need_not_be_drawn_is_not_missed(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        struct frame_timing pace;
        frame_timing_init(&pace, 50, waits);
        int64_t now = START;
        play(&pace, &now, 10, MS);
        for (int i = 0; i < 100; i++) {
            int64_t until = frame_timing_wait_until_ns(&pace, now);
            now = until > now ? until : now;
            frame_timing_next_ns(&pace, now);
            play(&pace, &now, 1, MS);
        }
        assert_int_equal(pace.missed, 0);
    }
}

/* Nothing moved: no refresh was waited for. */
static void stillness_is_not_missed(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, false);
    int64_t now = START;
    for (int i = 0; i < 5; i++) {
        play(&pace, &now, 3, MS);
        frame_timing_set_running(&pace, false);
        now += 50 * PERIOD;
    }
    assert_int_equal(pace.missed, 0);
}

static void half_a_period_is_not_late_yet(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, false);
    int64_t now = START;
    play(&pace, &now, 3, 0);
    int64_t seen = frame_timing_next_ns(&pace, now);
    struct frame_timing copy = pace;
    assert_false(frame_timing_presented(&pace, seen + PERIOD / 2));
    assert_true(frame_timing_presented(&copy, seen + PERIOD / 2 + 1));
}

/* And is neither late nor early, whether the display waits or not. */
static void a_halved_rate_misses_nothing(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        for (int64_t work = MS; work < 16 * MS; work += MS) {
            struct frame_timing pace;
            int64_t now = START;
            frame_timing_init(&pace, 50, waits);
            assert_int_equal(play(&pace, &now, 20, work), 0);
            int64_t before = now, due = pace.due;
            frame_timing_set_halved(&pace, true);
            assert_int_equal(play(&pace, &now, 100, work), 0);
            assert_in_range(now - before, 198 * PERIOD, 202 * PERIOD);
            assert_int_equal(pace.due - due, 100);
            assert_int_equal(pace.missed, 0);
            assert_int_equal(pace.waits, waits); /* a display that waits is still believed */
            before = now;
            frame_timing_set_halved(&pace, false);
            assert_int_equal(play(&pace, &now, 100, work), 0);
            assert_in_range(now - before, 98 * PERIOD, 102 * PERIOD);
            assert_int_equal(pace.missed, 0);
        }
    }
}

static void a_halved_rate_counts_what_it_misses(void **state)
{
    (void)state;
    struct frame_timing pace;
    int64_t now = START;
    frame_timing_init(&pace, 50, false);
    frame_timing_set_halved(&pace, true);
    play(&pace, &now, 10, MS);
    assert_int_equal(pace.missed, 0);
    now += 10 * PERIOD;
    play(&pace, &now, 1, MS);
    assert_in_range(pace.missed, 8, 11);
}

static void a_machine_too_slow_shows_every_second_frame(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, false);
    int64_t now = START;
    play(&pace, &now, 1, 0);
    int64_t first = pace.target_ns;
    play(&pace, &now, 100, PERIOD + PERIOD / 2);
    int64_t passed = pace.target_ns - first;
    assert_int_equal(passed % PERIOD, 0);
    /* Neither a slide show nor a film in slow motion: time is kept. */
    assert_in_range(passed / PERIOD, 100, 200);
    assert_true(now - pace.target_ns < 2 * PERIOD);
}

/* Says that it waits for the refresh, and does not. */
static void a_display_that_does_not_wait_is_found_out(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, true);
    int64_t now = START;
    frame_timing_set_running(&pace, true);
    int frames = 0;
    while (pace.waits && frames < 100) {
        frame_timing_next_ns(&pace, now);
        now += MS;
        frame_timing_presented(&pace, now);
        frames++;
    }
    assert_in_range(frames, 2, 20);
    int64_t until = frame_timing_wait_until_ns(&pace, now);
    assert_true(until >= now && until != INT64_MAX);
    assert_int_equal(frame_timing_lead_ns(&pace), 0);
    /* From then on the pace is ours. */
    int64_t before = pace.target_ns;
    assert_int_equal(play(&pace, &now, 50, MS), 0);
    assert_int_equal(pace.target_ns - before, 50 * PERIOD);
}

/* A few frames at once, as after a stall, are no proof. */
static void a_few_early_frames_are_forgiven(void **state)
{
    (void)state;
    struct frame_timing pace;
    frame_timing_init(&pace, 50, true);
    int64_t now = START;
    for (int round = 0; round < 50; round++) {
        play(&pace, &now, 20, MS);
        for (int i = 0; i < 2; i++) {
            frame_timing_next_ns(&pace, now);
            now += MS;
            frame_timing_presented(&pace, now);
        }
    }
    assert_true(pace.waits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refresh_that_is_not_known_is_sixty),
        cmocka_unit_test(a_still_screen_sleeps),
        cmocka_unit_test(frames_come_one_period_apart),
        cmocka_unit_test(a_display_that_waits_sets_the_pace),
        cmocka_unit_test(a_frame_that_is_not_drawn_takes_its_time),
        cmocka_unit_test(a_late_frame_is_told_and_skipped),
        cmocka_unit_test(a_frame_is_presented_at_its_time_and_not_before),
        cmocka_unit_test(where_the_display_waits_nobody_else_does),
        cmocka_unit_test(a_stall_counts_all_that_it_missed),
        cmocka_unit_test(what_need_not_be_drawn_is_not_missed),
        cmocka_unit_test(stillness_is_not_missed),
        cmocka_unit_test(half_a_period_is_not_late_yet),
        cmocka_unit_test(a_halved_rate_misses_nothing),
        cmocka_unit_test(a_halved_rate_counts_what_it_misses),
        cmocka_unit_test(a_machine_too_slow_shows_every_second_frame),
        cmocka_unit_test(a_display_that_does_not_wait_is_found_out),
        cmocka_unit_test(a_few_early_frames_are_forgiven),
    };
    return cmocka_run_group_tests_name("frame_timing", tests, NULL, NULL);
}
