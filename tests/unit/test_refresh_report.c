#include "screen/refresh_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE_NS (INT64_C(60) * 1000000000)
#define START_NS INT64_C(5000000000) /* CLOCK_MONOTONIC is never 0 */

static void a_smooth_play_is_not_reported(void **state)
{
    (void)state;
    struct refresh_report report = {0}, sum;
    refresh_report_add(&report, "smooth", 0, 600);
    refresh_report_add(&report, "a hundredth", 6, 600);
    assert_false(refresh_report_take(&report, START_NS, &sum));
}

static void the_first_trouble_is_reported_at_once(void **state)
{
    (void)state;
    struct refresh_report report = {0}, sum;
    refresh_report_add(&report, "rough", 7, 600);
    assert_true(refresh_report_take(&report, START_NS, &sum));
    assert_string_equal(sum.spot, "rough");
    assert_int_equal(sum.plays, 1);
    assert_int_equal(sum.missed, 7);
    assert_int_equal(sum.due, 600);
    assert_false(refresh_report_take(&report, START_NS, &sum));
}

/* A day of eight-second spots, each of which misses some. */
static void a_day_has_a_line_an_hour(void **state)
{
    (void)state;
    struct refresh_report report = {0}, sum;
    int lines = 0;
    int64_t plays = 0, missed = 0;
    for (int64_t ns = START_NS; ns <= START_NS + 24 * 60 * MINUTE_NS; ns += 8 * MINUTE_NS / 60) {
        refresh_report_add(&report, "rough", 30, 480);
        if (!refresh_report_take(&report, ns, &sum))
            continue;
        lines++;
        plays += sum.plays;
        missed += sum.missed;
    }
    assert_int_equal(lines, 25); /* one at once, and one for each hour */
    assert_int_equal(plays, 10801);
    assert_int_equal(missed, 30 * 10801);
}

static void the_sum_names_the_worst_spot(void **state)
{
    (void)state;
    struct refresh_report report = {0}, sum;
    refresh_report_add(&report, "first", 10, 480);
    assert_true(refresh_report_take(&report, START_NS, &sum));
    refresh_report_add(&report, "bad", 40, 480);
    refresh_report_add(&report, "worst", 70, 480);
    refresh_report_add(&report, "fair", 20, 960);
    assert_false(refresh_report_take(&report, START_NS + REFRESH_REPORT_NS - 1, &sum));
    assert_true(refresh_report_take(&report, START_NS + REFRESH_REPORT_NS, &sum));
    assert_string_equal(sum.spot, "worst");
    assert_int_equal(sum.plays, 3);
    assert_int_equal(sum.missed, 130);
    assert_int_equal(sum.due, 1920);
}

/* After a smooth night the first trouble is reported at once again. */
static void trouble_after_an_hour_is_reported_at_once(void **state)
{
    (void)state;
    struct refresh_report report = {0}, sum;
    refresh_report_add(&report, "evening", 10, 480);
    assert_true(refresh_report_take(&report, START_NS, &sum));
    refresh_report_add(&report, "morning", 10, 480);
    assert_true(refresh_report_take(&report, START_NS + 9 * REFRESH_REPORT_NS, &sum));
    assert_string_equal(sum.spot, "morning");
}

static void the_rest_is_reported_at_the_end(void **state)
{
    (void)state;
    struct refresh_report report = {0}, sum;
    refresh_report_add(&report, "first", 10, 480);
    assert_true(refresh_report_take(&report, START_NS, &sum));
    assert_false(refresh_report_take_rest(&report, &sum));
    refresh_report_add(&report, "last", 11, 480);
    assert_true(refresh_report_take_rest(&report, &sum));
    assert_string_equal(sum.spot, "last");
    assert_int_equal(sum.missed, 11);
    assert_false(refresh_report_take_rest(&report, &sum));
}

static void a_long_name_is_cut(void **state)
{
    (void)state;
    struct refresh_report report = {0}, sum;
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    refresh_report_add(&report, name, 10, 480);
    assert_true(refresh_report_take(&report, START_NS, &sum));
    assert_int_equal(strlen(sum.spot), REFRESH_REPORT_NAME_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_smooth_play_is_not_reported),
        cmocka_unit_test(the_first_trouble_is_reported_at_once),
        cmocka_unit_test(a_day_has_a_line_an_hour),
        cmocka_unit_test(the_sum_names_the_worst_spot),
        cmocka_unit_test(trouble_after_an_hour_is_reported_at_once),
        cmocka_unit_test(the_rest_is_reported_at_the_end),
        cmocka_unit_test(a_long_name_is_cut),
    };
    return cmocka_run_group_tests_name("refresh_report", tests, NULL, NULL);
}
