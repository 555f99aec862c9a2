#include "worker/film/film_timestamps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <libavutil/avutil.h>
#include <cmocka.h>

static const AVRational ninety_khz = {1, 90000};

static struct film_timestamps begun(int64_t first)
{
    struct film_timestamps clock;
    film_timestamps_init(&clock, ninety_khz, 25);
    assert_int_equal(film_timestamps_next(&clock, first), 0);
    return clock;
}

static void the_first_frame_is_at_zero(void **state)
{
    (void)state;
    static const int64_t firsts[] = {0, -7200, 90000, INT64_MAX / 8, INT64_MIN / 8};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        struct film_timestamps clock = begun(firsts[i]);
        assert_int_equal(film_timestamps_next(&clock, firsts[i] + 3600), 40000);
        assert_int_equal(film_timestamps_next(&clock, firsts[i] + 9000), 100000);
        assert_int_equal(film_timestamps_stamp(&clock, 100000), firsts[i] + 9000);
    }
}

static void missing_stamps_are_made_up(void **state)
{
    (void)state;
    struct film_timestamps clock = begun(100);
    assert_int_equal(film_timestamps_next(&clock, AV_NOPTS_VALUE), 40000);
    assert_int_equal(film_timestamps_next(&clock, AV_NOPTS_VALUE), 80000);
    assert_int_equal(film_timestamps_next(&clock, 100 + 9000), 100000);
    clock = begun(AV_NOPTS_VALUE);
    assert_false(clock.stamped);
    assert_int_equal(film_timestamps_next(&clock, 777), 40000);
    assert_int_equal(film_timestamps_time(&clock, 777, ninety_khz), FILM_TIMESTAMPS_NONE);
}

static void rates_that_nobody_can_mean_count_as_25(void **state)
{
    (void)state;
    static const double rates[] = {0, -1, 1e9, 0.001};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct film_timestamps clock;
        film_timestamps_init(&clock, ninety_khz, rates[i]);
        assert_int_equal(clock.nominal_us, 40000);
    }
}

static void time_never_goes_back(void **state)
{
    (void)state;
    struct film_timestamps clock = begun(0);
    assert_int_equal(film_timestamps_next(&clock, 90000), 1000000);
    assert_int_equal(film_timestamps_next(&clock, 90000), FILM_TIMESTAMPS_LATE);
    assert_int_equal(film_timestamps_next(&clock, 4500), FILM_TIMESTAMPS_LATE);
    assert_int_equal(film_timestamps_next(&clock, 93600), 1040000);
}

static void lies_count_as_missing(void **state)
{
    (void)state;
    static const int64_t lies[] = {INT64_MAX, INT64_MIN + 1, INT64_MAX / 2, INT64_MAX / 5,
                                   INT64_MIN / 5};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct film_timestamps clock = begun(90000);
        assert_int_equal(film_timestamps_next(&clock, lies[i]), 40000);
        const AVRational coarse = {INT32_MAX, 1};
        assert_int_equal(film_timestamps_time(&clock, lies[i], coarse), FILM_TIMESTAMPS_NONE);
    }
}

static void after_a_jump_only_stamps_tell(void **state)
{
    (void)state;
    struct film_timestamps clock = begun(0);
    assert_int_equal(film_timestamps_next(&clock, 900000), 10000000);
    film_timestamps_jump(&clock);
    assert_int_equal(film_timestamps_next(&clock, AV_NOPTS_VALUE), FILM_TIMESTAMPS_NONE);
    assert_int_equal(film_timestamps_next(&clock, 180000), 2000000);
    film_timestamps_rewind(&clock);
    assert_int_equal(film_timestamps_next(&clock, 0), 0);
}

static void other_streams_count_from_the_same_zero(void **state)
{
    (void)state;
    struct film_timestamps clock = begun(90000);
    const AVRational samples = {1, 48000};
    assert_int_equal(film_timestamps_time(&clock, 48000 + 480, samples), 10000);
    assert_int_equal(film_timestamps_time(&clock, 48000 - 480, samples), -10000);
    assert_int_equal(film_timestamps_time(&clock, AV_NOPTS_VALUE, samples), FILM_TIMESTAMPS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_frame_is_at_zero),
        cmocka_unit_test(missing_stamps_are_made_up),
        cmocka_unit_test(rates_that_nobody_can_mean_count_as_25),
        cmocka_unit_test(time_never_goes_back),
        cmocka_unit_test(lies_count_as_missing),
        cmocka_unit_test(after_a_jump_only_stamps_tell),
        cmocka_unit_test(other_streams_count_from_the_same_zero),
    };
    return cmocka_run_group_tests_name("film_timestamps", tests, NULL, NULL);
}
