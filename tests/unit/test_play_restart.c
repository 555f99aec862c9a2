/* What the play command shows in place of the picture of the player before, and when. */
#include "base/clock.h"
#include "commands/play_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define SECOND_NS INT64_C(1000000000)
#define MIDNIGHT_MS 1770336000000.0 /* 2026-02-06 in UTC */

/* What the display has; the display itself is not here. */
static struct picture *on_screen;
static const struct card_keeper *keeper;
static int passed;

struct picture *display_take_inherited(struct display *display)
{
    struct picture *picture = on_screen;
    (void)display;
    on_screen = NULL;
    return picture;
}

void display_keep_card(const struct card_keeper *given, int inherited)
{
    keeper = given;
    passed = inherited;
}

static struct play play;

static int set_up(void **state)
{
    (void)state;
    play = (struct play){.opened_ns = clock_mono_ns()};
    on_screen = picture_create(0, NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    show_finish(&play.show);
    picture_release(on_screen);
    on_screen = NULL;
    return 0;
}

static struct show_frame step_to(struct picture *picture)
{
    const struct show_request request = {.now_ms = 1,
                                         .to = {.key = 5, .picture = picture, .motion_ms = 1000},
                                         .mix = 1,
                                         .bridge_ms = 500};
    return show_step(&play.show, &request);
}

static void without_a_player_before_nothing_is_waited_for(void **state)
{
    (void)state;
    picture_release(on_screen);
    on_screen = NULL;
    assert_false(play_restart_show_inherited(&play, 0));
    assert_false(play_restart_is_inherited_on(&play));
    assert_false(play_restart_is_waiting(&play, 0));
}

static void its_picture_stays_until_another_fades_in(void **state)
{
    struct picture *own = picture_create(0, NULL, NULL), *before = on_screen;
    (void)state;
    assert_true(play_restart_show_inherited(&play, 0));
    step_to(NULL);
    assert_true(play_restart_is_inherited_on(&play));
    assert_true(play_restart_is_waiting(&play, 0));
    assert_ptr_equal(play.show.settled.picture, before);
    struct show_frame frame = step_to(own);
    assert_false(play_restart_is_inherited_on(&play));
    assert_false(play_restart_is_waiting(&play, 0));
    assert_true(frame.mix.has_from);
    assert_ptr_equal(frame.mix.from.picture, before);
    picture_release(own);
}

static void a_house_card_waits_for_a_minute(void **state)
{
    (void)state;
    play_restart_show_inherited(&play, 0);
    play.opened_ns = clock_mono_ns() - 30 * SECOND_NS;
    assert_true(play_restart_is_waiting(&play, 0));
    play.opened_ns = clock_mono_ns() - 61 * SECOND_NS;
    assert_false(play_restart_is_waiting(&play, 0));
    assert_true(play_restart_is_inherited_on(&play)); /* until there is one */
}

/* What crashed the player is left out: nothing else is due. The picture that is on is its own. */
static void what_crashed_the_player_is_not_waited_for(void **state)
{
    static const char text[] = "{\"format\":\"duckling/1\",\"timezone\":\"UTC\",\"spots\":{"
                               "\"a\":{\"background\":\"#800000\",\"duration\":10},"
                               "\"b\":{\"background\":\"#008000\",\"duration\":10}}}";
    static const bool left_out[2] = {true, false};
    struct playlist_faults faults = {0};
    struct edition edition = {.playlist = playlist_parse(text, strlen(text), &faults)};
    (void)state;
    playlist_faults_finish(&faults);
    assert_non_null(edition.playlist);
    play.playout = (struct playout){.edition = &edition};
    play.playout.programme = programme_create(edition.playlist, &play.playout.zone.civil, NULL);
    assert_non_null(play.playout.programme);
    play_restart_show_inherited(&play, MIDNIGHT_MS);
    assert_true(play_restart_is_waiting(&play, MIDNIGHT_MS));
    play.playout.left_out = left_out;
    assert_false(play_restart_is_waiting(&play, MIDNIGHT_MS));
    assert_true(play_restart_is_waiting(&play, MIDNIGHT_MS + 15000)); /* of the other one's slot */
    programme_destroy(play.playout.programme);
    playlist_destroy(edition.playlist);
}

static void only_pictures_of_a_playlist_take_its_place(void **state)
{
    static char programme;
    struct frame drawn = {.holders = 1};
    struct picture plain = {0}, card = {.visual = &drawn}, words = {.text = &drawn}, spot = {0};
    (void)state;
    snprintf(spot.name, sizeof spot.name, "red");
    assert_false(play_restart_may_replace(&play, &plain));
    assert_false(play_restart_may_replace(&play, &card)); /* no playlist yet */
    play.playout.programme = (struct programme *)&programme;
    assert_false(play_restart_may_replace(&play, &plain)); /* a house card that is not drawn yet */
    assert_true(play_restart_may_replace(&play, &card));
    assert_true(play_restart_may_replace(&play, &words));
    assert_true(play_restart_may_replace(&play, &spot)); /* a spot of a plain color */
}

static void the_service_manager_is_the_keeper(void **state)
{
    (void)state;
    play_restart_begin(&play);
    assert_int_equal(passed, -1);
    keeper->keep(keeper->context, STDERR_FILENO); /* there is none: nothing */
    assert_false(keeper->keeps(keeper->context));
    play.manager.keeps = true;
    assert_true(keeper->keeps(keeper->context));
    play.manager.keeps = false;
    keeper->forget(keeper->context);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_player_before_nothing_is_waited_for),
        TEST(its_picture_stays_until_another_fades_in),
        TEST(a_house_card_waits_for_a_minute),
        TEST(what_crashed_the_player_is_not_waited_for),
        TEST(only_pictures_of_a_playlist_take_its_place),
        TEST(the_service_manager_is_the_keeper),
    };
    return cmocka_run_group_tests_name("play_restart", tests, NULL, NULL);
}
