#include "decode/work_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

#define MS INT64_C(1000000)
#define LIMIT_MS 2000
#define START (7777 * MS)
#define STARTUP (30 * MS) /* processor time before the work begins */

static struct work_limit begun(int64_t pixels)
{
    struct work_limit limit;
    work_limit_begin(&limit, LIMIT_MS, START, STARTUP);
    work_limit_set_pixels(&limit, pixels);
    assert_int_equal(work_limit_check(&limit, START, STARTUP), WORK_LIMIT_KEPT);
    return limit;
}

/* A worker that gets this part of a processor, looked at whenever it is due: how long it lives, in
 * processor time and by the clock. */
static enum work_limit_state live(int64_t pixels, double share, int64_t *cpu_ms, int64_t *clock_ms)
{
    struct work_limit limit = begun(pixels);
    for (int64_t before_ns = START;;) {
        int64_t now_ns = limit.due_ns;
        assert_true(now_ns > before_ns);
        int64_t worked_ns = (int64_t)((double)(now_ns - START) * share);
        enum work_limit_state state = work_limit_check(&limit, now_ns, STARTUP + worked_ns);
        *cpu_ms = worked_ns / MS;
        *clock_ms = (now_ns - START) / MS;
        if (state != WORK_LIMIT_KEPT)
            return state;
        before_ns = now_ns;
    }
}

/* The work that is allowed is the same, however long it takes. */
static void a_busy_machine_takes_no_work_away(void **state)
{
    (void)state;
    static const double shares[] = {1, 0.5, 0.1, 0.02};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        int64_t cpu_ms, clock_ms;
        assert_int_equal(live(0, shares[i], &cpu_ms, &clock_ms), WORK_LIMIT_EXCEEDED);
        assert_in_range(cpu_ms, LIMIT_MS, LIMIT_MS + 5);
        assert_in_range(clock_ms, (int64_t)(LIMIT_MS / shares[i]),
                        (int64_t)((LIMIT_MS + 5) / shares[i]));
    }
}

static void the_limit_grows_with_the_pixels(void **state)
{
    (void)state;
    static const struct {
        int64_t pixels, limit_ms;
    } rows[] = {{0, 2000},           {64 * 36, 2000},     {1920 * 1080, 2414}, {10000000, 4000},
                {7840 * 1952, 5060}, {7680 * 4320, 8635}, {100000000, 22000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t cpu_ms, clock_ms;
        assert_int_equal(live(rows[i].pixels, 1, &cpu_ms, &clock_ms), WORK_LIMIT_EXCEEDED);
        assert_in_range(cpu_ms, rows[i].limit_ms - 1, rows[i].limit_ms + 1);
        assert_int_equal(clock_ms, cpu_ms);
    }
}

static void who_does_nothing_is_ended_by_the_clock(void **state)
{
    (void)state;
    static const double shares[] = {0, 0.0001, 0.0049};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        for (int64_t pixels = 0; pixels <= 100000000; pixels += 50000000) {
            int64_t cpu_ms, clock_ms;
            assert_int_equal(live(pixels, shares[i], &cpu_ms, &clock_ms), WORK_LIMIT_STALLED);
            assert_int_equal(clock_ms, LIMIT_MS);
        }
}

/* It may stop at any time, and is not forgiven for what it did before. */
static void who_stops_later_is_ended_too(void **state)
{
    (void)state;
    struct work_limit limit = begun(100000000);
    int64_t now_ns = START, worked_ns = 0;
    for (int i = 0; i < 5; i++) {
        now_ns += LIMIT_MS * MS;
        worked_ns += LIMIT_MS * MS / 2;
        assert_int_equal(work_limit_check(&limit, now_ns, STARTUP + worked_ns), WORK_LIMIT_KEPT);
    }
    assert_int_equal(work_limit_check(&limit, now_ns + LIMIT_MS * MS - 1, STARTUP + worked_ns),
                     WORK_LIMIT_KEPT);
    assert_int_equal(work_limit_check(&limit, now_ns + LIMIT_MS * MS, STARTUP + worked_ns),
                     WORK_LIMIT_STALLED);
}

/* One that does just enough not to be idle. */
static void the_slowest_ends_some_day(void **state)
{
    (void)state;
    int64_t cpu_ms, clock_ms;
    assert_int_equal(live(0, 1.0 / WORK_LIMIT_IDLE_PART + 1e-6, &cpu_ms, &clock_ms),
                     WORK_LIMIT_EXCEEDED);
    assert_in_range(clock_ms, LIMIT_MS, (int64_t)LIMIT_MS * WORK_LIMIT_IDLE_PART + LIMIT_MS);
}

/* As a caller asks who only wants to know whether it has ended. */
static void the_end_of_time(void **state)
{
    (void)state;
    struct work_limit limit = begun(0);
    assert_int_equal(work_limit_check(&limit, INT64_MAX, STARTUP), WORK_LIMIT_STALLED);
    assert_int_equal(work_limit_check(&limit, INT64_MAX, STARTUP + LIMIT_MS * MS / 2),
                     WORK_LIMIT_KEPT);
    assert_true(limit.due_ns == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_machine_takes_no_work_away),
        cmocka_unit_test(the_limit_grows_with_the_pixels),
        cmocka_unit_test(who_does_nothing_is_ended_by_the_clock),
        cmocka_unit_test(who_stops_later_is_ended_too),
        cmocka_unit_test(the_slowest_ends_some_day),
        cmocka_unit_test(the_end_of_time),
    };
    return cmocka_run_group_tests_name("work_limit", tests, NULL, NULL);
}
