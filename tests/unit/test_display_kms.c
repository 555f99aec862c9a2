/* The display on a console, on a graphics card in memory: modes, frames and their times, several
 * outputs. */
#include "kms_fixture.h"

/* ---- frames ---- */

static void shows_the_same_pixels_as_the_other_displays(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    open_screen(stage);
    assert_string_equal(display_name(stage->display), "kms fake atomic");
    assert_int_equal(stage->width, WIDTH);
    assert_int_equal(stage->height, HEIGHT);
    const double mixes[] = {1, 0.25, 0.5, 1}, dims[] = {1, 1, 0.4, 0.7};
    for (int i = 0; i < 4; i++) {
        const struct display_mix frame = mix_of(stage, mixes[i], dims[i]);
        assert_true(display_show(stage->display, &frame, &err));
        check_shown(stage, 0, mixes[i], dims[i], 0, 0);
    }
}

static void draws_into_the_buffer_that_is_not_shown(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    open_screen(stage);
    show(stage, 1);
    for (int i = 0; i < 3; i++) {
        struct canvas before = fake_shown(0);
        uint32_t pixel = *sample_pixel(&before, 3, 3);
        const struct display_mix frame = mix_of(stage, 0.5, 1);
        assert_true(display_draw(stage->display, &frame, &err));
        assert_ptr_equal(fake_shown(0).pixels, before.pixels);
        assert_int_equal(*sample_pixel(&before, 3, 3), pixel);
        assert_true(display_present(stage->display, &err));
        assert_ptr_not_equal(fake_shown(0).pixels, before.pixels);
        show(stage, 1);
    }
}

static void the_time_of_a_frame_is_the_kernels(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    assert_true(display_waits(stage->display));
    assert_true(display_refresh_hz(stage->display) > 99 &&
                display_refresh_hz(stage->display) < 101);
    for (int i = 0; i < 5; i++) {
        show(stage, 1);
        assert_int_equal(display_presented_ns(stage->display) / 1000, fake.crtcs[0].flip_ns / 1000);
        assert_int_equal(display_presented_ns(stage->display) % fake.period_ns, 0);
    }
}

static void a_stamp_that_cannot_be_is_not_believed(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    fake.skew_ns = -clock_mono_ns(); /* of another clock */
    if (fake.skew_ns > -INT64_C(5000000000))
        skip(); /* a machine that was started a moment ago */
    show(stage, 1);
    assert_int_equal(display_presented_ns(stage->display), 0);
}

static void without_a_vertical_blank_it_does_not_claim_to_wait(void **state)
{
    struct stage *stage = *state;
    fake.blind = true;
    open_screen(stage);
    assert_false(display_waits(stage->display));
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 0, 0);
    assert_int_equal(display_presented_ns(stage->display) / 1000, fake.crtcs[0].flip_ns / 1000);
}

static void a_flip_that_never_comes_is_a_lost_screen(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    open_screen(stage);
    const struct display_mix frame = mix_of(stage, 1, 1);
    fake.stuck = true;
    assert_true(display_draw(stage->display, &frame, &err));
    assert_false(display_present(stage->display, &err));
    assert_int_equal(err.code, ERR_TIMEOUT);
    assert_non_null(strstr(err.text, "no refresh for a second"));
    assert_false(display_resize(stage->display));
    fake.stuck = false;
    fake.crtcs[0].pending = 0; /* the card was closed meanwhile */
    display_destroy(stage->display);
    display_disconnect();
    open_screen(stage);
    show(stage, 1);
}

static void a_card_that_vanishes_is_a_lost_screen(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    open_screen(stage);
    const struct display_mix frame = mix_of(stage, 1, 1);
    fake.gone = true;
    assert_false(display_show(stage->display, &frame, &err));
    assert_non_null(strstr(err.text, "card0 is gone"));
}

static void the_frozen_frame_is_what_was_shown(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    open_screen(stage);
    show(stage, 0.5);
    struct canvas shown = fake_shown(0);
    uint32_t before = *sample_pixel(&shown, 9, 9);
    assert_true(display_freeze(stage->display, &err));
    struct display_mix frame = mix_of(stage, 1, 1);
    frame.has_from = frame.from_frozen = true;
    frame.mix = 0.001; /* rounded to nothing */
    assert_true(display_show(stage->display, &frame, &err));
    shown = fake_shown(0);
    assert_int_equal(*sample_pixel(&shown, 9, 9), before);
}

/* ---- modes ---- */

static void without_atomic_mode_setting_it_works_the_same(void **state)
{
    struct stage *stage = *state;
    fake.legacy = true;
    open_screen(stage);
    assert_string_equal(display_name(stage->display), "kms fake legacy");
    show(stage, 0.5);
    check_shown(stage, 0, 0.5, 1, 0, 0);
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 0, 0);
    assert_int_equal(display_presented_ns(stage->display) % fake.period_ns, 0);
}

static void a_mode_that_is_asked_for_is_used(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    assert_true(open_with(stage, &(struct display_wish){.mode = {128, 72, 59.94}}, &err));
    assert_int_equal(stage->width, 128);
    int count;
    const struct display_output *outputs = display_outputs(stage->display, &count);
    assert_int_equal(count, 1);
    assert_string_equal(outputs[0].connector, "HDMI-A-1");
    assert_string_equal(outputs[0].monitor, "DEL First");
    assert_int_equal(outputs[0].width_mm, 600);
    assert_int_equal(outputs[0].height_mm, 340);
    assert_int_equal(outputs[0].height_px, 72);
}

static void a_mode_that_the_monitor_lacks_is_its_own(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    assert_true(open_with(stage, &(struct display_wish){.mode = {1234, 72, 0}}, &err));
    assert_int_equal(stage->width, WIDTH);
}

static void a_refused_mode_falls_back_to_the_next(void **state)
{
    struct stage *stage = *state;
    fake.refused_width = WIDTH;
    open_screen(stage);
    assert_int_equal(stage->width, 128);
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 0, 0);
    display_destroy(stage->display);
    fake.legacy = true;
    display_disconnect();
    open_screen(stage);
    assert_int_equal(stage->width, 128);
}

static void a_monitor_whose_modes_are_all_refused_is_told(void **state)
{
    struct stage *stage = *state;
    fake.refused_width = WIDTH;
    fake.connectors[0].mode_count = 1;
    refuse_screen(stage, &(struct display_wish){0}, "refused all modes of the monitor on HDMI-A-1");
}

static void what_was_on_before_is_on_again(void **state)
{
    struct stage *stage = *state;
    struct drm_mode_create_dumb dumb = {.width = 64, .height = 48, .bpp = 32};
    assert_int_equal(fake_create_dumb(FAKE_FD, &dumb), 0);
    const uint32_t handles[4] = {dumb.handle}, pitches[4] = {dumb.pitch}, offsets[4] = {0};
    uint32_t before;
    assert_int_equal(fake_add_framebuffer(FAKE_FD, 64, 48, DRM_FORMAT_XRGB8888, handles, pitches,
                                          offsets, &before, 0),
                     0);
    fake.crtcs[0] =
        (struct fake_crtc){.active = true, .mode = fake_mode(64, 48, 60), .framebuffer_id = before};
    fake.connectors[0].crtc_id = CRTC_ID;
    open_screen(stage);
    show(stage, 1);
    assert_int_equal(fake_shown(0).width_px, WIDTH);
    display_destroy(stage->display);
    stage->display = NULL;
    display_quit();
    assert_int_equal(fake.crtcs[0].framebuffer_id, before);
    assert_int_equal(fake_shown(0).width_px, 64);
    fake_remove_framebuffer(FAKE_FD, before);
    struct drm_mode_destroy_dumb destroyed = {.handle = dumb.handle};
    fake_destroy_dumb(FAKE_FD, &destroyed);
}

/* ---- several outputs ---- */

static void two_outputs_show_one_picture(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    const char *const names[] = {"HDMI-A-2", "HDMI-A-1"};
    const struct display_wish wish = {.connectors = names, .connector_count = 2};
    fake_plug(1, "Second", fake_mode(200, 100, 50), fake_mode(64, 64, 60));
    for (int legacy = 0; legacy < 2; legacy++) {
        fake.legacy = legacy;
        assert_true(open_with(stage, &wish, &err));
        assert_int_equal(stage->width, 200 + WIDTH);
        assert_int_equal(stage->height, 100);
        assert_true(display_refresh_hz(stage->display) < 51); /* all wait for the slowest */
        show(stage, 0.5);
        int second = fake.connectors[1].crtc_id == CRTC_ID ? 0 : 1;
        check_shown(stage, second, 0.5, 1, 0, 0);
        check_shown(stage, 1 - second, 0.5, 1, 200, 0);
        assert_int_equal(fake.crtcs[0].pending + fake.crtcs[1].pending, 0);
        display_destroy(stage->display);
        stage->display = NULL;
        display_disconnect();
    }
}

/* On a wall of equal screens the others show what they always do. */
static void an_output_without_a_monitor_keeps_its_place(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    const char *const names[] = {"HDMI-A-2", "HDMI-A-1", "HDMI-A-3"};
    const struct display_wish wish = {.connectors = names, .connector_count = 3};
    assert_true(open_with(stage, &wish, &err));
    assert_int_equal(stage->width, 3 * WIDTH);
    show(stage, 0.5);
    check_shown(stage, 0, 0.5, 1, WIDTH, 0);
    fake.event = false;
    fake_plug(1, "Second", fake_mode(WIDTH, HEIGHT, 50), fake_mode(64, 64, 60));
    assert_int_equal(display_read_news(stage->display, &err), DISPLAY_CHANGED);
    assert_string_equal(err.text, "an output that had no monitor has one");
    display_destroy(stage->display);
    assert_true(open_with(stage, &wish, &err));
    assert_int_equal(stage->width, 3 * WIDTH);
    show(stage, 1);
    int second = fake.connectors[1].crtc_id == CRTC_ID ? 0 : 1;
    check_shown(stage, second, 1, 1, 0, 0);
    check_shown(stage, 1 - second, 1, 1, WIDTH, 0);
}

static void an_output_that_is_not_used_is_dark(void **state)
{
    struct stage *stage = *state;
    fake_plug(1, "Second", fake_mode(200, 100, 50), fake_mode(64, 64, 60));
    for (int legacy = 0; legacy < 2; legacy++) {
        fake.legacy = legacy;
        fake.crtcs[1].active = true;
        fake.connectors[1].crtc_id = CRTC_ID + 1;
        open_screen(stage);
        assert_true(fake.crtcs[0].active);
        assert_false(fake.crtcs[1].active);
        assert_int_equal(fake.connectors[1].crtc_id, 0);
        display_destroy(stage->display);
        stage->display = NULL;
        display_disconnect();
    }
}

static void an_output_shows_its_part_of_a_wall(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    const struct display_wish wish = {.canvas = {400, 180, 240, 90}};
    assert_true(open_with(stage, &wish, &err));
    assert_int_equal(stage->width, 400);
    assert_int_equal(stage->height, 180);
    show(stage, 0.5);
    check_shown(stage, 0, 0.5, 1, 240, 90);
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 240, 90);
}

static void beyond_the_wall_it_is_black(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    const struct display_wish wish = {.canvas = {300, 100, 200, 40}};
    assert_true(open_with(stage, &wish, &err));
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 200, 40);
    struct canvas shown = fake_shown(0);
    assert_int_not_equal(*sample_pixel(&shown, 99, 59), 0);
    assert_int_equal(*sample_pixel(&shown, 100, 59), 0);
    assert_int_equal(*sample_pixel(&shown, 99, 60), 0);
}

static void more_than_the_card_can_is_told(void **state)
{
    struct stage *stage = *state;
    const char *const names[] = {"HDMI-A-1", "HDMI-A-2", "HDMI-A-3"};
    const struct display_wish two = {.connectors = names, .connector_count = 2};
    const struct display_wish three = {.connectors = names, .connector_count = 3};
    fake_plug(1, "Second", fake_mode(200, 100, 50), fake_mode(190, 64, 60));
    fake_plug(2, "Third", fake_mode(200, 100, 50), fake_mode(64, 64, 60));
    refuse_screen(stage, &three, "cannot drive these 3 outputs at once");
    fake.width_max = 300;
    refuse_screen(stage, &two, "refused all modes of the monitor on HDMI-A-2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KMS_TEST(shows_the_same_pixels_as_the_other_displays),
        KMS_TEST(draws_into_the_buffer_that_is_not_shown),
        KMS_TEST(the_time_of_a_frame_is_the_kernels),
        KMS_TEST(a_stamp_that_cannot_be_is_not_believed),
        KMS_TEST(without_a_vertical_blank_it_does_not_claim_to_wait),
        KMS_TEST(a_flip_that_never_comes_is_a_lost_screen),
        KMS_TEST(a_card_that_vanishes_is_a_lost_screen),
        KMS_TEST(the_frozen_frame_is_what_was_shown),
        KMS_TEST(without_atomic_mode_setting_it_works_the_same),
        KMS_TEST(a_mode_that_is_asked_for_is_used),
        KMS_TEST(a_mode_that_the_monitor_lacks_is_its_own),
        KMS_TEST(a_refused_mode_falls_back_to_the_next),
        KMS_TEST(a_monitor_whose_modes_are_all_refused_is_told),
        KMS_TEST(what_was_on_before_is_on_again),
        KMS_TEST(two_outputs_show_one_picture),
        KMS_TEST(an_output_without_a_monitor_keeps_its_place),
        KMS_TEST(an_output_that_is_not_used_is_dark),
        KMS_TEST(an_output_shows_its_part_of_a_wall),
        KMS_TEST(beyond_the_wall_it_is_black),
        KMS_TEST(more_than_the_card_can_is_told),
    };
    return cmocka_run_group_tests_name("display_kms", tests, NULL, NULL);
}
