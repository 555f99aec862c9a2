#include "core/zone_alias.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void suggests(const char *text, const char *zone)
{
    char words[ZONE_ALIAS_BYTES], expected[ZONE_ALIAS_BYTES] = "";
    bool found = zone_alias_suggest(text, words);
    if (*zone)
        snprintf(expected, sizeof expected, "did you mean %s?", zone);
    if (strcmp(words, expected) != 0 || found != (*zone != '\0'))
        fail_msg("%s: \"%s\" is not \"%s\"", text, words, expected);
}

static void names(void **state)
{
    (void)state;
    suggests("KST", "Asia/Seoul");
    suggests("kst", "Asia/Seoul");
    suggests("CST", "Asia/Shanghai or America/Chicago");
    suggests("JST", "Asia/Tokyo");
    suggests("Beijing", "Asia/Shanghai");
    suggests("Asia/Beijing", "Asia/Shanghai");
    suggests("China/Beijing", "Asia/Shanghai");
    suggests("South Korea", "Asia/Seoul");
    suggests("south_korea", "Asia/Seoul");
    suggests("South-Korea", "Asia/Seoul");
    suggests("서울", "Asia/Seoul");
    suggests("Asia/Busan", "Asia/Seoul");
    suggests("US/Eastern", "America/New_York");
    suggests("Mars/Olympus", "");
    suggests("Asia/", "");
    suggests("/", "");
    suggests("", "");
}

static void offsets(void **state)
{
    (void)state;
    static const char *const nine[] = {"UTC+9", "utc+9",  "GMT+9", "UTC+09", "UTC+09:00",
                                       "+9",    "+09:00", "+0900", "UTC +9", "UTC+ 9"};
    for (size_t i = 0; i < sizeof nine / sizeof *nine; i++)
        suggests(nine[i], "Asia/Seoul");
    suggests("UTC+8", "Asia/Shanghai");
    suggests("GMT+5:30", "Asia/Kolkata");
    suggests("+0530", "Asia/Kolkata");
    suggests("UTC-0", "UTC");
    /* No such offset, or none that has a name. */
    suggests("UTC+15", "");
    suggests("UTC+9:7", "");
    suggests("UTC+9:-0", "");
    suggests("UTC+9:ab", "");
    suggests("UTC+9:75", "");
    suggests("UTC+1:30", "");
    suggests("UTC+", "");
    suggests("UTC+12345", "");
    suggests("UTC+9x", "");
    suggests("UTC-13", "");
    suggests("GMT-14:00", "");
    char words[ZONE_ALIAS_BYTES];
    assert_true(zone_alias_suggest("UTC-5", words));
    assert_string_equal(words, "did you mean Etc/GMT+5? There the sign is the other way round");
    assert_true(zone_alias_suggest("UTC+2", words));
    assert_string_equal(words, "did you mean Etc/GMT-2? There the sign is the other way round");
    /* The zones that there are at the ends: Etc/GMT-14 to Etc/GMT+12. */
    assert_true(zone_alias_suggest("UTC+14", words));
    assert_string_equal(words, "did you mean Etc/GMT-14? There the sign is the other way round");
    assert_true(zone_alias_suggest("UTC-12", words));
    assert_string_equal(words, "did you mean Etc/GMT+12? There the sign is the other way round");
}

static void signs_that_are_the_other_way_round(void **state)
{
    (void)state;
    char words[ZONE_ALIAS_BYTES];
    assert_true(zone_alias_is_inverted("Etc/GMT+9", words));
    assert_string_equal(words, "is 9 hours behind UTC");
    assert_true(zone_alias_is_inverted("Etc/GMT-1", words));
    assert_string_equal(words, "is 1 hour ahead of UTC");
    assert_true(zone_alias_is_inverted("Etc/GMT+12", words));
    assert_true(zone_alias_is_inverted("Etc/GMT-14", words));
    assert_false(zone_alias_is_inverted("Etc/GMT+13", words));
    assert_false(zone_alias_is_inverted("Etc/GMT-15", words));
    assert_false(zone_alias_is_inverted("Etc/GMT", words));
    assert_false(zone_alias_is_inverted("Etc/GMT+0", words));
    assert_false(zone_alias_is_inverted("Etc/UTC", words));
    assert_false(zone_alias_is_inverted("Asia/Seoul", words));
    assert_string_equal(words, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(offsets),
        cmocka_unit_test(signs_that_are_the_other_way_round),
    };
    return cmocka_run_group_tests_name("zone_alias", tests, NULL, NULL);
}
