/* How large a playlist may be, from both sides of each limit, and what happens when memory runs
 * out. */
#include "playlist/playlist_internal.h"
#include "playlist/playlist_scan.h"

#include <jansson.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A text that grows. */
struct text {
    char *bytes;
    size_t length, room;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert_true(length >= 0);
    if (text->length + (size_t)length >= text->room) {
        text->room = 2 * (text->length + (size_t)length) + 64;
        text->bytes = realloc(text->bytes, text->room);
        assert_non_null(text->bytes);
    }
    va_start(args, format);
    vsnprintf(text->bytes + text->length, text->room - text->length, format, args);
    va_end(args);
    text->length += (size_t)length;
}

static void put_many(struct text *text, const char *piece, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(text, "%s", piece);
}

/* Parses and frees the text. With `path` NULL it must be right; else its first fault is there and
 * has the words. */
static void expect(struct text *text, const char *path, const char *words)
{
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    assert_non_null(faults);
    struct playlist *playlist = playlist_parse(text->bytes, text->length, faults);
    const struct playlist_fault *first = &faults->items[0];
    if (!path && !playlist)
        fail_msg("%s: %s", first->path, first->text);
    if (path && playlist)
        fail_msg("no fault at %s (%s)", path, words);
    if (path && (strcmp(first->path, path) != 0 || !strstr(first->text, words)))
        fail_msg("\"%s: %s\" is not \"%s: ...%s...\"", first->path, first->text, path, words);
    playlist_destroy(playlist);
    playlist_faults_finish(faults);
    free(faults);
    free(text->bytes);
    *text = (struct text){.bytes = NULL};
}

#define START "{\"format\":\"duckling/1\","
#define SPOT "\"spots\":{\"a\":{\"tagline\":\"x\"}}"

static void bytes_of_the_file(void **state)
{
    (void)state;
    struct text text = {.bytes = NULL};
    put(&text, START SPOT "}");
    put(&text, "%*s", (int)(PLAYLIST_BYTES_MAX - text.length), "");
    assert_int_equal(text.length, PLAYLIST_BYTES_MAX);
    expect(&text, NULL, NULL);

    put(&text, START SPOT "}");
    put(&text, "%*s", (int)(PLAYLIST_BYTES_MAX + 1 - text.length), "");
    expect(&text, "$", "the file has 1048577 bytes; at most 1048576 are allowed");

    put(&text, "%*s", 20000000, "");
    expect(&text, "$", "the file has 20000000 bytes");
}

/* Objects and lists inside one another, the playlist itself being the first. */
static void put_nested(struct text *text, size_t depth)
{
    put(text, START SPOT ",\"b\":{\"c d\":[0,");
    put_many(text, "[", depth - 3);
    put_many(text, "]", depth - 3);
    put(text, "]}}");
}

static void depth(void **state)
{
    (void)state;
    struct text text = {.bytes = NULL};
    put_nested(&text, 16);
    expect(&text, "$.b", "unknown key");
    put_nested(&text, 17);
    expect(&text, "$.b[\"c d\"][1][0][0][0][0][0][0][0][0][0][0][0][0][0]",
           "line 1: objects and lists are nested more than 16 deep");
    put_nested(&text, 10000);
    expect(&text, "$.b[\"c d\"][1][0][0][0][0][0][0][0][0][0][0][0][0][0]", "more than 16");
    /* Not even closed, and with keys that are no keys. */
    put_many(&text, "{\"\\ud800\":", 10000);
    expect(&text,
           "$[\"\"][\"\"][\"\"][\"\"][\"\"][\"\"][\"\"][\"\"][\"\"][\"\"][\"\"][\"\"][\"\"][\"\"]["
           "\"\"][\"\"]",
           "more than 16");
    /* Brackets in texts are not nesting. */
    put(&text, START "\"spots\":{\"a\":{\"tagline\":\"\\\"[[[[[[[[[[[[[[[[[[{{{{{{\"}}}");
    expect(&text, NULL, NULL);
}

static void objects_and_lists(void **state)
{
    (void)state;
    struct text text = {.bytes = NULL};
    /* The playlist, `spots`, a spot and the list are four. */
    put(&text, START SPOT ",\"b\":[0");
    put_many(&text, ",{}", PLAYLIST_CONTAINERS_MAX - 4);
    put(&text, "]}");
    expect(&text, "$.b", "unknown key");
    put(&text, START SPOT ",\"b\":[0");
    put_many(&text, ",{}", PLAYLIST_CONTAINERS_MAX - 3);
    put(&text, "]}");
    expect(&text, "$", "the playlist has more than 65536 objects and lists");
}

static void spots(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        struct text text = {.bytes = NULL};
        put(&text, START "\"spots\":{\"0\":{\"tagline\":\"x\"}");
        for (int i = 1; i < PLAYLIST_SPOTS_MAX + extra; i++)
            put(&text, ",\"%d\":{\"tagline\":\"x\"}", i);
        put(&text, "}}");
        expect(&text, extra ? "$.spots" : NULL, "has 4097 spots; at most 4096 are allowed");
    }
}

static void files(void **state)
{
    (void)state;
    struct text text = {.bytes = NULL};
    put(&text, START "\"spots\":{\"0\":{\"image\":\"f0\"}");
    for (int i = 1; i < 1000; i++)
        put(&text, ",\"%d\":{\"image\":\"f%d\"}", i, i % 300);
    put(&text, "}}");
    struct playlist_faults faults = {.count = 0};
    struct playlist *playlist = playlist_parse(text.bytes, text.length, &faults);
    assert_non_null(playlist);
    assert_int_equal(playlist->asset_count, 300);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(playlist->spots[i].assets[SHAPE_LANDSCAPE], i % 300);
        assert_int_equal(playlist->spots[i].assets[SHAPE_PORTRAIT], i % 300);
    }
    assert_string_equal(playlist->assets[299].path, "f299");
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    free(text.bytes);
}

static void loops(void **state)
{
    (void)state;
    struct text text = {.bytes = NULL};
    for (int extra = 0; extra < 2; extra++) {
        put(&text, START SPOT ",\"loops\":{\"0\":[\"a\"]");
        for (int i = 1; i < PLAYLIST_LOOPS_MAX + extra; i++)
            put(&text, ",\"%d\":[\"a\"]", i);
        put(&text, "}}");
        expect(&text, extra ? "$.loops" : NULL, "has 1025 loops; at most 1024 are allowed");
    }
    for (size_t extra = 0; extra < 2; extra++) {
        put(&text, START SPOT ",\"loops\":{\"l\":[\"a\"");
        put_many(&text, ",\"a\"", PLAYLIST_LOOP_LENGTH_MAX - 1 + extra);
        put(&text, "]}}");
        expect(&text, extra ? "$.loops.l" : NULL, "has 4097 spots; at most 4096 are allowed");
    }
}

static void schedule_and_styles(void **state)
{
    (void)state;
    struct text text = {.bytes = NULL};
    for (size_t extra = 0; extra < 2; extra++) {
        put(&text, START SPOT ",\"loops\":{\"l\":[\"a\"]},\"schedule\":[{\"loop\":\"l\"}");
        put_many(&text, ",{\"loop\":\"l\"}", PLAYLIST_SCHEDULE_MAX - 1 + extra);
        put(&text, "]}");
        expect(&text, extra ? "$.schedule" : NULL, "has 1025 entries; at most 1024 are allowed");
    }
    for (int extra = 0; extra < 2; extra++) {
        put(&text, START SPOT ",\"styles\":{\"0\":{}");
        for (int i = 1; i < PLAYLIST_STYLES_MAX + extra; i++)
            put(&text, ",\"%d\":{}", i);
        put(&text, "}}");
        expect(&text, extra ? "$.styles" : NULL, "has 257 styles; at most 256 are allowed");
    }
}

static void texts(void **state)
{
    (void)state;
    struct text text = {.bytes = NULL};
    for (size_t extra = 0; extra < 2; extra++) {
        put(&text, START "\"spots\":{\"a\":{\"tagline\":\"");
        put_many(&text, "x", PLAYLIST_TEXT_BYTES_MAX + extra);
        put(&text, "\"}}}");
        expect(&text, extra ? "$.spots.a.tagline" : NULL, "has 2001 bytes; at most 2000");

        put(&text, START "\"spots\":{\"a\":{\"image\":\"");
        put_many(&text, "x", PLAYLIST_PATH_BYTES_MAX + extra);
        put(&text, "\"}}}");
        expect(&text, extra ? "$.spots.a.image" : NULL, "is longer than 1024 bytes");

        put(&text, START "\"name\":\"");
        put_many(&text, "x", PLAYLIST_NAME_BYTES_MAX + extra);
        put(&text, "\"," SPOT "}");
        expect(&text, extra ? "$.name" : NULL, "is longer than 200 bytes");

        put(&text, START SPOT ",\"timezone\":\"");
        put_many(&text, "x", 64 + extra);
        put(&text, "\"}");
        expect(&text, extra ? "$.timezone" : NULL, "name of a time zone");

        put(&text, START SPOT ",\"channel\":\"");
        put_many(&text, "x", 64 + extra);
        put(&text, "\"}");
        expect(&text, extra ? "$.channel" : NULL, "1 to 64");

        put(&text, START "\"spots\":{\"a\":{\"tagline\":{\"en\":\"x\"");
        for (size_t i = 1; i < PLAYLIST_LANGUAGES_MAX + extra; i++)
            put(&text, ",\"x%zu\":\"x\"", i);
        put(&text, "}}}}");
        expect(&text, extra ? "$.spots.a.tagline" : NULL, "has 65 languages; at most 64");
    }
}

static void names_of_spots(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        char name[256] = "", path[256];
        memset(name, 'x', PLAYLIST_NAME_BYTES_MAX + extra);
        snprintf(path, sizeof path, "$.spots.%s", name);
        struct text text = {.bytes = NULL};
        put(&text, START "\"spots\":{\"%s\":{\"tagline\":\"x\"}}}", name);
        expect(&text, extra ? path : NULL, "is longer than 200 bytes");
    }
}

static void faults_past_the_list_are_counted(void **state)
{
    (void)state;
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    assert_non_null(faults);
    struct text text = {.bytes = NULL};
    put(&text, START SPOT ",\"loops\":{\"l\":[\"a\"");
    put_many(&text, ",\"b\"", PLAYLIST_FAULTS_MAX + 100);
    put(&text, "]},\"a\":1,\"a\":1,\"schedule\":[{\"loop\":\"l\",\"by_day\":[\"X\"]}]}");
    assert_null(playlist_parse(text.bytes, text.length, faults));
    assert_int_equal(faults->count, PLAYLIST_FAULTS_MAX);
    /* Twice the key, that there is none such, and the day. */
    assert_int_equal(faults->total, PLAYLIST_FAULTS_MAX + 103);
    assert_string_equal(faults->items[199].path, "$.loops.l[198]");
    playlist_faults_finish(faults);
    assert_int_equal(faults->total, 0);
    free(faults);
    free(text.bytes);
}

static void long_keys_are_cut_in_paths(void **state)
{
    (void)state;
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    assert_non_null(faults);
    struct text text = {.bytes = NULL};
    put(&text, START SPOT ",\"");
    put_many(&text, "x", 900000);
    put(&text, "\":1}");
    assert_null(playlist_parse(text.bytes, text.length, faults));
    assert_string_equal(faults->items[0].path, "$....");
    playlist_faults_finish(faults);
    free(faults);
    free(text.bytes);
}

static const char RICH[] =
    START "\"name\":\"n\",\"timezone\":\"Asia/Seoul\",\"version\":1,\"channel\":\"c\","
          "\"styles\":{\"s\":{\"font\":{\"ko\":\"k.ttf\",\"en\":\"e.ttf\"}}},"
          "\"defaults\":{\"tagline_style\":\"s\"},"
          "\"spots\":{\"a\":{\"image\":{\"landscape\":\"l.jpg\",\"portrait\":\"p.jpg\"},"
          "\"tagline\":{\"ko\":\"x\",\"en\":\"y\"}},\"b\":{\"tagline\":\"z\"}},"
          "\"loops\":{\"l\":[\"a\",\"b\"],\"m\":[\"b\"]},"
          "\"schedule\":[{\"loop\":\"m\",\"except_dates\":[\"2026-02-06\"]}],\"fallback\":\"l\"}";

/* However little memory there is: no crash, and the only fault is that it ran out. */
static void memory_of_the_model_runs_out(void **state)
{
    (void)state;
    size_t refused = 0, limit = 16;
    for (struct playlist *playlist = NULL; !playlist; limit += 16) {
        struct playlist_faults *faults = calloc(1, sizeof *faults);
        assert_non_null(faults);
        playlist = playlist_parse_within(RICH, sizeof RICH - 1, limit, faults);
        if (!playlist) {
            refused++;
            assert_int_equal(faults->total, 1);
            assert_string_equal(faults->items[0].path, "$");
            assert_string_equal(faults->items[0].text, "out of memory");
        } else {
            assert_true(playlist->arena.used_bytes <= limit);
        }
        playlist_destroy(playlist);
        playlist_faults_finish(faults);
        free(faults);
        assert_true(limit < 100000);
    }
    assert_true(refused > 20);
}

static void memory_of_the_faults_runs_out(void **state)
{
    (void)state;
    struct playlist_faults faults = {.arena = {.limit_bytes = 16}};
    assert_null(playlist_parse("{}", 2, &faults));
    assert_int_equal(faults.total, 2);
    assert_string_equal(faults.items[1].path, "$");
    assert_string_equal(faults.items[1].text, "out of memory");
    playlist_faults_finish(&faults);
}

/* What jansson may still take, and what it has taken. */
static size_t calls_left;
static size_t held_bytes, most_bytes;

static void *scarce(size_t size)
{
    if (!calls_left)
        return NULL;
    calls_left--;
    void *memory = malloc(size);
    held_bytes += memory ? malloc_usable_size(memory) : 0;
    most_bytes = held_bytes > most_bytes ? held_bytes : most_bytes;
    return memory;
}

static void give_back(void *memory)
{
    held_bytes -= memory ? malloc_usable_size(memory) : 0;
    free(memory);
}

static int watch_jansson(void **state)
{
    (void)state;
    calls_left = SIZE_MAX;
    held_bytes = most_bytes = 0;
    json_set_alloc_funcs(scarce, give_back);
    return 0;
}

static int leave_jansson(void **state)
{
    (void)state;
    json_set_alloc_funcs(malloc, free);
    return 0;
}

static void memory_of_the_json_runs_out(void **state)
{
    (void)state;
    struct playlist *playlist = NULL;
    for (size_t calls = 0; !playlist; calls++) {
        struct playlist_faults *faults = calloc(1, sizeof *faults);
        assert_non_null(faults);
        calls_left = calls;
        playlist = playlist_parse(RICH, sizeof RICH - 1, faults);
        /* Of some failures jansson says that the text is wrong; it is refused in any case, and
         * nothing is lost. */
        assert_int_equal(faults->total, playlist ? 0 : 1);
        assert_int_equal(held_bytes, 0);
        playlist_faults_finish(faults);
        free(faults);
        assert_true(calls < 10000);
    }
    assert_int_equal(playlist->spot_count, 2);
    assert_int_equal(playlist->spots[0].text_count, 2);
    assert_int_equal(playlist->fallback, 0);
    playlist_destroy(playlist);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    /* What makes most of a byte of text: objects, numbers, keys, keys that are escaped. */
    static const char *const pieces[] = {"{}", "[]", "0", "\"\"", "[0]", "{\"\":0}"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct playlist_faults *faults = calloc(1, sizeof *faults);
        assert_non_null(faults);
        struct text text = {.bytes = NULL};
        put(&text, START "\"spots\":[%s", pieces[i]);
        size_t containers = pieces[i][0] == '{' || pieces[i][0] == '[' ? 65533 : SIZE_MAX;
        for (size_t n = 1; text.length < PLAYLIST_BYTES_MAX - 16 && n < containers; n++)
            put(&text, ",%s", pieces[i]);
        put(&text, "]}");
        most_bytes = 0;
        assert_null(playlist_parse(text.bytes, text.length, faults));
        assert_true(most_bytes > text.length);
        assert_true(most_bytes < 48 * PLAYLIST_BYTES_MAX);
        playlist_faults_finish(faults);
        free(faults);
        free(text.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_the_file),
        cmocka_unit_test(depth),
        cmocka_unit_test(objects_and_lists),
        cmocka_unit_test(spots),
        cmocka_unit_test(files),
        cmocka_unit_test(loops),
        cmocka_unit_test(schedule_and_styles),
        cmocka_unit_test(texts),
        cmocka_unit_test(names_of_spots),
        cmocka_unit_test(faults_past_the_list_are_counted),
        cmocka_unit_test(long_keys_are_cut_in_paths),
        cmocka_unit_test(memory_of_the_model_runs_out),
        cmocka_unit_test(memory_of_the_faults_runs_out),
        cmocka_unit_test_setup_teardown(memory_of_the_json_runs_out, watch_jansson, leave_jansson),
        cmocka_unit_test_setup_teardown(memory_is_bounded, watch_jansson, leave_jansson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
