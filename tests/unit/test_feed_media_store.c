/* What the store has, parts of files, and a full disk. */
#include "sync/feed/feed_media.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "sample_media.h"

static int64_t disk_room_bytes; /* how much may still be written to the store; -1: any amount */
static int64_t written_bytes;

/* In place of libc's: a disk that fills up. */
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    if (disk_room_bytes >= 0 && (int64_t)size > disk_room_bytes) {
        errno = ENOSPC;
        return -1;
    }
    disk_room_bytes -= disk_room_bytes >= 0 ? (int64_t)size : 0;
    written_bytes += (int64_t)size;
    return syscall(SYS_pwrite64, fd, data, size, offset);
}

int statvfs(const char *path, struct statvfs *fs)
{
    (void)path;
    *fs = (struct statvfs){.f_bsize = 1, .f_frsize = 1};
    fs->f_bavail = disk_room_bytes < 0 ? 1000000000 : (fsblkcnt_t)disk_room_bytes;
    return 0;
}

/* What is removed makes room. */
int unlinkat(int folder, const char *name, int flags)
{
    struct stat st;
    if (disk_room_bytes >= 0 && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        disk_room_bytes += st.st_size;
    return (int)syscall(SYS_unlinkat, folder, name, flags);
}

static int setup_disk(void **state)
{
    disk_room_bytes = -1;
    written_bytes = 0;
    return setup(state);
}

#define DISK_CASE(test) cmocka_unit_test_setup_teardown(test, setup_disk, teardown)

static void two_paths_with_one_content_are_one_file(void **state)
{
    (void)state;
    const struct named media[] = {film, {"again.mp4", "../../media/g.mp4", "the film"}};
    struct playlist *playlist = playlist_of(media, 2);
    const struct feed_media_config config = config_of(playlist);
    publish("korea/media/f.mp4", "the film");
    publish("korea/media/g.mp4", "the film");
    struct feed_media *under_way = create(&config);
    assert_true(bring(under_way, now_ns));
    assert_int_equal(feed_media_done(under_way), 2);
    assert_stored("the film");
    assert_int_equal(written_bytes, 8);
    feed_media_destroy(under_way);
    playlist_destroy(playlist);
}

/* A channel's playlist and its takeover may want the same file at the same time. */
static void two_playlists_fetch_one_file_once(void **state)
{
    (void)state;
    struct playlist *playlist = playlist_of(&film, 1);
    const struct feed_media_config config = config_of(playlist);
    publish("korea/media/f.mp4", "the film");
    struct feed_media *first = create(&config), *second = create(&config);
    assert_false(feed_media_step(first, now_ns));
    assert_false(feed_media_step(second, now_ns));
    for (int i = 0; i < STEPS_MAX; i++) {
        bool done = feed_media_step(first, now_ns);
        if (feed_media_step(second, now_ns) && done)
            break;
        now_ns += SECOND_NS / 10;
        assert_true(fetch_run(fetch, 0, &err));
    }
    assert_int_equal(feed_media_done(first) + feed_media_done(second), 2);
    assert_string_equal(feed_media_trouble(first), "");
    assert_string_equal(feed_media_trouble(second), "");
    assert_int_equal(written_bytes, 8);
    feed_media_destroy(first);
    feed_media_destroy(second);
    playlist_destroy(playlist);
}

static void what_the_store_has_is_not_fetched(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    assert_true(store_add(store, "the film", 8, digest, &err));
    struct playlist *playlist = playlist_of(&film, 1);
    const struct feed_media_config config = config_of(playlist);
    struct feed_media *media = create(&config);
    assert_int_equal(feed_media_done(media), 1);
    assert_true(feed_media_step(media, now_ns));
    struct manifest *manifest = feed_media_manifest(media);
    assert_false(manifest->files[0].fresh);
    manifest_destroy(manifest);
    /* Until it is lost. */
    store_remove(store, digest);
    publish("china/media/f.mp4", "the film");
    assert_false(feed_media_confirm(media));
    assert_true(bring(media, now_ns));
    assert_true(feed_media_confirm(media));
    manifest = feed_media_manifest(media);
    assert_true(manifest->files[0].fresh);
    assert_memory_equal(manifest->files[0].sha256, digest, HASH_BYTES);
    assert_int_equal(manifest->files[0].size_bytes, 8);
    assert_string_equal(manifest->files[0].path, "film.mp4");
    assert_non_null(strstr(manifest->files[0].url, "/china/channels/c/../../media/f.mp4"));
    manifest_destroy(manifest);
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

/* What is not there yet is named by the playlist's hash: so it stays when it comes. */
static void a_manifest_names_what_is_to_come(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    assert_true(hash_bytes("the film", 8, digest));
    struct playlist *playlist = playlist_of(&film, 1);
    const struct feed_media_config config = config_of(playlist);
    struct feed_media *media = create(&config);
    struct manifest *manifest = feed_media_manifest(media);
    assert_memory_equal(manifest->files[0].sha256, digest, HASH_BYTES);
    assert_false(manifest->files[0].fresh);
    manifest_destroy(manifest);
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

/* The power went between the last byte and the switch of names: no server is needed. */
static void a_part_that_is_whole_is_taken(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    char name[HASH_TEXT_BYTES];
    assert_true(hash_bytes("the film", 8, digest));
    hash_to_text(digest, name);
    struct store_part *part = store_part_begin(store, name, "\"e\"", &err);
    assert_true(store_part_append(part, "the film", 8, &err));
    store_part_keep(part);
    is_brought(0, NULL);
}

static void a_part_that_is_wrong_is_dropped(void **state)
{
    (void)state;
    static const char *const texts[] = {"the fill", "the film and more"};
    uint8_t digest[HASH_BYTES];
    char name[HASH_TEXT_BYTES];
    assert_true(hash_bytes("the film", 8, digest));
    hash_to_text(digest, name);
    publish("korea/media/f.mp4", "the film");
    for (size_t i = 0; i < 2; i++) {
        store_remove(store, digest);
        struct store_part *part = store_part_begin(store, name, "\"e\"", &err);
        assert_true(store_part_append(part, texts[i], strlen(texts[i]), &err));
        store_part_keep(part);
        is_brought(0, NULL);
    }
}

/* The first half came from Korea; China has other tags, and sends it whole. */
static void a_part_of_another_base_begins_anew(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    char name[HASH_TEXT_BYTES];
    assert_true(hash_bytes("the film", 8, digest));
    hash_to_text(digest, name);
    publish("china/media/f.mp4", "the film");
    struct store_part *part = store_part_begin(store, name, "\"korea\"", &err);
    assert_true(store_part_append(part, "the f", 5, &err));
    store_part_keep(part);
    written_bytes = 0;
    is_brought(0, "no such file");
    assert_int_equal(written_bytes, 8);
}

static void a_full_disk_is_cleared_first(void **state)
{
    (void)state;
    uint8_t needless[HASH_BYTES], needed[HASH_BYTES];
    struct playlist *playlist = playlist_of(&film, 1);
    struct feed_media_config config = config_of(playlist);
    assert_true(store_add(store, "nobody needs this", 17, needless, &err));
    assert_true(store_add(store, "somebody does", 13, needed, &err));
    struct manifest *manifest = manifest_create(1);
    memcpy(manifest->files[0].sha256, needed, HASH_BYTES);
    const struct manifest *const keep[] = {NULL, manifest};
    config.keep = keep;
    config.keep_count = 2;
    publish("korea/media/f.mp4", "the film");
    disk_room_bytes = 0;
    struct feed_media *media = create(&config);
    assert_true(bring(media, now_ns));
    assert_string_equal(feed_media_trouble(media), ""); /* nobody need know */
    assert_stored("the film");
    assert_false(store_has(store, needless, 17));
    assert_true(store_has(store, needed, 13));
    feed_media_destroy(media);
    manifest_destroy(manifest);
    playlist_destroy(playlist);
}

static void a_disk_that_stays_full_is_told(void **state)
{
    (void)state;
    struct playlist *playlist = playlist_of(&film, 1);
    const struct feed_media_config config = config_of(playlist);
    publish("korea/media/f.mp4", "the film");
    disk_room_bytes = 0;
    struct feed_media *media = create(&config);
    assert_false(bring(media, now_ns));
    assert_non_null(
        strstr(feed_media_trouble(media), "film.mp4: cannot write to the store: No space"));
    disk_room_bytes = 8;
    publish("china/media/f.mp4", "the film");
    assert_true(bring(media, now_ns + 5 * SECOND_NS));
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

/* Without hashes, as from a plain URL: what came from an address stays what it is. */
static void an_untrusted_playlist_needs_no_hashes(void **state)
{
    (void)state;
    const struct named medium = {"../../media/f.mp4", NULL, NULL};
    struct playlist *playlist = playlist_of(&medium, 1);
    struct feed_media_config config = config_of(playlist);
    config.trusted_only = false;
    config.base_count = 1;
    publish("korea/media/f.mp4", "the film");
    struct feed_media *first = create(&config);
    assert_true(bring(first, now_ns));
    assert_stored("the film");
    written_bytes = 0;
    struct feed_media *second = feed_media_create(&config, NULL, first, &err);
    assert_true(bring(second, now_ns));
    assert_int_equal(written_bytes, 0);
    struct manifest *known = feed_media_manifest(first);
    struct feed_media *third = feed_media_create(&config, known, NULL, &err);
    publish("korea/media/f.mp4", "the sequel");
    assert_true(bring(third, now_ns));
    assert_stored("the sequel");
    manifest_destroy(known);
    feed_media_destroy(first);
    feed_media_destroy(second);
    feed_media_destroy(third);
    playlist_destroy(playlist);
}

/* What has come already is as needed as what is to come. */
static void a_full_disk_keeps_what_has_come(void **state)
{
    (void)state;
    uint8_t needless[HASH_BYTES], come[HASH_BYTES];
    const struct named media[] = {film, {"sequel.mp4", "../../media/s.mp4", "the sequel"}};
    struct playlist *playlist = playlist_of(media, 2);
    const struct feed_media_config config = config_of(playlist);
    assert_true(store_add(store, "the film", 8, come, &err));
    assert_true(store_add(store, "nobody needs this", 17, needless, &err));
    publish("korea/media/s.mp4", "the sequel");
    struct feed_media *under_way = create(&config);
    assert_int_equal(feed_media_done(under_way), 1);
    disk_room_bytes = 0;
    assert_true(bring(under_way, now_ns));
    assert_true(store_has(store, come, 8));
    assert_false(store_has(store, needless, 17));
    feed_media_destroy(under_way);
    playlist_destroy(playlist);
}

/* Each step reads a few megabytes, and the feed may end in between, at no cost to the part. */
static void a_long_part_is_read_in_stretches(void **state)
{
    (void)state;
    static char long_film[(17 << 20) + 1];
    uint8_t digest[HASH_BYTES];
    char name[HASH_TEXT_BYTES];
    memset(long_film, 'x', sizeof long_film - 1);
    const size_t size = sizeof long_film - 1;
    const struct named medium = {"f.mp4", "../../media/f.mp4", long_film};
    struct playlist *playlist = playlist_of(&medium, 1);
    const struct feed_media_config config = config_of(playlist);
    assert_true(hash_bytes(long_film, size, digest));
    hash_to_text(digest, name);
    publish("korea/media/f.mp4", long_film);
    struct store_part *part = store_part_begin(store, name, "\"e\"", &err);
    assert_true(store_part_append(part, long_film, size, &err));
    store_part_keep(part);
    struct feed_media *first = create(&config);
    for (int i = 0; i < 3; i++) {
        assert_false(feed_media_step(first, now_ns));
        int64_t due_ns = feed_media_due_ns(first);
        assert_in_range(due_ns, now_ns, now_ns + SECOND_NS / 10);
        now_ns = due_ns;
    }
    feed_media_destroy(first);
    written_bytes = 0;
    struct feed_media *second = create(&config);
    int steps = 1;
    while (!feed_media_step(second, now_ns)) {
        assert_in_range(++steps, 1, 10);
        now_ns = feed_media_due_ns(second);
    }
    assert_true(steps >= 4);
    assert_int_equal(written_bytes, 0); /* all of it came from the part */
    assert_true(store_has(store, digest, (int64_t)size));
    assert_string_equal(feed_media_trouble(second), "");
    feed_media_destroy(second);
    playlist_destroy(playlist);
}

/* While parts are read again, other media come. */
static void reading_a_part_holds_up_nobody(void **state)
{
    (void)state;
    static char long_film[(9 << 20) + 1];
    uint8_t digest[HASH_BYTES];
    char name[HASH_TEXT_BYTES];
    memset(long_film, 'y', sizeof long_film - 1);
    const struct named media[] = {{"l.mp4", "../../media/l.mp4", long_film}, film};
    struct playlist *playlist = playlist_of(media, 2);
    const struct feed_media_config config = config_of(playlist);
    assert_true(hash_bytes(long_film, sizeof long_film - 1, digest));
    hash_to_text(digest, name);
    publish("korea/media/l.mp4", long_film);
    publish("korea/media/f.mp4", "the film");
    struct store_part *part = store_part_begin(store, name, "\"e\"", &err);
    assert_true(store_part_append(part, long_film, sizeof long_film - 1, &err));
    store_part_keep(part);
    struct feed_media *under_way = create(&config);
    for (int i = 0; i < STEPS_MAX && feed_media_done(under_way) == 0; i++) {
        assert_false(feed_media_step(under_way, now_ns)); /* the clock stands: the long one waits */
        assert_true(fetch_run(fetch, 0, &err));
    }
    assert_stored("the film");
    assert_true(bring(under_way, now_ns + SECOND_NS));
    assert_true(store_has(store, digest, (int64_t)sizeof long_film - 1));
    feed_media_destroy(under_way);
    playlist_destroy(playlist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK_CASE(two_paths_with_one_content_are_one_file),
        DISK_CASE(two_playlists_fetch_one_file_once),
        DISK_CASE(what_the_store_has_is_not_fetched),
        DISK_CASE(a_manifest_names_what_is_to_come),
        DISK_CASE(a_part_that_is_whole_is_taken),
        DISK_CASE(a_part_that_is_wrong_is_dropped),
        DISK_CASE(a_part_of_another_base_begins_anew),
        DISK_CASE(a_full_disk_is_cleared_first),
        DISK_CASE(a_disk_that_stays_full_is_told),
        DISK_CASE(a_full_disk_keeps_what_has_come),
        DISK_CASE(an_untrusted_playlist_needs_no_hashes),
        DISK_CASE(a_long_part_is_read_in_stretches),
        DISK_CASE(reading_a_part_holds_up_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
