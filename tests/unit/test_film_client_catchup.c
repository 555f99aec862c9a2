/* How a film keeps up: pure, with a clock of the test's own. */
#include "decode/film_client_catchup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define FRAME_US 40000
#define MS INT64_C(1000000) /* in nanoseconds */

/* A question each 20 ms of both clocks, with the newest frame `behind_us` behind it. */
static bool ask(struct film_client_catchup *catchup, int64_t ms, int64_t behind_us)
{
    int64_t end_us = ms * 1000 - behind_us;
    return film_client_catchup_needs_skip(catchup, ms * 1000, end_us, end_us, FRAME_US, ms * MS);
}

static void skips_when_it_is_behind(void **state)
{
    (void)state;
    struct film_client_catchup catchup;
    film_client_catchup_init(&catchup, 0);
    assert_false(ask(&catchup, 1000, -1));
    assert_false(ask(&catchup, 1020, FILM_CLIENT_CATCHUP_BEHIND_US - 1));
    assert_true(ask(&catchup, 1040, FILM_CLIENT_CATCHUP_BEHIND_US));
    /* Until the order was sent, and then not again before a frame for it has arrived. */
    assert_true(ask(&catchup, 1060, FILM_CLIENT_CATCHUP_BEHIND_US));
    film_client_catchup_skip_sent(&catchup, 1060000, true);
    assert_false(ask(&catchup, 1080, 500000));
    film_client_catchup_frame_arrived(&catchup, 1020000, 1060000,
                                      1090 * MS); /* over by then: was on its way */
    assert_false(ask(&catchup, 1100, 500000));
    film_client_catchup_frame_arrived(&catchup, 1060000, 1100000, 1110 * MS);
    assert_true(ask(&catchup, 1120, 500000));
    assert_true(catchup.behind);
}

static void counts_each_missed_frame_once(void **state)
{
    (void)state;
    struct film_client_catchup catchup;
    film_client_catchup_init(&catchup, 0);
    /* Of frames that begin at 80, 120 and 160 ms, none is there. */
    static const int asked_ms[] = {0, 20, 40, 60, 79, 80, 90, 119, 120, 199, 50, 130};
    static const int count[] = {0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 3, 3};
    for (size_t i = 0; i < sizeof asked_ms / sizeof *asked_ms; i++) {
        film_client_catchup_needs_skip(&catchup, asked_ms[i] * 1000, 80000, 80000, FRAME_US,
                                       asked_ms[i] * MS);
        assert_int_equal(catchup.dropped, count[i]);
    }
    /* One that was left out counts though a later one is there. */
    assert_false(
        film_client_catchup_needs_skip(&catchup, 250000, 240000, 400000, FRAME_US, 250 * MS));
    assert_int_equal(catchup.dropped, 4);
    /* Nothing is missed while nothing is shown. */
    film_client_catchup_needs_skip(&catchup, 900000, 400000, 400000, 0, 900 * MS);
    assert_int_equal(catchup.dropped, 4);
}

/* A worker that takes `took_ms` to get anywhere, ordered to skip five times. Returns by how much
 * the last frame was there too late (or, less than 0, too early). */
static int64_t lateness_us(struct film_client_catchup *catchup, int64_t took_ms, int64_t clock_ms)
{
    int64_t ms = 1000, late_us = 0;
    for (; ms < 2000; ms += 20) /* in time */
        assert_false(film_client_catchup_needs_skip(catchup, ms * 1000, ms * 1000 + 1,
                                                    ms * 1000 + 1, FRAME_US, ms * clock_ms * MS));
    for (int i = 0; i < 12; i++, ms += 20) {
        assert_true(
            film_client_catchup_needs_skip(catchup, ms * 1000, 0, 0, FRAME_US, ms * clock_ms * MS));
        int64_t target_us = film_client_catchup_skip_target_us(catchup, ms * clock_ms * MS);
        film_client_catchup_skip_sent(catchup, target_us, true);
        for (int64_t end_ms = ms + took_ms; ms < end_ms; ms += 20)
            assert_false(film_client_catchup_needs_skip(catchup, ms * 1000, 0, 0, FRAME_US,
                                                        ms * clock_ms * MS));
        late_us = ms * 1000 - target_us;
        film_client_catchup_frame_arrived(catchup, target_us, target_us + FRAME_US,
                                          ms * clock_ms * MS);
    }
    return late_us;
}

static void learns_how_far_ahead_to_aim(void **state)
{
    (void)state;
    struct film_client_catchup catchup;
    film_client_catchup_init(&catchup, 0);
    assert_in_range(lateness_us(&catchup, 400, 1) + FRAME_US, 0, 2 * FRAME_US + 20000);
    film_client_catchup_init(&catchup, 0);
    assert_in_range(lateness_us(&catchup, 3000, 1), 2000000, 2000000 + FRAME_US);
    assert_int_equal(catchup.lead_us, FILM_CLIENT_CATCHUP_LEAD_MAX_US);
}

/* Where questions do not follow the clock, the frame that is asked for has to come. */
static void aims_at_what_is_asked_for_picture_by_picture(void **state)
{
    (void)state;
    struct film_client_catchup catchup;
    film_client_catchup_init(&catchup, 0);
    assert_int_equal(lateness_us(&catchup, 400, 3), 400000);
    /* Nor with steps that are too long, however well they fit the clock. */
    film_client_catchup_init(&catchup, 0);
    catchup.lead_us = 300000;
    for (int64_t ms = 0; ms < 5000; ms += 200)
        ask(&catchup, ms, 0);
    assert_int_equal(film_client_catchup_skip_target_us(&catchup, 4800 * MS), 4800000);
}

static void guesses_the_time(void **state)
{
    (void)state;
    struct film_client_catchup catchup;
    film_client_catchup_init(&catchup, 7000000);
    assert_true(film_client_catchup_position_us(&catchup, 5000 * MS) == INT64_MIN);
    ask(&catchup, 1000, 0);
    assert_int_equal(film_client_catchup_position_us(&catchup, 1250 * MS), 1250000);
    assert_int_equal(film_client_catchup_position_us(&catchup, 900 * MS), 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skips_when_it_is_behind),
        cmocka_unit_test(counts_each_missed_frame_once),
        cmocka_unit_test(learns_how_far_ahead_to_aim),
        cmocka_unit_test(aims_at_what_is_asked_for_picture_by_picture),
        cmocka_unit_test(guesses_the_time),
    };
    return cmocka_run_group_tests_name("film_client_catchup", tests, NULL, NULL);
}
