#include "base/file.h"
#include "sync/store/manifest.h"
#include "sync/store/store.h"

#include <stdarg.h>
#include <setjmp.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "sample_store.h"

#define URL "http://h/p.json"

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
    manifest->url = manifest_copy(manifest, URL);
    manifest->etag = manifest_copy(manifest, "\"q\\\"\"");
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

/* A file of the right length with other bytes must not keep the right ones out. */
static void adding_mends_what_is_damaged(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    char path[PATH_MAX];
    struct stat before, after;
    struct store *store = store_at("s");
    put(store, "abc", digest);
    store_media_path(store, digest, path);
    assert_int_equal(stat(path, &before), 0);
    put(store, "abc", digest);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* whole ones are left in peace */
    FILE *file = fopen(path, "r+be");
    assert_true(file && fputc('x', file) == 'x' && fclose(file) == 0);
    put(store, "abc", digest);
    assert_holds(store, digest, "abc");
    read_error = EIO;
    bool ok = store_add(store, "abc", 3, digest, &err);
    read_error = 0;
    assert_true(ok);
    assert_holds(store, digest, "abc");
    store_close(store);
}

/* A disk that can't be read just now says nothing about the bytes. */
static void what_can_not_be_read_is_not_bad(void **state)
{
    (void)state;
    static const int errors[] = {EIO, ENOMEM, EAGAIN, ESTALE};
    uint8_t digest[HASH_BYTES];
    struct store *store = store_at("s");
    size_t size = (size_t)9 << 20;
    char *bytes = calloc(1, size);
    assert_true(store_add(store, bytes, size, digest, &err));
    free(bytes);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        read_error = errors[i];
        enum store_check_state at_once = check(store, digest, i % 2 == 0);
        read_error = 0;
        assert_int_equal(at_once, STORE_CHECK_UNREADABLE);
        struct store_check *under = store_check_begin(store, digest, false);
        assert_int_equal(store_check_step(under), STORE_CHECK_GOES_ON);
        read_error = errors[i];
        enum store_check_state later = store_check_step(under);
        read_error = 0;
        store_check_end(under);
        assert_int_equal(later, STORE_CHECK_UNREADABLE);
    }
    assert_int_equal(check(store, digest, false), STORE_CHECK_GOOD);
    store_close(store);
}

static void wipe(const char *folder)
{
    assert_int_equal(
        nftw(temp_folder_path(folder), temp_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Somebody clears the cache away under a player that runs for years. */
static void a_store_that_vanishes_is_made_again(void **state)
{
    (void)state;
    static const char *const vanish[] = {"s", "s/tmp", "s/media", "s/feeds"};
    uint8_t digest[HASH_BYTES];
    char path[PATH_MAX];
    struct store *store = store_at("s");
    for (size_t i = 0; i < sizeof vanish / sizeof *vanish; i++) {
        put(store, "abc", digest);
        wipe(vanish[i]);
        put(store, "def", digest);
        assert_holds(store, digest, "def");
        assert_null(store_open(temp_folder_path("s"), &err)); /* it is locked again */
        assert_non_null(strstr(err.text, "another player"));
        struct store_part *part = store_part_begin(store, "p", "\"e\"", &err);
        assert_true(store_part_append(part, "ghi", 3, &err));
        wipe(vanish[i]);
        bool whole = store_part_commit(part, NULL, digest, NULL, &err);
        assert_int_equal(whole, i >= 2); /* else the part went too */
        put(store, "ghi", digest);
        assert_holds(store, digest, "ghi");
        store_manifest_path(store, URL, path);
        assert_true(file_replace(path, "x", 1, &err));
        store_remove(store, digest);
    }
    store_close(store);
}

/* Two players in one store would collect each other's files. */
static void a_store_that_was_taken_stays_the_others(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    struct store *first = store_at("s");
    wipe("s");
    struct store *second = store_at("s");
    wipe("s/tmp");
    assert_false(store_add(first, "abc", 3, digest, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.text, "another player"));
    put(second, "def", digest);
    assert_holds(second, digest, "def");
    store_close(second);
    wipe("s/tmp");
    put(first, "abc", digest); /* free again */
    store_close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(adds_under_the_hash),
        IN_FOLDER(one_player_at_a_time),
        IN_FOLDER(a_store_needs_a_folder),
        IN_FOLDER(finds_damage),
        IN_FOLDER(finds_what_is_gone),
        IN_FOLDER(a_shortage_is_no_damage),
        IN_FOLDER(a_check_from_disk_asks_the_disk),
        cmocka_unit_test(a_manifest_goes_there_and_back),
        cmocka_unit_test(a_manifest_of_wrong_things_is_refused),
        IN_FOLDER(adding_mends_what_is_damaged),
        IN_FOLDER(what_can_not_be_read_is_not_bad),
        IN_FOLDER(a_store_that_vanishes_is_made_again),
        IN_FOLDER(a_store_that_was_taken_stays_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
