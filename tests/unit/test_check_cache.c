/* What check keeps from one run to the next: it comes back as it was or not at all, whatever is
 * done to the folder. */
#include "commands/check/check_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

#define FOLDER "cache/duckling-check"
#define DAY_S ((time_t)86400)

static int setup(void **state)
{
    int result = temp_folder_setup(state);
    setenv("XDG_CACHE_HOME", temp_folder_path("cache"), 1);
    return result;
}

static struct check_cache_key key_of(int number)
{
    struct check_cache_key key;
    assert_true(hash_bytes(&number, sizeof number, key.bytes));
    return key;
}

/* The path of the file that holds a number's value. */
static const char *file_of(int number)
{
    char name[HASH_TEXT_BYTES], path[sizeof FOLDER + HASH_TEXT_BYTES];
    struct check_cache_key key = key_of(number);
    hash_to_text(key.bytes, name);
    snprintf(path, sizeof path, FOLDER "/%s", name);
    return temp_folder_path(path);
}

static struct check_cache *open_cache(void)
{
    struct check_cache *cache = check_cache_open();
    assert_non_null(cache);
    return cache;
}

static void put_number(struct check_cache *cache, int number)
{
    const struct check_cache_key key = key_of(number);
    check_cache_put(cache, &key, &number, sizeof number);
}

static bool has_number(const struct check_cache *cache, int number)
{
    const struct check_cache_key key = key_of(number);
    int found = 0;
    return check_cache_get(cache, &key, &found, sizeof found) && found == number;
}

static void a_value_comes_back_in_another_run(void **state)
{
    (void)state;
    struct stat st;
    struct check_cache *cache = open_cache();
    assert_false(has_number(cache, 1));
    put_number(cache, 1);
    assert_true(has_number(cache, 1));
    check_cache_close(cache);
    cache = open_cache();
    assert_true(has_number(cache, 1));
    assert_false(has_number(cache, 2));
    check_cache_close(cache);
    assert_int_equal(stat(temp_folder_path(FOLDER), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(file_of(1), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void another_size_is_another_value(void **state)
{
    (void)state;
    struct check_cache *cache = open_cache();
    const struct check_cache_key key = key_of(1);
    char bytes[CHECK_CACHE_VALUE_BYTES_MAX + 1] = {0};
    put_number(cache, 1);
    assert_false(check_cache_get(cache, &key, bytes, 3));
    assert_false(check_cache_get(cache, &key, bytes, 5));
    assert_false(check_cache_get(cache, &key, bytes, sizeof bytes));
    check_cache_put(cache, &key, bytes, sizeof bytes);
    assert_true(has_number(cache, 1));
    check_cache_put(cache, &key, bytes, sizeof bytes - 1);
    assert_true(check_cache_get(cache, &key, bytes, sizeof bytes - 1));
    check_cache_close(cache);
}

static void change_byte(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void a_damaged_value_is_none(void **state)
{
    (void)state;
    struct check_cache *cache = open_cache();
    struct stat st;
    put_number(cache, 1);
    assert_int_equal(stat(file_of(1), &st), 0);
    for (off_t at = 0; at < st.st_size; at++) {
        change_byte(file_of(1), at);
        assert_false(has_number(cache, 1));
        change_byte(file_of(1), at);
    }
    assert_true(has_number(cache, 1));
    for (off_t size = st.st_size; size-- > 0;) {
        assert_int_equal(truncate(file_of(1), size), 0);
        assert_false(has_number(cache, 1));
    }
    put_number(cache, 1);
    assert_true(has_number(cache, 1));
    check_cache_close(cache);
}

static void a_value_under_another_name_is_none(void **state)
{
    (void)state;
    char from[PATH_MAX];
    struct check_cache *cache = open_cache();
    put_number(cache, 1);
    snprintf(from, sizeof from, "%s", file_of(1));
    assert_int_equal(rename(from, file_of(2)), 0);
    const struct check_cache_key key = key_of(2);
    int found;
    assert_false(check_cache_get(cache, &key, &found, sizeof found));
    check_cache_close(cache);
}

/* What stands in place of a value is neither followed nor waited for. */
static void links_pipes_and_folders_are_none(void **state)
{
    (void)state;
    char good[PATH_MAX];
    struct check_cache *cache = open_cache();
    put_number(cache, 1);
    snprintf(good, sizeof good, "%s", temp_folder_path("good"));
    assert_int_equal(rename(file_of(1), good), 0);
    assert_int_equal(symlink(good, file_of(1)), 0);
    assert_false(has_number(cache, 1));
    put_number(cache, 1); /* in place of the link */
    assert_true(has_number(cache, 1));
    assert_int_equal(unlink(file_of(1)), 0);
    assert_int_equal(mkfifo(file_of(1), 0600), 0);
    assert_false(has_number(cache, 1));
    assert_int_equal(mkdir(file_of(2), 0700), 0);
    assert_false(has_number(cache, 2));
    put_number(cache, 2);
    assert_false(has_number(cache, 2));
    check_cache_close(cache);
}

static void a_folder_that_others_may_enter_is_not_used(void **state)
{
    (void)state;
    check_cache_close(open_cache());
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(temp_folder_path(FOLDER), 0700 | bit), 0);
        assert_null(check_cache_open());
    }
    assert_int_equal(chmod(temp_folder_path(FOLDER), 0700), 0);
    check_cache_close(open_cache());
}

static void a_folder_of_somebody_else_is_not_used(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    check_cache_close(open_cache());
    assert_int_equal(chown(temp_folder_path(FOLDER), 65534, 65534), 0);
    assert_null(check_cache_open());
}

static void a_value_of_somebody_else_is_none(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct check_cache *cache = open_cache();
    put_number(cache, 1);
    assert_int_equal(chown(file_of(1), 65534, 65534), 0);
    assert_false(has_number(cache, 1));
    check_cache_close(cache);
}

static void a_link_in_place_of_the_folder_is_not_used(void **state)
{
    (void)state;
    char target[PATH_MAX];
    assert_int_equal(mkdir(temp_folder_path("cache"), 0700), 0);
    assert_int_equal(mkdir(temp_folder_path("elsewhere"), 0700), 0);
    snprintf(target, sizeof target, "%s", temp_folder_path("elsewhere"));
    assert_int_equal(symlink(target, temp_folder_path(FOLDER)), 0);
    assert_null(check_cache_open());
}

static void a_file_in_place_of_the_folder_is_not_used(void **state)
{
    (void)state;
    temp_folder_write("cache", "");
    assert_null(check_cache_open());
}

static void where_the_environment_says(void **state)
{
    (void)state;
    setenv("HOME", temp_folder_path("home"), 1);
    assert_int_equal(mkdir(temp_folder_path("home"), 0700), 0);
    setenv("XDG_CACHE_HOME", "relative", 1); /* the specification ignores it */
    check_cache_close(open_cache());
    assert_int_equal(access(temp_folder_path("home/.cache/duckling-check"), F_OK), 0);
    unsetenv("XDG_CACHE_HOME");
    check_cache_close(open_cache());
    unsetenv("HOME");
    assert_null(check_cache_open());
    setenv("HOME", "", 1);
    assert_null(check_cache_open());
    setenv("HOME", temp_folder_path("home"), 1);
}

static void without_a_cache_nothing_is_kept(void **state)
{
    (void)state;
    put_number(NULL, 1);
    assert_false(has_number(NULL, 1));
    check_cache_close(NULL);
}

static int count_files(void)
{
    int count = 0;
    DIR *stream = opendir(temp_folder_path(FOLDER));
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(stream);
    return count;
}

static void set_age(const char *path, time_t seconds)
{
    time_t now = time(NULL);
    const struct timespec times[2] = {{.tv_sec = now - seconds}, {.tv_sec = now - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void what_is_old_goes_when_something_new_comes(void **state)
{
    (void)state;
    struct check_cache *cache = open_cache();
    for (int i = 0; i < 4; i++)
        put_number(cache, i);
    check_cache_close(cache);
    set_age(file_of(0), (CHECK_CACHE_AGE_DAYS_MAX + 1) * DAY_S);
    set_age(file_of(1), (CHECK_CACHE_AGE_DAYS_MAX - 1) * DAY_S);
    set_age(file_of(2), -(CHECK_CACHE_AGE_DAYS_MAX + 1) * DAY_S); /* by a clock that was wrong */
    temp_folder_write(FOLDER "/.tmp-1-left", "by a run that was killed");
    temp_folder_write(FOLDER "/.tmp-2-new", "by a run that goes on");
    temp_folder_write(FOLDER "/notes", "not ours");
    set_age(temp_folder_path(FOLDER "/.tmp-1-left"), 2 * DAY_S);
    set_age(temp_folder_path(FOLDER "/notes"), 999 * DAY_S);
    cache = open_cache();
    check_cache_close(cache);
    assert_int_equal(count_files(), 7); /* nothing was put */
    cache = open_cache();
    put_number(cache, 4);
    check_cache_close(cache);
    cache = open_cache();
    for (int i = 0; i < 5; i++)
        assert_int_equal(has_number(cache, i), i != 0 && i != 2);
    check_cache_close(cache);
    assert_int_equal(count_files(), 5); /* 1, 3, 4, a temporary, and what is not ours */
}

static void what_is_used_stays_young(void **state)
{
    (void)state;
    struct stat st;
    struct check_cache *cache = open_cache();
    put_number(cache, 1);
    set_age(file_of(1), 30 * DAY_S);
    assert_true(has_number(cache, 1));
    check_cache_close(cache);
    assert_int_equal(stat(file_of(1), &st), 0);
    assert_true(time(NULL) - st.st_mtime < DAY_S);
}

static void what_is_too_much_goes_oldest_first(void **state)
{
    (void)state;
    struct check_cache *cache = open_cache();
    check_cache_close(cache);
    for (int i = 0; i <= CHECK_CACHE_VALUES_MAX; i++) { /* what is in them does not matter here */
        int fd = open(file_of(i), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    set_age(file_of(5), 3600);
    set_age(file_of(6), 7200);
    cache = open_cache();
    put_number(cache, CHECK_CACHE_VALUES_MAX + 1);
    check_cache_close(cache);
    assert_int_equal(count_files(), CHECK_CACHE_VALUES_MAX * 3 / 4);
    assert_int_equal(access(file_of(5), F_OK), -1);
    assert_int_equal(access(file_of(6), F_OK), -1);
}

#define RUNS 4
#define VALUES 50

/* Each run reads only whole values, whatever the others do. */
static void runs_do_not_disturb_each_other(void **state)
{
    (void)state;
    pid_t pids[RUNS];
    for (int run = 0; run < RUNS; run++) {
        pids[run] = fork();
        if (pids[run] != 0)
            continue;
        bool good = true;
        for (int round = 0; round < 5; round++) {
            struct check_cache *cache = check_cache_open();
            for (int i = 0; cache && i < VALUES; i++) {
                const struct check_cache_key key = key_of(i);
                int found = i;
                put_number(cache, i);
                good &= check_cache_get(cache, &key, &found, sizeof found) && found == i;
            }
            good &= cache != NULL;
            check_cache_close(cache);
        }
        _exit(good ? 0 : 1);
    }
    for (int run = 0; run < RUNS; run++) {
        int status;
        assert_int_equal(waitpid(pids[run], &status, 0), pids[run]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_files(), VALUES);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, temp_folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_value_comes_back_in_another_run),
        TEST(another_size_is_another_value),
        TEST(a_damaged_value_is_none),
        TEST(a_value_under_another_name_is_none),
        TEST(links_pipes_and_folders_are_none),
        TEST(a_folder_that_others_may_enter_is_not_used),
        TEST(a_folder_of_somebody_else_is_not_used),
        TEST(a_value_of_somebody_else_is_none),
        TEST(a_link_in_place_of_the_folder_is_not_used),
        TEST(a_file_in_place_of_the_folder_is_not_used),
        TEST(where_the_environment_says),
        TEST(without_a_cache_nothing_is_kept),
        TEST(what_is_old_goes_when_something_new_comes),
        TEST(what_is_used_stays_young),
        TEST(what_is_too_much_goes_oldest_first),
        TEST(runs_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
