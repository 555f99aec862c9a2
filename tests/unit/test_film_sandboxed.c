/* Films inside the sandbox, as a worker plays them: nothing that FFmpeg does on its way is missing
 * from the list of system calls. test_film_sandboxed_plain.py runs the same without sanitizers,
 * which need more of them. */
#include "worker/film/film.h"

#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <cmocka.h>

#include "temp_folder.h"
#include "film_files.h"

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

/* What cameras, phones and editors write beside pictures and sound, each kind of it in each
 * container, with each codec that the container takes. The pictures are copied out of the samples
 * above, so all of this is made quickly. */
#define TAGS                                                                                       \
    " -c copy -t 0.2 -metadata creation_time=2024-02-29T23:59:59Z -metadata date=2024-02-29 "      \
    "-metadata title=오리 -metadata location=+37.5665+126.9780/ "                                \
    "-metadata:s:v:0 language=kor -metadata:s:v:0 creation_time=1961-05-05T09:30:00.25Z "          \
    "-metadata:s:a:0 language=deu "
#define PHONE_TAGS                                                                                 \
    "-movflags use_metadata_tags -metadata com.apple.quicktime.make=Apple "                        \
    "-metadata com.apple.quicktime.location.ISO6709=+37.5665+126.9780+038.100/ "                   \
    "-metadata com.apple.quicktime.creationdate=2024-02-29T23:59:59+0900 "                         \
    "-metadata com.android.version=14 -metadata com.android.capture.fps=25 "
#define FROM(name) "-i {}/" name TAGS
#define WITH(name, other) "-i {}/" name " -i {}/" other TAGS

static const struct {
    const char *name, *words;
} tagged[] = {
    {"tags-h264.mp4", FROM("h264.mp4")},
    {"tags-hevc.mp4", FROM("hevc.mkv") "-tag:v hvc1 -strict -2"},
    {"tags-vp9.mp4", FROM("vp9.webm") "-strict -2"},
    {"tags-av1.mp4", FROM("av1.mp4")},
    {"tags-h264.mov", FROM("h264.mp4")},
    {"tags-hevc.mov", WITH("hevc.mkv", "h264.mp4") "-map 0:v -map 1:a -tag:v hvc1"},
    {"tags-pcm.mov", FROM("pcm.mov")},
    {"tags-h264.3gp", FROM("h264.mp4")},
    {"tags-h264.m4v", FROM("h264.mp4") "-f mp4"},
    {"tags-h264.mkv", FROM("h264.mp4")},
    {"tags-ac3.mkv", FROM("live.mkv")},
    {"tags-hevc.mkv", FROM("hevc.mkv")},
    {"tags-vp8.mkv", FROM("vp8.webm")},
    {"tags-av1.mkv", FROM("av1.mp4")},
    {"tags-vp8.webm", FROM("vp8.webm")},
    {"tags-vp9.webm", FROM("vp9.webm")},
    {"phone.mp4", FROM("h264.mp4") PHONE_TAGS},
    {"phone.mov", FROM("h264.mp4") PHONE_TAGS},
    {"chapters.mp4", WITH("h264.mp4", "chapters.txt") "-map 0 -map_metadata 1 -map_chapters 1"},
    {"chapters.mov", WITH("h264.mp4", "chapters.txt") "-map 0 -map_chapters 1"},
    {"chapters.mkv", WITH("h264.mp4", "chapters.txt") "-map 0 -map_chapters 1"},
    {"chapters.webm", WITH("vp9.webm", "chapters.txt") "-map 0 -map_chapters 1"},
    {"cover.mp4", WITH("h264.mp4", "cover.png") "-map 0 -map 1 -disposition:v:1 attached_pic"},
    {"cover.mkv",
     FROM("h264.mp4") "-attach {}/cover.png -metadata:s:t mimetype=image/png -metadata:s:t "
                      "filename=cover.png"},
    {"font.mkv", FROM("h264.mp4") "-attach {}/counter.yuv -metadata:s:t mimetype=font/ttf"},
    {"subtitles.mp4", WITH("h264.mp4", "words.srt") "-map 0 -map 1 -c:s mov_text"},
    {"subtitles.mov", WITH("h264.mp4", "words.srt") "-map 0 -map 1 -c:s mov_text"},
    {"subtitles.mkv", WITH("h264.mp4", "words.srt") "-map 0 -map 1 -c:s ass"},
    {"subtitles.webm", WITH("vp9.webm", "words.srt") "-map 0 -map 1 -c:s webvtt"},
    {"timecode.mp4", FROM("h264.mp4") "-timecode 23:59:58:00"},
    {"timecode.mov", FROM("h264.mp4") "-timecode 23:59:58:00"},
    {"timecode.mkv", FROM("h264.mp4") "-timecode 23:59:58:00"},
    {"pieces.mp4", FROM("h264.mp4") "-movflags frag_keyframe+empty_moov -write_prft wallclock"},
    {"indexed.mp4", FROM("h264.mp4") "-movflags dash+empty_moov+default_base_moof"},
};
#define TAGGED (sizeof tagged / sizeof *tagged)

/* Of who starts the player: none, the usual ones, some that name other files, and nonsense. */
static const char *const zones[] = {
    NULL,
    "",
    "UTC",
    "Asia/Seoul",
    ":/etc/localtime",
    "EST5EDT,M3.2.0,M11.1.0",
    "/etc/localtime",
    "No/Such_Zone",
    "/proc/self/exe",
    "../../../etc/passwd",
};

static void make_film(const char *words, const char *name)
{
    char all[2048];
    snprintf(all, sizeof all, "%s {}/%s", words, name);
    film_file_run(all);
}

static int setup(void **state)
{
    static const char chapters[] = ";FFMETADATA1\ntitle=film\n"
                                   "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=100\ntitle=one\n"
                                   "[CHAPTER]\nTIMEBASE=1/1000\nSTART=100\nEND=200\ntitle=two\n";
    static const char words[] = "1\n00:00:00,000 --> 00:00:00,150\nHello\n";
    if (temp_folder_setup(state) != 0)
        return -1;
    film_file_write_counter("counter.yuv", FILM_WIDTH, FILM_HEIGHT, FILM_FRAMES);
    film_file_write("chapters.txt", chapters, sizeof chapters - 1);
    film_file_write("words.srt", words, sizeof words - 1);
    film_file_run("-f lavfi -i color=red:s=32x32 -frames:v 1 {}/cover.png");
    for (size_t i = 0; i < SAMPLES; i++)
        make_film(samples[i].words, samples[i].name);
    for (size_t i = 0; i < TAGGED; i++)
        make_film(tagged[i].words, tagged[i].name);
    return 0;
}

static bool enter(void)
{
    const struct sandbox_limits limits = {
        .address_space_bytes = (size_t)3 << 30,
        .file_bytes = PROTOCOL_FILM_BYTES_MAX,
        .processor_s = 60,
    };
    return sandbox_drop_privileges(NULL) && sandbox_set_limits(&limits, NULL) &&
           sandbox_deny_files(NULL) && sandbox_deny_calls(SANDBOX_THREADS, NULL);
}

static void *map(size_t size)
{
    if (ftruncate(PROTOCOL_MEMORY_FD, (off_t)size) < 0)
        return MAP_FAILED;
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, PROTOCOL_MEMORY_FD, 0);
}

static int play(int fd, int64_t start_us)
{
    const struct film_request request = {
        .start_us = start_us, .want_sound = true, .threads = FILM_THREADS_MAX};
    struct film *film = enter() ? film_open(fd, &request, NULL) : NULL;
    if (!film)
        return WRONG;
    const struct film_layout *layout = &film_facts(film)->layout;
    void *ring = map(layout->slot_bytes * (size_t)layout->slots);
    if (ring == MAP_FAILED || !film_start(film, ring, layout->slots, NULL))
        return WRONG;
    int frames = 0, sounds = 0;
    struct film_output output;
    enum film_result result;
    do {
        result = film_next(film, FILM_TAKE_FRAMES | FILM_TAKE_SOUND, &output, NULL);
        sounds += result == FILM_SOUND;
        if (result != FILM_FRAME)
            continue;
        frames++;
        film_release(film, output.slot);
    } while (result == FILM_FRAME || result == FILM_SOUND);
    film_close(film);
    return result == FILM_END && sounds > 0 ? frames : WRONG;
}

/* In a process of its own, with a zone and a locale of its own. Its end, as waitpid has it. */
static int play_in_child(const char *name, int64_t start_us, const char *zone, const char *locale)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        closefrom(STDERR_FILENO + 1);
        int player = open("/dev/null", O_RDWR | O_CLOEXEC); /* stands for it */
        if (player != PROTOCOL_FD || !sandbox_make_memory(NULL))
            _exit(WRONG);
        int fd = open(temp_folder_path(name), O_RDONLY | O_CLOEXEC);
        if (zone)
            setenv("TZ", zone, 1);
        else
            unsetenv("TZ");
        setenv("LC_ALL", locale, 1);
        _exit(play(fd, start_us));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void every_codec_plays(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SAMPLES; i++) {
        const char *name = samples[i / 2].name;
        bool late = i % 2;
        int status = play_in_child(name, late ? LATE_US : 0, "UTC", "C.UTF-8");
        if (!WIFEXITED(status) || WEXITSTATUS(status) != (late ? LATE_FRAMES : FILM_FRAMES))
            fail_msg("%s, %s: ended with %x", name, late ? "joined late" : "whole", status);
    }
}

static void check_tagged(const char *name, const char *zone, const char *locale)
{
    int status = play_in_child(name, 0, zone, locale);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == WRONG)
        fail_msg("%s, TZ=%s: ended with %x", name, zone ? zone : "(none)", status);
}

/* Whatever else is in them: dates most of all, for which the C library looks at the zone. */
static void films_of_cameras_phones_and_editors_play(void **state)
{
    (void)state;
    for (size_t i = 0; i < TAGGED; i++)
        check_tagged(tagged[i].name, "Asia/Seoul", "ko_KR.UTF-8");
}

static void dated_films_play_in_each_zone_and_locale(void **state)
{
    (void)state;
    static const char *const locales[] = {"C", "ko_KR.UTF-8", "zh_CN.GB18030", "xx_XX"};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        check_tagged("tags-h264.mp4", zones[i], locales[i % 4]);
        check_tagged("tags-vp9.webm", zones[i], locales[(i + 1) % 4]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_plays),
        cmocka_unit_test(films_of_cameras_phones_and_editors_play),
        cmocka_unit_test(dated_films_play_in_each_zone_and_locale),
    };
    return cmocka_run_group_tests_name("film_sandboxed", tests, setup, temp_folder_teardown);
}
