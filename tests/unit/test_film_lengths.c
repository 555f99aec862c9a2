/* The lengths of films, asked of workers: honest ones with real films, and some that hang or lie.
 *
 * film_lengths.c, through film_client.c, executes this program again as the worker. */
#include "playout/film_lengths.h"

#include "base/clock.h"
#include "decode/film_client.h"
#include "decode/worker_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <limits.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "hostile_film.h"
#include "make_film.h"

#define LIMIT_MS 60000

static struct film_lengths lengths;

static int finish_after_test(void **state)
{
    (void)state;
    film_lengths_finish(&lengths);
    worker_process_reap(true);
    return 0;
}

#define PLAIN(frames) "-f lavfi -i color=s=32x32:r=25 -frames:v " frames " " MAKE_FILM_X264

static int prepare(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    make_film(PLAIN("25"), "one.mp4");
    make_film(PLAIN("51"), "two.mp4");
    temp_folder_write("text.mp4", "hello\n");
    temp_folder_write("hang.mp4", HOSTILE_MARK "hang");
    temp_folder_write("lie.mp4", HOSTILE_MARK "duration_us = -1");
    temp_folder_write("look.mp4", HOSTILE_MARK "probe");
    temp_folder_write("dies.mp4", HOSTILE_MARK "quiet exit");
    temp_folder_write("memory.mp4", HOSTILE_MARK "error of the system");
    temp_folder_write("stale.mp4", HOSTILE_MARK "unready other version");
    temp_folder_write("p.png", "never looked at");
    return 0;
}

static struct edition *load_with(const char *more, const char *spots)
{
    char text[2048];
    snprintf(text, sizeof text, "{\"format\":\"duckling/1\",%s\"spots\":{%s}}", more, spots);
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    if (!playlist)
        fail_msg("%s", faults.items[0].text);
    playlist_faults_finish(&faults);
    struct edition *edition = edition_create_unchecked(playlist, temp_folder_path("list.json"));
    assert_non_null(edition);
    return edition;
}

static struct edition *load(const char *spots)
{
    return load_with("", spots);
}

static int32_t length_of(const struct edition *edition, const char *name)
{
    const struct playlist *playlist = edition->playlist;
    for (size_t i = 0; i < playlist->asset_count; i++)
        if (strcmp(playlist->assets[i].path, name) == 0)
            return lengths.film_ms[i];
    fail_msg("no %s", name);
    return 0;
}

static void check_nothing_left(void)
{
    worker_process_reap(true);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void idle(void **state)
{
    (void)state;
    struct pollfd fd;
    int64_t deadline_ns = INT64_MAX;
    assert_true(film_lengths_poll(&lengths, 0));
    assert_int_equal(film_lengths_poll_fds(&lengths, &fd, &deadline_ns), 0);
    assert_null(film_lengths_take(&lengths));
    film_lengths_finish(&lengths);
}

static void each_film_is_looked_at(void **state)
{
    (void)state;
    assert_true(film_lengths_begin(
        &lengths,
        load("\"a\":{\"video\":\"one.mp4\"},\"p\":{\"image\":\"p.png\"},\"b\":{\"video\":{"
             "\"landscape\":\"two.mp4\",\"portrait\":\"one.mp4\"}},\"t\":{\"tagline\":\"x\"}"),
        LIMIT_MS));
    assert_false(film_lengths_poll(&lengths, clock_mono_ns())); /* never blocks */
    film_lengths_wait(&lengths);
    assert_true(film_lengths_poll(&lengths, clock_mono_ns()));
    struct edition *edition = film_lengths_take(&lengths);
    assert_non_null(edition);
    assert_null(film_lengths_take(&lengths));
    assert_int_equal(length_of(edition, "one.mp4"), 1000);
    assert_int_equal(length_of(edition, "two.mp4"), 2040);
    assert_int_equal(length_of(edition, "p.png"), 0);
    edition_destroy(edition);
    check_nothing_left();
}

#define TOLD(name)                                                                                 \
    "\"" name                                                                                      \
    "\":{\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\","         \
    "\"bytes\":9,\"url\":\"" name "\",\"duration_ms\":77}"

static void what_the_playlist_tells_is_believed(void **state)
{
    (void)state;
    struct edition *edition =
        load_with("\"files\":{" TOLD("missing.mp4") "," TOLD("one.mp4") "},",
                  "\"a\":{\"video\":\"missing.mp4\"},\"b\":{\"video\":\"one.mp4\"}");
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    assert_true(film_lengths_poll(&lengths, clock_mono_ns())); /* at once: no worker was needed */
    assert_int_equal(length_of(edition, "missing.mp4"), 77);
    assert_int_equal(length_of(edition, "one.mp4"), 77);
}

/* Time is what the caller says: nobody waits for another try. */
static int polls_until_done(void)
{
    int tries = 0;
    int64_t now_ns = clock_mono_ns();
    while (!film_lengths_poll(&lengths, now_ns)) {
        struct pollfd fd;
        int64_t deadline_ns = INT64_MAX;
        if (film_lengths_poll_fds(&lengths, &fd, &deadline_ns) == 0) {
            now_ns = deadline_ns;
            tries++;
        } else {
            assert_true(poll(&fd, 1, LIMIT_MS) > 0);
            now_ns = clock_mono_ns();
        }
    }
    return tries;
}

static int looks_in_work(void)
{
    int count = 0;
    for (int i = 0; i < FILM_LENGTHS_PROBES_MAX; i++)
        count += lengths.probes[i].film != NULL;
    return count;
}

static void films_that_can_not_be_looked_at_hold_up_nobody_for_ever(void **state)
{
    (void)state;
    struct edition *edition =
        load("\"a\":{\"video\":\"missing.mp4\"},\"b\":{\"video\":\"text.mp4\"},\"c\":{\"video\":"
             "\"lie.mp4\"},\"d\":{\"video\":\"dies.mp4\"},\"e\":{\"video\":\"look.mp4\"},\"f\":{"
             "\"video\":\"one.mp4\"}");
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    /* It ends. How often nobody was at work depends on the machine: looks of several films overlap. */
    polls_until_done();
    assert_int_equal(length_of(edition, "missing.mp4"), 0);
    assert_int_equal(length_of(edition, "text.mp4"), 0);
    assert_int_equal(length_of(edition, "lie.mp4"), 0);
    assert_int_equal(length_of(edition, "dies.mp4"), 0);
    assert_int_equal(length_of(edition, "look.mp4"), 160);
    assert_int_equal(length_of(edition, "one.mp4"), 1000);
    check_nothing_left();
}

/* A file that says nothing is no failure: no try is made again, now or later. */
static void a_file_that_is_no_film_is_looked_at_once(void **state)
{
    (void)state;
    const char *spots = "\"a\":{\"video\":\"text.mp4\"}";
    struct edition *edition = load(spots);
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    assert_int_equal(polls_until_done(), 0);
    assert_int_equal(length_of(edition, "text.mp4"), 0);
    assert_true(film_lengths_begin(&lengths, load(spots), LIMIT_MS));
    assert_true(film_lengths_poll(&lengths, clock_mono_ns()));
    check_nothing_left();
}

static void replace(const char *name, const char *by)
{
    char from[PATH_MAX];
    snprintf(from, sizeof from, "%s", temp_folder_path(by));
    unlink(temp_folder_path(name));
    assert_int_equal(link(from, temp_folder_path(name)), 0);
}

/* One that hangs is given up in time, looked at again, and then tells its length. */
static void one_that_failed_is_looked_at_again(void **state)
{
    (void)state;
    replace("later.mp4", "hang.mp4");
    struct edition *edition = load("\"a\":{\"video\":\"later.mp4\"},\"b\":{\"video\":\"one.mp4\"}");
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    assert_false(film_lengths_poll(&lengths, clock_mono_ns()));
    struct pollfd fd;
    while (looks_in_work() == 2) {
        int64_t deadline_ns = INT64_MAX;
        assert_int_equal(film_lengths_poll_fds(&lengths, &fd, &deadline_ns), 1);
        assert_true(poll(&fd, 1, LIMIT_MS) > 0);
        assert_false(film_lengths_poll(&lengths, clock_mono_ns()));
    }
    assert_int_equal(length_of(edition, "one.mp4"), 1000); /* the other waits for nobody */
    int64_t deadline_ns = INT64_MAX, again_ns = INT64_MAX;
    assert_int_equal(film_lengths_poll_fds(&lengths, &fd, &deadline_ns), 1);
    assert_true(deadline_ns <= clock_mono_ns() + (int64_t)LIMIT_MS * 1000000);
    assert_false(film_lengths_poll(&lengths, deadline_ns - 1));
    assert_int_equal(looks_in_work(), 1);
    assert_false(film_lengths_poll(&lengths, deadline_ns));
    assert_int_equal(looks_in_work(), 0);
    assert_int_equal(film_lengths_poll_fds(&lengths, &fd, &again_ns), 0);
    assert_int_equal(again_ns, deadline_ns + FILM_LENGTHS_WAIT_NS);
    assert_false(film_lengths_poll(&lengths, again_ns - 1));
    assert_int_equal(looks_in_work(), 0);
    replace("later.mp4", "two.mp4");
    assert_false(film_lengths_poll(&lengths, again_ns));
    assert_int_equal(polls_until_done(), 0);
    assert_int_equal(length_of(edition, "later.mp4"), 2040);
    check_nothing_left();
}

static void tries_come_later_each_time_and_end(void **state)
{
    (void)state;
    const char *spots = "\"a\":{\"video\":\"hang.mp4\"}";
    struct edition *edition = load(spots);
    int64_t wait_ns = FILM_LENGTHS_WAIT_NS, now_ns = clock_mono_ns();
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    for (int i = 0; i < FILM_LENGTHS_TRIES; i++, wait_ns *= 2) {
        struct pollfd fd;
        int64_t again_ns = INT64_MAX;
        assert_false(film_lengths_poll(&lengths, now_ns));
        assert_int_equal(looks_in_work(), 1);
        now_ns += (int64_t)LIMIT_MS * 2000000; /* workers are timed by the real clock */
        bool last = i == FILM_LENGTHS_TRIES - 1;
        assert_int_equal(film_lengths_poll(&lengths, now_ns), last);
        assert_int_equal(film_lengths_poll_fds(&lengths, &fd, &again_ns), 0);
        assert_true(again_ns == (last ? INT64_MAX : now_ns + wait_ns));
        now_ns = again_ns;
    }
    assert_int_equal(length_of(edition, "hang.mp4"), 0);
    /* It holds up the next edition no more than once. */
    assert_true(film_lengths_begin(&lengths, load(spots), LIMIT_MS));
    now_ns = clock_mono_ns();
    assert_false(film_lengths_poll(&lengths, now_ns));
    assert_int_equal(looks_in_work(), 1);
    assert_true(film_lengths_poll(&lengths, now_ns + (int64_t)LIMIT_MS * 2000000));
    check_nothing_left();
}

static void a_crash_counts_twice(void **state)
{
    (void)state;
    struct edition *edition = load("\"a\":{\"video\":\"lie.mp4\"}");
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    assert_int_equal(polls_until_done(), FILM_LENGTHS_TRIES / 2 - 1);
    assert_int_equal(length_of(edition, "lie.mp4"), 0);
    check_nothing_left();
}

/* Nor is what the machine lacked kept as what a file says: it is looked at as often as may be, and
 * again with the next edition. */
static void what_the_machine_lacks_is_not_the_films(void **state)
{
    (void)state;
    static const char *const spots[] = {"\"a\":{\"video\":\"memory.mp4\"}",
                                        "\"a\":{\"video\":\"stale.mp4\"}"};
    for (size_t i = 0; i < 2; i++) {
        assert_true(film_lengths_begin(&lengths, load(spots[i]), LIMIT_MS));
        assert_int_equal(polls_until_done(), FILM_LENGTHS_TRIES - 1);
        assert_true(film_lengths_begin(&lengths, load(spots[i]), LIMIT_MS));
        assert_false(film_lengths_poll(&lengths, clock_mono_ns()));
        assert_int_equal(looks_in_work(), 1);
        assert_int_equal(polls_until_done(), 0);
    }
    check_nothing_left();
}

static void four_are_looked_at_at_a_time(void **state)
{
    (void)state;
    struct edition *edition =
        load("\"a\":{\"video\":\"hang.mp4\"},\"b\":{\"video\":\"./hang.mp4\"},\"c\":{\"video\":"
             "\"././hang.mp4\"},\"d\":{\"video\":\"one.mp4\"},\"e\":{\"video\":\"two.mp4\"},\"f\":{"
             "\"video\":\"text.mp4\"}");
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    assert_false(film_lengths_poll(&lengths, clock_mono_ns()));
    assert_int_equal(looks_in_work(), FILM_LENGTHS_PROBES_MAX);
    /* Three hang, and one wakes for each of the others in turn. */
    while (looks_in_work() > 3) {
        struct pollfd fd;
        int64_t deadline_ns = INT64_MAX;
        assert_int_equal(film_lengths_poll_fds(&lengths, &fd, &deadline_ns), 1);
        assert_true(poll(&fd, 1, LIMIT_MS) > 0);
        assert_false(film_lengths_poll(&lengths, clock_mono_ns()));
    }
    assert_int_equal(length_of(edition, "one.mp4"), 1000);
    assert_int_equal(length_of(edition, "two.mp4"), 2040);
    film_lengths_finish(&lengths);
    check_nothing_left();
}

/* By its file, whatever edition names it. */
static void what_was_found_out_is_kept(void **state)
{
    (void)state;
    replace("kept.mp4", "one.mp4");
    assert_true(film_lengths_begin(&lengths, load("\"a\":{\"video\":\"kept.mp4\"}"), LIMIT_MS));
    film_lengths_wait(&lengths);
    edition_destroy(film_lengths_take(&lengths));
    struct edition *edition = load("\"b\":{\"video\":\"./kept.mp4\"},\"t\":{\"tagline\":\"x\"}");
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    assert_true(film_lengths_poll(&lengths, clock_mono_ns())); /* at once: no worker was needed */
    assert_int_equal(length_of(edition, "./kept.mp4"), 1000);
    /* Another file of that name is another film. */
    replace("kept.mp4", "two.mp4");
    edition = load("\"a\":{\"video\":\"kept.mp4\"}");
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    assert_false(film_lengths_poll(&lengths, clock_mono_ns()));
    assert_int_equal(polls_until_done(), 0);
    assert_int_equal(length_of(edition, "kept.mp4"), 2040);
    check_nothing_left();
}

static void another_edition_comes_in_between(void **state)
{
    (void)state;
    assert_true(film_lengths_begin(&lengths, load("\"a\":{\"video\":\"hang.mp4\"}"), LIMIT_MS));
    assert_false(film_lengths_poll(&lengths, clock_mono_ns()));
    struct edition *edition = load("\"a\":{\"video\":\"two.mp4\"}");
    assert_true(film_lengths_begin(&lengths, edition, LIMIT_MS));
    film_lengths_wait(&lengths);
    assert_int_equal(length_of(edition, "two.mp4"), 2040);
    check_nothing_left();
    /* Given up in the middle. */
    assert_true(film_lengths_begin(&lengths, load("\"a\":{\"video\":\"hang.mp4\"}"), LIMIT_MS));
    assert_false(film_lengths_poll(&lengths, clock_mono_ns()));
    film_lengths_finish(&lengths);
    check_nothing_left();
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) == 0)
        _exit(play_film_worker());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(idle, finish_after_test),
        cmocka_unit_test_teardown(each_film_is_looked_at, finish_after_test),
        cmocka_unit_test_teardown(what_the_playlist_tells_is_believed, finish_after_test),
        cmocka_unit_test_teardown(films_that_can_not_be_looked_at_hold_up_nobody_for_ever,
                                  finish_after_test),
        cmocka_unit_test_teardown(a_file_that_is_no_film_is_looked_at_once, finish_after_test),
        cmocka_unit_test_teardown(one_that_failed_is_looked_at_again, finish_after_test),
        cmocka_unit_test_teardown(tries_come_later_each_time_and_end, finish_after_test),
        cmocka_unit_test_teardown(a_crash_counts_twice, finish_after_test),
        cmocka_unit_test_teardown(what_the_machine_lacks_is_not_the_films, finish_after_test),
        cmocka_unit_test_teardown(four_are_looked_at_at_a_time, finish_after_test),
        cmocka_unit_test_teardown(what_was_found_out_is_kept, finish_after_test),
        cmocka_unit_test_teardown(another_edition_comes_in_between, finish_after_test),
    };
    return cmocka_run_group_tests_name("film_lengths", tests, prepare, temp_folder_teardown);
}
