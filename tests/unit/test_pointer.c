#include "playlist/pointer.h"

#include "playlist/playlist.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TIMES "signed=2026-11-23T09:00:00Z expires=2026-12-23T09:00:00Z"
#define GOOD "channel=seoul version=43 file=p-43.json bytes=5321 " TIMES
#define SIGNED_MS INT64_C(1795424400000)
#define EXPIRES_MS INT64_C(1798016400000)

static struct err err;

static void assert_refused(const char *text, enum err_code code, const char *words)
{
    struct pointer pointer, before;
    memset(&pointer, 0x5a, sizeof pointer);
    memcpy(&before, &pointer, sizeof before);
    /* On the heap, exactly as long: a reader beyond the end is caught there. */
    char *copy = strdup(text);
    assert_non_null(copy);
    err = (struct err){0};
    if (pointer_parse(copy, &pointer, &err))
        fail_msg("accepted: %s", text);
    assert_false(pointer_parse(copy, &pointer, NULL));
    free(copy);
    if (err.code != code || strncmp(err.text, "pointer: ", 9) != 0 || !strstr(err.text, words))
        fail_msg("\"%s\" for: %s", err.text, text);
    assert_memory_equal(&pointer, &before, sizeof pointer);
}

static struct pointer parsed(const char *text)
{
    struct pointer pointer;
    if (!pointer_parse(text, &pointer, &err))
        fail_msg("%s: %s", err.text, text);
    return pointer;
}

static void assert_same(const struct pointer *found, const struct pointer *wanted)
{
    assert_string_equal(found->channel, wanted->channel);
    assert_int_equal(found->kind, wanted->kind);
    assert_int_equal(found->version, wanted->version);
    assert_int_equal(found->bytes, wanted->bytes);
    assert_int_equal(found->signed_ms, wanted->signed_ms);
    assert_int_equal(found->expires_ms, wanted->expires_ms);
}

static void reads_all_fields(void **state)
{
    (void)state;
    struct pointer pointer = parsed(GOOD);
    assert_int_equal(pointer.kind, POINTER_PLAYLIST);
    assert_string_equal(pointer.channel, "seoul");
    assert_int_equal(pointer.version, 43);
    assert_int_equal(pointer.bytes, 5321);
    assert_int_equal(pointer.signed_ms, SIGNED_MS);
    assert_int_equal(pointer.expires_ms, EXPIRES_MS);
    pointer = parsed("channel=seoul version=7 file=t-7.json bytes=1 " TIMES);
    assert_int_equal(pointer.kind, POINTER_TAKEOVER);
}

/* All 720 of them. */
static void any_order_is_right(void **state)
{
    (void)state;
    static const char *const fields[] = {"channel=seoul",
                                         "version=43",
                                         "file=p-43.json",
                                         "bytes=5321",
                                         "signed=2026-11-23T09:00:00Z",
                                         "expires=2026-12-23T09:00:00Z"};
    struct pointer wanted = parsed(GOOD);
    for (unsigned order = 0; order < 720; order++) {
        char text[POINTER_TEXT_BYTES] = "";
        bool used[6] = {0};
        unsigned rest = order;
        for (unsigned left = 6; left > 0; left--) {
            unsigned skip = rest % left, i = 0;
            rest /= left;
            while (used[i] || skip-- > 0)
                i++;
            used[i] = true;
            size_t length = strlen(text);
            snprintf(text + length, sizeof text - length, "%s%s", length ? " " : "", fields[i]);
        }
        struct pointer found = parsed(text);
        assert_same(&found, &wanted);
    }
}

static void every_field_is_needed_once(void **state)
{
    (void)state;
    static const char *const names[] = {"channel", "version", "file", "bytes", "signed", "expires"};
    for (size_t i = 0; i < 6; i++) {
        char text[POINTER_TEXT_BYTES] = GOOD, words[64];
        char *field = strstr(text, names[i]), *after = strchr(field, ' ');
        char copy[64];
        snprintf(copy, sizeof copy, "%.*s", after ? (int)(after - field) : 60, field);
        if (after)
            memmove(field, after + 1, strlen(after));
        else
            field[-1] = '\0';
        snprintf(words, sizeof words, "%s is missing", names[i]);
        assert_refused(text, ERR_INPUT, words);
        snprintf(text, sizeof text, "%s %s", GOOD, copy);
        snprintf(words, sizeof words, "%s is given twice", names[i]);
        assert_refused(text, ERR_INPUT, words);
        snprintf(text, sizeof text, "%s %s=", GOOD, names[i]);
        assert_refused(text, ERR_INPUT, words);
    }
}

static void fields_for_later_players_are_ignored(void **state)
{
    (void)state;
    static const char *const texts[] = {
        GOOD " x-later=1",
        "x-later=1 " GOOD,
        "channel=seoul x-channel=busan version=43 x-version=44 file=p-43.json bytes=5321 " TIMES,
        GOOD " x-later=1 x-later=2 x-later=1",
        GOOD " x-=",
        GOOD " x-later=a=b,../c;\xec\x84\x9c",
        GOOD " x-X9.=channel=busan",
    };
    struct pointer wanted = parsed(GOOD);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pointer found = parsed(texts[i]);
        assert_same(&found, &wanted);
    }
}

#define CHANNEL(x) "channel=" x " version=43 file=p-43.json bytes=5321 " TIMES
#define VERSION(x) "channel=seoul version=" x " file=p-" x ".json bytes=5321 " TIMES
#define FILE_NAME(x) "channel=seoul version=43 file=" x " bytes=5321 " TIMES
#define BYTES(x) "channel=seoul version=43 file=p-43.json bytes=" x " " TIMES
#define SIGNED(x)                                                                                  \
    "channel=seoul version=43 file=p-43.json bytes=5321 signed=" x " expires=2026-12-23T09:00:00Z"
#define EXPIRES(x)                                                                                 \
    "channel=seoul version=43 file=p-43.json bytes=5321 signed=2026-11-23T09:00:00Z expires=" x
#define LETTERS_32 "abcdefghijklmnopqrstuvwxyz012345"

static const struct {
    const char *text;
    const char *words;
    bool limit;
} hostile[] = {
    /* form */
    {"", "name=value", false},
    {" ", "name=value", false},
    {"=", "unknown field", false},
    {"timestamp:1795424943\tfile:p-43.json\tprehashed", "name=value", false},
    {" " GOOD, "name=value", false},
    {GOOD " ", "name=value", false},
    {GOOD "  ", "name=value", false},
    {GOOD "\n", "expires", false},
    {GOOD "\t", "expires", false},
    {GOOD "\r", "expires", false},
    {GOOD " extra", "name=value", false},
    {GOOD " extra=1", "unknown field", false},
    {GOOD " =1", "unknown field", false},
    {GOOD " Channel=seoul", "unknown field", false},
    {GOOD " X-later=1", "unknown field", false},
    {GOOD " x=1", "unknown field", false},
    {GOOD " x_later=1", "unknown field", false},
    {GOOD " from-x-=1", "unknown field", false},
    {GOOD " x-later", "name=value", false},
    {GOOD " x-later=1 ", "name=value", false},
    {GOOD " x-later=two words", "name=value", false},
    {"x-channel=seoul version=43 file=p-43.json bytes=5321 " TIMES, "channel is missing", false},
    {GOOD " chann=seoul", "unknown field", false},
    {GOOD " channels=seoul", "unknown field", false},
    {"channel=seoul  version=43 file=p-43.json bytes=5321 " TIMES, "name=value", false},
    {"channel=seoul\tversion=43 file=p-43.json bytes=5321 " TIMES, "version is missing", false},
    {"channel=seoul,version=43,file=p-43.json,bytes=5321", "version is missing", false},
    {"channel = seoul version=43 file=p-43.json bytes=5321 " TIMES, "name=value", false},
    {"{\"channel\":\"seoul\"}", "name=value", false},
    /* channel */
    {CHANNEL(""), "channel is not", false},
    {CHANNEL("."), "channel is not", false},
    {CHANNEL(".."), "channel is not", false},
    {CHANNEL("../seoul"), "channel is not", false},
    {CHANNEL("seoul/.."), "channel is not", false},
    {CHANNEL("/seoul"), "channel is not", false},
    {CHANNEL("a/b"), "channel is not", false},
    {CHANNEL("a\\b"), "channel is not", false},
    {CHANNEL(".hidden"), "channel is not", false},
    {CHANNEL("-rf"), "channel is not", false},
    {CHANNEL("_x"), "channel is not", false},
    {CHANNEL("Seoul"), "channel is not", false},
    {CHANNEL("seoul%2f.."), "channel is not", false},
    {CHANNEL("seoul="), "channel is not", false},
    {CHANNEL("seoul\xc2\xa0"), "channel is not", false},
    {CHANNEL("\xec\x84\x9c\xec\x9a\xb8"), "channel is not", false},
    {CHANNEL("seoul\x01"), "channel is not", false},
    {CHANNEL(LETTERS_32 LETTERS_32 "x"), "channel is not", false},
    /* version */
    {VERSION(""), "version is not", false},
    {VERSION("0"), "version is not", false},
    {VERSION("-1"), "version is not", false},
    {VERSION("+43"), "version is not", false},
    {VERSION("043"), "version is not", false},
    {VERSION("00"), "version is not", false},
    {VERSION("4.3"), "version is not", false},
    {VERSION("4e1"), "version is not", false},
    {VERSION("0x2b"), "version is not", false},
    {VERSION("43\xc2\xb2"), "version is not", false},
    {VERSION("\xd9\xa4\xd9\xa3"), "version is not", false},
    {VERSION("4,300"), "version is not", false},
    {VERSION("nan"), "version is not", false},
    {VERSION("1000000000000"), "version is more", true},
    {VERSION("2147483648000"), "version is more", true},
    {VERSION("9223372036854775807"), "version is more", true},
    {VERSION("9223372036854775808"), "version is more", true},
    {VERSION("18446744073709551615"), "version is more", true},
    {VERSION("18446744073709551659"), "version is more", true}, /* 43, modulo 2^64 */
    {VERSION("340282366920938463463374607431768211499"), "version is more", true},
    {VERSION("99999999999999999999999999999999999999999999999999999"), "version is more", true},
    /* file */
    {FILE_NAME(""), "file is not", false},
    {FILE_NAME("p-42.json"), "file is not", false},
    {FILE_NAME("p-430.json"), "file is not", false},
    {FILE_NAME("p-043.json"), "file is not", false},
    {FILE_NAME("P-43.json"), "file is not", false},
    {FILE_NAME("p-43.JSON"), "file is not", false},
    {FILE_NAME("p-43.json.exe"), "file is not", false},
    {FILE_NAME("x-43.json"), "file is not", false},
    {FILE_NAME("p43.json"), "file is not", false},
    {FILE_NAME("./p-43.json"), "file is not", false},
    {FILE_NAME("../p-43.json"), "file is not", false},
    {FILE_NAME("../../etc/passwd"), "file is not", false},
    {FILE_NAME("/etc/passwd"), "file is not", false},
    {FILE_NAME("..\\p-43.json"), "file is not", false},
    {FILE_NAME("busan/p-43.json"), "file is not", false},
    {FILE_NAME("p-43.json?x"), "file is not", false},
    {FILE_NAME("p-43.json#x"), "file is not", false},
    {FILE_NAME("p-43%2ejson"), "file is not", false},
    {FILE_NAME("http://h/p-43.json"), "file is not", false},
    {FILE_NAME("file:///etc/passwd"), "file is not", false},
    {FILE_NAME("//h/p-43.json"), "file is not", false},
    {FILE_NAME("latest.minisig"), "file is not", false},
    /* bytes */
    {BYTES(""), "bytes is not", false},
    {BYTES("0"), "bytes is not", false},
    {BYTES("-5321"), "bytes is not", false},
    {BYTES("05321"), "bytes is not", false},
    {BYTES("5321.0"), "bytes is not", false},
    {BYTES("5k"), "bytes is not", false},
    {BYTES("1048577"), "bytes is more", true},
    {BYTES("9223372036854775807"), "bytes is more", true},
    {BYTES("18446744073709556937"), "bytes is more", true}, /* 5321, modulo 2^64 */
    /* times */
    {SIGNED(""), "signed is not", false},
    {SIGNED("1795424943"), "signed is not", false},
    {SIGNED("2026-11-23"), "signed is not", false},
    {SIGNED("2026-11-23T09:00:00"), "signed is not", false},
    {SIGNED("2026-11-23T09:00Z"), "signed is not", false},
    {SIGNED("2026-11-23T09:00+09:00"), "signed is not", false},
    {SIGNED("20261123T090000Z"), "signed is not", false},
    {SIGNED("2026-11-23T24:00:00Z"), "signed is not", false},
    {SIGNED("2026-11-23T23:59:60Z"), "signed is not", false},
    {SIGNED("2026-11-31T09:00:00Z"), "signed is not", false},
    {SIGNED("2026-02-29T09:00:00Z"), "signed is not", false},
    {SIGNED("2026-13-01T09:00:00Z"), "signed is not", false},
    {SIGNED("0000-11-23T09:00:00Z"), "signed is not", false},
    {SIGNED("-2026-11-23T09:00:00Z"), "signed is not", false},
    {SIGNED("12026-11-23T09:00:00Z"), "signed is not", false},
    {SIGNED("2026-11-23T09:00:00.Z"), "signed is not", false},
    {SIGNED("2026-11-23T09:00:00+0900"), "signed is not", false},
    {SIGNED("2026-11-23T09:00:00+24:00"), "signed is not", false},
    {SIGNED("2026-11-23T09:00:00ZZ"), "signed is not", false},
    {SIGNED("1969-12-31T23:59:59Z"), "signed is outside", true},
    {SIGNED("0001-01-01T00:00:00+09:00"), "signed is outside", true},
    {EXPIRES("never"), "expires is not", false},
    {EXPIRES("9999-12-31T23:59:59-00:01"), "expires is outside", true},
    {EXPIRES("2026-11-23T08:59:59Z"), "expires is before signed", false},
    {EXPIRES("2026-11-23T17:59:59+09:00"), "expires is before signed", false},
};

static void hostile_texts_are_refused(void **state)
{
    (void)state;
    assert_true(sizeof hostile / sizeof *hostile >= 60);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        assert_refused(hostile[i].text, hostile[i].limit ? ERR_LIMIT : ERR_INPUT, hostile[i].words);
}

static void the_edges_are_accepted(void **state)
{
    (void)state;
    assert_int_equal(strlen(parsed(CHANNEL(LETTERS_32 LETTERS_32)).channel), 64);
    assert_string_equal(parsed(CHANNEL("0")).channel, "0");
    assert_string_equal(parsed(CHANNEL("kr.seoul_coex-1")).channel, "kr.seoul_coex-1");
    assert_int_equal(parsed(VERSION("1")).version, 1);
    assert_int_equal(parsed(VERSION("999999999999")).version, POINTER_VERSION_MAX);
    assert_int_equal(parsed(BYTES("1")).bytes, 1);
    assert_int_equal(parsed(BYTES("1048576")).bytes, PLAYLIST_BYTES_MAX);
    assert_int_equal(parsed(SIGNED("2026-11-23T18:00:00+09:00")).signed_ms, SIGNED_MS);
    assert_int_equal(parsed(SIGNED("2026-11-22T23:00:00.25-10:00")).signed_ms, SIGNED_MS + 250);
    assert_int_equal(parsed(SIGNED("1970-01-01T00:00:00Z")).signed_ms, 0);
    assert_int_equal(parsed(EXPIRES("2026-11-23T09:00:00Z")).expires_ms, SIGNED_MS);
    assert_int_equal(parsed(EXPIRES("9999-12-31T23:59:59Z")).expires_ms, INT64_C(253402300799000));
}

static void a_long_text_is_refused(void **state)
{
    (void)state;
    char *text = malloc(100001);
    assert_non_null(text);
    memset(text, 'x', 100000);
    text[100000] = '\0';
    assert_refused(text, ERR_LIMIT, "longer than 511");
    /* The longest that is read: fractions may go on. */
    snprintf(text, 100001, SIGNED("2026-11-23T09:00:00.0%0*dZ"), 0, 0);
    size_t short_by = POINTER_TEXT_BYTES - 1 - strlen(text);
    snprintf(text, 100001, SIGNED("2026-11-23T09:00:00.0%0*dZ"), (int)short_by + 1, 0);
    assert_int_equal(strlen(text), POINTER_TEXT_BYTES - 1);
    parsed(text);
    snprintf(text, 100001, SIGNED("2026-11-23T09:00:00.0%0*dZ"), (int)short_by + 2, 0);
    assert_refused(text, ERR_LIMIT, "longer than 511");
    /* What is ignored counts, too. */
    snprintf(text, 100001, "%s x-later=%0*d", GOOD, (int)(POINTER_TEXT_BYTES - 9 - strlen(GOOD)),
             0);
    assert_int_equal(strlen(text), POINTER_TEXT_BYTES);
    assert_refused(text, ERR_LIMIT, "longer than 511");
    text[POINTER_TEXT_BYTES - 1] = '\0';
    parsed(text);
    free(text);
}

/* Each byte of a pointer as each other byte: whatever is accepted says what it is. */
static void each_byte_changed(void **state)
{
    (void)state;
    char text[] = GOOD;
    size_t accepted = 0;
    for (size_t i = 0; i < strlen(GOOD); i++) {
        for (int byte = 0; byte < 256; byte++) {
            struct pointer pointer;
            text[i] = (char)byte;
            if (!pointer_parse(text, &pointer, &err))
                continue;
            char again[POINTER_TEXT_BYTES];
            accepted++;
            pointer_print(&pointer, again);
            struct pointer twin = parsed(again);
            assert_same(&twin, &pointer);
        }
        text[i] = GOOD[i];
    }
    assert_true(accepted > strlen(GOOD)); /* each byte as itself, and other channels and times */
}

static uint64_t random_state = 2026;

static uint64_t next_random(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static void what_is_printed_is_read(void **state)
{
    (void)state;
    char text[POINTER_TEXT_BYTES], name[POINTER_FILE_BYTES];
    struct pointer pointer = parsed(GOOD);
    pointer_print(&pointer, text);
    assert_string_equal(text, GOOD);
    pointer_file(&pointer, name);
    assert_string_equal(name, "p-43.json");
    for (int i = 0; i < 20000; i++) {
        struct pointer made = {
            .kind = next_random(2) ? POINTER_TAKEOVER : POINTER_PLAYLIST,
            .version = 1 + (int64_t)next_random((uint64_t)POINTER_VERSION_MAX),
            .bytes = 1 + (int64_t)next_random(PLAYLIST_BYTES_MAX),
            .signed_ms = 1000 * (int64_t)next_random(UINT64_C(253402300800)),
        };
        made.expires_ms =
            made.signed_ms +
            1000 * (int64_t)next_random((uint64_t)(INT64_C(253402300800) - made.signed_ms / 1000));
        size_t length = 1 + next_random(64);
        for (size_t j = 0; j < length; j++)
            made.channel[j] = "abcdefghijklmnopqrstuvwxyz0123456789._-"[next_random(j ? 39 : 36)];
        assert_true(pointer_channel_is_valid(made.channel));
        pointer_print(&made, text);
        struct pointer found = parsed(text);
        assert_same(&found, &made);
    }
}

static void judges(void **state)
{
    (void)state;
    const int64_t now = SIGNED_MS + 1000, day = POINTER_FUTURE_MS;
    const struct pointer_rules base = {"seoul", POINTER_PLAYLIST, 42, now, true};
    const struct pointer pointer = parsed(GOOD);
    struct pointer_rules rules = base;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_NEW);
    rules.highest_version = 43;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_SAME);
    rules.now_ms = 0;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_SAME);
    rules.highest_version = 44;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_ROLLBACK);
    rules.highest_version = POINTER_VERSION_MAX;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_ROLLBACK);
    rules = base;
    rules.kind = POINTER_TAKEOVER;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_WRONG_KIND);
    static const char *const others[] = {"busan", "seou", "seoul-1", "Seoul", ""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        rules = base;
        rules.channel = others[i];
        assert_int_equal(pointer_judge(&pointer, &rules), POINTER_WRONG_CHANNEL);
    }
    rules = base;
    rules.now_ms = SIGNED_MS - day;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_NEW);
    rules.now_ms--;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_FUTURE);
    rules.clock_trusted = false; /* now_ms is only what has passed for certain */
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_NEW);
    rules.now_ms = SIGNED_MS - POINTER_FUTURE_BLIND_MS;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_NEW);
    rules.now_ms--;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_FUTURE);
    rules = base;
    rules.now_ms = EXPIRES_MS + 1; /* expired is stale, not refused */
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_NEW);
    rules.now_ms = INT64_MAX;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_NEW);
    /* but by a player without memory, for which any old one would be new */
    rules.highest_version = 0;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_EXPIRED);
    rules.now_ms = EXPIRES_MS;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_EXPIRED);
    rules.clock_trusted = false; /* what has certainly passed has passed */
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_EXPIRED);
    rules.now_ms = EXPIRES_MS - 1;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_NEW);
    rules = base;
    rules.now_ms = INT64_MIN;
    assert_int_equal(pointer_judge(&pointer, &rules), POINTER_FUTURE);
}

static void what_expires_as_it_is_signed_is_over(void **state)
{
    (void)state;
    struct pointer pointer = parsed(GOOD);
    assert_int_equal(pointer_end_ms(&pointer), EXPIRES_MS);
    pointer.expires_ms = SIGNED_MS + 1;
    assert_int_equal(pointer_end_ms(&pointer), SIGNED_MS + 1);
    pointer.expires_ms = SIGNED_MS;
    assert_int_equal(pointer_end_ms(&pointer), POINTER_ENDED_MS);
    pointer.expires_ms = SIGNED_MS - 1;
    assert_int_equal(pointer_end_ms(&pointer), POINTER_ENDED_MS);
}

static void each_verdict_has_its_name(void **state)
{
    (void)state;
    for (int i = POINTER_NEW; i <= POINTER_MALFORMED; i++) {
        for (int j = POINTER_NEW; j < i; j++)
            assert_string_not_equal(pointer_verdict_name((enum pointer_verdict)i),
                                    pointer_verdict_name((enum pointer_verdict)j));
    }
    assert_string_equal(pointer_verdict_name(POINTER_ROLLBACK), "rollback");
    assert_string_equal(pointer_verdict_name(POINTER_WRONG_CHANNEL), "wrong_channel");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_fields),
        cmocka_unit_test(any_order_is_right),
        cmocka_unit_test(every_field_is_needed_once),
        cmocka_unit_test(fields_for_later_players_are_ignored),
        cmocka_unit_test(hostile_texts_are_refused),
        cmocka_unit_test(the_edges_are_accepted),
        cmocka_unit_test(a_long_text_is_refused),
        cmocka_unit_test(each_byte_changed),
        cmocka_unit_test(what_is_printed_is_read),
        cmocka_unit_test(judges),
        cmocka_unit_test(what_expires_as_it_is_signed_is_over),
        cmocka_unit_test(each_verdict_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
