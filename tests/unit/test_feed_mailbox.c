#include "sync/feed/feed_mailbox.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define SECOND_NS ((int64_t)1000000000)

static struct feed_mailbox slot;

static int setup(void **state)
{
    (void)state;
    feed_mailbox_init(&slot, NULL, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    feed_mailbox_finish(&slot);
    return 0;
}

static void assert_tells(const char *wanted)
{
    char text[FEED_STATUS_BYTES];
    feed_mailbox_get_status(&slot, text, sizeof text);
    assert_string_equal(text, wanted);
}

/* Characters of one to four bytes. */
static void whole_characters_stay(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size, whole;
    } cases[] = {
        {"", 0, 0},
        {"ab", 2, 2},
        {"a\xc3\xb6", 3, 3},
        {"a\xc3\xb6", 2, 1},
        {"오", 3, 3},
        {"오", 2, 0},
        {"오", 1, 0},
        {"a오", 3, 1},
        {"오리", 5, 3},
        {"오리", 6, 6},
        {"\xf0\x9f\xa6\x86", 4, 4},
        {"\xf0\x9f\xa6\x86", 3, 0},
        {"x\xf0\x9f\xa6\x86", 2, 1},
        /* What never was UTF-8 is not made shorter and shorter. */
        {"\x80\x80\x80\x80\x80", 5, 5},
        {"\x80", 1, 1},
        {"a\x80", 2, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(feed_mailbox_whole_bytes(cases[i].text, cases[i].size), cases[i].whole);
}

static void long_words_are_cut_at_a_character(void **state)
{
    (void)state;
    char ducks[3 * FEED_STATUS_BYTES + 1], text[FEED_STATUS_BYTES];
    for (size_t i = 0; i < FEED_STATUS_BYTES; i++)
        memcpy(ducks + 3 * i, "오", 3);
    ducks[sizeof ducks - 1] = '\0';
    /* Of three bytes each: the cut falls on each place in a character. */
    static const char *const before[] = {"", "a", "ab"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        feed_mailbox_set_status(&slot, "%s%s", before[i], ducks);
        feed_mailbox_get_status(&slot, text, sizeof text);
        size_t length = strlen(text);
        assert_int_equal(length, i + (FEED_STATUS_BYTES - 1 - i) / 3 * 3);
        assert_memory_equal(text + i, ducks, length - i);
    }
    feed_mailbox_set_status(&slot, "오리");
    static const char *const fits[] = {"", "", "", "", "오", "오", "오", "오리"};
    for (size_t room = 1; room <= 7; room++) {
        feed_mailbox_get_status(&slot, text, room);
        assert_string_equal(text, fits[room]);
    }
    feed_mailbox_get_status(&slot, text, 0);
}

static void progress_is_told_every_three_seconds(void **state)
{
    (void)state;
    int64_t now_ns = 50 * SECOND_NS;
    feed_mailbox_set_progress(&slot, now_ns, "%d of 9", 0);
    assert_tells("0 of 9");
    for (int i = 1; i <= 8; i++) {
        feed_mailbox_set_progress(&slot, now_ns + i, "%d of 9", i);
        assert_tells("0 of 9");
    }
    assert_int_equal(slot.progress_due_ns, 53 * SECOND_NS);
    feed_mailbox_set_progress(&slot, 53 * SECOND_NS - 1, "early");
    assert_tells("0 of 9");
    feed_mailbox_set_progress(&slot, 53 * SECOND_NS, "8 of 9");
    assert_tells("8 of 9");
    feed_mailbox_set_progress(&slot, 54 * SECOND_NS, "9 of 9");
    assert_tells("8 of 9");
    /* What is not progress is told at once. */
    feed_mailbox_set_status(&slot, "following");
    assert_tells("following");
}

static void a_rest_ends_at_its_time_or_with_the_feed(void **state)
{
    (void)state;
    feed_mailbox_sleep_until(&slot, 1); /* long past */
    feed_mailbox_stop(&slot);
    assert_true(atomic_load(&slot.stop));
    feed_mailbox_sleep_until(&slot, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_characters_stay),
        cmocka_unit_test_setup_teardown(long_words_are_cut_at_a_character, setup, teardown),
        cmocka_unit_test_setup_teardown(progress_is_told_every_three_seconds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rest_ends_at_its_time_or_with_the_feed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
