#include "playlist/playlist_compile.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define AA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct playlist_compile_file file_of(const char *path)
{
    struct playlist_compile_file file = {.path = path, .bytes = 7};
    memset(file.sha256, 0xaa, sizeof file.sha256);
    return file;
}

static char *compiled(const char *json, const struct playlist_compile_file *files, size_t count,
                      struct err *err)
{
    const struct playlist_compile with = {"seoul", 43, files, count};
    size_t size = 0;
    char *text = playlist_compile(json, strlen(json), &with, &size, err);
    assert_true(!text || strlen(text) == size);
    return text;
}

static void assert_compiled(const char *json, const struct playlist_compile_file *files,
                            size_t count, const char *wanted)
{
    struct err err = {0};
    char *text = compiled(json, files, count, &err);
    if (!text)
        fail_msg("%s", err.text);
    assert_string_equal(text, wanted);
    free(text);
}

static void assert_refused(const char *json, const struct playlist_compile_file *files,
                           size_t count, const char *words)
{
    struct err err = {0};
    assert_null(compiled(json, files, count, &err));
    if (!strstr(err.text, words))
        fail_msg("\"%s\" has not \"%s\"", err.text, words);
}

/* Blanks, the order of keys and the way numbers are written are the author's. */
static void keeps_the_text(void **state)
{
    (void)state;
    struct playlist_compile_file file = file_of("a.jpg");
    file.width = 30;
    file.height = 20;
    assert_compiled("{ \"spots\" : {\"z\":{\"image\":\"a.jpg\",\"duration\":10.50}},\n"
                    "\t\"format\":\"duckling/1\"\n}\n\n",
                    &file, 1,
                    "{ \"spots\" : {\"z\":{\"image\":\"a.jpg\",\"duration\":10.50}},\n"
                    "\t\"format\":\"duckling/1\",\n"
                    "  \"version\": 43,\n"
                    "  \"channel\": \"seoul\",\n"
                    "  \"files\": {\n"
                    "    \"a.jpg\": {\"sha256\": \"" AA "\", \"bytes\": 7, \"url\": "
                    "\"../../media/" AA ".jpg\", \"width\": 30, \"height\": 20}\n"
                    "  }\n"
                    "}\n");
}

/* What is not known is left out, and a player reads what is there. */
static void tells_of_films(void **state)
{
    (void)state;
    struct playlist_compile_file files[] = {file_of("a.mp4"), file_of("b.mkv")};
    files[0].width = 1920;
    files[0].height = 1080;
    files[0].duration_ms = 14980;
    files[0].fps = 30000 / 1001.0;
    memcpy(files[0].codec, "h264", sizeof "h264");
    files[1].fps = 1000;
    static const char json[] = "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"video\":"
                               "{\"landscape\":\"a.mp4\",\"portrait\":\"b.mkv\"}}}}";
    struct err err = {0};
    struct playlist_faults faults = {0};
    char *text = compiled(json, files, 2, &err);
    if (!text)
        fail_msg("%s", err.text);
    assert_non_null(strstr(text, "\"../../media/" AA ".mp4\", \"width\": 1920, \"height\": 1080, "
                                 "\"duration_ms\": 14980, \"fps\": 29.97003, \"codec\": "
                                 "\"h264\"},\n"));
    assert_non_null(strstr(text, "\"../../media/" AA ".mkv\", \"fps\": 1000}\n"));
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    assert_non_null(playlist);
    assert_int_equal(playlist->assets[0].duration_ms, 14980);
    assert_true(playlist->assets[0].fps > 29.97 && playlist->assets[0].fps < 29.9701);
    assert_string_equal(playlist->assets[0].codec, "h264");
    assert_int_equal(playlist->assets[1].duration_ms, 0);
    assert_null(playlist->assets[1].codec);
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    free(text);
}

/* What a playlist may not say of a film is a mistake of ours, and found. */
static void refuses_what_no_film_has(void **state)
{
    (void)state;
    static const char json[] =
        "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"video\":\"a.mp4\"}}}";
    struct playlist_compile_file file = file_of("a.mp4");
    file.fps = 1001;
    assert_refused(json, &file, 1, "fps");
    file.fps = 0;
    file.duration_ms = PLAYLIST_DURATION_MS_MAX + 1;
    assert_refused(json, &file, 1, "duration_ms");
    file.duration_ms = 0;
    memcpy(file.codec, "h 264", sizeof "h 264");
    assert_refused(json, &file, 1, "codec");
}

static void needs_no_files(void **state)
{
    (void)state;
    assert_compiled("{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"tagline\":\"}\"}}}", NULL, 0,
                    "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"tagline\":\"}\"}},\n"
                    "  \"version\": 43,\n  \"channel\": \"seoul\",\n  \"files\": {}\n}\n");
}

static void drops_a_byte_order_mark(void **state)
{
    (void)state;
    struct err err = {0};
    char *text =
        compiled("\xef\xbb\xbf{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"tagline\":\"A\"}}}",
                 NULL, 0, &err);
    assert_non_null(text);
    assert_int_equal(text[0], '{');
    free(text);
}

static void takes_any_path(void **state)
{
    (void)state;
    static const char path[] = "../b\"작은/곳 {x}.JPG";
    struct playlist_compile_file file = file_of(path);
    struct err err = {0};
    struct playlist_faults faults = {0};
    char name[PLAYLIST_COMPILE_NAME_BYTES];
    char *text =
        compiled("{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"image\":\"../b\\\"작은/곳 "
                 "{x}.JPG\"}}}",
                 &file, 1, &err);
    if (!text)
        fail_msg("%s", err.text);
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    assert_non_null(playlist);
    assert_int_equal(playlist->version, 43);
    assert_string_equal(playlist->channel, "seoul");
    assert_int_equal(playlist->asset_count, 1);
    assert_string_equal(playlist->assets[0].path, path);
    assert_memory_equal(playlist->assets[0].sha256, file.sha256, 32);
    assert_int_equal(playlist->assets[0].size_bytes, 7);
    assert_string_equal(playlist->assets[0].url, "../../media/" AA ".jpg");
    assert_int_equal(playlist->assets[0].width, 0);
    assert_true(playlist_compile_name_of(&playlist->assets[0], name));
    assert_string_equal(name, "media/" AA ".jpg");
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    free(text);
}

static void names_by_hash_and_extension(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a.jpg", ".jpg"},     {"x/a.JPEG", ".jpeg"}, {"a.tar.gz", ".gz"}, {"a.mp4", ".mp4"},
        {"a.abcde", ".abcde"}, {"a.abcdef", ""},      {"a", ""},           {"a.", ""},
        {".jpg", ""},          {"x.y/a", ""},         {"a.j g", ""},       {"a.\xec\x9e\x91", ""},
        {"a.j\xc3\xa9", ""},   {"a.x/y.png", ".png"}, {"a..png", ".png"},  {"..a.png", ".png"},
    };
    const struct playlist_compile_file file = file_of("");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[PLAYLIST_COMPILE_NAME_BYTES], wanted[PLAYLIST_COMPILE_NAME_BYTES];
        snprintf(wanted, sizeof wanted, "media/" AA "%s", rows[i][1]);
        playlist_compile_name(file.sha256, rows[i][0], name);
        assert_string_equal(name, wanted);
    }
}

static void only_media_of_the_channel_have_names(void **state)
{
    (void)state;
    static const char *const urls[] = {NULL,
                                       "a.jpg",
                                       "https://x/../../media/" AA ".jpg",
                                       "../media/" AA ".jpg",
                                       "../../other/" AA ".jpg",
                                       "../../media/" AA AA ".jpg"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct playlist_asset asset = {.url = urls[i]};
        char name[PLAYLIST_COMPILE_NAME_BYTES];
        assert_false(playlist_compile_name_of(&asset, name));
    }
}

static void refuses_what_is_compiled(void **state)
{
    (void)state;
    static const char *const members[] = {
        "\"version\":1",
        "\"channel\":\"a\"",
        "\"files\":{}",
        "\"files\" \t:{}",
    };
    char json[256];
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        snprintf(json, sizeof json,
                 "{\"format\":\"duckling/1\",%s,\"spots\":{\"a\":{\"tagline\":\"A\"}}}",
                 members[i]);
        assert_refused(json, NULL, 0, "compiled already");
    }
    /* Written with an escape, it is found when it is there twice. */
    assert_refused("{\"format\":\"duckling/1\",\"versio\\u006e\":1,\"spots\":{\"a\":{\"tagline\":"
                   "\"A\"}}}",
                   NULL, 0, "version");
    /* Deeper down, and as values, these are words like others. */
    struct err err = {0};
    char *text = compiled("{\"format\":\"duckling/1\",\"name\":\"version\",\"spots\":{\"files\":{"
                          "\"tagline\":\"\\\"version\\\": 3\"},\"version\":{\"tagline\":\"A\"}}}",
                          NULL, 0, &err);
    assert_non_null(text);
    free(text);
}

static void refuses_what_a_player_would(void **state)
{
    (void)state;
    const struct playlist_compile_file file = file_of("a.jpg");
    static const char good[] =
        "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"image\":\"a.jpg\"}}}";
    assert_refused(good, NULL, 0, "files");
    assert_refused("{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"tagline\":\"A\"}}}", &file, 1,
                   "not used by any spot");
    for (size_t size = 0; size < sizeof good - 1; size++) {
        const struct playlist_compile with = {"seoul", 43, &file, 1};
        struct err err = {0};
        size_t made = 0;
        assert_null(playlist_compile(good, size, &with, &made, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
}

/* A playlist of `size` bytes, as good as empty. */
static char *long_playlist(size_t size)
{
    static const char begin[] = "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"tagline\":\"A\"}}";
    char *json = malloc(size + 1);
    assert_non_null(json);
    memset(json, ' ', size);
    memcpy(json, begin, sizeof begin - 1);
    memcpy(json + size - strlen(",\"name\":\"x\"}"), ",\"name\":\"x\"}", sizeof ",\"name\":\"x\"}");
    return json;
}

static void says_when_it_gets_too_large(void **state)
{
    (void)state;
    static const char added[] =
        ",\n  \"version\": 43,\n  \"channel\": \"seoul\",\n  \"files\": {}\n}\n";
    size_t fits = PLAYLIST_BYTES_MAX - strlen(added) + 1; /* its own } is counted in both */
    struct err err = {0};
    char *json = long_playlist(fits), *text = compiled(json, NULL, 0, &err);
    if (!text)
        fail_msg("%s", err.text);
    assert_int_equal(strlen(text), PLAYLIST_BYTES_MAX);
    free(text);
    free(json);
    json = long_playlist(fits + 1);
    assert_refused(json, NULL, 0,
                   "the compiled playlist has 1048577 bytes; at most 1048576 are allowed");
    free(json);
}

static void another_version_is_all_that_changes(void **state)
{
    (void)state;
    const struct playlist_compile_file file = file_of("a.jpg");
    static const char json[] = "{\"format\":\"duckling/1\",\"spots\":{\"version\":{\"image\":"
                               "\"a.jpg\",\"tagline\":\"\\\"version\\\": 43\"}}}";
    struct err err = {0};
    char *first = compiled(json, &file, 1, &err);
    assert_non_null(first);
    size_t size = 0;
    char *again = playlist_compile_again(first, strlen(first), "seoul", 999999999999, &size, &err);
    if (!again)
        fail_msg("%s", err.text);
    assert_int_equal(size, strlen(first) + 10);
    char *back = playlist_compile_again(again, size, "seoul", 43, &size, &err);
    assert_non_null(back);
    assert_string_equal(back, first);
    assert_null(playlist_compile_again(first, strlen(first), "busan", 44, &size, &err));
    assert_non_null(strstr(err.text, "of channel busan"));
    assert_null(playlist_compile_again(json, strlen(json), "seoul", 44, &size, &err));
    assert_non_null(strstr(err.text, "not a compiled one"));
    free(back);
    free(again);
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_text),
        cmocka_unit_test(tells_of_films),
        cmocka_unit_test(refuses_what_no_film_has),
        cmocka_unit_test(needs_no_files),
        cmocka_unit_test(drops_a_byte_order_mark),
        cmocka_unit_test(takes_any_path),
        cmocka_unit_test(names_by_hash_and_extension),
        cmocka_unit_test(only_media_of_the_channel_have_names),
        cmocka_unit_test(refuses_what_is_compiled),
        cmocka_unit_test(refuses_what_a_player_would),
        cmocka_unit_test(says_when_it_gets_too_large),
        cmocka_unit_test(another_version_is_all_that_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
