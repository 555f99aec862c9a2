/* How loud films are heard: as loud as they are seen, by a show and a loader that the test has in
 * its hand. */
#include "playout/playout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define START_MS 1770336000000.0 /* 2026-02-06 in UTC: a block begins */
#define QUARTER_TURN 1.57079632679489661923

/* Two films of 10 s that crossfade for 2 s, and then a third that cuts in. */
#define A 0
#define B 1
#define C 2
static const char *const SPOTS =
    "{\"format\":\"duckling/1\",\"timezone\":\"UTC\","
    "\"defaults\":{\"duration\":10,\"transition\":{\"type\":\"crossfade\",\"duration\":2}},"
    "\"spots\":{\"a\":{\"video\":\"a.mp4\",\"volume\":0.5},"
    "\"b\":{\"video\":\"b.mp4\",\"volume\":0.8},"
    "\"c\":{\"video\":\"c.mp4\",\"volume\":1,\"transition\":{\"type\":\"cut\"}}}}";

static char films[3];  /* only their places count */
static bool absent[3]; /* not decoded */

struct film_client *loader_audible_film(struct loader *loader, const struct loader_key *key)
{
    void *film = &films[key->spot];
    assert_null(loader);
    return absent[key->spot] ? NULL : film;
}

enum loader_state loader_request(struct loader *loader, const struct loader_key *key,
                                 struct picture **picture)
{
    (void)loader, (void)key;
    *picture = NULL;
    return LOADER_LOADING;
}

struct picture *loader_request_house_card(struct loader *loader, const char *words)
{
    (void)loader, (void)words;
    return NULL;
}

void loader_continue_films(struct loader *loader, double now_ms)
{
    (void)loader, (void)now_ms;
}

/* The films of an edition that is gone, whose pictures may be on screen still. */
#define LEFT_VOLUME 0.6
static char left_films[2], left_pictures[2];
static double left_begin_ms[2];

static struct picture *left_picture(int number)
{
    void *picture = &left_pictures[number];
    return picture;
}

struct film_client *loader_shown_film(struct loader *loader, const struct picture *picture,
                                      double *begin_ms, double *volume)
{
    (void)loader;
    for (int i = 0; i < 2; i++) {
        if (picture != left_picture(i))
            continue;
        void *film = &left_films[i];
        *begin_ms = left_begin_ms[i];
        *volume = LEFT_VOLUME;
        return film;
    }
    return NULL;
}

static uint64_t fingerprints[] = {11, 12, 0}; /* the third is known by its slot alone */
static struct playout playout;
static struct edition edition;
static struct show show;

static int prepare(void **state)
{
    (void)state;
    struct playlist_faults faults = {0};
    memset(&show, 0, sizeof show);
    memset(absent, 0, sizeof absent);
    edition.playlist = playlist_parse(SPOTS, strlen(SPOTS), &faults);
    playlist_faults_finish(&faults);
    playout = (struct playout){.edition = &edition, .serial = 1, .fingerprints = fingerprints};
    if (!edition.playlist)
        return -1;
    playout.programme = programme_create(edition.playlist, &playout.zone.civil, NULL);
    return playout.programme ? 0 : -1;
}

static int clean_up(void **state)
{
    (void)state;
    programme_destroy(playout.programme);
    playlist_destroy(edition.playlist);
    return 0;
}

/* The key of a spot's slot in the first round, as the show has it. */
static uint64_t key_of_spot(int spot)
{
    struct picture *next;
    return playout_request(&playout, NULL, "", false, START_MS + spot * 10000.0, &next).to.key;
}

static void show_is_settled_on(int spot)
{
    show = (struct show){.settled.key = key_of_spot(spot)};
}

/* The gain of a spot's film, both times after the block's start; -1: it is not to be heard. */
static double gain_of(int spot, double now_ms, double show_ms)
{
    struct playout_sound sounds[2];
    double gain = -1;
    int count =
        playout_sounds(&playout, NULL, &show, START_MS + now_ms, START_MS + show_ms, sounds);
    for (int i = 0; i < count; i++) {
        if ((char *)sounds[i].film != &films[spot])
            continue;
        gain = sounds[i].gain;
        assert_true(sounds[i].key == key_of_spot(spot));
        assert_true(fabs(sounds[i].offset_ms - (show_ms - spot * 10000.0)) < 1e-6);
    }
    return gain;
}

static void assert_gain(double is, double wanted)
{
    if (!(fabs(is - wanted) < 1e-3)) /* the programme counts whole milliseconds */
        fail_msg("%f instead of %f", is, wanted);
}

static void a_film_is_as_loud_as_its_spot_says(void **state)
{
    (void)state;
    show_is_settled_on(A);
    assert_gain(gain_of(A, 5000, 5090.25), 0.5);
    assert_gain(gain_of(B, 5000, 5090.25), -1);
    show_is_settled_on(C);
    assert_gain(gain_of(C, 20000, 20001), 1); /* a cut */
    assert_gain(gain_of(B, 20000, 20001), -1);
    absent[C] = true;
    assert_gain(gain_of(C, 20000, 20001), -1);
}

/* What is louder is as loud as allowed; fades begin and end there. */
static void nothing_is_louder_than_allowed(void **state)
{
    (void)state;
    playout.has_max_volume = true;
    playout.max_volume = 0.6;
    show_is_settled_on(A);
    assert_gain(gain_of(A, 5000, 5090.25), 0.5);
    show_is_settled_on(C);
    assert_gain(gain_of(C, 20000, 20001), 0.6);
    playout.max_volume = 0;
    assert_gain(gain_of(C, 20000, 20001), 0);
}

/* Of equal power: the squares of both together stay one. */
static void one_film_fades_into_the_next(void **state)
{
    (void)state;
    show_is_settled_on(A);
    show.incoming.key = key_of_spot(B);
    for (int ms = 10000; ms < 12000; ms += 100) {
        double mix = (ms - 10000) / 2000.0;
        double a = gain_of(A, ms, ms) / 0.5, b = gain_of(B, ms, ms) / 0.8;
        assert_gain(a, cos(mix * QUARTER_TURN));
        assert_gain(b, sin(mix * QUARTER_TURN));
        assert_gain(a * a + b * b, 1);
    }
    assert_gain(gain_of(A, 12000, 12000), -1);
    assert_gain(gain_of(B, 12000, 12000), 0.8);
}

/* What is mixed ahead begins before any frame of it is shown. */
static void a_film_that_is_about_to_begin_is_heard_on_time(void **state)
{
    (void)state;
    show_is_settled_on(B);
    assert_gain(gain_of(C, 19950, 20040), 1);
    assert_gain(gain_of(C, 20010, 20100), 1); /* no frame was due yet */
    assert_gain(gain_of(C, 20090, 20180), 1);
}

/* Its picture is not there: neither is its sound, however much of it is. */
static void a_film_that_is_not_shown_is_not_heard(void **state)
{
    (void)state;
    show_is_settled_on(B);
    assert_gain(gain_of(C, 20101, 20190), 0);
    assert_gain(gain_of(C, 25000, 25090), 0);
    assert_gain(gain_of(B, 12500, 12590), 0.8);
    show_is_settled_on(C);
    assert_gain(gain_of(B, 12500, 12590), 0);
    memset(&show, 0, sizeof show);
    assert_gain(gain_of(C, 25000, 25090), 0);
}

/* It came late, and fades in by the show's own time. */
static void a_bridge_is_heard_as_it_is_seen(void **state)
{
    (void)state;
    show_is_settled_on(B);
    show.incoming.key = key_of_spot(C);
    show.bridging = true;
    show.bridge_start_ms = START_MS + 23000;
    show.bridge_ms = 1000;
    for (int ms = 23000; ms < 24000; ms += 50)
        assert_gain(gain_of(C, ms, ms + 50), sin((ms - 22950) / 1000.0 * QUARTER_TURN));
    assert_gain(gain_of(C, 23990, 24080), 1); /* over before the show knows */
}

/* The programme still fades from the one to the other, and the show, late, does so too: the one
 * that goes is as loud as both leave of it, the one that comes as the show has it. */
static void a_bridge_within_a_fade_of_the_programme(void **state)
{
    (void)state;
    show_is_settled_on(A);
    show.incoming.key = key_of_spot(B);
    show.bridging = true;
    show.bridge_start_ms = START_MS + 10500;
    show.bridge_ms = 1000;
    for (int ms = 10500; ms < 11500; ms += 50) {
        double mix = (ms - 10000) / 2000.0 * QUARTER_TURN,
               own = (ms - 10500) / 1000.0 * QUARTER_TURN;
        assert_gain(gain_of(A, ms, ms), 0.5 * cos(mix) * cos(own));
        assert_gain(gain_of(B, ms, ms), 0.8 * sin(own));
    }
    /* What it fades from stands still, and is silent. */
    show.from_frozen = true;
    assert_gain(gain_of(A, 11000, 11000), 0);
    assert_gain(gain_of(B, 11000, 11000), 0.8 * sin(QUARTER_TURN / 2));
}

/* A film that was on screen before a swap, or before the clock was set, and what it fades into. */
static void a_swap_fades_into(int spot, double now_ms)
{
    show = (struct show){.settled = {.key = 77, .picture = left_picture(0), .start_ms = START_MS},
                         .incoming.key = key_of_spot(spot),
                         .bridging = true,
                         .bridge_start_ms = START_MS + now_ms,
                         .bridge_ms = 1000};
}

/* It goes on where it was by the clock that nobody sets, and fades as it is seen to. */
static void a_film_that_a_swap_left_fades_out(void **state)
{
    (void)state;
    struct playout_sound sounds[2];
    playout.jumped_ms = 0;
    for (int jump = 0; jump < 2; jump++) {
        a_swap_fades_into(C, 25000);
        left_begin_ms[0] = START_MS + 20100 - playout.jumped_ms;
        for (int ms = 25000; ms <= 26000; ms += 50) {
            double mix = (ms - 25000) / 1000.0 * QUARTER_TURN;
            assert_gain(gain_of(C, ms, ms), sin(mix));
            assert_int_equal(
                playout_sounds(&playout, NULL, &show, START_MS + ms, START_MS + ms, sounds), 2);
            assert_ptr_equal(sounds[0].film, &left_films[0]);
            assert_true(sounds[0].key == 77);
            assert_gain(sounds[0].gain, LEFT_VOLUME * cos(mix));
            assert_gain(sounds[0].offset_ms, ms - 20100);
        }
        playout_jump(&playout, -3000);
    }
}

static void a_film_that_a_swap_left_is_silent_where_it_stands_still(void **state)
{
    (void)state;
    struct playout_sound sounds[2];
    a_swap_fades_into(C, 25000);
    show.from_frozen = true;
    assert_int_equal(
        playout_sounds(&playout, NULL, &show, START_MS + 25500, START_MS + 25500, sounds), 1);
    assert_gain(gain_of(C, 25500, 25500), sin(QUARTER_TURN / 2));
}

/* Two swaps at once leave two films on screen, which leave no room for the third. */
static void of_many_films_those_on_screen_are_heard(void **state)
{
    (void)state;
    struct playout_sound sounds[2];
    a_swap_fades_into(C, 25000);
    show.incoming =
        (struct show_target){.key = 78, .picture = left_picture(1), .start_ms = START_MS};
    assert_int_equal(
        playout_sounds(&playout, NULL, &show, START_MS + 25250, START_MS + 25250, sounds), 2);
    assert_ptr_equal(sounds[0].film, &left_films[0]);
    assert_gain(sounds[0].gain, LEFT_VOLUME * cos(QUARTER_TURN / 4));
    assert_ptr_equal(sounds[1].film, &left_films[1]);
    assert_gain(sounds[1].gain, LEFT_VOLUME * sin(QUARTER_TURN / 4));
}

/* A film of the programme is heard once, and by the programme. */
static void a_film_on_screen_is_heard_once(void **state)
{
    (void)state;
    struct playout_sound sounds[2];
    show_is_settled_on(A);
    show.settled.picture = left_picture(0);
    show.settled.start_ms = START_MS;
    assert_int_equal(
        playout_sounds(&playout, NULL, &show, START_MS + 5000, START_MS + 5000, sounds), 1);
    assert_gain(gain_of(A, 5000, 5000), 0.5);
}

static void nothing_plays(void **state)
{
    (void)state;
    struct playout none = {0};
    struct playout_sound sounds[2];
    assert_int_equal(playout_sounds(&none, NULL, &show, START_MS, START_MS, sounds), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_film_is_as_loud_as_its_spot_says, prepare, clean_up),
        cmocka_unit_test_setup_teardown(nothing_is_louder_than_allowed, prepare, clean_up),
        cmocka_unit_test_setup_teardown(one_film_fades_into_the_next, prepare, clean_up),
        cmocka_unit_test_setup_teardown(a_film_that_is_about_to_begin_is_heard_on_time, prepare,
                                        clean_up),
        cmocka_unit_test_setup_teardown(a_film_that_is_not_shown_is_not_heard, prepare, clean_up),
        cmocka_unit_test_setup_teardown(a_bridge_is_heard_as_it_is_seen, prepare, clean_up),
        cmocka_unit_test_setup_teardown(a_bridge_within_a_fade_of_the_programme, prepare, clean_up),
        cmocka_unit_test_setup_teardown(a_film_that_a_swap_left_fades_out, prepare, clean_up),
        cmocka_unit_test_setup_teardown(a_film_that_a_swap_left_is_silent_where_it_stands_still,
                                        prepare, clean_up),
        cmocka_unit_test_setup_teardown(of_many_films_those_on_screen_are_heard, prepare, clean_up),
        cmocka_unit_test_setup_teardown(a_film_on_screen_is_heard_once, prepare, clean_up),
        cmocka_unit_test_setup_teardown(nothing_plays, prepare, clean_up),
    };
    return cmocka_run_group_tests_name("playout_sound", tests, NULL, NULL);
}
