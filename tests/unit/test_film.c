/* The player's side of films: against honest workers with real films, and against workers that die,
 * stop and lie.
 *
 * film.c executes this program again as the worker; hostile_film.h plays its parts. */
#include "decode/film.h"

#include "base/clock.h"
#include "decode/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "hostile_film.h"
#include "temp_folder.h"

#define LIMIT_MS 60000 /* far more than any worker here needs, even under a sanitizer */
#define REAL_WIDTH 64
#define REAL_HEIGHT 64
#define REAL_FRAMES 40
#define PLAYS 200 /* probe_film plays 2,000, without a sanitizer's weight */
#define PLAYS_AT_ONCE 4

#ifdef DUCKLING_SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void); /* <sanitizer/allocator_interface.h> */
#endif

static const struct film_request plain = {.canvas_width_px = FILM_WIDTH,
                                          .canvas_height_px = FILM_HEIGHT,
                                          .fit = PLAYLIST_FIT_COVER,
                                          .focus_x = 0.5,
                                          .focus_y = 0.5,
                                          .limit_ms = LIMIT_MS};

/* The one in work, so that a test that fails leaves no worker to the next. */
static struct film *current;

static struct film *start(int file, const struct film_request *request)
{
    struct err err = {0};
    current = film_start(request, file, &err);
    if (!current)
        fail_msg("%s", err.text);
    return current;
}

static struct film *start_part(const char *part, const struct film_request *request)
{
    char text[HOSTILE_NAME_BYTES + sizeof HOSTILE_MARK] = "";
    snprintf(text, sizeof text, HOSTILE_MARK "%s", part);
    int file = memfd_create("part", MFD_CLOEXEC);
    assert_int_equal(write(file, text, sizeof text), sizeof text);
    struct film *film = start(file, request);
    close(file);
    return film;
}

static struct film *start_real(const char *name, const struct film_request *request)
{
    int file = open(temp_folder_path(name), O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    struct film *film = start(file, request);
    close(file);
    return film;
}

static void stop(void)
{
    film_stop(current);
    current = NULL;
}

static int stop_after_test(void **state)
{
    (void)state;
    stop();
    link_reap(true);
    return 0;
}

static int count_lines(const char *path)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    int lines = 0, c;
    while ((c = getc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static size_t allocated_bytes(void)
{
#ifdef DUCKLING_SANITIZED
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

static void check_nothing_left(int descriptors)
{
    link_reap(true);
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* Until the worker has something to say, or its time is up. */
static void sleep_on(const struct film *film)
{
    struct pollfd fd = {.fd = film_fd(film), .events = POLLIN};
    int64_t deadline_ns = film_deadline_ns(film);
    int64_t left_ms = (deadline_ns - clock_mono_ns()) / 1000000 + 1;
    if (deadline_ns == INT64_MAX)
        left_ms = LIMIT_MS;
    if (poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0) == 0 && deadline_ns == INT64_MAX)
        fail_msg("nothing comes, and nothing is owed");
}

/* Polls until so many frames have come, all that there are (came < 0: until it has ended), or it
 * has failed. */
static enum film_state wait_for_frames(struct film *film, int64_t wanted, struct err *err)
{
    for (;;) {
        enum film_state state = film_poll(film, clock_mono_ns(), err);
        int64_t came, late;
        film_counts(film, &came, &late);
        if (state == FILM_FAILED || (wanted > 0 && came >= wanted) ||
            (wanted < 0 && state == FILM_READY && film_fd(film) < 0))
            return state;
        sleep_on(film);
    }
}

/* Reads every sample of it: it must be there to its end. */
static unsigned sum_of(const struct frame *frame)
{
    unsigned sum = 0;
    for (int i = 0; i < 3; i++) {
        int width = i ? (frame->width_px + 1) / 2 : frame->width_px;
        int height = i ? (frame->height_px + 1) / 2 : frame->height_px;
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                sum += frame->planes[i][frame->strides_bytes[i] * (size_t)y + (size_t)x];
    }
    return sum;
}

/* Plays a part until it fails so, and checks that it leaves nothing; `frames` came before. */
static void check_fails_with(const char *part, const struct film_request *request, int64_t frames,
                             const char *words)
{
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film *film = start_part(part, request);
    enum film_state state = wait_for_frames(film, INT64_MAX, &err);
    if (state != FILM_FAILED || err.code == ERR_NONE || !strstr(err.text, words))
        fail_msg("%s: %d \"%s\" instead of \"%s\"", part, err.code, err.text, words);
    int64_t came, late;
    film_counts(film, &came, &late);
    if (came != frames)
        fail_msg("%s: %d frames", part, (int)came);
    /* Final, and told once. */
    struct err again = {0};
    assert_int_equal(film_poll(film, INT64_MAX, &again), FILM_FAILED);
    assert_int_equal(again.code, ERR_NONE);
    assert_int_equal(film_deadline_ns(film), INT64_MAX);
    assert_true(film_fd(film) < 0);
    assert_null(film_facts(film));
    /* What was there may go on being shown. */
    struct frame *frame = film_frame_at(film, 1000000);
    assert_true(frames ? frame != NULL : frame == NULL);
    if (frame)
        sum_of(frame);
    assert_int_equal(film_next_us(film), INT64_MAX);
    stop();
    check_nothing_left(descriptors);
}

static void check_fails(const char *part, const char *words)
{
    check_fails_with(part, &plain, 0, words);
}

static void check_breaks(const char *part, int64_t frames, const char *words)
{
    check_fails_with(part, &plain, frames, words);
}

static void films_that_lie(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILM_LIES; i++)
        check_fails(film_lies[i].name, "impossible film");
}

static void memory_that_is_none(void **state)
{
    (void)state;
    static const char *const parts[] = {"not sealed",    "half sealed", "short memory", "no memory",
                                        "ordinary file", "folder",      "pipe",         "no fd"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check_fails(parts[i], "impossible film");
}

static void workers_that_talk_nonsense(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "short packet",   "one byte", "long packet",  "wrong magic",     "sound with wrong magic",
        "event of sound", "two fds",  "unknown kind", "ring of a still", "eight fds"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check_fails(parts[i], "nonsense");
    check_fails("empty packet with files", "crashed");
}

static void events_out_of_order(void **state)
{
    (void)state;
    check_breaks("two films", 1, "impossible film");
    check_fails("two films at once", "impossible film");
    check_fails("two films without memory", "impossible film");
    check_fails("look", "impossible film");
    check_fails("frame before film", "not there");
    check_fails("end at once", "without a frame");
    check_fails("end after film", "without a frame");
}

static void frames_that_are_not_there(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "slot minus one",  "slot too far", "slot far too far", "time before the start",
        "time beyond all", "no duration",  "endless duration"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check_fails(parts[i], "not there");
    check_breaks("time goes back", 3, "not there");
    check_breaks("time stands still", 2, "not there");
    check_breaks("one frame too many", PROTOCOL_AHEAD_FRAMES, "not there");
    check_breaks("flood", PROTOCOL_AHEAD_FRAMES, "not there");
}

static void sound_that_nobody_wants(void **state)
{
    (void)state;
    struct film_request request = plain;
    check_fails("sound", "sound");
    request.want_sound = true;
    check_fails_with("no sound", &request, 0, "sound");
    check_fails_with("too much sound", &request, 0, "sound");
    check_fails_with("less than no sound", &request, 0, "sound");
    check_fails_with("sound before the start", &request, 0, "sound");
    check_fails_with("sound beyond all", &request, 0, "sound");
    check_fails_with("flood of sound", &request, 0, "sound");
}

static void errors_that_lie(void **state)
{
    (void)state;
    check_fails("error", "%s%n");
    check_fails("error without code", "all is well");
    check_fails("error of no kind", "beyond");
    check_fails("error without end", "xxxxxxxx");
}

static void workers_that_die(void **state)
{
    (void)state;
    check_fails("die after film", "the worker crashed");
    check_breaks("die at frame", 3, "the worker crashed (signal 14)");
    check_breaks("quiet exit", 3, "the worker crashed");
    check_breaks("break out", 3, "broke the sandbox's rules");
}

/* Time is what the caller says: nothing here waits for it. */
static void check_times_out(const char *part, int64_t frames)
{
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film *film = start_part(part, &plain);
    if (frames)
        assert_int_equal(wait_for_frames(film, frames, &err), FILM_READY);
    int64_t deadline_ns = film_deadline_ns(film);
    assert_true(deadline_ns <= clock_mono_ns() + (int64_t)LIMIT_MS * 1000000);
    assert_int_not_equal(film_poll(film, deadline_ns - 1, &err), FILM_FAILED);
    /* What came meanwhile (a film without frames) counts as going on. */
    deadline_ns = film_deadline_ns(film);
    for (int i = 0; i < 3 && film_poll(film, deadline_ns, &err) != FILM_FAILED; i++)
        deadline_ns = film_deadline_ns(film);
    assert_int_equal(film_poll(film, deadline_ns, &(struct err){0}), FILM_FAILED);
    assert_int_equal(err.code, ERR_TIMEOUT);
    if (frames)
        sum_of(film_frame_at(film, 0));
    stop();
    check_nothing_left(descriptors);
}

static void workers_that_stop(void **state)
{
    (void)state;
    check_times_out("hang", 0);
    check_times_out("hang after film", 0);
    check_times_out("stop at frame", 3);
}

/* A worker that waits for room owes nothing; from when it has room, it does. */
static void a_worker_that_hears_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    struct film *film = start_part("deaf", &plain);
    assert_int_equal(wait_for_frames(film, PROTOCOL_AHEAD_FRAMES, &err), FILM_READY);
    assert_true(film_deadline_ns(film) == INT64_MAX);
    assert_int_equal(film_poll(film, INT64_MAX, &err), FILM_READY);
    /* The first is on screen, and held there: it is not given back, though its time has passed. */
    struct frame *held = frame_hold(film_frame_at(film, 0));
    assert_non_null(film_frame_at(film, FILM_FRAME_US));
    assert_true(film_deadline_ns(film) == INT64_MAX);
    frame_release(held);
    int64_t before_ns = clock_mono_ns();
    assert_in_range(film_deadline_ns(film), 0, before_ns + (int64_t)LIMIT_MS * 1000000);
    assert_int_equal(film_poll(film, film_deadline_ns(film), &err), FILM_FAILED);
    assert_int_equal(err.code, ERR_TIMEOUT);
}

static void pixels_that_change_under_the_reader(void **state)
{
    (void)state;
    struct err err = {0};
    struct film *film = start_part("restless", &plain);
    assert_int_equal(wait_for_frames(film, PROTOCOL_AHEAD_FRAMES, &err), FILM_READY);
    for (int i = 0; i < 2000; i++)
        sum_of(film_frame_at(film, i / 250 * FILM_FRAME_US));
}

static void descriptors_that_nobody_asked_for(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film *film = start_part("fds in every message", &plain);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_READY);
    sum_of(film_frame_at(film, INT64_MAX));
    stop();
    check_nothing_left(descriptors);
}

static void after_the_end_nothing_counts(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film *film = start_part("garbage after the end", &plain);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_READY);
    /* The line is closed: a worker that talks on, or has ended, wakes nobody. */
    assert_int_equal(film_poll(film, INT64_MAX, &err), FILM_READY);
    assert_true(film_deadline_ns(film) == INT64_MAX);
    sum_of(film_frame_at(film, INT64_MAX));
    stop();
    check_nothing_left(descriptors);
}

static void a_look_is_all(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_request request = {.only_look = true, .limit_ms = LIMIT_MS};
    struct film *film = start_part("look", &request);
    assert_null(film_facts(film));
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_READY);
    assert_int_equal(film_facts(film)->width_px, FILM_WIDTH);
    assert_null(film_frame_at(film, 0));
    stop();
    check_nothing_left(descriptors);
    check_fails_with("die after film", &request, 0, "impossible film"); /* memory comes with it */
    check_fails_with("frame before film", &request, 0, "not there");
}

static void frames_come_in_order_and_go_back(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film *film = start_part("fair", &plain);
    assert_null(film_frame_at(film, 0));
    assert_true(film_next_us(film) == INT64_MAX);
    uint64_t last_id = 0;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(wait_for_frames(film, i + 1, &err), FILM_READY);
        struct frame *frame = film_frame_at(film, i * FILM_FRAME_US + FILM_FRAME_US / 2);
        assert_int_equal(frame->planes[0][0], i);
        assert_int_equal(frame->planes[2][32 * 9 + 19], i);
        assert_true(frame->id > last_id);
        last_id = frame->id;
        /* The same one until the next begins, and none before it. */
        assert_ptr_equal(film_frame_at(film, 0), frame);
        assert_ptr_equal(film_frame_at(film, (i + 1) * FILM_FRAME_US - 1), frame);
        if (i < 19)
            assert_true(film_next_us(film) == (i + 1) * FILM_FRAME_US);
    }
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_READY);
    assert_int_equal(film_frame_at(film, INT64_MAX)->planes[0][0], 19);
    assert_true(film_next_us(film) == INT64_MAX);
    int64_t came, late;
    film_counts(film, &came, &late);
    assert_int_equal(came, 20);
    assert_int_equal(late, 0);
    /* Held: it outlives the film, its worker and its descriptor. */
    struct frame *held = frame_hold(film_frame_at(film, INT64_MAX));
    stop();
    check_nothing_left(descriptors);
    assert_int_equal(held->planes[0][0], 19);
    frame_release(held);
}

static void frames_whose_time_has_passed_are_late(void **state)
{
    (void)state;
    struct err err = {0};
    struct film *film = start_part("fair", &plain);
    for (int i = 7; i < 20; i += 4) {
        assert_int_equal(wait_for_frames(film, i + 1, &err), FILM_READY);
        assert_int_equal(film_frame_at(film, i * FILM_FRAME_US)->planes[0][0], i);
    }
    int64_t came, late;
    film_counts(film, &came, &late);
    assert_int_equal(late, 7 + 3 * 3);
}

static void sound_is_limited_and_in_its_place(void **state)
{
    (void)state;
    struct film_request request = plain;
    struct err err = {0};
    float mix[2 * 2400] = {0};
    const float gains[] = {1, 1};
    request.want_sound = true;
    struct film *film = start_part("fair sound", &request);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_READY);
    (void)film_add_sound(film, 0, mix, 2400, gains);
    for (int i = 0; i < 2400; i++) {
        float wanted = i < 480 ? 0.5F : i >= 960 && i < 1440 ? 1 : i >= 1920 ? -1 : 0;
        assert_true(mix[2 * i] == wanted && mix[2 * i + 1] == wanted);
    }
}

/* Real films and the real worker. */

/* Each picture carries its number in black and white blocks, four by four. */
static void make_film(const char *name, int width, int height, int frames)
{
    char source[512], count[16];
    snprintf(source, sizeof source,
             "nullsrc=s=%dx%d:r=25,geq=lum='if(mod(floor(N/pow(2,floor(X*4/W)+4*floor(Y*4/H))),2),"
             "235,16)':cb=128:cr=128",
             width, height);
    snprintf(count, sizeof count, "%d", frames);
    const char *const arguments[] = {"ffmpeg",    "-nostdin",
                                     "-v",        "error",
                                     "-y",        "-f",
                                     "lavfi",     "-i",
                                     source,      "-frames:v",
                                     count,       "-c:v",
                                     "libx264",   "-preset",
                                     "ultrafast", "-threads",
                                     "1",         "-pix_fmt",
                                     "yuv420p",   "-g",
                                     "10",        temp_folder_path(name),
                                     NULL};
    pid_t pid;
    int status = -1;
    extern char **environ;
    assert_int_equal(
        posix_spawnp(&pid, "ffmpeg", NULL, NULL, (char *const *)(uintptr_t)arguments, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int prepare_films(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    make_film("film.mp4", REAL_WIDTH, REAL_HEIGHT, REAL_FRAMES);
    make_film("tiny.mp4", 16, 16, 3);
    return 0;
}

static int number_of(const struct frame *frame)
{
    int number = 0;
    for (int block = 0; block < 16; block++) {
        size_t x = (size_t)((block % 4 * 2 + 1) * frame->width_px / 8);
        size_t y = (size_t)((block / 4 * 2 + 1) * frame->height_px / 8);
        number |= (frame->planes[0][frame->strides_bytes[0] * y + x] > 126) << block;
    }
    return number;
}

static void a_real_film_from_its_start(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film *film = start_real("film.mp4", &plain);
    for (int i = 0; i < REAL_FRAMES; i++) {
        if (wait_for_frames(film, i + 1, &err) != FILM_READY)
            fail_msg("%s", err.text);
        assert_int_equal(number_of(film_frame_at(film, i * FILM_FRAME_US)), i);
    }
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_READY);
    const struct film_facts *facts = film_facts(film);
    assert_string_equal(facts->codec, "h264");
    assert_int_equal(facts->duration_us, REAL_FRAMES * FILM_FRAME_US);
    assert_int_equal(facts->width_px, REAL_WIDTH);
    stop();
    check_nothing_left(descriptors);
}

static void a_real_film_from_any_time(void **state)
{
    (void)state;
    static const int64_t starts_ms[] = {1, 39, 40, 399, 400, 1000, 1560, 1599, 1600, 100000};
    for (size_t i = 0; i < sizeof starts_ms / sizeof *starts_ms; i++) {
        struct err err = {0};
        struct film_request request = plain;
        request.start_us = starts_ms[i] * 1000;
        struct film *film = start_real("film.mp4", &request);
        if (wait_for_frames(film, 1, &err) != FILM_READY)
            fail_msg("%s", err.text);
        int wanted = starts_ms[i] / 40 < REAL_FRAMES ? (int)(starts_ms[i] / 40) : REAL_FRAMES - 1;
        assert_int_equal(number_of(film_frame_at(film, request.start_us)), wanted);
        stop();
    }
}

static void what_is_no_film_fails_in_its_words(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    temp_folder_write("text.mp4", "hello\n");
    temp_folder_write("empty.mp4", "");
    static const char *const names[] = {"text.mp4", "empty.mp4"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct err err = {0};
        struct film *film = start_real(names[i], &plain);
        assert_int_equal(wait_for_frames(film, 1, &err), FILM_FAILED);
        assert_int_equal(err.code, ERR_INPUT);
        stop();
    }
    check_nothing_left(descriptors);
}

/* One play, as far as its turn says: stopped at once, with the first frame, or at the end. */
static bool is_done(struct film *film, int turn)
{
    struct err err = {0};
    enum film_state state = film_poll(film, clock_mono_ns(), &err);
    if (state == FILM_FAILED)
        fail_msg("%s", err.text);
    if (state == FILM_READY)
        sum_of(film_frame_at(film, INT64_MAX));
    return turn % 4 == 0 || (turn % 4 < 3 && state == FILM_READY) ||
           (state == FILM_READY && film_fd(film) < 0);
}

static void play_many(int plays)
{
    struct film *films[PLAYS_AT_ONCE] = {NULL};
    int turns[PLAYS_AT_ONCE] = {0}, started = 0, ended = 0;
    int file = open(temp_folder_path("tiny.mp4"), O_RDONLY | O_CLOEXEC);
    while (ended < plays) {
        struct pollfd fds[PLAYS_AT_ONCE];
        for (int i = 0; i < PLAYS_AT_ONCE; i++) {
            struct err err = {0};
            if (!films[i] && started < plays) {
                turns[i] = started++;
                films[i] = film_start(&plain, file, &err);
                assert_non_null(films[i]);
            }
            if (films[i] && is_done(films[i], turns[i])) {
                film_stop(films[i]);
                films[i] = NULL;
                ended++;
            }
            fds[i] = (struct pollfd){films[i] ? film_fd(films[i]) : -1, POLLIN, 0};
        }
        bool full = started == plays;
        for (int i = 0; i < PLAYS_AT_ONCE; i++)
            full |= films[i] != NULL;
        if (ended < plays && full)
            poll(fds, PLAYS_AT_ONCE, films[0] && films[1] && films[2] && films[3] ? 1000 : 0);
    }
    close(file);
}

static void many_plays_leave_nothing(void **state)
{
    (void)state;
    play_many(PLAYS_AT_ONCE * 4); /* what is taken once and kept */
    link_reap(true);
    int descriptors = count_descriptors(), maps = count_lines("/proc/self/maps");
    size_t bytes = allocated_bytes();
    play_many(PLAYS);
    check_nothing_left(descriptors);
    /* Of memory and mappings the allocator may keep some for itself. */
    assert_in_range(allocated_bytes(), 0, bytes + 4096);
    assert_in_range(count_lines("/proc/self/maps"), 0, maps + 64);
}

static void a_film_can_be_stopped_at_any_time(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    static const char *const parts[] = {"hang", "stop at frame", "flood", "restless"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        start_part(parts[i], &plain);
        stop();
        check_nothing_left(descriptors);
        struct err err = {0};
        struct film *film = start_part(parts[i], &plain);
        if (i > 0)
            wait_for_frames(film, 3, &err);
        stop();
        check_nothing_left(descriptors);
    }
    film_stop(NULL);
}

static void films_that_can_not_be_started(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    assert_null(film_start(&plain, 1000, &err)); /* not open */
    assert_int_equal(err.code, ERR_SYSTEM);
    check_nothing_left(descriptors);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], WORKER_NAME) == 0)
        _exit(play_film_worker()); /* as main() does; the search for leaks is not for sandboxes */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(films_that_lie, stop_after_test),
        cmocka_unit_test_teardown(memory_that_is_none, stop_after_test),
        cmocka_unit_test_teardown(workers_that_talk_nonsense, stop_after_test),
        cmocka_unit_test_teardown(events_out_of_order, stop_after_test),
        cmocka_unit_test_teardown(frames_that_are_not_there, stop_after_test),
        cmocka_unit_test_teardown(sound_that_nobody_wants, stop_after_test),
        cmocka_unit_test_teardown(errors_that_lie, stop_after_test),
        cmocka_unit_test_teardown(workers_that_die, stop_after_test),
        cmocka_unit_test_teardown(workers_that_stop, stop_after_test),
        cmocka_unit_test_teardown(a_worker_that_hears_nothing, stop_after_test),
        cmocka_unit_test_teardown(pixels_that_change_under_the_reader, stop_after_test),
        cmocka_unit_test_teardown(descriptors_that_nobody_asked_for, stop_after_test),
        cmocka_unit_test_teardown(after_the_end_nothing_counts, stop_after_test),
        cmocka_unit_test_teardown(a_look_is_all, stop_after_test),
        cmocka_unit_test_teardown(frames_come_in_order_and_go_back, stop_after_test),
        cmocka_unit_test_teardown(frames_whose_time_has_passed_are_late, stop_after_test),
        cmocka_unit_test_teardown(sound_is_limited_and_in_its_place, stop_after_test),
        cmocka_unit_test_teardown(a_real_film_from_its_start, stop_after_test),
        cmocka_unit_test_teardown(a_real_film_from_any_time, stop_after_test),
        cmocka_unit_test_teardown(what_is_no_film_fails_in_its_words, stop_after_test),
        cmocka_unit_test_teardown(a_film_can_be_stopped_at_any_time, stop_after_test),
        cmocka_unit_test_teardown(films_that_can_not_be_started, stop_after_test),
        cmocka_unit_test_teardown(many_plays_leave_nothing, stop_after_test),
    };
    return cmocka_run_group_tests_name("film", tests, prepare_films, temp_folder_teardown);
}
