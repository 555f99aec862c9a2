#include "core/crash_loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static struct crash_loop_place place(uint8_t playlist, const char *spot)
{
    struct crash_loop_place made = {.playlist = {playlist}};
    snprintf(made.spot, sizeof made.spot, "%s", spot);
    return made;
}

static enum crash_loop_measure crash(struct crash_loop *loop, uint8_t playlist, const char *spot,
                                     int64_t at_ms)
{
    const struct crash_loop_place at = place(playlist, spot);
    return crash_loop_add(loop, &at, at_ms);
}

static bool is_out(const struct crash_loop *loop, uint8_t playlist, const char *spot, int64_t at_ms)
{
    const struct crash_loop_place at = place(playlist, spot);
    return crash_loop_until_ms(loop, &at, at_ms) > 0;
}

/* A loop, a crash each ten seconds. */
static enum crash_loop_measure crash_thrice(struct crash_loop *loop, uint8_t playlist,
                                            const char *spot, int64_t at_ms)
{
    assert_int_equal(crash(loop, playlist, spot, at_ms), CRASH_LOOP_NOTHING);
    assert_int_equal(crash(loop, playlist, spot, at_ms + 10 * SECOND), CRASH_LOOP_NOTHING);
    return crash(loop, playlist, spot, at_ms + 20 * SECOND);
}

static void three_in_one_spot_leave_it_out_for_hours(void **state)
{
    (void)state;
    struct crash_loop loop = {0};
    assert_int_equal(crash_thrice(&loop, 1, "a", HOUR), CRASH_LOOP_SPOT);
    assert_true(is_out(&loop, 1, "a", HOUR + MINUTE));
    assert_false(is_out(&loop, 1, "b", HOUR + MINUTE));
    assert_false(is_out(&loop, 1, "", HOUR + MINUTE));
    assert_false(is_out(&loop, 2, "a", HOUR + MINUTE)); /* of a new version */
    assert_true(is_out(&loop, 1, "a", 7 * HOUR + 19 * SECOND));
    assert_false(is_out(&loop, 1, "a", 7 * HOUR + 20 * SECOND));
}

static void crashes_now_and_then_are_none(void **state)
{
    (void)state;
    struct crash_loop loop = {0};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(crash(&loop, 1, "a", i * 31 * SECOND), CRASH_LOOP_NOTHING);
    assert_int_equal(loop.left_out_count, 0);
}

static void a_loop_that_goes_on_means_the_playlist(void **state)
{
    (void)state;
    struct crash_loop loop = {0};
    assert_int_equal(crash_thrice(&loop, 1, "a", 0), CRASH_LOOP_SPOT);
    assert_int_equal(crash_thrice(&loop, 1, "b", 30 * SECOND), CRASH_LOOP_PLAYLIST);
    assert_true(is_out(&loop, 1, "", MINUTE));
    /* The one that takes its place gets the same chances. */
    assert_int_equal(crash_thrice(&loop, 2, "a", 60 * SECOND), CRASH_LOOP_SPOT);
    assert_int_equal(crash_thrice(&loop, 2, "b", 90 * SECOND), CRASH_LOOP_PLAYLIST);
    assert_true(is_out(&loop, 1, "", 2 * MINUTE));
    assert_true(is_out(&loop, 2, "", 2 * MINUTE));
    /* Then there are none. */
    assert_int_equal(crash_thrice(&loop, 0, "", 3 * MINUTE), CRASH_LOOP_ALL);
    assert_true(is_out(&loop, 0, "", 4 * MINUTE));
    assert_false(is_out(&loop, 0, "", 14 * MINUTE));
}

static void another_spot_much_later_is_another_matter(void **state)
{
    (void)state;
    struct crash_loop loop = {0};
    assert_int_equal(crash_thrice(&loop, 1, "a", 0), CRASH_LOOP_SPOT);
    assert_int_equal(crash_thrice(&loop, 1, "b", 11 * MINUTE), CRASH_LOOP_SPOT);
    assert_true(is_out(&loop, 1, "a", 12 * MINUTE));
    assert_true(is_out(&loop, 1, "b", 12 * MINUTE));
}

static void different_spots_mean_the_playlist(void **state)
{
    (void)state;
    struct crash_loop loop = {0};
    crash(&loop, 1, "a", 0);
    crash(&loop, 1, "b", 10 * SECOND);
    assert_int_equal(crash(&loop, 1, "", 20 * SECOND), CRASH_LOOP_PLAYLIST);
}

static void different_playlists_mean_nothing_yet(void **state)
{
    (void)state;
    struct crash_loop loop = {0};
    crash(&loop, 1, "a", 0);
    crash(&loop, 2, "a", 10 * SECOND);
    assert_int_equal(crash(&loop, 2, "a", 20 * SECOND), CRASH_LOOP_NOTHING);
    assert_int_equal(crash(&loop, 2, "a", 30 * SECOND), CRASH_LOOP_SPOT);
}

static void times_to_come_count_for_nothing(void **state)
{
    (void)state;
    struct crash_loop loop = {0};
    assert_int_equal(crash_thrice(&loop, 1, "a", 100 * HOUR), CRASH_LOOP_SPOT);
    crash(&loop, 1, "b", 100 * HOUR);
    crash(&loop, 1, "b", 100 * HOUR);
    /* The machine has started anew, and the notes are still there. */
    assert_false(is_out(&loop, 1, "a", SECOND));
    assert_int_equal(crash(&loop, 1, "b", SECOND), CRASH_LOOP_NOTHING);
    assert_int_equal(loop.left_out_count, 0);
    assert_int_equal(loop.crash_count, 1);
}

static void no_time_overflows(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1, MINUTE, INT64_MAX / 2, INT64_MAX - 7 * HOUR};
    const size_t count = sizeof times / sizeof *times;
    for (size_t i = 0; i < count * count * count; i++) {
        struct crash_loop loop = {.left_out_count = 1};
        loop.left_out[0] =
            (struct crash_loop_left_out){place(1, "x"), times[i % count], times[i / count % count]};
        crash(&loop, 1, "a", times[i / count / count]);
        crash_loop_until_ms(&loop, &loop.left_out[0].place, times[i % count]);
    }
}

static void the_oldest_is_tried_again_where_there_are_too_many(void **state)
{
    (void)state;
    struct crash_loop loop = {0};
    char name[8];
    for (int i = 0; i < CRASH_LOOP_LEFT_OUT_MAX + 3; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(crash_thrice(&loop, 1, name, i * 11 * MINUTE), CRASH_LOOP_SPOT);
    }
    int64_t now_ms = (CRASH_LOOP_LEFT_OUT_MAX + 3) * 11 * MINUTE;
    assert_int_equal(loop.left_out_count, CRASH_LOOP_LEFT_OUT_MAX);
    assert_false(is_out(&loop, 1, "2", now_ms));
    assert_true(is_out(&loop, 1, "3", now_ms));
    assert_true(is_out(&loop, 1, name, now_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_in_one_spot_leave_it_out_for_hours),
        cmocka_unit_test(crashes_now_and_then_are_none),
        cmocka_unit_test(a_loop_that_goes_on_means_the_playlist),
        cmocka_unit_test(another_spot_much_later_is_another_matter),
        cmocka_unit_test(different_spots_mean_the_playlist),
        cmocka_unit_test(different_playlists_mean_nothing_yet),
        cmocka_unit_test(times_to_come_count_for_nothing),
        cmocka_unit_test(no_time_overflows),
        cmocka_unit_test(the_oldest_is_tried_again_where_there_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
