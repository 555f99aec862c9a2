/* The lengths of films, asked of workers: honest ones with real films, and some that hang or lie.
 *
 * lengths.c, through film.c, executes this program again as the worker. */
#include "lengths.h"

#include "base/clock.h"
#include "decode/film.h"
#include "decode/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "hostile_film.h"
#include "temp_folder.h"

#define LIMIT_MS 60000

static struct lengths lengths;

static int finish_after_test(void **state)
{
    (void)state;
    lengths_finish(&lengths);
    link_reap(true);
    return 0;
}

static void make_film(const char *name, const char *frames)
{
    const char *const arguments[] = {"ffmpeg",    "-nostdin",  "-v",
                                     "error",     "-y",        "-f",
                                     "lavfi",     "-i",        "color=s=32x32:r=25",
                                     "-frames:v", frames,      "-c:v",
                                     "libx264",   "-threads",  "1",
                                     "-preset",   "ultrafast", temp_folder_path(name),
                                     NULL};
    pid_t pid;
    int status = -1;
    extern char **environ;
    assert_int_equal(
        posix_spawnp(&pid, "ffmpeg", NULL, NULL, (char *const *)(uintptr_t)arguments, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int prepare(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    make_film("one.mp4", "25");
    make_film("two.mp4", "51");
    temp_folder_write("text.mp4", "hello\n");
    temp_folder_write("hang.mp4", HOSTILE_MARK "hang");
    temp_folder_write("lie.mp4", HOSTILE_MARK "duration_us = -1");
    temp_folder_write("look.mp4", HOSTILE_MARK "look");
    temp_folder_write("dies.mp4", HOSTILE_MARK "quiet exit");
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
    struct edition *edition = edition_assume(playlist, temp_folder_path("list.json"));
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
    link_reap(true);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void idle(void **state)
{
    (void)state;
    struct pollfd fd;
    int64_t deadline_ns = INT64_MAX;
    assert_true(lengths_poll(&lengths, 0));
    assert_int_equal(lengths_poll_fds(&lengths, &fd, &deadline_ns), 0);
    assert_null(lengths_take(&lengths));
    lengths_finish(&lengths);
}

static void each_film_is_looked_at(void **state)
{
    (void)state;
    assert_true(lengths_begin(
        &lengths,
        load("\"a\":{\"video\":\"one.mp4\"},\"p\":{\"image\":\"p.png\"},\"b\":{\"video\":{"
             "\"landscape\":\"two.mp4\",\"portrait\":\"one.mp4\"}},\"t\":{\"tagline\":\"x\"}"),
        LIMIT_MS));
    assert_false(lengths_poll(&lengths, clock_mono_ns())); /* never blocks */
    lengths_wait(&lengths);
    assert_true(lengths_poll(&lengths, clock_mono_ns()));
    struct edition *edition = lengths_take(&lengths);
    assert_non_null(edition);
    assert_null(lengths_take(&lengths));
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
    assert_true(lengths_begin(&lengths, edition, LIMIT_MS));
    assert_true(lengths_poll(&lengths, clock_mono_ns())); /* at once: no worker was needed */
    assert_int_equal(length_of(edition, "missing.mp4"), 77);
    assert_int_equal(length_of(edition, "one.mp4"), 77);
}

static void films_that_can_not_be_looked_at_hold_up_nobody(void **state)
{
    (void)state;
    struct edition *edition =
        load("\"a\":{\"video\":\"missing.mp4\"},\"b\":{\"video\":\"text.mp4\"},\"c\":{\"video\":"
             "\"lie.mp4\"},\"d\":{\"video\":\"dies.mp4\"},\"e\":{\"video\":\"look.mp4\"},\"f\":{"
             "\"video\":\"one.mp4\"}");
    assert_true(lengths_begin(&lengths, edition, LIMIT_MS));
    lengths_wait(&lengths);
    assert_int_equal(length_of(edition, "missing.mp4"), 0);
    assert_int_equal(length_of(edition, "text.mp4"), 0);
    assert_int_equal(length_of(edition, "lie.mp4"), 0);
    assert_int_equal(length_of(edition, "dies.mp4"), 0);
    assert_int_equal(length_of(edition, "look.mp4"), 160);
    assert_int_equal(length_of(edition, "one.mp4"), 1000);
    check_nothing_left();
}

/* Time is what the caller says. */
static void one_that_hangs_is_given_up_in_time(void **state)
{
    (void)state;
    struct edition *edition = load("\"a\":{\"video\":\"hang.mp4\"},\"b\":{\"video\":\"one.mp4\"}");
    assert_true(lengths_begin(&lengths, edition, LIMIT_MS));
    int64_t now_ns = clock_mono_ns(), deadline_ns = INT64_MAX;
    struct pollfd fd;
    assert_false(lengths_poll(&lengths, now_ns));
    assert_int_equal(lengths_poll_fds(&lengths, &fd, &deadline_ns), 1);
    assert_in_range(deadline_ns, now_ns, clock_mono_ns() + (int64_t)LIMIT_MS * 1000000);
    assert_false(lengths_poll(&lengths, deadline_ns - 1));
    assert_int_equal(lengths.at, 0);
    lengths_poll(&lengths, deadline_ns);
    assert_int_equal(lengths.at, 1);
    lengths_wait(&lengths);
    assert_int_equal(length_of(edition, "hang.mp4"), 0);
    assert_int_equal(length_of(edition, "one.mp4"), 1000);
}

static void another_edition_comes_in_between(void **state)
{
    (void)state;
    assert_true(lengths_begin(&lengths, load("\"a\":{\"video\":\"hang.mp4\"}"), LIMIT_MS));
    assert_false(lengths_poll(&lengths, clock_mono_ns()));
    struct edition *edition = load("\"a\":{\"video\":\"two.mp4\"}");
    assert_true(lengths_begin(&lengths, edition, LIMIT_MS));
    lengths_wait(&lengths);
    assert_int_equal(length_of(edition, "two.mp4"), 2040);
    check_nothing_left();
    /* Given up in the middle. */
    assert_true(lengths_begin(&lengths, load("\"a\":{\"video\":\"hang.mp4\"}"), LIMIT_MS));
    assert_false(lengths_poll(&lengths, clock_mono_ns()));
    lengths_finish(&lengths);
    check_nothing_left();
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], WORKER_FILM_NAME) == 0)
        _exit(play_film_worker());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(idle, finish_after_test),
        cmocka_unit_test_teardown(each_film_is_looked_at, finish_after_test),
        cmocka_unit_test_teardown(what_the_playlist_tells_is_believed, finish_after_test),
        cmocka_unit_test_teardown(films_that_can_not_be_looked_at_hold_up_nobody,
                                  finish_after_test),
        cmocka_unit_test_teardown(one_that_hangs_is_given_up_in_time, finish_after_test),
        cmocka_unit_test_teardown(another_edition_comes_in_between, finish_after_test),
    };
    return cmocka_run_group_tests_name("lengths", tests, prepare, temp_folder_teardown);
}
