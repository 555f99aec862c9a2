#include "playlist/site_pointer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define REST "file=duckling.conf bytes=120 signed=2026-11-23T09:00:00Z expires=2026-12-23T09:00:00Z"
#define SIGNED_MS INT64_C(1795424400000)
#define EXPIRES_MS INT64_C(1798016400000)

static struct err err;

static struct site_pointer parsed(const char *text)
{
    struct site_pointer pointer;
    if (!site_pointer_parse(text, &pointer, &err))
        fail_msg("%s: %s", err.text, text);
    return pointer;
}

static void it_is_for_a_player_or_for_a_site(void **state)
{
    (void)state;
    struct site_pointer pointer = parsed("player=lobby-3 version=7 " REST);
    assert_false(pointer.is_site);
    assert_string_equal(pointer.name, "lobby-3");
    assert_int_equal(pointer.version, 7);
    assert_int_equal(pointer.bytes, 120);
    assert_int_equal(pointer.signed_ms, SIGNED_MS);
    assert_int_equal(pointer.expires_ms, EXPIRES_MS);
    pointer = parsed("x-site=a version=8 " REST " site=mall x-note=b");
    assert_true(pointer.is_site);
    assert_string_equal(pointer.name, "mall");
}

static void all_else_is_refused(void **state)
{
    static const char *const texts[][2] = {
        {"version=7 " REST, "player is missing"},
        {"player=a site=b version=7 " REST, "unknown field"},
        {"player=a player=a version=7 " REST, "player is given twice"},
        {"channel=a version=7 " REST, "unknown field"},
        {"player=A version=7 " REST, "player is not a valid name"},
        {"site=../a version=7 " REST, "site is not a valid name"},
        {"player=a version=0 " REST, "version is not a positive whole number"},
        {"player=a version=1000000000000 " REST, "version is more than"},
        {"player=a version=7 file=x.conf bytes=1 signed=2026-11-23T09:00:00Z "
         "expires=2026-12-23T09:00:00Z",
         "file is not duckling.conf"},
        {"player=a version=7 file=duckling.conf bytes=65537 signed=2026-11-23T09:00:00Z "
         "expires=2026-12-23T09:00:00Z",
         "bytes is more than 65536"},
        {"player=a version=7 file=duckling.conf bytes=1 signed=2026-11-23T09:00:00Z "
         "expires=2026-10-23T09:00:00Z",
         "expires is before signed"},
        {"player=a version=7 file=duckling.conf bytes=1 signed=2026-11-23T09:00:00 "
         "expires=2026-12-23T09:00:00Z",
         "signed is not a time with an offset"},
        {"", "not a list"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct site_pointer pointer, before;
        memset(&pointer, 0x5a, sizeof pointer);
        before = pointer;
        err = (struct err){0};
        assert_false(site_pointer_parse(texts[i][0], &pointer, &err));
        if (!strstr(err.text, texts[i][1]) || strncmp(err.text, "pointer: ", 9) != 0)
            fail_msg("\"%s\" for: %s", err.text, texts[i][0]);
        assert_memory_equal(&pointer, &before, sizeof pointer);
    }
}

static void it_obeys_the_rules_of_pointers(void **state)
{
    static const struct {
        const char *player, *site;
        int64_t highest, now_ms;
        bool trusted;
        enum pointer_verdict wanted;
    } cases[] = {
        {"lobby-3", "", 0, SIGNED_MS, true, POINTER_NEW},
        {"lobby-3", "", 6, SIGNED_MS, true, POINTER_NEW},
        {"lobby-3", "", 7, EXPIRES_MS, true, POINTER_SAME},
        {"lobby-3", "", 8, SIGNED_MS, true, POINTER_ROLLBACK},
        {"lobby-4", "lobby-3", 0, SIGNED_MS, true, POINTER_WRONG_CHANNEL},
        {"", "", 0, SIGNED_MS, true, POINTER_WRONG_CHANNEL},
        {"lobby-3", "", 0, EXPIRES_MS, true, POINTER_EXPIRED},
        {"lobby-3", "", 6, EXPIRES_MS, true, POINTER_EXPIRED},
        {"lobby-3", "", 6, EXPIRES_MS - 1, true, POINTER_NEW},
        {"lobby-3", "", 0, SIGNED_MS - POINTER_FUTURE_MS - 1, true, POINTER_FUTURE},
        {"lobby-3", "", 0, SIGNED_MS - POINTER_FUTURE_MS - 1, false, POINTER_NEW},
    };
    (void)state;
    const struct site_pointer pointer = parsed("player=lobby-3 version=7 " REST);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct site_pointer_rules rules = {
            .player = cases[i].player,
            .site = cases[i].site,
            .highest_version = cases[i].highest,
            .now_ms = cases[i].now_ms,
            .clock_trusted = cases[i].trusted,
        };
        assert_int_equal(site_pointer_judge(&pointer, &rules), cases[i].wanted);
    }
    const struct site_pointer site = parsed("site=mall version=7 " REST);
    const struct site_pointer_rules rules = {
        .player = "lobby-3", .site = "mall", .now_ms = SIGNED_MS, .clock_trusted = true};
    assert_int_equal(site_pointer_judge(&site, &rules), POINTER_NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_for_a_player_or_for_a_site),
        cmocka_unit_test(all_else_is_refused),
        cmocka_unit_test(it_obeys_the_rules_of_pointers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
