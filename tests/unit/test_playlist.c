/* The playlist's model: what is read, what is taken where nothing is said, and the choices that a
 * player makes. */
#include "playlist/playlist_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A campaign that uses most of what there is. */
static const char CAMPAIGN[] =
    "{\n"
    "  \"format\": \"duckling/1\",\n"
    "  \"name\": \"To the Greatness of Small\",\n"
    "  \"defaults\": { \"duration\": 8, \"transition\": {\"type\": \"crossfade\", \"duration\": "
    "1.2},\n"
    "                \"fit\": \"cover\", \"background\": \"#101418\",\n"
    "                \"tagline_style\": \"headline\" },\n"
    "  \"styles\":  { \"headline\": {\"weight\": \"bold\", \"size\": 0.08, \"color\": "
    "\"#ffffff\",\n"
    "                \"position\": \"bottom-left\", \"shadow\": true} },\n"
    "  \"spots\": {\n"
    "    \"manifesto\": { \"video\": \"../media/manifesto.mp4\" },\n"
    "    \"ducklings\": { \"image\": {\"landscape\": \"../media/ducklings.jpg\",\n"
    "                            \"portrait\": \"../media/ducklings-portrait.jpg\"},\n"
    "                   \"focus\": [0.5, 0.4], \"motion\": \"drift-in\", \"duration\": 10,\n"
    "                   \"tagline\": {\"zh-Hans\": \"相信小的伟大\",\n"
    "                               \"ko\": \"작은 것의 위대함을 위하여\",\n"
    "                               \"en\": \"To the greatness of small.\"} },\n"
    "    \"believe\":   { \"tagline\": {\"en\": \"We believe small acts lead to greatness.\"},\n"
    "                   \"background\": \"#ff6a00\" }\n"
    "  },\n"
    "  \"loops\": { \"day\": [\"manifesto\", \"ducklings\", \"believe\"],\n"
    "             \"ceremony\": [\"manifesto\"] },\n"
    "  \"schedule\": [\n"
    "    { \"loop\": \"day\", \"start_time\": \"06:00\", \"end_time\": \"23:00\" },\n"
    "    { \"loop\": \"ceremony\", \"start\": \"2026-02-06T20:00:00+09:00\",\n"
    "      \"end\": \"2026-02-06T22:10:00+09:00\", \"priority\": 100 }\n"
    "  ],\n"
    "  \"fallback\": \"day\",\n"
    "  \"timezone\": \"Asia/Seoul\"\n"
    "}\n";

/* A playlist that must be right; what is wrong with it goes into the failure. */
static struct playlist *parsed(const char *json)
{
    struct playlist_faults faults = {.count = 0};
    struct playlist *playlist = playlist_parse(json, strlen(json), &faults);
    if (!playlist)
        fail_msg("%s: %s", faults.items[0].path, faults.items[0].text);
    assert_int_equal(faults.total, 0);
    playlist_faults_finish(&faults);
    return playlist;
}

static void assert_near(double number, double expected)
{
    if (fabs(number - expected) > 1e-12)
        fail_msg("%.17g is not %.17g", number, expected);
}

static void reads_the_example_of_the_design(void **state)
{
    (void)state;
    struct playlist *p = parsed(CAMPAIGN);
    assert_string_equal(p->name, "To the Greatness of Small");
    assert_string_equal(p->timezone, "Asia/Seoul");
    assert_int_equal(p->version, 0);
    assert_null(p->channel);
    assert_int_equal(p->default_duration_ms, 8000);
    assert_int_equal(p->default_transition.type, TRANSITION_CROSSFADE);
    assert_int_equal(p->default_transition.duration_ms, 1200);
    assert_int_equal(p->background, 0x101418);
    assert_int_equal(p->fallback, 0);

    assert_int_equal(p->style_count, 2);
    assert_string_equal(p->styles[0].name, "headline");
    assert_string_equal(p->styles[1].name, "headline");
    assert_int_equal(p->asset_count, 3);
    assert_string_equal(p->assets[0].path, "../media/manifesto.mp4");
    assert_string_equal(p->assets[1].path, "../media/ducklings.jpg");
    assert_string_equal(p->assets[2].path, "../media/ducklings-portrait.jpg");
    assert_false(p->assets[0].has_sha256);
    assert_null(p->assets[0].url);
    playlist_destroy(p);
}

static void reads_the_spots_of_the_example(void **state)
{
    (void)state;
    struct playlist *p = parsed(CAMPAIGN);
    assert_int_equal(p->spot_count, 3);
    const struct playlist_spot *film = &p->spots[0], *still = &p->spots[1], *text = &p->spots[2];
    assert_string_equal(film->name, "manifesto");
    assert_true(film->has_visual && film->is_video);
    assert_int_equal(film->assets[SHAPE_LANDSCAPE], 0);
    assert_int_equal(film->assets[SHAPE_PORTRAIT], 0);
    assert_false(film->has_duration);
    assert_int_equal(film->text_count, 0);

    assert_true(still->has_visual && !still->is_video);
    assert_int_equal(still->assets[SHAPE_LANDSCAPE], 1);
    assert_int_equal(still->assets[SHAPE_PORTRAIT], 2);
    assert_near(still->focus[SHAPE_LANDSCAPE].x, 0.5);
    assert_near(still->focus[SHAPE_SQUARE].y, 0.4);
    assert_int_equal(still->motion, LAYOUT_MOTION_DRIFT_IN);
    assert_true(still->has_duration);
    assert_int_equal(still->duration_ms, 10000);
    assert_int_equal(still->transition.duration_ms, 1200);
    assert_int_equal(still->background, 0x101418);
    assert_int_equal(still->text_count, 3);
    assert_string_equal(still->texts[0].language, "zh-Hans");
    assert_string_equal(still->texts[1].text, "작은 것의 위대함을 위하여");

    assert_false(text->has_visual);
    assert_int_equal(text->assets[SHAPE_LANDSCAPE], -1);
    assert_int_equal(text->assets[SHAPE_PORTRAIT], -1);
    assert_int_equal(text->background, 0xff6a00);
    assert_int_equal(text->duration_ms, 8000);
    playlist_destroy(p);
}

static void reads_the_schedule_of_the_example(void **state)
{
    (void)state;
    struct playlist *p = parsed(CAMPAIGN);
    assert_int_equal(p->loop_count, 2);
    assert_string_equal(p->loops[1].name, "ceremony");
    assert_int_equal(p->loops[0].spot_count, 3);
    assert_int_equal(p->loops[0].spots[2], 2);
    assert_true(p->schedule_given);
    assert_int_equal(p->schedule_count, 2);
    const struct playlist_daypart *day = &p->schedule[0], *ceremony = &p->schedule[1];
    assert_int_equal(day->loop, 0);
    assert_int_equal(day->start_time_ms, 6 * 3600000);
    assert_int_equal(day->end_time_ms, 23 * 3600000);
    assert_false(day->start.given || day->end.given || day->has_start_date || day->has_end_date);
    assert_int_equal(day->weekdays, 0x7f);
    assert_int_equal(day->priority, 0);
    assert_false(day->has_share);
    assert_int_equal(ceremony->loop, 1);
    assert_true(ceremony->start.given && !ceremony->start.local);
    assert_true(ceremony->start.ms == INT64_C(1770375600000));
    assert_true(ceremony->end.ms - ceremony->start.ms == INT64_C(7800000));
    assert_int_equal(ceremony->start_time_ms, 0);
    assert_int_equal(ceremony->end_time_ms, 86400000);
    assert_int_equal(ceremony->priority, 100);
    playlist_destroy(p);
}

static void takes_the_defaults_where_nothing_is_said(void **state)
{
    (void)state;
    struct playlist *p =
        parsed("{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"image\":\"a.jpg\"}}}");
    const struct playlist_spot *spot = &p->spots[0];
    assert_string_equal(p->name, "");
    assert_null(p->timezone);
    assert_int_equal(p->default_duration_ms, 8000);
    assert_int_equal(spot->duration_ms, 8000);
    assert_false(spot->has_duration);
    assert_int_equal(spot->transition.type, TRANSITION_CROSSFADE);
    assert_int_equal(spot->transition.duration_ms, 1000);
    assert_near(spot->transition.text_out, 0.35);
    assert_near(spot->transition.text_in, 0.4);
    assert_false(spot->text_rises);
    assert_int_equal(spot->fit, LAYOUT_FIT_COVER);
    assert_int_equal(spot->motion, LAYOUT_MOTION_NONE);
    assert_near(spot->focus[SHAPE_WIDE].x, 0.5);
    assert_near(spot->focus[SHAPE_PORTRAIT].y, 0.5);
    assert_int_equal(spot->background, 0);
    assert_near(spot->volume, 0);
    assert_int_equal(spot->style, 0);
    assert_int_equal(p->style_count, 1);
    const struct playlist_style *style = &p->styles[0];
    assert_string_equal(style->name, "");
    assert_int_equal(style->weight, PLAYLIST_WEIGHT_BOLD);
    assert_near(style->text.size, 0.08);
    assert_int_equal(style->text.color, 0xffffff);
    assert_int_equal(style->text.align, TEXT_ALIGN_START);
    assert_int_equal(style->text.valign, TEXT_ALIGN_END);
    assert_int_equal(style->text.shadow.kind, TEXT_SHADOW_BUILT_IN);
    assert_int_equal(style->text.scrim, TEXT_SCRIM_NONE);
    assert_near(style->text.autospace, 0.125);
    assert_near(style->text.opacity, 1);
    assert_int_equal(style->font_count, 0);
    assert_int_equal(p->loop_count, 1);
    assert_string_equal(p->loops[0].name, "");
    assert_int_equal(p->loops[0].spot_count, 1);
    assert_false(p->schedule_given);
    assert_int_equal(p->schedule_count, 1);
    assert_int_equal(p->schedule[0].loop, 0);
    assert_int_equal(p->schedule[0].weekdays, 0x7f);
    assert_int_equal(p->schedule[0].end_time_ms, 86400000);
    assert_int_equal(p->fallback, -1);
    playlist_destroy(p);
}

static void hands_the_defaults_down_to_the_spots(void **state)
{
    (void)state;
    struct playlist *p = parsed(
        "{\"format\":\"duckling/1\",\"$schema\":\"playlist.schema.json\","
        "\"defaults\":{\"duration\":12.5,\"transition\":\"dissolve\",\"fit\":\"contain\","
        "\"background\":\"#0F8\",\"motion\":\"pan\",\"volume\":0.25,\"tagline_style\":\"big\","
        "\"text_transition\":{\"out\":0.7,\"in\":0.3},\"text_motion\":\"rise\"},"
        "\"styles\":{\"small\":{\"size\":0.01},\"big\":{\"size\":0.5,\"weight\":\"regular\","
        "\"color\":\"#AbC\",\"position\":\"top-right\",\"shadow\":false,\"scrim\":true}},"
        "\"spots\":{\"a\":{\"tagline\":\"x\"},"
        "\"b\":{\"tagline\":\"x\",\"duration\":86400,\"transition\":{\"duration\":10,"
        "\"direction\":\"down\",\"softness\":0.5,\"color\":\"#ffc940\"},"
        "\"fit\":\"fill\",\"background\":\"#000001\",\"motion\":\"drift-out\",\"volume\":1,"
        "\"tagline_style\":\"small\",\"focus\":[0,1],\"text_transition\":{\"out\":0.2},"
        "\"text_motion\":\"none\"}}}");
    const struct playlist_spot *a = &p->spots[0], *b = &p->spots[1];
    assert_int_equal(a->duration_ms, 12500);
    assert_false(a->has_duration);
    assert_int_equal(a->transition.type, TRANSITION_DISSOLVE);
    assert_int_equal(a->transition.duration_ms, 1000);
    assert_near(a->transition.text_out, 0.7);
    assert_near(a->transition.text_in, 0.3);
    assert_true(a->text_rises);
    assert_int_equal(a->fit, LAYOUT_FIT_CONTAIN);
    assert_int_equal(a->background, 0x00ff88);
    assert_int_equal(a->motion, LAYOUT_MOTION_PAN);
    assert_near(a->volume, 0.25);
    assert_int_equal(a->style, 0);
    const struct playlist_style *big = &p->styles[a->style];
    assert_string_equal(big->name, "big");
    assert_near(big->text.size, 0.5);
    assert_int_equal(big->weight, PLAYLIST_WEIGHT_REGULAR);
    assert_int_equal(big->text.color, 0xaabbcc);
    assert_int_equal(big->text.align, TEXT_ALIGN_END);
    assert_int_equal(big->text.valign, TEXT_ALIGN_START);
    assert_int_equal(big->text.shadow.kind, TEXT_SHADOW_NONE);
    assert_int_equal(big->text.scrim, TEXT_SCRIM_SOFT);

    assert_int_equal(b->duration_ms, 86400000);
    assert_true(b->has_duration);
    assert_int_equal(b->transition.type, TRANSITION_DISSOLVE);
    assert_int_equal(b->transition.duration_ms, 10000);
    assert_int_equal(b->transition.direction, TRANSITION_DOWN);
    assert_near(b->transition.softness, 0.5);
    assert_int_equal(b->transition.color, 0xffc940);
    assert_int_equal(a->transition.direction, TRANSITION_LEFT);
    assert_near(a->transition.softness, 0.08);
    assert_int_equal(a->transition.color, 0);
    assert_near(b->transition.text_out, 0.2);
    assert_near(b->transition.text_in, 0.3);
    assert_false(b->text_rises);
    assert_int_equal(b->fit, LAYOUT_FIT_FILL);
    assert_int_equal(b->background, 1);
    assert_int_equal(b->motion, LAYOUT_MOTION_DRIFT_OUT);
    assert_near(b->volume, 1);
    assert_string_equal(p->styles[b->style].name, "small");
    assert_near(b->focus[SHAPE_PORTRAIT].x, 0);
    assert_near(b->focus[SHAPE_LANDSCAPE].y, 1);
    playlist_destroy(p);
}

static void a_cut_takes_no_time(void **state)
{
    (void)state;
    struct playlist *p = parsed("{\"format\":\"duckling/1\",\"defaults\":{\"transition\":"
                                "{\"type\":\"cut\",\"duration\":3}},\"spots\":{"
                                "\"cut\":{\"tagline\":\"x\"},"
                                "\"fade\":{\"tagline\":\"x\",\"transition\":\"crossfade\"}}}");
    assert_int_equal(p->default_transition.type, TRANSITION_CUT);
    assert_int_equal(p->default_transition.duration_ms, 0);
    assert_int_equal(p->spots[0].transition.duration_ms, 0);
    assert_int_equal(p->spots[1].transition.type, TRANSITION_CROSSFADE);
    assert_int_equal(p->spots[1].transition.duration_ms, 3000);
    playlist_destroy(p);
}

static void seconds_become_the_nearest_millisecond(void **state)
{
    (void)state;
    struct playlist *p = parsed("{\"format\":\"duckling/1\",\"spots\":{"
                                "\"a\":{\"tagline\":\"x\",\"duration\":1.0005},"
                                "\"b\":{\"tagline\":\"x\",\"duration\":2.0004},"
                                "\"c\":{\"tagline\":\"x\",\"duration\":1e1}}}");
    assert_int_equal(p->spots[0].duration_ms, 1001);
    assert_int_equal(p->spots[1].duration_ms, 2000);
    assert_int_equal(p->spots[2].duration_ms, 10000);
    playlist_destroy(p);
}

static void names_each_file_once(void **state)
{
    (void)state;
    struct playlist *p =
        parsed("{\"format\":\"duckling/1\",\"styles\":{\"s\":{\"font\":\"f/b.ttf\"},"
               "\"t\":{\"font\":{\"ko\":\"f/k.ttf\",\"zh-Hans\":\"f/b.ttf\"}}},"
               "\"defaults\":{\"tagline_style\":\"t\"},"
               "\"spots\":{\"z\":{\"image\":\"z.jpg\"},\"a\":{\"image\":\"./a.jpg\"},"
               "\"m\":{\"image\":{\"landscape\":\"z.jpg\",\"portrait\":\"z.jpg\"}}}}");
    assert_int_equal(p->asset_count, 4);
    assert_string_equal(p->assets[0].path, "f/b.ttf");
    assert_string_equal(p->assets[1].path, "f/k.ttf");
    assert_string_equal(p->assets[2].path, "z.jpg");
    assert_string_equal(p->assets[3].path, "./a.jpg");
    assert_int_equal(p->styles[1].fonts[0].asset, 0);
    assert_string_equal(p->styles[1].fonts[0].language, "");
    assert_int_equal(p->styles[2].fonts[0].asset, 1);
    assert_int_equal(p->styles[2].fonts[1].asset, 0);
    assert_ptr_equal(p->styles[0].fonts, p->styles[2].fonts);
    assert_int_equal(p->spots[0].assets[SHAPE_LANDSCAPE], 2);
    assert_int_equal(p->spots[1].assets[SHAPE_PORTRAIT], 3);
    assert_int_equal(p->spots[2].assets[SHAPE_LANDSCAPE], 2);
    assert_int_equal(p->spots[2].assets[SHAPE_PORTRAIT], 2);
    playlist_destroy(p);
}

static void reads_the_compiled_form(void **state)
{
    (void)state;
    struct playlist *p =
        parsed("{\"format\":\"duckling/1\",\"version\":9007199254740991,\"channel\":\"seoul-2\","
               "\"spots\":{\"film\":{\"video\":\"../m.mp4\"},\"still\":{\"image\":\"s.jpg\"}},"
               "\"files\":{\"s.jpg\":{\"sha256\":"
               "\"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\",\"bytes\":1},"
               "\"../m.mp4\":{\"sha256\":"
               "\"ff112233445566778899aabbccddeeff00112233445566778899aabbccddee0f\","
               "\"bytes\":5000000000,\"url\":\"https://cdn.example/m.mp4\",\"width\":3840,"
               "\"height\":2160,\"duration_ms\":61000,\"fps\":29.97,\"codec\":\"h264\"}}}");
    assert_true(p->version == INT64_C(9007199254740991));
    assert_string_equal(p->channel, "seoul-2");
    assert_int_equal(p->asset_count, 2);
    const struct playlist_asset *film = &p->assets[0], *still = &p->assets[1];
    assert_true(film->has_sha256 && still->has_sha256);
    assert_int_equal(film->sha256[0], 0xff);
    assert_int_equal(film->sha256[31], 0x0f);
    assert_int_equal(still->sha256[10], 0xaa);
    assert_true(film->size_bytes == INT64_C(5000000000));
    assert_string_equal(film->url, "https://cdn.example/m.mp4");
    assert_int_equal(film->width, 3840);
    assert_int_equal(film->height, 2160);
    assert_int_equal(film->duration_ms, 61000);
    assert_near(film->fps, 29.97);
    assert_string_equal(film->codec, "h264");
    assert_null(still->url);
    assert_null(still->codec);
    assert_int_equal(still->width, 0);
    playlist_destroy(p);
}

static void reads_every_key_of_a_daypart(void **state)
{
    (void)state;
    struct playlist *p = parsed(
        "{\"format\":\"duckling/"
        "1\",\"spots\":{\"a\":{\"tagline\":\"x\"}},\"loops\":{\"l\":[\"a\"]},"
        "\"schedule\":[{\"loop\":\"l\",\"start\":\"2026-02-06T20:00:00\",\"start_date\":"
        "\"1970-01-02\",\"end_date\":\"1970-01-03\",\"by_day\":[\"SU\",\"MO\",\"MO\"],"
        "\"except_dates\":[\"1970-01-09\",\"1970-01-05\",\"1970-01-09\"],\"start_time\":\"22:30\","
        "\"end_time\":\"02:00:30\",\"priority\":-1000000,\"share_of_voice\":0.333333},"
        "{\"loop\":\"l\",\"except_dates\":[],\"end_time\":\"24:00\",\"priority\":1000000,"
        "\"share_of_voice\":1}]}");
    const struct playlist_daypart *d = &p->schedule[0];
    assert_true(d->start.given && d->start.local && !d->end.given);
    assert_true(d->start.ms == INT64_C(1770408000000));
    assert_true(d->has_start_date && d->has_end_date);
    assert_int_equal(d->start_day, 1);
    assert_int_equal(d->end_day, 2);
    assert_int_equal(d->weekdays, 0x41);
    assert_int_equal(d->except_count, 2);
    assert_int_equal(d->except_days[0], 4);
    assert_int_equal(d->except_days[1], 8);
    assert_int_equal(d->start_time_ms, 81000000);
    assert_int_equal(d->end_time_ms, 7230000);
    assert_int_equal(d->priority, -1000000);
    assert_true(d->has_share);
    assert_int_equal(d->share_ppm, 333333);
    assert_int_equal(p->schedule[1].end_time_ms, 86400000);
    assert_int_equal(p->schedule[1].share_ppm, 1000000);
    assert_int_equal(p->schedule[1].priority, 1000000);
    playlist_destroy(p);
}

static void the_implied_loop_holds_the_spots_in_file_order(void **state)
{
    (void)state;
    struct playlist *p = parsed("\xef\xbb\xbf{\"format\":\"duckling/1\",\"spots\":{"
                                "\"z\":{\"tagline\":\"x\"},\"m\":{\"tagline\":\"x\"},"
                                "\"a\":{\"tagline\":\"x\"}}}");
    assert_int_equal(p->loops[0].spot_count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(p->loops[0].spots[i], i);
    assert_string_equal(p->spots[0].name, "z");
    assert_string_equal(p->spots[2].name, "a");
    playlist_destroy(p);
}

static const struct playlist_text TEXTS[] = {{"ko", "ko", NULL, 0},
                                             {"zh", "zh", NULL, 0},
                                             {"zh-Hans", "zh-Hans", NULL, 0},
                                             {"EN", "en", NULL, 0},
                                             {"en-GB", "en-GB", NULL, 0}};

static const char *chosen(size_t count, const char *language)
{
    const struct playlist_text *text = playlist_choose_text(TEXTS, count, language);
    return text ? text->text : "(none)";
}

static void chooses_the_text_of_the_longest_prefix(void **state)
{
    (void)state;
    assert_string_equal(chosen(5, "zh-Hans-CN"), "zh-Hans");
    assert_string_equal(chosen(5, "ZH-hans"), "zh-Hans");
    assert_string_equal(chosen(5, "zh-Hant-TW"), "zh");
    assert_string_equal(chosen(5, "zh"), "zh");
    assert_string_equal(chosen(5, "zho"), "en");
    assert_string_equal(chosen(5, "z"), "en");
    assert_string_equal(chosen(5, "en-GB-oxendict"), "en-GB");
    assert_string_equal(chosen(5, "en-US"), "en");
    /* RFC 4647, 3.4: the single letter goes with what follows it. */
    assert_string_equal(chosen(5, "zh-Hans-x-lobby"), "zh-Hans");
    assert_string_equal(chosen(5, "ko-KR-u-nu-latn"), "ko");
    static const struct playlist_text dangling[] = {{"ko", "ko", NULL, 0},
                                                    {"ko-x", "ko-x", NULL, 0}};
    assert_string_equal(playlist_choose_text(dangling, 2, "ko-x-lobby")->text, "ko");
}

static void chinese_by_region_counts_as_its_script(void **state)
{
    (void)state;
    static const struct playlist_text texts[] = {
        {"en", "en", NULL, 0}, {"zh-cn", "mainland", NULL, 0}, {"zh-TW", "taiwan", NULL, 0}};
    assert_string_equal(playlist_choose_text(texts, 3, "zh-Hans-CN")->text, "mainland");
    assert_string_equal(playlist_choose_text(texts, 3, "zh-Hans")->text, "mainland");
    assert_string_equal(playlist_choose_text(texts, 3, "zh-CN")->text, "mainland");
    assert_string_equal(playlist_choose_text(texts, 3, "zh-Hant-HK")->text, "taiwan");
    assert_string_equal(playlist_choose_text(texts, 3, "zh-Hant")->text, "taiwan");
    /* A player's own "zh" never comes here: it means zh-Hans (base/language.h). */
    assert_string_equal(playlist_choose_text(texts, 3, "zh")->text, "mainland");
    static const struct playlist_text hant[] = {
        {"en", "en", NULL, 0}, {"zh-TW", "tw", NULL, 0}, {"zh-HK", "hk", NULL, 0}};
    assert_string_equal(playlist_choose_text(hant, 3, "zh-HK")->text, "hk");
    assert_string_equal(playlist_choose_text(hant, 3, "zh-Hant-HK")->text, "hk");
    assert_string_equal(playlist_choose_text(hant, 3, "zh-Hant-MO")->text, "tw");
    assert_string_equal(playlist_choose_text(hant, 3, "zh-Hans")->text, "en");
    static const struct playlist_text plain[] = {{"en", "en", NULL, 0}, {"zh", "zh", NULL, 0}};
    assert_string_equal(playlist_choose_text(plain, 2, "zh-Hant-TW")->text, "zh");
    assert_string_equal(playlist_choose_text(plain, 2, "zh-Hans-CN")->text, "zh");
}

/* A text that says more than was asked for is better than one in another language. */
static void a_region_or_variant_more_is_the_same_language(void **state)
{
    (void)state;
    static const struct playlist_text texts[] = {{"ja", "ja", NULL, 0},
                                                 {"ko-KR", "ko-KR", NULL, 0},
                                                 {"ko-KP", "ko-KP", NULL, 0},
                                                 {"en-US", "en-US", NULL, 0},
                                                 {"sr-Cyrl", "sr-Cyrl", NULL, 0}};
    assert_string_equal(playlist_choose_text(texts, 5, "ko")->text, "ko-KR");
    assert_string_equal(playlist_choose_text(texts, 5, "ko-KP")->text, "ko-KP");
    assert_string_equal(playlist_choose_text(texts, 5, "ko-CN")->text, "ko-KR");
    assert_string_equal(playlist_choose_text(texts, 5, "en-GB")->text, "en-US");
    assert_string_equal(playlist_choose_text(texts, 5, "fr")->text, "en-US");
    assert_string_equal(playlist_choose_text(texts, 5, "sr")->text, "sr-Cyrl");
    assert_string_equal(playlist_choose_text(texts, 5, "sr-Cyrl-RS")->text, "sr-Cyrl");
    /* In another script it can't be read. */
    assert_string_equal(playlist_choose_text(texts, 5, "sr-Latn")->text, "en-US");
    assert_string_equal(playlist_choose_text(texts, 5, "k")->text, "en-US");
}

static void chooses_english_then_the_first_text(void **state)
{
    (void)state;
    assert_string_equal(chosen(5, "fr"), "en");
    assert_string_equal(chosen(5, ""), "en");
    assert_string_equal(chosen(5, NULL), "en");
    assert_string_equal(chosen(5, "-"), "en");
    assert_string_equal(chosen(3, "fr"), "ko");
    assert_string_equal(chosen(0, "ko"), "(none)");
    static const struct playlist_text single[] = {{"", "all", NULL, 0}};
    assert_string_equal(playlist_choose_text(single, 1, "ko")->text, "all");
}

static void chooses_a_font_for_the_language_or_none(void **state)
{
    (void)state;
    static const struct playlist_font fonts[] = {{"en", 1}, {"zh", 2}, {"zh-Hant", 3}, {"", 4}};
    struct playlist_style style = {.fonts = fonts, .font_count = 4};
    assert_int_equal(playlist_choose_font(&style, "zh-hant-HK"), 3);
    assert_int_equal(playlist_choose_font(&style, "zh-Hans"), 2);
    assert_int_equal(playlist_choose_font(&style, "ko"), 4);
    style.font_count = 3;
    assert_int_equal(playlist_choose_font(&style, "ko"), -1);
    assert_int_equal(playlist_choose_font(&style, NULL), -1);
    style.font_count = 0;
    assert_int_equal(playlist_choose_font(&style, "en"), -1);
}

static void chooses_the_asset_by_the_canvas(void **state)
{
    (void)state;
    struct playlist_spot spot = {.has_visual = true,
                                 .shapes = 1U << SHAPE_LANDSCAPE | 1U << SHAPE_PORTRAIT,
                                 .assets = {3, 5, -1, -1}};
    assert_int_equal(playlist_spot_asset(&spot, 1920, 1080), 3);
    assert_int_equal(playlist_spot_asset(&spot, 1080, 1080), 3);
    assert_int_equal(playlist_spot_asset(&spot, 1080, 1081), 5);
    assert_int_equal(playlist_spot_asset(&spot, 7840, 1952), 3);
    spot.shapes = SHAPE_ALL;
    spot.assets[SHAPE_WIDE] = 7;
    spot.assets[SHAPE_SQUARE] = 9;
    assert_int_equal(playlist_spot_asset(&spot, 7840, 1952), 7);
    assert_int_equal(playlist_spot_asset(&spot, 1080, 1080), 9);
    spot.shapes = 1U << SHAPE_SQUARE;
    assert_int_equal(playlist_spot_asset(&spot, 7840, 1952), 9);
    spot.shapes = 0; /* of a playlist with faults */
    assert_int_equal(playlist_spot_asset(&spot, 1920, 1080), -1);
    spot.has_visual = false;
    assert_int_equal(playlist_spot_asset(&spot, 1080, 1920), -1);
}

static void destroys_nothing(void **state)
{
    (void)state;
    playlist_destroy(NULL);
    playlist_faults_finish(NULL);
    struct playlist_faults faults = {.count = 0};
    playlist_faults_finish(&faults);
}

/* A spot with two visuals is a fault; the other spots still show their own files. */
static void a_spot_with_two_visuals_changes_no_other(void **state)
{
    (void)state;
    static const char text[] = "{\"format\":\"duckling/1\",\"spots\":{"
                               "\"two\":{\"image\":\"a.jpg\",\"video\":\"b.mp4\"},"
                               "\"one\":{\"image\":\"a.jpg\"}}}";
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse_media(text, sizeof text - 1, &faults);
    assert_non_null(playlist);
    assert_int_equal(faults.total, 1);
    assert_string_equal(playlist->assets[playlist->spots[1].assets[SHAPE_LANDSCAPE]].path, "a.jpg");
    assert_string_equal(playlist->assets[playlist->spots[1].assets[SHAPE_PORTRAIT]].path, "a.jpg");
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spot_with_two_visuals_changes_no_other),
        cmocka_unit_test(reads_the_example_of_the_design),
        cmocka_unit_test(reads_the_spots_of_the_example),
        cmocka_unit_test(reads_the_schedule_of_the_example),
        cmocka_unit_test(takes_the_defaults_where_nothing_is_said),
        cmocka_unit_test(hands_the_defaults_down_to_the_spots),
        cmocka_unit_test(a_cut_takes_no_time),
        cmocka_unit_test(seconds_become_the_nearest_millisecond),
        cmocka_unit_test(names_each_file_once),
        cmocka_unit_test(reads_the_compiled_form),
        cmocka_unit_test(reads_every_key_of_a_daypart),
        cmocka_unit_test(the_implied_loop_holds_the_spots_in_file_order),
        cmocka_unit_test(chooses_the_text_of_the_longest_prefix),
        cmocka_unit_test(chinese_by_region_counts_as_its_script),
        cmocka_unit_test(a_region_or_variant_more_is_the_same_language),
        cmocka_unit_test(chooses_english_then_the_first_text),
        cmocka_unit_test(chooses_a_font_for_the_language_or_none),
        cmocka_unit_test(chooses_the_asset_by_the_canvas),
        cmocka_unit_test(destroys_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
