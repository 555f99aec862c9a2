#include "screen/frames_log.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
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

static FILE *open_log(void)
{
    struct err err = {0};
    FILE *log = frames_log_open(temp_folder_path("frames.csv"), &err);
    assert_non_null(log);
    return log;
}

static void a_line_for_each_frame(void **state)
{
    (void)state;
    FILE *log = open_log();
    frames_log_write(
        log, &(struct frames_log_line){123456789012345, 1770375600000.1254, "", "boat", 1, false});
    frames_log_write(log, &(struct frames_log_line){5, 0.5, "boat", "shop", 1.0 / 3, true});
    frames_log_write(log, &(struct frames_log_line){6, -1.25, "*", "shop", 0, false});
    frames_log_close(log);
    check_content("present_ns,show_ms,from,to,mix,late\n"
                  "123456789012345,1770375600000.125,,boat,1.0000,0\n"
                  "5,0.500,boat,shop,0.3333,1\n"
                  "6,-1.250,*,shop,0.0000,0\n");
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
    char expected[512] = "present_ns,show_ms,from,to,mix,late\n";
    FILE *log = open_log();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        frames_log_write(log,
                         &(struct frames_log_line){1, 2, names[i][0], names[i][0], 0.5, false});
        size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "1,2.000,%s,%s,0.5000,0\n", names[i][1],
                 names[i][1]);
    }
    frames_log_close(log);
    check_content(expected);
}

/* Whoever watches the file sees whole lines while the player runs. */
static void lines_are_there_at_once(void **state)
{
    (void)state;
    FILE *log = open_log();
    check_content("present_ns,show_ms,from,to,mix,late\n");
    frames_log_write(log, &(struct frames_log_line){1, 2, "a,b", "c", 0, false});
    check_content("present_ns,show_ms,from,to,mix,late\n1,2.000,\"a,b\",c,0.0000,0\n");
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
    FILE *log = frames_log_open("/dev/full", &err);
    assert_non_null(log);
    frames_log_write(log, &(struct frames_log_line){1, 2, "a", "b", 0, false});
    frames_log_close(log); /* says so in the log */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_each_frame),
        cmocka_unit_test(names_are_quoted_where_they_must_be),
        cmocka_unit_test(lines_are_there_at_once),
        cmocka_unit_test(what_can_not_be_opened),
        cmocka_unit_test(a_full_disk_ends_nothing),
    };
    return cmocka_run_group_tests_name("frames_log", tests, temp_folder_setup,
                                       temp_folder_teardown);
}
