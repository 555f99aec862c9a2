/* What of a stored playlist is read again, and what goes. */
#include "sync/feed/rollout_stored.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "sample_store.h"

#define URL "channel:seoul/latest"

static const char json[] = "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"tagline\":\"small\"}}}";

static struct store *store;
static struct manifest *manifest;

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    store = store_open(temp_folder_path("s"), &err);
    manifest = manifest_create(0);
    if (!store || !manifest)
        return -1;
    manifest->url = manifest->etag = manifest->last_modified = manifest->pointer = "";
    return rollout_stored_write(store, URL, manifest, json, strlen(json), &err) ? 0 : -1;
}

static int teardown(void **state)
{
    manifest_destroy(manifest);
    store_close(store);
    return temp_folder_teardown(state);
}

static void stored_path(char path[PATH_MAX])
{
    store_media_path(store, manifest->playlist_sha256, path);
}

static void assert_read(void)
{
    char *bytes;
    size_t size;
    struct playlist *playlist = rollout_stored_playlist(store, manifest, &bytes, &size, &err);
    assert_non_null(playlist);
    assert_int_equal(size, strlen(json));
    assert_string_equal(bytes, json);
    free(bytes);
    playlist_destroy(playlist);
}

static void assert_not_read(enum err_code code)
{
    char *bytes;
    size_t size;
    err = (struct err){0};
    assert_null(rollout_stored_playlist(store, manifest, &bytes, &size, &err));
    read_error = 0;
    assert_int_equal(err.code, code);
    assert_null(bytes);
}

static void write_over(const char *data, size_t size)
{
    char path[PATH_MAX];
    stored_path(path);
    assert_true(file_replace(path, data, size, &err));
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    assert_read();
    struct manifest *kept = rollout_stored_manifest(store, URL, &err);
    assert_non_null(kept);
    assert_memory_equal(kept->playlist_sha256, manifest->playlist_sha256, HASH_BYTES);
    assert_int_equal(kept->playlist_bytes, strlen(json));
    manifest_destroy(kept);
    rollout_stored_remove(store, URL);
    assert_null(rollout_stored_manifest(store, URL, &err));
    assert_int_equal(err.code, ERR_MISSING);
}

static void the_one_before_is_kept_beside_it(void **state)
{
    (void)state;
    assert_null(rollout_stored_previous(store, URL, &err));
    assert_int_equal(err.code, ERR_MISSING);
    rollout_stored_keep_previous(store, URL, manifest);
    struct manifest *previous = rollout_stored_previous(store, URL, &err);
    assert_non_null(previous);
    assert_memory_equal(previous->playlist_sha256, manifest->playlist_sha256, HASH_BYTES);
    manifest_destroy(previous);
    rollout_stored_remove(store, URL); /* such as a takeover, which has none before it */
    previous = rollout_stored_previous(store, URL, &err);
    assert_non_null(previous);
    manifest_destroy(previous);
}

/* So that it is fetched again, and the bytes that come find their place free. */
static void what_is_damaged_goes_and_is_mended(void **state)
{
    (void)state;
    char path[PATH_MAX], damaged[sizeof json];
    char *large = calloc(1, PLAYLIST_BYTES_MAX + 1);
    memcpy(damaged, json, sizeof json);
    damaged[30] ^= 1;
    const struct {
        const char *data;
        size_t size;
    } cases[] = {{damaged, strlen(json)}, {json, 20}, {"", 0}, {large, PLAYLIST_BYTES_MAX + 1}};
    stored_path(path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_over(cases[i].data, cases[i].size);
        assert_not_read(ERR_TRUST);
        assert_non_null(strstr(err.text, "damaged"));
        assert_int_equal(access(path, F_OK), -1);
        assert_not_read(ERR_MISSING);
        assert_true(rollout_stored_write(store, URL, manifest, json, strlen(json), &err));
        assert_read();
    }
    free(large);
    write_over(damaged, strlen(json)); /* and where nobody has looked meanwhile */
    assert_true(rollout_stored_write(store, URL, manifest, json, strlen(json), &err));
    assert_read();
}

static void what_can_not_be_read_stays(void **state)
{
    (void)state;
    read_error = EIO;
    assert_not_read(ERR_DISK);
    read_error = ENOMEM;
    assert_not_read(ERR_SYSTEM);
    assert_read();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_written_is_read),
        CASE(the_one_before_is_kept_beside_it),
        CASE(what_is_damaged_goes_and_is_mended),
        CASE(what_can_not_be_read_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
