#include "core/trusted_time.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NOW_MS INT64_C(1795392000000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
#define YEAR_MS (365 * DAY_MS)
#define START_NS INT64_C(5000000000)

static struct trusted_time clock_at(int64_t floor_ms)
{
    struct trusted_time clock;
    trusted_time_init(&clock, floor_ms, START_NS);
    return clock;
}

/* Readings so long after START_NS. */
static struct trusted_time_reading reading(int64_t wall_ms, int64_t passed_ms, bool synchronised)
{
    return (struct trusted_time_reading){wall_ms, START_NS + passed_ms * 1000000, synchronised};
}

static void assert_reads(const struct trusted_time *clock, struct trusted_time_reading at,
                         int64_t now_ms, bool trusted)
{
    struct trusted_time_now time = trusted_time_read(clock, &at);
    assert_int_equal(time.now_ms, now_ms);
    assert_int_equal(time.trusted, trusted);
    assert_int_equal(time.synchronised, at.synchronised);
}

static void one_rule(void **state)
{
    (void)state;
    struct trusted_time clock = clock_at(NOW_MS);
    assert_reads(&clock, reading(NOW_MS + 5, 5, false), NOW_MS + 5, true);
    /* Synchronised: right, whatever it says. */
    assert_reads(&clock, reading(NOW_MS - 3 * YEAR_MS, 0, true), NOW_MS - 3 * YEAR_MS, true);
    /* Believed to a day behind the running floor, and however far ahead. */
    assert_reads(&clock, reading(NOW_MS - DAY_MS, 0, false), NOW_MS - DAY_MS, true);
    assert_reads(&clock, reading(NOW_MS - DAY_MS - 1, 0, false), NOW_MS, false);
    assert_reads(&clock, reading(NOW_MS - DAY_MS, 1, false), NOW_MS + 1, false);
    assert_reads(&clock, reading(NOW_MS + 50 * YEAR_MS, 0, false), NOW_MS + 50 * YEAR_MS, true);
}

static void a_dead_clock_does_not_stand_still(void **state)
{
    (void)state;
    struct trusted_time clock = clock_at(NOW_MS);
    for (int64_t hours = 0; hours < 100; hours++)
        assert_reads(&clock, reading(7000, hours * HOUR_MS, false), NOW_MS + hours * HOUR_MS,
                     false);
    /* A reading from before the floor's own counts as that instant. */
    assert_reads(&clock, reading(7000, -9, false), NOW_MS, false);
}

static void without_a_floor_the_wall_counts(void **state)
{
    (void)state;
    struct trusted_time clock = clock_at(0);
    assert_reads(&clock, reading(5000, 0, false), 5000, true);
    assert_reads(&clock, reading(NOW_MS, 9, false), NOW_MS, true);
}

static void raised(int64_t floor_ms, struct trusted_time_reading at, int64_t signed_ms,
                   int64_t to_ms)
{
    struct trusted_time clock = clock_at(floor_ms);
    struct trusted_time_now before = trusted_time_read(&clock, &at);
    assert_int_equal(trusted_time_raise(&clock, &at, signed_ms), to_ms > before.floor_ms);
    struct trusted_time_now after = trusted_time_read(&clock, &at);
    assert_int_equal(after.floor_ms, to_ms);
    assert_int_equal(after.trusted, before.trusted || signed_ms < at.wall_ms);
}

static void a_signature_raises_the_floor(void **state)
{
    (void)state;
    const int64_t before_ms = NOW_MS - YEAR_MS;
    raised(before_ms, reading(NOW_MS, 0, true), NOW_MS - 100, NOW_MS - 100);
    raised(before_ms, reading(NOW_MS, 0, false), NOW_MS - 100, NOW_MS - 100);
    /* Never back. */
    raised(NOW_MS, reading(NOW_MS, 0, true), NOW_MS - 100, NOW_MS);
    raised(NOW_MS, reading(NOW_MS + 50, 50, true), NOW_MS + 20, NOW_MS + 50);
    /* Signed by a clock that is ahead: no further than a good clock says, */
    raised(before_ms, reading(NOW_MS, 0, true), NOW_MS + 9 * HOUR_MS, NOW_MS);
    /* nor so far that this one would be called wrong. */
    raised(before_ms, reading(NOW_MS, 0, false), NOW_MS + 9 * HOUR_MS, NOW_MS + 9 * HOUR_MS);
    raised(before_ms, reading(NOW_MS, 0, false), NOW_MS + DAY_MS, NOW_MS + DAY_MS / 2);
    /* Unless it was accepted all the same: then it is this clock that is wrong. */
    struct trusted_time clock = clock_at(before_ms);
    struct trusted_time_reading slow = reading(NOW_MS, 0, false);
    assert_true(trusted_time_raise(&clock, &slow, NOW_MS + YEAR_MS));
    assert_reads(&clock, slow, NOW_MS + YEAR_MS, false);
    raised(before_ms, reading(NOW_MS, 0, true), NOW_MS + YEAR_MS, NOW_MS);
    /* By a clock that is wrong nothing can be said against it. */
    raised(before_ms, reading(7000, 0, false), NOW_MS, NOW_MS);
}

static enum trusted_time_news follow(struct trusted_time *clock, struct trusted_time_reading at)
{
    return trusted_time_follow(clock, &at);
}

static int64_t floor_at(const struct trusted_time *clock, int64_t passed_ms)
{
    struct trusted_time_reading at = reading(0, passed_ms, false);
    return trusted_time_read(clock, &at).floor_ms;
}

static void it_is_kept_each_hour(void **state)
{
    (void)state;
    struct trusted_time clock = clock_at(NOW_MS);
    int kept = 0;
    for (int64_t minute = 0; minute <= 600; minute++) {
        enum trusted_time_news news = follow(&clock, reading(7000, minute * 60000, false));
        assert_int_not_equal(news, TRUSTED_TIME_LOWER);
        kept += news == TRUSTED_TIME_SAVE;
    }
    assert_int_equal(kept, 10);
    assert_int_equal(floor_at(&clock, 10 * HOUR_MS), NOW_MS + 10 * HOUR_MS);
}

static void a_good_clock_raises_it_after_an_hour(void **state)
{
    (void)state;
    struct trusted_time clock = clock_at(NOW_MS - YEAR_MS);
    for (int64_t minute = 0; minute < 60; minute++)
        follow(&clock, reading(NOW_MS + minute * 60000, minute * 60000, true));
    assert_int_equal(floor_at(&clock, 0), NOW_MS - YEAR_MS);
    /* A time service slews a little. */
    int64_t slewed_ms = NOW_MS + HOUR_MS + 1800;
    assert_int_equal(follow(&clock, reading(slewed_ms, HOUR_MS, true)), TRUSTED_TIME_SAVE);
    assert_int_equal(floor_at(&clock, HOUR_MS), slewed_ms);
}

/* A clock that jumps within the hour, or is not vouched for, begins anew. */
static void one_wrong_answer_raises_nothing(void **state)
{
    (void)state;
    struct trusted_time clock = clock_at(NOW_MS);
    for (int64_t minute = 0; minute < 600; minute++) {
        bool wrong = minute % 50 < 40;
        int64_t wall_ms = NOW_MS + minute * 60000 + (wrong ? 11 * YEAR_MS : 0);
        follow(&clock, reading(wall_ms, minute * 60000, true));
    }
    assert_int_equal(floor_at(&clock, 600 * 60000), NOW_MS + 600 * 60000);
    for (int64_t minute = 600; minute < 1200; minute++)
        follow(&clock,
               reading(NOW_MS + 11 * YEAR_MS + minute * 60000, minute * 60000, minute % 30 != 0));
    assert_int_equal(floor_at(&clock, 1200 * 60000), NOW_MS + 1200 * 60000);
}

static void a_floor_that_can_not_be_right_is_lowered(void **state)
{
    (void)state;
    struct trusted_time clock = clock_at(NOW_MS + 11 * YEAR_MS);
    assert_int_equal(follow(&clock, reading(NOW_MS, 0, true)), TRUSTED_TIME_NONE);
    assert_int_equal(follow(&clock, reading(NOW_MS + HOUR_MS, HOUR_MS, true)), TRUSTED_TIME_LOWER);
    assert_int_equal(floor_at(&clock, HOUR_MS), NOW_MS + HOUR_MS);
    assert_reads(&clock, reading(NOW_MS + HOUR_MS, HOUR_MS, false), NOW_MS + HOUR_MS, true);
    /* One that is ahead by what a signer's clock may be stays. */
    clock = clock_at(NOW_MS + DAY_MS);
    follow(&clock, reading(NOW_MS, 0, true));
    assert_int_equal(follow(&clock, reading(NOW_MS + HOUR_MS, HOUR_MS, true)), TRUSTED_TIME_SAVE);
    assert_int_equal(floor_at(&clock, HOUR_MS), NOW_MS + DAY_MS + HOUR_MS);
}

static void no_reading_overflows(void **state)
{
    (void)state;
    static const int64_t extremes[] = {INT64_MIN, INT64_MIN / 2, -1,       0,
                                       1,         INT64_MAX / 2, INT64_MAX};
    size_t count = sizeof extremes / sizeof *extremes;
    for (size_t i = 0; i < count * count * count; i++) {
        int64_t floor_ms = extremes[i % count], wall_ms = extremes[i / count % count];
        int64_t signed_ms = extremes[i / count / count];
        for (int synchronised = 0; synchronised < 2; synchronised++) {
            struct trusted_time clock;
            trusted_time_init(&clock, floor_ms, 0);
            struct trusted_time_reading at = {wall_ms, INT64_MAX, synchronised != 0};
            trusted_time_read(&clock, &at);
            trusted_time_raise(&clock, &at, signed_ms);
            trusted_time_follow(&clock, &at);
            at.mono_ns = 0;
            trusted_time_follow(&clock, &at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rule),
        cmocka_unit_test(a_dead_clock_does_not_stand_still),
        cmocka_unit_test(without_a_floor_the_wall_counts),
        cmocka_unit_test(a_signature_raises_the_floor),
        cmocka_unit_test(it_is_kept_each_hour),
        cmocka_unit_test(a_good_clock_raises_it_after_an_hour),
        cmocka_unit_test(one_wrong_answer_raises_nothing),
        cmocka_unit_test(a_floor_that_can_not_be_right_is_lowered),
        cmocka_unit_test(no_reading_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
