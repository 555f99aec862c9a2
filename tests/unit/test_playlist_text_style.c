/* What a playlist says of its texts: styles, spans, and the texts beside a tagline. */
#include "playlist/playlist_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-9)

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

static void reads_each_position(void **state)
{
    (void)state;
    static const char *const names[] = {"top-left",    "top",    "top-right",
                                        "left",        "center", "right",
                                        "bottom-left", "bottom", "bottom-right"};
    for (int i = 0; i < 9; i++) {
        char json[256];
        snprintf(json, sizeof json,
                 "{\"format\":\"duckling/1\",\"styles\":{\"s\":{\"position\":\"%s\"}},"
                 "\"spots\":{\"a\":{\"image\":\"a.jpg\"}}}",
                 names[i]);
        struct playlist *p = parse(json);
        assert_int_equal(p->styles[1].text.align, i % 3);
        assert_int_equal(p->styles[1].text.valign, i / 3);
        playlist_destroy(p);
    }
}

static void reads_a_text_style(void **state)
{
    (void)state;
    struct playlist *p = parse(
        "{\"format\":\"duckling/1\",\"styles\":{\"s\":{\"position\":\"top-left\",\"align\":\"end\","
        "\"valign\":\"center\",\"box\":[0.1,0.2,0.3,0.4],\"max_lines\":3,\"tracking\":-0.02,"
        "\"leading\":1.8,\"autospace\":0.25,\"hang\":true,\"figures\":\"tabular\",\"opacity\":0.5,"
        "\"shadow\":{\"strength\":0.5},\"scrim\":\"edge\"}},\"spots\":{\"a\":{\"tagline\":\"x\","
        "\"tagline_style\":\"s\",\"background\":\"#102030\"},\"b\":{\"tagline\":\"x\","
        "\"tagline_style\":\"s\"}}}");
    const struct text_style *style = &p->styles[1].text;
    assert_int_equal(style->align, TEXT_ALIGN_END);
    assert_int_equal(style->valign, TEXT_ALIGN_CENTER);
    assert_true(style->has_box);
    assert_near(style->box.x, 0.1);
    assert_near(style->box.y, 0.2);
    assert_near(style->box.width, 0.3);
    assert_near(style->box.height, 0.4);
    assert_int_equal(style->lines_max, 3);
    assert_near(style->tracking, -0.02);
    assert_near(style->leading, 1.8);
    assert_near(style->autospace, 0.25);
    assert_true(style->hangs && style->is_tabular);
    assert_near(style->opacity, 0.5);
    assert_int_equal(style->shadow.kind, TEXT_SHADOW_OWN);
    assert_false(style->shadow.has_color);
    assert_near(style->shadow.strength, 0.5);
    assert_near(style->shadow.blur, 0.25);
    assert_near(style->shadow.drop, 0);
    assert_int_equal(style->scrim, TEXT_SCRIM_EDGE);
    /* Its shadow has the color of the ground; so the texts of the two spots differ. */
    assert_int_equal(
        playlist_spot_text_style(p, &p->spots[0], TEXT_LEVEL_TAGLINE, 16, 9).shadow.color,
        0x102030);
    assert_int_equal(
        playlist_spot_text_style(p, &p->spots[1], TEXT_LEVEL_TAGLINE, 16, 9).shadow.color, 0);
    assert_false(playlist_has_same_tagline(p, &p->spots[0], &p->spots[1]));
    assert_true(playlist_has_same_tagline(p, &p->spots[0], &p->spots[0]));
    playlist_destroy(p);
}

static void reads_spans(void **state)
{
    (void)state;
    struct playlist *p =
        parse("{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"tagline\":["
              "{\"text\":\"小的\",\"color\":\"#f00\"},{\"text\":\" \"},{\"text\":\"x\"}]},"
              "\"b\":{\"tagline\":\"小的 x\"}}}");
    const struct playlist_text *text = &p->spots[0].texts[0];
    assert_string_equal(text->text, "小的 x");
    assert_int_equal(text->span_count, 3);
    assert_int_equal(text->spans[0].end_bytes, 6);
    assert_true(text->spans[0].has_color);
    assert_int_equal(text->spans[0].color, 0xff0000);
    assert_int_equal(text->spans[1].end_bytes, 7);
    assert_false(text->spans[1].has_color);
    assert_int_equal(text->spans[2].end_bytes, 8);
    assert_int_equal(p->spots[1].texts[0].span_count, 0);
    assert_false(playlist_has_same_tagline(p, &p->spots[0], &p->spots[1]));
    playlist_destroy(p);
}

/* From the tagline's, unless they have a style of their own, or the defaults give them one. */
static void texts_beside_a_tagline_have_styles(void **state)
{
    (void)state;
    struct playlist *p = parse(
        "{\"format\":\"duckling/1\",\"styles\":{\"head\":{\"size\":0.1,\"color\":\"#ffcc00\","
        "\"max_lines\":2,\"scrim\":\"edge\",\"box\":[0,0,1,0.5],\"position\":\"top\"},\"small\":"
        "{\"size\":0.03,\"weight\":\"bold\"}},\"defaults\":{\"tagline_style\":\"head\"},"
        "\"spots\":{\"a\":{\"tagline\":\"x\",\"subline\":\"y\",\"legal\":\"z\"},\"b\":{\"tagline\":"
        "\"x\",\"subline\":\"y\",\"subline_style\":\"small\",\"legal\":\"z\",\"legal_style\":"
        "\"small\"}}}");
    const struct playlist_spot *a = &p->spots[0], *b = &p->spots[1];
    const struct text_style subline = playlist_spot_text_style(p, a, TEXT_LEVEL_SUBLINE, 16, 9);
    const struct text_style legal = playlist_spot_text_style(p, a, TEXT_LEVEL_LEGAL, 16, 9);
    assert_near(subline.size, 0.042);
    assert_near(subline.opacity, 0.7);
    assert_int_equal(subline.color, 0xffcc00);
    assert_int_equal(subline.lines_max, 0);
    assert_int_equal(subline.scrim, TEXT_SCRIM_NONE);
    assert_true(subline.has_box);
    assert_near(legal.size, 0.025);
    assert_int_equal(legal.valign, TEXT_ALIGN_END);
    assert_false(legal.has_box);
    assert_int_equal(playlist_spot_weight(p, a, TEXT_LEVEL_TAGLINE), PLAYLIST_WEIGHT_BOLD);
    assert_int_equal(playlist_spot_weight(p, a, TEXT_LEVEL_SUBLINE), PLAYLIST_WEIGHT_REGULAR);
    for (enum text_level level = TEXT_LEVEL_SUBLINE; level < TEXT_LEVELS; level++) {
        assert_near(playlist_spot_text_style(p, b, level, 16, 9).size, 0.03);
        assert_near(playlist_spot_text_style(p, b, level, 16, 9).opacity, 1);
        assert_int_equal(playlist_spot_weight(p, b, level), PLAYLIST_WEIGHT_BOLD);
    }
    /* The same words, and other looks. */
    assert_false(playlist_has_same_tagline(p, a, b));
    playlist_destroy(p);
    p = parse(
        "{\"format\":\"duckling/1\",\"styles\":{\"small\":{\"size\":0.03}},\"defaults\":"
        "{\"subline_style\":\"small\"},\"spots\":{\"a\":{\"tagline\":\"x\",\"subline\":\"y\"}}}");
    assert_near(playlist_spot_text_style(p, p->spots, TEXT_LEVEL_SUBLINE, 16, 9).size, 0.03);
    playlist_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_position),
        cmocka_unit_test(reads_a_text_style),
        cmocka_unit_test(reads_spans),
        cmocka_unit_test(texts_beside_a_tagline_have_styles),
    };
    return cmocka_run_group_tests_name("playlist_text_style", tests, NULL, NULL);
}
