/* The display on a console, on a graphics card in memory that goes while it is opened, or whose monitor
 * does: at each call to the card in turn. */
#include "kms_fixture.h"

#define CALLS_MAX 2000

static void begin(bool legacy, bool unplugs, int calls)
{
    fake_begin();
    fake_plug(0, "First", fake_mode(WIDTH, HEIGHT, 100), fake_mode(128, 72, 60));
    fake.event = false;
    fake.legacy = legacy;
    fake.unplugs = unplugs;
    fake.calls_left = calls;
}

static void come_back(void)
{
    fake.gone = false;
    fake.calls_left = 0;
    fake_plug(0, "First", fake_mode(WIDTH, HEIGHT, 100), fake_mode(128, 72, 60));
}

/* What a player does that has no screen: it looks again. */
static void check_that_it_works_again(struct stage *stage)
{
    come_back();
    open_screen(stage);
    show(stage, 0.5);
    check_shown(stage, 0, 0.5, 1, 0, 0);
}

static void check_that_nothing_is_left(struct stage *stage)
{
    display_destroy(stage->display);
    stage->display = NULL;
    display_quit();
    assert_int_equal(fake_buffers_left(), 0);
    assert_int_equal(fake.blobs, 0);
    assert_int_equal(fake.opened, 0);
}

/* Of what was opened all the same it is noticed at the first frame. */
static void check_that_the_card_is_missed(struct stage *stage)
{
    struct err err = {0};
    const struct display_mix frame = mix_of(stage, 1, 1);
    assert_false(display_show(stage->display, &frame, &err));
    assert_string_equal(err.text, "card0 is gone");
    display_destroy(stage->display);
    stage->display = NULL;
}

static void check_that_the_monitor_is_missed(struct stage *stage)
{
    struct err err = {0};
    assert_int_equal(display_read_news(stage->display, &err), DISPLAY_CHANGED);
    assert_string_equal(err.text, "HDMI-A-1 was unplugged");
    display_destroy(stage->display);
    stage->display = NULL;
}

/* How many calls an opening takes. */
static int open_at_each_call(struct stage *stage, bool legacy, bool unplugs)
{
    for (int calls = 1; calls < CALLS_MAX; calls++) {
        struct err err = {0};
        begin(legacy, unplugs, calls);
        bool is_open = open_with(stage, &(struct display_wish){0}, &err);
        if (is_open && fake.calls_left > 0) {
            fake.calls_left = 0;
            check_that_nothing_is_left(stage);
            return calls - 1;
        }
        if (is_open && unplugs)
            check_that_the_monitor_is_missed(stage);
        else if (is_open)
            check_that_the_card_is_missed(stage);
        else
            assert_true(err.code != ERR_NONE && err.text[0]);
        check_that_it_works_again(stage);
        check_that_nothing_is_left(stage);
    }
    return CALLS_MAX;
}

static void check_opening(struct stage *stage, bool unplugs)
{
    for (int legacy = 0; legacy < 2; legacy++) {
        int calls = open_at_each_call(stage, legacy, unplugs);
        assert_in_range(calls, 20, CALLS_MAX - 1);
    }
}

static void a_card_that_goes_while_it_is_opened(void **state)
{
    check_opening(*state, false);
}

static void a_monitor_that_goes_while_it_is_opened(void **state)
{
    check_opening(*state, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KMS_TEST(a_card_that_goes_while_it_is_opened),
        KMS_TEST(a_monitor_that_goes_while_it_is_opened),
    };
    return cmocka_run_group_tests_name("display_kms_vanish", tests, NULL, NULL);
}
