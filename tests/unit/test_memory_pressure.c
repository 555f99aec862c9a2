#include "core/memory_pressure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SECOND INT64_C(1000000000)

static void the_kernels_text_is_read(void **state)
{
    (void)state;
    struct memory_pressure_reading reading;
    assert_true(memory_pressure_parse("some avg10=12.34 avg60=0.00 avg300=0.00 total=5\n"
                                      "full avg10=3.05 avg60=99.00 avg300=0.00 total=1\n",
                                      &reading));
    assert_float_equal(reading.some, 12.34, 1e-9);
    assert_float_equal(reading.full, 3.05, 1e-9);
    assert_true(memory_pressure_parse("some avg10=100.00 avg60=1\n", &reading));
    assert_float_equal(reading.some, 100, 1e-9);
    assert_float_equal(reading.full, 0, 0);
}

static void what_is_no_pressure_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "some",
                                        "some avg10=",
                                        "some avg10=x",
                                        "some avg10=-1.00",
                                        "some avg10=101.00",
                                        "some avg10=99999999999999999999999999",
                                        "avg10=5.00",
                                        "full avg60=5.00"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct memory_pressure_reading reading;
        assert_false(memory_pressure_parse(texts[i], &reading));
    }
}

static void it_is_short_at_once_and_enough_after_a_while(void **state)
{
    (void)state;
    struct memory_pressure pressure = {0};
    const struct memory_pressure_reading calm = {4.9, 0.9}, between = {19.9, 4.9}, some = {20, 0},
                                         full = {5, 5};
    int64_t now_ns = 0;
    assert_false(memory_pressure_step(&pressure, &between, now_ns += SECOND));
    assert_true(memory_pressure_step(&pressure, &some, now_ns += SECOND));
    assert_true(memory_pressure_step(&pressure, &calm, now_ns += SECOND));
    assert_true(memory_pressure_step(&pressure, &calm, now_ns += 29 * SECOND));
    assert_true(memory_pressure_step(&pressure, &between, now_ns += SECOND)); /* begins anew */
    assert_true(memory_pressure_step(&pressure, &calm, now_ns += SECOND));
    assert_true(memory_pressure_step(&pressure, &calm, now_ns += 29 * SECOND));
    assert_false(memory_pressure_step(&pressure, &calm, now_ns += SECOND));
    assert_false(memory_pressure_step(&pressure, &between, now_ns += SECOND));
    assert_true(memory_pressure_step(&pressure, &full, now_ns += SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernels_text_is_read),
        cmocka_unit_test(what_is_no_pressure_is_none),
        cmocka_unit_test(it_is_short_at_once_and_enough_after_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
