/* What goes from a store, and what stays. */
#include "base/file.h"
#include "sync/store/manifest.h"
#include "sync/store/store.h"

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <cmocka.h>

#include "temp_folder.h"

#define URL "http://h/p.json"
#define HOUR_S 3600

static struct err err;
static int64_t disk_free_bytes, disk_used_bytes; /* for statvfs */
static const char *disk_folder;
static int64_t add_up_bytes;

static int add_up_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)path, (void)walk;
    add_up_bytes += type == FTW_F ? st->st_size : 0;
    return 0;
}

static int64_t add_up(const char *folder)
{
    add_up_bytes = 0;
    assert_int_equal(nftw(folder, add_up_one, 16, FTW_PHYS), 0);
    return add_up_bytes;
}

/* In place of libc's: a disk that has as many bytes free as the test says, and those of the files
 * that were removed since. */
int statvfs(const char *path, struct statvfs *fs)
{
    (void)path;
    *fs = (struct statvfs){.f_bsize = 1, .f_frsize = 1};
    fs->f_bavail = (fsblkcnt_t)(disk_free_bytes + disk_used_bytes - add_up(disk_folder));
    return 0;
}

static void fill_disk(const char *folder, int64_t free_bytes)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path(folder));
    disk_folder = path;
    disk_used_bytes = add_up(path);
    disk_free_bytes = free_bytes;
}

static struct store *store_at(const char *name)
{
    struct store *store = store_open(temp_folder_path(name), &err);
    assert_non_null(store);
    assert_null(store_read_only(store));
    return store;
}

static void put(struct store *store, const char *text, uint8_t digest[HASH_BYTES])
{
    assert_true(store_add(store, text, strlen(text), digest, &err));
}

static void write_manifest(struct store *store, const char *url, const uint8_t digest[HASH_BYTES])
{
    char path[PATH_MAX];
    struct manifest *manifest = manifest_create(1);
    manifest->url = manifest_copy(manifest, url);
    manifest->files[0].path = manifest_copy(manifest, "a.jpg");
    memcpy(manifest->files[0].sha256, digest, HASH_BYTES);
    manifest->files[0].size_bytes = 3;
    char *text = manifest_print(manifest);
    store_manifest_path(store, url, path);
    assert_true(file_replace(path, text, strlen(text), &err));
    free(text);
    manifest_destroy(manifest);
}

static void set_age(const char *path, int64_t age_s)
{
    const struct timespec times[2] = {{time(NULL) - age_s, 0}, {time(NULL) - age_s, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void age(const struct store *store, const uint8_t digest[HASH_BYTES], int64_t age_s)
{
    char path[PATH_MAX];
    store_media_path(store, digest, path);
    set_age(path, age_s);
}

/* A manifest of one medium, in memory. */
static struct manifest *manifest_of(const uint8_t digest[HASH_BYTES])
{
    struct manifest *manifest = manifest_create(1);
    assert_non_null(manifest);
    memcpy(manifest->files[0].sha256, digest, HASH_BYTES);
    return manifest;
}

/* A store with five media of ten bytes; the first is named by a manifest in it, and they were last
 * needed 50, 40, 30, 20 and 10 hours ago. */
static struct store *store_of_five(uint8_t digests[5][HASH_BYTES])
{
    static const char *const texts[] = {"0123456789", "1234567890", "2345678901", "3456789012",
                                        "4567890123"};
    struct store *store = store_at("s");
    for (int i = 0; i < 5; i++) {
        put(store, texts[i], digests[i]);
        age(store, digests[i], (5 - i) * 10 * HOUR_S);
    }
    write_manifest(store, URL, digests[0]);
    return store;
}

/* Which of the five are there: "01..4". */
static void assert_five(const struct store *store, uint8_t digests[5][HASH_BYTES],
                        const char *wanted)
{
    char there[6] = ".....";
    for (int i = 0; i < 5; i++)
        if (store_has(store, digests[i], 10))
            there[i] = (char)('0' + i);
    assert_string_equal(there, wanted);
}

/* Without a quota. */
static void collects_what_nobody_names(void **state)
{
    (void)state;
    uint8_t named[HASH_BYTES], kept[HASH_BYTES], staged[HASH_BYTES], loose[HASH_BYTES],
        fresh[HASH_BYTES];
    struct store *store = store_at("s");
    put(store, "named", named);
    put(store, "kept", kept);
    put(store, "staged", staged);
    put(store, "loose", loose);
    put(store, "fresh", fresh);
    age(store, named, 2 * HOUR_S);
    age(store, kept, 2 * HOUR_S);
    age(store, staged, 2 * HOUR_S);
    age(store, loose, 2 * HOUR_S);
    age(store, fresh, HOUR_S - 60);
    write_manifest(store, URL, named);
    struct manifest *previous = manifest_of(kept), *coming = manifest_of(staged);
    const struct manifest *keep[] = {NULL, previous, coming};
    assert_int_equal(store_collect(store, keep, 3), 1);
    assert_true(store_has(store, named, 5));
    assert_true(store_has(store, kept, 4));
    assert_true(store_has(store, staged, 6));
    assert_false(store_has(store, loose, 5));
    assert_true(store_has(store, fresh, 5));
    assert_int_equal(store_collect(store, keep, 2), 1);
    assert_false(store_has(store, staged, 6));
    store_touch(store, kept); /* without a quota nothing remembers */
    assert_int_equal(store_collect(store, NULL, 0), 1);
    assert_false(store_has(store, kept, 4));
    manifest_destroy(previous);
    manifest_destroy(coming);
    store_close(store);
}

/* The media of the playlist before the one in force: without a quota they stay, with one they go last,
 * and a full disk needs their room. */
static void what_was_in_force_before_stays_as_long_as_there_is_room(void **state)
{
    (void)state;
    char path[PATH_MAX], before[PATH_MAX];
    uint8_t digests[5][HASH_BYTES];
    struct store *store = store_of_five(digests);
    write_manifest(store, URL, digests[3]);
    store_manifest_path(store, URL, path);
    store_previous_path(store, URL, before);
    assert_int_equal(rename(path, before), 0);
    assert_int_equal(store_collect(store, NULL, 0), 4);
    assert_five(store, digests, "...3.");
    fill_disk("s", 0);
    assert_int_equal(store_free_space(store, NULL, 0, 5), 1);
    assert_five(store, digests, ".....");
    store_close(store);
}

/* Media for other shapes than the screen's: the same. In the store's own manifest, and in one that is
 * handed over. */
static void what_the_screen_does_not_need_stays_as_long_as_there_is_room(void **state)
{
    (void)state;
    char path[PATH_MAX];
    uint8_t digests[5][HASH_BYTES];
    struct store *store = store_of_five(digests);
    struct manifest *stored = manifest_of(digests[0]), *handed = manifest_of(digests[3]);
    stored->files[0].path = "a.jpg";
    stored->files[0].spare = handed->files[0].spare = true;
    char *text = manifest_print(stored);
    struct manifest *read = manifest_parse(text, strlen(text), &err);
    assert_true(read && read->files[0].spare);
    store_manifest_path(store, URL, path);
    assert_true(file_replace(path, text, strlen(text), &err));
    const struct manifest *keep[] = {handed};
    assert_int_equal(store_collect(store, keep, 1), 3);
    assert_five(store, digests, "0..3.");
    fill_disk("s", 0);
    assert_int_equal(store_free_space(store, keep, 1, 5), 1);
    assert_five(store, digests, "...3.");
    assert_int_equal(store_free_space(store, keep, 1, 20), 1);
    assert_five(store, digests, ".....");
    manifest_destroy(read);
    manifest_destroy(handed);
    manifest_destroy(stored);
    free(text);
    store_close(store);
}

static void collects_nothing_when_a_manifest_cannot_be_read(void **state)
{
    (void)state;
    uint8_t loose[HASH_BYTES];
    char path[PATH_MAX];
    struct store *store = store_at("s");
    put(store, "loose", loose);
    age(store, loose, 2 * HOUR_S);
    store_manifest_path(store, URL, path);
    mkdir(path, 0755); /* reading it is an error that is neither "missing" nor "garbled" */
    assert_int_equal(store_collect(store, NULL, 0), 0);
    store_set_quota(store, 1);
    assert_int_equal(store_collect(store, NULL, 0), 0);
    fill_disk("s", 0);
    assert_int_equal(store_free_space(store, NULL, 0, 1000), 0);
    assert_true(store_has(store, loose, 5));
    store_close(store);
}

static void a_quota_keeps_a_cache(void **state)
{
    (void)state;
    uint8_t digests[5][HASH_BYTES];
    char name[HASH_TEXT_BYTES], used[sizeof name + 16];
    struct store *store = store_of_five(digests);
    store_set_quota(store, 50);
    assert_int_equal(store_collect(store, NULL, 0), 0);
    store_set_quota(store, 49);
    assert_int_equal(store_collect(store, NULL, 0), 1);
    assert_five(store, digests, "0.234");
    store_touch(store, digests[2]); /* needed until now */
    store_touch(store, digests[1]); /* gone already: there is nothing to remember */
    store_set_quota(store, 29);
    assert_int_equal(store_collect(store, NULL, 0), 2);
    assert_five(store, digests, "0.2..");
    hash_to_text(digests[2], name);
    snprintf(used, sizeof used, "s/used/%s", name);
    assert_int_equal(access(temp_folder_path(used), F_OK), 0);
    hash_to_text(digests[1], name);
    snprintf(used, sizeof used, "s/used/%s", name);
    assert_int_equal(access(temp_folder_path(used), F_OK), -1);
    /* What is needed stays, however small the quota. */
    struct manifest *kept = manifest_of(digests[2]);
    const struct manifest *keep[] = {kept};
    store_set_quota(store, 1);
    assert_int_equal(store_collect(store, keep, 1), 0);
    assert_int_equal(store_collect(store, NULL, 0), 1);
    assert_five(store, digests, "0....");
    manifest_destroy(kept);
    store_close(store);
}

static void left_overs_go_with_or_without_a_quota(void **state)
{
    (void)state;
    static const char *const names[] = {"s/media/rubbish", "s/tmp/p.part", "s/tmp/p.tag",
                                        "s/tmp/p.tag.tmp", "s/tmp/q.part", "s/tmp/q.tag"};
    static const int64_t quotas[] = {0, 1000};
    for (size_t quota = 0; quota < 2; quota++) {
        struct store *store = store_at("s");
        store_set_quota(store, quotas[quota]);
        /* A download may take longer than an hour. */
        struct store_part *part = store_part_begin(store, "q", "\"e\"", &err);
        assert_non_null(part);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            if (i < 4)
                temp_folder_write(names[i], "x");
            set_age(temp_folder_path(names[i]), HOUR_S - 60);
        }
        temp_folder_write("s/tmp/young.part", "x");
        assert_int_equal(store_collect(store, NULL, 0), 0);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            set_age(temp_folder_path(names[i]), HOUR_S + 60);
        assert_int_equal(store_collect(store, NULL, 0), 4);
        assert_int_equal(access(temp_folder_path("s/tmp/young.part"), F_OK), 0);
        assert_int_equal(access(temp_folder_path("s/tmp/q.tag"), F_OK), 0);
        store_part_keep(part);
        assert_int_equal(store_collect(store, NULL, 0), 2);
        store_close(store);
    }
}

static void room_is_made_as_far_as_it_is_needed(void **state)
{
    (void)state;
    uint8_t digests[5][HASH_BYTES];
    struct store *store = store_of_five(digests);
    struct manifest *kept = manifest_of(digests[3]);
    const struct manifest *keep[] = {kept, NULL};
    store_set_quota(store, 1000);
    fill_disk("s", 15);
    assert_int_equal(store_free_space(store, keep, 2, 15), 0);
    assert_int_equal(store_free_space(store, keep, 2, 16), 1);
    assert_five(store, digests, "0.234");
    assert_int_equal(store_free_space(store, keep, 2, 26), 1);
    assert_five(store, digests, "0..34");
    assert_int_equal(store_free_space(store, keep, 2, INT64_MAX), 1);
    assert_five(store, digests, "0..3.");
    assert_int_equal(store_free_space(store, keep, 2, INT64_MAX), 0);
    assert_five(store, digests, "0..3.");
    manifest_destroy(kept);
    store_close(store);
}

/* Not those that are under way. */
static void parts_are_the_last_to_make_room(void **state)
{
    (void)state;
    uint8_t digests[5][HASH_BYTES];
    struct store *store = store_of_five(digests);
    struct store_part *kept = store_part_begin(store, "kept", "\"e\"", &err);
    assert_true(store_part_append(kept, "0123456789", 10, &err));
    store_part_keep(kept);
    struct store_part *under_way = store_part_begin(store, "underway", "\"e\"", &err);
    fill_disk("s", 0);
    assert_int_equal(store_free_space(store, NULL, 0, 40), 4);
    assert_five(store, digests, "0....");
    assert_int_equal(access(temp_folder_path("s/tmp/kept.part"), F_OK), 0);
    assert_int_equal(store_free_space(store, NULL, 0, 41), 2);
    assert_int_not_equal(access(temp_folder_path("s/tmp/kept.part"), F_OK), 0);
    assert_int_equal(access(temp_folder_path("s/tmp/underway.part"), F_OK), 0);
    assert_int_equal(access(temp_folder_path("s/tmp/underway.tag"), F_OK), 0);
    store_part_discard(under_way);
    store_close(store);
}

#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, temp_folder_setup, temp_folder_teardown)

/* From a clock that was years ahead. Its hour begins when it is seen, by the clock of now. */
static void a_time_in_the_future_says_nothing(void **state)
{
    (void)state;
    uint8_t loose[HASH_BYTES], named[HASH_BYTES];
    char path[PATH_MAX];
    struct stat st;
    struct store *store = store_at("s");
    put(store, "loose", loose);
    put(store, "named", named);
    write_manifest(store, URL, named);
    age(store, loose, -24 * 365 * HOUR_S);
    age(store, named, -24 * 365 * HOUR_S);
    temp_folder_write("s/tmp/old.part", "x");
    temp_folder_write("s/media/rubbish", "x");
    set_age(temp_folder_path("s/tmp/old.part"), -24 * 365 * HOUR_S);
    set_age(temp_folder_path("s/media/rubbish"), -24 * 365 * HOUR_S);
    assert_int_equal(store_collect(store, NULL, 0), 0);
    const char *const seen[] = {"s/tmp/old.part", "s/media/rubbish"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(stat(temp_folder_path(seen[i]), &st), 0);
        assert_in_range(st.st_mtim.tv_sec, time(NULL) - 600, time(NULL) + 600);
        set_age(temp_folder_path(seen[i]), HOUR_S + 60);
    }
    store_media_path(store, loose, path);
    assert_int_equal(stat(path, &st), 0);
    assert_in_range(st.st_mtim.tv_sec, time(NULL) - 600, time(NULL) + 600);
    set_age(path, HOUR_S + 60);
    assert_int_equal(store_collect(store, NULL, 0), 3);
    assert_false(store_has(store, loose, 5));
    assert_true(store_has(store, named, 5));
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(collects_what_nobody_names),
        IN_FOLDER(what_was_in_force_before_stays_as_long_as_there_is_room),
        IN_FOLDER(what_the_screen_does_not_need_stays_as_long_as_there_is_room),
        IN_FOLDER(collects_nothing_when_a_manifest_cannot_be_read),
        IN_FOLDER(a_quota_keeps_a_cache),
        IN_FOLDER(left_overs_go_with_or_without_a_quota),
        IN_FOLDER(room_is_made_as_far_as_it_is_needed),
        IN_FOLDER(parts_are_the_last_to_make_room),
        IN_FOLDER(a_time_in_the_future_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
