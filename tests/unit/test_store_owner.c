/* Whose a store is, and links in it: what somebody else can replace is not safe. */
#include "sample_store.h"
#include "sync/store/manifest.h"

#include <fcntl.h>

#define NOBODY 65534

static void is_refused(const char *name, const char *words)
{
    err = (struct err){0};
    struct store *store = store_open(temp_folder_path(name), &err);
    assert_null(store);
    assert_int_equal(err.code, ERR_SYSTEM);
    if (!strstr(err.text, words) || !strstr(err.text, "--store"))
        fail_msg("%s", err.text);
}

static void another_users_store_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give files away */
    store_close(store_at("s"));
    static const char *const parts[] = {"s", "s/media", "s/tmp", "s/feeds"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_int_equal(chown(temp_folder_path(parts[i]), NOBODY, NOBODY), 0);
        is_refused("s", "belongs to another user (uid 65534, the player runs as uid 0)");
        assert_int_equal(chown(temp_folder_path(parts[i]), 0, 0), 0);
        store_close(store_at("s"));
    }
}

static void a_store_that_anybody_can_write_is_refused(void **state)
{
    (void)state;
    store_close(store_at("s"));
    static const char *const parts[] = {"s", "s/media", "s/tmp", "s/feeds"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_int_equal(chmod(temp_folder_path(parts[i]), 0777), 0);
        is_refused("s", "anybody can write to");
        assert_int_equal(chmod(temp_folder_path(parts[i]), 0755), 0);
    }
    store_close(store_at("s"));
}

static void links_inside_are_refused_and_one_to_the_store_is_followed(void **state)
{
    (void)state;
    store_close(store_at("real"));
    assert_int_equal(symlink("real", temp_folder_path("link")), 0);
    store_close(store_at("link"));
    char media[PATH_MAX];
    snprintf(media, sizeof media, "%s", temp_folder_path("real/media"));
    assert_int_equal(rename(media, temp_folder_path("elsewhere")), 0);
    assert_int_equal(symlink("../elsewhere", temp_folder_path("real/media")), 0);
    is_refused("real", "is a link");
    is_refused("link", "is a link");
}

/* Whoever can open the lock can hold it. */
static void the_lock_is_for_this_user_alone(void **state)
{
    (void)state;
    struct stat st;
    store_close(store_at("s"));
    assert_int_equal(stat(temp_folder_path("s/lock"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(chmod(temp_folder_path("s/lock"), 0644), 0); /* as older players made it */
    store_close(store_at("s"));
    assert_int_equal(stat(temp_folder_path("s/lock"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* Neither what a link leads to is written, nor what a second name of the file has. */
static void temporary_files_are_new_ones(void **state)
{
    (void)state;
    char path[PATH_MAX], temporary[PATH_MAX + 8], *data;
    size_t size;
    struct store *store = store_at("s");
    store_manifest_path(store, "http://h/p.json", path);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    for (int hard = 0; hard < 2; hard++) {
        temp_folder_write("victim", "precious");
        unlink(temporary);
        const char *victim = temp_folder_path("victim");
        assert_int_equal(hard ? link(victim, temporary) : symlink(victim, temporary), 0);
        assert_true(file_replace(path, "{}", 2, &err));
        assert_true(file_read(temp_folder_path("victim"), 100, &data, &size, &err));
        assert_string_equal(data, "precious");
        free(data);
        assert_true(file_read_own(path, 100, &data, &size, &err));
        assert_string_equal(data, "{}");
        free(data);
    }
    store_close(store);
}

static void own_files_are_no_links(void **state)
{
    (void)state;
    char *data;
    size_t size;
    temp_folder_write("real", "bytes");
    assert_int_equal(symlink("real", temp_folder_path("link")), 0);
    assert_true(file_read(temp_folder_path("link"), 100, &data, &size, &err));
    free(data);
    assert_false(file_read_own(temp_folder_path("link"), 100, &data, &size, &err));
    assert_true(file_read_own(temp_folder_path("real"), 100, &data, &size, &err));
    free(data);
}

/* A stamp is another after each change, whatever times somebody sets; that the store remembers when
 * a file was needed is none. */
static void stamps_tell_files_apart(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    char path[PATH_MAX];
    struct stat st;
    struct store *store = store_at("s");
    put(store, "the film", digest);
    store_media_path(store, digest, path);
    struct store_check *check = store_check_begin(store, digest, false);
    while (store_check_step(check) == STORE_CHECK_GOES_ON)
        ;
    struct file_stamp good = store_check_stamp(check);
    store_check_end(check);
    assert_int_equal(lstat(path, &st), 0);
    struct file_stamp now = file_stamp_of(&st);
    assert_true(file_stamp_equal(&good, &now));
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "THE", 3, 0), 3);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    assert_int_equal(lstat(path, &st), 0);
    now = file_stamp_of(&st);
    assert_false(file_stamp_equal(&good, &now));
    store_set_quota(store, 1000);
    good = now;
    store_touch(store, digest);
    assert_int_equal(lstat(path, &st), 0);
    now = file_stamp_of(&st);
    assert_true(file_stamp_equal(&good, &now));
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(another_users_store_is_refused),
        IN_FOLDER(a_store_that_anybody_can_write_is_refused),
        IN_FOLDER(links_inside_are_refused_and_one_to_the_store_is_followed),
        IN_FOLDER(the_lock_is_for_this_user_alone),
        IN_FOLDER(temporary_files_are_new_ones),
        IN_FOLDER(own_files_are_no_links),
        IN_FOLDER(stamps_tell_files_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
