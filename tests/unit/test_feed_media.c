/* Origins and addresses; web servers are in tests/faults. */
#include "sync/feed/feed_media.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "sample_media.h"

#define ASSETS 8

static char many_texts[ASSETS][32];

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
        is_refused(&medium, "its address is not allowed");
    }
    struct named medium = {"m.mp4", NULL, "x"};
    is_refused(&medium, "its address is not allowed");
    medium = (struct named){"m.mp4", NULL, NULL};
    is_refused(&medium, "lacks its hash and length");
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

/* Many films, in turn at the one and at the other origin. */
static struct playlist *publish_many(const char *even, const char *odd)
{
    struct named media[ASSETS];
    static char paths[ASSETS][32], urls[ASSETS][32];
    for (size_t i = 0; i < ASSETS; i++) {
        char name[64];
        snprintf(many_texts[i], sizeof many_texts[i], "film %zu", i);
        snprintf(urls[i], sizeof urls[i], "../../media/f%zu.mp4", i);
        snprintf(paths[i], sizeof paths[i], "f%zu.mp4", i);
        snprintf(name, sizeof name, "%s/media/f%zu.mp4", i % 2 ? odd : even, i);
        publish(name, many_texts[i]);
        media[i] = (struct named){paths[i], urls[i], many_texts[i]};
    }
    return playlist_of(media, ASSETS);
}

/* Four at a time, and none is forgotten. */
static void many_come_side_by_side(void **state)
{
    (void)state;
    struct playlist *playlist = publish_many("korea", "china");
    const struct feed_media_config config = config_of(playlist);
    struct feed_media *media = create(&config);
    assert_true(bring(media, now_ns));
    for (size_t i = 0; i < ASSETS; i++)
        assert_stored(many_texts[i]);
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

/* An origin that does not answer would cost each medium the same wait. */
static void a_dead_origin_is_not_asked_for_each_medium(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    char dead[64];
    const char *const origins[] = {dead, china};
    struct playlist *playlist = publish_many("china", "china");
    struct feed_media_config config = config_of(playlist);
    config.bases = origins;
    int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(door, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(door, ASSETS), 0);
    assert_int_equal(getsockname(door, (struct sockaddr *)&address, &length), 0);
    snprintf(dead, sizeof dead, "http://127.0.0.1:%d/channels/c/p-1.json", ntohs(address.sin_port));
    struct feed_media *media = create(&config);
    int asked = 0;
    while (!feed_media_step(media, now_ns)) {
        for (int guest; (guest = accept(door, NULL, NULL)) >= 0; asked++)
            close(guest);
        assert_true(fetch_run(fetch, 1, &err));
    }
    assert_in_range(asked, 1, 4); /* those that were started together */
    close(door);
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

/* Most of a film came before it broke off: another origin would have to send it whole. */
static char long_film[3 << 20];

static void what_went_well_for_long_stays_with_its_origin(void **state)
{
    (void)state;
    memset(long_film, 'x', sizeof long_film - 1);
    const struct named medium = {"f.mp4", "../../media/f.mp4", long_film};
    struct playlist *playlist = playlist_of(&medium, 1);
    const struct feed_media_config config = config_of(playlist);
    struct feed_media *media = create(&config);
    publish("korea/media/f.mp4", long_film);
    publish("china/media/f.mp4", long_film);
    assert_false(feed_media_step(media, now_ns));
    assert_true(fetch_run(fetch, 0, &err));
    const struct timespec times[2] = {{1000, 0}, {1000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, temp_folder_path("korea/media/f.mp4"), times, 0), 0);
    assert_false(bring(media, now_ns));
    assert_non_null(strstr(feed_media_trouble(media), "changed while it was read"));
    assert_true(bring(media, now_ns + 5 * SECOND_NS));
    struct manifest *manifest = feed_media_manifest(media);
    assert_non_null(strstr(manifest->files[0].url, "/korea/"));
    manifest_destroy(manifest);
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

/* The playlist's half of a file is no reason for the takeover to wait: it goes on with it. */
static void what_is_held_is_for_others_to_fetch(void **state)
{
    (void)state;
    memset(long_film, 'x', sizeof long_film - 1);
    const struct named one = {"film.mp4", "../../media/f.mp4", long_film};
    struct playlist *playlist = playlist_of(&one, 1);
    const struct feed_media_config config = config_of(playlist);
    publish("korea/media/f.mp4", long_film);
    struct feed_media *media = create(&config);
    assert_false(feed_media_step(media, now_ns));
    assert_true(fetch_run(fetch, 0, &err));
    assert_true(feed_media_is_moving(media));
    feed_media_hold(media, true);
    assert_false(feed_media_is_moving(media));
    assert_int_equal(feed_media_due_ns(media), INT64_MAX);
    struct feed_media *urgent = create(&config);
    assert_true(bring(urgent, now_ns));
    feed_media_destroy(urgent);
    feed_media_hold(media, false);
    assert_true(bring(media, now_ns));
    assert_string_equal(feed_media_trouble(media), "");
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(comes_from_the_first_base),
        CASE(what_fails_at_one_base_comes_from_the_next),
        CASE(waits_once_all_bases_have_failed),
        CASE(a_channel_names_its_media_in_one_place),
        CASE(what_is_allowed_is_taken),
        CASE(many_come_side_by_side),
        CASE(a_dead_origin_is_not_asked_for_each_medium),
        CASE(what_went_well_for_long_stays_with_its_origin),
        CASE(what_is_held_is_for_others_to_fetch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
