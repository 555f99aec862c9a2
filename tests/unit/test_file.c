#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

static void check_content(const char *name, const char *expected)
{
    struct err err = {0};
    char *data;
    size_t size;
    if (!file_read(temp_folder_path(name), 1000000, &data, &size, &err))
        fail_msg("%s", err.text);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(data, expected); /* with its end */
    free(data);
}

static void check_refused(const char *path, size_t limit, enum err_code code)
{
    struct err err = {0};
    char *data = NULL;
    size_t size;
    assert_false(file_read(path, limit, &data, &size, &err));
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, path)); /* says which */
    assert_null(data);
}

static void reads_up_to_the_limit(void **state)
{
    (void)state;
    struct err err = {0};
    char *data;
    size_t size;
    temp_folder_write("ten", "0123456789");
    check_content("ten", "0123456789");
    assert_true(file_read(temp_folder_path("ten"), 10, &data, &size, &err));
    free(data);
    check_refused(temp_folder_path("ten"), 9, ERR_LIMIT);
    temp_folder_write("none", "");
    check_content("none", "");
    assert_true(file_read(temp_folder_path("none"), 0, &data, &size, &err));
    free(data);
}

static void what_can_not_be_read(void **state)
{
    (void)state;
    check_refused(temp_folder_path("missing"), 10, ERR_MISSING);
    check_refused(temp_folder_path("ten/below"), 10, ERR_MISSING);
    check_refused(temp_folder, 10, ERR_INPUT);
    assert_int_equal(mkfifo(temp_folder_path("fifo"), 0600), 0);
    check_refused(temp_folder_path("fifo"), 10, ERR_INPUT); /* and does not wait for a writer */
    check_refused("/dev/zero", 10, ERR_INPUT);
}

static bool exists(const char *name)
{
    return access(temp_folder_path(name), F_OK) == 0;
}

static void replaces_whole_files(void **state)
{
    (void)state;
    struct err err = {0};
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path("kept"));
    assert_true(file_replace(path, "first", 5, &err));
    check_content("kept", "first");
    assert_true(file_replace(path, "2", 1, &err));
    check_content("kept", "2");
    assert_true(file_replace(path, "", 0, &err));
    check_content("kept", "");
    assert_false(exists("kept.tmp"));
    /* What a crash left behind does not matter. */
    temp_folder_write("kept.tmp", "half of somethi");
    assert_true(file_replace(path, "third", 5, &err));
    check_content("kept", "third");
    assert_false(exists("kept.tmp"));
}

static void a_relative_name_has_a_folder_too(void **state)
{
    (void)state;
    struct err err = {0};
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(temp_folder), 0);
    bool ok = file_replace("plain", "x", 1, &err);
    assert_int_equal(chdir(before), 0);
    assert_true(ok);
    check_content("plain", "x");
}

/* A file that may grow to a few bytes only is as good as a full disk. */
static void a_failed_write_keeps_the_old(void **state)
{
    (void)state;
    struct err err = {0};
    struct rlimit old, small;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path("old"));
    assert_true(file_replace(path, "the old one", 11, &err));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){4, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool ok = file_replace(path, "the new one", 11, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_false(ok);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.text, path));
    check_content("old", "the old one");
    assert_false(exists("old.tmp"));
}

static void a_failed_rename_leaves_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path("folder"));
    assert_int_equal(mkdir(path, 0755), 0);
    assert_false(file_replace(path, "x", 1, &err));
    assert_int_not_equal(err.code, ERR_NONE);
    assert_true(exists("folder"));
    assert_false(exists("folder.tmp"));
    assert_false(file_replace(temp_folder_path("no folder/x"), "x", 1, &err));
    assert_int_equal(err.code, ERR_MISSING);
}

static void folders_are_made(void **state)
{
    (void)state;
    struct err err = {0};
    struct stat st;
    assert_true(file_make_folders(temp_folder_path("a/b/c"), &err));
    assert_true(file_make_folders(temp_folder_path("a/b/c"), &err));
    assert_true(file_make_folders(temp_folder_path("a//b/d/"), &err));
    assert_int_equal(stat(temp_folder_path("a/b/d"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_true(file_make_folders("/", &err));
    temp_folder_write("file", "x");
    assert_false(file_make_folders(temp_folder_path("file/below"), &err));
    assert_false(file_make_folders("", &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void names_that_are_too_long(void **state)
{
    (void)state;
    char path[2 * PATH_MAX];
    struct err err = {0};
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_false(file_replace(path, "x", 1, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_false(file_make_folders(path, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_false(file_sync_folder(path, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void what_does_not_ship_is_not_found(void **state)
{
    (void)state;
    char path[PATH_MAX], small[4];
    assert_false(file_find_shipped("fonts/no such font.otf", path, sizeof path));
    assert_false(file_find_shipped(".", small, sizeof small)); /* no room for the path */
    assert_true(file_find_shipped(".", path, sizeof path));
    assert_int_equal(access(path, R_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_up_to_the_limit),
        cmocka_unit_test(what_can_not_be_read),
        cmocka_unit_test(replaces_whole_files),
        cmocka_unit_test(a_relative_name_has_a_folder_too),
        cmocka_unit_test(a_failed_write_keeps_the_old),
        cmocka_unit_test(a_failed_rename_leaves_nothing),
        cmocka_unit_test(folders_are_made),
        cmocka_unit_test(names_that_are_too_long),
        cmocka_unit_test(what_does_not_ship_is_not_found),
    };
    return cmocka_run_group_tests_name("file", tests, temp_folder_setup, temp_folder_teardown);
}
