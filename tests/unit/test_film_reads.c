/* How long films are, and how much of their files is read to know it: the sound here is much larger
 * than the pictures. */
#include "worker/film/film.h"
#include "worker/film/film_demux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "temp_folder.h"
#include "film_files.h"

#define FRAMES 750
#define LENGTH_US 30000000
/* FFmpeg looks at up to 5 s before it believes a file's headers; 3 s of sound may come before
 * them. */
#define READ_BYTES_MAX (16 << 20)
#define SLOW_FRAMES 30
#define FRAME_US 40000
/* Eight channels: 1.5 MB a second. */
#define PICTURES "-f rawvideo -s 16x16 -pix_fmt yuv420p -r 25 -i {}/counter.yuv "
#define SOUND "-f lavfi -t 30 -i sine=r=96000 -ac 8 -c:a pcm_s16le "
#define X264 "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 "

#define LATER(ms) "-vf settb=1/1000,setpts=PTS+" ms " -fps_mode passthrough "

/* In place of the C library's: what is read of a film. */
static int64_t read_bytes;

static ssize_t count_read(int fd, void *bytes, size_t count, off_t offset)
{
    ssize_t got = syscall(SYS_pread64, fd, bytes, count, offset);
    read_bytes += got > 0 ? got : 0;
    return got;
}

ssize_t pread64(int fd, void *bytes, size_t count, off_t offset)
{
    return count_read(fd, bytes, count, offset);
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
    return count_read(fd, bytes, count, offset);
}

static const struct {
    const char *name, *words;
    int64_t spare_us; /* what a container's own word may be off by */
} samples[] = {
    {"at-once.mkv", PICTURES SOUND X264, 1000},
    {"soon.mkv", PICTURES SOUND X264 LATER("21"), FRAME_US},
    {"late.mkv", PICTURES SOUND X264 LATER("3000"), 1000},
    {"live.mkv", PICTURES SOUND X264 "-live 1", 1000},
    {"live-late.mkv", PICTURES SOUND X264 LATER("3000") "-live 1", 1000},
    {"whole.mov", PICTURES SOUND X264, 1000},
    {"fragments.mov", PICTURES SOUND X264 "-movflags frag_keyframe+empty_moov", 1000},
};
#define SAMPLES (sizeof samples / sizeof *samples)

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    film_file_write_counter("counter.yuv", 16, 16, FRAMES);
    for (size_t i = 0; i < SAMPLES; i++) {
        char words[1024];
        snprintf(words, sizeof words, "%s {}/%s", samples[i].words, samples[i].name);
        film_file_run(words);
    }
    return 0;
}

static int64_t size_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(temp_folder_path(name), &st), 0);
    return st.st_size;
}

static void lengths_are_known_from_little(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        const char *name = samples[i].name;
        const struct film_request request = {.threads = 1};
        read_bytes = 0;
        struct film_file film = film_file_open(name, &request, 0);
        int64_t off_us = film_facts(film.film)->duration_us - LENGTH_US;
        int64_t size = size_of(name);
        assert_true(size > 40 << 20);
        if (llabs(off_us) > samples[i].spare_us || read_bytes > READ_BYTES_MAX)
            fail_msg("%s: %jd us too long, %jd of %jd bytes read", name, (intmax_t)off_us,
                     (intmax_t)read_bytes, (intmax_t)size);
        struct film_output output;
        assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_FRAME);
        film_file_close(&film);
    }
}

/* In MP4 what is not wanted is passed by. */
static void sound_that_is_not_wanted_is_not_read(void **state)
{
    (void)state;
    const struct film_request request = {.threads = 1};
    film_file_run("-f rawvideo -s 16x16 -pix_fmt yuv420p -r 1 -i {}/counter.yuv " SOUND X264
                  "-frames:v 30 {}/slow.mov");
    read_bytes = 0;
    struct film_file film = film_file_open("slow.mov", &request, 0);
    struct film_output output;
    enum film_result result;
    int frames = 0;
    while ((result = film_next(film.film, FILM_TAKE_FRAMES, &output, NULL)) == FILM_FRAME) {
        frames++;
        film_release(film.film, output.slot);
    }
    assert_int_equal(frames, SLOW_FRAMES);
    assert_true(read_bytes < size_of("slow.mov") / 2);
    film_file_close(&film);
}

/* A film whose tail holds no pictures, but sound, ends where its pictures do. */
static void a_tail_without_pictures_is_looked_past(void **state)
{
    (void)state;
    film_file_run("-f rawvideo -s 16x16 -pix_fmt yuv420p -r 25 -t 15 -i {}/counter.yuv " SOUND X264
                  "-live 1 {}/tail.mkv");
    const struct film_request request = {.threads = 1};
    struct film_file film = film_file_open("tail.mkv", &request, 0);
    assert_in_range(film_facts(film.film)->duration_us, LENGTH_US / 2 - 1000, LENGTH_US / 2 + 1000);
    film_file_close(&film);
}

/* Pictures of 75 s (10 a second), or of 30 s, in 120 s of sound: 184 MB. ffmpeg writes the last picture when it
 * has written most of the sound. */
#define LONG_SOUND "-f lavfi -t 120 -i sine=r=96000 -ac 8 -c:a pcm_s16le " X264
#define LONG(seconds)                                                                              \
    "-f rawvideo -s 16x16 -pix_fmt yuv420p -r " seconds " -i {}/counter.yuv " LONG_SOUND
#define LONG_SOUND_US 120000000

/* Leaves the index where it is, but unknown to anybody. */
static void hide_index(const char *from, const char *into)
{
    static const uint8_t cues[] = {0x1C, 0x53, 0xBB, 0x6B};
    size_t size;
    uint8_t *bytes = film_file_read(from, &size);
    int found = 0;
    for (uint8_t *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), cues, 4)); found++)
        at[3]++;
    assert_true(found >= 2);
    film_file_write(into, bytes, size);
    free(bytes);
}

/* However large a file is: where its last pictures can't be found in a part of it, it is as long as
 * all that is in it. */
static void no_file_is_read_whole(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int fps;
        int64_t length_us, read_bytes_max;
    } films[] = {
        {"long.mkv", 10, 75000000, 48 << 20},
        {"long-one-key.mkv", 25, 30000000, FILM_DEMUX_MEASURE_BYTES_MAX},
        {"long-hidden.mkv", 10, LONG_SOUND_US, FILM_DEMUX_MEASURE_BYTES_MAX},
        {"long-live.mkv", 10, LONG_SOUND_US, FILM_DEMUX_MEASURE_BYTES_MAX},
    };
    film_file_run(LONG("10") "{}/long.mkv");
    film_file_run(LONG("25") "-g 9999 {}/long-one-key.mkv");
    film_file_run(LONG("10") "-live 1 {}/long-live.mkv");
    hide_index("long.mkv", "long-hidden.mkv");
    for (size_t i = 0; i < sizeof films / sizeof *films; i++) {
        const struct film_request request = {.threads = 1};
        read_bytes = 0;
        struct film_file film = film_file_open(films[i].name, &request, 0);
        int64_t off_us = film_facts(film.film)->duration_us - films[i].length_us;
        if (llabs(off_us) > 1000000 / films[i].fps ||
            read_bytes > films[i].read_bytes_max + READ_BYTES_MAX)
            fail_msg("%s: %jd us too long, %jd of %jd bytes read", films[i].name, (intmax_t)off_us,
                     (intmax_t)read_bytes, (intmax_t)size_of(films[i].name));
        film_file_close(&film);
        unlink(temp_folder_path(films[i].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_is_read_whole),
        cmocka_unit_test(lengths_are_known_from_little),
        cmocka_unit_test(sound_that_is_not_wanted_is_not_read),
        cmocka_unit_test(a_tail_without_pictures_is_looked_past),
    };
    return cmocka_run_group_tests_name("film_reads", tests, setup, temp_folder_teardown);
}
