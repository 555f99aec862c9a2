#include "core/language_tag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void registered_tags_are_good(void **state)
{
    (void)state;
    static const char *const tags[] = {"ko",
                                       "KO",
                                       "en",
                                       "zh",
                                       "zh-Hans",
                                       "ZH-hant",
                                       "zh-Hans-CN",
                                       "zh-TW",
                                       "zh-hant-hk",
                                       "en-GB",
                                       "en-US",
                                       "pt-BR",
                                       "es-419",
                                       "sr-Latn-RS",
                                       "sr-Cyrl",
                                       "yue",
                                       "yue-Hant-HK",
                                       "zh-yue",
                                       "zh-cmn-Hans-CN",
                                       "cmn",
                                       "nan",
                                       "fil",
                                       "tlh",
                                       "haw",
                                       "sl-rozaj-biske-1994",
                                       "de-CH-1901",
                                       "de-1996",
                                       "ca-valencia",
                                       "ja-Latn-hepburn",
                                       "en-u-nu-latn",
                                       "ko-KR-x-lobby",
                                       "x-wall",
                                       "de-x-a-b",
                                       "mul",
                                       "und",
                                       "zxx",
                                       "qaa",
                                       "en-Latn-GB-boont-r-extended-x-private",
                                       "kr-NG",
                                       "tw-GH",
                                       "sh",
                                       "se",
                                       "uk",
                                       "ca",
                                       "my"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        char suggestion[LANGUAGE_TAG_BYTES], words[LANGUAGE_TAG_WORDS_BYTES];
        if (language_tag_check(tags[i], suggestion) != LANGUAGE_TAG_GOOD)
            fail_msg("%s is refused; did you mean \"%s\"?", tags[i], suggestion);
        assert_string_equal(suggestion, "");
        assert_false(language_tag_explain(tags[i], words));
        assert_string_equal(words, "");
    }
}

static void others_are_not_and_the_right_one_is_guessed(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        enum language_tag_problem problem;
        const char *suggestion;
    } cases[] = {
        /* Codes of countries. */
        {"kr", LANGUAGE_TAG_OTHER_LANGUAGE, "ko"},
        {"KR", LANGUAGE_TAG_OTHER_LANGUAGE, "ko"},
        {"kr-KR", LANGUAGE_TAG_GOOD, ""}, /* Kanuri as it is spoken there */
        {"cn", LANGUAGE_TAG_NO_LANGUAGE, "zh-Hans"},
        {"jp", LANGUAGE_TAG_NO_LANGUAGE, "ja"},
        {"JP", LANGUAGE_TAG_NO_LANGUAGE, "ja"},
        {"jp-JP", LANGUAGE_TAG_NO_LANGUAGE, "ja-JP"},
        {"tw", LANGUAGE_TAG_OTHER_LANGUAGE, "zh-Hant-TW"},
        {"gb", LANGUAGE_TAG_NO_LANGUAGE, "en-GB"},
        {"us", LANGUAGE_TAG_NO_LANGUAGE, "en-US"},
        {"vn", LANGUAGE_TAG_NO_LANGUAGE, "vi"},
        {"dk", LANGUAGE_TAG_NO_LANGUAGE, "da"},
        {"cz", LANGUAGE_TAG_NO_LANGUAGE, "cs"},
        {"in", LANGUAGE_TAG_NO_LANGUAGE, "id"},
        {"iw", LANGUAGE_TAG_NO_LANGUAGE, "he"},
        /* Names, and codes of three letters. */
        {"korean", LANGUAGE_TAG_NO_LANGUAGE, "ko"},
        {"Korean", LANGUAGE_TAG_NO_LANGUAGE, "ko"},
        {"koraen", LANGUAGE_TAG_NO_LANGUAGE, "ko"},
        {"english", LANGUAGE_TAG_NO_LANGUAGE, "en"},
        {"japanese", LANGUAGE_TAG_NO_LANGUAGE, "ja"},
        {"chinese", LANGUAGE_TAG_NO_LANGUAGE, "zh"},
        {"german", LANGUAGE_TAG_NO_LANGUAGE, "de"},
        {"deutsch", LANGUAGE_TAG_NO_LANGUAGE, "de"},
        {"kor", LANGUAGE_TAG_NO_LANGUAGE, "ko"},
        {"kor-KR", LANGUAGE_TAG_NO_LANGUAGE, "ko-KR"},
        {"jpn", LANGUAGE_TAG_NO_LANGUAGE, "ja"},
        {"chi", LANGUAGE_TAG_NO_LANGUAGE, "zh"},
        {"zho", LANGUAGE_TAG_NO_LANGUAGE, "zh"},
        {"eng", LANGUAGE_TAG_NO_LANGUAGE, "en"},
        {"한국어", LANGUAGE_TAG_NOT_A_TAG, "ko"},
        {"日本語", LANGUAGE_TAG_NOT_A_TAG, "ja"},
        {"中文", LANGUAGE_TAG_NOT_A_TAG, "zh-Hans"},
        {"繁體中文", LANGUAGE_TAG_NOT_A_TAG, "zh-Hant"},
        /* Locales. */
        {"zh_TW", LANGUAGE_TAG_NOT_A_TAG, "zh-Hant"},
        {"zh_HK", LANGUAGE_TAG_NOT_A_TAG, "zh-Hant"},
        {"zh_CN", LANGUAGE_TAG_NOT_A_TAG, "zh-Hans"},
        {"zh_CN.UTF-8", LANGUAGE_TAG_NOT_A_TAG, "zh-Hans"},
        {"zh_Hans", LANGUAGE_TAG_NOT_A_TAG, "zh-Hans"},
        {"ko_KR", LANGUAGE_TAG_NOT_A_TAG, "ko-KR"},
        {"ko_KR.UTF-8", LANGUAGE_TAG_NOT_A_TAG, "ko-KR"},
        {"en_US", LANGUAGE_TAG_NOT_A_TAG, "en-US"},
        {"xx_YY", LANGUAGE_TAG_NOT_A_TAG, ""},
        /* Scripts, regions, variants. */
        {"zh-Hanz", LANGUAGE_TAG_NO_SCRIPT, "zh-Hans"},
        {"zh-Hnat-TW", LANGUAGE_TAG_NO_SCRIPT, "zh-Hant-TW"},
        {"zh-Simp", LANGUAGE_TAG_NO_SCRIPT, ""},
        {"zh-CHS", LANGUAGE_TAG_NO_VARIANT, "zh-Hans"},
        {"zh-CHT", LANGUAGE_TAG_NO_VARIANT, "zh-Hant"},
        {"en-UK", LANGUAGE_TAG_NO_REGION, "en-GB"},
        {"ko-XQ", LANGUAGE_TAG_GOOD, ""}, /* for private use */
        {"ko-QB", LANGUAGE_TAG_NO_REGION, ""},
        {"ko-999", LANGUAGE_TAG_NO_REGION, ""},
        {"de-1997", LANGUAGE_TAG_NO_VARIANT, ""},
        {"zh-TW-Hant", LANGUAGE_TAG_NO_VARIANT, ""},
        /* No tags at all. */
        {"", LANGUAGE_TAG_NOT_A_TAG, ""},
        {"-", LANGUAGE_TAG_NOT_A_TAG, ""},
        {"ko-", LANGUAGE_TAG_NOT_A_TAG, ""},
        {"ko--KR", LANGUAGE_TAG_NOT_A_TAG, ""},
        {"ko-x", LANGUAGE_TAG_NOT_A_TAG, ""},
        {"ko KR", LANGUAGE_TAG_NOT_A_TAG, "ko"},
        {"\"ko\"", LANGUAGE_TAG_NOT_A_TAG, ""},
        {"ninechars", LANGUAGE_TAG_NOT_A_TAG, ""},
        {"x", LANGUAGE_TAG_NO_LANGUAGE, ""},
        {"i-klingon", LANGUAGE_TAG_NO_LANGUAGE, ""},
        {"1", LANGUAGE_TAG_NO_LANGUAGE, ""},
        {"k1", LANGUAGE_TAG_NO_LANGUAGE, ""},
        {"ko1", LANGUAGE_TAG_NO_LANGUAGE, ""},
        {"zzz", LANGUAGE_TAG_NO_LANGUAGE, ""},
        {"zz", LANGUAGE_TAG_NO_LANGUAGE, ""},
        {"xx", LANGUAGE_TAG_NO_LANGUAGE, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char suggestion[LANGUAGE_TAG_BYTES], words[LANGUAGE_TAG_WORDS_BYTES];
        enum language_tag_problem problem = language_tag_check(cases[i].tag, suggestion);
        if (problem != cases[i].problem || strcmp(suggestion, cases[i].suggestion) != 0)
            fail_msg("%s: problem %d, \"%s\"", cases[i].tag, (int)problem, suggestion);
        assert_int_equal(language_tag_explain(cases[i].tag, words), problem != LANGUAGE_TAG_GOOD);
        assert_true(!suggestion[0] || strstr(words, suggestion));
        /* What is suggested is good itself. */
        char more[LANGUAGE_TAG_BYTES];
        if (suggestion[0])
            assert_int_equal(language_tag_check(suggestion, more), LANGUAGE_TAG_GOOD);
    }
}

static void words_say_what_to_do(void **state)
{
    (void)state;
    char words[LANGUAGE_TAG_WORDS_BYTES];
    assert_true(language_tag_explain("korean", words));
    assert_string_equal(words, "is not a language of BCP 47; did you mean \"ko\"?");
    assert_true(language_tag_explain("kr", words));
    assert_string_equal(words,
                        "is the language Kanuri; did you mean \"ko\"? For Kanuri write \"kr-NG\"");
    assert_true(language_tag_explain("zh_TW", words));
    assert_string_equal(
        words, "is not a language tag, such as \"ko\" or \"zh-Hans\"; did you mean \"zh-Hant\"?");
}

static void long_texts_are_refused(void **state)
{
    (void)state;
    char tag[400], suggestion[LANGUAGE_TAG_BYTES];
    for (size_t i = 0; i + 1 < sizeof tag; i++)
        tag[i] = "ko-x-abc"[i % 8];
    tag[sizeof tag - 1] = '\0';
    assert_int_equal(language_tag_check(tag, suggestion), LANGUAGE_TAG_NOT_A_TAG);
    assert_string_equal(suggestion, "");
    memset(tag, 'k', sizeof tag - 1);
    assert_int_equal(language_tag_check(tag, suggestion), LANGUAGE_TAG_NOT_A_TAG);
    tag[LANGUAGE_TAG_BYTES] = '\0';
    assert_int_equal(language_tag_check(tag, suggestion), LANGUAGE_TAG_NOT_A_TAG);
}

static void chinese_regions_stand_for_scripts(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"zh-TW", "zh-Hant-TW"},
        {"zh-hk", "zh-Hant-hk"},
        {"ZH-MO", "zh-Hant-MO"},
        {"zh-CN", "zh-Hans-CN"},
        {"zh-SG", "zh-Hans-SG"},
        {"zh-MY", "zh-MY"},
        {"zh", "zh"},
        {"zh-Hant", "zh-Hant"},
        {"zh-Hant-TW", "zh-Hant-TW"},
        {"zh-TW-x-a", "zh-TW-x-a"},
        {"ko-KR", "ko-KR"},
        {"z", "z"},
        {"", ""},
        {"zha-TW", "zha-TW"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[LANGUAGE_TAG_BYTES];
        language_tag_add_script(pairs[i][0], out);
        assert_string_equal(out, pairs[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registered_tags_are_good),
        cmocka_unit_test(others_are_not_and_the_right_one_is_guessed),
        cmocka_unit_test(words_say_what_to_do),
        cmocka_unit_test(long_texts_are_refused),
        cmocka_unit_test(chinese_regions_stand_for_scripts),
    };
    return cmocka_run_group_tests_name("language_tag", tests, NULL, NULL);
}
