/* Catching up: what is given out, and how little is decoded for it. */
#include "worker/film/film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <cmocka.h>

#include "temp_folder.h"
#include "film_files.h"

#define FRAMES 250
#define FRAME_US 40000
#define PICTURES "-f rawvideo -s 160x90 -pix_fmt yuv420p -r 25 -i {}/counter.yuv "
#define X264                                                                                       \
    "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -x264-params b-adapt=0:scenecut=0 "
#define BOTH (FILM_TAKE_FRAMES | FILM_TAKE_SOUND)

static const char *const words[] = {
    PICTURES X264 "-g 1000 {}/one-key.mp4",
    PICTURES X264 "-g 50 {}/keys.mp4",
    PICTURES X264 "-g 50 {}/keys.mkv",
    PICTURES "-f lavfi -i sine -t 10 " X264 "-g 50 -c:a flac {}/sound.mkv",
};

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    film_file_write_counter("counter.yuv", FILM_WIDTH, FILM_HEIGHT, FRAMES);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        film_file_run(words[i]);
    return 0;
}

static struct film_file begin(const char *name, int64_t start_us)
{
    const struct film_request request = {.threads = 1, .start_us = start_us};
    return film_file_open(name, &request, 0);
}

static void next_is(struct film_file *film, int number)
{
    struct film_output output;
    struct err err = {0};
    enum film_result result = film_next(film->film, FILM_TAKE_FRAMES, &output, &err);
    if (result != FILM_FRAME || film_file_number(film, output.slot, 0) != number ||
        output.time_us != (int64_t)number * FRAME_US)
        fail_msg("%d instead of frame %d: %s", result, number, err.text);
    film_release(film->film, output.slot);
}

/* Frame 200 is on from 8 s on. */
static void what_is_over_is_left_out(void **state)
{
    (void)state;
    struct film_file film = begin("one-key.mp4", 0);
    next_is(&film, 0);
    film_skip(film.film, 8000000);
    for (int n = 200; n < FRAMES; n++)
        next_is(&film, n);
    const struct film_counts counts = film_counts(film.film);
    assert_int_equal(counts.seeks, 0);
    /* Of 199 frames half are referred to by no other one, and were not decoded. */
    assert_in_range(counts.skipped, 90, 120);
    assert_int_equal(counts.direct + counts.converted, FRAMES - 200 + 1);
    assert_int_equal(counts.broken_packets, 0);
    film_file_close(&film);
}

static void a_late_start_decodes_only_what_it_needs(void **state)
{
    (void)state;
    struct film_file film = begin("one-key.mp4", 8000000);
    struct film_output output;
    enum film_result result;
    int steps = 0;
    while ((result = film_step(film.film, FILM_TAKE_FRAMES, &output, NULL)) == FILM_WORKING)
        steps++;
    assert_int_equal(result, FILM_FRAME);
    assert_int_equal(film_file_number(&film, output.slot, 0), 200);
    /* A step for each packet, and one for each frame that was decoded. */
    assert_in_range(steps, 200 + 90, 200 + 140);
    assert_true(film_counts(film.film).packets >= 200);
    film_file_close(&film);
}

static void a_key_frame_ahead_is_jumped_to(void **state)
{
    (void)state;
    static const char *const names[] = {"keys.mp4", "keys.mkv"};
    for (size_t i = 0; i < 2; i++) {
        struct film_file film = begin(names[i], 0);
        next_is(&film, 0);
        film_skip(film.film, 7500000);
        next_is(&film, 187);
        next_is(&film, 188);
        struct film_counts counts = film_counts(film.film);
        assert_int_equal(counts.seeks, 1);
        assert_true(counts.packets < 60);
        /* The next key frame is so near that what follows might not be there in time. */
        film_skip(film.film, 8800000);
        next_is(&film, 220);
        assert_int_equal(film_counts(film.film).seeks, 1);
        film_file_close(&film);
    }
}

/* Where the index has to be looked for, that may lead back: once, and nothing comes twice. */
static void a_look_for_the_index_may_lead_back(void **state)
{
    (void)state;
    film_file_run(PICTURES X264 "-g 1000 {}/one-key.mkv");
    struct film_file film = begin("one-key.mkv", 0);
    for (int n = 0; n < 10; n++)
        next_is(&film, n);
    for (int n = 95; n < FRAMES; n += 85) {
        film_skip(film.film, (int64_t)n * FRAME_US);
        next_is(&film, n);
        next_is(&film, n + 1);
    }
    assert_int_equal(film_counts(film.film).seeks, 1);
    film_file_close(&film);
}

static void past_the_end_the_last_frame_is_given(void **state)
{
    (void)state;
    static const char *const names[] = {"keys.mp4", "keys.mkv", "one-key.mp4"};
    for (size_t i = 0; i < 3; i++) {
        struct film_file film = begin(names[i], 0);
        struct film_output output;
        next_is(&film, 0);
        film_skip(film.film, 60000000);
        next_is(&film, FRAMES - 1);
        assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_END);
        film_file_close(&film);
    }
}

static void a_time_that_has_passed_changes_nothing(void **state)
{
    (void)state;
    struct film_file film = begin("keys.mp4", 0);
    for (int n = 0; n < 120; n++) {
        film_skip(film.film, (int64_t)n * FRAME_US / 2);
        next_is(&film, n);
    }
    film_skip(film.film, -1);
    next_is(&film, 120);
    assert_int_equal(film_counts(film.film).skipped, 0);
    assert_int_equal(film_counts(film.film).seeks, 0);
    film_file_close(&film);
}

static void before_the_first_frame_it_is_a_later_start(void **state)
{
    (void)state;
    const struct film_request request = {.threads = 1};
    int fd = open(temp_folder_path("keys.mp4"), O_RDONLY | O_CLOEXEC);
    struct film_file film;
    assert_true(film_file_try(&film, fd, &request, 0, NULL));
    film_skip(film.film, 5000000);
    next_is(&film, 125);
    film_file_close(&film);
    film = begin("keys.mp4", 1000000);
    struct film_output output;
    for (int i = 0; i < 5; i++)
        assert_int_equal(film_step(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_WORKING);
    film_skip(film.film, 5000000);
    next_is(&film, 125);
    film_file_close(&film);
}

static void sound_catches_up_too(void **state)
{
    (void)state;
    const struct film_request request = {.threads = 1, .want_sound = true};
    struct film_file film = film_file_open("sound.mkv", &request, 0);
    struct film_output output;
    int64_t heard_us = 0, gap_us = 0;
    int frames = 0;
    enum film_result result;
    while ((result = film_next(film.film, BOTH, &output, NULL)) != FILM_END) {
        if (result == FILM_FRAME) {
            film_release(film.film, output.slot);
            if (++frames == 20)
                film_skip(film.film, 7000000);
            continue;
        }
        assert_int_equal(result, FILM_SOUND);
        if (output.time_us - heard_us > gap_us)
            gap_us = output.time_us - heard_us;
        assert_true(output.time_us >= heard_us - 100);
        assert_true(frames < 20 || output.time_us >= 7000000);
        heard_us = output.time_us + output.duration_us;
    }
    assert_int_equal(frames, 20 + 75);
    assert_in_range(gap_us, 5500000, 6500000);
    assert_in_range(heard_us, 9900000, 10100000);
    film_file_close(&film);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_over_is_left_out),
        cmocka_unit_test(a_late_start_decodes_only_what_it_needs),
        cmocka_unit_test(a_key_frame_ahead_is_jumped_to),
        cmocka_unit_test(a_look_for_the_index_may_lead_back),
        cmocka_unit_test(past_the_end_the_last_frame_is_given),
        cmocka_unit_test(a_time_that_has_passed_changes_nothing),
        cmocka_unit_test(before_the_first_frame_it_is_a_later_start),
        cmocka_unit_test(sound_catches_up_too),
    };
    return cmocka_run_group_tests_name("film_skip", tests, setup, temp_folder_teardown);
}
