/* The player's side of films, against workers that die, stop and lie.
 *
 * film_client.c executes this program again as the worker; hostile_film.h plays its parts. */
#include "decode/film_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "film_fixture.h"

#include <sys/resource.h>

/* The time is up for a film that is played so far: it fails, and leaves nothing. */
static void check_failed(const char *part, struct film_client *film, int64_t frames,
                         int descriptors)
{
    int64_t came = film_client_counts(film).received;
    if (came != frames)
        fail_msg("%s: %d frames", part, (int)came);
    /* The failure is final, and its error is set once. */
    struct err again = {0};
    assert_int_equal(film_client_poll(film, INT64_MAX, &again), FILM_CLIENT_FAILED);
    assert_int_equal(again.code, ERR_NONE);
    assert_int_equal(film_client_deadline_ns(film), INT64_MAX);
    assert_true(film_client_fd(film) < 0);
    assert_null(film_client_facts(film));
    /* What was there may go on being shown. */
    struct frame *frame = film_client_frame_at(film, 1000000);
    assert_true(frames ? frame != NULL : frame == NULL);
    if (frame)
        sum_of(frame);
    assert_int_equal(film_client_next_us(film), INT64_MAX);
    stop();
    check_nothing_left(descriptors);
}

/* Plays a part until it fails so; `frames` came before. */
static void check_fails_with(const char *part, const struct film_client_request *request,
                             int64_t frames, const char *text)
{
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_client *film = start_part(part, request);
    enum film_client_state state = wait_for_frames(film, INT64_MAX, &err);
    if (state != FILM_CLIENT_FAILED || !strstr(err.text, text))
        fail_msg("%s: %d \"%s\" instead of \"%s\"", part, err.code, err.text, text);
    /* Whatever it was, it was the worker's doing, or its own word. */
    if (err.code != ERR_WORKER && err.code != ERR_SANDBOX && err.code != ERR_INPUT)
        fail_msg("%s: %d", part, err.code);
    check_failed(part, film, frames, descriptors);
}

static void check_fails(const char *part, const char *text)
{
    check_fails_with(part, &plain, 0, text);
}

static void check_breaks(const char *part, int64_t frames, const char *text)
{
    check_fails_with(part, &plain, frames, text);
}

static void films_that_lie(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILM_LIES; i++)
        check_fails(film_lies[i].name, "invalid film");
}

static void films_that_are_too_large(void **state)
{
    (void)state;
    check_fails("large", "invalid film");
}

static void memory_that_is_none(void **state)
{
    (void)state;
    static const char *const parts[] = {"not sealed",    "half sealed", "short memory", "no memory",
                                        "ordinary file", "folder",      "pipe",         "no fd"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check_fails(parts[i], "invalid film");
}

static void workers_that_send_invalid_messages(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "short packet",   "one byte", "long packet",  "wrong magic",     "sound with wrong magic",
        "event of sound", "two fds",  "unknown kind", "ring of a still", "eight fds"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check_fails(parts[i], "invalid message");
    check_fails("empty packet with files", "invalid message");
}

static void events_out_of_order(void **state)
{
    (void)state;
    check_breaks("two films", 1, "invalid film");
    check_fails("two films at once", "invalid film");
    check_fails("two films without memory", "invalid film");
    check_fails("probe", "invalid film");
    check_fails("frame before film", "announced an invalid frame");
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
        check_fails(parts[i], "announced an invalid frame");
    check_breaks("time goes back", 3, "announced an invalid frame");
    check_breaks("time stands still", 2, "announced an invalid frame");
    check_breaks("one frame too many", PROTOCOL_FRAMES_AHEAD_MAX, "announced an invalid frame");
    check_breaks("flood", PROTOCOL_FRAMES_AHEAD_MAX, "announced an invalid frame");
}

static void sound_that_nobody_wants(void **state)
{
    (void)state;
    struct film_client_request request = plain;
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

/* No hostile byte was read by then. */
static void what_fails_before_it_is_ready_is_not_the_films_fault(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    for (size_t i = 0; i < UNREADY_ENDS; i++) {
        const struct unready_end *expected = &unready_ends[i];
        struct err err = {0};
        struct film_client *film = start_part(expected->part, &plain);
        if (wait_for_frames(film, -1, &err) != FILM_CLIENT_FAILED || err.code != expected->code ||
            !strstr(err.text, expected->text))
            fail_msg("%s: %d \"%s\"", expected->part, err.code, err.text);
        stop();
    }
    check_fails("ready late", "invalid message");
    check_nothing_left(descriptors);
}

/* Only the player knows of failures that are not the medium's. */
static void errors_of_the_system_are_not_believed(void **state)
{
    (void)state;
    struct err err = {0};
    struct film_client *film = start_part("error of the system", &plain);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "no memory");
}

static void workers_that_die(void **state)
{
    (void)state;
    check_breaks("die at frame", 3, "the worker crashed (signal 14)");
    check_breaks("quiet exit", 3, "the worker exited unexpectedly");
    check_breaks("break out", 3, "forbidden system call (socket)");
}

/* Not by anything that it did, as far as can be known. */
static void a_worker_that_is_killed(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_client *film = start_part("die after film", &plain);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_KILLED);
    assert_non_null(strstr(err.text, "was killed"));
    check_failed("die after film", film, 0, descriptors);
}

/* It closes its socket and does not exit: given up after a while, for which this test does not
 * wait. */
static void a_worker_that_hangs_up(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_client *film = start_part("hang up", &plain);
    int64_t begin_ns = clock_mono_ns(), deadline_ns;
    while ((deadline_ns = film_client_deadline_ns(film)) > clock_mono_ns() + LIMIT_MS * 500000LL) {
        sleep_on(film);
        assert_int_not_equal(film_client_poll(film, clock_mono_ns(), &err), FILM_CLIENT_FAILED);
    }
    film_client_poll(film, clock_mono_ns(), &err);
    assert_in_range(film_client_deadline_ns(film), begin_ns, clock_mono_ns() + 2000000000);
    assert_int_equal(film_client_poll(film, film_client_deadline_ns(film) - 1, &err),
                     FILM_CLIENT_READY);
    assert_int_equal(film_client_poll(film, film_client_deadline_ns(film), &err),
                     FILM_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_WORKER);
    assert_string_equal(err.text, "the worker closed its socket without exiting");
    check_failed("hang up", film, 3, descriptors);
}

/* The lowest number that is free is one too many. */
static void no_descriptor_is_free(void **state)
{
    (void)state;
    struct rlimit before, few;
    struct err err = {0};
    struct film_client *film = start_part("hang after film", &plain);
    int free_fd = dup(0);
    assert_true(free_fd >= 0);
    close(free_fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){(rlim_t)free_fd, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    enum film_client_state end = wait_for_frames(film, -1, &err);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(end, FILM_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_string_equal(err.text, "too many open files");
}

/* Time is what the caller says: nothing here waits for it. */
static void check_times_out(const char *part, int64_t frames, enum err_code code)
{
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_client *film = start_part(part, &plain);
    if (frames)
        assert_int_equal(wait_for_frames(film, frames, &err), FILM_CLIENT_READY);
    else if (code == ERR_TIMEOUT)
        sleep_on(film); /* until it is ready */
    int64_t deadline_ns = film_client_deadline_ns(film);
    assert_true(deadline_ns <= clock_mono_ns() + (int64_t)LIMIT_MS * 1000000);
    assert_int_not_equal(film_client_poll(film, deadline_ns - 1, &err), FILM_CLIENT_FAILED);
    /* What came meanwhile (a film without frames) counts as going on. */
    deadline_ns = film_client_deadline_ns(film);
    for (int i = 0; i < 3 && film_client_poll(film, deadline_ns, &err) != FILM_CLIENT_FAILED; i++)
        deadline_ns = film_client_deadline_ns(film);
    assert_int_equal(film_client_poll(film, deadline_ns, &(struct err){0}), FILM_CLIENT_FAILED);
    assert_int_equal(err.code, code);
    if (frames)
        sum_of(film_client_frame_at(film, 0));
    stop();
    check_nothing_left(descriptors);
}

static void workers_that_stop(void **state)
{
    (void)state;
    check_times_out("hang", 0, ERR_TIMEOUT);
    check_times_out("hang after film", 0, ERR_TIMEOUT);
    check_times_out("stop at frame", 3, ERR_TIMEOUT);
    check_times_out("unready hang", 0, ERR_KILLED);
}

/* Each sign renews what is left of its time, but not for ever. */
static void a_worker_that_is_on_its_way(void **state)
{
    (void)state;
    const int64_t limit_ns = (int64_t)LIMIT_MS * 1000000;
    struct err err = {0};
    int64_t begin_ns = clock_mono_ns();
    struct film_client *film = start_part("on its way", &plain);
    int64_t started_ns = clock_mono_ns(), before_ns, now_ns;
    int signs = 0;
    sleep_on(film); /* until it is ready, which is no sign */
    assert_int_equal(film_client_poll(film, started_ns, &err), FILM_CLIENT_PENDING);
    do {
        before_ns = film_client_deadline_ns(film);
        now_ns = before_ns - 1; /* the time of a sign is when it is looked at */
        tick();
        sleep_on(film);
        assert_int_equal(film_client_poll(film, now_ns, &err), FILM_CLIENT_PENDING);
        signs++;
    } while (film_client_deadline_ns(film) == now_ns + limit_ns);
    /* The last whole renewal may be a moment short of the end of all patience. */
    assert_in_range(signs, FILM_CLIENT_PATIENCE - 1, FILM_CLIENT_PATIENCE);
    assert_in_range(film_client_deadline_ns(film), begin_ns + FILM_CLIENT_PATIENCE * limit_ns,
                    started_ns + FILM_CLIENT_PATIENCE * limit_ns);
    tick();
    sleep_on(film);
    assert_int_equal(film_client_poll(film, film_client_deadline_ns(film), &err),
                     FILM_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_TIMEOUT);
}

static void progress_that_is_none(void **state)
{
    (void)state;
    struct film_client_request request = plain;
    check_fails("progress stands still", "invalid message");
    check_fails("progress goes back", "invalid message");
    check_fails("flood of progress", "invalid message");
    request.probe_only = true;
    check_fails_with("progress stands still", &request, 0, "invalid message");
}

/* After the pictures' end only sound may come; what else does is the end of that. */
static void check_ends(const char *part, int64_t frames, const char *text)
{
    int descriptors = count_descriptors();
    struct film_client_request request = plain;
    struct err err = {0};
    request.want_sound = true;
    struct film_client *film = start_part(part, &request);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_READY);
    if (err.code != ERR_WORKER || !strstr(err.text, text))
        fail_msg("%s: %d \"%s\" instead of \"%s\"", part, err.code, err.text, text);
    assert_int_equal(film_client_counts(film).received, frames);
    stop();
    check_nothing_left(descriptors);
}

static void ends_without_end(void **state)
{
    (void)state;
    check_ends("ends without end", 2, "or ended twice");
    check_ends("progress after the end", 1, "invalid message");
}

/* Old sound is given back as soon as it comes: only its number tells that it is a flood. Time is
 * the caller's. */
static void a_worker_that_sends_too_many_messages(void **state)
{
    (void)state;
    struct film_client_request request = plain;
    struct err err = {0};
    request.want_sound = true;
    struct film_client *film = start_part("sound without end", &request);
    int64_t now_ns = clock_mono_ns();
    int polls = 0;
    while (film_client_poll(film, now_ns, &err) != FILM_CLIENT_FAILED && polls++ < 100000) {
        film_client_add_sound(film, 48000, NULL, 0, (float[]){0, 0});
        poll(&(struct pollfd){.fd = film_client_fd(film), .events = POLLIN}, 1, LIMIT_MS);
    }
    assert_int_equal(err.code, ERR_WORKER);
    assert_string_equal(err.text, "the worker sent too many messages");
}

/* A worker that waits for room owes nothing; from when it has room, it does. */
static void a_worker_that_hears_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    struct film_client *film = start_part("deaf", &plain);
    assert_int_equal(wait_for_frames(film, PROTOCOL_FRAMES_AHEAD_MAX, &err), FILM_CLIENT_READY);
    assert_true(film_client_deadline_ns(film) == INT64_MAX);
    assert_int_equal(film_client_poll(film, INT64_MAX, &err), FILM_CLIENT_READY);
    /* The first is on screen and referenced: it is not released, though its time has passed. */
    struct frame *shown = frame_hold(film_client_frame_at(film, 0));
    assert_non_null(film_client_frame_at(film, FILM_FRAME_US));
    assert_true(film_client_deadline_ns(film) == INT64_MAX);
    int64_t before_ns = clock_mono_ns();
    frame_release(shown);
    assert_in_range(film_client_deadline_ns(film), before_ns + (int64_t)LIMIT_MS * 1000000,
                    clock_mono_ns() + (int64_t)LIMIT_MS * 1000000);
    assert_int_equal(film_client_poll(film, film_client_deadline_ns(film), &err),
                     FILM_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_TIMEOUT);
}

static void pixels_that_change_under_the_reader(void **state)
{
    (void)state;
    struct err err = {0};
    struct film_client *film = start_part("restless", &plain);
    assert_int_equal(wait_for_frames(film, PROTOCOL_FRAMES_AHEAD_MAX, &err), FILM_CLIENT_READY);
    for (int i = 0; i < 2000; i++)
        sum_of(film_client_frame_at(film, i / 250 * FILM_FRAME_US));
}

static void descriptors_that_nobody_asked_for(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_client *film = start_part("fds in every message", &plain);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_READY);
    sum_of(film_client_frame_at(film, INT64_MAX));
    stop();
    check_nothing_left(descriptors);
}

static void after_the_end_nothing_counts(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_client *film = start_part("garbage after the end", &plain);
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_READY);
    /* The socket is closed: a worker that goes on sending, or has exited, does not wake the
     * player. */
    assert_int_equal(film_client_poll(film, INT64_MAX, &err), FILM_CLIENT_READY);
    assert_true(film_client_deadline_ns(film) == INT64_MAX);
    sum_of(film_client_frame_at(film, INT64_MAX));
    stop();
    check_nothing_left(descriptors);
}

static void a_look_is_all(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct film_client_request request = {.probe_only = true, .limit_ms = LIMIT_MS};
    struct film_client *film = start_part("probe", &request);
    assert_null(film_client_facts(film));
    assert_int_equal(wait_for_frames(film, -1, &err), FILM_CLIENT_READY);
    assert_int_equal(film_client_facts(film)->width_px, FILM_WIDTH);
    assert_null(film_client_frame_at(film, 0));
    stop();
    check_nothing_left(descriptors);
    check_fails_with("hang after film", &request, 0, "invalid film"); /* memory comes with it */
    check_fails_with("frame before film", &request, 0, "announced an invalid frame");
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
        struct film_client *film = start_part(parts[i], &plain);
        if (i > 0)
            wait_for_frames(film, 3, &err);
        stop();
        check_nothing_left(descriptors);
    }
    film_client_stop(NULL);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) == 0)
        _exit(play_film_worker()); /* as main() does; the search for leaks is not for sandboxes */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(films_that_lie, stop_after_test),
        cmocka_unit_test_teardown(films_that_are_too_large, stop_after_test),
        cmocka_unit_test_teardown(memory_that_is_none, stop_after_test),
        cmocka_unit_test_teardown(workers_that_send_invalid_messages, stop_after_test),
        cmocka_unit_test_teardown(events_out_of_order, stop_after_test),
        cmocka_unit_test_teardown(frames_that_are_not_there, stop_after_test),
        cmocka_unit_test_teardown(sound_that_nobody_wants, stop_after_test),
        cmocka_unit_test_teardown(errors_that_lie, stop_after_test),
        cmocka_unit_test_teardown(what_fails_before_it_is_ready_is_not_the_films_fault,
                                  stop_after_test),
        cmocka_unit_test_teardown(errors_of_the_system_are_not_believed, stop_after_test),
        cmocka_unit_test_teardown(workers_that_die, stop_after_test),
        cmocka_unit_test_teardown(a_worker_that_is_killed, stop_after_test),
        cmocka_unit_test_teardown(a_worker_that_hangs_up, stop_after_test),
        cmocka_unit_test_teardown(no_descriptor_is_free, stop_after_test),
        cmocka_unit_test_teardown(a_worker_that_is_on_its_way, stop_after_test),
        cmocka_unit_test_teardown(progress_that_is_none, stop_after_test),
        cmocka_unit_test_teardown(ends_without_end, stop_after_test),
        cmocka_unit_test_teardown(a_worker_that_sends_too_many_messages, stop_after_test),
        cmocka_unit_test_teardown(workers_that_stop, stop_after_test),
        cmocka_unit_test_teardown(a_worker_that_hears_nothing, stop_after_test),
        cmocka_unit_test_teardown(pixels_that_change_under_the_reader, stop_after_test),
        cmocka_unit_test_teardown(descriptors_that_nobody_asked_for, stop_after_test),
        cmocka_unit_test_teardown(after_the_end_nothing_counts, stop_after_test),
        cmocka_unit_test_teardown(a_look_is_all, stop_after_test),
        cmocka_unit_test_teardown(a_film_can_be_stopped_at_any_time, stop_after_test),
    };
    return cmocka_run_group_tests_name("film_client_hostile", tests, NULL, NULL);
}
