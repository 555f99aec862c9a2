/* Films inside the sandbox, as a worker plays them: nothing that FFmpeg does on its way is missing
 * from the list of system calls. test_movie_sandboxed_plain.py runs the same without sanitizers,
 * which need more of them. */
#include "decode/movie.h"

#include "decode/protocol.h"
#include "decode/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <cmocka.h>

#include "temp_folder.h"
#include "movie_files.h"

#define SOURCE                                                                                     \
    "-f rawvideo -s 160x90 -pix_fmt yuv420p -r 25 -i {}/counter.yuv -f lavfi -i sine -t 3 "
#define WRONG 255 /* the exit status of a film that failed; else its number of frames */
#define LATE_US 1500000
#define LATE_FRAMES 38

static const struct {
    const char *name, *words;
} samples[] = {
    {"h264.mp4", SOURCE "-c:v libx264 -pix_fmt yuv420p -g 24 -c:a aac"},
    {"h264-10.mkv", SOURCE "-c:v libx264 -pix_fmt yuv420p10le -g 1000 -c:a libvorbis"},
    {"hevc.mkv", SOURCE "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=24 -c:a "
                        "flac"},
    {"vp8.webm", SOURCE "-c:v libvpx -deadline realtime -cpu-used 8 -g 24 -c:a libvorbis"},
    {"vp9.webm", SOURCE "-c:v libvpx-vp9 -cpu-used 5 -g 24 -c:a libopus"},
    {"av1.mp4", SOURCE "-c:v libaom-av1 -cpu-used 8 -usage realtime -g 24 -c:a libmp3lame"},
    {"live.mkv", SOURCE "-c:v libx264 -pix_fmt yuv420p -g 24 -c:a ac3 -live 1"},
    {"pcm.mov", SOURCE "-c:v libx264 -pix_fmt yuv420p -g 24 -c:a pcm_s16le"},
};
#define SAMPLES (sizeof samples / sizeof *samples)

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    film_write_counter("counter.yuv", FILM_WIDTH, FILM_HEIGHT, FILM_FRAMES);
    for (size_t i = 0; i < SAMPLES; i++) {
        char words[1024];
        snprintf(words, sizeof words, "%s {}/%s", samples[i].words, samples[i].name);
        film_run(words);
    }
    return 0;
}

static bool enter(void)
{
    const struct sandbox_limits limits = {
        .address_space_bytes = (size_t)3 << 30,
        .file_bytes = PROTOCOL_FILM_BYTES_MAX,
        .processor_s = 60,
        .descriptors = 64,
    };
    return sandbox_set_limits(&limits, NULL) && sandbox_deny_files(NULL) &&
           sandbox_deny_calls(SANDBOX_THREADS, NULL);
}

static void *map(size_t size)
{
    int fd = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
        return MAP_FAILED;
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static int play(int fd, int64_t start_us)
{
    const struct movie_request request = {
        .start_us = start_us, .want_sound = true, .threads = MOVIE_THREADS_MAX};
    struct movie *movie = enter() ? movie_open(fd, &request, NULL) : NULL;
    if (!movie)
        return WRONG;
    const struct movie_layout *layout = &movie_facts(movie)->layout;
    void *ring = map(layout->slot_bytes * (size_t)layout->slots);
    if (ring == MAP_FAILED || !movie_start(movie, ring, layout->slots, NULL))
        return WRONG;
    int frames = 0, sounds = 0;
    struct movie_output output;
    enum movie_result result;
    do {
        result = movie_next(movie, MOVIE_TAKE_FRAMES | MOVIE_TAKE_SOUND, &output, NULL);
        sounds += result == MOVIE_SOUND;
        if (result != MOVIE_FRAME)
            continue;
        frames++;
        movie_release(movie, output.slot);
    } while (result == MOVIE_FRAME || result == MOVIE_SOUND);
    movie_close(movie);
    return result == MOVIE_END && sounds > 0 ? frames : WRONG;
}

static void every_codec_plays(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SAMPLES; i++) {
        const char *name = samples[i / 2].name;
        bool late = i % 2;
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            int fd = open(temp_folder_path(name), O_RDONLY | O_CLOEXEC);
            _exit(play(fd, late ? LATE_US : 0));
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != (late ? LATE_FRAMES : FILM_FRAMES))
            fail_msg("%s, %s: ended with %x", name, late ? "joined late" : "whole", status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_plays),
    };
    return cmocka_run_group_tests_name("movie_sandboxed", tests, setup, temp_folder_teardown);
}
