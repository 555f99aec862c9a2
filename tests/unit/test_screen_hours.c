#include "kiosk/screen_hours.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct civil_zone utc;

#define HOUR_MS INT64_C(3600000)
#define SECOND_NS INT64_C(1000000000)

static void turn(struct screen_hours *hours, double hour, double mono_s, bool takeover)
{
    screen_hours_turn(hours, &utc, (int64_t)(hour * (double)HOUR_MS),
                      SECOND_NS + (int64_t)(mono_s * 1e9), takeover);
}

static struct screen_hours make(const char *open, const char *dimming, bool wakes)
{
    struct screen_hours hours = {0};
    assert_true(screen_hours_set(&hours, open, dimming, wakes, NULL));
    return hours;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

static void without_options_it_is_always_on(void **state)
{
    (void)state;
    struct screen_hours hours = {0};
    turn(&hours, 3, 0, false);
    assert_true(hours.level == 1 && !screen_hours_is_moving(&hours) &&
                !screen_hours_is_dark(&hours));
    assert_true(screen_hours_change_ms(&hours) == INT64_MAX);
}

static void it_begins_as_it_should_be_and_then_fades(void **state)
{
    (void)state;
    struct screen_hours hours = make("07:00-23:00", NULL, false);
    turn(&hours, 6.9, 0, false);
    assert_true(screen_hours_is_dark(&hours));
    assert_true(screen_hours_change_ms(&hours) == 7 * HOUR_MS);
    turn(&hours, 7, 10, false);
    assert_true(hours.level == 0 && screen_hours_is_moving(&hours) &&
                !screen_hours_is_dark(&hours));
    turn(&hours, 7, 10.5, false);
    assert_true(is_near(hours.level, 0.25));
    turn(&hours, 7, 12.1, false);
    assert_true(hours.level == 1 && !screen_hours_is_moving(&hours));
    assert_true(screen_hours_change_ms(&hours) == 23 * HOUR_MS);
    turn(&hours, 23, 99, false);
    assert_true(hours.level == 1 && !screen_hours_is_dark(&hours));
    turn(&hours, 23, 100, false);
    assert_true(is_near(hours.level, 0.5) && !screen_hours_is_dark(&hours));
    turn(&hours, 23, 101, false);
    assert_true(screen_hours_is_dark(&hours));
}

static void dimming_is_within_the_hours(void **state)
{
    (void)state;
    struct screen_hours hours = make("07:00-23:00", "20:00-08:00 0.5", false);
    turn(&hours, 7.5, 0, false);
    assert_true(hours.level == 0.5);
    turn(&hours, 8, 1, false);
    turn(&hours, 8, 1.5, false);
    assert_true(is_near(hours.level, 0.75));
    turn(&hours, 12, 9, false);
    assert_true(hours.level == 1 && screen_hours_change_ms(&hours) == 20 * HOUR_MS);
    turn(&hours, 23, 10, false);
    turn(&hours, 23, 12, false);
    assert_true(screen_hours_is_dark(&hours));
    /* Black by dimming is no reason to turn a screen off. */
    struct screen_hours black = make(NULL, "20:00-08:00 0", false);
    turn(&black, 7, 0, false);
    assert_true(black.level == 0 && !screen_hours_is_dark(&black));
}

static void a_takeover_wakes_only_where_it_may(void **state)
{
    (void)state;
    struct screen_hours hours = make("07:00-23:00", "20:00-08:00 0.5", false);
    turn(&hours, 3, 0, true);
    assert_true(screen_hours_is_dark(&hours));
    hours = make("07:00-23:00", "20:00-08:00 0.5", true);
    turn(&hours, 3, 0, false);
    assert_true(screen_hours_is_dark(&hours));
    turn(&hours, 3, 1, true);
    turn(&hours, 3, 3, true);
    assert_true(hours.level == 1);
    turn(&hours, 3, 4, false);
    turn(&hours, 3, 6, false);
    assert_true(screen_hours_is_dark(&hours));
}

static void new_options_and_a_clock_that_is_set(void **state)
{
    (void)state;
    struct screen_hours hours = make("07:00-23:00", NULL, false);
    turn(&hours, 12, 0, false);
    turn(&hours, 6, 1, false); /* back */
    turn(&hours, 6, 3, false);
    assert_true(screen_hours_is_dark(&hours));
    assert_true(screen_hours_set(&hours, "05:00-23:00", NULL, false, NULL));
    turn(&hours, 6, 4, false);
    turn(&hours, 6, 5, false);
    assert_true(is_near(hours.level, 0.5));
    struct err err = {0};
    assert_false(screen_hours_set(&hours, "5-23", NULL, false, &err));
    assert_int_equal(err.code, ERR_INPUT);
    turn(&hours, 6, 6, false);
    assert_true(hours.level == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_is_always_on),
        cmocka_unit_test(it_begins_as_it_should_be_and_then_fades),
        cmocka_unit_test(dimming_is_within_the_hours),
        cmocka_unit_test(a_takeover_wakes_only_where_it_may),
        cmocka_unit_test(new_options_and_a_clock_that_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
