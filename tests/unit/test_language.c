#include "base/language.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void check(const char *asked, const char *expected)
{
    char tag[LANGUAGE_BYTES];
    language_choose(asked, tag);
    assert_string_equal(tag, expected);
}

static void check_system(const char *all, const char *messages, const char *lang,
                         const char *expected)
{
    const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *const values[] = {all, messages, lang};
    for (int i = 0; i < 3; i++) {
        unsetenv(names[i]);
        if (values[i])
            setenv(names[i], values[i], 1);
    }
    check(NULL, expected);
}

static void tags_stay_as_they_are(void **state)
{
    (void)state;
    check("ko", "ko");
    check("en-GB", "en-GB");
    check("zh-Hans", "zh-Hans");
    check("zh-Hans-CN", "zh-Hans-CN");
    check("zh-Hant-HK", "zh-Hant-HK");
}

static void chinese_gets_the_script_of_its_region(void **state)
{
    (void)state;
    check("zh", "zh-Hans");
    check("zh-CN", "zh-Hans-CN");
    check("ZH-cn", "zh-Hans-cn");
    check("zh-SG", "zh-Hans-SG");
    check("zh-TW", "zh-Hant-TW");
    check("zh-HK", "zh-Hant-HK");
    check("zh-MO", "zh-Hant-MO");
    check("zha", "zha"); /* Zhuang is another language */
}

static void locales_are_understood(void **state)
{
    (void)state;
    check("ko_KR.UTF-8", "ko-KR");
    check("zh_CN.GB18030", "zh-Hans-CN");
    check("zh_TW.UTF-8@radical", "zh-Hant-TW");
    check("de_DE@euro", "de-DE");
    check("C", "en");
    check("C.UTF-8", "en");
    check("POSIX", "en");
    check("", "en");
}

static void the_systems_locale_in_its_order(void **state)
{
    (void)state;
    check_system("ko_KR.UTF-8", "ja_JP", "de_DE", "ko-KR");
    check_system(NULL, "ja_JP", "de_DE", "ja-JP");
    check_system("", "", "zh_CN.UTF-8", "zh-Hans-CN");
    check_system(NULL, NULL, "C.UTF-8", "en");
    check_system(NULL, NULL, NULL, "en");
}

static void a_very_long_tag_is_cut(void **state)
{
    (void)state;
    char asked[500], tag[LANGUAGE_BYTES];
    memset(asked, 'x', sizeof asked - 1);
    asked[sizeof asked - 1] = '\0';
    language_choose(asked, tag);
    assert_int_equal(strlen(tag), LANGUAGE_BYTES - 1);
}

static void checks(const char *asked, const char *words)
{
    struct err err = {0};
    bool ok = language_check(asked, &err);
    assert_int_equal(ok, words == NULL);
    assert_string_equal(err.text, words ? words : "");
}

static void what_names_no_language_is_refused(void **state)
{
    (void)state;
    checks("ko", NULL);
    checks("ko_KR.UTF-8", NULL);
    checks("zh_TW", NULL);
    checks("C", NULL);
    checks("korean",
           "needs a language tag such as ko or zh-Hans, not \"korean\"; did you mean ko?");
    checks("jp", "needs a language tag such as ko or zh-Hans, not \"jp\"; did you mean ja?");
    checks("\"ko\"", "needs a language tag such as ko or zh-Hans, not \"\"ko\"\"");
    checks("xx", "needs a language tag such as ko or zh-Hans, not \"xx\"");
    checks("kr", "is \"kr\", which is the language Kanuri; did you mean \"ko\"? For Kanuri write "
                 "\"kr-NG\"");
    char asked[500];
    memset(asked, 'x', sizeof asked - 1);
    asked[sizeof asked - 1] = '\0';
    assert_false(language_check(asked, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_stay_as_they_are),
        cmocka_unit_test(chinese_gets_the_script_of_its_region),
        cmocka_unit_test(locales_are_understood),
        cmocka_unit_test(the_systems_locale_in_its_order),
        cmocka_unit_test(a_very_long_tag_is_cut),
        cmocka_unit_test(what_names_no_language_is_refused),
    };
    return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
