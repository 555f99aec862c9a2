/* Films whose workers die or stop, on screen and before: another one goes on, at the right frame.
 *
 * film_client.c executes this program again as the worker. The show's time goes by here, as the tests
 * say: what breaks is left alone for a while, and goes on where it would be by then. loader.c is
 * compiled in here, to see whether it waits. */
#include "decode/worker_process.h"

static int waits;

static void note_reap(bool wait)
{
    waits += wait;
    worker_process_reap(wait);
}

#define worker_process_reap note_reap
#include "playout/loader.c"
#undef worker_process_reap

#include "playout/playout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "playout_fixture.h"

#define FILM "\"a\":{\"video\":\"film.mp4\",\"duration\":10}"
#define STOP_LIMIT_MS 3000

static double clock_ms; /* of the show, in the tests whose time goes by */

/* Whether a new worker begins further on than the show is: it was given time to start. */
static bool film_begins_later(void)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        const struct loader_film *film = &loader->entries[i].film;
        if (film->client && film->ready && clock_ms * 1000 < (double)film->from_us)
            return true;
    }
    return false;
}

/* Turn after turn, until the film is at work again and the frame is on that is right then. A frame's
 * time goes by whenever a worker has done something that does not make it right, and until a film
 * begins that begins later; it never goes by because the machine is busy. */
static void play_until_right(void)
{
    struct picture *next;
    bool fresh = false;
    for (int turns = 0; turns < 1000; turns++) {
        struct show_request request = turn(clock_ms, &next);
        double begin_ms, volume;
        struct film_client *film =
            loader_shown_film(loader, request.to.picture, &begin_ms, &volume);
        fresh |= film && request.to.picture->playing;
        if (fresh && number_of(request.to.picture) == number_at(clock_ms))
            return;
        if (film_begins_later())
            clock_ms += FRAME_MS;
        else if (!sleep_on_workers())
            break;
        else if (!fresh)
            clock_ms += FRAME_MS;
    }
    fail_msg("the film did not go on");
}

/* Until the loader has noticed: the picture stands. */
static void await_break(double at_ms)
{
    struct picture *next;
    for (;;) {
        struct show_request request = turn(at_ms, &next);
        assert_non_null(request.to.picture);
        if (!request.to.picture->playing)
            return;
        sleep_on_workers();
    }
}

static void check_goes_on(int number, int64_t limit_ms)
{
    open_loader(true, limit_ms);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":1}");
    struct show_request request = enter(0);
    request = settle(200);
    struct picture *picture = request.to.picture;
    uint64_t key = request.to.key;
    int seen = number_of(picture);
    pid_t worker = film_worker();
    kill(worker, number);
    /* A worker that stopped has frames here still: they are asked for. */
    double at_ms = number == SIGSTOP ? 1000 : 200;
    await_break(at_ms);
    assert_in_range(number_of(picture), seen, number_at(at_ms));
    clock_ms = at_ms;
    play_until_right();
    assert_int_not_equal(film_worker(), worker);
    assert_ptr_equal(show.settled.picture, picture);
    assert_int_equal(show.settled.key, key);
    assert_int_equal(show.incoming.key, 0);
}

static void a_worker_that_is_killed(void **state)
{
    (void)state;
    check_goes_on(SIGKILL, LIMIT_MS);
}

static void a_worker_that_crashes(void **state)
{
    (void)state;
    check_goes_on(SIGALRM, LIMIT_MS);
}

static void a_worker_that_stops(void **state)
{
    (void)state;
    check_goes_on(SIGSTOP, STOP_LIMIT_MS);
}

/* Once in each slot, of three: that is the film's doing. */
static void one_that_stops_in_each_slot(void **state)
{
    (void)state;
    struct picture *next;
    open_loader(false, STOP_LIMIT_MS);
    put_on(FILM);
    for (int i = 0; i < 3; i++) {
        double slot_ms = 15000 * i;
        settle_at(slot_ms, 0);
        kill(film_worker(), SIGSTOP);
        await_break(slot_ms + 1000);
        turn(slot_ms + 12000, &next);
    }
    int sounds, jobs = count_jobs(&sounds);
    do
        assert_null(turn(45000, &next).to.picture);
    while (sleep_on_workers());
    assert_int_equal(count_jobs(&sounds), jobs);
}

/* One that nobody has seen yet is loaded anew, and begins at its first frame. */
static void a_worker_that_dies_before_its_slot(void **state)
{
    (void)state;
    struct picture *next = NULL;
    open_loader(false, LIMIT_MS);
    put_on("\"first\":{\"image\":\"still.png\",\"duration\":5}," FILM);
    for (turn(1000, &next); !next; turn(1000, &next))
        assert_true(sleep_on_workers());
    pid_t worker = film_worker();
    kill(worker, SIGKILL);
    while (next) {
        assert_true(sleep_on_workers());
        turn(1100, &next);
    }
    for (; !next; turn(1200, &next))
        assert_true(sleep_on_workers());
    assert_int_not_equal(film_worker(), worker);
    assert_int_equal(number_of(next), 0);
    for (int at_ms = 0; at_ms < 1000; at_ms += FRAME_MS) {
        struct show_request request = {0};
        do {
            request = turn(5000 + at_ms, &next);
            assert_non_null(request.to.picture);
        } while (number_of(request.to.picture) != number_at(at_ms) && sleep_on_workers());
        assert_int_equal(number_of(request.to.picture), number_at(at_ms));
    }
}

/* Killed from outside, four times: that is not the film's doing. */
static void one_that_is_killed_again_and_again(void **state)
{
    (void)state;
    struct picture *next;
    open_loader(true, LIMIT_MS);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":1}");
    enter(0);
    clock_ms = 0;
    for (int i = 0; i < 2; i++) {
        kill(film_worker(), SIGKILL);
        await_break(clock_ms);
        play_until_right();
    }
    for (int i = 0; i < 2; i++) { /* and in other editions, where it is loaded anew */
        char spots[128];
        snprintf(spots, sizeof spots,
                 "\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":1,\"focus\":[0.%d,0.5]}",
                 i + 1);
        put_on(spots);
        enter(1000);
        kill(film_worker(), SIGKILL);
        await_break(1000);
    }
    put_on(FILM);
    enter(1000);
    settle(1500);
    turn(1500, &next);
}

static void crash(int times, int signal)
{
    open_loader(true, LIMIT_MS);
    put_on("\"a\":{\"video\":\"film.mp4\",\"duration\":10,\"volume\":1}");
    enter(0);
    clock_ms = 0;
    for (int i = 0; i < times; i++) {
        kill(film_worker(), signal);
        await_break(clock_ms);
        if (i < times - 1)
            play_until_right();
    }
}

/* What crashes three times is quarantined, however much of it plays before; its last frame holds,
 * and no worker is started any more. */
static void one_that_crashes_again_and_again(void **state)
{
    (void)state;
    struct picture *next;
    int sounds;
    crash(3, SIGALRM);
    assert_int_equal(count_jobs(&sounds), 3);
    int64_t deadline_ns = INT64_MAX;
    struct pollfd fds[LOADER_FDS_MAX];
    loader_poll_fds(loader, fds, &deadline_ns);
    assert_int_equal(deadline_ns, INT64_MAX);
    assert_non_null(turn(9000, &next).to.picture);
    show_finish(&show);
    turn(20000, &next);
    assert_null(turn(20000, &next).to.picture);
    assert_int_equal(count_jobs(&sounds), 3);
}

/* A system call that the sandbox forbids counts like a crash, but for the first time: after the
 * third one another worker is still to come. */
static void one_that_breaks_the_sandbox_again_and_again(void **state)
{
    (void)state;
    int64_t deadline_ns = INT64_MAX;
    struct pollfd fds[LOADER_FDS_MAX];
    crash(3, SIGSYS);
    assert_int_equal(loader->quarantine->items[0].count, 2);
    loader_poll_fds(loader, fds, &deadline_ns);
    assert_true(deadline_ns < INT64_MAX);
}

/* Another loader, for a screen of another size: what was quarantined still is. */
static void what_outlives_a_loader(void **state)
{
    (void)state;
    static struct quarantine kept;
    struct picture *next;
    int sounds;
    quarantine = &kept;
    crash(3, SIGALRM);
    show_finish(&show);
    show = (struct show){0};
    loader_destroy(loader);
    open_loader(true, LIMIT_MS);
    do
        assert_null(turn(5000, &next).to.picture);
    while (sleep_on_workers());
    assert_non_null(next); /* that of the spot after it */
    assert_int_equal(count_jobs(&sounds), 0);
}

/* A loader ends in the middle of a show, when the screen's size changes. */
static void nobody_waits_for_workers(void **state)
{
    (void)state;
    open_loader(false, LIMIT_MS);
    put_on(FILM);
    enter(0);
    film_worker();
    show_finish(&show);
    show = (struct show){0};
    waits = 0;
    loader_destroy(loader);
    loader = NULL;
    assert_int_equal(waits, 0);
}

/* It crashes now and then, and plays well between: that is never held against it. */
static void one_that_plays_well_between(void **state)
{
    (void)state;
    struct picture *next;
    open_loader(false, LIMIT_MS);
    put_on(FILM);
    for (int i = 0; i < 4; i++) {
        double slot_ms = 30000 * i;
        settle_at(slot_ms, 0);
        settle_at(slot_ms + 200, 200);
        kill(film_worker(), SIGALRM);
        await_break(slot_ms + 200);
        for (turn(slot_ms + 14000, &next); !next; turn(slot_ms + 14000, &next))
            assert_true(sleep_on_workers());
        for (int offset_ms = 0; offset_ms <= 2000; offset_ms += 200)
            settle_at(slot_ms + 15000 + offset_ms, offset_ms);
        turn(slot_ms + 25000, &next); /* its slot is over */
    }
}

int main(int argc, char **argv)
{
    be_a_worker(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_worker_that_is_killed, close_playout),
        cmocka_unit_test_teardown(a_worker_that_crashes, close_playout),
        cmocka_unit_test_teardown(a_worker_that_stops, close_playout),
        cmocka_unit_test_teardown(one_that_stops_in_each_slot, close_playout),
        cmocka_unit_test_teardown(a_worker_that_dies_before_its_slot, close_playout),
        cmocka_unit_test_teardown(one_that_is_killed_again_and_again, close_playout),
        cmocka_unit_test_teardown(one_that_crashes_again_and_again, close_playout),
        cmocka_unit_test_teardown(one_that_breaks_the_sandbox_again_and_again, close_playout),
        cmocka_unit_test_teardown(what_outlives_a_loader, close_playout),
        cmocka_unit_test_teardown(nobody_waits_for_workers, close_playout),
        cmocka_unit_test_teardown(one_that_plays_well_between, close_playout),
    };
    return cmocka_run_group_tests_name("playout_broken", tests, prepare, temp_folder_teardown);
}
