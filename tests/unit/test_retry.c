#include "core/retry.h"

#include <limits.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static int64_t low(int64_t poll_ms, int64_t max_ms, unsigned failures)
{
    return retry_delay_ms(&(struct retry_policy){poll_ms, max_ms}, failures, 0);
}

static int64_t high(int64_t poll_ms, int64_t max_ms, unsigned failures)
{
    return retry_delay_ms(&(struct retry_policy){poll_ms, max_ms}, failures, UINT32_MAX);
}

static void polls_with_a_tenth_of_jitter(void **state)
{
    (void)state;
    assert_int_equal(low(60000, RETRY_MAX_MS_DEFAULT, 0), 54000);
    assert_int_equal(high(60000, RETRY_MAX_MS_DEFAULT, 0), 66000);
    assert_int_equal(
        retry_delay_ms(&(struct retry_policy){60000, RETRY_MAX_MS_DEFAULT}, 0, UINT32_C(1) << 31),
        60000);
}

static void a_poll_rarer_than_the_longest_wait_is_kept(void **state)
{
    (void)state;
    assert_int_equal(low(3600000, 300000, 0), 3240000);
    assert_int_equal(high(3600000, 300000, 0), 3960000);
    assert_int_equal(high(3600000, 300000, 1), 300000);
}

static void doubles_from_the_poll_up_to_the_longest(void **state)
{
    (void)state;
    static const int64_t tops[] = {30000, 60000, 120000, 240000, 300000, 300000};
    for (unsigned i = 0; i < sizeof tops / sizeof *tops; i++) {
        assert_int_equal(high(30000, 300000, i + 1), tops[i]);
        assert_int_equal(low(30000, 300000, i + 1), tops[i] / 2);
    }
}

static void starts_at_a_second_at_least(void **state)
{
    (void)state;
    assert_int_equal(low(100, 300000, 1), 500);
    assert_int_equal(high(100, 300000, 1), 1000);
    assert_int_equal(high(999, 300000, 2), 2000);
    assert_int_equal(high(1001, 300000, 1), 1001);
    assert_int_equal(high(100, 700, 1), 700);
}

static void jitter_reaches_every_millisecond_of_the_upper_half(void **state)
{
    (void)state;
    bool seen[1001] = {false};
    const struct retry_policy policy = {1000, 300000};
    for (uint64_t random = 0; random <= UINT32_MAX; random += 1000003) {
        int64_t delay = retry_delay_ms(&policy, 1, (uint32_t)random);
        assert_in_range(delay, 500, 1000);
        seen[delay] = true;
    }
    for (int i = 500; i <= 1000; i++)
        assert_true(seen[i]);
}

static void no_input_overflows(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN, -1, 0, 1, 2, 999, 1000, INT64_C(1) << 49, INT64_MAX};
    static const unsigned failures[] = {0, 1, 2, 31, 32, 33, 63, 64, 65, 1000, UINT_MAX};
    static const uint32_t randoms[] = {0, 1, INT32_MAX, UINT32_MAX};
    const size_t count = sizeof times / sizeof *times;
    for (size_t i = 0; i < count * count; i++) {
        const struct retry_policy policy = {times[i / count], times[i % count]};
        for (size_t f = 0; f < sizeof failures / sizeof *failures; f++) {
            for (size_t r = 0; r < sizeof randoms / sizeof *randoms; r++) {
                int64_t delay = retry_delay_ms(&policy, failures[f], randoms[r]);
                assert_true(delay >= 1);
                assert_true(delay <= INT64_C(1) << 50);
                if (failures[f] > 0)
                    assert_true(delay <= (policy.max_ms < 1 ? 1 : policy.max_ms));
            }
        }
    }
}

static void is_due_after_the_delay(void **state)
{
    (void)state;
    const struct retry_policy policy = {60000, RETRY_MAX_MS_DEFAULT};
    for (unsigned failures = 0; failures < 3; failures++)
        assert_int_equal(retry_due_ns(&policy, failures, 12345, 77),
                         77 + retry_delay_ms(&policy, failures, 12345) * 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polls_with_a_tenth_of_jitter),
        cmocka_unit_test(a_poll_rarer_than_the_longest_wait_is_kept),
        cmocka_unit_test(doubles_from_the_poll_up_to_the_longest),
        cmocka_unit_test(starts_at_a_second_at_least),
        cmocka_unit_test(jitter_reaches_every_millisecond_of_the_upper_half),
        cmocka_unit_test(no_input_overflows),
        cmocka_unit_test(is_due_after_the_delay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
