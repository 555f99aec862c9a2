#include "base/zone_hint.h"

#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "sample_zones.h"
#include "temp_folder.h"

static void suggests(const char *folder, const char *name, const char *zone)
{
    char words[ZONE_HINT_BYTES], expected[ZONE_HINT_BYTES] = "";
    bool found = zone_hint_find(folder, name, words);
    if (*zone)
        snprintf(expected, sizeof expected, "did you mean %s?", zone);
    if (strcmp(words, expected) != 0 || found != (*zone != '\0'))
        fail_msg("%s: \"%s\" is not \"%s\"", name, words, expected);
}

static void installed_zones(void **state)
{
    (void)state;
    suggests(SAMPLE_ZONES, "asia/seoul", "Asia/Seoul");
    suggests(SAMPLE_ZONES, "ASIA/SEOUL", "Asia/Seoul");
    suggests(SAMPLE_ZONES, "Seoul", "Asia/Seoul");
    suggests(SAMPLE_ZONES, "seoul", "Asia/Seoul");
    suggests(SAMPLE_ZONES, "Korea/Seoul", "Asia/Seoul");
    suggests(SAMPLE_ZONES, "Asia/Soul", "Asia/Seoul");
    suggests(SAMPLE_ZONES, "Sheoul", "Asia/Seoul");
    suggests(SAMPLE_ZONES, "new york", "America/New_York");
    suggests(SAMPLE_ZONES, "NewYork", "America/New_York");
    suggests(SAMPLE_ZONES, "America/New-York", "America/New_York");
    suggests(SAMPLE_ZONES, "Asia/Shangahi", "Asia/Shanghai");
    suggests(SAMPLE_ZONES, "Mars/Olympus", "");
    suggests(SAMPLE_ZONES, "", "");
    suggests(SAMPLE_ZONES, "a", "");
    suggests("/no/such/folder", "Seoul", "");
    suggests("/no/such/folder", "KST", "Asia/Seoul");
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    suggests(SAMPLE_ZONES, longest, "");
}

/* By country, where that has one zone; the tables of the database, whole and damaged. */
static void countries(void **state)
{
    (void)state;
    assert_int_equal(mkdir(temp_folder_path("Atlantic"), 0755), 0);
    temp_folder_write("Atlantic/Reykjavik", "TZif");
    temp_folder_write("iso3166.tab",
                      "# comment\nIS\tIceland\nPT\tPortugal\nX\n\nQQ\nKR\tKorea (South)\nNN");
    temp_folder_write(
        "zone.tab",
        "#x\nIS\t+6409-02151\tAtlantic/Reykjavik\nPT\t+3843-00908\tEurope/Lisbon\tmainland\n"
        "PT\t+3238-01654\tAtlantic/Madeira\nQQ\nQQ\tx\nNN\t+1\tNowhere/Land");
    suggests(temp_folder, "iceland", "Atlantic/Reykjavik");
    suggests(temp_folder, "IS", "Atlantic/Reykjavik");
    suggests(temp_folder, "is", "Atlantic/Reykjavik");
    suggests(temp_folder, "Portugal", ""); /* which of them? */
    suggests(temp_folder, "QQ", "");
    suggests(temp_folder, "X", "");
}

static void what_an_operator_reads(void **state)
{
    (void)state;
    static const struct {
        const char *name, *words;
    } cases[] = {
        {"KST",
         "needs a time zone that is installed here, such as Asia/Seoul, not \"KST\"; did you "
         "mean Asia/Seoul?"},
        {"Mars/Olympus",
         "needs a time zone that is installed here, such as Asia/Seoul, not \"Mars/Olympus\""},
        {"../Seoul", "needs a time zone that is installed here, such as Asia/Seoul, not "
                     "\"../Seoul\"; did you mean Asia/Seoul?"},
        {"South Korea", "needs a time zone that is installed here, such as Asia/Seoul, not \"South "
                        "Korea\"; did you mean Asia/Seoul?"},
    };
    struct err err = {0};
    sample_zones_use();
    assert_true(zone_check("Asia/Seoul", &err));
    assert_true(zone_check("UTC", &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(zone_check(cases[i].name, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_string_equal(err.text, cases[i].words);
    }
    struct zone zone;
    assert_false(zone_load(&zone, "Seoul", &err));
    assert_int_equal(err.code, ERR_MISSING);
    assert_string_equal(
        err.text, "time zone \"Seoul\" is not installed on this machine; did you mean Asia/Seoul?");
    /* A file that is no zone. */
    assert_false(zone_check("right", &err));
    assert_int_equal(err.code, ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(installed_zones),
        cmocka_unit_test_setup_teardown(countries, temp_folder_setup, temp_folder_teardown),
        cmocka_unit_test(what_an_operator_reads),
    };
    return cmocka_run_group_tests_name("zone_hint", tests, NULL, NULL);
}
