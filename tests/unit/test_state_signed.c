/* What is remembered by key, what is no maximum, and a lock that somebody holds. */
#include "sync/state.h"

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "sample_state.h"

static void raise_signed(struct state_file *file, const char *key_id, struct state at_least)
{
    snprintf(at_least.key_id, sizeof at_least.key_id, "%s", key_id);
    if (!state_raise(file, &at_least, &err))
        fail_msg("%s", err.text);
}

/* The way out when a key was stolen: what its thief has signed goes with it, and nothing else. */
static void what_a_key_signed_goes_with_it(void **state)
{
    (void)state;
    struct state_file *file = open_in("stolen", "seoul", both);
    raise_signed(file, ID_B,
                 (struct state){.version = {43, 7},
                                .in_force = {42, 6},
                                .floor_ms = FLOOR,
                                .takeover_expires_ms = FLOOR + 5});
    raise_signed(file, ID_A,
                 (struct state){.version = {POINTER_VERSION_MAX, 8},
                                .in_force = {POINTER_VERSION_MAX, 0},
                                .floor_ms = FLOOR + 1000000,
                                .takeover_expires_ms = FLOOR + 9});
    raise_signed(file, "", (struct state){.floor_ms = FLOOR + 1}); /* a clock's */
    assert_state(file, POINTER_VERSION_MAX, 8, FLOOR + 1000000);
    assert_int_equal(state_get(file)->takeover_expires_ms, FLOOR + 9);
    assert_string_equal(state_get(file)->key_id, "");
    state_close(file);
    file = open_in("stolen", "seoul", key_b);
    assert_state(file, 43, 7, FLOOR + 1);
    assert_int_equal(state_get(file)->in_force[POINTER_PLAYLIST], 42);
    assert_int_equal(state_get(file)->in_force[POINTER_TAKEOVER], 6);
    assert_int_equal(state_get(file)->takeover_expires_ms, FLOOR + 5);
    raise_signed(file, ID_B, (struct state){.version = {44, 0}});
    state_close(file);
    assert_on_disk("stolen", "seoul", key_b, 44);
    assert_on_disk("stolen", "seoul", both, POINTER_VERSION_MAX); /* pinned again, known again */
    assert_on_disk("stolen", "seoul", key_a, POINTER_VERSION_MAX);
}

/* Nothing is lost under a key that is not pinned: it counts for all. */
static void an_unknown_key_is_everybodys(void **state)
{
    (void)state;
    struct state_file *file = open_in("unknown", "seoul", key_a);
    raise_signed(file, ID_B, (struct state){.version = {43, 0}});
    assert_state(file, 43, 0, 0);
    state_close(file);
    assert_on_disk("unknown", "seoul", key_a, 43);
}

static void what_was_in_force_is_remembered(void **state)
{
    (void)state;
    struct state_file *file = open_in("force", "seoul", key_a);
    raise_signed(file, ID_A, (struct state){.version = {44, 2}, .in_force = {43, 1}});
    raise_signed(file, ID_A, (struct state){.in_force = {42, 2}});
    state_close(file);
    file = open_in("force", "seoul", key_a);
    assert_state(file, 44, 2, 0);
    assert_int_equal(state_get(file)->in_force[POINTER_PLAYLIST], 43);
    assert_int_equal(state_get(file)->in_force[POINTER_TAKEOVER], 2);
    state_close(file);
}

static void raise_takeover(struct state_file *file, int64_t version, int64_t expires_ms)
{
    raise_signed(file, ID_A,
                 (struct state){.version = {0, version}, .takeover_expires_ms = expires_ms});
}

static void assert_expires(struct state_file **file, int64_t expires_ms)
{
    assert_int_equal(state_get(*file)->takeover_expires_ms, expires_ms);
    state_close(*file);
    *file = open_in("expires", "seoul", key_a);
    assert_int_equal(state_get(*file)->takeover_expires_ms, expires_ms);
}

/* No maximum: an operator may have a takeover end earlier. */
static void the_newest_takeover_says_when_it_expires(void **state)
{
    (void)state;
    struct state_file *file = open_in("expires", "seoul", key_a);
    raise_takeover(file, 0, FLOOR); /* of no takeover */
    assert_expires(&file, 0);
    raise_takeover(file, 5, FLOOR + 50);
    assert_expires(&file, FLOOR + 50);
    raise_takeover(file, 6, FLOOR + 10);
    assert_expires(&file, FLOOR + 10);
    raise_takeover(file, 5, FLOOR + 60);
    assert_expires(&file, FLOOR + 10);
    raise_takeover(file, 6, FLOOR + 9); /* signed once more */
    assert_expires(&file, FLOOR + 9);
    raise_takeover(file, 6, 0);
    assert_expires(&file, FLOOR + 9);
    raise_takeover(file, 7, 0); /* nobody knows */
    assert_expires(&file, 0);
    raise_takeover(file, 7, INT64_MAX);
    assert_expires(&file, INT64_C(253402300799999));
    state_close(file);
}

/* Also where another player, or the disk, remembers the later one; until it rises again. */
static void a_floor_that_was_wrong_is_lowered(void **state)
{
    (void)state;
    char path[PATH_MAX], kept[PATH_MAX + 8];
    struct state_file *file = open_in("lowered", "seoul", key_a);
    raise_signed(file, ID_A, (struct state){.version = {43, 0}, .floor_ms = FLOOR + 1000});
    raise_to(file, 0, 0, FLOOR + 2000);
    assert_int_equal(find_file("lowered", path), 1);
    snprintf(kept, sizeof kept, "%s.kept", path);
    assert_int_equal(rename(path, kept), 0);
    assert_int_equal(mkfifo(path, 0644), 0);
    assert_false(state_lower_floor(file, FLOOR, &err));
    assert_true(state_unsaved(file));
    assert_state(file, 43, 0, FLOOR);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(kept, path), 0);
    raise_to(file, 0, 0, 0); /* tries again */
    assert_false(state_unsaved(file));
    assert_state(file, 43, 0, FLOOR);
    state_close(file);
    file = open_in("lowered", "seoul", key_a);
    assert_state(file, 43, 0, FLOOR);
    assert_true(state_lower_floor(file, FLOOR + 5, &err));
    assert_state(file, 43, 0, FLOOR);
    raise_to(file, 0, 0, FLOOR + 3000);
    state_close(file);
    file = open_in("lowered", "seoul", key_a);
    assert_state(file, 43, 0, FLOOR + 3000);
    assert_true(state_lower_floor(file, -1, &err));
    assert_state(file, 43, 0, 0);
    state_close(file);
    file = open_in("lowered", "seoul", key_a);
    assert_state(file, 43, 0, 0);
    state_close(file);
}

/* Whoever holds the lock for ever must not hold the player: memory goes on, the disk later. */
static void a_lock_that_is_held_stops_nobody(void **state)
{
    (void)state;
    struct stat st;
    struct state_file *file = open_in("held", "seoul", key_a);
    raise_to(file, 1, 0, 0);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path("held/state.lock"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_on_disk("held", "seoul", key_a, 1); /* reading needs no lock */
    alarm(120);                                /* in vain, or the test has found it waiting */
    assert_false(state_raise(file, &(struct state){.version = {2, 0}}, &err));
    alarm(0);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.text, "locked by another program"));
    assert_true(state_unsaved(file));
    assert_state(file, 2, 0, 0);
    assert_on_disk("held", "seoul", key_a, 1);
    close(fd);
    raise_to(file, 0, 0, 0);
    assert_false(state_unsaved(file));
    state_close(file);
    assert_on_disk("held", "seoul", key_a, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_key_signed_goes_with_it),
        cmocka_unit_test(an_unknown_key_is_everybodys),
        cmocka_unit_test(what_was_in_force_is_remembered),
        cmocka_unit_test(the_newest_takeover_says_when_it_expires),
        cmocka_unit_test(a_floor_that_was_wrong_is_lowered),
        cmocka_unit_test(a_lock_that_is_held_stops_nobody),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
