/* Media from folders, by a clock that only goes on when there is nothing to do; web servers are in
 * tests/faults. */
#include "sync/feed_media.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <cmocka.h>

#include "base/file.h"
#include "temp_folder.h"

#define SECOND_NS INT64_C(1000000000)
#define STEPS_MAX 1000
#define ASSETS_MAX 8

static struct err err;
static atomic_bool stop;
static struct fetch *fetch;
static struct store *store;
static char korea[PATH_MAX], china[PATH_MAX];
static const char *const bases[] = {korea, china};
static int64_t now_ns;
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

static void make_folder(const char *name)
{
    assert_true(file_make_folders(temp_folder_path(name), &err));
}

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    make_folder("korea/channels/c");
    make_folder("korea/media");
    make_folder("china/channels/c");
    make_folder("china/media");
    snprintf(korea, sizeof korea, "%s", temp_folder_path("korea/channels/c/p-1.json"));
    snprintf(china, sizeof china, "%s", temp_folder_path("china/channels/c/p-1.json"));
    fetch = fetch_create(NULL, &err);
    store = store_open(temp_folder_path("store"), &err);
    now_ns = 1000 * SECOND_NS;
    disk_room_bytes = -1;
    written_bytes = 0;
    return fetch && store ? 0 : -1;
}

static int teardown(void **state)
{
    fetch_destroy(fetch);
    store_close(store);
    return temp_folder_teardown(state);
}

/* An old file, so that it has a tag. */
static void publish(const char *name, const char *text)
{
    const struct timespec times[2] = {{time(NULL) - 60, 0}, {time(NULL) - 60, 0}};
    temp_folder_write(name, text);
    assert_int_equal(utimensat(AT_FDCWD, temp_folder_path(name), times, 0), 0);
}

/* A medium of a playlist: its bytes are named by their hash where there are any. */
struct named {
    const char *path, *url, *text;
};

static struct playlist *playlist_of(const struct named *media, size_t count)
{
    char spots[4096] = "", files[8192] = "", json[16384];
    for (size_t i = 0; i < count; i++) {
        uint8_t digest[HASH_BYTES];
        char hash[HASH_TEXT_BYTES];
        size_t at = strlen(spots);
        snprintf(spots + at, sizeof spots - at, "%s\"s%zu\":{\"video\":\"%s\"}", i ? "," : "", i,
                 media[i].path);
        if (!media[i].text)
            continue;
        assert_true(hash_bytes(media[i].text, strlen(media[i].text), digest));
        hash_to_text(digest, hash);
        at = strlen(files);
        snprintf(files + at, sizeof files - at, "%s\"%s\":{\"sha256\":\"%s\",\"bytes\":%zu%s%s%s}",
                 i ? "," : "", media[i].path, hash, strlen(media[i].text),
                 media[i].url ? ",\"url\":\"" : "", media[i].url ? media[i].url : "",
                 media[i].url ? "\"" : "");
    }
    snprintf(json, sizeof json, "{\"format\":\"duckling/1\",\"spots\":{%s}%s%s%s}", spots,
             files[0] ? ",\"version\":1,\"channel\":\"c\",\"files\":{" : "", files,
             files[0] ? "}" : "");
    static struct playlist_faults faults;
    faults = (struct playlist_faults){0};
    struct playlist *playlist = playlist_parse(json, strlen(json), &faults);
    if (!playlist)
        fail_msg("%s: %s", faults.items[0].path, faults.items[0].text);
    playlist_faults_finish(&faults);
    return playlist;
}

static struct feed_media_config config_of(const struct playlist *playlist)
{
    return (struct feed_media_config){.fetch = fetch,
                                      .store = store,
                                      .bases = bases,
                                      .base_count = 2,
                                      .trusted_only = true,
                                      .playlist = playlist,
                                      .policy = {5000, 300000},
                                      .stop = &stop};
}

/* Goes on until all are there, or until there is nothing to do before end_ns. */
static bool bring(struct feed_media *media, int64_t end_ns)
{
    for (int i = 0; i < STEPS_MAX; i++) {
        if (feed_media_step(media, now_ns))
            return true;
        int64_t due_ns = feed_media_due_ns(media);
        if (due_ns != INT64_MAX && due_ns > end_ns)
            return false;
        if (due_ns != INT64_MAX && due_ns > now_ns)
            now_ns = due_ns;
        assert_true(fetch_run(fetch, 0, &err));
    }
    fail_msg("nothing moves: %s", feed_media_trouble(media));
    return false;
}

static struct feed_media *create(const struct feed_media_config *config)
{
    struct feed_media *media = feed_media_create(config, NULL, NULL, &err);
    if (!media)
        fail_msg("%s", err.text);
    return media;
}

static void assert_stored(const char *text)
{
    uint8_t digest[HASH_BYTES];
    char path[PATH_MAX];
    char *bytes;
    size_t size;
    assert_true(hash_bytes(text, strlen(text), digest));
    store_media_path(store, digest, path);
    assert_true(file_read(path, 100000, &bytes, &size, &err));
    assert_string_equal(bytes, text);
    free(bytes);
}

/* One medium "the film"; at once, from whichever base has it. */
static const struct named film = {"film.mp4", "../../media/f.mp4", "the film"};

static void is_brought(int64_t within_ns, const char *trouble)
{
    struct playlist *playlist = playlist_of(&film, 1);
    const struct feed_media_config config = config_of(playlist);
    struct feed_media *media = create(&config);
    int64_t end_ns = now_ns + within_ns;
    assert_true(bring(media, end_ns));
    assert_int_equal(feed_media_done(media), 1);
    assert_int_equal(feed_media_due_ns(media), INT64_MAX);
    if (trouble)
        assert_non_null(strstr(feed_media_trouble(media), trouble));
    else
        assert_string_equal(feed_media_trouble(media), "");
    assert_stored("the film");
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

static void comes_from_the_first_base(void **state)
{
    (void)state;
    publish("korea/media/f.mp4", "the film");
    publish("china/media/f.mp4", "la film!");
    is_brought(0, NULL);
}

/* Each without a wait. */
static void what_fails_at_one_base_comes_from_the_next(void **state)
{
    (void)state;
    publish("china/media/f.mp4", "the film");
    is_brought(0, "film.mp4: there is no such file");
    static const char *const cases[][2] = {
        {"the fill", "film.mp4: hash mismatch: "},
        {"the fil", "film.mp4: wrong length: not the 8 bytes"},
        {"", "film.mp4: wrong length: not the 8 bytes"},
        {"the film!", "film.mp4: too large: larger than the 8 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t digest[HASH_BYTES];
        assert_true(hash_bytes("the film", 8, digest));
        store_remove(store, digest);
        publish("korea/media/f.mp4", cases[i][0]);
        is_brought(0, cases[i][1]);
    }
}

static void waits_once_all_bases_have_failed(void **state)
{
    (void)state;
    struct playlist *playlist = playlist_of(&film, 1);
    const struct feed_media_config config = config_of(playlist);
    struct feed_media *media = create(&config);
    int64_t start_ns = now_ns;
    publish("korea/media/f.mp4", "the fill");
    assert_false(bring(media, now_ns));
    assert_int_equal(now_ns, start_ns);
    assert_non_null(strstr(feed_media_trouble(media), "no such file")); /* in China, the last */
    assert_in_range(feed_media_due_ns(media), start_ns + 5 * SECOND_NS / 2,
                    start_ns + 5 * SECOND_NS);
    publish("china/media/f.mp4", "the film");
    assert_true(bring(media, start_ns + 5 * SECOND_NS));
    assert_int_not_equal(now_ns, start_ns);
    assert_stored("the film");
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

static void is_refused(const struct named *medium, const char *words)
{
    struct playlist *playlist = playlist_of(medium, 1);
    const struct feed_media_config config = config_of(playlist);
    err = (struct err){0};
    assert_null(feed_media_create(&config, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_TRUST);
    if (!strstr(err.text, words) || !strstr(err.text, medium->path))
        fail_msg("%s", err.text);
    playlist_destroy(playlist);
}

static void a_channel_names_its_media_in_one_place(void **state)
{
    (void)state;
    static const char *const urls[] = {"../../media/../../etc/passwd",
                                       "../../media/",
                                       "../../media/.htaccess",
                                       "../../media/..",
                                       "../../media/a/b.mp4",
                                       "../../media/a%2fb.mp4",
                                       "../../media/a.mp4?x=1",
                                       "../media/a.mp4",
                                       "../../../media/a.mp4",
                                       "../../medias/a.mp4",
                                       "/media/a.mp4",
                                       "media/a.mp4",
                                       "a.mp4",
                                       "//h/media/a.mp4",
                                       "../../media//a.mp4",
                                       "../../media/a.mp4#x",
                                       "./../../media/a.mp4",
                                       "../../media/~a.mp4"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct named medium = {"m.mp4", urls[i], "x"};
        is_refused(&medium, "an address that is not allowed");
    }
    struct named medium = {"m.mp4", NULL, "x"};
    is_refused(&medium, "an address that is not allowed");
    medium = (struct named){"m.mp4", NULL, NULL};
    is_refused(&medium, "does not name its hash and length");
    /* A folder stays a folder. */
    medium = (struct named){"m.mp4", "http://127.0.0.1/a.mp4", "x"};
    is_refused(&medium, "leads out of the folder");
}

static void what_is_allowed_is_taken(void **state)
{
    (void)state;
    static const char *const urls[] = {"../../media/0aF-_.x.mp4", "https://h/a.mp4?x=1",
                                       "http://h/a.mp4"};
    static const char *const web[] = {"http://k/channels/c/p-1.json"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct named medium = {"m.mp4", urls[i], "x"};
        struct playlist *playlist = playlist_of(&medium, 1);
        struct feed_media_config config = config_of(playlist);
        config.bases = web;
        config.base_count = 1;
        feed_media_destroy(create(&config));
        playlist_destroy(playlist);
    }
}

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
    assert_non_null(strstr(feed_media_trouble(media), "film.mp4: writing to the store: No space"));
    disk_room_bytes = 8;
    publish("china/media/f.mp4", "the film");
    assert_true(bring(media, now_ns + 5 * SECOND_NS));
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

/* Many films, one origin that lacks them all: four at a time, and none is forgotten. */
static void many_come_side_by_side(void **state)
{
    (void)state;
    struct named media[ASSETS_MAX];
    static char texts[ASSETS_MAX][32], urls[ASSETS_MAX][32], paths[ASSETS_MAX][32];
    for (size_t i = 0; i < ASSETS_MAX; i++) {
        char name[64];
        snprintf(texts[i], sizeof texts[i], "film %zu", i);
        snprintf(urls[i], sizeof urls[i], "../../media/f%zu.mp4", i);
        snprintf(paths[i], sizeof paths[i], "f%zu.mp4", i);
        snprintf(name, sizeof name, "%s/media/f%zu.mp4", i % 2 ? "china" : "korea", i);
        publish(name, texts[i]);
        media[i] = (struct named){paths[i], urls[i], texts[i]};
    }
    struct playlist *playlist = playlist_of(media, ASSETS_MAX);
    const struct feed_media_config config = config_of(playlist);
    struct feed_media *under_way = create(&config);
    assert_true(bring(under_way, now_ns));
    for (size_t i = 0; i < ASSETS_MAX; i++)
        assert_stored(texts[i]);
    feed_media_destroy(under_way);
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

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(comes_from_the_first_base),
        CASE(what_fails_at_one_base_comes_from_the_next),
        CASE(waits_once_all_bases_have_failed),
        CASE(a_channel_names_its_media_in_one_place),
        CASE(what_is_allowed_is_taken),
        CASE(two_paths_with_one_content_are_one_file),
        CASE(two_playlists_fetch_one_file_once),
        CASE(what_the_store_has_is_not_fetched),
        CASE(a_manifest_names_what_is_to_come),
        CASE(a_part_that_is_whole_is_taken),
        CASE(a_part_that_is_wrong_is_dropped),
        CASE(a_part_of_another_base_begins_anew),
        CASE(a_full_disk_is_cleared_first),
        CASE(a_disk_that_stays_full_is_told),
        CASE(many_come_side_by_side),
        CASE(an_untrusted_playlist_needs_no_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
