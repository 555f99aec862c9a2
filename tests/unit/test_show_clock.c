#include "core/show_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define START_MS INT64_C(1770375600000)
#define MONO (12345 * SECOND + 678)

/* Where the show stands, in nanoseconds after START_MS, as near as a double tells it. */
static int64_t since_start_ns(const struct show_clock *clock, int64_t mono_ns)
{
    double ns = (show_clock_ms(clock, mono_ns) - (double)START_MS) * 1e6;
    return (int64_t)(ns < 0 ? ns - 0.5 : ns + 0.5);
}

/* Double precision of Unix milliseconds. */
static void assert_near(int64_t actual_ns, int64_t expected_ns)
{
    int64_t off = actual_ns > expected_ns ? actual_ns - expected_ns : expected_ns - actual_ns;
    if (off > 300)
        fail_msg("%lld ns, not %lld", (long long)actual_ns, (long long)expected_ns);
}

static void runs_at_the_rate_of_the_monotonic_clock(void **state)
{
    (void)state;
    struct show_clock clock;
    show_clock_init(&clock, MONO, START_MS);
    assert_near(since_start_ns(&clock, MONO), 0);
    assert_near(since_start_ns(&clock, MONO + 1000), 1000);
    assert_near(since_start_ns(&clock, MONO + 3600 * SECOND), 3600 * SECOND);
    assert_near(since_start_ns(&clock, MONO - 5 * SECOND), -5 * SECOND);
}

static void noise_of_the_readings_changes_nothing(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int start = -1; start <= 1; start++) {
        struct show_clock clock, first;
        show_clock_init(&clock, MONO, START_MS + start);
        first = clock;
        for (int i = 0; i < 50000; i++) {
            random = random * 1664525u + 1013904223u;
            int noise = (int)(random >> 16) % 3 - 1;
            assert_false(show_clock_update(&clock, MONO + i * 16 * MS, START_MS + i * 16 + noise));
            assert_int_equal(clock.base_show_ns, first.base_show_ns);
            assert_int_equal(clock.left_ns, 0);
        }
    }
}

static void check_slew(int64_t step_ms, int64_t update_every_ms)
{
    struct show_clock clock;
    show_clock_init(&clock, MONO, START_MS);
    int64_t size_ms = step_ms < 0 ? -step_ms : step_ms;
    int64_t end_ms = size_ms * 100 + 1000;
    double last = show_clock_ms(&clock, MONO);
    for (int64_t at = 0; at <= end_ms; at += 10) {
        int64_t mono = MONO + at * MS;
        if (at % update_every_ms == 0)
            assert_false(show_clock_update(&clock, mono, START_MS + step_ms + at));
        double now = show_clock_ms(&clock, mono);
        if (at > 0 && (now - last < 9.9 - 0.001 || now - last > 10.1 + 0.001))
            fail_msg("%f ms in 10", now - last);
        last = now;
    }
    /* Nearly there at a hundredth of the rate, and never past it. */
    assert_near(since_start_ns(&clock, MONO + end_ms * MS), (end_ms + step_ms) * MS);
    assert_near(since_start_ns(&clock, MONO + 2 * end_ms * MS), (2 * end_ms + step_ms) * MS);
}

static void small_differences_are_slewed(void **state)
{
    (void)state;
    check_slew(4, 1000000);
    check_slew(-4, 1000000);
    check_slew(1999, 1000000);
    check_slew(-1999, 1000000);
}

static void readings_meanwhile_do_not_disturb_the_slew(void **state)
{
    (void)state;
    static const int64_t steps[] = {300, -300};
    for (size_t i = 0; i < 2; i++) {
        struct show_clock clock;
        show_clock_init(&clock, MONO, START_MS);
        double last = 0;
        uint32_t random = 1;
        for (int64_t at = 0; at <= 32000; at += 16) {
            random = random * 1664525u + 1013904223u;
            int64_t wall = START_MS + steps[i] + at + (int)(random >> 16) % 3 - 1;
            assert_false(show_clock_update(&clock, MONO + at * MS, wall));
            double now = show_clock_ms(&clock, MONO + at * MS);
            assert_true(at == 0 || (now - last > 15.83 && now - last < 16.17));
            last = now;
        }
        /* Within the noise, and standing still there. */
        assert_in_range(since_start_ns(&clock, MONO + 32 * SECOND) - steps[i] * MS - 32 * SECOND +
                            2 * MS,
                        0, 4 * MS);
        int64_t later = since_start_ns(&clock, MONO + 33 * SECOND);
        assert_near(later - since_start_ns(&clock, MONO + 32 * SECOND), SECOND);
    }
}

static void never_falls_at_nanosecond_steps(void **state)
{
    (void)state;
    struct show_clock clock;
    show_clock_init(&clock, MONO, START_MS);
    assert_false(show_clock_update(&clock, MONO, START_MS - 1500));
    double last = show_clock_ms(&clock, MONO);
    for (int64_t at = 1; at < 50000; at++) {
        double now = show_clock_ms(&clock, MONO + at);
        assert_true(now >= last);
        last = now;
    }
}

static void large_differences_jump(void **state)
{
    (void)state;
    static const int64_t jumps[] = {2000, -2000, 86400000, -86400000};
    for (size_t i = 0; i < 4; i++) {
        struct show_clock clock;
        show_clock_init(&clock, MONO, START_MS);
        assert_true(show_clock_update(&clock, MONO + SECOND, START_MS + 1000 + jumps[i]));
        assert_near(since_start_ns(&clock, MONO + SECOND), SECOND + jumps[i] * MS);
        assert_near(since_start_ns(&clock, MONO + 2 * SECOND), 2 * SECOND + jumps[i] * MS);
        assert_false(show_clock_update(&clock, MONO + 2 * SECOND, START_MS + 2000 + jumps[i]));
    }
}

static void a_jump_ends_a_slew(void **state)
{
    (void)state;
    struct show_clock clock;
    show_clock_init(&clock, MONO, START_MS);
    assert_false(show_clock_update(&clock, MONO, START_MS + 1000));
    assert_true(show_clock_update(&clock, MONO + SECOND, START_MS - 60000));
    assert_near(since_start_ns(&clock, MONO + 11 * SECOND), -50 * SECOND);
}

static void a_pinned_clock_ignores_the_wall(void **state)
{
    (void)state;
    struct show_clock clock;
    show_clock_pin(&clock, MONO, START_MS);
    assert_false(show_clock_update(&clock, MONO + SECOND, START_MS + 500));
    assert_false(show_clock_update(&clock, MONO + SECOND, 0));
    assert_near(since_start_ns(&clock, MONO + 60 * SECOND), 60 * SECOND);
}

static void sleeping_until_an_instant_wakes_at_it(void **state)
{
    (void)state;
    static const int64_t steps[] = {0, 1500, -1500, 7, -7};
    static const int64_t ahead[] = {-5000,  0,      1,      2,      999,    1000,   10000,
                                    148499, 148500, 148501, 151499, 151500, 151501, 86400000};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct show_clock clock;
        show_clock_init(&clock, MONO, START_MS);
        assert_false(show_clock_update(&clock, MONO, START_MS + steps[i]));
        for (size_t j = 0; j < sizeof ahead / sizeof *ahead; j++) {
            int64_t mono = show_clock_mono_ns(&clock, START_MS + ahead[j]);
            assert_near(since_start_ns(&clock, mono), ahead[j] * MS);
            /* In whole milliseconds of integers it has been reached, a nanosecond earlier it had
             * not. */
            assert_true(show_clock_ms(&clock, mono) >= (double)(START_MS + ahead[j]));
            assert_true(show_clock_ms(&clock, mono - 2000) < (double)(START_MS + ahead[j]));
        }
    }
}

/* Around 1970 a double tells nanoseconds apart. */
static void waking_is_exact_to_a_nanosecond(void **state)
{
    (void)state;
    static const int64_t steps[] = {0, 1500, -1500, 7, -7};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct show_clock clock;
        show_clock_init(&clock, MONO, 0);
        assert_false(show_clock_update(&clock, MONO, steps[i]));
        for (int64_t show_ms = 1; show_ms < 160000; show_ms += 17) {
            int64_t mono = show_clock_mono_ns(&clock, show_ms);
            if (show_clock_ms(&clock, mono) < (double)show_ms ||
                show_clock_ms(&clock, mono - 1) >= (double)show_ms)
                fail_msg("%lld ms after a step of %lld", (long long)show_ms, (long long)steps[i]);
        }
    }
}

static void extreme_values_saturate(void **state)
{
    (void)state;
    static const int64_t values[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    const size_t count = sizeof values / sizeof *values;
    for (size_t i = 0; i < count * count; i++) {
        struct show_clock clock;
        show_clock_init(&clock, values[i / count], values[i % count]);
        for (size_t j = 0; j < count * count; j++) {
            show_clock_update(&clock, values[j / count], values[j % count]);
            (void)show_clock_ms(&clock, values[j % count]);
            (void)show_clock_mono_ns(&clock, values[j / count]);
        }
    }
    struct show_clock clock;
    show_clock_init(&clock, MONO, START_MS);
    assert_true(show_clock_mono_ns(&clock, INT64_MAX) == INT64_MAX);
}

static void a_fast_clock_runs_at_its_speed(void **state)
{
    (void)state;
    const int speeds[] = {1, 2, 7, 60, SHOW_CLOCK_SPEED_MAX};
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        struct show_clock clock;
        show_clock_pin(&clock, MONO, START_MS);
        show_clock_set_speed(&clock, speeds[i]);
        assert_near(since_start_ns(&clock, MONO), 0);
        assert_near(since_start_ns(&clock, MONO + 3 * SECOND), speeds[i] * 3 * SECOND);
        assert_near(since_start_ns(&clock, MONO - 3 * SECOND), speeds[i] * -3 * SECOND);
        for (int64_t ms = -1000; ms <= 1000; ms += 37) {
            int64_t wake_ns = show_clock_mono_ns(&clock, START_MS + ms);
            int64_t then_ns = (wake_ns - MONO) * speeds[i];
            assert_true(then_ns >= ms * MS && then_ns - speeds[i] < ms * MS);
        }
    }
}

static void only_a_pinned_clock_can_be_fast(void **state)
{
    (void)state;
    struct show_clock clock;
    show_clock_init(&clock, MONO, START_MS);
    show_clock_set_speed(&clock, 60);
    assert_near(since_start_ns(&clock, MONO + SECOND), SECOND);
    show_clock_pin(&clock, MONO, START_MS);
    show_clock_set_speed(&clock, 0);
    assert_near(since_start_ns(&clock, MONO + SECOND), SECOND);
    show_clock_set_speed(&clock, SHOW_CLOCK_SPEED_MAX + 1);
    assert_near(since_start_ns(&clock, MONO + SECOND), SHOW_CLOCK_SPEED_MAX * SECOND);
    assert_true(show_clock_ms(&clock, INT64_MAX) > (double)START_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_at_the_rate_of_the_monotonic_clock),
        cmocka_unit_test(noise_of_the_readings_changes_nothing),
        cmocka_unit_test(small_differences_are_slewed),
        cmocka_unit_test(readings_meanwhile_do_not_disturb_the_slew),
        cmocka_unit_test(never_falls_at_nanosecond_steps),
        cmocka_unit_test(large_differences_jump),
        cmocka_unit_test(a_jump_ends_a_slew),
        cmocka_unit_test(a_pinned_clock_ignores_the_wall),
        cmocka_unit_test(a_fast_clock_runs_at_its_speed),
        cmocka_unit_test(only_a_pinned_clock_can_be_fast),
        cmocka_unit_test(sleeping_until_an_instant_wakes_at_it),
        cmocka_unit_test(waking_is_exact_to_a_nanosecond),
        cmocka_unit_test(extreme_values_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
