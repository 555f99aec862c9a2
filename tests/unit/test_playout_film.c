/* Films as the programme plays them: each frame in its time, joined late, through steps of the
 * clock and into another edition.
 *
 * film_client.c executes this program again as the worker. */
#include "playout/playout.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "playout_fixture.h"

#define FILM "\"a\":{\"video\":\"film.mp4\",\"duration\":10}"

static int open_playout(void **state)
{
    (void)state;
    open_loader(false, LIMIT_MS);
    put_on(FILM);
    return 0;
}

static void each_frame_in_its_time(void **state)
{
    (void)state;
    for (int at_ms = 0; at_ms < FRAMES * FRAME_MS; at_ms += FRAME_MS / 2)
        settle(at_ms);
    settle(9000); /* the last one holds */
}

static void a_player_that_joins_late(void **state)
{
    (void)state;
    settle(2510);
}

/* Until a film that fades out shows the frame that it has at this time. */
static void settle_old(const struct picture *old, double at_ms, double old_ms)
{
    struct picture *next;
    for (int turns = 0; turns < 1000; turns++) {
        turn(at_ms, &next);
        if (number_of(old) == number_at(old_ms))
            return;
        if (!sleep_on_workers())
            break;
    }
    fail_msg("the film that fades out stands at %d instead of %d", number_of(old),
             number_at(old_ms));
}

/* The slot is the same, but not the film's time. What was on goes on by its old time while it fades
 * into the right frame, which is another picture, and goes on too. */
static void check_jump(double from_ms, double to_ms)
{
    struct show_request request = enter(from_ms);
    struct picture *before = request.to.picture; /* the show holds it, and nobody else */
    uint64_t key = request.to.key;
    playout_jump(&playout, to_ms - from_ms);
    settle_old(before, to_ms + 120, from_ms + 120);
    request = settle(to_ms + 120);
    assert_int_not_equal(request.to.key, key);
    assert_ptr_not_equal(request.to.picture, before);
    assert_ptr_equal(show.settled.picture, before);
    assert_ptr_equal(show.incoming.picture, request.to.picture);
    settle_old(before, to_ms + 280, from_ms + 280);
    settle(to_ms + 280);
    settle(to_ms + 2000);
    assert_ptr_equal(show.settled.picture,
                     request.to.picture); /* faded in: the old one is let go */
    film_worker();                        /* one is left */
    show_finish(&show);
}

/* There is no time left to fade in what a swap brings before its slot ends: it fades all the same,
 * and the next slot fades in from there. */
static void a_swap_at_the_end_of_a_slot(void **state)
{
    (void)state;
    struct picture *next;
    enter(9000);
    put_on("\"b\":{\"image\":\"still.png\",\"duration\":10}");
    struct show_request request = turn(9960, &next);
    for (int turns = 0; !request.to.picture && turns < 1000 && sleep_on_workers(); turns++)
        request = turn(9960, &next);
    assert_non_null(request.to.picture);
    turn(9999, &next);
    assert_ptr_equal(show.incoming.picture, request.to.picture);
    assert_true(show.mix > 0 && show.mix < 0.2);
    for (int turns = 0; next == NULL && turns < 1000 && sleep_on_workers(); turns++)
        turn(9999, &next);
    turn(10010, &next);
    assert_ptr_not_equal(show.incoming.picture, request.to.picture);
    assert_true(show.incoming.key != 0 && show.from_frozen && show.mix < 0.1);
}

static void the_clock_is_set_back(void **state)
{
    (void)state;
    check_jump(3500, 600);
}

static void the_clock_is_set_back_at_the_end(void **state)
{
    (void)state;
    check_jump(3990, 20); /* the worker has said all */
}

static void the_clock_is_set_on(void **state)
{
    (void)state;
    check_jump(300, 1300);
}

/* There and back again before it was noticed: nothing happened. */
static void the_clock_is_set_there_and_back(void **state)
{
    (void)state;
    struct show_request request = enter(1000);
    struct picture *before = request.to.picture;
    playout_jump(&playout, 1234.5678);
    playout_jump(&playout, -1234.5678);
    request = settle(1080);
    assert_ptr_equal(request.to.picture, before);
    assert_int_equal(show.incoming.key, 0);
}

/* The same film in a slot with the same start: what else the edition changed is nothing to it. */
static void check_goes_on(const char *spots, const char *name)
{
    int sounds;
    struct show_request request = enter(1000);
    struct picture *before = request.to.picture;
    pid_t worker = film_worker();
    put_on(spots);
    for (int at_ms = 1010; at_ms < 2000; at_ms += FRAME_MS) {
        request = settle(at_ms);
        assert_ptr_equal(request.to.picture, before);
        assert_int_equal(request.to.key, show.settled.key);
        assert_int_equal(show.incoming.key, 0);
    }
    assert_string_equal(before->name, name);
    assert_int_equal(film_worker(), worker);
    assert_int_equal(count_jobs(&sounds), 1);
}

static void an_unchanged_film_goes_on_in_another_edition(void **state)
{
    (void)state;
    check_goes_on(FILM, "a");
}

static void with_another_length(void **state)
{
    (void)state;
    check_goes_on("\"a\":{\"video\":\"film.mp4\",\"duration\":7}", "a");
}

static void with_another_name(void **state)
{
    (void)state;
    check_goes_on("\"b\":{\"video\":\"film.mp4\",\"duration\":9}", "b");
}

/* Something of it looks otherwise: both run, the old one by its old time, while one fades into the
 * other. */
static void check_fades(const char *spots)
{
    struct show_request request = enter(1000);
    struct picture *before = request.to.picture; /* the show holds it, and nobody else */
    put_on(spots);
    settle_old(before, 1100, 1100);
    request = settle(1100);
    assert_ptr_not_equal(request.to.picture, before);
    assert_ptr_equal(show.settled.picture, before);
    assert_ptr_equal(show.incoming.picture, request.to.picture);
    settle_old(before, 1500, 1500);
    settle(1500);
    assert_true(show.mix > 0.3 && show.mix < 0.5);
    settle(2200);
    film_worker();
}

static void a_changed_film_fades_into_its_new_self(void **state)
{
    (void)state;
    check_fades("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"focus\":[0.1,0.5]}");
}

static void a_film_with_another_tagline_fades(void **state)
{
    (void)state;
    check_fades("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"background\":\"#102030\"}");
}

/* The film is swapped for itself in another slot, again and again, faster than any can be shown:
 * never more workers than there may be, and the last one plays. */
static void many_swaps_in_a_row(void **state)
{
    (void)state;
    struct picture *next;
    pid_t pids[16];
    enter(1000);
    for (int i = 0; i < 12; i++) {
        char spots[128];
        snprintf(spots, sizeof spots,
                 "\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"focus\":[0.%d,0.5]}", 10 + i);
        put_on(spots);
        for (int turns = 0; turns < 3; turns++) {
            turn(1000 + 30 * i + 10 * turns, &next);
            /* Those that were told to end may be at it still. */
            assert_in_range(film_workers(pids, 16), 1, LOADER_FILMS_MAX + 2);
        }
    }
    settle(1500);
    settle(3500);
    film_worker();
}

static void volume_zero_decodes_no_sound(void **state)
{
    (void)state;
    int sounds;
    open_loader(true, LIMIT_MS);
    put_on(FILM);
    settle(200);
    assert_int_equal(count_jobs(&sounds), 1);
    assert_int_equal(sounds, 0);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":0.5}");
    settle(400);
    assert_int_equal(count_jobs(&sounds), 2);
    assert_int_equal(sounds, 1);
}

/* Nor where there is no device. */
static void without_a_device_no_sound_is_decoded(void **state)
{
    (void)state;
    int sounds;
    open_loader(false, LIMIT_MS);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":0.5}");
    settle(200);
    assert_int_equal(count_jobs(&sounds), 1);
    assert_int_equal(sounds, 0);
}

static void assert_near(double found, double wanted, double most)
{
    if (!(fabs(found - wanted) <= most))
        fail_msg("%.6f instead of %.6f", found, wanted);
}

static struct playout_sound only_sound(double now_ms)
{
    struct playout_sound sounds[2];
    assert_int_equal(playout_sounds(&playout, loader, &show, (double)MIDNIGHT_MS + now_ms,
                                    (double)MIDNIGHT_MS + now_ms, sounds),
                     1);
    return sounds[0];
}

static void the_sound_of_an_unchanged_film_goes_on(void **state)
{
    (void)state;
    open_loader(true, LIMIT_MS);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":0.5}");
    enter(0);
    settle(1000);
    const struct playout_sound before = only_sound(1000);
    assert_near(before.gain, 0.5, 1e-9);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":9,\"volume\":0.25}");
    settle(1020);
    const struct playout_sound after = only_sound(1020);
    assert_int_equal(after.key, before.key);
    assert_ptr_equal(after.film, before.film);
    assert_near(after.offset_ms, 1020, 1e-3);
    assert_near(after.gain, 0.25, 1e-9);
}

/* Through all of a bridge, from before the new film is there: as loud as it is seen, by its old
 * time; and the two together are as loud as both are. */
static void the_sound_of_the_old_film_fades(void **state)
{
    (void)state;
    struct playout_sound sounds[2];
    struct picture *next;
    open_loader(true, LIMIT_MS);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":0.5}");
    enter(0);
    settle(1000);
    const struct playout_sound before = only_sound(1000);
    playout_jump(&playout, 1000);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":0.5,\"focus\":[0.1,0.5]}");
    turn(2010, &next);
    struct playout_sound old = only_sound(2010); /* no other worker can be there so soon */
    assert_int_equal(old.key, before.key);
    assert_near(old.gain, 0.5, 1e-9);
    assert_near(old.offset_ms, 1010, 1e-3);
    settle(2020);
    for (int passed_ms = 0; passed_ms < 1000; passed_ms += 100) {
        double at_ms = 2020 + passed_ms;
        settle(at_ms);
        assert_int_equal(playout_sounds(&playout, loader, &show, (double)MIDNIGHT_MS + at_ms,
                                        (double)MIDNIGHT_MS + at_ms, sounds),
                         2);
        assert_int_equal(sounds[0].key, before.key);
        assert_near(sounds[0].offset_ms, at_ms - 1000, 1e-3);
        assert_near(sounds[1].offset_ms, at_ms, 1e-3);
        assert_near(sounds[0].gain, 0.5 * cos(passed_ms / 1000.0 * 1.5707963), 1e-3);
        assert_near(sounds[1].gain, 0.5 * sin(passed_ms / 1000.0 * 1.5707963), 1e-3);
    }
    settle(3100);
    const struct playout_sound after = only_sound(3100);
    assert_int_not_equal(after.key, before.key);
    assert_near(after.gain, 0.5, 1e-9);
}

/* Nobody polls: the film takes as long as it likes. */
static void a_screen_with_nothing_on_it_gets_the_house_card(void **state)
{
    (void)state;
    struct picture *next;
    for (double at_ms = 500; at_ms < 1500; at_ms += 100) {
        struct show_request request =
            playout_request(&playout, loader, "", true, (double)MIDNIGHT_MS + at_ms, &next);
        assert_null(request.to.picture);
    }
    struct show_request request =
        playout_request(&playout, loader, "", true, (double)MIDNIGHT_MS + 1500, &next);
    assert_non_null(request.to.picture);
    assert_string_equal(request.to.picture->name, "");
    request = playout_request(&playout, loader, "", false, (double)MIDNIGHT_MS + 1600, &next);
    assert_null(request.to.picture); /* what is on screen stays, where there is something */
    settle_at(1700, 1700);
    request = playout_request(&playout, loader, "", true, (double)MIDNIGHT_MS + 1700, &next);
    assert_string_equal(request.to.picture->name, "a");
}

int main(int argc, char **argv)
{
    be_a_worker(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_screen_with_nothing_on_it_gets_the_house_card,
                                        open_playout, close_playout),
        cmocka_unit_test_setup_teardown(each_frame_in_its_time, open_playout, close_playout),
        cmocka_unit_test_setup_teardown(a_player_that_joins_late, open_playout, close_playout),
        cmocka_unit_test_setup_teardown(a_swap_at_the_end_of_a_slot, open_playout, close_playout),
        cmocka_unit_test_setup_teardown(the_clock_is_set_back, open_playout, close_playout),
        cmocka_unit_test_setup_teardown(the_clock_is_set_back_at_the_end, open_playout,
                                        close_playout),
        cmocka_unit_test_setup_teardown(the_clock_is_set_on, open_playout, close_playout),
        cmocka_unit_test_setup_teardown(the_clock_is_set_there_and_back, open_playout,
                                        close_playout),
        cmocka_unit_test_setup_teardown(an_unchanged_film_goes_on_in_another_edition, open_playout,
                                        close_playout),
        cmocka_unit_test_setup_teardown(with_another_length, open_playout, close_playout),
        cmocka_unit_test_setup_teardown(with_another_name, open_playout, close_playout),
        cmocka_unit_test_setup_teardown(a_changed_film_fades_into_its_new_self, open_playout,
                                        close_playout),
        cmocka_unit_test_setup_teardown(a_film_with_another_tagline_fades, open_playout,
                                        close_playout),
        cmocka_unit_test_setup_teardown(many_swaps_in_a_row, open_playout, close_playout),
        cmocka_unit_test_teardown(volume_zero_decodes_no_sound, close_playout),
        cmocka_unit_test_teardown(without_a_device_no_sound_is_decoded, close_playout),
        cmocka_unit_test_teardown(the_sound_of_an_unchanged_film_goes_on, close_playout),
        cmocka_unit_test_teardown(the_sound_of_the_old_film_fades, close_playout),
    };
    return cmocka_run_group_tests_name("playout_film", tests, prepare, temp_folder_teardown);
}
