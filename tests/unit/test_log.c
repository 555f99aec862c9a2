#include "base/log.h"

#include "base/log_record.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* By how much the monotonic clock is on: this definition comes before libc's. */
static int64_t later_s;

int clock_gettime(clockid_t id, struct timespec *now)
{
    long result = syscall(SYS_clock_gettime, id, now);
    if (id == CLOCK_MONOTONIC)
        now->tv_sec += later_s;
    return (int)result;
}

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

__attribute__((format(printf, 2, 3))) static void make_record(struct log_record *record,
                                                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_record_make(record, format, arguments);
    va_end(arguments);
}

static void one_line_for_each_event(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_ERROR, "feed", "no disk path=\"%s\"", "/var/x");
    log_write(LOG_LEVEL_WARN, "play", "late frames=%d", 3);
    log_write(LOG_LEVEL_INFO, "play", "on");
    check_ends_with(
        "error feed: no disk path=\"/var/x\"\nwarn play: late frames=3\ninfo play: on\n");
}

static void the_level_decides(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_DEBUG, "a", "hidden");
    log_set_level(LOG_LEVEL_DEBUG);
    log_write(LOG_LEVEL_DEBUG, "a", "seen");
    log_set_level(LOG_LEVEL_ERROR);
    log_write(LOG_LEVEL_WARN, "a", "hidden");
    log_write(LOG_LEVEL_ERROR, "a", "seen");
    log_set_level(LOG_LEVEL_INFO);
    check_ends_with("debug a: seen\nerror a: seen\n");
}

static void repeats_are_counted(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 1000; i++)
        log_write(LOG_LEVEL_WARN, "feed", "server gone url=%s", "http://x/");
    log_write(LOG_LEVEL_INFO, "feed", "server back");
    log_write(LOG_LEVEL_INFO, "feed", "server back");
    log_write(LOG_LEVEL_INFO, "feed", "server %s", "here");
    check_ends_with("warn feed: server gone url=http://x/\n"
                    "info log: previous message repeated repeats=999\n"
                    "info feed: server back\n"
                    "info log: previous message repeated repeats=1\n"
                    "info feed: server here\n");
}

/* What is told once an hour is told each hour, whatever else happens. */
static void what_comes_again_much_later_is_no_repeat(void **state)
{
    (void)state;
    begin();
    for (int hour = 0; hour < 3; hour++) {
        log_write(LOG_LEVEL_WARN, "feed", "server gone times=%d", 360);
        later_s += 59;
        log_write(LOG_LEVEL_WARN, "feed", "server gone times=%d", 360);
        later_s += 3541;
    }
    later_s = 0;
    check_ends_with("warn feed: server gone times=360\n"
                    "info log: previous message repeated repeats=1\n"
                    "warn feed: server gone times=360\n"
                    "info log: previous message repeated repeats=1\n"
                    "warn feed: server gone times=360\n"
                    "info log: previous message repeated repeats=1\n");
}

static void a_count_that_is_held_back_is_flushed(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_INFO, "a", "again");
    log_write(LOG_LEVEL_INFO, "a", "again");
    log_flush();
    log_flush();
    check_ends_with("info a: again\ninfo log: previous message repeated repeats=1\n");
}

/* Whoever asks for something again gets an answer, which is the same line. */
static void after_a_flush_a_line_is_no_repeat(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_INFO, "a", "again");
    log_write(LOG_LEVEL_INFO, "a", "again");
    log_flush();
    log_write(LOG_LEVEL_INFO, "a", "again");
    check_ends_with(
        "info a: again\ninfo log: previous message repeated repeats=1\ninfo a: again\n");
}

/* A line that is not shown does not part two that repeat. */
static void hidden_lines_do_not_count(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_INFO, "b", "same");
    log_write(LOG_LEVEL_DEBUG, "b", "hidden");
    log_write(LOG_LEVEL_INFO, "b", "same");
    check_ends_with("info b: same\ninfo log: previous message repeated repeats=1\n");
}

/* A name from a playlist can't forge a line, a key or the end of a value, nor steer a terminal. */
static void arguments_are_escaped(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_INFO, "c", "odd name=\"%s\"", "a\nerror play: forged\r\t\x1b[2J\x7f\x01");
    log_write(LOG_LEVEL_INFO, "c", "odd name=\"%s\" n=%d", "\" reason=\"x\\", 1);
    log_write(LOG_LEVEL_INFO, "c", "odd 名 name=\"%s\"", "相信小的伟大");
    check_ends_with("info c: odd name=\"a\\nerror play: forged\\r\\t\\x1b[2J\\x7f\\x01\"\n"
                    "info c: odd name=\"\\\" reason=\\\"x\\\\\" n=1\n"
                    "info c: odd 名 name=\"相信小的伟大\"\n");
}

static void code_points_that_deceive_are_escaped(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_INFO, "c", "x a=\"%s\"", "\u202e\u2066\u200f\u061c\u2028\ufeff\xc2\x85");
    log_write(LOG_LEVEL_INFO, "c", "x a=\"%s\"", "\xff\xc0\xaf\xed\xa0\x80\xe2\x82");
    log_write(LOG_LEVEL_INFO, "c", "x a=\"%s\"", "\u200d\u202f\U0001f986é");
    check_ends_with("info c: x a=\"\\u{202e}\\u{2066}\\u{200f}\\u{61c}\\u{2028}\\u{feff}\\u{85}\"\n"
                    "info c: x a=\"\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xe2\\x82\"\n"
                    "info c: x a=\"\u200d\u202f\U0001f986é\"\n");
}

static void a_bare_value_is_quoted_where_it_must_be(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_INFO, "c", "x a=%s b=%s c=%dx%d", "http://u@h:1/a+b%20c,~-_.", "", 3, 4);
    log_write(LOG_LEVEL_INFO, "c", "x a=%s b=%s", "two words", "k=v");
    log_write(LOG_LEVEL_INFO, "c", "x a=%s b=%s", "é", "\"");
    check_ends_with("info c: x a=http://u@h:1/a+b%20c,~-_. b=\"\" c=3x4\n"
                    "info c: x a=\"two words\" b=\"k=v\"\n"
                    "info c: x a=\"é\" b=\"\\\"\"\n");
}

static void a_message_forges_no_key(void **state)
{
    (void)state;
    begin();
    log_write(LOG_LEVEL_ERROR, "c", "%s", "a\nb key=\"v\" \\ c");
    log_write(LOG_LEVEL_ERROR, "c", "%s of %s a=%d", "x=1", "y z=2", 3);
    check_ends_with("error c: a\\nb key\\=\"v\" \\\\ c\nerror c: x\\=1 of y z\\=2 a=3\n");
}

static void conversions_are_those_of_printf(void **state)
{
    (void)state;
    char expected[512];
    const char *format = "n %d %i %u %x %c %s %f %g %ld %lld %zu %zd %jd %ju %td %lu %llx a=%5d "
                         "b=%-5d. c=%05.1f d=%.3s e=%*d f=%.*s g=%+.2g%% h=%#x i=%8s j=%-4s.";
#define ARGUMENTS                                                                                  \
    -1, 2, 3U, 255U, 'c', "s", 1.5, 1e-9, -4L, -5LL, (size_t)6, (ssize_t)-7, INTMAX_MIN,           \
        UINTMAX_MAX, (ptrdiff_t)-8, 9UL, 10ULL, 11, 12, 2.25, "abcdef", 6, 13, 2, "xyz", 0.000123, \
        31U, "right", "l"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(expected, sizeof expected, format, ARGUMENTS);
    struct log_record record;
    make_record(&record, format, ARGUMENTS);
#pragma GCC diagnostic pop
    char got[1024];
    size_t size = record.message.to;
    memcpy(got, record.bytes, size);
    for (size_t i = 0; i < record.value_count; i++) {
        const struct log_value *value = &record.values[i];
        size += (size_t)sprintf(got + size, " %.*s=%.*s", (int)value->key_bytes, value->key,
                                (int)(value->to - value->from), record.bytes + value->from);
    }
    got[size] = '\0';
    assert_string_equal(got, expected);
}

static void text_of_no_end_is_taken_by_its_precision(void **state)
{
    (void)state;
    static const char bytes[3] = {'a', 'b', 'c'};
    begin();
    log_write(LOG_LEVEL_INFO, "c", "x a=\"%.*s\" b=%.2s", 3, bytes, bytes);
    check_ends_with("info c: x a=\"abc\" b=ab\n");
}

static void json_has_members_for_keys(void **state)
{
    (void)state;
    log_set_format(LOG_FORMAT_JSON);
    begin();
    log_write(LOG_LEVEL_WARN, "c", "odd \"thing\" at=%s n=%d f=%.1f x=%x size=%dx%d t=\"%d\"", "7",
              -3, 0.5, 255U, 1, 2, 4);
    log_write(LOG_LEVEL_INFO, "c", "m a=\"%s\"", "\"\\\n\x01\u202e\xff é");
    log_write(LOG_LEVEL_INFO, "c", "m a=%d a=%d time=%d", 1, 2, 3);
    log_write(LOG_LEVEL_INFO, "c", "m a=%f b=%5d c=%+d", (double)INFINITY, 1, 2);
    char *text = end(), *next = text;
    log_set_format(LOG_FORMAT_TEXT);
    static const char *const expected[] = {
        ",\"level\":\"warn\",\"module\":\"c\",\"message\":\"odd "
        "\\\"thing\\\"\",\"at\":\"7\",\"n\":-3,"
        "\"f\":0.5,\"x\":\"ff\",\"size\":\"1x2\",\"t\":\"4\"}",
        ",\"level\":\"info\",\"module\":\"c\",\"message\":\"m\",\"a\":"
        "\"\\\"\\\\\\n\\u0001\\u202e\\ufffd é\"}",
        ",\"level\":\"info\",\"module\":\"c\",\"message\":\"m\",\"a\":1,\"a_\":2,\"time_\":3}",
        ",\"level\":\"info\",\"module\":\"c\",\"message\":\"m\",\"a\":\"inf\",\"b\":\"    "
        "1\",\"c\":\"+2\"}",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const char *line = strsep(&next, "\n");
        assert_memory_equal(line, "{\"time\":\"20", 11);
        assert_string_equal(line + strlen("{\"time\":\"2026-11-30T09:27:10.123Z\""), expected[i]);
    }
    free(text);
}

static void times_come_first_and_do_not_part_repeats(void **state)
{
    (void)state;
    log_set_times(true);
    begin();
    log_write(LOG_LEVEL_INFO, "c", "same");
    usleep(2000);
    log_write(LOG_LEVEL_INFO, "c", "same");
    char *text = end(), *second = strchr(text, '\n') + 1;
    log_set_times(false);
    int year, month, day, hour, minute, second_s, ms, used = 0;
    assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour,
                            &minute, &second_s, &ms, &used),
                     7);
    assert_int_equal(used, 25);
    assert_memory_equal(text + used, "info c: same\n", 13);
    assert_string_equal(second + used, "info log: previous message repeated repeats=1\n");
    free(text);
}

static void the_journal_gets_priorities_and_has_times(void **state)
{
    (void)state;
    char stream[64];
    struct stat st;
    log_set_times(true);
    log_set_level(LOG_LEVEL_DEBUG);
    begin();
    if (fstat(STDERR_FILENO, &st) < 0)
        abort();
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_write(LOG_LEVEL_ERROR, "c", "e");
    log_write(LOG_LEVEL_WARN, "c", "w");
    log_write(LOG_LEVEL_INFO, "c", "i");
    log_write(LOG_LEVEL_DEBUG, "c", "d");
    setenv("JOURNAL_STREAM", "1:2", 1);
    log_set_times(false);
    log_write(LOG_LEVEL_ERROR, "c", "elsewhere");
    log_set_level(LOG_LEVEL_INFO);
    unsetenv("JOURNAL_STREAM");
    check_ends_with(
        "<3>error c: e\n<4>warn c: w\n<6>info c: i\n<7>debug c: d\nerror c: elsewhere\n");
}

static void check_cut(const char *written, const char *end)
{
    size_t size = strlen(written);
    assert_in_range(size, 1000, 4096);
    assert_ptr_equal(strchr(written, '\n'), written + size - 1);
    assert_memory_equal(written + size - strlen(end), end, strlen(end));
}

static void a_very_long_line_is_cut_between_characters(void **state)
{
    (void)state;
    char text[10000];
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "é", 2);
    text[sizeof text - 2] = '\0';
    for (int i = 0; i < 4; i++) {
        begin();
        log_write(LOG_LEVEL_INFO, "d", "%.*s a=\"%s\" b=%d", i, "mmm", text, 5);
        char *written = end();
        check_cut(written, "é…\" cut=true\n");
        free(written);
        begin();
        log_write(LOG_LEVEL_INFO, "d", "%.*s%s b=%d", i, "mmm", text, 5);
        written = end();
        check_cut(written, "é… cut=true\n");
        free(written);
        log_set_format(LOG_FORMAT_JSON);
        begin();
        log_write(LOG_LEVEL_INFO, "d", "%.*s a=\"%s\" b=%d", i, "mmm", text, 5);
        written = end();
        log_set_format(LOG_FORMAT_TEXT);
        check_cut(written, "é…\",\"cut\":true}\n");
        free(written);
    }
}

/* Escapes are whole, wherever the line is cut. */
static void an_escape_is_not_cut(void **state)
{
    (void)state;
    char text[6000];
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\u202e", 3);
    text[sizeof text - 3] = '\0';
    for (int i = 0; i < 8; i++) {
        begin();
        log_write(LOG_LEVEL_INFO, "d", "m a=\"%.*s%s\"", i, "xxxxxxxx", text);
        char *written = end();
        check_cut(written, "\\u{202e}…\" cut=true\n");
        free(written);
    }
}

/* A pipe that is full: what does not fit is dropped and counted, and nothing waits. */
static void what_cannot_be_written_is_counted(void **state)
{
    (void)state;
    int ends[2];
    char bytes[4096] = {0};
    fflush(stderr);
    int own = dup(STDERR_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
    assert_int_equal(write(ends[1], bytes, sizeof bytes), sizeof bytes);
    dup2(ends[1], STDERR_FILENO);
    for (int i = 0; i < 5; i++)
        log_write(LOG_LEVEL_INFO, "p", "lost i=%d", i / 2);
    int flags = fcntl(ends[1], F_GETFL);
    ssize_t first = read(ends[0], bytes, sizeof bytes);
    log_write(LOG_LEVEL_INFO, "p", "lost i=2");
    ssize_t second = read(ends[0], bytes, sizeof bytes - 1);
    dup2(own, STDERR_FILENO);
    close(own);
    close(ends[0]);
    close(ends[1]);
    assert_false(flags & O_NONBLOCK);
    assert_int_equal(first, sizeof bytes);
    bytes[second > 0 ? second : 0] = '\0';
    assert_string_equal(bytes, "warn log: log lines dropped count=5 reason=\"the log's reader did "
                               "not keep up\"\ninfo p: lost i=2\n");
}

static void a_reader_that_is_gone_ends_nothing(void **state)
{
    (void)state;
    int ends[2];
    fflush(stderr);
    int own = dup(STDERR_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    log_write(LOG_LEVEL_INFO, "p", "lost");
    dup2(own, STDERR_FILENO);
    close(own);
    begin();
    log_flush();
    check_ends_with("warn log: log lines dropped count=1 reason=\"Broken pipe\"\n");
}

#define THREADS 4
#define LINES 200

static void *write_lines(void *name)
{
    for (int i = 0; i < LINES; i++)
        log_write(LOG_LEVEL_INFO, name, "line i=%d", i);
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
        cmocka_unit_test(what_comes_again_much_later_is_no_repeat),
        cmocka_unit_test(a_count_that_is_held_back_is_flushed),
        cmocka_unit_test(after_a_flush_a_line_is_no_repeat),
        cmocka_unit_test(hidden_lines_do_not_count),
        cmocka_unit_test(arguments_are_escaped),
        cmocka_unit_test(code_points_that_deceive_are_escaped),
        cmocka_unit_test(a_bare_value_is_quoted_where_it_must_be),
        cmocka_unit_test(a_message_forges_no_key),
        cmocka_unit_test(conversions_are_those_of_printf),
        cmocka_unit_test(text_of_no_end_is_taken_by_its_precision),
        cmocka_unit_test(json_has_members_for_keys),
        cmocka_unit_test(times_come_first_and_do_not_part_repeats),
        cmocka_unit_test(the_journal_gets_priorities_and_has_times),
        cmocka_unit_test(a_very_long_line_is_cut_between_characters),
        cmocka_unit_test(an_escape_is_not_cut),
        cmocka_unit_test(what_cannot_be_written_is_counted),
        cmocka_unit_test(a_reader_that_is_gone_ends_nothing),
        cmocka_unit_test(threads_do_not_tear_lines),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
