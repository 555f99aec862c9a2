/* Files of an unsigned playlist that cannot be had, or are wrong: when they are given up, and how
 * often they are asked for then. */
#include "sync/feed/feed_media.h"

#include "sample_media.h"

static const unsigned char picture[] =
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0\x90w"
    "S\xde\0\0\0\0IEND\xae\x42\x60\x82";

static void publish_bytes(const char *name, const void *bytes, size_t size)
{
    const struct timespec times[2] = {{time(NULL) - 60, 0}, {time(NULL) - 60, 0}};
    FILE *file = fopen(temp_folder_path(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(utimensat(AT_FDCWD, temp_folder_path(name), times, 0), 0);
}

static struct playlist *two_spots(void)
{
    static const char json[] =
        "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"image\":\"../../media/a.png\"},"
        "\"b\":{\"image\":\"../../media/b.png\"}}}";
    static struct playlist_faults faults;
    faults = (struct playlist_faults){0};
    struct playlist *playlist = playlist_parse(json, strlen(json), &faults);
    assert_non_null(playlist);
    playlist_faults_finish(&faults);
    return playlist;
}

static struct feed_media_config unsigned_config(const struct playlist *playlist)
{
    struct feed_media_config config = config_of(playlist);
    config.trusted_only = false;
    config.base_count = 1;
    config.any_bytes = false;
    return config;
}

/* Each wait is up to twice the one before, and no longer than five minutes. */
static void waits_grow(struct feed_media *media, int tries)
{
    int64_t top_ns = 5 * SECOND_NS;
    for (int i = 0; i < tries; i++) {
        int64_t start_ns = now_ns;
        assert_false(bring(media, now_ns));
        assert_in_range(feed_media_due_ns(media), start_ns + top_ns / 2, start_ns + top_ns);
        now_ns = feed_media_due_ns(media);
        top_ns = 2 * top_ns < 300 * SECOND_NS ? 2 * top_ns : 300 * SECOND_NS;
    }
}

static void is_given_up_after_three_tries_and_asked_for_less_and_less_often(void **state)
{
    (void)state;
    struct playlist *playlist = two_spots();
    const struct feed_media_config config = unsigned_config(playlist);
    publish_bytes("korea/media/a.png", picture, sizeof picture - 1);
    publish("korea/media/b.png", "<html>sign in</html>");
    struct feed_media *media = create(&config);
    for (int i = 0; i < 3; i++) {
        assert_false(feed_media_is_settled(media));
        assert_false(bring(media, now_ns));
        now_ns = feed_media_due_ns(media);
    }
    assert_true(feed_media_is_settled(media));
    assert_true(feed_media_can_show(media));
    assert_int_equal(feed_media_done(media), 1);
    assert_false(feed_media_has(media, 1));
    assert_non_null(strstr(feed_media_trouble(media), "not a JPEG, PNG, WebP or GIF picture"));
    struct manifest *manifest = feed_media_manifest(media);
    assert_true(manifest_has_file(&manifest->files[0]));
    assert_false(manifest_has_file(&manifest->files[1]));
    manifest_destroy(manifest);
    feed_media_destroy(media);

    media = create(&config);
    waits_grow(media, 12);
    assert_true(feed_media_is_settled(media));
    publish_bytes("korea/media/b.png", picture, sizeof picture - 1);
    assert_true(bring(media, now_ns));
    assert_int_equal(feed_media_done(media), 2);
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

static void a_repair_goes_on_with_the_waits(void **state)
{
    (void)state;
    struct playlist *playlist = two_spots();
    struct feed_media_config config = unsigned_config(playlist);
    publish_bytes("korea/media/a.png", picture, sizeof picture - 1);
    struct feed_media *media = create(&config);
    for (int i = 0; i < 5; i++) {
        assert_false(bring(media, now_ns));
        now_ns = feed_media_due_ns(media);
    }
    struct manifest *manifest = feed_media_manifest(media);
    config.repairs = true;
    struct feed_media *repair = feed_media_create(&config, manifest, NULL, &err);
    assert_non_null(repair);
    assert_int_equal(feed_media_done(repair), 1); /* without asking */
    feed_media_take_tries(repair, media);
    assert_true(feed_media_is_settled(repair));
    assert_false(bring(repair, now_ns));
    assert_in_range(feed_media_due_ns(repair), now_ns + 80 * SECOND_NS, now_ns + 160 * SECOND_NS);
    publish_bytes("korea/media/b.png", picture, sizeof picture - 1);
    assert_true(bring(repair, feed_media_due_ns(repair)));
    manifest_destroy(manifest);
    feed_media_destroy(repair);
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

/* Whole from outside, and a worker can't show it: asked for again, and shown on until another is
 * there. Bytes that came again are the same ones. */
static void what_no_worker_can_show_is_asked_for(void **state)
{
    (void)state;
    static const unsigned char other[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2"
                                         "\0\0\0\x90wS\xde\0\0\0\1tEXtx\0\0\0\0\0\0\0\0IEND"
                                         "\xae\x42\x60\x82";
    struct playlist *playlist = two_spots();
    const struct feed_media_config config = unsigned_config(playlist);
    publish_bytes("korea/media/a.png", picture, sizeof picture - 1);
    publish_bytes("korea/media/b.png", picture, sizeof picture - 1);
    struct feed_media *media = create(&config);
    assert_true(bring(media, now_ns));
    feed_media_doubt(media, 1, now_ns);
    assert_int_equal(feed_media_done(media), 1);
    assert_true(feed_media_is_settled(media));
    assert_true(feed_media_has(media, 1));
    assert_false(bring(media, now_ns));
    assert_in_range(feed_media_due_ns(media) - now_ns, 5 * SECOND_NS / 2, 5 * SECOND_NS);
    now_ns = feed_media_due_ns(media);
    feed_media_doubt(media, 1, now_ns); /* once more, while it is asked for */
    for (int i = 0; i < 4; i++) {
        int64_t start_ns = now_ns;
        if (i == 2) /* with another date: it comes whole, and is the same */
            assert_int_equal(utimensat(AT_FDCWD, temp_folder_path("korea/media/b.png"),
                                       (struct timespec[2]){{1, 0}, {1, 0}}, 0),
                             0);
        assert_false(bring(media, now_ns));
        assert_in_range(feed_media_due_ns(media) - start_ns, (5 << i) * SECOND_NS,
                        (10 << i) * SECOND_NS);
        now_ns = feed_media_due_ns(media);
        assert_true(feed_media_has(media, 1));
    }
    assert_non_null(strstr(feed_media_trouble(media), "it cannot be shown"));
    struct manifest *manifest = feed_media_manifest(media);
    assert_false(manifest->files[0].unconfirmed);
    assert_true(manifest_has_file(&manifest->files[1]) && manifest->files[1].unconfirmed);
    manifest_destroy(manifest);
    publish_bytes("korea/media/b.png", other, sizeof other - 1);
    assert_true(bring(media, now_ns));
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

static void nothing_to_show_is_known(void **state)
{
    (void)state;
    struct playlist *playlist = two_spots();
    const struct feed_media_config config = unsigned_config(playlist);
    struct feed_media *media = create(&config);
    int64_t end_ns = now_ns + 60 * SECOND_NS;
    assert_false(bring(media, end_ns));
    assert_true(feed_media_is_settled(media));
    assert_false(feed_media_can_show(media));
    feed_media_destroy(media);
    playlist_destroy(playlist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(is_given_up_after_three_tries_and_asked_for_less_and_less_often),
        CASE(a_repair_goes_on_with_the_waits),
        CASE(what_no_worker_can_show_is_asked_for),
        CASE(nothing_to_show_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
