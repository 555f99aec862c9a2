#include "base/log_throttle.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE_NS INT64_C(60000000000)

static void what_goes_on_is_told_once_an_hour(void **state)
{
    (void)state;
    struct log_throttle throttle = {0};
    unsigned suppressed;
    for (int64_t minute = 0; minute < 6000; minute++) {
        bool told = log_throttle_failed(&throttle, "rollback", minute * MINUTE_NS, &suppressed);
        assert_int_equal(told, minute % 60 == 0);
        assert_int_equal(suppressed, told && minute ? 59 : 0);
    }
    assert_true(log_throttle_recovered(&throttle));
    assert_false(log_throttle_recovered(&throttle));
}

static void what_comes_back_waits_for_an_hour(void **state)
{
    (void)state;
    struct log_throttle throttle = {0};
    unsigned suppressed, lines = 0, good = 0;
    for (int64_t minute = 0; minute < 600; minute++) {
        lines += log_throttle_failed(&throttle, "rollback", minute * MINUTE_NS, &suppressed);
        assert_int_equal(suppressed, minute && minute % 60 == 0 ? 59 : 0);
        good += log_throttle_recovered(&throttle);
    }
    assert_int_equal(lines, 10);
    assert_int_equal(good, 10); /* the end of what was told, not of what was held back */
}

static void each_kind_has_its_hour(void **state)
{
    (void)state;
    struct log_throttle throttle = {0};
    unsigned suppressed;
    assert_true(log_throttle_failed(&throttle, "rollback", 0, &suppressed));
    assert_true(log_throttle_failed(&throttle, "bad signature", MINUTE_NS, &suppressed));
    assert_false(log_throttle_failed(&throttle, "rollback", 2 * MINUTE_NS, &suppressed));
    assert_false(log_throttle_failed(&throttle, "bad signature", 3 * MINUTE_NS, &suppressed));
    assert_true(log_throttle_failed(&throttle, "rollback", 60 * MINUTE_NS, &suppressed));
    assert_int_equal(suppressed, 1);
}

static void progress_makes_it_news(void **state)
{
    (void)state;
    struct log_throttle throttle = {0};
    unsigned suppressed;
    assert_true(log_throttle_failed(&throttle, "rollback", 0, &suppressed));
    log_throttle_reset(&throttle);
    assert_false(log_throttle_failed(&throttle, "rollback", 1, &suppressed)); /* it goes on */
    assert_true(log_throttle_recovered(&throttle));
    assert_true(log_throttle_failed(&throttle, "rollback", 2, &suppressed));
}

static void there_is_an_end_of_excuses(void **state)
{
    (void)state;
    struct log_throttle throttle = {0};
    unsigned suppressed, lines = 0;
    for (int64_t i = 0; i < 3600; i++) {
        char kind[32];
        snprintf(kind, sizeof kind, "excuse %d", (int)i);
        lines += log_throttle_failed(&throttle, kind, i * MINUTE_NS / 60, &suppressed);
    }
    assert_int_equal(lines, LOG_THROTTLE_KINDS_MAX);
    assert_true(log_throttle_failed(&throttle, "a new hour", 61 * MINUTE_NS, &suppressed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_on_is_told_once_an_hour),
        cmocka_unit_test(what_comes_back_waits_for_an_hour),
        cmocka_unit_test(each_kind_has_its_hour),
        cmocka_unit_test(progress_makes_it_news),
        cmocka_unit_test(there_is_an_end_of_excuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
