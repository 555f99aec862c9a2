/* The display on a console, on a graphics card in memory: monitors that come and go, their power, and
 * everything that a card can refuse. */
#include "kms_fixture.h"

/* ---- monitors come and go ---- */

static enum display_news news_of(struct stage *stage, char *why)
{
    struct err err = {0};
    enum display_news news = display_read_news(stage->display, &err);
    strcpy(why, err.text);
    return news;
}

static void an_unplugged_monitor_is_waited_for(void **state)
{
    struct stage *stage = *state;
    char why[ERR_TEXT_BYTES];
    open_screen(stage);
    fake.event = false;
    show(stage, 1);
    assert_int_equal(news_of(stage, why), DISPLAY_NO_NEWS);
    fake_unplug(0);
    assert_int_equal(news_of(stage, why), DISPLAY_CHANGED);
    assert_string_equal(why, "HDMI-A-1 was unplugged");
    display_destroy(stage->display);
    refuse_screen(stage, &(struct display_wish){0}, "no monitor is connected");
    assert_int_equal(fake.opened, 1); /* no text console comes up where it is plugged in */
    assert_int_equal(news_of(stage, why), DISPLAY_NO_NEWS);
    fake_plug(0, "Other", fake_mode(200, 100, 50), fake_mode(64, 64, 60));
    assert_int_equal(news_of(stage, why), DISPLAY_LOOK_AGAIN);
    open_screen(stage);
    assert_int_equal(stage->width, 200);
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 0, 0);
}

static void another_monitor_and_other_modes_are_noticed(void **state)
{
    struct stage *stage = *state;
    char why[ERR_TEXT_BYTES];
    open_screen(stage);
    fake_plug(0, "First", fake_mode(WIDTH, HEIGHT, 100), fake_mode(64, 64, 60));
    assert_int_equal(news_of(stage, why), DISPLAY_NO_NEWS); /* of no concern */
    fake_plug(0, "First", fake_mode(200, 100, 50), fake_mode(WIDTH, HEIGHT, 100));
    assert_int_equal(news_of(stage, why), DISPLAY_CHANGED);
    assert_string_equal(why, "HDMI-A-1 has other modes");
    reopen_screen(stage);
    assert_int_equal(stage->width, 200);
    fake_plug(0, "Second", fake_mode(200, 100, 50), fake_mode(WIDTH, HEIGHT, 100));
    assert_int_equal(news_of(stage, why), DISPLAY_CHANGED);
    assert_string_equal(why, "HDMI-A-1 has another monitor");
}

static void another_output_does_not_matter(void **state)
{
    struct stage *stage = *state;
    char why[ERR_TEXT_BYTES];
    fake_unplug(0);
    fake_plug(1, "Second", fake_mode(200, 100, 50), fake_mode(64, 64, 60));
    open_screen(stage);
    fake_plug(0, "First", fake_mode(WIDTH, HEIGHT, 100), fake_mode(64, 64, 60));
    assert_int_equal(news_of(stage, why), DISPLAY_NO_NEWS);
}

/* From one display to the next the picture is on, and never the console's. */
static void the_picture_stays_until_the_next_display(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    show(stage, 1);
    struct canvas shown = fake_shown(0);
    display_destroy(stage->display);
    stage->display = NULL;
    assert_ptr_equal(fake_shown(0).pixels, shown.pixels);
    open_screen(stage);
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 0, 0);
}

/* ---- power ---- */

static void the_monitor_can_be_turned_off(void **state)
{
    struct stage *stage = *state;
    for (int legacy = 0; legacy < 2; legacy++) {
        struct err err = {0};
        fake.legacy = legacy;
        open_screen(stage);
        show(stage, 1);
        const struct display_mix frame = mix_of(stage, 1, 1);
        assert_true(display_set_power(stage->display, false, &err));
        assert_true(legacy ? fake.connectors[0].dpms == 3 : !fake.crtcs[0].active);
        assert_false(display_show(stage->display, &frame, &err)); /* nobody would see it */
        assert_non_null(strstr(err.text, "turned off"));
        assert_true(display_set_power(stage->display, true, &err));
        assert_true(legacy ? fake.connectors[0].dpms == 0 : fake.crtcs[0].active);
        show(stage, 0.5);
        check_shown(stage, 0, 0.5, 1, 0, 0);
        display_destroy(stage->display);
        stage->display = NULL;
        display_disconnect();
    }
}

/* ---- what else can be wrong ---- */

static void another_master_is_told_and_waited_for(void **state)
{
    struct stage *stage = *state;
    fake.other_master = true;
    refuse_screen(stage, &(struct display_wish){0}, "another program has the screen (card0)");
    assert_int_equal(fake.opened, 0); /* who opens it next is its master */
    fake.other_master = false;
    open_screen(stage);
    show(stage, 1);
    fake.other_master = true;
    struct err err = {0};
    const struct display_mix frame = mix_of(stage, 1, 1);
    assert_false(display_show(stage->display, &frame, &err));
    assert_non_null(strstr(err.text, "another program has the screen"));
    fake.other_master = false;
}

static void what_is_missing_is_named(void **state)
{
    struct stage *stage = *state;
    const char *const names[] = {"DP-7"}, *const empty[] = {"HDMI-A-3"};
    refuse_screen(stage, &(struct display_wish){.connectors = names, .connector_count = 1},
                  "card0 (fake) has no output DP-7");
    refuse_screen(stage, &(struct display_wish){.connectors = empty, .connector_count = 1},
                  "HDMI-A-3 has no monitor");
    display_quit();
    fake.forbidden = true;
    refuse_screen(stage, &(struct display_wish){0}, "this user may not open /dev/dri/card0");
    fake.forbidden = false;
    fake.absent = true;
    refuse_screen(stage, &(struct display_wish){0}, "there is no graphics card (/dev/dri/card0)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KMS_TEST(an_unplugged_monitor_is_waited_for),
        KMS_TEST(another_monitor_and_other_modes_are_noticed),
        KMS_TEST(another_output_does_not_matter),
        KMS_TEST(the_picture_stays_until_the_next_display),
        KMS_TEST(the_monitor_can_be_turned_off),
        KMS_TEST(another_master_is_told_and_waited_for),
        KMS_TEST(what_is_missing_is_named),
    };
    return cmocka_run_group_tests_name("display_kms_monitors", tests, NULL, NULL);
}
