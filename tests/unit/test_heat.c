#include "core/heat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define C 1000 /* a degree */

static struct heat heat;
static int64_t now_ns;

static int setup(void **state)
{
    (void)state;
    heat = (struct heat){0};
    now_ns = SECOND;
    return 0;
}

static enum heat_level step(struct heat_zone zone, int seconds)
{
    now_ns += seconds * SECOND;
    return heat_step(&heat, &zone, 1, now_ns);
}

/* As a small board has them. */
static struct heat_zone soc(int celsius)
{
    return (struct heat_zone){"soc", celsius * C, 75 * C, 0, 95 * C};
}

static void it_rises_at_once_and_falls_slowly(void **state)
{
    (void)state;
    assert_int_equal(step(soc(74), 5), HEAT_NONE);
    assert_int_equal(step(soc(75), 5), HEAT_WARM);
    assert_int_equal(heat.limit, 75 * C);
    assert_int_equal(heat.worst.now, 75 * C);
    assert_int_equal(step(soc(84), 5), HEAT_WARM);
    assert_int_equal(step(soc(85), 5), HEAT_HOT);
    assert_int_equal(heat.limit, 85 * C);
    assert_int_equal(step(soc(79), 5), HEAT_HOT);
    assert_int_equal(step(soc(79), 59), HEAT_HOT);
    assert_int_equal(step(soc(79), 1), HEAT_WARM);
    assert_int_equal(step(soc(69), 59), HEAT_WARM);
    assert_int_equal(step(soc(69), 1), HEAT_NONE);
    assert_int_equal(step(soc(20), 1000), HEAT_NONE);
}

static void it_does_not_flutter(void **state)
{
    (void)state;
    assert_int_equal(step(soc(75), 5), HEAT_WARM);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(step(soc(69), 50), HEAT_WARM);
        assert_int_equal(step(soc(70), 5), HEAT_WARM); /* the minute begins anew */
    }
}

static void it_goes_from_none_to_hot_at_once(void **state)
{
    (void)state;
    assert_int_equal(step(soc(100), 5), HEAT_HOT);
    assert_int_equal(step(soc(20), 5), HEAT_HOT);
    assert_int_equal(step(soc(20), 60), HEAT_WARM);
    assert_int_equal(step(soc(20), 60), HEAT_NONE);
}

static enum heat_level level_of(int32_t now, int32_t passive, int32_t hot, int32_t critical)
{
    const struct heat_zone zone = {"z", now, passive, hot, critical};
    struct heat fresh = {0};
    return heat_step(&fresh, &zone, 1, SECOND);
}

static void points_that_are_not_named(void **state)
{
    (void)state;
    /* Only critical. */
    assert_int_equal(level_of(89 * C, 0, 0, 105 * C), HEAT_NONE);
    assert_int_equal(level_of(90 * C, 0, 0, 105 * C), HEAT_WARM);
    assert_int_equal(level_of(98 * C, 0, 0, 105 * C), HEAT_HOT);
    /* Only passive. */
    assert_int_equal(level_of(80 * C, 80 * C, 0, 0), HEAT_WARM);
    assert_int_equal(level_of(90 * C, 80 * C, 0, 0), HEAT_HOT);
    /* A hot point that comes sooner than halfway; one that comes later. */
    assert_int_equal(level_of(82 * C, 80 * C, 82 * C, 100 * C), HEAT_HOT);
    assert_int_equal(level_of(90 * C, 80 * C, 99 * C, 100 * C), HEAT_HOT);
    assert_int_equal(level_of(89 * C, 80 * C, 99 * C, 100 * C), HEAT_WARM);
    /* None at all. */
    assert_int_equal(level_of(120 * C, 0, 0, 0), HEAT_NONE);
}

static void points_and_readings_that_make_no_sense(void **state)
{
    (void)state;
    static const int32_t wrong[] = {INT32_MIN, -274000, -1, 1, 5 * C, 39 * C, 131 * C, INT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(level_of(100 * C, wrong[i], wrong[i], wrong[i]), HEAT_NONE);
        assert_int_equal(level_of(95 * C, 80 * C, wrong[i], 130 * C), HEAT_WARM);
        if (wrong[i] < 0 || wrong[i] > 150 * C)
            assert_int_equal(level_of(wrong[i], 40 * C, 0, 60 * C), HEAT_NONE);
    }
    assert_int_equal(level_of(85 * C, 80 * C, 0, 70 * C), HEAT_WARM); /* the wrong way round */
    assert_int_equal(level_of(90 * C, 80 * C, 0, 70 * C), HEAT_HOT);
}

static void the_hottest_zone_counts(void **state)
{
    (void)state;
    const struct heat_zone zones[] = {soc(20), {"wifi", 99 * C, 0, 0, 0}, soc(80), soc(30)};
    assert_int_equal(heat_step(&heat, zones, 4, SECOND), HEAT_WARM);
    assert_int_equal(heat.worst.now, 80 * C);
    assert_int_equal(heat_step(&heat, NULL, 0, 2 * SECOND), HEAT_WARM); /* sensors that went away */
    assert_int_equal(heat_step(&heat, NULL, 0, 62 * SECOND), HEAT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_rises_at_once_and_falls_slowly, setup),
        cmocka_unit_test_setup(it_does_not_flutter, setup),
        cmocka_unit_test_setup(it_goes_from_none_to_hot_at_once, setup),
        cmocka_unit_test_setup(points_that_are_not_named, setup),
        cmocka_unit_test_setup(points_and_readings_that_make_no_sense, setup),
        cmocka_unit_test_setup(the_hottest_zone_counts, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
