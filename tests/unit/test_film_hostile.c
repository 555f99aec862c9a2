#include "worker/film/film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <cmocka.h>

#include <libavformat/avio.h>
#include <libavutil/mem.h>

#include "temp_folder.h"
#include "film_files.h"

/* Against a film that hangs; a busy machine takes its time. */
#define SECONDS_MAX 120
#define OUTPUTS_MAX 4000
#define CUTS 40
#define FLIPS 200

static const char *const films[] = {"h264.mp4", "vp9.webm", "hevc.mkv", "av1.mp4", "vp8.webm"};
#define FILMS (sizeof films / sizeof *films)

/* In place of the C library's, for FFmpeg too: what is opened by name while a film is. */
static int opened;

int open64(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    int mode = va_arg(list, int);
    va_end(list);
    opened++;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    int mode = va_arg(list, int);
    va_end(list);
    return open64(path, flags, mode);
}

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    film_file_write_counter("counter.yuv", FILM_WIDTH, FILM_HEIGHT, FILM_FRAMES);
#define SOURCE                                                                                     \
    "-f rawvideo -s 160x90 -pix_fmt yuv420p -r 25 -i {}/counter.yuv -f lavfi -i sine -t 3 "
    film_file_run(SOURCE "-c:v libx264 -pix_fmt yuv420p -g 24 -c:a aac {}/h264.mp4");
    film_file_run(SOURCE "-c:v libvpx-vp9 -cpu-used 5 -g 24 -c:a libopus {}/vp9.webm");
    film_file_run(SOURCE
                  "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=24 -c:a "
                  "flac {}/hevc.mkv");
    film_file_run(SOURCE "-c:v libaom-av1 -cpu-used 8 -usage realtime -g 24 -c:a libmp3lame "
                         "{}/av1.mp4");
    film_file_run(SOURCE
                  "-c:v libvpx -deadline realtime -cpu-used 8 -g 24 -c:a libvorbis {}/vp8.webm");
    return 0;
}

/* Plays whatever this is; how it ended. FILM_FAILED also where it could not be opened. */
static enum film_result try_bytes(const void *bytes, size_t size, int64_t start_us, int *frames,
                                  struct err *err)
{
    film_file_write("try", bytes, size);
    struct timespec begun, done;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    int fd = open(temp_folder_path("try"), O_RDONLY | O_CLOEXEC);
    opened = 0;
    struct film_file film;
    const struct film_request request = {.start_us = start_us, .want_sound = true, .threads = 2};
    enum film_result result = FILM_FAILED;
    struct film_output output;
    int64_t before_us = INT64_MIN;
    *frames = 0;
    if (film_file_try(&film, fd, &request, 0, err))
        for (int i = 0; i < OUTPUTS_MAX; i++) {
            result = film_next(film.film, FILM_TAKE_FRAMES | FILM_TAKE_SOUND, &output, err);
            if (result != FILM_FRAME && result != FILM_SOUND)
                break;
            assert_true(output.duration_us > 0);
            if (result == FILM_SOUND) {
                assert_true(output.sample_count > 0);
                continue;
            }
            assert_true(output.time_us > before_us);
            before_us = output.time_us;
            film_file_number(&film, output.slot, 0);
            film_release(film.film, output.slot);
            ++*frames;
        }
    film_file_close(&film);
    clock_gettime(CLOCK_MONOTONIC, &done);
    assert_true(done.tv_sec - begun.tv_sec < SECONDS_MAX);
    assert_int_equal(opened, 0);
    assert_true(result == FILM_END || result == FILM_FAILED);
    assert_true(result == FILM_END || err->text[0] != '\0');
    return result;
}

static void whole_films_play(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILMS; i++) {
        size_t size;
        int frames;
        struct err err = {0};
        uint8_t *bytes = film_file_read(films[i], &size);
        if (try_bytes(bytes, size, 0, &frames, &err) != FILM_END || frames != FILM_FRAMES)
            fail_msg("%s: %d frames, %s", films[i], frames, err.text);
        free(bytes);
    }
}

static void cut_films_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILMS; i++) {
        size_t size;
        uint8_t *bytes = film_file_read(films[i], &size);
        for (size_t cut = 0; cut < CUTS; cut++) {
            struct err err = {0};
            int frames;
            enum film_result result =
                try_bytes(bytes, size * cut / CUTS, cut % 2 ? 1500000 : 0, &frames, &err);
            assert_true(cut > 0 || result == FILM_FAILED);
            assert_true(frames <= FILM_FRAMES);
        }
        free(bytes);
    }
}

static void flipped_bits_do_no_harm(void **state)
{
    (void)state;
    uint64_t random = 11;
    int survived = 0;
    for (int i = 0; i < FLIPS; i++) {
        size_t size;
        uint8_t *bytes = film_file_read(films[(size_t)i % FILMS], &size);
        /* A few, or many; anywhere, or where the headers are. */
        int flips = i % 3 == 0 ? 1 : i % 3 == 1 ? 20 : 500;
        size_t reach = i % 2 ? size : size < 2000 ? size : 2000;
        for (int j = 0; j < flips; j++) {
            uint64_t at = film_file_random(&random) % (reach * 8);
            bytes[at / 8] ^= (uint8_t)(1 << at % 8);
        }
        struct err err = {0};
        int frames;
        survived += try_bytes(bytes, size, i % 4 == 3 ? 2000000 : 0, &frames, &err) == FILM_END;
        free(bytes);
    }
    /* Else the test would not get past the headers. */
    assert_in_range(survived, FLIPS / 5, FLIPS - 1);
}

static void refused(const void *bytes, size_t size, const char *words)
{
    struct err err = {0};
    int frames;
    if (try_bytes(bytes, size, 0, &frames, &err) != FILM_FAILED || !strstr(err.text, words))
        fail_msg("not \"%s\", but \"%s\"", words, err.text);
    assert_int_equal(frames, 0);
}

static void what_is_no_film_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "Two ducklings went over the ice.\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '/etc/passwd'\n",
        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"></MPD>",
        "[playlist]\nFile1=/etc/passwd\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "GIF89a\1\0\1\0\0\0\0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refused(texts[i], strlen(texts[i]), "not an MP4, MOV, WebM or MKV film");
    size_t size;
    film_file_run("-f lavfi -i testsrc2=s=64x64 -frames:v 1 -f image2 -c:v mjpeg {}/picture.mp4");
    uint8_t *bytes = film_file_read("picture.mp4", &size);
    refused(bytes, size, "not an MP4, MOV, WebM or MKV film");
    free(bytes);
}

static void other_codecs_and_sound_alone_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words, *reason;
    } cases[] = {
        {"-f lavfi -i testsrc2=s=64x64 -t 1 -c:v prores -f mov", "the video codec is prores"},
        {"-f lavfi -i testsrc2=s=64x64 -t 1 -c:v mjpeg -f matroska", "the video codec is mjpeg"},
        {"-f lavfi -i sine -t 1 -c:a aac -f mp4", "the file contains no video"},
        {"-f lavfi -i testsrc2=s=64x64 -t 1 -c:v libx264 -f mpegts", "not an MP4"},
        {"-f lavfi -i testsrc2=s=64x64 -t 1 -c:v libx264 -f avi", "not an MP4"},
        {"-f lavfi -i color=s=16400x16 -frames:v 1 -c:v libaom-av1 -cpu-used 8 -usage realtime -f "
         "webm",
         "16400 × 16 pixels"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[512];
        size_t size;
        snprintf(words, sizeof words, "%s {}/other", cases[i].words);
        film_file_run(words);
        uint8_t *bytes = film_file_read("other", &size);
        refused(bytes, size, cases[i].reason);
        free(bytes);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    const struct film_request request = {.threads = 1};
    struct err err = {0};
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_null(film_open(fd, &request, &err));
    close(fd);
    fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_null(film_open(fd, &request, &err));
    close(fd);
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.text, "not a regular file");
}

/* `more` bytes at `at` inside an MP4 whose moov is last, and so in all the boxes around. */
static uint8_t *insert(const uint8_t *bytes, size_t size, size_t at, const void *more, size_t count,
                       const char *const around[])
{
    uint8_t *larger = malloc(size + count);
    assert_non_null(larger);
    memcpy(larger, bytes, at);
    memcpy(larger + at, more, count);
    memcpy(larger + at + count, bytes + at, size - at);
    for (; *around; around++) {
        uint8_t *box = film_file_box(larger, at, *around);
        film_file_put_big_endian(box, film_file_big_endian(box) + (uint32_t)count);
    }
    return larger;
}

static void a_thousand_streams_are_refused(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = film_file_read("h264.mp4", &size);
    uint8_t *trak = film_file_box(bytes, size, "trak");
    size_t length = film_file_big_endian(trak), count = 1000;
    uint8_t *more = malloc(length * count);
    assert_non_null(more);
    for (size_t i = 0; i < count; i++)
        memcpy(more + i * length, trak, length);
    static const char *const around[] = {"moov", NULL};
    uint8_t *larger = insert(bytes, size, (size_t)(trak - bytes), more, length * count, around);
    struct err err = {0};
    int frames;
    try_bytes(larger, size + length * count, 0, &frames, &err);
    assert_int_equal(frames, 0);
    free(more);
    free(larger);
    free(bytes);
}

/* A QuickTime alias to /etc/passwd in place of "the track is in this file". */
static void tracks_in_other_files_are_not_opened(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = film_file_read("h264.mp4", &size);
    uint8_t *dref = film_file_box(bytes, size, "dref");
    uint8_t *url = dref + 16;
    assert_memory_equal(url + 4, "url ", 4);
    uint8_t alias[200] = {0};
    film_file_put_big_endian(alias, 12 + sizeof alias);
    memcpy(alias + 4, "alis", 4);
    /* flags 0, then the record: names, levels, and a typed list with the path (2). */
    static const char path[] = "/etc/passwd";
    size_t list = 12 + 10 + 28 + 12 + 64 + 16 + 4 + 16;
    alias[list + 1] = 2;
    alias[list + 3] = sizeof path - 1;
    memcpy(alias + list + 4, path, sizeof path - 1);
    memcpy(alias + list + 4 + sizeof path, "\xff\xff", 2);
    static const char *const around[] = {"moov", "trak", "mdia", "minf", "dinf", "dref", NULL};
    /* FFmpeg opens files through our open() as well: what is counted is all there is. */
    opened = 0;
    AVIOContext *io = NULL;
    assert_true(avio_open(&io, "file:/etc/passwd", AVIO_FLAG_READ) >= 0);
    avio_closep(&io);
    assert_int_equal(opened, 1);
    size_t at = (size_t)(url - bytes);
    uint8_t *larger = insert(bytes, size, at, alias, sizeof alias, around);
    /* The old entry becomes the alias's tail. */
    struct err err = {0};
    int frames;
    try_bytes(larger, size + sizeof alias, 0, &frames, &err);
    free(larger);
    free(bytes);
}

static void frames_larger_than_told_are_not_decoded(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = film_file_read("vp8.webm", &size);
    int patched = 0;
    /* Key frames of VP8 begin with their size (RFC 6386, 9.1). */
    for (size_t i = 0; i + 7 < size; i++)
        if (memcmp(bytes + i, "\x9d\x01\x2a\xa0\x00\x5a\x00", 7) == 0) {
            memcpy(bytes + i + 3, "\xff\x3f\xff\x3f", 4);
            patched++;
        }
    assert_true(patched >= 3);
    struct err err = {0};
    int frames;
    try_bytes(bytes, size, 0, &frames, &err);
    assert_int_equal(frames, 0);
    free(bytes);
}

static void films_without_end_of_broken_packets_fail(void **state)
{
    (void)state;
    size_t size;
    film_file_write_counter("long.yuv", 16, 16, 400);
    film_file_run("-f rawvideo -s 16x16 -pix_fmt yuv420p -i {}/long.yuv -c:v libx264 -g 1000 "
                  "{}/long.mp4");
    uint8_t *bytes = film_file_read("long.mp4", &size);
    uint8_t *mdat = film_file_box(bytes, size, "mdat");
    memset(mdat + 8, 0xff, film_file_big_endian(mdat) - 8);
    refused(bytes, size, "no frame from 300");
    free(bytes);
}

/* What an edit list cuts off begins at a key frame far back. */
static void films_that_were_cut_begin_where_they_were_cut(void **state)
{
    (void)state;
    film_file_write_counter("cut.yuv", 64, 64, 500);
    film_file_run("-f rawvideo -s 64x64 -pix_fmt yuv420p -r 25 -i {}/cut.yuv -c:v libx264 -pix_fmt "
                  "yuv420p -g 1000 {}/uncut.mp4");
    film_file_run("-ss 16 -i {}/uncut.mp4 -c copy {}/cut.mp4");
    for (int64_t start_us = 0; start_us <= 2000000; start_us += 2000000) {
        const struct film_request request = {.threads = 2, .start_us = start_us};
        struct film_file film = film_file_open("cut.mp4", &request, 0);
        struct film_output output;
        struct err err = {0};
        enum film_result result = film_next(film.film, FILM_TAKE_FRAMES, &output, &err);
        if (result != FILM_FRAME)
            fail_msg("%d: %s", result, err.text);
        assert_int_equal(output.time_us, start_us);
        assert_int_equal(film_file_number(&film, output.slot, 0), 400 + start_us / 40000);
        film_file_close(&film);
    }
}

/* It is no broken packet: frames would be missing, and nobody knew why. */
static void a_film_fails_where_memory_does_not_do(void **state)
{
    (void)state;
    film_file_run(
        "-f lavfi -i testsrc2=s=640x360 -t 1 -c:v libx264 -pix_fmt yuv420p10le {}/deep.mp4");
    for (int threads = 1; threads <= 4; threads += 3) {
        const struct film_request request = {.threads = threads};
        struct film_file film = film_file_open("deep.mp4", &request, 0);
        /* Enough for all but a frame's first plane. */
        av_max_alloc(300000);
        struct film_output output;
        struct err err = {0};
        assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, &err), FILM_FAILED);
        assert_int_equal(err.code, ERR_LIMIT);
        film_file_close(&film);
    }
}

/* Three clusters of 26 frames; the last one, at 2.08 s, says that it is at the second one's
 * time. */
static void frames_that_come_too_late_are_left_out(void **state)
{
    (void)state;
    film_file_run(
        "-f rawvideo -s 160x90 -pix_fmt yuv420p -r 25 -i {}/counter.yuv -c:v libx264 -pix_fmt "
        "yuv420p -g 25 -bf 0 -cluster_time_limit 1000 {}/back.mkv");
    size_t size;
    uint8_t *bytes = film_file_read("back.mkv", &size);
    size_t last = 0;
    /* The time, in two bytes, is the first thing in a cluster, behind its length. */
    for (size_t i = 0; i + 16 < size; i++)
        if (memcmp(bytes + i, "\x1f\x43\xb6\x75", 4) == 0)
            last = i;
    while (last + 4 < size && memcmp(bytes + last, "\xe7\x82\x08\x20", 4) != 0)
        last++;
    assert_true(last + 4 < size);
    memcpy(bytes + last + 2, "\x04\x10", 2);
    film_file_write("back.mkv", bytes, size);
    free(bytes);
    const struct film_request request = {.threads = 1};
    struct film_file film = film_file_open("back.mkv", &request, 0);
    struct film_output output;
    int frames = 0;
    while (film_next(film.film, FILM_TAKE_FRAMES, &output, NULL) == FILM_FRAME) {
        assert_int_equal(film_file_number(&film, output.slot, 0), frames);
        assert_int_equal(output.time_us, 40000 * (int64_t)frames++);
        film_release(film.film, output.slot);
    }
    assert_int_equal(frames, 52);
    assert_int_equal(film_counts(film.film).late, 23);
    film_file_close(&film);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_films_play),
        cmocka_unit_test(cut_films_end),
        cmocka_unit_test(flipped_bits_do_no_harm),
        cmocka_unit_test(what_is_no_film_is_refused),
        cmocka_unit_test(other_codecs_and_sound_alone_are_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_thousand_streams_are_refused),
        cmocka_unit_test(tracks_in_other_files_are_not_opened),
        cmocka_unit_test(frames_larger_than_told_are_not_decoded),
        cmocka_unit_test(films_without_end_of_broken_packets_fail),
        cmocka_unit_test(films_that_were_cut_begin_where_they_were_cut),
        cmocka_unit_test(a_film_fails_where_memory_does_not_do),
        cmocka_unit_test(frames_that_come_too_late_are_left_out),
    };
    return cmocka_run_group_tests_name("film_hostile", tests, setup, temp_folder_teardown);
}
