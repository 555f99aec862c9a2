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
