#include "core/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define SEOUL_MS (9 * HOUR_MS)

static const struct civil_zone utc = {0};

/* New York, 2026: forward on 8 March at 02:00, back on 1 November at 02:00. */
static const struct civil_change new_york_changes[] = {{INT64_C(1772953200000), -4 * 3600000},
                                                       {INT64_C(1793512800000), -5 * 3600000}};
static const struct civil_zone new_york = {-5 * 3600000, new_york_changes, 2};

/* Apia went from -10 to +14 at the end of 29 December 2011: there was no 30th. */
static const struct civil_change apia_changes[] = {{INT64_C(1325239200000), 14 * 3600000}};
static const struct civil_zone apia = {-10 * 3600000, apia_changes, 1};

/* A zone that goes back an hour at 00:30: midnight comes twice. */
static const struct civil_change twice_changes[] = {{1800 * 1000, -3600000}};
static const struct civil_zone twice = {0, twice_changes, 1};

static int64_t at(const char *text)
{
    bool local;
    int64_t ms = 0;
    assert_true(civil_parse_instant(text, &local, &ms));
    return ms;
}

static int32_t day(int year, int month, int of_month)
{
    int32_t days = 0;
    assert_true(civil_day_of(year, month, of_month, &days));
    return days;
}

static void every_date_of_the_calendar_there_and_back(void **state)
{
    (void)state;
    int32_t expected = day(1, 1, 1);
    assert_int_equal(expected, -719162);
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int y = 1; y <= 9999; y++) {
        for (int m = 1; m <= 12; m++) {
            bool leap = y % 400 == 0 || (y % 4 == 0 && y % 100 != 0);
            int length = lengths[m - 1] + (m == 2 && leap);
            int32_t unused;
            assert_false(civil_day_of(y, m, 0, &unused));
            assert_false(civil_day_of(y, m, length + 1, &unused));
            for (int d = 1; d <= length; d++, expected++) {
                int y2, m2, d2;
                if (day(y, m, d) != expected)
                    fail_msg("%d-%d-%d", y, m, d);
                civil_date_of(expected, &y2, &m2, &d2);
                if (y2 != y || m2 != m || d2 != d)
                    fail_msg("day %d: %d-%d-%d", expected, y2, m2, d2);
            }
        }
    }
    assert_int_equal(expected - 1, day(9999, 12, 31));
}

static void dates_that_no_calendar_has(void **state)
{
    (void)state;
    int32_t days = 7;
    assert_false(civil_day_of(0, 1, 1, &days));
    assert_false(civil_day_of(10000, 1, 1, &days));
    assert_false(civil_day_of(2026, 0, 1, &days));
    assert_false(civil_day_of(2026, 13, 1, &days));
    assert_false(civil_day_of(2026, 2, 29, &days));
    assert_false(civil_day_of(1900, 2, 29, &days));
    assert_true(civil_day_of(2000, 2, 29, &days));
    assert_true(civil_day_of(2028, 2, 29, &days));
}

static void dates_far_outside_the_calendar_still_ascend(void **state)
{
    (void)state;
    int last = -10000;
    for (int32_t days = -2999999; days < 3000000; days += 9973) {
        int y, m, d;
        civil_date_of(days, &y, &m, &d);
        assert_in_range(m, 1, 12);
        assert_in_range(d, 1, 31);
        assert_true(y >= last);
        last = y;
    }
    int y, m, d;
    civil_date_of(day(1, 1, 1) - 1, &y, &m, &d);
    assert_int_equal(y, 0);
    assert_int_equal(m, 12);
    assert_int_equal(d, 31);
}

static void weekdays(void **state)
{
    (void)state;
    assert_int_equal(civil_weekday(0), 3);                 /* Thursday */
    assert_int_equal(civil_weekday(-1), 2);                /* Wednesday */
    assert_int_equal(civil_weekday(-4), 6);                /* Sunday */
    assert_int_equal(civil_weekday(day(2026, 2, 6)), 4);   /* Friday */
    assert_int_equal(civil_weekday(day(2000, 2, 29)), 1);  /* Tuesday */
    assert_int_equal(civil_weekday(day(9999, 12, 31)), 4); /* Friday */
}

static void offsets_on_both_sides_of_a_change(void **state)
{
    (void)state;
    int64_t forward = new_york_changes[0].from_ms, back = new_york_changes[1].from_ms;
    assert_int_equal(civil_offset_ms(&new_york, INT64_MIN), -5 * HOUR_MS);
    assert_int_equal(civil_offset_ms(&new_york, forward - 1), -5 * HOUR_MS);
    assert_int_equal(civil_offset_ms(&new_york, forward), -4 * HOUR_MS);
    assert_int_equal(civil_offset_ms(&new_york, back - 1), -4 * HOUR_MS);
    assert_int_equal(civil_offset_ms(&new_york, back), -5 * HOUR_MS);
    assert_int_equal(civil_offset_ms(&new_york, INT64_MAX), -5 * HOUR_MS);
    assert_int_equal(civil_local_ms(&new_york, forward), at("2026-03-08T03:00:00Z"));
    assert_int_equal(civil_local_ms(&utc, INT64_MIN), INT64_MIN);
    assert_int_equal(civil_local_ms(&apia, INT64_MAX), INT64_MAX);
}

static void local_days_before_and_after_1970(void **state)
{
    (void)state;
    assert_int_equal(civil_local_day(&utc, 0), 0);
    assert_int_equal(civil_local_day(&utc, -1), -1);
    assert_int_equal(civil_local_day(&utc, CIVIL_DAY_MS - 1), 0);
    assert_int_equal(civil_local_day(&utc, CIVIL_DAY_MS), 1);
    assert_int_equal(civil_local_day(&utc, INT64_MAX), 3000000);
    assert_int_equal(civil_local_day(&utc, INT64_MIN), -3000000);
    int64_t change = apia_changes[0].from_ms;
    assert_int_equal(civil_local_day(&apia, change - 1), day(2011, 12, 29));
    assert_int_equal(civil_local_day(&apia, change), day(2011, 12, 31));
}

static void a_skipped_time_is_the_change(void **state)
{
    (void)state;
    int64_t forward = new_york_changes[0].from_ms;
    assert_int_equal(civil_instant(&new_york, at("2026-03-08T01:59:59.999")), forward - 1);
    assert_int_equal(civil_instant(&new_york, at("2026-03-08T02:00")), forward);
    assert_int_equal(civil_instant(&new_york, at("2026-03-08T02:30")), forward);
    assert_int_equal(civil_instant(&new_york, at("2026-03-08T02:59:59.999")), forward);
    assert_int_equal(civil_instant(&new_york, at("2026-03-08T03:00")), forward);
    assert_int_equal(civil_instant(&new_york, at("2026-03-08T03:00:00.001")), forward + 1);
}

static void a_repeated_time_is_the_first(void **state)
{
    (void)state;
    int64_t back = new_york_changes[1].from_ms;
    assert_int_equal(civil_instant(&new_york, at("2026-11-01T00:59:59.999")), back - HOUR_MS - 1);
    assert_int_equal(civil_instant(&new_york, at("2026-11-01T01:00")), back - HOUR_MS);
    assert_int_equal(civil_instant(&new_york, at("2026-11-01T01:59:59.999")), back - 1);
    assert_int_equal(civil_instant(&new_york, at("2026-11-01T02:00")), back + HOUR_MS);
}

static void a_skipped_day_is_empty(void **state)
{
    (void)state;
    int64_t change = apia_changes[0].from_ms;
    assert_int_equal(civil_instant(&apia, day(2011, 12, 29) * (int64_t)CIVIL_DAY_MS),
                     change - CIVIL_DAY_MS);
    assert_int_equal(civil_instant(&apia, day(2011, 12, 30) * (int64_t)CIVIL_DAY_MS), change);
    assert_int_equal(civil_instant(&apia, at("2011-12-30T17:00")), change);
    assert_int_equal(civil_instant(&apia, day(2011, 12, 31) * (int64_t)CIVIL_DAY_MS), change);
    assert_int_equal(civil_instant(&apia, day(2012, 1, 1) * (int64_t)CIVIL_DAY_MS),
                     change + CIVIL_DAY_MS);
}

static void midnight_that_comes_twice_is_the_first(void **state)
{
    (void)state;
    assert_int_equal(civil_instant(&twice, 0), 0);
    assert_int_equal(civil_instant(&twice, -1), -1);
    assert_int_equal(civil_instant(&twice, 1800 * 1000 - 1), 1800 * 1000 - 1);
    assert_int_equal(civil_instant(&twice, 1800 * 1000), 1800 * 1000 + HOUR_MS);
}

/* The definition itself, by trying: the first instant whose local time is that or later. */
static void instants_by_trying_every_minute(void **state)
{
    (void)state;
    /* Forward 2 h, back 1 h soon after, forward again: stretches shorter than the steps. */
    static const struct civil_change changes[] = {
        {0, 7200000}, {1800000, 3600000}, {3000000, 9000000}, {5400000, -1800000}};
    const struct civil_zone zone = {0, changes, 4};
    for (int64_t local = -5 * HOUR_MS; local < 8 * HOUR_MS; local += 60000) {
        int64_t t = -12 * HOUR_MS;
        while (civil_local_ms(&zone, t) < local)
            t += 60000;
        assert_int_equal(civil_instant(&zone, local), t);
    }
    assert_int_equal(civil_instant(&zone, INT64_MAX), INT64_MAX);
    assert_int_equal(civil_instant(&zone, INT64_MIN), INT64_MIN);
}

static void instants_that_can_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool local;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", false, 0},
        {"1970-01-01t00:00:00z", false, 0},
        {"1970-01-01T00:00Z", false, 0},
        {"1970-01-01T00:00", true, 0},
        {"1970-01-01T00:00:01.5", true, 1500},
        {"1970-01-01T00:00:01.0509999999999999999999999999Z", false, 1050},
        {"1969-12-31T23:59:59.999Z", false, -1},
        {"1970-01-01T09:00:00+09:00", false, 0},
        {"1969-12-31T19:00:00-05:00", false, 0},
        {"1970-01-01T00:00:00-00:00", false, 0},
        {"1970-01-01T23:59:00+23:59", false, 0},
        {"2026-02-06T20:00:00+09:00", false, INT64_C(1770375600000)},
        {"2026-02-06T20:00:00", true, INT64_C(1770408000000)},
        {"2028-02-29T00:00:00Z", false, INT64_C(1835395200000)},
        {"0001-01-01T00:00:00Z", false, INT64_C(-62135596800000)},
        {"9999-12-31T23:59:59.999Z", false, INT64_C(253402300799999)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool local = !cases[i].local;
        int64_t ms = 12345;
        if (!civil_parse_instant(cases[i].text, &local, &ms))
            fail_msg("refused %s", cases[i].text);
        assert_int_equal(ms, cases[i].ms);
        assert_int_equal(local, cases[i].local);
    }
}

static void instants_that_can_not_be_read(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "2026",
        "2026-02-06",
        "2026-02-06T",
        "2026-02-06T20",
        "2026-02-06T20:",
        "2026-02-06T20:0",
        "2026-02-06T20:00:",
        "2026-02-06T20:00:0",
        "2026-02-06T20:00:00.",
        "2026-02-06T20:00:00.Z",
        "2026-02-06T20:00.5Z",
        "2026-02-06 20:00:00Z",
        "2026-2-6T20:00:00Z",
        "26-02-06T20:00:00Z",
        "2026-02-29T20:00:00Z",
        "2026-13-01T20:00:00Z",
        "2026-00-01T20:00:00Z",
        "2026-02-06T24:00:00Z",
        "2026-02-06T25:00:00Z",
        "2026-02-06T20:60:00Z",
        "2026-02-06T23:59:60Z",
        "2026-02-06T20:00:00+09",
        "2026-02-06T20:00:00+0900",
        "2026-02-06T20:00:00+9:00",
        "2026-02-06T20:00:00+24:00",
        "2026-02-06T20:00:00+09:60",
        "2026-02-06T20:00:00Z ",
        " 2026-02-06T20:00:00Z",
        "2026-02-06T20:00:00ZZ",
        "2026-02-06T20:00:00 +09:00",
        "-2026-02-06T20:00:00Z",
        "0000-01-01T00:00:00Z",
        "+2026-02-06T20:00:00Z",
        "2026-02-06T+1:00:00Z",
        "2026/02/06T20:00:00Z",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool local = true;
        int64_t ms = 12345;
        if (civil_parse_instant(cases[i], &local, &ms))
            fail_msg("accepted %s", cases[i]);
        assert_int_equal(ms, 12345);
    }
}

static void dates_and_times(void **state)
{
    (void)state;
    int32_t value = 0;
    assert_true(civil_parse_date("1970-01-02", &value));
    assert_int_equal(value, 1);
    assert_true(civil_parse_date("2028-02-29", &value));
    static const char *const no_dates[] = {
        "",         "2026-02-29", "2026-2-09",  "2026-02-9",   "2026-02-09 ", "2026-02-099",
        "20260209", "2026-02",    "0000-01-01", "2026-02-09T", "2026-04-31",  "二〇二六"};
    for (size_t i = 0; i < sizeof no_dates / sizeof *no_dates; i++)
        assert_false(civil_parse_date(no_dates[i], &value));
    assert_true(civil_parse_time("00:00", &value));
    assert_int_equal(value, 0);
    assert_true(civil_parse_time("23:59:59", &value));
    assert_int_equal(value, CIVIL_DAY_MS - 1000);
    assert_true(civil_parse_time("24:00", &value));
    assert_int_equal(value, CIVIL_DAY_MS);
    assert_true(civil_parse_time("24:00:00", &value));
    assert_int_equal(value, CIVIL_DAY_MS);
    static const char *const no_times[] = {"",       "9:00",  "09:0",     "09:000",   "24:01",
                                           "25:00",  "09:60", "09:00:60", "24:00:01", "09:00:00.5",
                                           "09:00Z", "0900",  " 09:00",   "09:00 ",   "-1:00"};
    for (size_t i = 0; i < sizeof no_times / sizeof *no_times; i++)
        assert_false(civil_parse_time(no_times[i], &value));
}

static void check_format(const struct civil_zone *zone, int64_t t_ms, const char *expected)
{
    char text[40];
    memset(text, '#', sizeof text);
    civil_format(zone, t_ms, text);
    assert_string_equal(text, expected);
}

static void instants_are_written(void **state)
{
    (void)state;
    const struct civil_zone seoul = {SEOUL_MS, NULL, 0};
    const struct civil_zone half = {-(int32_t)HOUR_MS * 3 - 1800000, NULL, 0};
    const struct civil_zone mean = {30472 * 1000, NULL, 0}; /* +08:27:52 */
    const struct civil_zone west = {-1 * 1000, NULL, 0};
    check_format(&utc, 0, "1970-01-01T00:00:00+00:00");
    check_format(&utc, -1, "1969-12-31T23:59:59.999+00:00");
    check_format(&seoul, INT64_C(1770375600000), "2026-02-06T20:00:00+09:00");
    check_format(&seoul, INT64_C(1770375600007), "2026-02-06T20:00:00.007+09:00");
    check_format(&half, 0, "1969-12-31T20:30:00-03:30");
    check_format(&mean, 0, "1970-01-01T08:27:00+08:27");
    check_format(&west, 0, "1969-12-31T23:59:00-00:01");
    check_format(&new_york, new_york_changes[1].from_ms - 1, "2026-11-01T01:59:59.999-04:00");
    check_format(&new_york, new_york_changes[1].from_ms, "2026-11-01T01:00:00-05:00");
    check_format(&utc, INT64_MAX, "9999-12-31T23:59:59.999+00:00");
    check_format(&utc, INT64_MIN, "0001-01-01T00:00:00+00:00");
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        int64_t t = (int64_t)(random >> 20) % INT64_C(253402300700000);
        char text[40];
        civil_format(&new_york, t, text);
        assert_int_equal(at(text), t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_date_of_the_calendar_there_and_back),
        cmocka_unit_test(dates_that_no_calendar_has),
        cmocka_unit_test(dates_far_outside_the_calendar_still_ascend),
        cmocka_unit_test(weekdays),
        cmocka_unit_test(offsets_on_both_sides_of_a_change),
        cmocka_unit_test(local_days_before_and_after_1970),
        cmocka_unit_test(a_skipped_time_is_the_change),
        cmocka_unit_test(a_repeated_time_is_the_first),
        cmocka_unit_test(a_skipped_day_is_empty),
        cmocka_unit_test(midnight_that_comes_twice_is_the_first),
        cmocka_unit_test(instants_by_trying_every_minute),
        cmocka_unit_test(instants_that_can_be_read),
        cmocka_unit_test(instants_that_can_not_be_read),
        cmocka_unit_test(dates_and_times),
        cmocka_unit_test(instants_are_written),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
