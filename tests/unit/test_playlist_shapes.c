/* Members of a playlist that differ by the shape of the screen, and which files a screen needs. */
#include "playlist/playlist_internal.h"
#include "playlist/playlist_needed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "expected_faults.h"

#define SPOTS(members) "{\"format\":\"duckling/1\",\"spots\":{" members "}}"
#define IMAGE(value) SPOTS("\"a\":{\"image\":" value "}")
#define FOCUS(value) SPOTS("\"a\":{\"image\":\"a.jpg\",\"focus\":" value "}")
#define STYLE(members)                                                                             \
    "{\"format\":\"duckling/1\",\"styles\":{\"s\":{" members "}},\"spots\":{\"a\":{\"tagline\":"   \
    "\"x\",\"tagline_style\":\"s\"}}}"

static struct playlist *parse(const char *text)
{
    static struct playlist_faults faults;
    faults = (struct playlist_faults){.count = 0};
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    if (!playlist)
        fail_msg("%s: %s", faults.items[0].path, faults.items[0].text);
    playlist_faults_finish(&faults);
    return playlist;
}

static void expect_file(const struct playlist *playlist, int spot, int width, int height,
                        const char *path)
{
    int asset = playlist_spot_asset(&playlist->spots[spot], width, height);
    assert_true(asset >= 0);
    assert_string_equal(playlist->assets[asset].path, path);
}

static void files(void **state)
{
    (void)state;
    struct playlist *playlist =
        parse(SPOTS("\"all\":{\"image\":{\"square\":\"s.jpg\",\"wide\":\"w.jpg\",\"portrait\":\"p."
                    "jpg\",\"landscape\":\"l.jpg\"}},\"two\":{\"video\":{\"wide\":\"w.mp4\","
                    "\"portrait\":\"p.mp4\"}},\"one\":{\"image\":{\"square\":\"s.jpg\"}},"
                    "\"plain\":{\"image\":\"l.jpg\"}"));
    expect_file(playlist, 0, 1920, 1080, "l.jpg");
    expect_file(playlist, 0, 1080, 1920, "p.jpg");
    expect_file(playlist, 0, 7840, 1952, "w.jpg");
    expect_file(playlist, 0, 1080, 1080, "s.jpg");
    expect_file(playlist, 1, 1920, 1080, "w.mp4");
    expect_file(playlist, 1, 1080, 1080, "p.mp4");
    for (int i = 0; i < 2; i++) {
        expect_file(playlist, 2, i ? 7840 : 1080, i ? 1952 : 1920, "s.jpg");
        expect_file(playlist, 3, i ? 7840 : 1080, i ? 1952 : 1920, "l.jpg");
    }
    assert_int_equal(playlist->asset_count, 6);
    const struct playlist_spot *spots = playlist->spots;
    assert_int_equal(spots[0].shapes, SHAPE_ALL);
    assert_int_equal(spots[1].shapes, 1U << SHAPE_WIDE | 1U << SHAPE_PORTRAIT);
    assert_int_equal(spots[1].assets[SHAPE_LANDSCAPE], -1);
    assert_true(!playlist_spot_has_one_file(&spots[0]) && !playlist_spot_has_one_file(&spots[1]));
    assert_true(playlist_spot_has_one_file(&spots[2]) && playlist_spot_has_one_file(&spots[3]));
    assert_true(playlist_spot_uses(&spots[0], spots[0].assets[SHAPE_SQUARE]));
    assert_false(playlist_spot_uses(&spots[3], spots[0].assets[SHAPE_SQUARE]));
    assert_false(playlist_spot_uses(&spots[1], -1));
    playlist_destroy(playlist);
}

static void focus(void **state)
{
    (void)state;
    struct playlist *playlist = parse(FOCUS("{\"portrait\":[0.25,0.75],\"wide\":[1,0]}"));
    const struct playlist_spot *spot = &playlist->spots[0];
    struct playlist_point at = playlist_spot_focus(spot, 1080, 1920);
    assert_true(at.x == 0.25 && at.y == 0.75);
    at = playlist_spot_focus(spot, 3840, 1080);
    assert_true(at.x == 1 && at.y == 0);
    at = playlist_spot_focus(spot, 1920, 1080); /* wide is nearer */
    assert_true(at.x == 1 && at.y == 0);
    playlist_destroy(playlist);
}

static void style(void **state)
{
    (void)state;
    struct playlist *playlist = parse(STYLE("\"size\":{\"wide\":0.24,\"landscape\":0.16},"
                                            "\"position\":{\"portrait\":\"top\"}"));
    const struct playlist_style *of = &playlist->styles[playlist->spots[0].style];
    assert_true(playlist_style_for(of, 3840, 960).size == 0.24);
    assert_true(playlist_style_for(of, 1920, 1080).size == 0.16);
    assert_true(playlist_style_for(of, 1080, 1920).size == 0.16);
    assert_true(of->text.size == 0.16); /* without a screen */
    assert_int_equal(playlist_style_for(of, 3840, 960).valign, TEXT_ALIGN_START);
    assert_int_equal(playlist_style_for(of, 3840, 960).align, TEXT_ALIGN_CENTER);
    assert_int_equal(of->text.valign, TEXT_ALIGN_START);
    const struct text_style built_in = playlist_style_for(&playlist->styles[0], 3840, 960);
    assert_true(built_in.size == 0.08);
    assert_int_equal(built_in.valign, TEXT_ALIGN_END);
    assert_int_equal(built_in.align, TEXT_ALIGN_START);
    playlist_destroy(playlist);
}

/* The style of defaults is that of spots without one, for each shape, too. */
static void style_of_defaults(void **state)
{
    (void)state;
    struct playlist *playlist = parse(
        "{\"format\":\"duckling/1\",\"styles\":{\"s\":{\"size\":{\"square\":0.2,\"wide\":0.3}}},"
        "\"defaults\":{\"tagline_style\":\"s\"},\"spots\":{\"a\":{\"tagline\":\"x\"}}}");
    const struct playlist_style *of = &playlist->styles[playlist->spots[0].style];
    assert_true(playlist_style_for(of, 4000, 1000).size == 0.3);
    assert_true(playlist_style_for(of, 1000, 1000).size == 0.2);
    playlist_destroy(playlist);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {IMAGE("{}"), "$.spots.a.image", "is empty: give a value for at least one shape"},
        {IMAGE("{\"landscap\":\"a.jpg\",\"wide\":\"b.jpg\"}"), "$.spots.a.image.landscap",
         "unknown shape; did you mean \"landscape\"?"},
        {IMAGE("{\"ultrawide\":\"a.jpg\"}"), "$.spots.a.image.ultrawide",
         "must be \"landscape\", \"portrait\", \"wide\" or \"square\""},
        {IMAGE("{\"Wide\":\"a.jpg\"}"), "$.spots.a.image.Wide", "did you mean \"wide\"?"},
        {IMAGE("{\"square\":{\"square\":\"a.jpg\"}}"), "$.spots.a.image.square",
         "must be a string, not an object"},
        {IMAGE("{\"wide\":\"/a.jpg\"}"), "$.spots.a.image.wide", "is absolute"},
        {IMAGE("[\"a.jpg\"]"), "$.spots.a.image", "must be a path, or an object with a path for"},
        {FOCUS("{}"), "$.spots.a.focus", "is empty"},
        {FOCUS("{\"wide\":{\"wide\":[0,0]}}"), "$.spots.a.focus.wide", "must be a list of two"},
        {FOCUS("{\"wide\":[0,2]}"), "$.spots.a.focus.wide[1]", "from 0"},
        {FOCUS("{\"tall\":[0,0]}"), "$.spots.a.focus.tall", "unknown shape"},
        {FOCUS("\"wide\""), "$.spots.a.focus", "must be a list of two"},
        {STYLE("\"size\":{}"), "$.styles.s.size", "is empty"},
        {STYLE("\"size\":{\"square\":0.51}"), "$.styles.s.size.square", "0.01 to 0.5"},
        {STYLE("\"size\":{\"square\":{\"wide\":0.1}}"), "$.styles.s.size.square",
         "must be a number, not an object"},
        {STYLE("\"size\":\"wide\""), "$.styles.s.size", "must be a number, not a string"},
        {STYLE("\"position\":{\"wide\":\"top_left\"}"), "$.styles.s.position.wide",
         "did you mean \"top-left\"?"},
        {STYLE("\"position\":{\"sqare\":\"top\"}"), "$.styles.s.position.sqare",
         "did you mean \"square\"?"},
        {STYLE("\"color\":{\"wide\":\"#fff\"}"), "$.styles.s.color", "must be a string"},
    };
    EXPECT_EACH(cases);
}

/* Of a playlist with faults the files that are named can still be checked. */
static void faults_leave_the_other_files(void **state)
{
    (void)state;
    static const char text[] =
        IMAGE("{\"wide\":7,\"square\":\"s.jpg\",\"tall\":\"t.jpg\",\"portrait\":\"\"}");
    struct playlist_faults faults = {.count = 0};
    struct playlist *playlist = playlist_parse_media(text, sizeof text - 1, &faults);
    assert_non_null(playlist);
    assert_int_equal(faults.total, 3);
    assert_int_equal(playlist->asset_count, 1);
    assert_int_equal(playlist_spot_asset(&playlist->spots[0], 1080, 1080), 0);
    assert_int_equal(playlist_spot_asset(&playlist->spots[0], 4000, 1000), -1);
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
}

static void length_of_films(void **state)
{
    (void)state;
    struct playlist *playlist =
        parse(SPOTS("\"a\":{\"video\":{\"portrait\":\"0\",\"wide\":\"1\",\"square\":\"2\"}},\"b\":{"
                    "\"image\":\"3\"},\"c\":{\"video\":\"4\"}"));
    const struct playlist_spot *spots = playlist->spots;
    assert_int_equal(playlist_spot_length_shape(&spots[0], (int32_t[]){5, 6, 7, 8, 9}),
                     SHAPE_PORTRAIT);
    assert_int_equal(playlist_spot_length_shape(&spots[0], (int32_t[]){0, 0, 7, 8, 9}),
                     SHAPE_SQUARE);
    assert_int_equal(playlist_spot_length_shape(&spots[0], (int32_t[]){0, 0, 0, 8, 9}),
                     SHAPE_PORTRAIT);
    assert_int_equal(playlist_spot_length_shape(&spots[1], (int32_t[]){0, 0, 0, 8, 9}),
                     SHAPE_COUNT);
    assert_int_equal(playlist_spot_length_shape(&spots[2], (int32_t[]){0, 0, 0, 8, 9}),
                     SHAPE_LANDSCAPE);
    playlist_destroy(playlist);
}

/* The files that a screen needs, as their paths in the order of the playlist. */
static void expect_needed(const struct playlist *playlist, const struct playlist_screen *screen,
                          const char *paths)
{
    bool needed[16];
    char found[128] = "";
    assert_true(playlist->asset_count <= 16);
    playlist_find_needed(playlist, screen, needed);
    for (size_t i = 0; i < playlist->asset_count; i++)
        if (needed[i])
            snprintf(found + strlen(found), sizeof found - strlen(found), "%s ",
                     playlist->assets[i].path);
    assert_string_equal(found, paths);
}

static const struct playlist_screen landscape = {1920, 1080}, portrait = {1080, 1920},
                                    wide = {7840, 1952};

static void a_screen_needs_its_own_shape(void **state)
{
    (void)state;
    struct playlist *playlist = parse(
        "{\"format\":\"duckling/1\",\"styles\":{\"s\":{\"font\":{\"ko\":\"ko\",\"en\":\"en\"}}},"
        "\"house\":{\"landscape\":\"hl\",\"portrait\":\"hp\"},\"spots\":{"
        "\"a\":{\"image\":{\"landscape\":\"l\",\"portrait\":\"p\",\"wide\":\"w\"}},"
        "\"b\":{\"image\":\"both\"},\"c\":{\"image\":{\"square\":\"s\"}},\"d\":{\"tagline\":\"x\"},"
        "\"e\":{\"video\":{\"landscape\":\"fl\",\"portrait\":\"fp\"},\"duration\":5}}}");
    expect_needed(playlist, &landscape, "ko en l both s fl hl ");
    expect_needed(playlist, &portrait, "ko en p both s fp hp ");
    expect_needed(playlist, &wide, "ko en w both s fl hl ");
    expect_needed(playlist, NULL, "ko en both s ");
    playlist_destroy(playlist);
}

/* Where the playlist does not say how long its films are, all of them are needed to know it. */
static void films_give_the_length(void **state)
{
    (void)state;
    struct playlist *playlist =
        parse(SPOTS("\"a\":{\"video\":{\"landscape\":\"l\",\"portrait\":\"p\",\"wide\":\"w\"}}"));
    expect_needed(playlist, &portrait, "l p w ");
    expect_needed(playlist, NULL, "l p w ");
    playlist_destroy(playlist);
#define FILE_OF(path, more) "\"" path "\":{\"sha256\":\"" ZEROS "\",\"bytes\":1" more "}"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
    playlist = parse(
        "{\"format\":\"duckling/1\",\"files\":{" FILE_OF("l", ",\"duration_ms\":5000") "," FILE_OF(
            "p", ",\"duration_ms\":5000") "," FILE_OF("w",
                                                      "") "},\"spots\":{\"a\":{\"video\":{"
                                                          "\"landscape\":\"l\",\"portrait\":\"p\","
                                                          "\"wide\":\"w\"}}}}");
    expect_needed(playlist, &portrait, "p w ");
    expect_needed(playlist, &landscape, "l w ");
    playlist_destroy(playlist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(focus),
        cmocka_unit_test(style),
        cmocka_unit_test(style_of_defaults),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(faults_leave_the_other_files),
        cmocka_unit_test(length_of_films),
        cmocka_unit_test(a_screen_needs_its_own_shape),
        cmocka_unit_test(films_give_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
