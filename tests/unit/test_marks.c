/* The marks of an edition's media: what to read next, who waits for what. */
#include "sync/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_all_begin_unchecked_and_are_read_in_order(void **state)
{
    (void)state;
    struct marks *marks = marks_create(3);
    assert_int_equal(marks_count(marks), 3);
    for (size_t i = 0; i < 3; i++) {
        size_t at = 99;
        bool wanted = true;
        assert_int_equal(marks_get(marks, i), MARKS_UNCHECKED);
        assert_true(marks_next(marks, &at, &wanted));
        assert_int_equal(at, i);
        assert_false(wanted);
        marks_set(marks, i, i == 1 ? MARKS_DAMAGED : MARKS_GOOD);
    }
    size_t at;
    bool wanted;
    assert_false(marks_next(marks, &at, &wanted));
    assert_int_equal(marks_get(marks, 0), MARKS_GOOD);
    assert_int_equal(marks_get(marks, 1), MARKS_DAMAGED);
    marks_release(marks);
}

static void test_what_is_wanted_comes_first(void **state)
{
    (void)state;
    struct marks *marks = marks_create(4);
    size_t at;
    bool wanted;
    assert_int_equal(marks_want(marks, 2), MARKS_UNCHECKED);
    assert_true(marks_next(marks, &at, &wanted));
    assert_int_equal(at, 2);
    assert_true(wanted);
    marks_set(marks, 2, MARKS_GOOD);
    assert_int_equal(marks_want(marks, 2), MARKS_GOOD);
    assert_true(marks_next(marks, &at, &wanted));
    assert_int_equal(at, 0);
    assert_false(wanted);
    marks_release(marks);
}

static void test_wanting_what_is_known_changes_nothing(void **state)
{
    (void)state;
    struct marks *marks = marks_create(2);
    size_t at;
    bool wanted;
    marks_set(marks, 0, MARKS_DAMAGED);
    assert_int_equal(marks_want(marks, 0), MARKS_DAMAGED);
    assert_true(marks_next(marks, &at, &wanted));
    assert_int_equal(at, 1);
    assert_false(wanted);
    marks_release(marks);
}

static void test_no_media_at_all(void **state)
{
    (void)state;
    struct marks *marks = marks_create(0);
    size_t at;
    bool wanted;
    assert_false(marks_next(marks, &at, &wanted));
    marks_release(marks);
    marks_release(NULL);
}

static void test_lives_until_the_last_hold_ends(void **state)
{
    (void)state;
    struct marks *marks = marks_create(1);
    struct marks *other = marks_hold(marks);
    marks_release(marks);
    marks_set(other, 0, MARKS_GOOD); /* AddressSanitizer would tell */
    assert_int_equal(marks_get(other, 0), MARKS_GOOD);
    marks_release(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_begin_unchecked_and_are_read_in_order),
        cmocka_unit_test(test_what_is_wanted_comes_first),
        cmocka_unit_test(test_wanting_what_is_known_changes_nothing),
        cmocka_unit_test(test_no_media_at_all),
        cmocka_unit_test(test_lives_until_the_last_hold_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
