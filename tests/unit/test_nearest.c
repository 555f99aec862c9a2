#include "core/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char *find(const char *typed)
{
    static const char *const words[] = {"window", "rotate", "key", "at", "store", "stare", "to"};
    struct nearest nearest;
    nearest_init(&nearest, typed);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        nearest_consider(&nearest, words[i]);
    return nearest.word;
}

static void one_or_two_slips(void **state)
{
    (void)state;
    assert_string_equal(find("widnow"), "window");  /* swapped */
    assert_string_equal(find("windo"), "window");   /* dropped */
    assert_string_equal(find("windoww"), "window"); /* added */
    assert_string_equal(find("wimdom"), "window");  /* two changed */
    assert_string_equal(find("WINDOW"), "window");
    assert_string_equal(find("kye"), "key");
    assert_null(find("wamdom"));
    assert_null(find("kxx")); /* a short word may have one slip */
    assert_null(find("ta"));  /* a very short one none */
    assert_null(find(""));
}

static void the_nearest_then_the_first(void **state)
{
    (void)state;
    assert_string_equal(find("stara"), "stare"); /* store is two slips away */
    assert_string_equal(find("sture"), "store"); /* one from both */
}

static void long_words_are_not_compared(void **state)
{
    (void)state;
    char typed[4096];
    for (size_t i = 0; i < sizeof typed - 1; i++)
        typed[i] = 'w';
    typed[sizeof typed - 1] = '\0';
    assert_null(find(typed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_or_two_slips),
        cmocka_unit_test(the_nearest_then_the_first),
        cmocka_unit_test(long_words_are_not_compared),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
