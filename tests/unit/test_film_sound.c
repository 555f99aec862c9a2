#include "worker/film/film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <math.h>
#include <cmocka.h>

#include "temp_folder.h"
#include "film_files.h"

#define BOTH (FILM_TAKE_FRAMES | FILM_TAKE_SOUND)
#define BEEP_US 1000000
#define BEEP_LONG_US 100000
#define STEP_US 15000 /* of the onset that is measured: codecs smear */

/* Silence, but for a beep from 1.0 to 1.1 s; pictures with their numbers. */
#define PICTURES "-f rawvideo -s 160x90 -pix_fmt yuv420p -r 25 -i {}/counter.yuv "
#define BEEP(rate, channels)                                                                       \
    "-f lavfi -i aevalsrc=exprs=0.5*sin(2*PI*1000*t)*between(t\\,1\\,1.1)" channels ":s=" rate     \
    ":d=3 "
#define MONO ""
#define PAIR "|0.5*sin(2*PI*1000*t)*between(t\\,1\\,1.1)"
#define X264 "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 24 -bf 2 "

static const struct {
    const char *name, *words;
} samples[] = {
    {"aac.mp4", PICTURES BEEP("48000", PAIR) X264 "-c:a aac"},
    {"aac.mkv", PICTURES BEEP("44100", MONO) X264 "-c:a aac"},
    {"opus.webm", PICTURES BEEP("48000", PAIR) "-c:v libvpx -deadline realtime -cpu-used 8 -g 24 "
                                               "-c:a libopus"},
    {"vorbis.webm", PICTURES BEEP("44100", PAIR) "-c:v libvpx -deadline realtime -cpu-used 8 -g "
                                                 "24 -c:a libvorbis"},
    {"mp3.mp4", PICTURES BEEP("44100", PAIR) X264 "-c:a libmp3lame"},
    {"flac.mkv", PICTURES BEEP("96000", MONO) X264 "-c:a flac"},
    {"ac3.mp4", PICTURES BEEP("48000", PAIR) X264 "-c:a ac3"},
    {"pcm.mov", PICTURES BEEP("22050", MONO) X264 "-c:a pcm_s16le"},
    {"surround.mkv", PICTURES BEEP("48000", MONO) X264 "-c:a ac3 -ac 6"},
    {"late.mkv", PICTURES BEEP("48000", PAIR) X264 "-c:a flac -output_ts_offset 5"},
};
#define SAMPLES (sizeof samples / sizeof *samples)

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    film_file_write_counter("counter.yuv", FILM_WIDTH, FILM_HEIGHT, FILM_FRAMES);
    for (size_t i = 0; i < SAMPLES; i++) {
        char words[1024];
        snprintf(words, sizeof words, "%s {}/%s", samples[i].words, samples[i].name);
        film_file_run(words);
    }
    return 0;
}

/* What was heard. */
struct heard {
    int64_t first_us, end_us;     /* of all pieces */
    int64_t beep_us, beep_end_us; /* of what is loud; -1: nothing */
    int64_t gap_us;               /* the largest between pieces */
    int frames;
    int64_t apart_us; /* the most that a picture or a sound came ahead of the other kind */
};

static void listen(struct heard *heard, const struct film_output *output)
{
    if (heard->end_us < 0)
        heard->first_us = output->time_us;
    else if (llabs(output->time_us - heard->end_us) > heard->gap_us)
        heard->gap_us = llabs(output->time_us - heard->end_us);
    heard->end_us = output->time_us + output->duration_us;
    for (int i = 0; i < output->sample_count; i++) {
        if (fabsf(output->samples[2 * i]) < 0.1F || fabsf(output->samples[2 * i + 1]) < 0.1F)
            continue;
        int64_t at_us = output->time_us + (int64_t)i * 1000000 / FILM_SOUND_HZ;
        if (heard->beep_us < 0)
            heard->beep_us = at_us;
        heard->beep_end_us = at_us;
    }
}

static struct heard play(const char *name, int64_t start_us)
{
    const struct film_request request = {.start_us = start_us, .want_sound = true, .threads = 2};
    struct film_file film = film_file_open(name, &request, 0);
    struct heard heard = {.end_us = -1, .beep_us = -1, .beep_end_us = -1};
    struct err err = {0};
    int64_t picture_us = start_us;
    for (;;) {
        struct film_output output;
        enum film_result result = film_next(film.film, BOTH, &output, &err);
        if (result == FILM_END)
            break;
        if (result == FILM_SOUND) {
            listen(&heard, &output);
            if (heard.end_us - picture_us > heard.apart_us && heard.frames < FILM_FRAMES)
                heard.apart_us = output.time_us - picture_us;
        } else if (result == FILM_FRAME) {
            heard.frames++;
            picture_us = output.time_us + output.duration_us;
            film_release(film.film, output.slot);
        } else {
            fail_msg("%s: %d, %s", name, result, err.text);
        }
    }
    film_file_close(&film);
    return heard;
}

static bool near(int64_t a, int64_t b, int64_t step)
{
    return llabs(a - b) <= step;
}

static void sound_is_in_step_with_the_pictures(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct heard heard = play(samples[i].name, 0);
        if (heard.frames != FILM_FRAMES || heard.first_us > 30000 ||
            !near(heard.end_us, 3000000, 60000) || heard.gap_us > 100 ||
            !near(heard.beep_us, BEEP_US, STEP_US) ||
            !near(heard.beep_end_us, BEEP_US + BEEP_LONG_US, STEP_US) || heard.apart_us > 200000)
            fail_msg("%s: %d frames, sound %jd to %jd, beep %jd to %jd, gap %jd, apart %jd us",
                     samples[i].name, heard.frames, (intmax_t)heard.first_us,
                     (intmax_t)heard.end_us, (intmax_t)heard.beep_us, (intmax_t)heard.beep_end_us,
                     (intmax_t)heard.gap_us, (intmax_t)heard.apart_us);
    }
}

static void joining_late_stays_in_step(void **state)
{
    (void)state;
    static const int64_t starts_us[] = {700000, 990000, 1050000, 2000000};
    for (size_t i = 0; i < SAMPLES * 4; i++) {
        int64_t start_us = starts_us[i % 4];
        const char *name = samples[i / 4].name;
        struct heard heard = play(name, start_us);
        int64_t beep_us = start_us > BEEP_US ? start_us : BEEP_US;
        bool beeps = start_us < BEEP_US + BEEP_LONG_US;
        if (!near(heard.first_us, start_us, 30000) || heard.first_us < start_us ||
            beeps != (heard.beep_us >= 0) || (beeps && !near(heard.beep_us, beep_us, STEP_US)))
            fail_msg("%s from %jd: sound from %jd, beep at %jd us", name, (intmax_t)start_us,
                     (intmax_t)heard.first_us, (intmax_t)heard.beep_us);
    }
}

static void sound_that_is_not_wanted_is_not_given(void **state)
{
    (void)state;
    const struct film_request request = {.threads = 1};
    struct film_file film = film_file_open("aac.mp4", &request, 0);
    assert_true(film_facts(film.film)->has_sound);
    struct film_output output;
    enum film_result result;
    while ((result = film_next(film.film, BOTH, &output, NULL)) == FILM_FRAME)
        film_release(film.film, output.slot);
    assert_int_equal(result, FILM_END);
    film_file_close(&film);
}

/* One kind is not taken for a while, then the other: nothing stops, nothing is lost. */
static void kinds_do_not_block_each_other(void **state)
{
    (void)state;
    const struct film_request request = {.want_sound = true, .threads = 2};
    struct film_file film = film_file_open("aac.mp4", &request, 0);
    struct film_output output;
    /* Only pictures tell when the film begins. */
    assert_int_equal(film_next(film.film, FILM_TAKE_SOUND, &output, NULL), FILM_WAIT);
    struct heard heard = {.end_us = -1, .beep_us = -1, .beep_end_us = -1};
    int frames = 0;
    while (frames < 50 && film_next(film.film, FILM_TAKE_FRAMES, &output, NULL) == FILM_FRAME) {
        assert_int_equal(film_file_number(&film, output.slot, 0), frames++);
        film_release(film.film, output.slot);
    }
    while (film_next(film.film, FILM_TAKE_SOUND, &output, NULL) == FILM_SOUND)
        listen(&heard, &output);
    while (film_next(film.film, FILM_TAKE_FRAMES, &output, NULL) == FILM_FRAME) {
        assert_int_equal(film_file_number(&film, output.slot, 0), frames++);
        film_release(film.film, output.slot);
    }
    assert_int_equal(frames, FILM_FRAMES);
    assert_true(near(heard.end_us, 3000000, 60000) && heard.gap_us < 100);
    assert_true(near(heard.beep_us, BEEP_US, STEP_US));
    film_file_close(&film);
}

/* Every byte of the sound may be wrong: the pictures go on. */
static void broken_sound_is_silence(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "-i {}/aac.mp4 -c copy -bsf:a noise=1 {}/broken.mp4",
        "-i {}/aac.mp4 -c copy -bsf:a noise=50 {}/broken.mp4",
        "-i {}/mp3.mp4 -c copy -bsf:a noise=1 {}/broken.mp4",
        "-i {}/ac3.mp4 -c copy -bsf:a noise=1 {}/broken.mp4",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        film_file_run(broken[i]);
        assert_int_equal(play("broken.mp4", 0).frames, FILM_FRAMES);
    }
    film_file_run("-i {}/opus.webm -c copy -bsf:a noise=1 {}/broken.webm");
    assert_int_equal(play("broken.webm", 0).frames, FILM_FRAMES);
}

static void sound_of_other_codecs_counts_as_none(void **state)
{
    (void)state;
    film_file_run(PICTURES BEEP("48000", PAIR) X264 "-c:a wmav2 {}/other.mkv");
    const struct film_request request = {.want_sound = true, .threads = 1};
    struct film_file film = film_file_open("other.mkv", &request, 0);
    assert_false(film_facts(film.film)->has_sound);
    film_file_close(&film);
    struct heard heard = play("other.mkv", 0);
    assert_int_equal(heard.frames, FILM_FRAMES);
    assert_int_equal(heard.end_us, -1);
}

/* Behind a gap the resampler first gives back some of what was before it: what follows stays in its
 * place all the same, to a few samples. */
static void sound_behind_a_gap_is_in_its_place(void **state)
{
    (void)state;
    film_file_run(PICTURES BEEP("44100", MONO) X264
                  "-af aselect=not(between(t\\,0.4\\,0.7)) -c:a flac -strict -2 {}/gap.mp4");
    struct heard heard = play("gap.mp4", 0);
    if (heard.gap_us < 200000 || !near(heard.beep_us, BEEP_US, 150))
        fail_msg("a gap of %jd us, the beep at %jd us", (intmax_t)heard.gap_us,
                 (intmax_t)heard.beep_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_is_in_step_with_the_pictures),
        cmocka_unit_test(joining_late_stays_in_step),
        cmocka_unit_test(sound_behind_a_gap_is_in_its_place),
        cmocka_unit_test(sound_that_is_not_wanted_is_not_given),
        cmocka_unit_test(kinds_do_not_block_each_other),
        cmocka_unit_test(broken_sound_is_silence),
        cmocka_unit_test(sound_of_other_codecs_counts_as_none),
    };
    return cmocka_run_group_tests_name("film_sound", tests, setup, temp_folder_teardown);
}
