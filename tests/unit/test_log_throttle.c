#include "base/log_throttle.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE_NS INT64_C(60000000000)

static void what_goes_on_is_told_once(void **state)
{
    (void)state;
    struct log_throttle told = {0};
    unsigned held;
    assert_true(log_throttle_trouble(&told, "rollback", 0, &held));
    assert_int_equal(held, 0);
    for (int64_t minute = 1; minute < 6000; minute++)
        assert_false(log_throttle_trouble(&told, "rollback", minute * MINUTE_NS, &held));
    assert_true(log_throttle_well(&told));
    assert_false(log_throttle_well(&told));
}

static void what_comes_back_waits_for_an_hour(void **state)
{
    (void)state;
    struct log_throttle told = {0};
    unsigned held, lines = 0, good = 0;
    for (int64_t minute = 0; minute < 600; minute++) {
        lines += log_throttle_trouble(&told, "rollback", minute * MINUTE_NS, &held);
        assert_int_equal(held, minute && minute % 60 == 0 ? 59 : 0);
        good += log_throttle_well(&told);
    }
    assert_int_equal(lines, 10);
    assert_int_equal(good, 10); /* the end of what was told, not of what was held back */
}

static void each_kind_has_its_hour(void **state)
{
    (void)state;
    struct log_throttle told = {0};
    unsigned held;
    assert_true(log_throttle_trouble(&told, "rollback", 0, &held));
    assert_true(log_throttle_trouble(&told, "bad signature", MINUTE_NS, &held));
    assert_false(log_throttle_trouble(&told, "rollback", 2 * MINUTE_NS, &held));
    assert_false(log_throttle_trouble(&told, "bad signature", 3 * MINUTE_NS, &held));
    assert_true(log_throttle_trouble(&told, "rollback", 60 * MINUTE_NS, &held));
    assert_int_equal(held, 1);
}

static void progress_makes_it_news(void **state)
{
    (void)state;
    struct log_throttle told = {0};
    unsigned held;
    assert_true(log_throttle_trouble(&told, "rollback", 0, &held));
    log_throttle_renew(&told);
    assert_false(log_throttle_trouble(&told, "rollback", 1, &held)); /* it goes on */
    assert_true(log_throttle_well(&told));
    assert_true(log_throttle_trouble(&told, "rollback", 2, &held));
}

static void there_is_an_end_of_excuses(void **state)
{
    (void)state;
    struct log_throttle told = {0};
    unsigned held, lines = 0;
    for (int64_t i = 0; i < 3600; i++) {
        char kind[32];
        snprintf(kind, sizeof kind, "excuse %d", (int)i);
        lines += log_throttle_trouble(&told, kind, i * MINUTE_NS / 60, &held);
    }
    assert_int_equal(lines, LOG_THROTTLE_KINDS_MAX);
    assert_true(log_throttle_trouble(&told, "a new hour", 61 * MINUTE_NS, &held));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_on_is_told_once),
        cmocka_unit_test(what_comes_back_waits_for_an_hour),
        cmocka_unit_test(each_kind_has_its_hour),
        cmocka_unit_test(progress_makes_it_news),
        cmocka_unit_test(there_is_an_end_of_excuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
