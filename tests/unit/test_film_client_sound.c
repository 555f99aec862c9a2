/* A film's sound on its way from the worker: every sample in its place, none that holds up a frame.
 *
 * film_client.c executes this program again as the worker. */
#include "decode/film_client.h"

#include "base/clock.h"
#include "decode/worker_process.h"
#include "worker/worker_film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "make_film.h"

#define LIMIT_MS 60000 /* far more than any worker here needs, even under a sanitizer */
#define FRAMES 15      /* five a second: they are all out long before the sound is */
#define PAIRS 144000
#define BLOCK_PAIRS 240

/* Three seconds; the sound rises by a 2,000th from sample to sample, a thousand times and again
 * from the start, and is never silent. */
#define PICTURES "-f lavfi -i testsrc=s=64x64:r=5:d=3 "
#define SOUND                                                                                      \
    "-f lavfi -i aevalsrc=exprs=0.25+mod(n\\,1000)/2000|-0.25-mod(n\\,1000)/2000:s=48000:d=3 "
#define X264 MAKE_FILM_X264 "-g 5 "
#define STEP (1 / 2000.0F)

static int prepare_films(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    make_film(PICTURES SOUND X264 "-c:a pcm_s16le ", "small.mov");
    /* One piece is longer than all that may be out with the player. */
    make_film(PICTURES SOUND X264 "-c:a flac -frame_size 65535 ", "large.mkv");
    return 0;
}

/* The one in work, so that a test that fails leaves no worker to the next. */
static struct film_client *current;

static struct film_client *start(const char *name, int64_t start_us)
{
    const struct film_client_request request = {
        .canvas_width_px = 64,
        .canvas_height_px = 64,
        .fit = LAYOUT_FIT_COVER,
        .start_us = start_us,
        .want_sound = true,
        .limit_ms = LIMIT_MS,
    };
    struct err err = {0};
    int file = open(temp_folder_path(name), O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    current = film_client_start(&request, file, &err);
    close(file);
    if (!current)
        fail_msg("%s", err.text);
    return current;
}

static int stop_after_test(void **state)
{
    (void)state;
    film_client_stop(current);
    current = NULL;
    worker_process_reap(true);
    return 0;
}

/* Takes what the worker has said, or will say next. */
static void wait_on(struct film_client *film)
{
    struct pollfd fd = {.fd = film_client_fd(film), .events = POLLIN};
    struct err err = {0};
    if (poll(&fd, 1, LIMIT_MS) == 0)
        fail_msg("nothing comes any more");
    if (film_client_poll(film, clock_mono_ns(), &err) == FILM_CLIENT_FAILED)
        fail_msg("%s", err.text);
}

static int64_t came(const struct film_client *film)
{
    return film_client_counts(film).received;
}

static void frames_do_not_wait_for_sound_that_nobody_takes(void **state)
{
    (void)state;
    static const char *const names[] = {"small.mov", "large.mkv"};
    for (int i = 0; i < 2; i++) {
        struct film_client *film = start(names[i], 0);
        while (came(film) < FRAMES || film_client_deadline_ns(film) != INT64_MAX) {
            wait_on(film);
            if (came(film) > 0)
                film_client_frame_at(film, INT64_MAX);
        }
        /* The rest of the sound is not owed, and does not wake the player while it can't come. */
        while (poll(&(struct pollfd){.fd = film_client_fd(film), .events = POLLIN}, 1, 0) > 0)
            wait_on(film);
        assert_true(film_client_fd(film) >= 0);
        stop_after_test(NULL);
    }
}

/* A block of it, as soon as it has come whole. */
static void listen(struct film_client *film, int64_t offset, float *mix)
{
    for (;;) {
        memset(mix, 0, 2 * BLOCK_PAIRS * sizeof *mix);
        film_client_add_sound(film, offset, mix, BLOCK_PAIRS, (float[]){1, 1});
        if (mix[0] != 0 && mix[2 * (BLOCK_PAIRS - 1)] != 0)
            return;
        wait_on(film);
    }
}

static void check(const float *mix, int64_t offset)
{
    for (int i = 0; i < BLOCK_PAIRS; i++) {
        float wanted = 0.25F + STEP * (float)((offset + i) % 1000);
        if (fabsf(mix[2 * i] - wanted) > STEP / 2 || fabsf(mix[2 * i + 1] + wanted) > STEP / 2)
            fail_msg("%f and %f instead of %f at %jd", (double)mix[2 * i], (double)mix[2 * i + 1],
                     (double)wanted, (intmax_t)(offset + i));
    }
}

static void every_sample_comes_once_in_its_place(void **state)
{
    (void)state;
    static const char *const names[] = {"small.mov", "large.mkv"};
    for (int i = 0; i < 2; i++) {
        struct film_client *film = start(names[i], 0);
        float mix[2 * BLOCK_PAIRS];
        for (int64_t offset = 0; offset < PAIRS; offset += BLOCK_PAIRS) {
            listen(film, offset, mix);
            check(mix, offset);
            film_client_frame_at(film,
                                 INT64_MAX); /* however far it is: nothing is to be left out */
        }
        while (came(film) < FRAMES) {
            wait_on(film);
            film_client_frame_at(film, INT64_MAX);
        }
        stop_after_test(NULL);
    }
}

/* From the middle, and from what is asked for later than it comes: passed over, not heard late. */
static void a_late_listener_hears_what_is_on(void **state)
{
    (void)state;
    struct film_client *film = start("small.mov", 1234567);
    float mix[2 * BLOCK_PAIRS];
    listen(film, 60000, mix); /* 1.25 s */
    check(mix, 60000);
    film_client_add_sound(film, 132000, NULL, 0,
                          (float[]){0, 0}); /* nobody heard what was before */
    listen(film, 132000, mix);
    check(mix, 132000);
    /* What is over does not come again. */
    memset(mix, 0, sizeof mix);
    assert_false(film_client_add_sound(film, 60000, mix, BLOCK_PAIRS, (float[]){1, 1}));
    assert_true(mix[0] == 0);
}

static void the_end_is_the_end(void **state)
{
    (void)state;
    struct film_client *film = start("small.mov", 2000000);
    while (film_client_fd(film) >= 0) { /* until the worker is gone */
        wait_on(film);
        film_client_frame_at(film, INT64_MAX);
        film_client_add_sound(film, PAIRS, NULL, 0, (float[]){0, 0});
    }
    float mix[2 * BLOCK_PAIRS] = {0};
    assert_false(film_client_add_sound(film, PAIRS, mix, BLOCK_PAIRS, (float[]){1, 1}));
    assert_int_equal(came(film), 5);
    assert_non_null(film_client_frame_at(film, INT64_MAX)); /* it holds */
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) == 0)
        _exit(worker_main(
            &worker_film)); /* as main() does; the search for leaks is not for sandboxes */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(frames_do_not_wait_for_sound_that_nobody_takes, stop_after_test),
        cmocka_unit_test_teardown(every_sample_comes_once_in_its_place, stop_after_test),
        cmocka_unit_test_teardown(a_late_listener_hears_what_is_on, stop_after_test),
        cmocka_unit_test_teardown(the_end_is_the_end, stop_after_test),
    };
    return cmocka_run_group_tests_name("film_client_sound", tests, prepare_films,
                                       temp_folder_teardown);
}
