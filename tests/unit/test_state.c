#include "sync/state.h"

#include "base/file.h"
#include "base/hash.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "sample_state.h"

static void write_bytes(const char *path, const char *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
}

static void what_was_raised_is_there_again(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct state_file *file = open_in("a/deep/folder", "seoul", key_a);
    assert_state(file, 0, 0, 0);
    assert_int_equal(find_file("a/deep/folder", path), 0);
    raise_to(file, 43, 0, FLOOR);
    state_close(file);
    file = open_in("a/deep/folder", "seoul", key_a);
    assert_state(file, 43, 0, FLOOR);
    raise_to(file, 0, 2, 0);
    raise_to(file, 44, 0, FLOOR + 1);
    state_close(file);
    file = open_in("a/deep/folder", "seoul", key_a);
    assert_state(file, 44, 2, FLOOR + 1);
    state_close(file);
    state_close(NULL);
    assert_int_equal(find_file("a/deep/folder", path), 1);
    const char *name = strrchr(path, '/') + 1;
    assert_int_equal(strncmp(name, "seoul-", 6), 0);
    assert_int_equal(strspn(name + 6, "0123456789abcdef"), 16);
    assert_string_equal(name + 22, ".state");
}

static void raising_never_lowers(void **state)
{
    (void)state;
    struct state_file *file = open_in("lower", "seoul", key_a);
    raise_to(file, 43, 7, FLOOR);
    raise_to(file, 42, 8, FLOOR - 1);
    assert_state(file, 43, 8, FLOOR);
    raise_to(file, 0, 0, 0);
    raise_to(file, -1, INT64_MIN, INT64_MIN);
    assert_state(file, 43, 8, FLOOR);
    state_close(file);
    file = open_in("lower", "seoul", key_a);
    assert_state(file, 43, 8, FLOOR);
    state_close(file);
}

static void values_stay_within_bounds(void **state)
{
    (void)state;
    struct state_file *file = open_in("bounds", "seoul", key_a);
    raise_to(file, INT64_MAX, POINTER_VERSION_MAX + 1, INT64_MAX);
    assert_state(file, POINTER_VERSION_MAX, POINTER_VERSION_MAX, INT64_C(7258118400000));
    state_close(file);
    file = open_in("bounds", "seoul", key_a);
    assert_state(file, POINTER_VERSION_MAX, POINTER_VERSION_MAX, INT64_C(7258118400000));
    state_close(file);
}

static void channels_and_keys_are_apart(void **state)
{
    (void)state;
    static const char *const channels[] = {"seoul", "seoul-1", "seou", "seoul-0123456789abcdef"};
    for (int i = 0; i < 4; i++) {
        struct state_file *file = open_in("apart", channels[i], key_a);
        assert_state(file, 0, 0, 0);
        raise_to(file, 10 + i, 0, 0);
        state_close(file);
    }
    for (int i = 0; i < 4; i++)
        assert_on_disk("apart", channels[i], key_a, 10 + i);
    assert_on_disk("apart", "seoul", key_b, 0);
    char path[PATH_MAX];
    assert_int_equal(find_file("apart", path), 4);
}

/* One key more or less forgets nothing; keys that were never pinned together know nothing of each
 * other. */
static void a_change_of_keys_forgets_nothing(void **state)
{
    (void)state;
    struct state_file *file = open_in("keys", "seoul", key_a);
    raise_to(file, 43, 3, FLOOR);
    state_close(file);
    assert_on_disk("keys", "seoul", both, 43);
    assert_on_disk("keys", "seoul", both_turned, 43);
    assert_on_disk("keys", "seoul", key_b, 0);
    assert_on_disk("keys", "busan", both, 0);
    file = open_in("keys", "seoul", both);
    assert_state(file, 43, 3, FLOOR);
    raise_to(file, 44, 0, 0);
    state_close(file);
    file = open_in("keys", "seoul", both_turned); /* the same file */
    raise_to(file, 45, 0, 0);
    state_close(file);
    char path[PATH_MAX];
    assert_int_equal(find_file("keys", path), 2);
    file = open_in("keys", "seoul", key_b);
    assert_state(file, 45, 3, FLOOR);
    state_close(file);
    assert_on_disk("keys", "seoul", key_a, 45);
}

static struct state_file *open_with_copy(const char *folder, const char *copy,
                                         const struct trust *trust)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path(copy));
    struct state_file *file = open_in(folder, "seoul", trust);
    state_keep_copy(file, path);
    return file;
}

/* The state was on another disk than the store, and that is lost. */
static void the_copy_knows_what_is_lost(void **state)
{
    (void)state;
    struct state_file *file = open_with_copy("before", "lost copy", key_a);
    const struct state over = {.version[POINTER_TAKEOVER] = 3,
                               .takeover_expires_ms = FLOOR + 5,
                               .in_force[POINTER_PLAYLIST] = 40,
                               .key_id = ID_A};
    raise_to(file, 43, 0, FLOOR);
    assert_true(state_raise(file, &over, &err));
    state_close(file);
    file = open_with_copy("lost", "lost copy", key_a);
    assert_state(file, 43, 3, 0); /* another machine's clock may have made the floor */
    assert_int_equal(state_get(file)->takeover_expires_ms, FLOOR + 5);
    assert_int_equal(state_get(file)->in_force[POINTER_PLAYLIST], 40);
    state_close(file);
    assert_on_disk("lost", "seoul", key_a, 43); /* saved at once */
    /* What a stranger's key has signed does not come back by it. */
    file = open_with_copy("stranger", "lost copy", key_b);
    assert_int_equal(state_get(file)->version[POINTER_TAKEOVER], 0);
    state_close(file);
}

/* The store is lost, and the next one knows again. */
static void a_new_copy_is_made(void **state)
{
    (void)state;
    struct state_file *file = open_in("own", "seoul", key_a);
    raise_to(file, 43, 0, FLOOR);
    state_close(file);
    file = open_with_copy("own", "copy", key_a);
    assert_state(file, 43, 0, FLOOR);
    state_close(file);
    assert_on_disk("copy", "seoul", key_a, 43);
    /* A damaged copy counts as none, and one that can't be written hinders nothing. */
    char path[PATH_MAX];
    find_file("copy", path);
    write_bytes(path, "nonsense", 8);
    file = open_with_copy("own", "copy", key_a);
    assert_state(file, 43, 0, FLOOR);
    state_close(file);
    assert_on_disk("copy", "seoul", key_a, 43);
    file = open_in("own", "seoul", key_a);
    state_keep_copy(file, "/proc/nowhere/state");
    raise_to(file, 44, 0, 0);
    assert_false(state_unsaved(file));
    state_close(file);
    assert_on_disk("own", "seoul", key_a, 44);
}

static void no_key_at_all(void **state)
{
    (void)state;
    struct trust *none = trust_create();
    struct state_file *file = open_in("none", "seoul", none);
    raise_to(file, 43, 0, 0);
    state_close(file);
    assert_on_disk("none", "seoul", none, 43);
    assert_on_disk("none", "seoul", key_a, 0);
    trust_destroy(none);
}

static void a_damaged_file_counts_as_none(void **state)
{
    (void)state;
    char path[PATH_MAX], *text;
    size_t size;
    struct state_file *file = open_in("damaged", "seoul", key_a);
    raise_to(file, 43, 7, FLOOR);
    state_close(file);
    assert_int_equal(find_file("damaged", path), 1);
    assert_true(file_read(path, 4096, &text, &size, &err));
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            write_bytes(path, text, size);
            file = open_in("damaged", "seoul", key_a);
            assert_state(file, 0, 0, 0);
            state_close(file);
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    }
    for (size_t shorter = 0; shorter < size; shorter++) {
        write_bytes(path, text, shorter);
        assert_on_disk("damaged", "seoul", key_a, 0);
    }
    text[size] = '\n';
    write_bytes(path, text, size + 1);
    assert_on_disk("damaged", "seoul", key_a, 0);
    char *large = calloc(1, 100000);
    write_bytes(path, large, 100000);
    free(large);
    file = open_in("damaged", "seoul", key_a);
    assert_state(file, 0, 0, 0);
    raise_to(file, 5, 0, 0); /* and is written anew */
    state_close(file);
    assert_on_disk("damaged", "seoul", key_a, 5);
    write_bytes(path, text, size);
    assert_on_disk("damaged", "seoul", key_a, 43);
    free(text);
}

/* Sealed as the player would, so that only its meaning is in question. */
static void write_sealed(const char *path, const char *text)
{
    uint8_t digest[HASH_BYTES];
    char seal[HASH_TEXT_BYTES], whole[4096];
    assert_true(hash_bytes(text, strlen(text), digest));
    hash_to_text(digest, seal);
    int length = snprintf(whole, sizeof whole, "%ssha256 %s\n", text, seal);
    write_bytes(path, whole, (size_t)length);
}

#define STATE(version, channel, key, playlist, takeover, floor)                                    \
    "duckling-state/" version "\nchannel " channel "\nkey " key " " playlist " " takeover          \
    " 0 0 " floor " 0\n"

static void a_sealed_file_is_still_read_with_care(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct state_file *file = open_in("sealed", "seoul", key_a);
    raise_to(file, 43, 7, FLOOR);
    state_close(file);
    assert_int_equal(find_file("sealed", path), 1);
    write_sealed(path, STATE("1", "seoul", ID_A, "44", "8", "1795424943001"));
    file = open_in("sealed", "seoul", key_a);
    assert_state(file, 44, 8, FLOOR + 1);
    state_close(file);
    write_sealed(path, STATE("1", "seoul", ID_A, "99999999999999999999", "9223372036854775807",
                             "99999999999999999"));
    file = open_in("sealed", "seoul", key_a);
    assert_state(file, POINTER_VERSION_MAX, POINTER_VERSION_MAX, INT64_C(7258118400000));
    state_close(file);
    static const char *const wrong[] = {
        "",
        "\n",
        "duckling-state/1\n",
        "duckling-state/1\nchannel seoul\n",
        "duckling-state/1\nchannel seoul\nkey " ID_A " 44 8 0 0 1\n",
        "duckling-state/1\nchannel seoul\nkey " ID_A " 44 8 0 0 1 0 0\n",
        "duckling-state/1\nchannel seoul\nkey " ID_A "\n",
        STATE("1", "seoul", ID_A, "44", "8", "1") "key - 1 1 1 1 1 1", /* no line end */
        STATE("1", "seoul", ID_A, "44", "8", "1") "rubbish\n",
        STATE("1", "seoul", "F88AA503FD4DF0BDF", "44", "8", "1"),
        STATE("1", "seoul", "f88aa503fd4df0bd", "44", "8", "1"),
        STATE("2", "seoul", ID_A, "44", "8", "1"),
        STATE("1", "busan", ID_A, "44", "8", "1"),
        STATE("1", "seoul", ID_A, "-44", "8", "1"),
        STATE("1", "seoul", ID_A, "", "8", "1"),
        STATE("1", "seoul", ID_A, "44", "8 ", "1"),
        STATE("1", "seoul", ID_A, "44", "", "1"),
        STATE("1", "seoul", ID_A, "44", "8", "0x1"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_sealed(path, wrong[i]);
        file = open_in("sealed", "seoul", key_a);
        assert_state(file, 0, 0, 0);
        state_close(file);
    }
}

static void a_file_that_can_not_be_read_is_not_written_over(void **state)
{
    (void)state;
    char path[PATH_MAX], kept[PATH_MAX + 8];
    struct state_file *file = open_in("unread", "seoul", key_a);
    raise_to(file, 43, 0, 0);
    state_close(file);
    assert_int_equal(find_file("unread", path), 1);
    snprintf(kept, sizeof kept, "%s.kept", path);
    assert_int_equal(rename(path, kept), 0);
    assert_int_equal(mkfifo(path, 0644), 0); /* root could read any file, but not from this */
    file = open_in("unread", "seoul", key_a);
    assert_state(file, 0, 0, 0);
    assert_false(state_raise(file, &(struct state){.version = {5, 0}, .floor_ms = 0}, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_state(file, 5, 0, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(kept, path), 0);
    raise_to(file, 0, 1, 0);
    assert_state(file, 43, 1, 0);
    state_close(file);
    assert_on_disk("unread", "seoul", key_a, 43);
}

static void without_a_disk_memory_holds(void **state)
{
    (void)state;
    temp_folder_write("place", "x");
    struct state_file *file = open_in("place/below", "seoul", key_a);
    assert_state(file, 0, 0, 0);
    for (int i = 1; i <= 2; i++) {
        err = (struct err){0};
        assert_false(
            state_raise(file, &(struct state){.version = {40 + i, 0}, .floor_ms = FLOOR}, &err));
        assert_int_equal(err.code, ERR_SYSTEM);
        assert_state(file, 40 + i, 0, FLOOR);
    }
    assert_false(state_raise(file, &(struct state){.version = {0, 0}, .floor_ms = 0},
                             NULL)); /* still not on disk */
    assert_int_equal(unlink(temp_folder_path("place")), 0);
    raise_to(file, 0, 0, 0); /* nothing new: but now there is a disk */
    state_close(file);
    file = open_in("place/below", "seoul", key_a);
    assert_state(file, 42, 0, FLOOR);
    state_close(file);
    struct state_file *in_a_file;
    temp_folder_write("itself", "x");
    in_a_file = open_in("itself", "seoul", key_a);
    assert_false(state_raise(in_a_file, &(struct state){.version = {1, 0}, .floor_ms = 0}, &err));
    assert_state(in_a_file, 1, 0, 0);
    state_close(in_a_file);
}

static void nothing_is_written_where_nothing_rose(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct stat before, after;
    struct state_file *file = open_in("quiet", "seoul", key_a);
    raise_to(file, 0, 0, 0);
    assert_int_equal(access(temp_folder_path("quiet"), F_OK), -1);
    raise_to(file, 43, 0, 0);
    assert_int_equal(find_file("quiet", path), 1);
    assert_int_equal(stat(path, &before), 0);
    raise_to(file, 43, 0, 0);
    raise_to(file, 42, 0, 0);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_ino == after.st_ino && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
    raise_to(file, 44, 0, 0);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_ino != after.st_ino || before.st_ctim.tv_nsec != after.st_ctim.tv_nsec);
    state_close(file);
}

static void two_players_take_over_from_each_other(void **state)
{
    (void)state;
    struct state_file *first = open_in("two", "seoul", key_a);
    struct state_file *second = open_in("two", "seoul", key_a);
    raise_to(first, 43, 0, FLOOR);
    assert_state(second, 0, 0, 0);
    raise_to(second, 1, 5, FLOOR - 5);
    assert_state(second, 43, 5, FLOOR);
    raise_to(first, 44, 0, 0);
    assert_state(first, 44, 5, FLOOR);
    state_close(first);
    state_close(second);
    first = open_in("two", "seoul", key_a);
    assert_state(first, 44, 5, FLOOR);
    state_close(first);
}

/* Processes that raise as fast as they can, each its own number: without the lock one's number gets
 * lost under the other's file. */
static void many_players_at_once(void **state)
{
    (void)state;
    pid_t players[2];
    for (int i = 0; i < 2; i++) {
        players[i] = fork();
        assert_true(players[i] >= 0);
        if (players[i] > 0)
            continue;
        struct state_file *file = open_in("many", "seoul", key_a);
        for (int64_t version = 1; version <= 100; version++) {
            struct state at_least = {0};
            at_least.version[i] = version;
            int tries = 50; /* one that comes too late for the lock is told so, and comes again */
            while (tries-- > 0 && !state_raise(file, &at_least, &err))
                ;
            if (state_unsaved(file))
                _exit(1);
            struct state_file *again = open_in("many", "seoul", key_a);
            if (state_get(again)->version[i] != version)
                _exit(2);
            state_close(again);
        }
        state_close(file);
        _exit(0);
    }
    for (int i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(players[i], &status, 0), players[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    struct state_file *file = open_in("many", "seoul", key_a);
    assert_state(file, 100, 100, 0);
    state_close(file);
}

static void hopeless_paths(void **state)
{
    (void)state;
    char *path = calloc(1, 2 * PATH_MAX);
    memset(path, 'x', 2 * PATH_MAX - 1);
    static const char *const channels[] = {"", "..", "../x", "a/b", "Seoul"};
    assert_null(state_open(path, "seoul", key_a, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_null(state_open("", "seoul", key_a, &err));
    assert_int_equal(err.code, ERR_INPUT);
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        assert_null(state_open(temp_folder, channels[i], key_a, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    free(path);
}

static void the_largest_fits(void **state)
{
    (void)state;
    struct trust *many = trust_create();
    for (int i = 0; i < TRUST_KEYS_MAX; i++) {
        char key[] = KEY_A;
        key[10] = (char)('A' + i);
        key[40] = (char)('A' + i);
        if (!trust_pin(many, key, &err))
            fail_msg("%s", err.text);
    }
    assert_int_equal(trust_count(many), TRUST_KEYS_MAX);
    static const char channel[] =
        "abcdefghijklmnopqrstuvwxyz012345abcdefghijklmnopqrstuvwxyz012345";
    struct state_file *file = open_in("large", channel, many);
    raise_to(file, POINTER_VERSION_MAX, POINTER_VERSION_MAX, INT64_C(7258118400000));
    state_close(file);
    file = open_in("large", channel, many);
    assert_state(file, POINTER_VERSION_MAX, POINTER_VERSION_MAX, INT64_C(7258118400000));
    state_close(file);
    trust_destroy(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_raised_is_there_again),
        cmocka_unit_test(raising_never_lowers),
        cmocka_unit_test(values_stay_within_bounds),
        cmocka_unit_test(channels_and_keys_are_apart),
        cmocka_unit_test(a_change_of_keys_forgets_nothing),
        cmocka_unit_test(the_copy_knows_what_is_lost),
        cmocka_unit_test(a_new_copy_is_made),
        cmocka_unit_test(no_key_at_all),
        cmocka_unit_test(a_damaged_file_counts_as_none),
        cmocka_unit_test(a_sealed_file_is_still_read_with_care),
        cmocka_unit_test(a_file_that_can_not_be_read_is_not_written_over),
        cmocka_unit_test(without_a_disk_memory_holds),
        cmocka_unit_test(nothing_is_written_where_nothing_rose),
        cmocka_unit_test(two_players_take_over_from_each_other),
        cmocka_unit_test(many_players_at_once),
        cmocka_unit_test(hopeless_paths),
        cmocka_unit_test(the_largest_fits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
