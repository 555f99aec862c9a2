#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static int kept_stderr;
static int captured;

/* From here on standard error goes to memory. Nothing is asserted until it is back: cmocka writes
 * there too. */
static void begin(void)
{
    fflush(stderr);
    kept_stderr = dup(STDERR_FILENO);
    captured = memfd_create("stderr", MFD_CLOEXEC);
    if (kept_stderr < 0 || captured < 0 || dup2(captured, STDERR_FILENO) < 0)
        abort();
}

/* Puts standard error back and returns what was written. The caller frees it. */
static char *end(void)
{
    log_flush();
    fflush(stderr);
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    off_t size = lseek(captured, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    if (!text || pread(captured, text, (size_t)size, 0) != size)
        abort();
    close(captured);
    return text;
}

static void check_ends_with(const char *expected)
{
    char *text = end();
    assert_string_equal(text, expected);
    free(text);
}

static void one_line_for_each_event(void **state)
{
    (void)state;
    begin();
    log_error("feed", "no disk path=\"%s\"", "/var/x");
    log_warn("play", "late frames=%d", 3);
    log_info("play", "on");
    check_ends_with(
        "error feed: no disk path=\"/var/x\"\nwarn play: late frames=3\ninfo play: on\n");
}

static void the_level_decides(void **state)
{
    (void)state;
    begin();
    log_debug("a", "hidden");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("a", "seen");
    log_set_level(LOG_LEVEL_ERROR);
    log_warn("a", "hidden");
    log_error("a", "seen");
    log_set_level(LOG_LEVEL_INFO);
    check_ends_with("debug a: seen\nerror a: seen\n");
}

static void repeats_are_counted(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 1000; i++)
        log_warn("feed", "server gone url=%s", "http://x/");
    log_info("feed", "server back");
    log_info("feed", "server back");
    log_info("feed", "server %s", "here");
    check_ends_with("warn feed: server gone url=http://x/\n"
                    "info log: the line above came again times=999\n"
                    "info feed: server back\n"
                    "info log: the line above came again times=1\n"
                    "info feed: server here\n");
}

static void a_count_that_is_held_back_is_flushed(void **state)
{
    (void)state;
    begin();
    log_info("a", "again");
    log_info("a", "again");
    log_flush();
    log_flush();
    log_info("a", "again");
    log_flush();
    check_ends_with("info a: again\ninfo log: the line above came again times=1\n"
                    "info log: the line above came again times=1\n");
}

/* A line that is not shown does not part two that repeat. */
static void hidden_lines_do_not_count(void **state)
{
    (void)state;
    begin();
    log_info("b", "same");
    log_debug("b", "hidden");
    log_info("b", "same");
    check_ends_with("info b: same\ninfo log: the line above came again times=1\n");
}

/* A name from a playlist can't forge a line or steer a terminal. */
static void control_characters_are_shown(void **state)
{
    (void)state;
    begin();
    log_info("c", "name=\"%s\"", "a\nerror play: forged\r\t\x1b[2J\x7f");
    log_info("c", "名=\"%s\"", "相信小的伟大");
    check_ends_with("info c: name=\"a?error play: forged???[2J?\"\ninfo c: 名=\"相信小的伟大\"\n");
}

static void a_very_long_line_is_cut(void **state)
{
    (void)state;
    char text[10000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    begin();
    log_info("d", "%s", text);
    char *written = end();
    assert_in_range(strlen(written), 1000, 4096);
    assert_memory_equal(written, "info d: xxx", 11);
    assert_ptr_equal(strchr(written, '\n'), written + strlen(written) - 1);
    free(written);
}

#define THREADS 4
#define LINES 200

static void *write_lines(void *name)
{
    for (int i = 0; i < LINES; i++)
        log_info(name, "line i=%d", i);
    return NULL;
}

static void threads_do_not_tear_lines(void **state)
{
    (void)state;
    static char names[THREADS][2] = {"p", "q", "r", "s"};
    pthread_t threads[THREADS];
    begin();
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, write_lines, names[i]) != 0)
            abort();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    char *text = end(), *next = text;
    int next_line[THREADS] = {0}, count = 0;
    for (char *line; (line = strsep(&next, "\n")) && *line; count++) {
        assert_memory_equal(line, "info ", 5);
        int thread = line[5] - 'p';
        assert_in_range(thread, 0, THREADS - 1);
        char expected[40];
        snprintf(expected, sizeof expected, ": line i=%d", next_line[thread]++);
        assert_string_equal(line + 6, expected);
    }
    assert_int_equal(count, THREADS * LINES);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_for_each_event),
        cmocka_unit_test(the_level_decides),
        cmocka_unit_test(repeats_are_counted),
        cmocka_unit_test(a_count_that_is_held_back_is_flushed),
        cmocka_unit_test(hidden_lines_do_not_count),
        cmocka_unit_test(control_characters_are_shown),
        cmocka_unit_test(a_very_long_line_is_cut),
        cmocka_unit_test(threads_do_not_tear_lines),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
