/* Where lines may end. Each sample writes its text with the marks between: `|` a fair place, `+` a
 * good one, `*` after punctuation, `~` a poor one, `_` only inside a word that is too wide; nothing
 * where no line may end. */
#include "worker/text/linebreak.h"

#include "sample_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct sample {
    const char *language, *marked;
};

static const struct sample samples[] = {
    /* clang-format off */
    /* Chinese: words and particles. */
    {"zh-Hans", "相_信|小_的~伟_大"},
    {"zh-Hans", "我_们|都~爱~小_的~事_物"},
    {"zh-Hans", "每_一_个~微_小_的~行_动，*都~能~通_向|伟_大。"},
    {"zh", "他|停_下_了|船"},
    {"zh-Hans", "互_联_网|改_变_了|世_界"},
    {"zh-Hans", "目_的~是~改_变"},
    /* Without a table of words any two characters may be parted, but for particles. */
    {"zh-Hant", "相|信|小的+偉|大"},
    {"zh-Hant", "我們|相|信"},
    /* A comma, stop or closing quote begins no line; an opening quote or bracket ends none. Short
     * quotations and titles stay whole. */
    {"zh-Hans", "“相信_小的_伟大。”*他_们|说"},
    {"zh-Hans", "他~说，*“小鸭”+然_后|停_下"},
    {"zh-Hans", "看+《小鸭》+和~（它_‘妈妈’）"},
    {"zh-Hans", "真_的？！*好、+很~好；*走：*来"},
    /* Dashes and dots in pairs stay pairs. */
    {"zh-Hans", "伟_大~——+就_是|小"},
    {"zh-Hans", "等~一~等……*再~走……"},
    /* Numbers keep what they count; names keep their dot. */
    {"zh-Hans", "2026_年_2_月_6_日|开_幕"},
    {"zh-Hans", "第_3_名|与~50%_的~人"},
    {"zh-Hans", "约|3,000_米"},
    {"zh-Hans", "24_小_时|不~停"},
    {"zh-Hans", "一_个~国_家"},
    {"zh-Hans", "约_翰_·_史_密_斯"},
    /* Latin words stay whole. */
    {"zh-Hans", "在~English |words~中|don’t|停"},
    {"zh-Hans", "小_的 *伟_大 |OK"},
    {"zh-Hans", "去|https://example.com/a|看"},
    /* Korean: at spaces only. */
    {"ko", "작은 ~것의 |위대함을 ~위하여"},
    {"ko", "멈출 ~수 ~있는 |용기, *그것이 |승리다."},
    {"ko", "이 ~작은 |오리를 ~위해 |한 번 ~멈췄다"},
    {"ko", "“작은 ~것을 |믿는다.” *그가 |말했다"},
    {"ko", "「빙판」은 |하나뿐이다"},
    {"ko", "2026년 2월 6일, *서울 |24/7"},
    {"ko", "세_계_에_서 |5 _km |떨_어_진 |low-~key |팀"},
    {"ko-KR", "韓國 |서울"},
    {"ko", "오후 5시 |서울, *약 5분"},
    {"ko", "스물세 명의 |선수, *열 마리가 |건넜다"},
    {"ko", "수 |많은 |사람, *할 ~수 ~없는 |일"},
    /* English: at spaces and hyphens. */
    {"en", "To ~the ~greatness +of ~small."},
    {"en", "We ~believe |small |acts |lead +to ~greatness."},
    {"en", "A ~low-~key |team +with ~one ~rink"},
    {"en", "Stop, *wait; *then |win."},
    {"en", "5 _km +and ~3,000 _m +to ~go"},
    {"en", "“Don’t |stop,” *she ~said"},
    {"en", "small—|and |great"},
    {"en", "small — *and ~great – *or ~not"},
    {"en", "he ~said |—Seneca"},
    {"", "작은 ~것을 |믿는다"},
    /* Japanese: phrases, small kana, long vowels. */
    {"ja", "小さ~な+偉~大さ~へ。*"},
    {"ja", "世~界を+変え~る+“力”を+持つ"},
    {"ja", "チームが、*勝っ~た。"},
    {"ja", "お~茶を+ど~う~ぞ"},
    {"ja", "ジャズ・|コーヒー|店"},
    {"ja", "二・_五_倍"},
    /* clang-format on */
};

static const char *sign_of(unsigned char mark)
{
    switch ((enum linebreak_rank)mark) {
    case LINEBREAK_POOR:
        return "~";
    case LINEBREAK_FAIR:
        return "|";
    case LINEBREAK_GOOD:
        return "+";
    case LINEBREAK_BEST:
        return "*";
    case LINEBREAK_MUST:
        return "\n";
    case LINEBREAK_INSIDE:
    case LINEBREAK_NEVER:
    case LINEBREAK_CLUSTER:
    case LINEBREAK_SYLLABLE:
        break;
    }
    return "";
}

/* The marked text: "_" stands for a syllable break only where the sample says so. */
static void mark(const char *text, const char *language, bool with_syllables, char *out)
{
    unsigned char marks[LINEBREAK_TEXT_BYTES_MAX];
    size_t bytes = strlen(text);
    struct linebreak_words *words = sample_words_open();
    assert_non_null(words);
    assert_true(linebreak_find(text, bytes, language, words, marks, NULL));
    linebreak_words_close(words);
    for (size_t i = 0; i < bytes; i++) {
        const char *sign = sign_of(marks[i]);
        if (with_syllables && marks[i] == LINEBREAK_SYLLABLE)
            sign = "_";
        while (*sign)
            *out++ = *sign++;
        *out++ = text[i];
    }
    *out = '\0';
}

static void strip(const char *marked, char *text)
{
    for (; *marked; marked++)
        if (!strchr("|+*~_", *marked))
            *text++ = *marked;
    *text = '\0';
}

static void test_samples(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char text[400], out[2000], expected[400];
        strip(samples[i].marked, text);
        size_t length = strlen(samples[i].marked);
        memcpy(expected, samples[i].marked, length + 1);
        /* A mark after the last character would be the text's end. */
        if (expected[length - 1] == '*')
            expected[length - 1] = '\0';
        char *normal = linebreak_normalize(text, NULL);
        assert_non_null(normal);
        mark(normal, samples[i].language, strchr(samples[i].marked, '_') != NULL, out);
        free(normal);
        if (strcmp(out, expected) != 0) {
            print_error("%s: %s, expected %s\n", samples[i].language, out, expected);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static unsigned char mark_at(const char *text, const char *language, const char *rest)
{
    unsigned char marks[LINEBREAK_TEXT_BYTES_MAX];
    const char *place = strstr(text, rest);
    assert_non_null(place);
    assert_true(linebreak_find(text, strlen(text), language, NULL, marks, NULL));
    return marks[place - text];
}

static void test_wide_words(void **state)
{
    (void)state;
    const char *korean = "대한민국아이스하키국가대표선수단환영위원회사무국직원일동.";
    assert_int_equal(mark_at(korean, "ko", "아이스"), LINEBREAK_SYLLABLE);
    assert_int_equal(mark_at(korean, "ko", "."), LINEBREAK_NEVER);
    assert_int_equal(mark_at("Donaudampfschiff", "de", "schiff"), LINEBREAK_CLUSTER);
    /* An address is broken before its strokes first. */
    const char *address = "see www.example.com/path/to";
    assert_int_equal(mark_at(address, "en", "/path"), LINEBREAK_SYLLABLE);
    assert_int_equal(mark_at(address, "en", "path"), LINEBREAK_NEVER);
    assert_int_equal(mark_at(address, "en", "xample"), LINEBREAK_CLUSTER);
    assert_int_equal(mark_at("3,000米", "zh", "米"), LINEBREAK_SYLLABLE);
}

static void test_pairs(void **state)
{
    (void)state;
    assert_int_equal(mark_at("大——小", "zh", "—小"), LINEBREAK_NEVER);
    assert_int_equal(mark_at("大……小", "zh", "…小"), LINEBREAK_NEVER);
    /* A row of dots longer than a word must be parted somewhere. */
    unsigned char marks[60];
    assert_true(linebreak_find("............................................................", 60,
                               "en", NULL, marks, NULL));
    int parted = 0;
    for (int i = 0; i < 60; i++)
        parted += marks[i] > LINEBREAK_NEVER;
    assert_in_range(parted, 3, 8);
}

static void test_characters_stay_whole(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "👩‍👩‍👧‍👦", "🇰🇷", "👍🏽", "e\xcc\x81\xcc\xa3", "각",
    };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        unsigned char marks[64];
        size_t bytes = strlen(whole[i]);
        assert_true(linebreak_find(whole[i], bytes, "zh", NULL, marks, NULL));
        assert_int_equal(marks[0], LINEBREAK_NEVER);
        for (size_t at = 1; at < bytes; at++)
            assert_int_equal(marks[at], LINEBREAK_INSIDE);
    }
    assert_int_equal(mark_at("🇰🇷🇨🇳", "zh", "🇨🇳"), LINEBREAK_FAIR);
}

static void test_normalise(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        /* "작은 것" and "é" as macOS writes them */
        {"\xe1\x84\x8c\xe1\x85\xa1\xe1\x86\xa8\xe1\x84\x8b\xe1\x85\xb3\xe1\x86\xab "
         "\xe1\x84\x80\xe1\x85\xa5\xe1\x86\xba",
         "작은 것"},
        {"e\xcc\x81", "é"},
        {"a\r\nb\rc\xe2\x80\xa8"
         "d\xc2\x85"
         "e",
         "a\nb\nc\nd\ne"},
        {"a\tb\x07"
         "c\x7f",
         "a b c "},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *normal = linebreak_normalize(pairs[i][0], NULL);
        assert_non_null(normal);
        assert_string_equal(normal, pairs[i][1]);
        free(normal);
    }
}

static void test_normalise_refuses(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "", "\xff", "a\xc0\x80", "\xed\xa0\x80", "\xe4\xbd", "\xf5\x80\x80\x80"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct err err = {0};
        assert_null(linebreak_normalize(broken[i], &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    char text[LINEBREAK_TEXT_BYTES_MAX + 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct err err = {0};
    assert_null(linebreak_normalize(text, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    text[LINEBREAK_TEXT_BYTES_MAX] = '\0';
    char *normal = linebreak_normalize(text, &err);
    assert_non_null(normal);
    free(normal);
    /* U+0958 grows when it is normalised: 3 bytes to 6. */
    for (size_t i = 0; i + 3 <= LINEBREAK_TEXT_BYTES_MAX; i += 3)
        memcpy(text + i, "\xe0\xa5\x98", 3);
    text[LINEBREAK_TEXT_BYTES_MAX - LINEBREAK_TEXT_BYTES_MAX % 3] = '\0';
    assert_null(linebreak_normalize(text, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_forced_lines(void **state)
{
    (void)state;
    assert_int_equal(mark_at("小\n大", "zh", "大"), LINEBREAK_MUST);
    assert_int_equal(mark_at("小\n大", "zh", "\n"), LINEBREAK_NEVER);
    assert_int_equal(mark_at("a \n\nb", "en", "\nb"), LINEBREAK_MUST);
}

static void test_script_by_content(void **state)
{
    (void)state;
    static const struct {
        const char *language, *text;
        enum linebreak_script script;
    } cases[] = {
        {"en", "작은 것", LINEBREAK_SCRIPT_HANGUL},
        {"", "小さな", LINEBREAK_SCRIPT_KANA},
        {"ja", "伟大", LINEBREAK_SCRIPT_KANA},
        {"ko", "大韓民國 만세", LINEBREAK_SCRIPT_HANGUL},
        {"zh", "在首尔 서울 看见", LINEBREAK_SCRIPT_HAN},
        {"zh", "Small", LINEBREAK_SCRIPT_LATIN},
        {"ko", "相信", LINEBREAK_SCRIPT_HAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            linebreak_script_of(cases[i].text, strlen(cases[i].text), cases[i].language),
            cases[i].script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),      cmocka_unit_test(test_wide_words),
        cmocka_unit_test(test_pairs),        cmocka_unit_test(test_characters_stay_whole),
        cmocka_unit_test(test_normalise),    cmocka_unit_test(test_normalise_refuses),
        cmocka_unit_test(test_forced_lines), cmocka_unit_test(test_script_by_content),
    };
    return cmocka_run_group_tests_name("linebreak", tests, NULL, NULL);
}
