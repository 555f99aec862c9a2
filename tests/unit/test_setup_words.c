#include "commands/setup/setup_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static int count_places(const char *text)
{
    int count = 0;
    for (; (text = strstr(text, "%s")); text += 2)
        count++;
    return count;
}

static void every_word_is_there_in_every_language(void **state)
{
    (void)state;
    for (int word = 0; word < SETUP_WORDS; word++) {
        const char *english = setup_word(SETUP_ENGLISH, (enum setup_word)word);
        assert_non_null(english);
        for (const char *at = english; *at; at++) /* for terminals that show nothing else */
            assert_in_range(*at, ' ', '~');
        for (int language = 1; language < SETUP_LANGUAGES; language++) {
            const char *text = setup_word((enum setup_language)language, (enum setup_word)word);
            assert_non_null(text);
            assert_string_not_equal(text, english);
            assert_int_equal(count_places(text), count_places(english));
        }
    }
}

static void places_are_filled_in_order(void **state)
{
    char text[256], small[8];
    (void)state;
    setup_word_fill(SETUP_ENGLISH, SETUP_WINS, "rotate", "a.conf:3", text, sizeof text);
    assert_string_equal(text,
                        "rotate: NOT in force, a.conf:3 wins; change it there, or remove it there");
    setup_word_fill(SETUP_ENGLISH, SETUP_WROTE, "100%s", NULL, text, sizeof text);
    assert_string_equal(text, "written: 100%s");
    setup_word_fill(SETUP_ENGLISH, SETUP_WROTE, "/etc", NULL, small, sizeof small);
    assert_string_equal(small, "written");
}

static void a_language_has_its_words(void **state)
{
    (void)state;
    assert_int_equal(setup_language_of("ko"), SETUP_KOREAN);
    assert_int_equal(setup_language_of("ko-KR"), SETUP_KOREAN);
    assert_int_equal(setup_language_of("zh-Hans"), SETUP_CHINESE);
    assert_int_equal(setup_language_of("ja"), SETUP_ENGLISH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_there_in_every_language),
        cmocka_unit_test(places_are_filled_in_order),
        cmocka_unit_test(a_language_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
