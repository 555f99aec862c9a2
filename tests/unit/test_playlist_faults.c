/* What is said of a wrong playlist: the JSON path of each fault and words that help. */
#include "playlist/playlist_internal.h"

#include "core/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "expected_faults.h"

/* A playlist that is right but for the members, the keys of a spot, of the defaults, of a style, of
 * a daypart. */
#define PLAYLIST(members) "{\"format\":\"duckling/1\"," members "}"
#define SPOTS "\"spots\":{\"a\":{\"image\":\"a.jpg\"}}"
#define MORE(members) PLAYLIST(SPOTS "," members)
#define SPOT(keys) PLAYLIST("\"spots\":{\"a\":{\"image\":\"a.jpg\"," keys "}}")
#define TEXT(value) PLAYLIST("\"spots\":{\"a\":{\"tagline\":" value "}}")
#define IMAGE(value) PLAYLIST("\"spots\":{\"a\":{\"image\":" value "}}")
#define STYLE(keys) MORE("\"styles\":{\"s\":{" keys "}}")
#define DAYPART(keys) MORE("\"loops\":{\"l\":[\"a\"]},\"schedule\":[{\"loop\":\"l\"," keys "}]")
#define SHA "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
#define FILE_KEYS(keys) MORE("\"files\":{\"a.jpg\":{" keys "}}")
#define KNOWN_FILE(keys) FILE_KEYS("\"sha256\":" SHA ",\"bytes\":1," keys)

static void top_level(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"[]", "$", "must be an object, not a list"},
        {"{" SPOTS "}", "$.format", "is missing: write \"format\": \"duckling/1\""},
        {"{\"format\":1," SPOTS "}", "$.format", "must be a string, not a number"},
        {"{\"format\":\"duckling/2\"," SPOTS "}", "$.format",
         "must be \"duckling/1\", which this player reads, not \"duckling/2\""},
        {"{\"format\":\"Duckling/1\"," SPOTS "}", "$.format",
         "must be \"duckling/1\", which this player reads, not \"Duckling/1\""},
        {MORE("\"spot\":{}"), "$.spot", "unknown key; did you mean \"spots\"?"},
        {MORE("\"Schedule\":[]"), "$.Schedule", "did you mean \"schedule\"?"},
        {MORE("\"shcedule\":[]"), "$.shcedule", "did you mean \"schedule\"?"},
        {MORE("\"comment\":\"x\""), "$.comment", "unknown key"},
        {MORE("\"a b\":1"), "$[\"a b\"]", "unknown key"},
        {MORE("\"\":1"), "$[\"\"]", "unknown key"},
        {MORE("\"2x\":1"), "$[\"2x\"]", "unknown key"},
        {MORE("\"a\\\"\\\\\\n\\u001b\\u009b\":1"), "$[\"a\\\"\\\\\\u000a\\u001b\\u009b\"]",
         "unknown key"},
        {MORE("\"작은\":1"), "$.작은", "unknown key"},
        {MORE("\"$schema\":1"), "$[\"$schema\"]", "must be a string"},
        {MORE("\"name\":null"), "$.name", "must be a string, not null"},
        {MORE("\"name\":\"a\\u0007\""), "$.name", "control character (U+0007)"},
        {MORE("\"timezone\":\"../etc/passwd\""), "$.timezone", "such as \"Asia/Seoul\""},
        {MORE("\"timezone\":\"/Asia/Seoul\""), "$.timezone", "name of a time zone"},
        {MORE("\"timezone\":\"South Korea\""), "$.timezone", "did you mean Asia/Seoul?"},
        {MORE("\"timezone\":\"UTC+09:00\""), "$.timezone", "did you mean Asia/Seoul?"},
        {MORE("\"timezone\":\"Asia//Seoul\""), "$.timezone", "name of a time zone"},
        {MORE("\"timezone\":\"\""), "$.timezone", "name of a time zone"},
        {MORE("\"version\":0"), "$.version", "to 9007199254740991, not 0"},
        {MORE("\"version\":1.5"), "$.version", "to 9007199254740991, not 1.5"},
        {MORE("\"version\":9007199254740992"), "$.version", "must be a whole number from 1 to"},
        {MORE("\"version\":9223372036854775808"), "$.version", "must be a whole number from"},
        {MORE("\"version\":\"1\""), "$.version", "must be a whole number, not a string"},
        {MORE("\"channel\":\"Seoul\""), "$.channel", "a to z, 0 to 9, dot, _ and hyphen"},
        {MORE("\"channel\":\"\""), "$.channel", "1 to 64"},
    };
    EXPECT_EACH(cases);
}

static void spots(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"{\"format\":\"duckling/1\"}", "$.spots", "missing"},
        {PLAYLIST("\"spots\":[]"), "$.spots", "must be an object, not a list"},
        {PLAYLIST("\"spots\":{}"), "$.spots", "at least one spot"},
        {PLAYLIST("\"spots\":{\"\":{\"image\":\"a\"}}"), "$.spots[\"\"]", "the name is empty"},
        {PLAYLIST("\"spots\":{\"a\\n\":{\"image\":\"a\"}}"), "$.spots[\"a\\u000a\"]", "U+000A"},
        {PLAYLIST("\"spots\":{\"a\":\"a.jpg\"}"), "$.spots.a", "must be an object, not a string"},
        {PLAYLIST("\"spots\":{\"a\":{}}"), "$.spots.a", "nothing to show: give it an image"},
        {SPOT("\"video\":\"b.mp4\""), "$.spots.a", "both an image and a video"},
        {SPOT("\"duratoin\":8"), "$.spots.a.duratoin", "did you mean \"duration\"?"},
        {SPOT("\"backgronudd\":8"), "$.spots.a.backgronudd", "did you mean \"background\"?"},
        {SPOT("\"backrgonudd\":8"), "$.spots.a.backrgonudd", "unknown key"},
        {SPOT("\"duration\":\"8\""), "$.spots.a.duration", "must be a number, not a string"},
        {SPOT("\"duration\":true"), "$.spots.a.duration", "must be a number, not true or false"},
        {SPOT("\"duration\":0.999"), "$.spots.a.duration", "1 to 86400, not 0.999"},
        {SPOT("\"duration\":86400.5"), "$.spots.a.duration", "a number of seconds from 1 to 86400"},
        {SPOT("\"duration\":-1"), "$.spots.a.duration", "a number of seconds from 1 to 86400"},
        {SPOT("\"duration\":1e308"), "$.spots.a.duration", "a number of seconds from 1 to 86400"},
        {SPOT("\"duration\":9223372036854775808"), "$.spots.a.duration", "from 1 to 86400"},
        {SPOT("\"transition\":\"fade\""), "$.spots.a.transition",
         "must be \"crossfade\", \"dissolve\", \"cut\", \"wipe\", \"iris\", \"dip\" or \"push\""},
        {SPOT("\"transition\":\"crosfade\""), "$.spots.a.transition", "you mean \"crossfade\"?"},
        {SPOT("\"transition\":3"), "$.spots.a.transition", "must be an object, not a number"},
        {SPOT("\"transition\":{\"type\":\"swipe\"}"), "$.spots.a.transition.type",
         "did you mean \"wipe\"?"},
        {SPOT("\"transition\":{\"direction\":\"north\"}"), "$.spots.a.transition.direction",
         "must be \"left\", \"right\", \"up\" or \"down\""},
        {SPOT("\"transition\":{\"softness\":0.51}"), "$.spots.a.transition.softness",
         "must be a number from 0 to 0.5 (a part of the way), not 0.51"},
        {SPOT("\"transition\":{\"softness\":-0.01}"), "$.spots.a.transition.softness", "not -0.01"},
        {SPOT("\"transition\":{\"color\":\"yellow\"}"), "$.spots.a.transition.color",
         "must be a color"},
        {SPOT("\"transition\":{\"duration\":10.1}"), "$.spots.a.transition.duration",
         "a number of seconds from 0 to 10"},
        {SPOT("\"transition\":{\"length\":1}"), "$.spots.a.transition.length", "unknown key"},
        {SPOT("\"text_transition\":{\"out\":1.1}"), "$.spots.a.text_transition.out",
         "must be a number from 0 to 1 (a part of the transition), not 1.1"},
        {SPOT("\"text_transition\":{\"in\":-0.1}"), "$.spots.a.text_transition.in", "not -0.1"},
        {SPOT("\"text_transition\":{\"in\":\"0.5\"}"), "$.spots.a.text_transition.in",
         "must be a number, not a string"},
        {SPOT("\"text_transition\":0.5"), "$.spots.a.text_transition", "must be an object"},
        {SPOT("\"text_transition\":{\"outs\":0.5}"), "$.spots.a.text_transition.outs",
         "did you mean \"out\"?"},
        {SPOT("\"text_transition\":{\"out\":0.5,\"in\":0.6}"), "$.spots.a.text_transition",
         "out and in are 0.5 and 0.6, together more than 1"},
        {SPOT("\"text_transition\":{\"out\":0.7}"), "$.spots.a.text_transition",
         "out and in are 0.7 and 0.4, together more than 1"},
        {SPOT("\"text_motion\":\"raise\""), "$.spots.a.text_motion", "did you mean \"rise\"?"},
        {SPOT("\"text_motion\":true"), "$.spots.a.text_motion", "must be"},
        {SPOT("\"fit\":\"crop\""), "$.spots.a.fit", "\"cover\", \"contain\" or \"fill\""},
        {SPOT("\"motion\":\"drift\""), "$.spots.a.motion", "must be \"none\""},
        {SPOT("\"focus\":0.5"), "$.spots.a.focus", "list of two numbers"},
        {SPOT("\"focus\":[0.5]"), "$.spots.a.focus", "list of two numbers"},
        {SPOT("\"focus\":[0.5,1.01]"), "$.spots.a.focus[1]", "from 0 (left or top) to 1"},
        {SPOT("\"focus\":[\"left\",1]"), "$.spots.a.focus[0]", "must be a number, not a string"},
        {SPOT("\"background\":\"red\""), "$.spots.a.background", "\"#f60\", not \"red\""},
        {SPOT("\"background\":\"#12345\""), "$.spots.a.background", "must be a color such as"},
        {SPOT("\"background\":\"#12345g\""), "$.spots.a.background", "must be a color such as"},
        {SPOT("\"background\":\"1234567\""), "$.spots.a.background", "must be a color such as"},
        {SPOT("\"volume\":1.1"), "$.spots.a.volume", "from 0 (silent) to 1 (full volume), not 1.1"},
        {SPOT("\"tagline_style\":\"big\""), "$.spots.a.tagline_style", "there is no style \"big\""},
    };
    EXPECT_EACH(cases);
}

static void taglines(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {PLAYLIST("\"spots\":{\"a\":{\"image\":\"a.jpg\",\"subline\":\"x\"}}"), "$.spots.a.subline",
         "the spot has none: make it the tagline"},
        {PLAYLIST("\"spots\":{\"a\":{\"image\":\"a.jpg\",\"legal\":\"x\"}}"), "$.spots.a.legal",
         "the spot has none: make it the tagline"},
        {PLAYLIST("\"spots\":{\"a\":{\"tagline\":\"x\",\"legal\":\"\"}}"), "$.spots.a.legal",
         "is blank"},
        {PLAYLIST("\"spots\":{\"a\":{\"tagline\":\"x\",\"legal_style\":\"s\"}}"),
         "$.spots.a.legal_style", "there is no style \"s\""},
        {TEXT("7"), "$.spots.a.tagline",
         "must be a string, a list of spans, or an object with one of these for each language, "
         "not"},
        {TEXT("[]"), "$.spots.a.tagline", "at least one item"},
        {TEXT("[\"x\"]"), "$.spots.a.tagline[0]", "must be an object"},
        {TEXT("[{\"color\":\"#fff\"}]"), "$.spots.a.tagline[0].text", "is missing: a span is"},
        {TEXT("[{\"text\":1}]"), "$.spots.a.tagline[0].text", "must be a string, not a number"},
        {TEXT("[{\"text\":\"x\",\"colour\":1}]"), "$.spots.a.tagline[0].colour",
         "did you mean \"color\"?"},
        {TEXT("[{\"text\":\"x\",\"color\":\"red\"}]"), "$.spots.a.tagline[0].color", "#"},
        {TEXT("{\"ko\":[{\"text\":\" \"},{\"text\":\"\"}]}"), "$.spots.a.tagline.ko",
         "is blank: write a text"},
        {TEXT("[{\"text\":\"a\\tb\"}]"), "$.spots.a.tagline", "control character (U+0009)"},
        {TEXT("{}"), "$.spots.a.tagline", "at least one language"},
        {TEXT("\"\""), "$.spots.a.tagline", "is blank: write a text"},
        {TEXT("{\"ko\":\" \\n\\u3000\\u00a0\"}"), "$.spots.a.tagline.ko", "is blank: write a text"},
        {TEXT("{\"ko\":1}"), "$.spots.a.tagline.ko", "must be a string, not a number"},
        {TEXT("\"a\\tb\""), "$.spots.a.tagline", "control character (U+0009)"},
        {TEXT("\"a\\r\\nb\""), "$.spots.a.tagline", "a line break is written \\n"},
        {TEXT("\"a\\u0085b\""), "$.spots.a.tagline", "U+0085"},
        {TEXT("{\"zh_CN\":\"x\"}"), "$.spots.a.tagline.zh_CN", "did you mean \"zh-Hans\"?"},
        {TEXT("{\"\":\"x\"}"), "$.spots.a.tagline[\"\"]", "is not a language tag, such as"},
        {TEXT("{\"zh-\":\"x\"}"), "$.spots.a.tagline[\"zh-\"]", "is not a language tag, such as"},
        {TEXT("{\"zh--CN\":\"x\"}"), "$.spots.a.tagline[\"zh--CN\"]",
         "is not a language tag, such as"},
        {TEXT("{\"ninechars\":\"x\"}"), "$.spots.a.tagline.ninechars",
         "is not a language tag, such as"},
        {TEXT("{\"中\":\"x\"}"), "$.spots.a.tagline.中", "is not a language tag, such as"},
        {TEXT("{\"zh-Hans\":\"x\",\"ZH-hans\":\"y\"}"), "$.spots.a.tagline[\"ZH-hans\"]",
         "is the same language as \"zh-Hans\""},
    };
    EXPECT_EACH(cases);
}

/* A language that is not registered keeps no player from the playlist: it is noted beside the
 * faults, for check and publish. */
static void languages_that_are_not_known(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {TEXT("{\"kr\":\"x\",\"en\":\"y\"}"), "$.spots.a.tagline.kr", "did you mean \"ko\"?"},
        {TEXT("{\"korean\":\"x\"}"), "$.spots.a.tagline.korean", "did you mean \"ko\"?"},
        {TEXT("{\"jp\":\"x\"}"), "$.spots.a.tagline.jp", "did you mean \"ja\"?"},
        {TEXT("{\"zh-Hanz\":\"x\"}"), "$.spots.a.tagline[\"zh-Hanz\"]", "\"zh-Hans\"?"},
        {STYLE("\"font\":{\"cn\":\"a.otf\"}"), "$.styles.s.font.cn", "\"zh-Hans\"?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct playlist_faults faults = {0};
        struct playlist *playlist = playlist_parse(cases[i].json, strlen(cases[i].json), &faults);
        assert_non_null(playlist);
        assert_int_equal(faults.total, 0);
        assert_int_equal(playlist->tolerated.total, 1);
        expect_fault(&playlist->tolerated, 0, cases[i].path, cases[i].words);
        playlist_destroy(playlist);
        playlist_faults_finish(&faults);
    }
    static const struct expected refused[] = {
        {TEXT("{\"kr\":\"x\",\"KR\":\"y\"}"), "$.spots.a.tagline.KR", "is the same language as"},
    };
    EXPECT_EACH(refused);
}

static void paths(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {IMAGE("1"), "$.spots.a.image", "must be a path, or an object"},
        {IMAGE("{\"landscape\":\"a\",\"portrait\":2}"), "$.spots.a.image.portrait",
         "must be a string"},
        {IMAGE("\"\""), "$.spots.a.image", "is empty: write the path"},
        {IMAGE("\"/srv/a.jpg\""), "$.spots.a.image",
         "is absolute: write the path relative to the playlist"},
        {IMAGE("\"https://x.example/a.jpg\""), "$.spots.a.image", "relative to the playlist"},
        {IMAGE("\"C:a.jpg\""), "$.spots.a.image", "relative to the playlist"},
        {IMAGE("\"media\\\\a.jpg\""), "$.spots.a.image", "separate folders with /"},
        {IMAGE("\"media//a.jpg\""), "$.spots.a.image", "empty folder name"},
        {IMAGE("\"media/\""), "$.spots.a.image", "names a folder"},
        {IMAGE("\"media/..\""), "$.spots.a.image", "names a folder"},
        {IMAGE("\".\""), "$.spots.a.image", "names a folder"},
        {IMAGE("\"a\\u007f.jpg\""), "$.spots.a.image", "U+007F"},
    };
    EXPECT_EACH(cases);
}

static void styles_and_defaults(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {MORE("\"styles\":[]"), "$.styles", "must be an object"},
        {MORE("\"styles\":{\"s\":1}"), "$.styles.s", "must be an object"},
        {MORE("\"styles\":{\"\":{}}"), "$.styles[\"\"]", "the name is empty"},
        {STYLE("\"colour\":\"#fff\""), "$.styles.s.colour", "did you mean \"color\"?"},
        {STYLE("\"weight\":\"heavy\""), "$.styles.s.weight", "\"regular\" or \"bold\""},
        {STYLE("\"size\":0.009"), "$.styles.s.size", "from 0.01 to 0.5"},
        {STYLE("\"size\":0.51"), "$.styles.s.size", "from 0.01 to 0.5"},
        {STYLE("\"position\":\"top_left\""), "$.styles.s.position", "did you mean \"top-left\"?"},
        {STYLE("\"shadow\":1"), "$.styles.s.shadow",
         "must be true, false or an object, not a number"},
        {STYLE("\"scrim\":\"yes\""), "$.styles.s.scrim", "must be \"edge\", not \"yes\""},
        {STYLE("\"scrim\":1"), "$.styles.s.scrim", "must be true, false or \"edge\", not a number"},
        {STYLE("\"shadow\":{\"colour\":\"#fff\"}"), "$.styles.s.shadow.colour",
         "did you mean \"color\"?"},
        {STYLE("\"shadow\":{\"color\":\"white\"}"), "$.styles.s.shadow.color", "\"#"},
        {STYLE("\"shadow\":{\"strength\":1.1}"), "$.styles.s.shadow.strength", "from 0 to 1"},
        {STYLE("\"shadow\":{\"blur\":-1}"), "$.styles.s.shadow.blur", "from 0 to 1 (in ems)"},
        {STYLE("\"shadow\":{\"drop\":0.6}"), "$.styles.s.shadow.drop", "from 0 to 0.5 (in ems)"},
        {STYLE("\"box\":1"), "$.styles.s.box", "must be a list"},
        {STYLE("\"box\":[0,0,1]"), "$.styles.s.box", "four numbers: x, y, width and height"},
        {STYLE("\"box\":[0,0,1,1,1]"), "$.styles.s.box", "four numbers: x, y, width and height"},
        {STYLE("\"box\":[-0.1,0,1,1]"), "$.styles.s.box[0]", "from 0 to 1"},
        {STYLE("\"box\":[0,\"x\",1,1]"), "$.styles.s.box[1]", "must be a number, not a string"},
        {STYLE("\"box\":[0.5,0,0.6,1]"), "$.styles.s.box", "reaches beyond the screen"},
        {STYLE("\"box\":[0,0.5,1,0.6]"), "$.styles.s.box", "reaches beyond the screen"},
        {STYLE("\"box\":[0,0,0,1]"), "$.styles.s.box", "at least 0.01 of the screen"},
        {STYLE("\"box\":{\"wide\":[0,0,2,1]}"), "$.styles.s.box.wide[2]", "from 0 to 1"},
        {STYLE("\"align\":\"left\""), "$.styles.s.align", "\"start\", \"center\" or \"end\""},
        {STYLE("\"valign\":\"middle\""), "$.styles.s.valign", "\"top\", \"center\" or \"bottom\""},
        {STYLE("\"max_lines\":0"), "$.styles.s.max_lines", "a whole number from 1 to 16"},
        {STYLE("\"max_lines\":1.5"), "$.styles.s.max_lines", "a whole number from 1 to 16"},
        {STYLE("\"tracking\":0.21"), "$.styles.s.tracking", "from -0.02 to 0.2 (in ems)"},
        {STYLE("\"leading\":0.9"), "$.styles.s.leading", "from 1 to 1.8"},
        {STYLE("\"autospace\":0.3"), "$.styles.s.autospace", "from 0 to 0.25 (in ems)"},
        {STYLE("\"hang\":\"yes\""), "$.styles.s.hang", "must be true or false"},
        {STYLE("\"figures\":\"tabula\""), "$.styles.s.figures", "did you mean \"tabular\"?"},
        {STYLE("\"opacity\":2"), "$.styles.s.opacity", "from 0 to 1"},
        {STYLE("\"font\":[]"), "$.styles.s.font", "must be a string, or an object"},
        {STYLE("\"font\":\"/f.ttf\""), "$.styles.s.font", "relative to the playlist"},
        {STYLE("\"font\":{\"ko\":\"f/\"}"), "$.styles.s.font.ko", "names a folder"},
        {MORE("\"defaults\":[]"), "$.defaults", "must be an object"},
        {MORE("\"defaults\":{\"focus\":[0,0]}"), "$.defaults.focus", "unknown key"},
        {MORE("\"defaults\":{\"duration\":0}"), "$.defaults.duration", "from 1 to 86400"},
        {MORE("\"defaults\":{\"transition\":{\"duration\":-1}}"), "$.defaults.transition.duration",
         "a number of seconds from 0 to 10"},
        {MORE("\"styles\":{\"headline\":{}},\"defaults\":{\"tagline_style\":\"headlin\"}"),
         "$.defaults.tagline_style", "no style \"headlin\"; did you mean \"headline\"?"},
    };
    EXPECT_EACH(cases);
}

static void loops_and_fallback(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {MORE("\"loops\":[]"), "$.loops", "must be an object"},
        {MORE("\"loops\":{}"), "$.loops", "leave it out to play all spots in one loop"},
        {MORE("\"loops\":{\"l\":\"a\"}"), "$.loops.l", "must be a list"},
        {MORE("\"loops\":{\"l\":[]}"), "$.loops.l", "is empty: give at least one"},
        {MORE("\"loops\":{\"l\":[1]}"), "$.loops.l[0]", "must be a string"},
        {MORE("\"loops\":{\"l\":[\"a\",\"b\"]}"), "$.loops.l[1]", "there is no spot \"b\""},
        {MORE("\"loops\":{\"l\":[\"\\u001b[2J\"]}"), "$.loops.l[0]", "no spot \"?[2J\""},
        {PLAYLIST("\"spots\":{\"ducklings\":{\"image\":\"a\"}},\"loops\":{\"l\":[\"duckling\"]}"),
         "$.loops.l[0]", "there is no spot \"duckling\"; did you mean \"ducklings\"?"},
        {MORE("\"fallback\":\"day\""), "$.fallback", "there is no loop \"day\""},
        {MORE("\"fallback\":"
              "\"12345678901234567890123456789012345678901234567890123456789012345678901234"
              "567890x\""),
         "$.fallback",
         "\"12345678901234567890123456789012345678901234567890123456789012345678901234567890...\""},
        {MORE("\"fallback\":0"), "$.fallback", "must be a string"},
    };
    EXPECT_EACH(cases);
}

static void dayparts(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {MORE("\"schedule\":{}"), "$.schedule", "must be a list, not an object"},
        {MORE("\"schedule\":[]"), "$.schedule", "is empty: give at least one"},
        {MORE("\"schedule\":[1]"), "$.schedule[0]", "must be an object"},
        {MORE("\"schedule\":[{}]"), "$.schedule[0].loop", "missing"},
        {MORE("\"schedule\":[{\"loop\":\"x\"}]"), "$.schedule[0].loop", "there is no loop \"x\""},
        {DAYPART("\"starts\":1"), "$.schedule[0].starts", "did you mean \"start\"?"},
        {DAYPART("\"start\":\"2026-02-30T20:00:00Z\""), "$.schedule[0].start",
         "must be a time such"},
        {DAYPART("\"end\":\"tomorrow\""), "$.schedule[0].end", "screen, not \"tomorrow\""},
        {DAYPART("\"end\":5"), "$.schedule[0].end", "must be a string, not a number"},
        {DAYPART("\"start\":\"2026-02-06T20:00:00Z\",\"end\":\"2026-02-06T21:00:00+01:00\""),
         "$.schedule[0].end", "must be after \"start\""},
        {DAYPART("\"start\":\"2026-02-06T20:00:00\",\"end\":\"2026-02-06T19:00:00\""),
         "$.schedule[0].end", "must be after \"start\""},
        {DAYPART("\"start\":\"2026-02-06T20:00:00Z\",\"end\":\"2026-02-05T17:00:00\""),
         "$.schedule[0].end", "must be after \"start\""},
        {DAYPART("\"start_date\":\"2026-2-6\""), "$.schedule[0].start_date", "a date such as"},
        {DAYPART("\"end_date\":20260206"), "$.schedule[0].end_date", "must be a string"},
        {DAYPART("\"start_date\":\"2026-02-07\",\"end_date\":\"2026-02-06\""),
         "$.schedule[0].end_date", "must not be before \"start_date\""},
        {DAYPART("\"by_day\":\"MO\""), "$.schedule[0].by_day", "must be a list, not a string"},
        {DAYPART("\"by_day\":[]"), "$.schedule[0].by_day", "is empty: give at least one"},
        {DAYPART("\"by_day\":[\"MO\",\"Tue\"]"), "$.schedule[0].by_day[1]", "you mean \"TU\"?"},
        {DAYPART("\"except_dates\":[\"2026-02-06\",\"x\"]"), "$.schedule[0].except_dates[1]",
         "must be a date such as \"2026-02-06\""},
        {DAYPART("\"start_time\":\"9am\""), "$.schedule[0].start_time", "such as \"09:30\""},
        {DAYPART("\"end_time\":\"24:01\""), "$.schedule[0].end_time", "such as \"09:30\""},
        {DAYPART("\"start_time\":\"24:00\""), "$.schedule[0].start_time",
         "before \"24:00\"; the start of a day is \"00:00\""},
        {DAYPART("\"priority\":0.5"), "$.schedule[0].priority", "must be a whole number"},
        {DAYPART("\"priority\":1000001"), "$.schedule[0].priority", "-1000000 to 1000000"},
        {DAYPART("\"priority\":-1000001"), "$.schedule[0].priority", "-1000000 to 1000000"},
        {DAYPART("\"share_of_voice\":0"), "$.schedule[0].share_of_voice",
         "from 0.000001 to 1, not"},
        {DAYPART("\"share_of_voice\":1e-9"), "$.schedule[0].share_of_voice",
         "from 0.000001 to 1, not"},
        {DAYPART("\"share_of_voice\":1.000001"), "$.schedule[0].share_of_voice",
         "from 0.000001 to 1, not 1.000001"},
    };
    EXPECT_EACH(cases);
}

#define LOOP MORE("\"loops\":{\"l\":[\"a\"]},\"schedule\":[%s]")

static void shares_of_dayparts_that_always_run_together(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"{\"loop\":\"l\",\"priority\":1},{\"loop\":\"l\",\"share_of_voice\":0.6},"
         "{\"loop\":\"l\",\"share_of_voice\":0.5}",
         "$.schedule[1]", "of the 2 always-running entries"},
        {"{\"loop\":\"l\",\"share_of_voice\":0.6},{\"loop\":\"l\",\"share_of_voice\":0.6},"
         "{\"loop\":\"l\",\"share_of_voice\":0.6}",
         "$.schedule[0]", "of the 3 always-running entries"},
        {"{\"loop\":\"l\",\"share_of_voice\":1},{\"loop\":\"l\"}", "$.schedule[1]", "never runs"},
        {"{\"loop\":\"l\"},{\"loop\":\"l\",\"share_of_voice\":1,\"priority\":1},"
         "{\"loop\":\"l\",\"share_of_voice\":1,\"priority\":1}",
         "$.schedule[1]", "entries of priority 1"},
        /* No fault: other priorities, other hours, thirds and sixths. */
        {"{\"loop\":\"l\",\"share_of_voice\":0.6},"
         "{\"loop\":\"l\",\"share_of_voice\":0.6,\"priority\":1}",
         NULL, NULL},
        {"{\"loop\":\"l\",\"share_of_voice\":0.6},"
         "{\"loop\":\"l\",\"share_of_voice\":0.6,\"start_time\":\"06:00\"}",
         NULL, NULL},
        {"{\"loop\":\"l\",\"share_of_voice\":0.1666667},{\"loop\":\"l\",\"share_of_voice\":0."
         "1666667},"
         "{\"loop\":\"l\",\"share_of_voice\":0.1666667},{\"loop\":\"l\",\"share_of_voice\":0."
         "1666667},"
         "{\"loop\":\"l\",\"share_of_voice\":0.1666667},{\"loop\":\"l\",\"share_of_voice\":0."
         "1666667}",
         NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[1024];
        snprintf(json, sizeof json, LOOP, cases[i].json);
        if (cases[i].path) {
            expect_each(&(struct expected){json, cases[i].path, cases[i].words}, 1);
            continue;
        }
        struct playlist_faults faults = {.count = 0};
        struct playlist *playlist = playlist_parse(json, strlen(json), &faults);
        assert_non_null(playlist);
        playlist_destroy(playlist);
        playlist_faults_finish(&faults);
    }
}

/* Right, though near to what check_order looks for. */
static void ends_that_only_look_early(void **state)
{
    (void)state;
    static const char *const cases[] = {
        DAYPART("\"start_date\":\"2026-02-06\",\"end_date\":\"2026-02-06\""),
        DAYPART("\"start_time\":\"22:00\",\"end_time\":\"06:00\""),
        DAYPART("\"start_time\":\"06:00\",\"end_time\":\"06:00\""),
        /* A local time and an instant: which comes first depends on the screen. */
        DAYPART("\"start\":\"2026-02-06T20:00:00\",\"end\":\"2026-02-06T12:00:00Z\""),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct playlist_faults faults = {.count = 0};
        struct playlist *playlist = playlist_parse(cases[i], strlen(cases[i]), &faults);
        if (!playlist)
            fail_msg("%s: %s", cases[i], faults.items[0].text);
        playlist_destroy(playlist);
        playlist_faults_finish(&faults);
    }
}

static void utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t code; /* 0: none */
    } cases[] = {
        {"a", 'a'},
        {"\x7f", 0x7f},
        {"\xc2\x80", 0x80},
        {"\xdf\xbf", 0x7ff},
        {"\xe0\xa0\x80", 0x800},
        {"\xed\x9f\xbf", 0xd7ff},
        {"\xee\x80\x80", 0xe000},
        {"\xef\xbf\xbf", 0xffff},
        {"\xf0\x90\x80\x80", 0x10000},
        {"\xf4\x8f\xbf\xbf", 0x10ffff},
        {"\x80", 0},
        {"\xc1\xbf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xed\xbf\xbf", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf8\x88\x80\x80\x80", 0},
        {"\xc2", 0},
        {"\xe3\x81", 0},
        {"\xc2"
         "a",
         0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 0;
        size_t size = strlen(cases[i].bytes);
        size_t step = utf8_next(cases[i].bytes, size, &code);
        if (step != (cases[i].code ? size : 0) || code != cases[i].code)
            fail_msg("case %zu: %zu bytes, U+%04X", i, step, (unsigned)code);
    }
}

static void files(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {MORE("\"files\":[]"), "$.files", "must be an object"},
        {MORE("\"files\":{}"), "$.spots.a.image", "is missing from \"files\""},
        {MORE("\"files\":{\"a.jpg\":{\"sha256\":" SHA ",\"bytes\":1},\"b.jpg\":{\"sha256\":" SHA
              ",\"bytes\":1}}"),
         "$.files[\"b.jpg\"]", "is not used by any spot"},
        {MORE("\"files\":{\"a.jpg\":7}"), "$.files[\"a.jpg\"]", "must be an object"},
        {FILE_KEYS("\"sha256\":" SHA), "$.files[\"a.jpg\"].bytes", "missing"},
        {FILE_KEYS("\"bytes\":1"), "$.files[\"a.jpg\"].sha256", "missing"},
        {FILE_KEYS("\"bytes\":1,\"sha256\":\"00\""), "$.files[\"a.jpg\"].sha256", "64 hexadecimal"},
        {FILE_KEYS("\"bytes\":1,\"sha256\":0"), "$.files[\"a.jpg\"].sha256", "must be a string"},
        {FILE_KEYS("\"bytes\":0,\"sha256\":" SHA), "$.files[\"a.jpg\"].bytes",
         "from 1 to 9007199254740991"},
        {FILE_KEYS("\"bytes\":1e300,\"sha256\":" SHA), "$.files[\"a.jpg\"].bytes", "whole number"},
        {KNOWN_FILE("\"size\":1"), "$.files[\"a.jpg\"].size", "unknown key"},
        {KNOWN_FILE("\"width\":65536"), "$.files[\"a.jpg\"].width", "from 1 to 65535"},
        {KNOWN_FILE("\"height\":0"), "$.files[\"a.jpg\"].height", "from 1 to 65535"},
        {KNOWN_FILE("\"duration_ms\":0.5"), "$.files[\"a.jpg\"].duration_ms", "from 1 to 86400000"},
        {KNOWN_FILE("\"fps\":0"), "$.files[\"a.jpg\"].fps", "from 0.001 to 1000"},
        {KNOWN_FILE("\"codec\":\"\""), "$.files[\"a.jpg\"].codec", "such as \"h264\""},
        {KNOWN_FILE("\"codec\":\"a b\""), "$.files[\"a.jpg\"].codec", "such as \"h264\""},
        {KNOWN_FILE("\"url\":\"file:///etc/passwd\""), "$.files[\"a.jpg\"].url", "http or https"},
        {KNOWN_FILE("\"url\":\"\""), "$.files[\"a.jpg\"].url", "http or https"},
        {KNOWN_FILE("\"url\":\"a b\""), "$.files[\"a.jpg\"].url", "http or https"},
    };
    EXPECT_EACH(cases);
}

static void repeated_keys(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"{\"format\":\"duckling/1\",\n\"format\":\"duckling/1\"," SPOTS "}", "$.format",
         "is given twice, on line 1 and on line 2: remove one"},
        /* As unescaped: \u0061 is a. */
        {PLAYLIST("\"spots\":{\"a\":{\"image\":\"a\"},\"\\u0061\":{\"image\":\"a\"}}"), "$.spots.a",
         "given twice"},
        {DAYPART("\"priority\":1,\"end_time\":\"09:00\",\"priority\":1"), "$.schedule[0].priority",
         "given twice"},
        /* In what the second one replaces, too. */
        {PLAYLIST("\"spots\":{\"a\":{\"tagline\":{\"ko\":\"x\",\"ko\":\"y\"}}}"),
         "$.spots.a.tagline.ko", "given twice"},
    };
    EXPECT_EACH(cases);

    /* Several, in the order of the text, whatever their names. */
    static const char json[] =
        "{\"format\":\"duckling/1\"," SPOTS ",\n\"name\":\"\",\"$schema\":\"\",\n"
        "\"name\":\"\",\"$schema\":\"\",\n\"name\":\"\"}";
    struct playlist_faults *faults = faults_of(json, strlen(json));
    expect_fault(faults, 0, "$.name", "on line 2 and on line 3");
    expect_fault(faults, 1, "$[\"$schema\"]", "on line 2 and on line 3");
    expect_fault(faults, 2, "$.name", "on line 3 and on line 4");
    assert_int_equal(faults->total, 3);
    drop(faults);
}

static void all_faults_in_one_run(void **state)
{
    (void)state;
    static const char json[] =
        "{\"format\":\"duckling/1\",\"nmae\":\"x\",\"timezone\":\"?\",\n"
        "\"defaults\":{\"duration\":0},\"styles\":{\"s\":{\"size\":2}},\n"
        "\"spots\":{\"a\":{\"image\":\"/a\",\"fit\":\"x\"},\"a\":{\"image\":\"/"
        "a\",\"fit\":\"x\"}},\n"
        "\"loops\":{\"day\":[\"b\"]},\"schedule\":[{\"loop\":\"dya\"}],\"fallback\":\"night\"}";
    struct playlist_faults *faults = faults_of(json, strlen(json));
    size_t i = 0;
    expect_fault(faults, i++, "$.spots.a", "given twice, on line 3 and on line 3");
    expect_fault(faults, i++, "$.nmae", "did you mean \"name\"?");
    expect_fault(faults, i++, "$.timezone", "time zone");
    expect_fault(faults, i++, "$.styles.s.size", "0.5");
    expect_fault(faults, i++, "$.defaults.duration", "86400");
    expect_fault(faults, i++, "$.spots.a.image", "relative");
    expect_fault(faults, i++, "$.spots.a.fit", "cover");
    expect_fault(faults, i++, "$.loops.day[0]", "no spot \"b\"");
    expect_fault(faults, i++, "$.schedule[0].loop", "did you mean \"day\"?");
    expect_fault(faults, i++, "$.fallback", "no loop \"night\"");
    assert_int_equal(faults->total, i);
    drop(faults);
}

static void one_fault_does_not_make_a_hundred(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {PLAYLIST("\"spots\":[],\"loops\":{\"l\":[\"a\",\"b\"]},\"files\":{\"x\":{\"sha256\":" SHA
                  ",\"bytes\":1}}"),
         "$.spots", "must be an object"},
        {MORE("\"loops\":1,\"schedule\":[{\"loop\":\"a\"},{\"loop\":\"b\"}],\"fallback\":\"c\""),
         "$.loops", "must be an object"},
        {MORE("\"styles\":1,\"defaults\":{\"tagline_style\":\"x\"}"), "$.styles",
         "must be an object"},
    };
    EXPECT_EACH(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_level),
        cmocka_unit_test(spots),
        cmocka_unit_test(taglines),
        cmocka_unit_test(languages_that_are_not_known),
        cmocka_unit_test(paths),
        cmocka_unit_test(styles_and_defaults),
        cmocka_unit_test(loops_and_fallback),
        cmocka_unit_test(dayparts),
        cmocka_unit_test(shares_of_dayparts_that_always_run_together),
        cmocka_unit_test(ends_that_only_look_early),
        cmocka_unit_test(utf8),
        cmocka_unit_test(files),
        cmocka_unit_test(repeated_keys),
        cmocka_unit_test(all_faults_in_one_run),
        cmocka_unit_test(one_fault_does_not_make_a_hundred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
