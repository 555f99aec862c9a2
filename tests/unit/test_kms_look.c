#include "screen/kms_look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake_kms.h"

static int set_up(void **state)
{
    (void)state;
    fake_begin();
    return 0;
}

/* Whatever was found, the card is closed, and nothing on it has changed. */
static int tear_down(void **state)
{
    (void)state;
    return fake.opened || fake.commits || fake_buffers_left();
}

static int look(const struct display_wish *wish, struct display_output outputs[4], struct err *err)
{
    char driver[32] = "";
    int count = kms_look(wish, outputs, 4, driver, err);
    if (count > 0)
        assert_true(driver[0] != '\0');
    return count;
}

static void it_names_the_output_that_a_player_would_use(void **state)
{
    struct display_output outputs[4];
    struct err err = {0};
    (void)state;
    fake_plug(1, "Second", fake_mode(1920, 1080, 60), fake_mode(1280, 720, 50));
    assert_int_equal(look(&(struct display_wish){0}, outputs, &err), 1);
    assert_int_equal(outputs[0].width_px, 1920);
    assert_int_equal(outputs[0].height_px, 1080);
    assert_true(outputs[0].refresh_hz > 59 && outputs[0].refresh_hz < 61);
    assert_non_null(strstr(outputs[0].monitor, "Second"));
    assert_true(outputs[0].connector[0] != '\0');
    const struct display_wish wish = {.mode = {.width_px = 1280, .height_px = 720}};
    assert_int_equal(look(&wish, outputs, &err), 1);
    assert_int_equal(outputs[0].width_px, 1280);
}

static void it_says_what_a_player_would_say(void **state)
{
    static const char *const names[] = {"HDMI-A-9"};
    const struct display_wish wish = {.connectors = names, .connector_count = 1};
    struct display_output outputs[4];
    struct err err = {0};
    (void)state;
    assert_int_equal(look(&(struct display_wish){0}, outputs, &err), 0);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.text, "monitor"));
    fake_plug(0, "First", fake_mode(1920, 1080, 60), fake_mode(1280, 720, 50));
    assert_int_equal(look(&wish, outputs, &err), 0);
    assert_non_null(strstr(err.text, "HDMI-A-9"));
    fake.absent = true;
    assert_int_equal(look(&(struct display_wish){0}, outputs, &err), 0);
    assert_int_equal(err.code, ERR_MISSING);
    fake.absent = false;
    fake.forbidden = true;
    assert_int_equal(look(&(struct display_wish){0}, outputs, &err), 0);
    assert_int_equal(err.code, ERR_SYSTEM);
}

static void a_card_that_another_player_uses_can_be_looked_at(void **state)
{
    struct display_output outputs[4];
    struct err err = {0};
    (void)state;
    fake_plug(0, "First", fake_mode(1920, 1080, 60), fake_mode(1280, 720, 50));
    fake.other_master = true;
    assert_int_equal(look(&(struct display_wish){0}, outputs, &err), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_names_the_output_that_a_player_would_use, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_says_what_a_player_would_say, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_card_that_another_player_uses_can_be_looked_at, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
