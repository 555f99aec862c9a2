/* The display on a console, on a graphics card in memory: over the end of the process, where
 * somebody keeps the card's descriptor. */
#include "kms_fixture.h"

/* Whoever keeps it. */
static struct {
    bool keeps;
    int forgotten;
} shelf;

static void keep(void *context, int fd)
{
    (void)context;
    assert_int_equal(fd, FAKE_FD);
    shelf.keeps = true;
}

static bool keeps(void *context)
{
    (void)context;
    return shelf.keeps;
}

static void forget(void *context)
{
    (void)context;
    shelf.keeps = false;
    shelf.forgotten++;
}

static const struct card_keeper keeper = {NULL, keep, keeps, forget};

static int set_up_shelf(void **state)
{
    memset(&shelf, 0, sizeof shelf);
    int failed = set_up(state);
    display_keep_card(&keeper, -1);
    return failed;
}

/* At the end nobody keeps it, so that nothing may be left. */
static int tear_down_shelf(void **state)
{
    shelf.keeps = false;
    int failed = tear_down(state);
    display_keep_card(NULL, -1);
    return failed;
}

/* The process ends, and leaves its picture: the card is then as after a crash. */
static void end_process(struct stage *stage)
{
    display_destroy(stage->display);
    stage->display = NULL;
    display_quit();
    assert_int_equal(fake.opened, 0);
}

static void begin_process(void)
{
    fake.opened++; /* the descriptor that was passed */
    display_keep_card(&keeper, FAKE_FD);
}

/* What is on screen, to be freed. */
static uint32_t *copy_shown(int crtc)
{
    struct canvas shown = fake_shown(crtc);
    assert_non_null(shown.pixels);
    uint32_t *copy = malloc((size_t)shown.width_px * (size_t)shown.height_px * 4 + 1);
    for (int y = 0; y < shown.height_px; y++)
        memcpy(copy + (ptrdiff_t)y * shown.width_px, sample_pixel(&shown, 0, y),
               (size_t)shown.width_px * 4);
    return copy;
}

static void check_still_shown(int crtc, const uint32_t *copy)
{
    struct canvas shown = fake_shown(crtc);
    assert_non_null(shown.pixels);
    for (int y = 0; y < shown.height_px; y++)
        assert_memory_equal(sample_pixel(&shown, 0, y), copy + (ptrdiff_t)y * shown.width_px,
                            (size_t)shown.width_px * 4);
}

static int count_places(struct fake_buffer *const *places, int count)
{
    int used = 0;
    for (int i = 0; i < count; i++)
        used += places[i] != NULL;
    return used;
}

/* Two pictures, and nothing of a process before. */
static void check_nothing_leaks(void)
{
    assert_int_equal(fake_buffers_left(), 2);
    assert_int_equal(count_places(fake.handles, FAKE_HANDLES), 2);
    assert_int_equal(count_places(fake.framebuffers, FAKE_FRAMEBUFFERS), 2);
}

static void the_picture_stays_over_a_restart(void **state)
{
    struct stage *stage = *state;
    for (int legacy = 0; legacy < 2; legacy++) {
        fake.legacy = legacy;
        fake.went_dark = false;
        open_screen(stage);
        assert_true(shelf.keeps);
        for (int i = 0; i < 5; i++) {
            show(stage, i % 2 ? 0.5 : 1);
            uint32_t *before = copy_shown(0);
            end_process(stage);
            check_still_shown(0, before);
            begin_process();
            check_still_shown(0, before);
            open_screen(stage);
            check_still_shown(0, before);
            check_nothing_leaks();
            free(before);
            show(stage, 0.25);
            check_shown(stage, 0, 0.25, 1, 0, 0);
        }
        assert_false(fake.went_dark);
        assert_int_equal(shelf.forgotten, legacy);
        display_destroy(stage->display);
        stage->display = NULL;
        display_disconnect();
    }
}

/* The next player fades from it to its own first picture. */
static void the_picture_is_handed_to_the_next_player(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    assert_null(display_take_inherited(stage->display));
    show(stage, 0.5);
    uint32_t *before = copy_shown(0);
    end_process(stage);
    begin_process();
    open_screen(stage);
    struct picture *picture = display_take_inherited(stage->display);
    assert_non_null(picture);
    assert_null(display_take_inherited(stage->display));
    const struct display_mix frame = {.to = {picture, 0}, .mix = 1, .dim = 1};
    struct err err = {0};
    assert_true(display_show(stage->display, &frame, &err));
    check_still_shown(0, before);
    picture_release(picture);
    free(before);
}

/* As players do that end while they start, again and again. */
static void pictures_that_were_never_shown_are_gone_at_once(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    show(stage, 1);
    uint32_t *before = copy_shown(0);
    end_process(stage);
    for (int i = 0; i < 20; i++) {
        struct drm_mode_create_dumb dumb = {.width = 64, .height = 48, .bpp = 32};
        assert_int_equal(fake_create_dumb(FAKE_FD, &dumb), 0);
        const uint32_t handles[4] = {dumb.handle}, pitches[4] = {dumb.pitch}, offsets[4] = {0};
        uint32_t id;
        assert_int_equal(fake_add_framebuffer(FAKE_FD, 64, 48, DRM_FORMAT_XRGB8888, handles,
                                              pitches, offsets, &id, 0),
                         0);
    }
    begin_process();
    assert_int_equal(fake_buffers_left(), 1); /* the one on screen */
    open_screen(stage);
    check_still_shown(0, before);
    check_nothing_leaks();
    free(before);
}

/* Before the process ended, it had asked for flips. Their events name its memory. */
static void flips_of_the_process_before_mean_nothing(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    show(stage, 1);
    end_process(stage);
    fake.stale = 2;
    begin_process();
    open_screen(stage);
    assert_int_equal(fake.stale, 0);
    fake.stale = 1; /* one that comes late */
    show(stage, 0.5);
    check_shown(stage, 0, 0.5, 1, 0, 0);
    assert_int_equal(fake.stale, 0);
    assert_int_equal(fake.crtcs[0].pending, 0);
    assert_int_equal(display_presented_ns(stage->display) / 1000, fake.crtcs[0].flip_ns / 1000);
}

static void two_outputs_stay_on(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    const char *const names[] = {"HDMI-A-2", "HDMI-A-1"};
    const struct display_wish wish = {.connectors = names, .connector_count = 2};
    fake_plug(1, "Second", fake_mode(200, 100, 50), fake_mode(64, 64, 60));
    for (int legacy = 0; legacy < 2; legacy++) {
        fake.legacy = legacy;
        assert_true(open_with(stage, &wish, &err));
        show(stage, 0.5);
        fake.went_dark = false;
        uint32_t *before[] = {copy_shown(0), copy_shown(1)};
        end_process(stage);
        begin_process();
        assert_true(open_with(stage, &wish, &err));
        for (int i = 0; i < 2; i++) {
            check_still_shown(i, before[i]);
            free(before[i]);
        }
        assert_false(fake.went_dark);
        check_nothing_leaks();
        display_destroy(stage->display);
        stage->display = NULL;
        display_disconnect();
    }
}

static void a_part_of_a_wall_stays(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    const struct display_wish wish = {.canvas = {300, 100, 200, 40}};
    assert_true(open_with(stage, &wish, &err));
    show(stage, 1);
    uint32_t *before = copy_shown(0);
    end_process(stage);
    begin_process();
    assert_true(open_with(stage, &wish, &err));
    check_still_shown(0, before);
    struct picture *picture = display_take_inherited(stage->display);
    const struct display_mix frame = {.to = {picture, 0}, .mix = 1, .dim = 1};
    assert_true(display_show(stage->display, &frame, &err));
    check_still_shown(0, before);
    assert_true(display_show(stage->display, &frame, &err)); /* the other buffer, too */
    check_still_shown(0, before);
    picture_release(picture);
    free(before);
}

/* ---- what can have happened meanwhile ---- */

static void a_monitor_that_was_unplugged_meanwhile_is_waited_for(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    show(stage, 1);
    uint32_t *before = copy_shown(0);
    end_process(stage);
    fake_unplug(0);
    begin_process();
    refuse_screen(stage, &(struct display_wish){0}, "no monitor is connected");
    assert_int_equal(fake.opened, 1);
    fake_plug(0, "First", fake_mode(WIDTH, HEIGHT, 100), fake_mode(128, 72, 60));
    open_screen(stage);
    check_still_shown(0, before);
    check_nothing_leaks();
    assert_int_equal(shelf.forgotten, 0);
    free(before);
}

static bool is_black(const struct canvas *canvas, int x, int y)
{
    return (*sample_pixel(canvas, x, y) & 0xffffff) == 0;
}

static void in_another_mode_it_covers_the_screen(void **state)
{
    struct stage *stage = *state;
    const drmModeModeInfo modes[] = {fake_mode(128, 72, 60), fake_mode(400, 200, 60),
                                     fake_mode(64, 90, 60)};
    struct err err = {0};
    open_screen(stage);
    for (int i = 0; i < 3; i++) {
        show(stage, 1);
        end_process(stage);
        fake_plug(0, "First", modes[i], fake_mode(64, 64, 60));
        begin_process();
        open_screen(stage);
        struct canvas shown = fake_shown(0);
        assert_int_equal(shown.width_px, modes[i].hdisplay);
        for (int corner = 0; corner < 4; corner++)
            assert_false(is_black(&shown, corner % 2 * (shown.width_px - 1),
                                  corner / 2 * (shown.height_px - 1)));
        check_nothing_leaks();
        /* The next player's own copy of it is the same. */
        uint32_t *before = copy_shown(0);
        struct picture *picture = display_take_inherited(stage->display);
        const struct display_mix frame = {.to = {picture, 0}, .mix = 1, .dim = 1};
        assert_true(display_show(stage->display, &frame, &err));
        check_still_shown(0, before);
        picture_release(picture);
        free(before);
    }
}

/* The same within a process. */
static void another_monitor_begins_with_the_picture(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    show(stage, 1);
    fake_plug(0, "Other", fake_mode(400, 200, 50), fake_mode(64, 64, 60));
    reopen_screen(stage);
    struct canvas shown = fake_shown(0);
    assert_int_equal(shown.width_px, 400);
    assert_false(is_black(&shown, 399, 199));
    check_nothing_leaks();
}

static void a_monitor_that_was_off_is_not_on_again(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    open_screen(stage);
    show(stage, 1);
    assert_true(display_set_power(stage->display, false, &err));
    end_process(stage);
    begin_process();
    open_screen(stage);
    check_nothing_leaks();
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 0, 0);
}

/* The card is closed, also where it was kept: whoever wants it can have it. */
static void another_master_gets_the_card(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    show(stage, 1);
    end_process(stage);
    fake.other_master = true;
    begin_process();
    refuse_screen(stage, &(struct display_wish){0}, "another program has the screen (card0)");
    assert_int_equal(fake.opened, 0);
    assert_int_equal(shelf.forgotten, 1);
    assert_int_equal(fake_buffers_left(), 0);
    fake.other_master = false;
    open_screen(stage);
    assert_true(shelf.keeps);
    show(stage, 1);
    check_shown(stage, 0, 1, 1, 0, 0);
}

static void a_descriptor_of_no_use_is_closed(void **state)
{
    struct stage *stage = *state;
    for (int gone = 0; gone < 2; gone++) {
        open_screen(stage);
        end_process(stage);
        fake.gone = gone;
        fake.no_card = !gone;
        begin_process();
        assert_int_equal(fake.opened, 0);
        assert_int_equal(shelf.forgotten, 1 + gone);
        fake.gone = fake.no_card = false;
        for (uint32_t i = 1; i < FAKE_FRAMEBUFFERS; i++)
            if (fake.framebuffers[i])
                fake_remove_framebuffer(FAKE_FD, BUFFER_ID + i);
        for (uint32_t i = 1; i < FAKE_HANDLES; i++)
            fake_destroy_dumb(FAKE_FD, &(struct drm_mode_destroy_dumb){.handle = i});
        open_screen(stage);
        show(stage, 1);
        check_shown(stage, 0, 1, 1, 0, 0);
        display_destroy(stage->display);
        stage->display = NULL;
        shelf.keeps = false;
        shelf.forgotten = 1;
        display_quit();
        shelf.forgotten = 1;
    }
}

/* ---- without it ---- */

static void a_card_that_is_let_go_is_not_kept(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    show(stage, 1);
    display_destroy(stage->display);
    stage->display = NULL;
    display_disconnect();
    assert_false(shelf.keeps);
    assert_int_equal(fake.drops, 1);
    assert_int_equal(fake.opened, 0);
}

static void a_card_that_nobody_kept_goes_dark(void **state)
{
    struct stage *stage = *state;
    open_screen(stage);
    show(stage, 1);
    shelf.keeps = false; /* the service manager was not heard of */
    end_process(stage);
    assert_null(fake_shown(0).pixels);
    assert_int_equal(fake_buffers_left(), 0);
}

#define RESTART_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_shelf, tear_down_shelf)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RESTART_TEST(the_picture_stays_over_a_restart),
        RESTART_TEST(the_picture_is_handed_to_the_next_player),
        RESTART_TEST(pictures_that_were_never_shown_are_gone_at_once),
        RESTART_TEST(flips_of_the_process_before_mean_nothing),
        RESTART_TEST(two_outputs_stay_on),
        RESTART_TEST(a_part_of_a_wall_stays),
        RESTART_TEST(a_monitor_that_was_unplugged_meanwhile_is_waited_for),
        RESTART_TEST(in_another_mode_it_covers_the_screen),
        RESTART_TEST(another_monitor_begins_with_the_picture),
        RESTART_TEST(a_monitor_that_was_off_is_not_on_again),
        RESTART_TEST(another_master_gets_the_card),
        RESTART_TEST(a_descriptor_of_no_use_is_closed),
        RESTART_TEST(a_card_that_is_let_go_is_not_kept),
        RESTART_TEST(a_card_that_nobody_kept_goes_dark),
    };
    return cmocka_run_group_tests_name("display_kms_restart", tests, NULL, NULL);
}
