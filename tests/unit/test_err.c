#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

static void sets_code_and_words(void **state)
{
    (void)state;
    struct err err = {0};
    assert_false(err_set(&err, ERR_LIMIT, "%d of %s", 3, "ducklings"));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "3 of ducklings");
    assert_false(err_set(&err, ERR_INPUT, "other"));
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.text, "other");
}

static void adds_the_systems_words(void **state)
{
    (void)state;
    struct err err = {0};
    errno = EPERM; /* not this one */
    assert_false(err_set_errno(&err, ERR_DISK, ENOSPC, "writing %s", "x"));
    assert_int_equal(err.code, ERR_DISK);
    assert_string_equal(err.text, "writing x: No space left on device");
    err_set_errno(&err, ERR_SYSTEM, 99999, "y");
    assert_string_equal(err.text, "y: unknown error 99999");
    /* A programmer's words are replaced; those that people search for stay. */
    err_set_errno(&err, ERR_SYSTEM, EINVAL, "y");
    assert_string_equal(err.text, "y: the system does not accept it");
    err_set_errno(&err, ERR_SYSTEM, ESTALE, "y");
    assert_string_equal(err.text, "y: the network share has gone (Stale file handle)");
}

static void puts_context_before(void **state)
{
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_MISSING, "no such file");
    assert_false(err_prefix(&err, "%s: ", "a.jpg"));
    assert_false(err_prefix(&err, "opening spot \"%s\": ", "%s%n"));
    assert_int_equal(err.code, ERR_MISSING);
    assert_string_equal(err.text, "opening spot \"%s%n\": a.jpg: no such file");
}

static void lack_of_memory_has_one_text(void **state)
{
    (void)state;
    struct err err = {0};
    assert_false(err_oom(&err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_string_equal(err.text, "out of memory");
    assert_false(err_oom(NULL));
}

static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    struct err err = {0};
    char text[2 * ERR_TEXT_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&err, ERR_INPUT, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    err_set_errno(&err, ERR_INPUT, ENOENT, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    err_set(&err, ERR_INPUT, "short");
    err_prefix(&err, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    /* A full text stays full of its beginning when context comes before it. */
    err_set(&err, ERR_INPUT, "%s", text);
    err_prefix(&err, "here: ");
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    assert_memory_equal(err.text, "here: xxx", 9);
}

static void who_does_not_care_passes_null(void **state)
{
    (void)state;
    assert_false(err_set(NULL, ERR_INPUT, "x"));
    assert_false(err_set_errno(NULL, ERR_INPUT, ENOENT, "x"));
    assert_false(err_prefix(NULL, "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_code_and_words),
        cmocka_unit_test(adds_the_systems_words),
        cmocka_unit_test(puts_context_before),
        cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(lack_of_memory_has_one_text),
        cmocka_unit_test(who_does_not_care_passes_null),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
