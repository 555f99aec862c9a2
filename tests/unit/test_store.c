#include "base/file.h"
#include "sync/manifest.h"
#include "sync/store.h"

#include <stdarg.h>
#include <setjmp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "temp_folder.h"

#define URL "http://h/p.json"

static struct err err;
static atomic_bool stop;
static int64_t dropped_bytes; /* that the store asked to be dropped from memory; 0 as length: all */
static unsigned dropped_all;

/* In place of libc's, which has no answer to look at. */
int posix_fadvise(int fd, off_t offset, off_t length, int advice)
{
    assert_true(fcntl(fd, F_GETFD) >= 0);
    assert_int_equal(advice, POSIX_FADV_DONTNEED);
    dropped_all += offset == 0 && length == 0;
    dropped_bytes += length;
    return 0;
}

static struct store *store_at(const char *name)
{
    struct store *store = store_open(temp_folder_path(name), &err);
    assert_non_null(store);
    assert_null(store_read_only(store));
    return store;
}

static void assert_holds(const struct store *store, const uint8_t digest[HASH_BYTES],
                         const char *text)
{
    char path[PATH_MAX];
    char *data;
    size_t size;
    store_media_path(store, digest, path);
    assert_true(file_read(path, 1000, &data, &size, &err));
    assert_string_equal(data, text);
    free(data);
    assert_true(store_has(store, digest, (int64_t)strlen(text)));
    assert_false(store_has(store, digest, (int64_t)strlen(text) + 1));
}

static void put(struct store *store, const char *text, uint8_t digest[HASH_BYTES])
{
    assert_true(store_add(store, text, strlen(text), digest, &err));
}

static void adds_under_the_hash(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES], wanted[HASH_BYTES];
    struct store *store = store_at("deep/er/store");
    put(store, "abc", digest);
    assert_true(hash_bytes("abc", 3, wanted));
    assert_memory_equal(digest, wanted, HASH_BYTES);
    assert_holds(store, digest, "abc");
    put(store, "abc", digest);
    store_remove(store, digest);
    assert_false(store_has(store, digest, 3));
    store_close(store);
    store_close(NULL);
}

static void one_player_at_a_time(void **state)
{
    (void)state;
    struct store *store = store_at("s");
    assert_null(store_open(temp_folder_path("s"), &err));
    assert_non_null(strstr(err.text, "another player"));
    store_close(store);
    store_close(store_at("s"));
}

static void a_store_needs_a_folder(void **state)
{
    (void)state;
    temp_folder_write("file", "x");
    assert_null(store_open(temp_folder_path("file"), &err));
    assert_null(store_open("", &err));
    assert_int_equal(err.code, ERR_INPUT);
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
    assert_true(store_part_commit(part, NULL, digest, &err));
    assert_holds(store, digest, "abcd");
    part = store_part_begin(store, "p", "\"e\"", &err);
    assert_true(store_part_append(part, "xy", 2, &err));
    assert_false(store_part_commit(part, wrong, digest, &err));
    assert_int_equal(err.code, ERR_TRUST);
    assert_null(store_part_resume(store, "p", true, &stop));
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
    assert_null(store_part_resume(store, "q", true, &stop));
    part = store_part_resume(store, "p", false, &stop);
    assert_non_null(part);
    assert_int_equal(store_part_bytes(part), 2);
    assert_string_equal(store_part_tag(part), "\"e 1\"");
    assert_true(store_part_append(part, "cd", 2, &err));
    assert_true(store_part_commit(part, NULL, digest, &err));
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
    assert_null(store_part_resume(store, "p", false, &stop));
    part = store_part_resume(store, "p", true, &stop);
    assert_non_null(part);
    store_part_keep(part);
    atomic_bool at_once = true;
    assert_null(store_part_resume(store, "p", true, &at_once));
    temp_folder_write("s/tmp/p.tag", "rubbish");
    assert_null(store_part_resume(store, "p", true, &stop));
    store_close(store);
}

static enum store_check_state check(const struct store *store, const uint8_t digest[HASH_BYTES],
                                    bool from_disk)
{
    struct store_check *under = store_check_begin(store, digest, from_disk);
    assert_non_null(under);
    enum store_check_state result;
    do
        result = store_check_step(under);
    while (result == STORE_CHECK_GOES_ON);
    store_check_end(under);
    return result;
}

static void finds_damage(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    char path[PATH_MAX];
    struct store *store = store_at("s");
    size_t size = (size_t)9 << 20; /* more than two stretches */
    char *bytes = calloc(1, size);
    assert_true(store_add(store, bytes, size, digest, &err));
    assert_int_equal(check(store, digest, false), STORE_CHECK_GOOD);
    store_media_path(store, digest, path);
    bytes[size - 1] = 1;
    FILE *file = fopen(path, "r+be");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    free(bytes);
    assert_int_equal(check(store, digest, false), STORE_CHECK_BAD);
    store_check_end(NULL);
    store_close(store);
}

/* A file that vanished, or can't be opened, is no good file. */
static void finds_what_is_gone(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    char path[PATH_MAX];
    struct store *store = store_at("s");
    put(store, "abc", digest);
    store_media_path(store, digest, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(check(store, digest, false), STORE_CHECK_BAD);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(check(store, digest, false), STORE_CHECK_BAD);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(check(store, digest, false), STORE_CHECK_BAD);
    store_close(store);
}

/* A shortage of descriptors is no reason to fetch everything again. */
static void a_shortage_is_no_damage(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    struct rlimit before;
    struct store *store = store_at("s");
    put(store, "abc", digest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct store_check *under = store_check_begin(store, digest, false);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_null(under);
    assert_int_equal(check(store, digest, false), STORE_CHECK_GOOD);
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
    assert_null(store_part_resume(store, "p", true, &stop));
    struct store_part *other = store_part_begin(store, "q", "", &err);
    assert_non_null(other);
    store_part_keep(part);
    assert_false(store_part_is_busy(store, "p"));
    part = store_part_resume(store, "p", true, &stop);
    assert_non_null(part);
    assert_true(store_part_is_busy(store, "p"));
    store_part_discard(other);
    assert_true(store_part_commit(part, NULL, digest, &err));
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
    part = store_part_resume(store, "p", true, &stop);
    assert_int_equal(store_part_bytes(part), 4);
    assert_true(store_part_append(part, "efgh", 4, &err));
    assert_true(store_part_commit(part, NULL, digest, &err));
    assert_holds(store, digest, "abcdefgh");
    store_close(store);
}

/* A check of what the disk holds must not be answered from memory. */
static void a_check_from_disk_asks_the_disk(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    struct store *store = store_at("s");
    size_t size = (size_t)9 << 20;
    char *bytes = calloc(1, size);
    assert_true(store_add(store, bytes, size, digest, &err));
    free(bytes);
    dropped_bytes = dropped_all = 0;
    assert_int_equal(check(store, digest, false), STORE_CHECK_GOOD);
    assert_int_equal(dropped_all + dropped_bytes, 0);
    assert_int_equal(check(store, digest, true), STORE_CHECK_GOOD);
    assert_int_equal(dropped_all, 1);
    assert_int_equal(dropped_bytes, size);
    store_remove(store, digest);
    assert_int_equal(check(store, digest, true), STORE_CHECK_BAD);
    store_close(store);
}

static void a_manifest_goes_there_and_back(void **state)
{
    (void)state;
    struct manifest *manifest = manifest_create(2);
    manifest->url = manifest_keep(manifest, URL);
    manifest->etag = manifest_keep(manifest, "\"q\\\"\"");
    manifest->playlist_bytes = 77;
    manifest->playlist_sha256[3] = 9;
    manifest->files[0].path = "작은.jpg";
    manifest->files[1].path = "b.mp4";
    manifest->files[1].size_bytes = (int64_t)4 << 30;
    manifest->files[1].last_modified = "Mon, 02 Feb 2026 10:00:00 GMT";
    char *text = manifest_print(manifest);
    assert_non_null(text);
    struct manifest *back = manifest_parse(text, strlen(text), &err);
    assert_non_null(back);
    assert_string_equal(back->url, URL);
    assert_string_equal(back->etag, "\"q\\\"\"");
    assert_int_equal(back->playlist_bytes, 77);
    assert_memory_equal(back->playlist_sha256, manifest->playlist_sha256, HASH_BYTES);
    assert_int_equal(back->file_count, 2);
    assert_string_equal(back->files[0].path, "작은.jpg");
    assert_string_equal(back->files[0].etag, "");
    assert_int_equal(back->files[1].size_bytes, (int64_t)4 << 30);
    assert_string_equal(back->files[1].last_modified, manifest->files[1].last_modified);
    /* Cut anywhere, it is refused and nothing worse. */
    size_t size = strlen(text);
    while (size && (text[size - 1] == '\n' || text[size - 1] == '}'))
        size--;
    for (size_t cut = 0; cut <= size; cut++)
        assert_null(manifest_parse(text, cut, NULL));
    free(text);
    manifest_destroy(back);
    manifest_destroy(manifest);
    manifest_destroy(NULL);
}

static void a_manifest_of_wrong_things_is_refused(void **state)
{
    (void)state;
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define LIST "\"playlist\":{\"sha256\":\"" ZEROS "\",\"bytes\":1}"
    static const char *const cases[] = {
        "[]",
        "{}",
        "null",
        "{\"format\":\"duckling-manifest/2\",\"files\":[]," LIST "}",
        "{\"format\":\"duckling-manifest/1\",\"files\":[]}",
        "{\"format\":\"duckling-manifest/1\"," LIST "}",
        "{\"format\":\"duckling-manifest/1\",\"files\":{}," LIST "}",
        "{\"format\":\"duckling-manifest/1\",\"files\":[1]," LIST "}",
        "{\"format\":\"duckling-manifest/1\",\"files\":[{\"path\":\"a\"}]," LIST "}",
        "{\"format\":\"duckling-manifest/1\",\"etag\":3,\"files\":[]," LIST "}",
        "{\"format\":\"duckling-manifest/1\",\"files\":[{\"path\":\"a\",\"sha256\":\"../../etc/"
        "passwd\",\"bytes\":1}]," LIST "}",
        "{\"format\":\"duckling-manifest/1\",\"files\":[{\"path\":\"a\",\"sha256\":\"" ZEROS
        "\",\"bytes\":-1}]," LIST "}",
    };
    static const char good[] =
        "{\"format\":\"duckling-manifest/1\",\"files\":[{\"path\":\"a\",\"sha256\":\"" ZEROS
        "\",\"bytes\":1}]," LIST "}";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        err.code = ERR_NONE;
        assert_null(manifest_parse(cases[i], strlen(cases[i]), &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    struct manifest *manifest = manifest_parse(good, strlen(good), &err);
    assert_non_null(manifest);
    manifest_destroy(manifest);
}

#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, temp_folder_setup, temp_folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(adds_under_the_hash),
        IN_FOLDER(one_player_at_a_time),
        IN_FOLDER(a_store_needs_a_folder),
        IN_FOLDER(a_part_is_committed_whole_or_not_at_all),
        IN_FOLDER(a_kept_part_goes_on),
        IN_FOLDER(a_part_without_a_tag_is_dropped),
        IN_FOLDER(a_part_of_an_earlier_boot_needs_a_hash),
        IN_FOLDER(finds_damage),
        IN_FOLDER(finds_what_is_gone),
        IN_FOLDER(a_shortage_is_no_damage),
        IN_FOLDER(a_part_has_one_writer),
        IN_FOLDER(a_part_survives_a_write_that_fails),
        IN_FOLDER(a_check_from_disk_asks_the_disk),
        cmocka_unit_test(a_manifest_goes_there_and_back),
        cmocka_unit_test(a_manifest_of_wrong_things_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
