/* Files under way. */
#include "sync/store/store.h"

#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "sample_store.h"

static enum store_reread read_again(struct store_part *part, int *stretches)
{
    enum store_reread state;
    for (*stretches = 1; (state = store_part_reread(part)) == STORE_REREAD_GOES_ON; ++*stretches)
        ;
    return state;
}

static struct store_part *resume(struct store *store, bool any_boot)
{
    int stretches;
    struct store_part *part = store_part_resume(store, "p", any_boot);
    assert_non_null(part);
    assert_int_equal(read_again(part, &stretches), STORE_REREAD_DONE);
    return part;
}

static void a_part_is_committed_whole_or_not_at_all(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES], wrong[HASH_BYTES] = {1};
    struct store *store = store_at("s");
    struct store_part *part = store_part_begin(store, "p", "\"e\"", &err);
    assert_true(store_part_append(part, "ab", 2, &err));
    assert_true(store_part_append(part, "cd", 2, &err));
    assert_int_equal(store_part_bytes(part), 4);
    assert_true(store_part_commit(part, NULL, digest, NULL, &err));
    assert_holds(store, digest, "abcd");
    part = store_part_begin(store, "p", "\"e\"", &err);
    assert_true(store_part_append(part, "xy", 2, &err));
    assert_false(store_part_commit(part, wrong, digest, NULL, &err));
    assert_int_equal(err.code, ERR_TRUST);
    assert_null(store_part_resume(store, "p", true));
    assert_int_not_equal(access(temp_folder_path("s/tmp/p.part"), F_OK), 0);
    assert_int_not_equal(access(temp_folder_path("s/tmp/p.tag"), F_OK), 0);
    store_close(store);
}

static void a_kept_part_goes_on(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    struct store *store = store_at("s");
    struct store_part *part = store_part_begin(store, "p", "\"e 1\"", &err);
    assert_true(store_part_append(part, "ab", 2, &err));
    store_part_keep(part);
    store_close(store);
    store = store_at("s");
    assert_null(store_part_resume(store, "q", true));
    part = resume(store, false);
    assert_int_equal(store_part_bytes(part), 2);
    assert_string_equal(store_part_tag(part), "\"e 1\"");
    assert_true(store_part_append(part, "cd", 2, &err));
    assert_true(store_part_commit(part, NULL, digest, NULL, &err));
    assert_holds(store, digest, "abcd");
    store_close(store);
}

static void a_part_without_a_tag_is_dropped(void **state)
{
    (void)state;
    struct store *store = store_at("s");
    struct store_part *part = store_part_begin(store, "p", "", &err);
    assert_true(store_part_append(part, "ab", 2, &err));
    store_part_keep(part);
    assert_int_not_equal(access(temp_folder_path("s/tmp/p.part"), F_OK), 0);
    store_part_keep(NULL);
    store_part_discard(NULL);
    store_close(store);
}

/* A power cut may have left anything in a part: only the whole's hash makes it safe to go on. */
static void a_part_of_an_earlier_boot_needs_a_hash(void **state)
{
    (void)state;
    struct store *store = store_at("s");
    struct store_part *part = store_part_begin(store, "p", "\"e\"", &err);
    assert_true(store_part_append(part, "ab", 2, &err));
    store_part_keep(part);
    temp_folder_write("s/tmp/p.tag", "00000000-0000-0000-0000-000000000000\n\"e\"\n");
    assert_null(store_part_resume(store, "p", false));
    part = resume(store, true);
    store_part_keep(part);
    temp_folder_write("s/tmp/p.tag", "rubbish");
    assert_null(store_part_resume(store, "p", true));
    store_close(store);
}

static void a_part_has_one_writer(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    struct store *store = store_at("s");
    assert_false(store_part_is_busy(store, "p"));
    struct store_part *part = store_part_begin(store, "p", "\"e\"", &err);
    assert_true(store_part_append(part, "ab", 2, &err));
    assert_true(store_part_is_busy(store, "p"));
    assert_false(store_part_is_busy(store, "pp"));
    assert_null(store_part_begin(store, "p", "\"f\"", &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_null(store_part_resume(store, "p", true));
    struct store_part *other = store_part_begin(store, "q", "", &err);
    assert_non_null(other);
    store_part_keep(part);
    assert_false(store_part_is_busy(store, "p"));
    part = resume(store, true);
    assert_true(store_part_is_busy(store, "p"));
    store_part_discard(other);
    assert_true(store_part_commit(part, NULL, digest, NULL, &err));
    assert_holds(store, digest, "ab");
    assert_false(store_part_is_busy(store, "p"));
    store_close(store);
}

/* As on a full disk: what came before counts, and what did not fit may come again. */
static void a_part_survives_a_write_that_fails(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    struct rlimit before;
    struct store *store = store_at("s");
    struct store_part *part = store_part_begin(store, "p", "\"e\"", &err);
    assert_true(store_part_append(part, "abcd", 4, &err));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    const struct rlimit small = {.rlim_cur = 6, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool ok = store_part_append(part, "efgh", 4, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(ok);
    assert_int_equal(store_part_bytes(part), 4);
    store_part_keep(part);
    part = resume(store, true);
    assert_int_equal(store_part_bytes(part), 4);
    assert_true(store_part_append(part, "efgh", 4, &err));
    assert_true(store_part_commit(part, NULL, digest, NULL, &err));
    assert_holds(store, digest, "abcdefgh");
    store_close(store);
}

/* Gigabytes are not hashed in one go. */
static void a_part_is_read_again_in_stretches(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES], wanted[HASH_BYTES];
    int stretches;
    struct store *store = store_at("s");
    size_t size = (size_t)19 << 20;
    char *bytes = calloc(1, size + 1);
    bytes[size - 1] = 1;
    assert_true(hash_bytes(bytes, size + 1, wanted));
    struct store_part *part = store_part_begin(store, "p", "\"e\"", &err);
    assert_true(store_part_append(part, bytes, size, &err));
    free(bytes);
    for (int i = 0; i < 2; i++) { /* the first time it is broken off */
        store_part_keep(part);
        part = store_part_resume(store, "p", true);
        assert_int_equal(store_part_bytes(part), size);
        assert_int_equal(store_part_reread(part), STORE_REREAD_GOES_ON);
    }
    assert_int_equal(read_again(part, &stretches), STORE_REREAD_DONE);
    assert_int_equal(stretches, 4);
    assert_true(store_part_append(part, "", 1, &err));
    assert_true(store_part_commit(part, wanted, digest, NULL, &err));
    store_close(store);
}

static void a_part_that_can_not_be_read_again_is_gone(void **state)
{
    (void)state;
    struct store *store = store_at("s");
    struct store_part *part = store_part_begin(store, "p", "\"e\"", &err);
    assert_true(store_part_append(part, "abcd", 4, &err));
    store_part_keep(part);
    part = store_part_resume(store, "p", true);
    read_error = EIO;
    enum store_reread state_now = store_part_reread(part);
    read_error = 0;
    assert_int_equal(state_now, STORE_REREAD_GONE);
    store_part_keep(part);
    part = store_part_resume(store, "p", true);
    assert_int_equal(truncate(temp_folder_path("s/tmp/p.part"), 3), 0);
    assert_int_equal(store_part_reread(part), STORE_REREAD_GONE);
    store_part_discard(part);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_part_is_committed_whole_or_not_at_all),
        IN_FOLDER(a_kept_part_goes_on),
        IN_FOLDER(a_part_without_a_tag_is_dropped),
        IN_FOLDER(a_part_of_an_earlier_boot_needs_a_hash),
        IN_FOLDER(a_part_has_one_writer),
        IN_FOLDER(a_part_survives_a_write_that_fails),
        IN_FOLDER(a_part_is_read_again_in_stretches),
        IN_FOLDER(a_part_that_can_not_be_read_again_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
