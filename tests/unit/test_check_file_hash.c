/* Hashes of files, and when they are taken from an earlier run. */
#include "commands/check/check_file_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "temp_folder.h"

/* How far the clock is ahead that the hashes are judged by: files can't be made to look old. */
static int64_t ahead_ms;

static bool read_hash(struct check_cache *cache, int fd, struct check_file_hash *hash)
{
    return check_file_hash_read(cache, fd, clock_wall_ms() + ahead_ms, hash);
}

static int setup(void **state)
{
    int result = temp_folder_setup(state);
    setenv("XDG_CACHE_HOME", temp_folder_path("cache"), 1);
    ahead_ms = 0;
    return result;
}

static int open_file(void)
{
    int fd = open(temp_folder_path("file"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static bool is_hash_of(const struct check_file_hash *hash, const char *text)
{
    uint8_t sha256[HASH_BYTES];
    assert_true(hash_bytes(text, strlen(text), sha256));
    return memcmp(sha256, hash->sha256, HASH_BYTES) == 0;
}

/* Puts a wrong hash where the right one is kept, so that it shows which one is used. */
static void falsify(struct check_cache *cache, const struct check_file_hash *hash)
{
    const int64_t words[] = {
        (int64_t)hash->st.st_dev, (int64_t)hash->st.st_ino, (int64_t)hash->st.st_size,
        hash->st.st_mtim.tv_sec,  hash->st.st_mtim.tv_nsec, hash->st.st_ctim.tv_sec,
        hash->st.st_ctim.tv_nsec,
    };
    uint8_t bytes[8 + sizeof words] = "file", wrong[HASH_BYTES] = {0};
    struct check_cache_key key;
    memcpy(bytes + 8, words, sizeof words);
    assert_true(hash_bytes(bytes, sizeof bytes, key.bytes));
    check_cache_put(cache, &key, wrong, sizeof wrong);
}

static void a_file_that_rests_is_not_read_again(void **state)
{
    (void)state;
    struct check_file_hash hash;
    struct check_cache *cache = check_cache_open();
    temp_folder_write("file", "abc");
    int fd = open_file();
    ahead_ms = 5000;
    assert_true(read_hash(cache, fd, &hash));
    assert_true(hash.settled && is_hash_of(&hash, "abc"));
    falsify(cache, &hash);
    assert_true(read_hash(cache, fd, &hash));
    assert_false(is_hash_of(&hash, "abc"));
    /* Without a cache it is read. */
    assert_true(read_hash(NULL, fd, &hash));
    assert_true(is_hash_of(&hash, "abc"));
    close(fd);
    check_cache_close(cache);
}

/* What was just written may be written again within the same tick of the clock; so may what is
 * from the future. */
static void a_young_file_is_read_each_time(void **state)
{
    (void)state;
    static const int64_t clocks_ms[] = {0, 1000, -5000, -86400000};
    struct check_cache *cache = check_cache_open();
    temp_folder_write("file", "abc");
    int fd = open_file();
    for (size_t i = 0; i < sizeof clocks_ms / sizeof *clocks_ms; i++) {
        struct check_file_hash hash;
        ahead_ms = clocks_ms[i];
        assert_true(read_hash(cache, fd, &hash));
        assert_false(hash.settled);
        falsify(cache, &hash);
        assert_true(read_hash(cache, fd, &hash));
        assert_true(is_hash_of(&hash, "abc"));
    }
    close(fd);
    check_cache_close(cache);
}

static void a_change_shows(void **state)
{
    (void)state;
    struct check_file_hash hash;
    char old[PATH_MAX];
    snprintf(old, sizeof old, "%s", temp_folder_path("old"));
    temp_folder_write("file", "abc");
    int fd = open_file();
    for (int settled = 0; settled < 2; settled++) {
        ahead_ms = settled ? 5000 : 0;
        assert_true(read_hash(NULL, fd, &hash));
        assert_int_equal(hash.settled, settled);
        assert_true(check_file_hash_still_fits(&hash, fd));
        /* Another inode, another length, other times. */
        assert_int_equal(rename(temp_folder_path("file"), old), 0);
        temp_folder_write("file", "abc");
        int other = open_file();
        assert_false(check_file_hash_still_fits(&hash, other));
        close(fd);
        fd = other;
        assert_true(read_hash(NULL, fd, &hash));
        assert_int_equal(pwrite(fd, "d", 1, 3), 1);
        assert_false(check_file_hash_still_fits(&hash, fd));
        assert_true(read_hash(NULL, fd, &hash));
        assert_true(is_hash_of(&hash, "abcd"));
        assert_int_equal(futimens(fd, (const struct timespec[2]){{1, 0}, {1, 0}}), 0);
        assert_false(check_file_hash_still_fits(&hash, fd));
        assert_int_equal(ftruncate(fd, 3), 0);
    }
    close(fd);
}

/* Bytes that change while no time does: a young file is hashed once more. */
static void a_change_within_one_tick_shows(void **state)
{
    (void)state;
    struct check_file_hash hash;
    temp_folder_write("file", "abc");
    int fd = open_file();
    assert_true(read_hash(NULL, fd, &hash));
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    assert_int_equal(fstat(fd, &hash.st), 0); /* as if both were in the same tick */
    assert_false(check_file_hash_still_fits(&hash, fd));
    close(fd);
}

static void a_file_that_cannot_be_read_has_none(void **state)
{
    (void)state;
    struct check_file_hash hash;
    assert_false(read_hash(NULL, -1, &hash));
    int folder = open(temp_folder_path(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_false(read_hash(NULL, folder, &hash));
    close(folder);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, temp_folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_rests_is_not_read_again),
        TEST(a_young_file_is_read_each_time),
        TEST(a_change_shows),
        TEST(a_change_within_one_tick_shows),
        TEST(a_file_that_cannot_be_read_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
