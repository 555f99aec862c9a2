/* Media in two folders, and what brings them into a store, by a clock that only goes on when there
 * is nothing to do. */
#ifndef TESTS_SAMPLE_MEDIA_H
#define TESTS_SAMPLE_MEDIA_H

#include "base/file.h"
#include "sync/feed/feed_media.h"

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include "temp_folder.h"

#define SECOND_NS INT64_C(1000000000)
#define STEPS_MAX 1000

static struct err err;
static atomic_bool stop;
static struct fetch *fetch;
static struct store *store;
static char korea[PATH_MAX], china[PATH_MAX];
static const char *const bases[] = {korea, china};
static int64_t now_ns;

/* A medium of a playlist: its bytes are named by their hash where there are any. */
struct named {
    const char *path, *url, *text;
};

/* One medium "the film"; at once, from whichever base has it. */
static const struct named film = {"film.mp4", "../../media/f.mp4", "the film"};

static inline void make_folder(const char *name)
{
    assert_true(file_make_folders(temp_folder_path(name), &err));
}

static inline int setup(void **state)
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
    return fetch && store ? 0 : -1;
}

static inline int teardown(void **state)
{
    fetch_destroy(fetch);
    store_close(store);
    return temp_folder_teardown(state);
}

/* An old file, so that it has a tag. */
static inline void publish(const char *name, const char *text)
{
    const struct timespec times[2] = {{time(NULL) - 60, 0}, {time(NULL) - 60, 0}};
    temp_folder_write(name, text);
    assert_int_equal(utimensat(AT_FDCWD, temp_folder_path(name), times, 0), 0);
}

static inline struct playlist *playlist_of(const struct named *media, size_t count)
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

static inline struct feed_media_config config_of(const struct playlist *playlist)
{
    return (struct feed_media_config){.fetch = fetch,
                                      .store = store,
                                      .bases = bases,
                                      .base_count = 2,
                                      .trusted_only = true,
                                      .playlist = playlist,
                                      .any_bytes = true,
                                      .policy = {5000, 300000},
                                      .stop = &stop};
}

/* Goes on until all are there, or until there is nothing to do before end_ns. */
static inline bool bring(struct feed_media *media, int64_t end_ns)
{
    for (int i = 0; i < STEPS_MAX; i++) {
        if (feed_media_step(media, now_ns))
            return true;
        int64_t due_ns = feed_media_due_ns(media);
        bool moves = feed_media_is_moving(media); /* then time stands still but to read parts */
        if (!moves && due_ns != INT64_MAX && due_ns > end_ns)
            return false;
        if (due_ns != INT64_MAX && due_ns > now_ns && (!moves || due_ns - now_ns < SECOND_NS))
            now_ns = due_ns;
        assert_true(fetch_run(fetch, 0, &err));
    }
    fail_msg("nothing moves: %s", feed_media_trouble(media));
    return false;
}

static inline struct feed_media *create(const struct feed_media_config *config)
{
    struct feed_media *media = feed_media_create(config, NULL, NULL, &err);
    if (!media)
        fail_msg("%s", err.text);
    return media;
}

static inline void assert_stored(const char *text)
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

static inline void is_brought(int64_t within_ns, const char *trouble)
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

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
