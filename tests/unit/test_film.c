#include "worker/film/film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <cmocka.h>

#include "temp_folder.h"
#include "film_files.h"

#define COUNTER "-f rawvideo -s 160x90 -pix_fmt yuv420p -r 25 -i {}/counter.yuv "
#define X264 "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 24 -bf 3 "
#define SEEKS 200
#define SEEKS_ALIKE 40
#define CATCHES 10

/* A gap of that many units after each so many frames of h264.mp4, which has 12,800 units a second and
 * 512 a frame: packets keep the durations that an encoder gave them. */
#define SPREAD(first, frames, gap)                                                                 \
    "-bsf:v setts=pts=" first "+PTS+" gap "*floor(PTS/512/" frames "):dts=" first "+DTS+" gap      \
    "*floor(DTS/512/" frames ") "

/* How a film is made, and what has to come out of it. */
struct sample {
    const char *name, *words;
    double fps; /* 0: any */
    const char *codec;
    int bits;
    int turn;    /* of the frames, clockwise */
    int first;   /* the number of the first frame */
    bool varies; /* and an MP4's index tells it */
    bool converted;
    bool alike;     /* to one before it, so fewer places will do */
    bool no_stamps; /* on its first frames; its length is not known before it is played */
};

static const struct sample samples[] = {
    {"h264.mp4", COUNTER X264, .fps = 25, .codec = "h264", .bits = 8},
    {"h264-60.mov", "-f rawvideo -s 160x90 -pix_fmt yuv420p -r 60 -i {}/counter.yuv " X264,
     .fps = 60, .codec = "h264", .bits = 8, .alike = true},
    {"h264-2997.mkv",
     "-f rawvideo -s 160x90 -pix_fmt yuv420p -r 30000/1001 -i {}/counter.yuv " X264, .fps = 29.97,
     .codec = "h264", .bits = 8},
    {"open.mp4", COUNTER X264 "-x264-params open-gop=1:b-pyramid=normal:b-adapt=0:scenecut=0",
     .fps = 25, .codec = "h264", .bits = 8},
    {"open.mkv", COUNTER X264 "-x264-params open-gop=1:b-pyramid=normal:b-adapt=0:scenecut=0",
     .fps = 25, .codec = "h264", .bits = 8, .alike = true},
    {"intra-refresh.mp4", COUNTER "-c:v libx264 -pix_fmt yuv420p -intra-refresh 1 -g 20", .fps = 25,
     .codec = "h264", .bits = 8},
    {"one-key.mp4", COUNTER X264 "-g 1000", .fps = 25, .codec = "h264", .bits = 8},
    {"h264-10.mp4", COUNTER "-c:v libx264 -preset veryfast -pix_fmt yuv420p10le -g 24", .fps = 25,
     .codec = "h264", .bits = 10, .converted = true},
    {"h264-444.mp4", COUNTER "-c:v libx264 -preset veryfast -pix_fmt yuv444p -g 24", .fps = 25,
     .codec = "h264", .bits = 8, .alike = true, .converted = true},
    {"h264-422-10.mkv", COUNTER "-c:v libx264 -preset veryfast -pix_fmt yuv422p10le -g 24",
     .fps = 25, .codec = "h264", .bits = 10, .alike = true, .converted = true},
    {"hevc.mp4",
     COUNTER "-c:v libx265 -preset ultrafast -x265-params "
             "log-level=none:keyint=24:bframes=3:open-gop=1:b-adapt=0:scenecut=0",
     .fps = 25, .codec = "hevc", .bits = 8},
    {"hevc-10.mkv",
     COUNTER "-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params "
             "log-level=none:keyint=24:bframes=3:open-gop=1:b-adapt=0:scenecut=0",
     .fps = 25, .codec = "hevc", .bits = 10, .alike = true, .converted = true},
    {"vp8.webm", COUNTER "-c:v libvpx -deadline realtime -cpu-used 8 -g 24 -auto-alt-ref 0",
     .fps = 25, .codec = "vp8", .bits = 8},
    {"vp9.webm", COUNTER "-c:v libvpx-vp9 -cpu-used 5 -g 24 -auto-alt-ref 1 -lag-in-frames 16",
     .fps = 25, .codec = "vp9", .bits = 8},
    {"vp9-10.webm",
     COUNTER "-c:v libvpx-vp9 -cpu-used 5 -g 24 -pix_fmt yuv420p10le -deadline realtime", .fps = 25,
     .codec = "vp9", .bits = 10, .alike = true, .converted = true},
    {"av1.mp4", COUNTER "-c:v libsvtav1 -preset 12 -g 24 -loglevel quiet", .fps = 25,
     .codec = "av1", .bits = 8, .converted = true},
    {"av1-10.webm",
     COUNTER "-c:v libaom-av1 -cpu-used 8 -usage realtime -g 24 -pix_fmt yuv420p10le", .fps = 25,
     .codec = "av1", .bits = 10, .alike = true, .converted = true},
    {"vary.mp4", "-i {}/h264.mp4 -c copy " SPREAD("0", "3", "1024"), .fps = 0, .codec = "h264",
     .bits = 8, .varies = true},
    {"vary.mkv", "-copyts -i {}/h264.mp4 -c copy " SPREAD("1280", "5", "1024"), .fps = 0,
     .codec = "h264", .bits = 8},
    {"gaps.mkv", "-i {}/h264.mp4 -c copy " SPREAD("1280", "5", "10240"), .fps = 0, .codec = "h264",
     .bits = 8},
    {"late.mkv", COUNTER X264 "-output_ts_offset 3.21", .fps = 25, .codec = "h264", .bits = 8},
    {"early.mkv", COUNTER X264 "-output_ts_offset -1 -avoid_negative_ts disabled", .fps = 25,
     .codec = "h264", .bits = 8, .no_stamps = true},
    {"edited.mp4", "-ss 0.5 -i {}/h264.mp4 -c copy", .fps = 0, .codec = "h264", .bits = 8,
     .first = 13},
    {"fragments.mp4", COUNTER X264 "-movflags frag_keyframe+empty_moov", .fps = 25, .codec = "h264",
     .bits = 8, .alike = true},
    {"live.webm", COUNTER "-c:v libvpx -deadline realtime -cpu-used 8 -g 24 -f webm -live 1",
     .fps = 25, .codec = "vp8", .bits = 8},
    {"turn-90.mp4", "-i {}/h264.mp4 -c copy", .fps = 25, .codec = "h264", .bits = 8, .alike = true,
     .turn = 90, .converted = true},
    {"turn-180.mp4", "-i {}/h264.mp4 -c copy", .fps = 25, .codec = "h264", .bits = 8, .alike = true,
     .turn = 180, .converted = true},
    {"turn-270.mp4", "-i {}/h264.mp4 -c copy", .fps = 25, .codec = "h264", .bits = 8, .alike = true,
     .turn = 270, .converted = true},
};
#define SAMPLES (sizeof samples / sizeof *samples)

struct told {
    int number;
    int64_t time_us;
};

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    film_file_write_counter("counter.yuv", FILM_WIDTH, FILM_HEIGHT, FILM_FRAMES);
    for (size_t i = 0; i < SAMPLES; i++) {
        char words[1024];
        snprintf(words, sizeof words, "%s {}/%s", samples[i].words, samples[i].name);
        film_file_run(words);
        if (samples[i].turn)
            film_file_turn(samples[i].name, samples[i].turn);
    }
    return 0;
}

/* Plays from the start to the end. */
static int play(const struct sample *sample, int slots, struct told told[FILM_FRAMES + 1])
{
    const struct film_request request = {.threads = 2};
    struct film_file film = film_file_open(sample->name, &request, slots);
    int64_t end_us = 0, duration_us = film_facts(film.film)->duration_us;
    int count = 0;
    for (;;) {
        struct film_output output;
        struct err err = {0};
        enum film_result result = film_next(film.film, FILM_TAKE_FRAMES, &output, &err);
        if (result == FILM_END)
            break;
        if (result != FILM_FRAME || count > FILM_FRAMES)
            fail_msg("%s: %d after %d frames: %s", sample->name, result, count, err.text);
        if (output.time_us != end_us)
            fail_msg("%s: frame %d at %jd us, not %jd us", sample->name, count,
                     (intmax_t)output.time_us, (intmax_t)end_us);
        assert_true(output.duration_us > 0);
        assert_false(output.damaged);
        end_us = output.time_us + output.duration_us;
        told[count++] =
            (struct told){film_file_number(&film, output.slot, sample->turn), output.time_us};
        film_release(film.film, output.slot);
    }
    if (!sample->no_stamps && end_us != duration_us)
        fail_msg("%s: ends at %jd us, but lasts %jd us", sample->name, (intmax_t)end_us,
                 (intmax_t)duration_us);
    double told_us = sample->fps > 0 ? count * 1e6 / sample->fps : (double)end_us;
    if (told_us < (double)end_us - 50000 || told_us > (double)end_us + 50000)
        fail_msg("%s: %d frames last %jd us", sample->name, count, (intmax_t)end_us);
    struct film_counts counts = film_counts(film.film);
    assert_int_equal(counts.broken_packets, 0);
    assert_int_equal(counts.damaged_frames, 0);
    assert_int_equal(counts.direct + counts.converted, count);
    if (slots == 0)
        assert_int_equal(sample->converted ? counts.direct : counts.converted, 0);
    film_file_close(&film);
    return count;
}

static void every_frame_comes_once_and_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        struct told told[FILM_FRAMES + 1];
        int count = play(sample, 0, told);
        if (count != FILM_FRAMES - sample->first)
            fail_msg("%s: %d frames, from %d on", sample->name, count, told[0].number);
        for (int n = 0; n < count; n++)
            if (told[n].number != sample->first + n)
                fail_msg("%s: frame %d has the number %d", sample->name, n, told[n].number);
    }
}

static void few_slots_only_cost_copies(void **state)
{
    (void)state;
    struct told told[FILM_FRAMES + 1];
    for (int slots = 3; slots <= 9; slots++) {
        assert_int_equal(play(&samples[0], slots, told), FILM_FRAMES);
        for (int n = 0; n < FILM_FRAMES; n++)
            assert_int_equal(told[n].number, n);
    }
}

static void facts_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        const struct film_request request = {.threads = 2};
        struct film_file film = film_file_open(sample->name, &request, 0);
        const struct film_facts *facts = film_facts(film.film);
        if (strcmp(facts->codec, sample->codec) != 0 || facts->bit_depth != sample->bits ||
            facts->variable_rate != sample->varies || facts->rotation != sample->turn ||
            (sample->fps > 0 && (facts->fps < sample->fps - 0.1 || facts->fps > sample->fps + 0.1)))
            fail_msg("%s: %s, %d bits, %f fps, turned %d, %s", sample->name, facts->codec,
                     facts->bit_depth, facts->fps, facts->rotation,
                     facts->variable_rate ? "varies" : "steady");
        assert_int_equal(facts->coded_width_px, FILM_WIDTH);
        assert_int_equal(facts->coded_height_px, FILM_HEIGHT);
        bool sideways = sample->turn % 180 != 0;
        assert_int_equal(facts->width_px, sideways ? FILM_HEIGHT : FILM_WIDTH);
        assert_int_equal(facts->layout.width_px, sideways ? FILM_HEIGHT : FILM_WIDTH);
        assert_int_equal(facts->layout.matrix, FRAME_BT601);
        assert_false(facts->has_sound);
        film_file_close(&film);
    }
}

/* The number of the frame that is given out first. */
static struct told first_at(const struct sample *sample, int64_t start_us, int threads)
{
    const struct film_request request = {.start_us = start_us, .threads = threads};
    struct film_file film = film_file_open(sample->name, &request, 0);
    struct film_output output;
    struct err err = {0};
    enum film_result result = film_next(film.film, FILM_TAKE_FRAMES, &output, &err);
    if (result != FILM_FRAME)
        fail_msg("%s at %jd us: %d, %s", sample->name, (intmax_t)start_us, result, err.text);
    if (output.damaged)
        fail_msg("%s at %jd us: taken for damaged", sample->name, (intmax_t)start_us);
    struct told told = {film_file_number(&film, output.slot, sample->turn), output.time_us};
    film_file_close(&film);
    return told;
}

static void joining_late_shows_the_right_frame(void **state)
{
    (void)state;
    uint64_t random = 20260206;
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        struct told told[FILM_FRAMES + 1];
        int count = play(sample, 0, told);
        for (int j = 0; j < (sample->alike ? SEEKS_ALIKE : SEEKS); j++) {
            int n = (int)(film_file_random(&random) % (uint64_t)count);
            /* At a frame's very time, just before the next one's, and anywhere. */
            int64_t least = told[n].time_us,
                    most = n + 1 < count ? told[n + 1].time_us - 1 : least + 10000000;
            int64_t at = j % 3 == 0 ? least : j % 3 == 1 ? most : (least + most) / 2;
            struct told got = first_at(sample, at, j % 8 == 0 ? 2 : 1);
            if (got.number != told[n].number || got.time_us != told[n].time_us)
                fail_msg("%s at %jd us: frame %d at %jd us, not %d at %jd us", sample->name,
                         (intmax_t)at, got.number, (intmax_t)got.time_us, told[n].number,
                         (intmax_t)told[n].time_us);
        }
    }
}

/* Wherever it is told to, a film goes on with the frame that those show who join it then. */
static void catching_up_shows_the_right_frame(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        struct told told[FILM_FRAMES + 1];
        int count = play(sample, 0, told);
        for (int j = 0; j < CATCHES; j++) {
            const struct film_request request = {.threads = j % 8 == 0 ? 2 : 1};
            struct film_file film = film_file_open(sample->name, &request, 0);
            struct film_output output;
            int n = 0;
            for (; n < 1 + j % 5; n++) {
                assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_FRAME);
                film_release(film.film, output.slot);
            }
            n += (int)(film_file_random(&random) % (uint64_t)(count - n));
            film_skip(film.film, told[n].time_us + (j % 2 ? 0 : 9000));
            enum film_result result = film_next(film.film, FILM_TAKE_FRAMES, &output, NULL);
            if (result != FILM_FRAME || output.time_us != told[n].time_us ||
                film_file_number(&film, output.slot, sample->turn) != told[n].number)
                fail_msg("%s: %d, %jd us instead of frame %d at %jd us", sample->name, result,
                         (intmax_t)output.time_us, n, (intmax_t)told[n].time_us);
            if (output.damaged)
                fail_msg("%s: frame %d, skipped to, is taken for damaged", sample->name, n);
            film_file_close(&film);
        }
    }
}

/* Damage is told of the frame that it is in, or that comes after it, and of no other: not of one
 * that is found by a jump past it. */
static void damage_is_told_where_it_is(void **state)
{
    (void)state;
    film_file_run(COUNTER X264 "-g 24 -keyint_min 24 -bf 0 {}/whole.mp4");
    film_file_run("-i {}/whole.mp4 -c copy -bsf:v noise=amount='if(between(n\\,1\\,4)\\,3\\,0)' "
                  "{}/damaged.mp4");
    static const struct {
        int frame;
        bool damaged;
    } cases[] = {{0, false}, {5, true}, {26, false}, {30, false}, {60, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct film_request request = {.start_us = cases[i].frame * INT64_C(40000) + 1,
                                             .threads = 1};
        struct film_file film = film_file_open("damaged.mp4", &request, 0);
        struct film_output output;
        assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_FRAME);
        if (output.damaged != cases[i].damaged)
            fail_msg("frame %d", cases[i].frame);
        film_file_close(&film);
    }
}

/* The two fields of a frame are one frame with damage. */
static void damage_of_interlaced_frames_is_told_once(void **state)
{
    (void)state;
    film_file_run(COUNTER X264
                  "-vf pad=160:96,setfield=tff -flags +ildct+ilme -bf 0 {}/fields.mp4");
    film_file_run("-i {}/fields.mp4 -c copy -bsf:v noise=amount='if(eq(n\\,30)\\,3\\,0)' "
                  "{}/damaged-fields.mp4");
    const struct film_request request = {.threads = 1};
    struct film_file film = film_file_open("damaged-fields.mp4", &request, 0);
    struct film_output output;
    int damaged = 0, fields = 0;
    while (film_next(film.film, FILM_TAKE_FRAMES, &output, NULL) == FILM_FRAME) {
        damaged += output.damaged;
        fields += output.deinterlaced;
        film_release(film.film, output.slot);
    }
    assert_true(fields >= 2 * (FILM_FRAMES - 1));
    assert_int_equal(damaged, 1);
    film_file_close(&film);
}

/* Each frame is a key frame and stands for four seconds: the one that is jumped to is given. */
static void damage_before_a_jump_is_not_told_after_it(void **state)
{
    (void)state;
    film_file_run(COUNTER X264 "-g 1 {}/keys.mp4");
    film_file_run(
        "-itsscale 100 -i {}/keys.mp4 -c copy -bsf:v noise=amount='if(between(n\\,3\\,5)\\,3\\,0)' "
        "{}/slow.mp4");
    const struct film_request request = {.threads = 1};
    struct film_file film = film_file_open("slow.mp4", &request, 0);
    struct film_output output;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_FRAME);
        assert_false(output.damaged);
        film_release(film.film, output.slot);
    }
    while (film_counts(film.film).broken_packets == 0)
        assert_int_equal(film_step(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_WORKING);
    film_skip(film.film, INT64_C(43000000));
    assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_FRAME);
    assert_true(output.time_us == INT64_C(40000000));
    assert_int_equal(film_counts(film.film).seeks, 1);
    assert_false(output.damaged);
    film_file_close(&film);
}

static void what_check_warns_of_is_told(void **state)
{
    (void)state;
    film_file_run(
        "-f lavfi -i testsrc2=s=64x64 -t 0.2 -vf format=yuva420p -c:v libvpx-vp9 -deadline "
        "realtime -auto-alt-ref 0 {}/alpha.webm");
    film_file_run(COUNTER X264 "-vf setpts=(N+90000*gte(N\\,50))/25/TB+0.1 -fps_mode passthrough "
                               "-video_track_timescale 12800 {}/ahead.mp4");
    static const struct {
        const char *name;
        bool alpha;
        int64_t longest_us;
    } cases[] = {{"alpha.webm", true, 0},
                 {"vp9.webm", false, 0},
                 {"h264.mp4", false, 40000},
                 {"ahead.mp4", false, 3600040000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct film_request request = {.threads = 1};
        struct film_file film = film_file_open(cases[i].name, &request, 0);
        const struct film_facts *facts = film_facts(film.film);
        if (facts->has_alpha != cases[i].alpha || facts->longest_us != cases[i].longest_us)
            fail_msg("%s: %d, %jd us", cases[i].name, facts->has_alpha,
                     (intmax_t)facts->longest_us);
        film_file_close(&film);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_told),
        cmocka_unit_test(damage_is_told_where_it_is),
        cmocka_unit_test(damage_of_interlaced_frames_is_told_once),
        cmocka_unit_test(damage_before_a_jump_is_not_told_after_it),
        cmocka_unit_test(what_check_warns_of_is_told),
        cmocka_unit_test(every_frame_comes_once_and_in_order),
        cmocka_unit_test(few_slots_only_cost_copies),
        cmocka_unit_test(joining_late_shows_the_right_frame),
        cmocka_unit_test(catching_up_shows_the_right_frame),
    };
    return cmocka_run_group_tests_name("film", tests, setup, temp_folder_teardown);
}
