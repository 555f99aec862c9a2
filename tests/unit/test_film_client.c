/* The player's side of films: frames in their time, from workers that play fair, with a film and
 * without.
 *
 * * film_client.c executes this program again as the worker; hostile_film.h plays the parts
 * without. */
#include "decode/film_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "film_fixture.h"
#include "worker_sandbox_state.h"
#include "make_film.h"

#include <malloc.h>

#define REAL_WIDTH 64
#define REAL_HEIGHT 64
#define REAL_FRAMES 40
#define PLAYS 200 /* probe_film plays 2,000, without a sanitizer's weight */
#define PLAYS_AT_ONCE 4

#ifdef DUCKLING_SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void); /* <sanitizer/allocator_interface.h> */
#endif

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

static size_t allocated_bytes(void)
{
#ifdef DUCKLING_SANITIZED
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

static void frames_come_in_order_and_go_back(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_client *film = start_part("fair", &plain);
    assert_null(film_client_frame_at(film, INT64_MAX));
    assert_true(film_client_next_us(film) == INT64_MAX);
    uint64_t last_id = 0;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(wait_for_frames(film, i + 1, &err), FILM_CLIENT_READY);
        struct frame *frame = film_client_frame_at(film, i * FILM_FRAME_US + FILM_FRAME_US / 2);
        assert_int_equal(frame->planes[0][0], i);
        assert_int_equal(frame->planes[2][32 * 9 + 19], i);
        assert_true(frame->id > last_id);
        last_id = frame->id;
        /* The same one until the next begins, and none before it. */
        assert_ptr_equal(film_client_frame_at(film, 0), frame);
        assert_ptr_equal(film_client_frame_at(film, (i + 1) * FILM_FRAME_US - 1), frame);
        if (i < 19)
            assert_true(film_client_next_us(film) == (i + 1) * FILM_FRAME_US);
    }
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_READY);
    assert_int_equal(film_client_frame_at(film, INT64_MAX)->planes[0][0], 19);
    assert_true(film_client_next_us(film) == INT64_MAX);
    struct film_client_counts counts = film_client_counts(film);
    assert_int_equal(counts.received, 20);
    assert_int_equal(counts.dropped, 0);
    assert_int_equal(counts.damaged, 0);
    /* Held: it outlives the film, its worker and its descriptor. */
    struct frame *last_frame = frame_hold(film_client_frame_at(film, INT64_MAX));
    stop();
    check_nothing_left(descriptors);
    assert_int_equal(last_frame->planes[0][0], 19);
    frame_release(last_frame);
}

static void an_end_that_comes_too_early_is_reported(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        bool is_truncated;
    } cases[] = {{"early end", true},
                 {"slightly early end", false},
                 {"early end, few pictures", false},
                 {"early end, variable rate", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        int64_t end_us;
        struct film_client *film = start_part(cases[i].part, &plain);
        assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_READY);
        if (film_client_is_truncated(film, &end_us) != cases[i].is_truncated)
            fail_msg("%s", cases[i].part);
        assert_int_equal(end_us, 3 * FILM_FRAME_US);
        stop();
    }
}

static int64_t dropped(const struct film_client *film)
{
    return film_client_counts(film).dropped;
}

/* As a film of more frames than the screen has: those between two questions were never due. */
static void frames_that_nobody_asks_for_are_not_dropped(void **state)
{
    (void)state;
    struct err err = {0};
    struct film_client *film = start_part("fair", &plain);
    for (int i = 7; i < 20; i += 4) {
        assert_int_equal(wait_for_frames(film, i + 1, &err), FILM_CLIENT_READY);
        assert_int_equal(film_client_frame_at(film, i * FILM_FRAME_US)->planes[0][0], i);
    }
    assert_int_equal(dropped(film), 0);
}

/* What the log has got while it was caught. */
static FILE *caught_log;
static int kept_log;

static void catch_log(void)
{
    fflush(stderr);
    caught_log = tmpfile();
    assert_non_null(caught_log);
    kept_log = dup(2);
    dup2(fileno(caught_log), 2);
}

static int count_in_log(const char *words)
{
    char line[512];
    int count = 0;
    fflush(stderr);
    dup2(kept_log, 2);
    close(kept_log);
    rewind(caught_log);
    while (fgets(line, sizeof line, caught_log))
        count += strstr(line, words) != NULL;
    fclose(caught_log);
    return count;
}

/* 12.5 frames a second come of a film of 25: those in between are left out, so that what is shown
 * is never far from what is on. Each is counted that was on at an instant which was asked for. */
static void a_film_that_is_too_slow_keeps_up(void **state)
{
    (void)state;
    struct err err = {0};
    struct film_client_request request = plain;
    request.name = "slow";
    struct film_client *film = start_part("throttled", &request);
    int missed = 0, counted = -1;
    tick();
    assert_int_equal(wait_for_frames(film, 1, &err), FILM_CLIENT_READY);
    for (int64_t ms = 0; ms < 6000; ms += 20) {
        if (ms % 80 == 40) {
            tick();
            assert_int_equal(wait_for_frames(film, ms / 80 + 2, &err), FILM_CLIENT_READY);
        }
        int shown = film_client_frame_at(film, ms * 1000)->planes[0][0], due = (int)(ms / 40);
        if (shown > due || due * 40 - shown * 40 > 300)
            fail_msg("%d is shown at %jd ms", shown, (intmax_t)ms);
        missed += shown != due && counted != due;
        counted = shown != due ? due : counted;
    }
    assert_int_equal(dropped(film), missed);
    catch_log();
    stop();
    assert_int_equal(count_in_log("film decoded too slowly, frames dropped spot=\"slow\""), 1);
}

static void a_film_that_keeps_up_says_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    struct film_client *film = start_part("throttled", &plain);
    for (int i = 0; i < 50; i++) {
        tick();
        assert_int_equal(wait_for_frames(film, i + 1, &err), FILM_CLIENT_READY);
        assert_int_equal(film_client_frame_at(film, i * FILM_FRAME_US)->planes[0][0], i);
    }
    assert_int_equal(dropped(film), 0);
    catch_log();
    stop();
    assert_int_equal(count_in_log("frames dropped"), 0);
}

/* Who asks for a film that is on its way tells it where to be: it comes with that frame. */
static void a_film_that_is_joined_late_begins_where_it_is(void **state)
{
    (void)state;
    struct err err = {0};
    struct film_client *film = start_part("throttled", &plain);
    assert_null(film_client_frame_at(film, 0));
    assert_null(film_client_frame_at(film, 2010000));
    tick();
    wait_for_frames(film, 1, &err); /* ready or not: a while has passed since it was asked for */
    struct frame *frame = film_client_frame_at(film, 2010000);
    assert_non_null(frame);
    assert_int_equal(frame->planes[0][0], 50);
    assert_int_equal(film_client_poll(film, clock_mono_ns(), &err), FILM_CLIENT_READY);
    assert_int_equal(dropped(film), 0);
}

/* One that was on its way already is not shown; a second is all that is waited for a better one. */
static void what_is_over_is_not_shown_when_joining(void **state)
{
    (void)state;
    struct err err = {0};
    for (int comes = 0; comes < 2; comes++) {
        struct film_client *film = start_part("throttled", &plain);
        assert_null(film_client_frame_at(film, 0));
        tick();
        int64_t before_ns = clock_mono_ns();
        assert_null(film_client_frame_at(film, 100000)); /* late, but not late enough to skip */
        wait_for_frames(film, 1, &err);
        assert_null(film_client_frame_at(film, 2010000));
        assert_int_equal(film_client_poll(film, clock_mono_ns(), &err), FILM_CLIENT_PENDING);
        assert_null(film_client_facts(film));
        if (comes) {
            tick();
            wait_for_frames(film, 2, &err);
            assert_non_null(film_client_frame_at(film, 2010000));
            assert_int_equal(film_client_frame_at(film, 2010000)->planes[0][0], 50);
            /* Found by the question: the player is to turn to it at once. */
            assert_int_equal(film_client_poll(film, before_ns, &err), FILM_CLIENT_READY);
        } else {
            int64_t until_ns = film_client_deadline_ns(film);
            assert_in_range(until_ns, before_ns + 1000000000, clock_mono_ns() + 1000000000);
            assert_int_equal(film_client_poll(film, until_ns - 1, &err), FILM_CLIENT_PENDING);
            assert_int_equal(film_client_poll(film, until_ns, &err), FILM_CLIENT_READY);
            assert_int_equal(film_client_frame_at(film, 2010000)->planes[0][0], 0);
        }
        stop();
    }
}

static void sound_is_limited_and_in_its_place(void **state)
{
    (void)state;
    struct film_client_request request = plain;
    struct err err = {0};
    float mix[2 * 2400] = {0};
    const float gains[] = {1, 1};
    request.want_sound = true;
    struct film_client *film = start_part("fair sound", &request);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_READY);
    (void)film_client_add_sound(film, 0, mix, 2400, gains);
    for (int i = 0; i < 2400; i++) {
        float wanted = i < 480 ? 0.5F : i >= 960 && i < 1440 ? 1 : i >= 1920 ? -1 : 0;
        assert_true(mix[2 * i] == wanted && mix[2 * i + 1] == wanted);
    }
}

/* Real films and the real worker. */

/* Each picture carries its number in black and white blocks, four by four. */
#define NUMBERED(size, frames)                                                                     \
    "-f lavfi -i nullsrc=s=" size                                                                  \
    ":r=25,geq=lum='if(mod(floor(N/pow(2,floor(X*4/W)+4*floor(Y*4/H))),2),235,16)':cb=128:cr=128 " \
    "-frames:v " frames " " MAKE_FILM_X264 "-g 10 "

static int prepare_films(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    make_film(NUMBERED("64x64", "40"), "film.mp4");
    make_film(NUMBERED("16x16", "3"), "tiny.mp4");
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
    struct film_client *film = start_real("film.mp4", &plain);
    for (int i = 0; i < REAL_FRAMES; i++) {
        if (wait_for_frames(film, i + 1, &err) != FILM_CLIENT_READY)
            fail_msg("%s", err.text);
        assert_int_equal(number_of(film_client_frame_at(film, i * FILM_FRAME_US)), i);
    }
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_READY);
    const struct film_client_facts *facts = film_client_facts(film);
    assert_string_equal(facts->codec, "h264");
    assert_int_equal(facts->duration_us, REAL_FRAMES * FILM_FRAME_US);
    assert_int_equal(facts->width_px, REAL_WIDTH);
    stop();
    check_nothing_left(descriptors);
}

/* The one that plays a film, while it does, and the one that only looks at it. */
static void workers_are_within_their_limits(void **state)
{
    (void)state;
    struct err err = {0};
    for (int round = 0; round < 2; round++) {
        bool sandboxed = round == 0;
        assert_true(worker_process_prepare(!sandboxed, &err));
        struct film_client *film = start_real("film.mp4", &plain);
        assert_int_equal(wait_for_frames(film, 1, &err), FILM_CLIENT_READY);
        check_limits(only_child(), &worker_film, sandboxed);
        stop();
        worker_process_reap(true);
        const struct film_client_request look = {.probe_only = true, .limit_ms = LIMIT_MS};
        start_real("film.mp4", &look);
        siginfo_t info = {0}; /* ended, and not yet forgotten */
        assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
        check_limits(info.si_pid, &worker_film, sandboxed);
        stop();
        worker_process_reap(true);
    }
    assert_true(worker_process_prepare(false, &err));
}

static void a_real_film_from_any_time(void **state)
{
    (void)state;
    static const int64_t starts_ms[] = {1, 39, 40, 399, 400, 1000, 1560, 1599, 1600, 100000};
    for (size_t i = 0; i < sizeof starts_ms / sizeof *starts_ms; i++) {
        struct err err = {0};
        struct film_client_request request = plain;
        request.start_us = starts_ms[i] * 1000;
        struct film_client *film = start_real("film.mp4", &request);
        if (wait_for_frames(film, 1, &err) != FILM_CLIENT_READY)
            fail_msg("%s", err.text);
        int wanted = starts_ms[i] / 40 < REAL_FRAMES ? (int)(starts_ms[i] / 40) : REAL_FRAMES - 1;
        assert_int_equal(number_of(film_client_frame_at(film, request.start_us)), wanted);
        stop();
    }
}

static void what_is_no_film_fails_with_the_workers_text(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    temp_folder_write("text.mp4", "hello\n");
    temp_folder_write("empty.mp4", "");
    static const char *const names[] = {"text.mp4", "empty.mp4"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct err err = {0};
        struct film_client *film = start_real(names[i], &plain);
        assert_int_equal(wait_for_frames(film, 1, &err), FILM_CLIENT_FAILED);
        assert_int_equal(err.code, ERR_INPUT);
        stop();
    }
    check_nothing_left(descriptors);
}

/* One play, as far as its turn says: stopped at once, with the first frame, or at the end. */
static bool is_done(struct film_client *film, int turn)
{
    struct err err = {0};
    enum film_client_state state = film_client_poll(film, clock_mono_ns(), &err);
    if (state == FILM_CLIENT_FAILED)
        fail_msg("%s", err.text);
    if (state == FILM_CLIENT_READY)
        sum_of(film_client_frame_at(film, INT64_MAX));
    return turn % 4 == 0 || (turn % 4 < 3 && state == FILM_CLIENT_READY) ||
           (state == FILM_CLIENT_READY && film_client_fd(film) < 0);
}

static void play_many(int plays)
{
    struct film_client *films[PLAYS_AT_ONCE] = {NULL};
    int turns[PLAYS_AT_ONCE] = {0}, started = 0, ended = 0;
    int file = open(temp_folder_path("tiny.mp4"), O_RDONLY | O_CLOEXEC);
    while (ended < plays) {
        struct pollfd fds[PLAYS_AT_ONCE];
        for (int i = 0; i < PLAYS_AT_ONCE; i++) {
            struct err err = {0};
            if (!films[i] && started < plays) {
                turns[i] = started++;
                films[i] = film_client_start(&plain, file, &err);
                assert_non_null(films[i]);
            }
            if (films[i] && is_done(films[i], turns[i])) {
                film_client_stop(films[i]);
                films[i] = NULL;
                ended++;
            }
            fds[i] = (struct pollfd){films[i] ? film_client_fd(films[i]) : -1, POLLIN, 0};
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
    play_many(PLAYS_AT_ONCE * 4); /* what is allocated once and stays */
    worker_process_reap(true);
    int descriptors = count_descriptors(), maps = count_lines("/proc/self/maps");
    size_t bytes = allocated_bytes();
    play_many(PLAYS);
    check_nothing_left(descriptors);
    /* Of memory and mappings the allocator may keep some for itself. */
    assert_in_range(allocated_bytes(), 0, bytes + 4096);
    assert_in_range(count_lines("/proc/self/maps"), 0, maps + 64);
}

static void films_that_can_not_be_started(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    assert_null(film_client_start(&plain, 1000, &err)); /* not open */
    assert_int_equal(err.code, ERR_SYSTEM);
    check_nothing_left(descriptors);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) == 0)
        _exit(play_film_worker()); /* as main() does; the search for leaks is not for sandboxes */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(frames_come_in_order_and_go_back, stop_after_test),
        cmocka_unit_test_teardown(an_end_that_comes_too_early_is_reported, stop_after_test),
        cmocka_unit_test_teardown(frames_that_nobody_asks_for_are_not_dropped, stop_after_test),
        cmocka_unit_test_teardown(a_film_that_is_too_slow_keeps_up, stop_after_test),
        cmocka_unit_test_teardown(a_film_that_keeps_up_says_nothing, stop_after_test),
        cmocka_unit_test_teardown(a_film_that_is_joined_late_begins_where_it_is, stop_after_test),
        cmocka_unit_test_teardown(what_is_over_is_not_shown_when_joining, stop_after_test),
        cmocka_unit_test_teardown(sound_is_limited_and_in_its_place, stop_after_test),
        cmocka_unit_test_teardown(a_real_film_from_its_start, stop_after_test),
        cmocka_unit_test_teardown(a_real_film_from_any_time, stop_after_test),
        cmocka_unit_test_teardown(workers_are_within_their_limits, stop_after_test),
        cmocka_unit_test_teardown(what_is_no_film_fails_with_the_workers_text, stop_after_test),
        cmocka_unit_test_teardown(films_that_can_not_be_started, stop_after_test),
        cmocka_unit_test_teardown(many_plays_leave_nothing, stop_after_test),
    };
    return cmocka_run_group_tests_name("film_client", tests, prepare_films, temp_folder_teardown);
}
