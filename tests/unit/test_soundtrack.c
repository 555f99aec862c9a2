/* Hearing: when the device is open, and that what comes out of it is in step with the show, by a
 * clock, a device, a film and a playout that the test has in its hand. */
#include "playout/soundtrack.h"

#include "base/clock.h"
#include "decode/film_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define START_MS INT64_C(1770336000000) /* 2026-02-06 in UTC: a block begins */
#define BOOT_NS INT64_C(7000000000)
#define MS_NS INT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)

/* The modules beside soundtrack.c. */

static int64_t mono_ns;

int64_t clock_mono_ns(void)
{
    return mono_ns;
}

struct sound_device {
    struct sound_queue queue;
    bool possible, open, wanted;
};

static struct sound_device device;

struct sound_device *sound_device_create(void)
{
    return &device;
}

void sound_device_set_needed(struct sound_device *sound, bool wanted)
{
    sound->wanted = wanted;
}

bool sound_device_is_available(const struct sound_device *sound)
{
    return sound->possible;
}

bool sound_device_is_open(const struct sound_device *sound)
{
    return sound->open;
}

struct sound_queue *sound_device_queue(struct sound_device *sound)
{
    return &sound->queue;
}

bool sound_device_destroy(struct sound_device *sound)
{
    return sound == &device;
}

static bool decodes_sound;

void loader_set_sound(struct loader *loader, bool sound)
{
    (void)loader;
    decodes_sound = sound;
}

/* What playout says is to be heard: at most one film that began at START_MS; and what it was
 * asked. */
static struct {
    int count;
    double gain;
    double now_ms, show_ms;
} heard;

/* The film: at its pair n the sound is n / 2^21, from when it was given back up to where it was
 * added last. */
#define SCALE (1.0 / (1 << 21))
#define NOT_ADDED INT64_MIN
static int64_t film_passed, film_added;

static struct film_client *any_film(void)
{
    static char film;
    void *there = &film;
    return there;
}

int playout_sounds(struct playout *playout, struct loader *loader, const struct show *show,
                   double now_ms, double show_ms, struct playout_sound sounds[2])
{
    (void)playout;
    (void)loader;
    (void)show;
    heard.now_ms = now_ms;
    heard.show_ms = show_ms;
    if (heard.count > 0)
        sounds[0] = (struct playout_sound){1, any_film(), show_ms - (double)START_MS, heard.gain};
    return heard.count;
}

bool film_client_add_sound(struct film_client *film, int64_t offset, float *mix, int pairs,
                           const float gains[2])
{
    assert_ptr_equal(film, any_film());
    /* What was given back does not come again. */
    assert_true(pairs == 0 || offset >= film_passed);
    film_passed = offset;
    for (int i = 0; i < pairs; i++)
        for (int side = 0; side < 2; side++)
            mix[2 * i + side] += (float)((double)(offset + i) * SCALE) * gains[0];
    if (pairs > 0)
        film_added = offset + pairs;
    return pairs > 0;
}

/* The test. */

static struct soundtrack soundtrack;
static struct show_clock show_clock;
static struct playout playout;
static struct edition edition;

static int prepare(void **state)
{
    (void)state;
    device = (struct sound_device){.possible = true};
    mono_ns = BOOT_NS;
    memset(&heard, 0, sizeof heard);
    film_passed = film_added = NOT_ADDED;
    playout = (struct playout){0};
    show_clock_init(&show_clock, mono_ns, START_MS);
    return soundtrack_init(&soundtrack) ? 0 : -1;
}

static void stop_playing(void)
{
    programme_destroy(playout.programme);
    playlist_destroy(edition.playlist);
    playout.programme = NULL;
    edition.playlist = NULL;
}

static int clean_up(void **state)
{
    (void)state;
    stop_playing();
    return soundtrack_finish(&soundtrack) ? 0 : -1;
}

static void play(const char *spots)
{
    static char text[2048];
    int length = snprintf(text, sizeof text,
                          "{\"format\":\"duckling/1\",\"timezone\":\"UTC\","
                          "\"defaults\":{\"transition\":{\"type\":\"crossfade\",\"duration\":1}},"
                          "\"spots\":{%s}}",
                          spots);
    struct playlist_faults faults = {0};
    stop_playing();
    edition.playlist = playlist_parse(text, (size_t)length, &faults);
    assert_non_null(edition.playlist);
    playlist_faults_finish(&faults);
    playout.edition = &edition;
    playout.serial++;
    playout.programme = programme_create(edition.playlist, &playout.zone.civil, NULL);
    assert_non_null(playout.programme);
}

static void turn(void)
{
    soundtrack_turn(&soundtrack, &playout, NULL, NULL, &show_clock);
}

/* Turns as a still picture has them, up to `until_s` of the show. Returns after how many seconds of
 * it the device was wanted, or not any more, for the first time; -1: it stayed as it was. */
static double turns_until(double until_s)
{
    bool before = device.wanted;
    double changed_s = -1;
    for (; mono_ns < BOOT_NS + (int64_t)(until_s * 1e9); mono_ns += 100 * MS_NS) {
        turn();
        if (device.wanted != before && changed_s < 0)
            changed_s = (double)(mono_ns - BOOT_NS) / 1e9;
    }
    return changed_s;
}

static void assert_between(double least, double is, double most)
{
    if (!(is >= least && is <= most))
        fail_msg("%f is not between %f and %f", is, least, most);
}

/* A still of five minutes, a film of half a minute, and so on: eleven minutes for two rounds. */
static void the_device_is_open_about_what_is_heard(void **state)
{
    (void)state;
    play("\"still\":{\"image\":\"a.png\",\"duration\":300},"
         "\"film\":{\"video\":\"b.mp4\",\"duration\":30,\"volume\":0.5}");
    for (int round = 0; round < 3; round++) {
        /* Some seconds are enough for any device, and more than a few are for nothing. */
        double film_s = 330 * round + 300, opened_s = turns_until(film_s + 31);
        assert_between(film_s - 12, opened_s, film_s - 8);
        assert_true(device.wanted);
        /* It fades out for a second. */
        double closed_s = turns_until(film_s + 150);
        assert_between(film_s + 31 + 58, closed_s, film_s + 31 + 62);
        assert_false(device.wanted);
    }
}

static void less_than_a_minute_between_two_films_keeps_it_open(void **state)
{
    (void)state;
    play("\"film\":{\"video\":\"b.mp4\",\"duration\":5,\"volume\":0.5},"
         "\"still\":{\"image\":\"a.png\",\"duration\":55}");
    assert_true(turns_until(1) == 0);
    assert_true(turns_until(600) == -1);
    assert_true(device.wanted);
}

static void what_is_not_heard_opens_nothing(void **state)
{
    (void)state;
    turns_until(3); /* nothing plays */
    assert_false(device.wanted);
    play("\"film\":{\"video\":\"b.mp4\",\"duration\":5},"
         "\"quiet\":{\"video\":\"b.mp4\",\"duration\":5,\"volume\":0},"
         "\"still\":{\"image\":\"a.png\",\"duration\":5,\"volume\":1}");
    assert_true(turns_until(100) == -1);
    assert_false(device.wanted);
}

/* Another playlist, or a step of the clock, may bring a film at once. */
static void a_swap_opens_it_at_once(void **state)
{
    (void)state;
    play("\"still\":{\"image\":\"a.png\"}");
    turns_until(20.05);
    assert_false(device.wanted);
    play("\"film\":{\"video\":\"b.mp4\",\"volume\":1}");
    turn();
    assert_true(device.wanted);
    play("\"still\":{\"image\":\"a.png\",\"duration\":600},"
         "\"film\":{\"video\":\"b.mp4\",\"duration\":30,\"volume\":1}");
    assert_between(78, turns_until(120), 82);
    show_clock_init(&show_clock, mono_ns, START_MS + 600000);
    playout.jumps++;
    turn();
    assert_true(device.wanted);
}

static void without_a_device_films_get_on(void **state)
{
    (void)state;
    turn();
    assert_true(decodes_sound);
    device.possible = false;
    heard.count = 1;
    heard.gain = 1;
    mono_ns += 3 * SECOND_NS;
    turn();
    assert_false(decodes_sound);
    /* What was decoded before is given back up to now, and nothing is mixed. */
    assert_int_equal(film_passed, 3 * MIXER_HZ);
    assert_int_equal(film_added, NOT_ADDED);
    assert_int_equal(soundtrack_until_ns(&soundtrack, mono_ns, mono_ns + 1), INT64_MAX);
    device.possible = true;
    turn();
    assert_true(decodes_sound);
}

/* The device: two periods are in its buffer, and the thread that feeds it waits until there is room
 * for another, as with ALSA. So pair n is heard n pairs after it began. */
#define PERIOD 1024
static struct {
    int64_t begun_ns, periods;
    double pairs_per_ns;
    float last, first; /* the first is the one after silence */
    /* Of pairs that were heard at full gain: how far from where the show clock has the film, and
     * the least and the most from one to the next. */
    double off_ms, step_least, step_most;
    int64_t pairs;
} wall;

static void open_device(double hz)
{
    device.open = true;
    memset(&wall, 0, sizeof wall);
    wall.begun_ns = mono_ns;
    wall.pairs_per_ns = hz / 1e9;
    wall.step_least = INFINITY;
    wall.step_most = -INFINITY;
}

static int64_t heard_at_ns(int64_t pair)
{
    return wall.begun_ns + (int64_t)((double)pair / wall.pairs_per_ns);
}

static void hear(const float *samples)
{
    for (int i = 0; i < PERIOD; i++) {
        double offset = (double)samples[2 * i] / SCALE / heard.gain;
        double step = offset - (double)wall.last / SCALE / heard.gain;
        bool follows = wall.last > 0 && samples[2 * i] > 0;
        if (wall.last <= 0 && samples[2 * i] > 0)
            wall.first = samples[2 * i];
        wall.last = samples[2 * i];
        if (!follows)
            continue;
        int64_t at_ns = heard_at_ns(wall.periods * PERIOD + i);
        double show_ms = show_clock_ms(&show_clock, at_ns) - (double)START_MS;
        if (wall.pairs++ < MIXER_BLOCK_PAIRS) /* fades in */
            continue;
        wall.off_ms = fmax(wall.off_ms, fabs(offset / (MIXER_HZ / 1000.0) - show_ms));
        wall.step_least = fmin(wall.step_least, step);
        wall.step_most = fmax(wall.step_most, step);
    }
}

/* Lets the show go on for some time with a turn each 16 ms, while the device takes its periods.
 * What is off is counted anew. */
static void run_for(double seconds)
{
    static float samples[2 * PERIOD];
    int64_t end_ns = mono_ns + (int64_t)(seconds * 1e9);
    wall.off_ms = 0;
    wall.step_least = INFINITY;
    wall.step_most = -INFINITY;
    for (; mono_ns < end_ns; mono_ns += MS_NS) {
        while (heard_at_ns((wall.periods - 2) * PERIOD) <= mono_ns) {
            sound_queue_take(&device.queue, 1, samples, PERIOD, mono_ns);
            hear(samples);
            wall.periods++;
        }
        if (mono_ns / MS_NS % 16 == 0)
            turn();
    }
}

static void a_film_is_heard_when_its_picture_is_seen(void **state)
{
    (void)state;
    heard.count = 1;
    heard.gain = 1;
    open_device(MIXER_HZ);
    run_for(5);
    assert_true(wall.pairs > 4 * MIXER_HZ);
    assert_between(0, wall.off_ms, 1.1); /* the device's thread is looked at each millisecond */
    /* Each block is asked for by the time that it is now, and at which it is heard. */
    assert_between(0, show_clock_ms(&show_clock, mono_ns) - heard.now_ms, 17);
    assert_between(80, heard.show_ms - heard.now_ms, 160);
}

/* The clock is corrected as much as goes without a step, by a device that is 200 ppm off. */
static void a_correction_of_the_clock_is_not_heard(void **state)
{
    (void)state;
    static const int64_t by_ms[] = {250, -250};
    heard.count = 1;
    heard.gain = 1;
    open_device(MIXER_HZ * 1.0002);
    run_for(1);
    for (int n = 0; n < 2; n++) {
        double show_ms = show_clock_ms(&show_clock, mono_ns);
        assert_false(show_clock_update(&show_clock, mono_ns, (int64_t)show_ms + by_ms[n]));
        run_for(8);
        assert_between(3, wall.off_ms, 8);
        /* What a float tells of so high a number, beside a hundredth and a half. */
        assert_between(0.8, wall.step_least, 1.2);
        assert_between(0.8, wall.step_most, 1.2);
    }
    show_clock_init(&show_clock, mono_ns, (int64_t)show_clock_ms(&show_clock, mono_ns));
    run_for(3);
    run_for(1);
    assert_between(0, wall.off_ms, 2.2); /* as above, and half a millisecond from rounding */
}

/* The main thread hung: what comes then is what is on then. */
static void after_a_gap_the_film_is_where_it_should_be(void **state)
{
    (void)state;
    heard.count = 1;
    heard.gain = 0.5;
    open_device(MIXER_HZ);
    run_for(2);
    static float samples[2 * PERIOD];
    for (; heard_at_ns((wall.periods - 2) * PERIOD) <= mono_ns + SECOND_NS; wall.periods++)
        sound_queue_take(&device.queue, 1, samples, PERIOD,
                         heard_at_ns((wall.periods - 2) * PERIOD));
    mono_ns += SECOND_NS;
    wall.last = 0;
    wall.pairs = 0;
    run_for(2);
    assert_true(wall.pairs > MIXER_HZ);
    assert_between(0, wall.off_ms, 1.1);
    /* It fades in, and from silence: what was mixed before the gap has no part in it. */
    assert_between(0, (double)wall.first, 3 * MIXER_HZ * SCALE * heard.gain / 100);
}

static void turns_come_as_often_as_sound_needs_them(void **state)
{
    (void)state;
    const int64_t later_ns = 10 * SECOND_NS;
    open_device(MIXER_HZ);
    run_for(1);
    /* Silence needs none, but for what begins next. */
    assert_int_equal(soundtrack_until_ns(&soundtrack, mono_ns, INT64_MAX), INT64_MAX);
    int64_t until_ns = soundtrack_until_ns(&soundtrack, mono_ns, mono_ns + later_ns);
    assert_between(9.5, (double)(until_ns - mono_ns) / 1e9, 9.9);
    until_ns = soundtrack_until_ns(&soundtrack, mono_ns, mono_ns + 50 * MS_NS);
    assert_between(0.005, (double)(until_ns - mono_ns) / 1e9, 0.06);
    heard.count = 1;
    run_for(0.5);
    until_ns = soundtrack_until_ns(&soundtrack, mono_ns, mono_ns + later_ns);
    assert_between(0.005, (double)(until_ns - mono_ns) / 1e9, 0.06);
    device.open = false;
    turn();
    assert_int_equal(soundtrack_until_ns(&soundtrack, mono_ns, mono_ns + later_ns), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_device_is_open_about_what_is_heard, prepare, clean_up),
        cmocka_unit_test_setup_teardown(less_than_a_minute_between_two_films_keeps_it_open, prepare,
                                        clean_up),
        cmocka_unit_test_setup_teardown(what_is_not_heard_opens_nothing, prepare, clean_up),
        cmocka_unit_test_setup_teardown(a_swap_opens_it_at_once, prepare, clean_up),
        cmocka_unit_test_setup_teardown(without_a_device_films_get_on, prepare, clean_up),
        cmocka_unit_test_setup_teardown(a_film_is_heard_when_its_picture_is_seen, prepare,
                                        clean_up),
        cmocka_unit_test_setup_teardown(a_correction_of_the_clock_is_not_heard, prepare, clean_up),
        cmocka_unit_test_setup_teardown(after_a_gap_the_film_is_where_it_should_be, prepare,
                                        clean_up),
        cmocka_unit_test_setup_teardown(turns_come_as_often_as_sound_needs_them, prepare, clean_up),
    };
    return cmocka_run_group_tests_name("soundtrack", tests, NULL, NULL);
}
