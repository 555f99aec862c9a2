/* The house card of a playlist, and spots of a background alone. */
#include "playlist/playlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct playlist_faults faults;

static struct playlist *parse(const char *more)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{\"format\":\"duckling/1\",\"defaults\":{\"fit\":\"contain\",\"motion\":\"pan\","
             "\"background\":\"#123456\"},\"spots\":{\"a\":{\"image\":\"a.jpg\"}}%s}",
             more);
    return playlist_parse(text, strlen(text), &faults);
}

static struct playlist *parse_right(const char *more)
{
    struct playlist *playlist = parse(more);
    if (!playlist)
        fail_msg("%s: %s", faults.items[0].path, faults.items[0].text);
    return playlist;
}

static int forget_faults(void **state)
{
    (void)state;
    playlist_faults_finish(&faults);
    faults = (struct playlist_faults){.count = 0};
    return 0;
}

static void without_one_there_is_none(void **state)
{
    (void)state;
    struct playlist *playlist = parse_right("");
    assert_int_equal(playlist_house(playlist), -1);
    assert_int_equal(playlist_visual_count(playlist), 1);
    playlist_destroy(playlist);
}

/* It is no spot: no loop has it, and nobody counts it. */
static void a_color(void **state)
{
    (void)state;
    struct playlist *playlist = parse_right(",\"house\":\"#000\"");
    assert_int_equal(playlist->spot_count, 1);
    assert_int_equal(playlist->loops[0].spot_count, 1);
    assert_int_equal(playlist_house(playlist), 1);
    const struct playlist_spot *house = &playlist->spots[1];
    assert_string_equal(house->name, "");
    assert_false(house->has_visual);
    assert_int_equal(house->background, 0);
    assert_int_equal(playlist->asset_count, 1);
    playlist_destroy(playlist);
}

static void a_picture(void **state)
{
    (void)state;
    struct playlist *playlist = parse_right(",\"house\":\"house.png\"");
    const struct playlist_spot *house = &playlist->spots[playlist_house(playlist)];
    assert_true(house->has_visual && !house->is_video);
    assert_int_equal(house->assets[SHAPE_LANDSCAPE], house->assets[SHAPE_PORTRAIT]);
    assert_string_equal(playlist->assets[house->assets[SHAPE_LANDSCAPE]].path, "house.png");
    assert_int_equal(house->fit, LAYOUT_FIT_CONTAIN);
    assert_int_equal(house->motion, LAYOUT_MOTION_NONE); /* it may be on for a night */
    assert_int_equal(house->background, 0x123456);
    playlist_destroy(playlist);
}

static void a_picture_for_each_shape(void **state)
{
    (void)state;
    struct playlist *playlist =
        parse_right(",\"house\":{\"landscape\":\"l.png\",\"portrait\":\"a.jpg\"}");
    const struct playlist_spot *house = &playlist->spots[playlist_house(playlist)];
    int landscape = playlist_spot_asset(house, 1920, 1080),
        portrait = playlist_spot_asset(house, 1080, 1920);
    assert_string_equal(playlist->assets[landscape].path, "l.png");
    assert_string_equal(playlist->assets[portrait].path, "a.jpg");
    assert_int_equal(playlist->asset_count, 2);
    playlist_destroy(playlist);
}

/* The compiled form names its files, and needs them. */
static void its_files_are_files_of_the_playlist(void **state)
{
    (void)state;
#define FILE_OF(path) "\"" path "\":{\"sha256\":\"%064d\",\"bytes\":1}"
    char more[512];
    snprintf(more, sizeof more,
             ",\"house\":\"h.png\",\"files\":{" FILE_OF("a.jpg") "," FILE_OF("h.png") "}", 1, 2);
    struct playlist *playlist = parse_right(more);
    assert_true(playlist->assets[playlist->spots[1].assets[SHAPE_LANDSCAPE]].has_sha256);
    playlist_destroy(playlist);
    snprintf(more, sizeof more, ",\"house\":\"h.png\",\"files\":{" FILE_OF("a.jpg") "}", 1);
    assert_null(parse(more));
    assert_string_equal(faults.items[0].path, "$.house");
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *more, *path, *words;
    } cases[] = {
        {",\"house\":\"#00000\"", "$.house", "an image, or a color such as \"#000000\""},
        {",\"house\":\"#black\"", "$.house", "an image, or a color"},
        {",\"house\":\"/srv/house.png\"", "$.house", "absolute"},
        {",\"house\":7", "$.house", "must be a path"},
        {",\"house\":{\"lanscape\":\"l.png\"}", "$.house.lanscape", "did you mean \"landscape\"?"},
        {",\"house\":{}", "$.house", "is empty"},
        {",\"hous\":\"#000\"", "$.hous", "house"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(parse(cases[i].more));
        assert_string_equal(faults.items[0].path, cases[i].path);
        if (!strstr(faults.items[0].text, cases[i].words))
            fail_msg("%s: %s", cases[i].more, faults.items[0].text);
        forget_faults(state);
    }
}

static void a_spot_may_be_a_background_alone(void **state)
{
    (void)state;
    static const char text[] = "{\"format\":\"duckling/1\",\"spots\":{\"black\":{\"background\":"
                               "\"#000\"}}}";
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    assert_non_null(playlist);
    assert_false(playlist->spots[0].has_visual);
    assert_int_equal(playlist->spots[0].text_count, 0);
    playlist_destroy(playlist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_one_there_is_none, forget_faults),
        cmocka_unit_test_teardown(a_color, forget_faults),
        cmocka_unit_test_teardown(a_picture, forget_faults),
        cmocka_unit_test_teardown(a_picture_for_each_shape, forget_faults),
        cmocka_unit_test_teardown(its_files_are_files_of_the_playlist, forget_faults),
        cmocka_unit_test_teardown(what_is_wrong_is_named, forget_faults),
        cmocka_unit_test_teardown(a_spot_may_be_a_background_alone, forget_faults),
    };
    return cmocka_run_group_tests_name("playlist_house", tests, NULL, NULL);
}
