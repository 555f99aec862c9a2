/* Sizes and lines of texts of all kinds, in a font of boxes: no line ends where none may, sizes stay
 * in their bounds, and the copy's own lines are kept. */
#include "worker/text/tagline_fit.h"

#include "sample_words.h"
#include "set_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ASKED_PX 100
#define TEXTS 300

struct fixture {
    struct linebreak_words *words;
    int fonts[2]; /* narrow, wide quotes */
};

static int open_fixture(void **state)
{
    static struct fixture fixture;
    fixture.words = sample_words_open();
    fixture.fonts[0] = sample_font_open(false);
    fixture.fonts[1] = sample_font_open(true);
    *state = &fixture;
    return fixture.words && fixture.fonts[0] >= 0 && fixture.fonts[1] >= 0 ? 0 : -1;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    linebreak_words_close(fixture->words);
    close(fixture->fonts[0]);
    close(fixture->fonts[1]);
    return 0;
}

static struct tagline_bounds bounds_of(double width_ems, double height_ems)
{
    return (struct tagline_bounds){
        .width = width_ems * ASKED_PX,
        .height = height_ems * ASKED_PX,
        .area = {.width = width_ems * ASKED_PX * 1.5, .height = height_ems * ASKED_PX * 2},
        .asked_px = ASKED_PX,
        .floor_px = 25,
        .least_px = 5};
}

static void set(const struct fixture *fixture, const char *text, const char *language,
                double width_ems, double height_ems, struct set_text *set)
{
    struct tagline_bounds bounds = bounds_of(width_ems, height_ems);
    bool is_wide = strncmp(language, "zh", 2) == 0 || strcmp(language, "ja") == 0;
    set_text(text, language, fixture->words, fixture->fonts[is_wide], &bounds, set);
}

/* The copy's own lines, and what would be left over, at up to twelve percent less. */
static void test_keeps_the_lines_of_the_copy(void **state)
{
    static const struct {
        const char *language, *text, *lines;
        double width;
        int from_px, to_px;
    } cases[] = {
        /* Fits as it is written. */
        {"en", "One rink.\nOne dream.", "One rink.\n|One dream.", 6, 100, 100},
        /* "A whole country’s dream." is 11 em wide: as it is written at 91 percent, rather than in
         * three lines. */
        {"en", "One rink.\nA whole country’s dream.", "One rink.\n|A whole country’s dream.", 10.4,
         88, 94},
        /* 12 percent are not enough. */
        {"en", "One rink.\nA whole country’s dream.", "One rink.\n|A whole |country’s dream.", 9,
         100, 100},
        {"zh", "小的伟大\n从这里开始", "小的伟大\n|从这里开始", 4.6, 88, 94},
        /* A line that would be left over: one of 1 em below one of 7. */
        {"ko", "위대함을믿는다 나", "위대함을믿는다 나", 7.5, 88, 94},
        /* No line of the copy's own, and none left over: as large as it can be. */
        {"ko", "작은 것의 위대함을 위하여", "작은 것의 |위대함을 위하여", 9, 100, 100},
    };
    static struct set_text result;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set(*state, cases[i].text, cases[i].language, cases[i].width, 8, &result);
        assert_string_equal(result.broken, cases[i].lines);
        assert_in_range(result.size_px, cases[i].from_px, cases[i].to_px);
    }
}

/* Texts at random, the same ones in each run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static const struct {
    const char *language;
    const char *const parts[24];
} vocabularies[] = {
    {"zh-Hans", {"相信",  "小的",   "伟大", "，",  "。",     "“",      "”",    "《小鸭过河》",
                 "一个",  "2026年", "2月",  "6日", "了",     "的",     "——",   "……",
                 "K-Pop", " ",      "50%",  "\n",  "\u2060", "\u200b", "国家", NULL}},
    {"zh-Hant",
     {"相信", "小的", "偉大", "，",       "。", "「",     "」", "《小鴨》", "第", "五", "屆",
      "們",   "——",   "……",   "www.a.tw", " ",  "\u200b", "、", "！",       "\n", "，", NULL}},
    {"ko",
     {"작은", " ",      " ", "것의", " ", "스물세", " ", "명이", "오후", " ",    "5시", ",",
      ".",    "2026년", " ", "2월",  " ", "“",      "”", "수",   " ",    "있다", "\n",  NULL}},
    {"ja", {"小さな", "偉大さ", "へ",  "。",   "、", "「", "」", "アイスホッケー", "・", "っ", "ー",
            "を",     "世界",   "5時", "30分", "—",  "々", "\n", "\u200b",         "力", NULL}},
    {"en",
     {"To", " ", "the", " ", "greatness", " ", "of",      " ", "small", ".",  " — ",    "–",
      "(",  ")", "“",   "”", "5 km",      " ", "Dr. Kim", ",", " ",     "\n", "\u00a0", NULL}},
};
#define VOCABULARIES (sizeof vocabularies / sizeof *vocabularies)

static void make_text(size_t which, uint32_t *seed, char *text)
{
    size_t parts = 0, wanted = 3 + next_random(seed) % 24;
    while (vocabularies[which].parts[parts])
        parts++;
    text = stpcpy(text, vocabularies[which].parts[0]);
    for (size_t i = 0; i < wanted; i++)
        text = stpcpy(text, vocabularies[which].parts[next_random(seed) % parts]);
}

/* No line begins or ends where none may but inside a word, or a row of marks, that is wider than a
 * line. */
static void check_breaks(const struct set_text *result, const char *text)
{
    for (size_t at = 1; at < result->bytes; at++) {
        if (result->begins[at] && result->ranks[at] <= LINEBREAK_NEVER)
            fail_msg("%s: a line begins at byte %zu", text, at);
        if (result->ranks[at] == LINEBREAK_MUST && !result->begins[at])
            fail_msg("%s: no line begins at byte %zu", text, at);
    }
}

/* The same, without asking those who rank places: the plainest rule of Chinese and Japanese. */
static void check_first_characters(const struct set_text *result, const char *language)
{
    static const char *const closing[] = {"，", "。", "、", "！", "？", "」",
                                          "』", "》", "々", "っ", "ー"};
    bool is_asian = strncmp(language, "zh", 2) == 0 || strcmp(language, "ja") == 0;
    for (const char *end = result->broken; is_asian && (end = strchr(end, '|')); end++) {
        bool follows_mark = end[-1] == '\n' || end[-1] == ' ' ||
                            (end - result->broken > 3 && memcmp(end - 3, "\u200b", 3) == 0);
        for (size_t i = 0; i < sizeof closing / sizeof *closing && !follows_mark; i++)
            if (strncmp(end + 1, closing[i], 3) == 0)
                fail_msg("%s: a line begins with %s", result->broken, closing[i]);
    }
}

static void test_random_texts(void **state)
{
    static struct set_text narrow, wide;
    uint32_t seed = 20260206;
    size_t smaller = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        char text[1000];
        size_t which = i % VOCABULARIES;
        make_text(which, &seed, text);
        double width = 4 + next_random(&seed) % 16, height = 2 + next_random(&seed) % 8;
        set(*state, text, vocabularies[which].language, width, height, &narrow);
        set(*state, text, vocabularies[which].language, width * 2, height, &wide);
        check_breaks(&narrow, text);
        check_first_characters(&narrow, vocabularies[which].language);
        check_breaks(&wide, text);
        assert_in_range(narrow.size_px, 5, ASKED_PX);
        assert_true(narrow.lines >= narrow.copy_lines && wide.lines >= wide.copy_lines);
        /* More room makes no text smaller, but for what phrases and even lines cost (PHRASES_PART
         * and KEPT_PART). */
        assert_true(wide.size_px >= narrow.size_px * 70 / 100);
        /* In more than four lines only where headlines have become smaller than this. */
        if (narrow.lines > 4 && narrow.lines > narrow.copy_lines)
            smaller += narrow.size_px < ASKED_PX;
        /* What is on the lines is the text. */
        char joined[SET_LINES_BYTES], *to = joined;
        for (const char *c = narrow.broken; *c; c++)
            if (*c != '|')
                *to++ = *c;
        *to = '\0';
        char *normal = linebreak_normalize(text, NULL);
        assert_string_equal(joined, normal);
        free(normal);
    }
    assert_in_range(smaller, 5, TEXTS);
}

/* A larger style never makes a text smaller by more than a step of the rules. */
static void test_larger_styles(void **state)
{
    const struct fixture *fixture = *state;
    static struct set_text result;
    static const char *const texts[] = {"One rink.\nA whole country’s dream.",
                                        "To the greatness of small.",
                                        "We believe that small acts can lead to greatness."};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int before = 0;
        for (int asked = 20; asked <= 200; asked += 3) {
            struct tagline_bounds bounds = bounds_of(10, 5);
            bounds.asked_px = asked;
            bounds.floor_px = 18;
            set_text(texts[i], "en", fixture->words, fixture->fonts[0], &bounds, &result);
            assert_true(result.size_px <= asked);
            assert_true(result.size_px >= before * 80 / 100);
            before = result.size_px > before ? result.size_px : before;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_the_lines_of_the_copy),
        cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_larger_styles),
    };
    return cmocka_run_group_tests_name("tagline_fit", tests, open_fixture, close_fixture);
}
