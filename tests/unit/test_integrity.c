/* The marks of an edition's media: what to read next, who waits for what. */
#include "sync/integrity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_all_begin_unchecked_and_are_read_in_order(void **state)
{
    (void)state;
    struct integrity *integrity = integrity_create(3);
    assert_int_equal(integrity_count(integrity), 3);
    for (size_t i = 0; i < 3; i++) {
        size_t at = 99;
        bool wanted = true;
        assert_int_equal(integrity_get(integrity, i), INTEGRITY_UNCHECKED);
        assert_true(integrity_next(integrity, &at, &wanted));
        assert_int_equal(at, i);
        assert_false(wanted);
        integrity_set(integrity, i, i == 1 ? INTEGRITY_DAMAGED : INTEGRITY_GOOD);
    }
    size_t at;
    bool wanted;
    assert_false(integrity_next(integrity, &at, &wanted));
    assert_int_equal(integrity_get(integrity, 0), INTEGRITY_GOOD);
    assert_int_equal(integrity_get(integrity, 1), INTEGRITY_DAMAGED);
    integrity_release(integrity);
}

static void test_what_is_wanted_comes_first(void **state)
{
    (void)state;
    struct integrity *integrity = integrity_create(4);
    size_t at;
    bool wanted;
    assert_int_equal(integrity_request(integrity, 2), INTEGRITY_UNCHECKED);
    assert_true(integrity_next(integrity, &at, &wanted));
    assert_int_equal(at, 2);
    assert_true(wanted);
    integrity_set(integrity, 2, INTEGRITY_GOOD);
    assert_int_equal(integrity_request(integrity, 2), INTEGRITY_GOOD);
    assert_true(integrity_next(integrity, &at, &wanted));
    assert_int_equal(at, 0);
    assert_false(wanted);
    integrity_release(integrity);
}

static void test_wanting_what_is_known_changes_nothing(void **state)
{
    (void)state;
    struct integrity *integrity = integrity_create(2);
    size_t at;
    bool wanted;
    integrity_set(integrity, 0, INTEGRITY_DAMAGED);
    assert_int_equal(integrity_request(integrity, 0), INTEGRITY_DAMAGED);
    assert_true(integrity_next(integrity, &at, &wanted));
    assert_int_equal(at, 1);
    assert_false(wanted);
    integrity_release(integrity);
}

static void test_no_media_at_all(void **state)
{
    (void)state;
    struct integrity *integrity = integrity_create(0);
    size_t at;
    bool wanted;
    assert_false(integrity_next(integrity, &at, &wanted));
    integrity_release(integrity);
    integrity_release(NULL);
}

static void test_lives_until_the_last_hold_ends(void **state)
{
    (void)state;
    struct integrity *integrity = integrity_create(1);
    struct integrity *other = integrity_hold(integrity);
    integrity_release(integrity);
    integrity_set(other, 0, INTEGRITY_GOOD); /* AddressSanitizer would tell */
    assert_int_equal(integrity_get(other, 0), INTEGRITY_GOOD);
    integrity_release(other);
}

static int wakes;

static void count_wake(void *context)
{
    (*(int *)context)++;
}

/* What was verified is this file, and no other under its name. */
static void test_a_file_that_was_replaced_is_read_again(void **state)
{
    (void)state;
    struct integrity *integrity = integrity_create(2);
    const struct file_stamp good = {.inode = 7, .size = 8, .changed = {.tv_nsec = 1}};
    struct file_stamp now = good;
    size_t at;
    bool wanted;
    wakes = 0;
    integrity_set_wake(integrity, count_wake, &wakes);
    integrity_set(integrity, 0, INTEGRITY_GOOD); /* without a stamp nothing can be compared */
    assert_true(integrity_confirm(integrity, 0, &now));
    assert_false(integrity_stamp(integrity, 0, &now));
    integrity_set_good(integrity, 1, &good);
    assert_true(integrity_stamp(integrity, 1, &now));
    assert_true(integrity_confirm(integrity, 1, &good));
    assert_int_equal(wakes, 0);
    now.changed.tv_nsec++;
    assert_false(integrity_confirm(integrity, 1, &now));
    assert_int_equal(wakes, 1);
    assert_int_equal(integrity_get(integrity, 1), INTEGRITY_UNCHECKED);
    assert_true(integrity_next(integrity, &at, &wanted));
    assert_int_equal(at, 1);
    assert_true(wanted);
    assert_true(
        integrity_confirm(integrity, 1, &now)); /* it is not good: there is nothing to lose */
    integrity_set_good(integrity, 1, &now);
    integrity_set_wake(integrity, NULL, NULL);
    assert_false(integrity_confirm(integrity, 1, &good));
    assert_int_equal(wakes, 1);
    integrity_release(integrity);
}

static void test_a_doubt_is_taken_once(void **state)
{
    (void)state;
    struct integrity *integrity = integrity_create(3);
    size_t at = 99;
    wakes = 0;
    assert_false(integrity_take_doubt(integrity, &at));
    integrity_set_wake(integrity, count_wake, &wakes);
    integrity_doubt(integrity, 2);
    assert_int_equal(wakes, 1);
    assert_true(integrity_take_doubt(integrity, &at));
    assert_int_equal(at, 2);
    assert_false(integrity_take_doubt(integrity, &at));
    integrity_set_wake(integrity, NULL, NULL);
    integrity_doubt(integrity, 0);
    assert_int_equal(wakes, 1);
    integrity_release(integrity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_begin_unchecked_and_are_read_in_order),
        cmocka_unit_test(test_what_is_wanted_comes_first),
        cmocka_unit_test(test_a_file_that_was_replaced_is_read_again),
        cmocka_unit_test(test_wanting_what_is_known_changes_nothing),
        cmocka_unit_test(test_no_media_at_all),
        cmocka_unit_test(test_lives_until_the_last_hold_ends),
        cmocka_unit_test(test_a_doubt_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
