/* How fast a film is decoded, by what its worker used. */
#include "commands/check/check_film_pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <cmocka.h>

#define SECOND_NS INT64_C(1000000000)

/* A hundred frames came in a second of one processor, the first one beside. */
static double rate_of(int64_t deinterlaced)
{
    const struct check_film_pace pace = {
        .frames = 101,
        .first_frames = 1,
        .last_frames = 101,
        .last = {.processor_ns = SECOND_NS,
                 .thread_count = 1,
                 .threads = {{.id = 1, .processor_ns = SECOND_NS}}},
        .counts = {.received = 100, .deinterlaced = deinterlaced},
    };
    return check_film_pace_rate(&pace);
}

static void interlaced_frames_count_once(void **state)
{
    (void)state;
    assert_true(fabs(rate_of(0) - 100) < 1e-6);
    assert_true(fabs(rate_of(100) - 50) < 1e-6);
    assert_true(fabs(rate_of(2) - 99) < 1e-6);
    assert_true(fabs(rate_of(50) - 75) < 1e-6);
}

static void too_few_frames_give_no_rate(void **state)
{
    (void)state;
    const struct check_film_pace pace = {
        .frames = 5, .first_frames = 1, .last_frames = 5, .last = {.processor_ns = 1000}};
    assert_true(check_film_pace_rate(&pace) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interlaced_frames_count_once),
        cmocka_unit_test(too_few_frames_give_no_rate),
    };
    return cmocka_run_group_tests_name("check_film_pace", tests, NULL, NULL);
}
