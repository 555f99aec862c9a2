#include "screen/frames_log.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

static void check_content(const char *expected)
{
    char *data;
    size_t size;
    assert_true(file_read(temp_folder_path("frames.csv"), 100000, &data, &size, NULL));
    assert_string_equal(data, expected);
    free(data);
}

/* Until the file has this content: a thread writes it. */
static void wait_content(const char *expected)
{
    for (;;) {
        char *data;
        size_t size;
        assert_true(file_read(temp_folder_path("frames.csv"), 100000, &data, &size, NULL));
        bool there = strcmp(data, expected) == 0;
        bool on_the_way = strncmp(data, expected, size) == 0;
        free(data);
        if (there)
            return;
        assert_true(on_the_way);
        sched_yield();
    }
}

static struct frames_log *open_log(void)
{
    struct err err = {0};
    struct frames_log *log = frames_log_open(temp_folder_path("frames.csv"), &err);
    assert_non_null(log);
    return log;
}

static void a_line_for_each_frame(void **state)
{
    (void)state;
    struct frames_log *log = open_log();
    frames_log_write(log, &(struct frames_log_line){123456789012345, 1770375600000.1254, "", "boat",
                                                    1, false, 0});
    frames_log_write(log, &(struct frames_log_line){5, 0.5, "boat", "shop", 1.0 / 3, true, 0.4});
    frames_log_write(log, &(struct frames_log_line){6, -1.25, "*", "shop", 0, false, 0});
    frames_log_close(log);
    check_content("present_ns,show_ms,from,to,mix,late,dim\n"
                  "123456789012345,1770375600000.125,,boat,1.0000,0,0.0000\n"
                  "5,0.500,boat,shop,0.3333,1,0.4000\n"
                  "6,-1.250,*,shop,0.0000,0,0.0000\n");
}

/* RFC 4180, section 2. */
static void names_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"plain name", "plain name"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"\r", "\"\r\""},
        {"\"", "\"\"\"\""},
        {"작은 것, 위대함", "\"작은 것, 위대함\""},
    };
    char expected[512] = "present_ns,show_ms,from,to,mix,late,dim\n";
    struct frames_log *log = open_log();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        frames_log_write(log,
                         &(struct frames_log_line){1, 2, names[i][0], names[i][0], 0.5, false, 0});
        size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "1,2.000,%s,%s,0.5000,0,0.0000\n",
                 names[i][1], names[i][1]);
    }
    frames_log_close(log);
    check_content(expected);
}

/* Whoever watches the file sees whole lines while the player runs. */
static void lines_are_there_at_once(void **state)
{
    (void)state;
    struct frames_log *log = open_log();
    wait_content("present_ns,show_ms,from,to,mix,late,dim\n");
    frames_log_write(log, &(struct frames_log_line){1, 2, "a,b", "c", 0, false, 0});
    wait_content("present_ns,show_ms,from,to,mix,late,dim\n1,2.000,\"a,b\",c,0.0000,0,0.0000\n");
    frames_log_close(log);
}

static void what_can_not_be_opened(void **state)
{
    (void)state;
    struct err err = {0};
    assert_null(frames_log_open(temp_folder_path("missing/frames.csv"), &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.text, "missing/frames.csv: No such file"));
    frames_log_close(NULL);
}

static void a_full_disk_ends_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    struct frames_log *log = frames_log_open("/dev/full", &err);
    assert_non_null(log);
    frames_log_write(log, &(struct frames_log_line){1, 2, "a", "b", 0, false, 0});
    frames_log_close(log); /* says so in the log */
}

/* A reader that takes nothing: the player goes on, and ends. */
static void a_full_pipe_delays_nothing(void **state)
{
    (void)state;
    int ends[2];
    char path[64];
    struct err err = {0};
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    struct frames_log *log = frames_log_open(path, &err);
    assert_non_null(log);
    for (int i = 0; i < 100000; i++) /* 20 times what pipe and buffer hold */
        frames_log_write(log, &(struct frames_log_line){i, 2, "a quite long name of a spot",
                                                        "another one that is long", 0, false, 0});
    frames_log_close(log); /* says so in the log */
    close(ends[1]);
    /* Let the thread that was left behind end. */
    char bytes[65536];
    while (read(ends[0], bytes, sizeof bytes) > 0)
        ;
    close(ends[0]);
}

/* open(2) would wait for the reader. */
static void a_pipe_without_a_reader_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(mkfifo(temp_folder_path("pipe"), 0600), 0);
    assert_null(frames_log_open(temp_folder_path("pipe"), &err));
    assert_non_null(strstr(err.text, "nobody reads this pipe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_each_frame),
        cmocka_unit_test(names_are_quoted_where_they_must_be),
        cmocka_unit_test(lines_are_there_at_once),
        cmocka_unit_test(what_can_not_be_opened),
        cmocka_unit_test(a_full_disk_ends_nothing),
        cmocka_unit_test(a_full_pipe_delays_nothing),
        cmocka_unit_test(a_pipe_without_a_reader_is_refused),
    };
    return cmocka_run_group_tests_name("frames_log", tests, temp_folder_setup,
                                       temp_folder_teardown);
}
