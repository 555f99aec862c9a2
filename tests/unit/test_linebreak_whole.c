/* What stays whole on a line, in copy as it is written: abbreviations, addresses, numbers, names.
 *
 * In a sample, {} stands around what may only be broken where it is wider than a line, and <>
 * around what may be broken between any two characters at the most. Each space outside of both is a
 * place where a line may end, so that no sample holds by forbidding everything. */
#include "worker/text/linebreak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct sample {
    const char *language, *marked;
};

static const struct sample samples[] = {
    /* clang-format off */
    /* Times of day. */
    {"en", ". Hello there"}, /* nothing is before it */
    {"en", "Doors open at {5 <p.m.>} on Friday"},
    {"en", "Doors open at <5p.m.> on Friday"},
    {"en", "Open {9 <a.m.>} to {5 <p.m.>} daily"},
    {"en", "Open {9 am} to {5 pm} daily"},
    {"en", "From <9:00>–<18:30> every day"},
    {"en", "The show begins at <20:00:00> sharp"},
    {"en", "Daily {<a.m.>/<p.m.>} service"},
    {"en", "At {7 A.M.}, the rink is empty"},
    {"en", "Meet at {7.30 p.m.} at the gate"},
    {"de", "Ab {20 Uhr} im Stadion"},
    {"de", "Um {<20.00> Uhr} im Stadion"},
    {"de", "Geöffnet von {9 h} bis {17 h} täglich"},
    {"fr", "Ouvert dès {9 h} le samedi"},
    {"ko", "{오후 <7:30>에} 만나요"},
    {"ko", "매일 {9 <a.m.>} 오픈"},
    {"zh", "<9:00>开门，<18:30>关门"},
    {"zh", "下午{5 <p.m.>}开幕"},
    {"zh", "每天<5p.m.>开门"},
    {"ja", "毎日<10:30>に開店"},
    /* Abbreviations with full stops. */
    {"en", "Washington, <D.C.> is waiting"},
    {"en", "Made in the <U.S.A.> since then"},
    {"en", "The <U.S.> team has won"},
    {"en", "The <U.K.> and the <U.S.A.> agree"},
    {"en", "Bring skates, {<e.g.> your} own"},
    {"en", "Small, {i.e. tiny} steps"},
    {"en", "A <Ph.D.> in ducklings"},
    {"en", "Acme <Inc.> presents"},
    {"en", "Smith &~Co. <Ltd.> presents"},
    {"en", "<No.5> is the one"},
    {"en", "{No. 5} is the one"},
    {"en", "{Nos. 5} and {No. 6} win"},
    {"en", "See {p. 5} and {pp. 6} for more"},
    {"en", "See {fig. 3} and {vol. 2} now"},
    {"en", "Ask {Dr. Kim} or {Mr. Lee} today"},
    {"en", "Ask {Mrs. Park} and {Ms. Choi} today"},
    {"en", "{Prof. Oh} speaks tonight"},
    {"en", "{St. Pauli} and {Mt. Fuji} meet"},
    {"en", "{J. K. Rowling} reads"},
    {"en", "<J.K.> Rowling reads"},
    {"en", "Korea <vs.> China tonight"},
    {"en", "{Capt. Jones} stopped the boat"},
    {"de", "Enten, {<z.B.> kleine} und große"},
    {"de", "Enten, {z. B. kleine} und große"},
    {"de", "Enten, {<d.h.> kleine} und große"},
    {"de", "Mit {u. a. Enten} am See"},
    {"de", "Am {6. Februar} beginnt es"},
    {"de", "Im {3. Stock} links"},
    {"de", "{Nr. 5} lebt"},
    {"de", "<Nr.5> lebt"},
    {"de", "{Dr. Müller} und {Prof. Weiß} reden"},
    {"de", "{ca. 20} Enten am See"},
    {"de", "Eintritt {inkl. Getränk} am Abend"},
    {"de", "Der {1. FC} Köln spielt"},
    {"de", "Enten <usw.> am See"},
    {"fr", "{M. Dupont} et {Mme. Petit} patinent"},
    {"fr", "Le {n° 5} gagne"},
    {"es", "{Sra. García} y {Sr. López} patinan"},
    {"ko", "{Dr. Kim}의 강연"},
    {"ko", "한국 <vs.> 중국 오늘"},
    {"ko", "{No. 1} 아이스하키 팀"},
    {"zh", "请{Dr.Kim}来"},
    {"zh", "在<U.S.A.>的小鸭"},
    {"zh", "华盛顿<D.C.>见"},
    {"zh", "香奈儿<No.5>香水"},
    {"ja", "<U.S.A.>の小さな鴨"},
    /* Web addresses. */
    {"en", "Visit {duckling.com} today"},
    {"en", "Visit {duckling.com<},> then skate"},
    {"en", "Visit {duckling.com<}.> Then skate"},
    {"en", "Visit {duckling.com/small} today"},
    {"en", "Visit {www.duckling.com} today"},
    {"en", "Visit {WWW.DUCKLING.COM} today"},
    {"en", "Visit {https://duckling.com/a-b/c_d?e=f&g=h#i} today"},
    {"en", "Visit {https://www.duckling.com/} today"},
    {"en", "Visit {http://duckling.com:8080/live} today"},
    {"en", "Visit ({duckling.co.uk/tickets}) today"},
    {"en", "Visit “{duckling.co.uk/tickets}” today"},
    {"en", "Visit {to-the-greatness-of-small.com} today"},
    {"en", "Visit {small-acts.org/lead-to/greatness} today"},
    {"en", "Visit {duckling.com?from=wall} today"},
    {"en", "Get it: {app.duckling.io/get} now"},
    {"de", "Mehr auf {enten-see.de/tickets} heute"},
    {"de", "Mehr auf {entensee-köln.de} heute"},
    {"fr", "Plus sur {petits-canards.fr/billets} ici"},
    {"ko", "지금 {www.duckling.co.kr}에서 만나요"},
    {"ko", "지금 {duckling.kr/작은}"},
    {"ko", "지금 {https://small-acts.kr/tickets} 예매"},
    {"ko", "홈페이지 {duckling.com} 참조"},
    {"zh", "请看{www.duckling.com}吧"},
    {"zh", "请看{https://small-acts.cn/tickets?x=1}吧"},
    {"zh", "网址：{duckling.com.cn}，欢迎"},
    {"zh", "小鸭网{duckling.com}欢迎您"},
    {"zh-Hant", "請看{www.duckling.com.tw}吧"},
    {"ja", "詳しくは{www.duckling.co.jp}へ"},
    {"ja", "詳しくは{https://small-acts.jp/tickets}へ"},
    /* Mail, and names in networks. */
    {"en", "Write to {ducks@example.com} now"},
    {"en", "Write to {first.last@small-acts.example.com} now"},
    {"en", "Write to {first_last+wall@example.co.uk}, please"},
    {"en", "Write to {foo@x.com} now"},
    {"en", "Follow {@duckling-films} now"},
    {"en", "Follow {@duckling_films} now"},
    {"en", "Tag it <#greatness> now"},
    {"ko", "문의 {help@small-acts.kr} 환영"},
    {"zh", "请写信到{help@small-acts.cn}吧"},
    {"ja", "{help@small-acts.jp}まで"},
    /* Numbers. */
    {"en", "Only <3.5> metres wide"},
    {"en", "Only <3,000.50> seats left"},
    {"en", "Only <1.000,50> seats left"},
    {"en", "Save <50%> or {50 %} now"},
    {"en", "From <$5> or <€5.50> each"},
    {"en", "From {USD 5} or {KRW 5,000} each"},
    {"en", "From {$ 5} or {€ 5.50} each"},
    {"en", "From {5 €} or {5 EUR} each"},
    {"en", "About {5 km} or {3,000 m} to go"},
    {"en", "At {60 km/h} or {17 m/s} by boat"},
    {"en", "Minus <-5> degrees, or {20 °C} inside"},
    {"en", "Version <v2.0> is out"},
    {"en", "It ended <3-1> and then <16:9> again"},
    {"en", "Call <555-1234> now"},
    {"en", "Call {+82 2 555 1234} now"},
    {"en", "Call <+82-2-555-1234> now"},
    {"en", "Open <24/7> all year"},
    {"en", "Season <2025/26> begins"},
    {"en", "On <2026-02-06> we begin"},
    {"en", "On <6.2.2026> we begin"},
    {"en", "A crowd of {1 000 000} came"},
    {"en", "A crowd of {1.5 million} came"},
    {"en", "The <1st> and the <2nd> place"},
    {"en", "A <1/2> and a <3x4> board"},
    {"en", "Seats for {№ 5} and {# 6} here"},
    {"de", "Nur {1,5 Mio.} Enten"},
    {"de", "Nur {3,50 €} am Tag"},
    {"fr", "Seulement {10 000 €} à gagner"},
    {"ko", "<3,000>명이 함께"},
    {"ko", "<50%> 할인 오늘만"},
    {"ko", "거리 {5 km} 완주"},
    {"ko", "전화 <02-555-1234> 문의"},
    {"ko", "<₩5,000>부터 시작"},
    {"zh", "只要<¥3.5>元"},
    {"zh", "只要<3.5>亿"},
    {"zh", "电话<400-820-8820>"},
    {"zh", "电话<010-8888-8888>转<8>"},
    {"zh", "打<5.5>折，省<50%>"},
    {"zh", "全长{5 km}的路"},
    {"zh", "第<3.5>代"},
    {"zh", "比分<3:1>，<24/7>开放"},
    {"zh", "<16.9>米"},
    {"ja", "わずか<3.5>秒"},
    {"ja", "電話<03-1234-5678>"},
    /* Words with marks in them. */
    {"en", "A <don’t> and a <can't> walk in"},
    {"en", "The {K-Pop} and {X-Men} and {e-mail} show"},
    {"en", "A {T-shirt} and {Plan-B} too"},
    {"en", "Play <C++> and <C#> here"},
    {"en", "Ask <R&D> or <AT&T> now"},
    {"en", "Coffee <w/o> milk, <c/o> him"},
    {"en", "Use <--sheet> and <-o> here"},
    {"en", "Two <ticket(s)> each"},
    {"en", "The <(small)> ones <[too]> count"},
    {"en", "Wait<...> now <“go”> on"},
    {"en", "A <rock’n’roll> show"},
    {"en", "Johnson &~Johnson presents"},
    {"en", "Hi,<there:you> are"},
    {"de", "Eine {E-Mail} und {U-Bahn} fahren"},
    {"de", "Ein {x-beliebiger} Tag"},
    {"fr", "<L’été> est là, <aujourd’hui> même"},
    {"fr", "Bonjour le <monde !> Attention"},
    {"fr", "Demain <matin :> il gagne"},
    {"fr", "Il dit <« Bonjour »> et rame"},
    {"fr", "Il dit <« Bonjour ! »>"},
    {"fr", "Est-ce <vrai ?> Oui"},
    {"de", "Er sagt <»Halt«> und rudert"},
    {"de", "Er sagt <„Halt!“> und rudert"},
    {"en", "<Wow !> Now"},
    {"zh", "看《{Node.js}》吧"},
    {"zh", "请看{K-Pop}吧"},
    /* A narrow or wide no-break space, and the word joiner. */
    {"fr", "Seulement <5\xe2\x80\xaf%> de plus"},
    {"fr", "Seulement <10\xc2\xa0" "000\xc2\xa0€> de plus"},
    {"en", "Small<\xe2\x81\xa0/\xe2\x81\xa0>big ones"},
    /* clang-format on */
};

/* What a sample says about the place before each byte of its text. */
enum expectation { ANYTHING, SPACE, WHOLE, NEVER };

/* The text without marks. "~" is a space of which nothing is said. */
static size_t read_sample(const char *marked, char *text, unsigned char *expected)
{
    size_t bytes = 0;
    int braces = 0, angles = 0;
    /* Those that opened just before the character: its place is not inside them. */
    int new_braces = 0, new_angles = 0;
    for (const char *c = marked; *c; c++) {
        int *open = *c == '{' || *c == '}' ? &braces : &angles;
        int *fresh = *c == '{' ? &new_braces : &new_angles;
        if (strchr("{}<>", *c)) {
            bool opens = *c == '{' || *c == '<';
            *open += opens ? 1 : -1;
            *fresh += opens;
            continue;
        }
        expected[bytes] = bytes > 0 && text[bytes - 1] == ' ' && c[-1] != '~' ? SPACE : ANYTHING;
        if (braces > new_braces)
            expected[bytes] = WHOLE;
        if (angles > new_angles)
            expected[bytes] = NEVER;
        new_braces = new_angles = 0;
        text[bytes++] = (char)(*c == '~' ? ' ' : *c);
    }
    text[bytes] = '\0';
    return bytes;
}

static const char *find_fault(unsigned char rank, unsigned char expected)
{
    switch ((enum expectation)expected) {
    case SPACE:
        return rank >= LINEBREAK_POOR ? NULL : "may not be broken here";
    case WHOLE:
        return rank <= LINEBREAK_SYLLABLE ? NULL : "may be broken here";
    case NEVER:
        return rank <= LINEBREAK_CLUSTER ? NULL : "may be broken here";
    case ANYTHING:
        break;
    }
    return NULL;
}

static void test_samples(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char text[400];
        unsigned char ranks[400], expected[400];
        size_t bytes = read_sample(samples[i].marked, text, expected);
        assert_true(linebreak_find(text, bytes, samples[i].language, NULL, ranks, NULL));
        for (size_t at = 0; at < bytes; at++) {
            const char *fault = find_fault(ranks[at], expected[at]);
            if (!fault || ((unsigned char)text[at] & 0xc0) == 0x80)
                continue;
            print_error("%s: \"%.*s|%s\" %s\n", samples[i].language, (int)at, text, text + at,
                        fault);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* An address that is wider than a line: "|" stands where it is broken first. */
static void test_where_addresses_break(void **state)
{
    (void)state;
    static const char *const marked[] = {
        "https://duckling|.com|/to|-the|-greatness|_of|/small|?from|=wall|&lang|=ko|#top",
        "www|.small|-acts|.example|.com|/a/",
        "first|.last|@small|-acts|.kr",
        "duckling|.com|/path|/?q|=1",
        "http://duckling|.com:8080|/live",
        "@duckling|_films",
    };
    static const char *const languages[] = {"en", "ko", "zh", "ja"};
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++) {
        for (size_t j = 0; j < sizeof languages / sizeof *languages; j++) {
            static const char *const before[] = {"see ", "지금 ", "请看", "こちらは"};
            char text[200], out[400];
            unsigned char ranks[200];
            size_t bytes = (size_t)snprintf(text, sizeof text, "%s", before[j]), used = 0;
            size_t start = bytes;
            for (const char *c = marked[i]; *c; c++)
                if (*c != '|')
                    text[bytes++] = *c;
            assert_true(linebreak_find(text, bytes, languages[j], NULL, ranks, NULL));
            for (size_t at = start; at < bytes; at++) {
                if (at > start && ranks[at] >= LINEBREAK_SYLLABLE)
                    out[used++] = '|';
                out[used++] = text[at];
                /* Never after a mark, not even where characters must be parted. */
                if (at > start && strchr(".-?&_/", text[at - 1]))
                    assert_int_equal(ranks[at], LINEBREAK_NEVER);
            }
            out[used] = '\0';
            assert_string_equal(out, marked[i]);
        }
    }
}

static unsigned char rank_at(const char *text, const char *language, const char *rest)
{
    unsigned char ranks[LINEBREAK_TEXT_BYTES_MAX];
    const char *place = strstr(text, rest);
    assert_non_null(place);
    assert_true(linebreak_find(text, strlen(text), language, NULL, ranks, NULL));
    return ranks[place - text];
}

/* The best place for a line's end is after a sentence, not after an abbreviation. */
static void test_sentences_end(void **state)
{
    (void)state;
    assert_int_equal(rank_at("Now. Then go", "en", "Then"), LINEBREAK_BEST);
    assert_int_equal(rank_at("See duckling.com. Then go", "en", "Then"), LINEBREAK_BEST);
    assert_int_equal(rank_at("So do I. Then go", "en", "Then"), LINEBREAK_BEST);
    assert_int_equal(rank_at("He said no. Then go", "en", "Then"), LINEBREAK_BEST);
    assert_int_equal(rank_at("It was 2026. Then go", "en", "Then"), LINEBREAK_BEST);
    assert_int_equal(rank_at("It was 3. Then go", "en", "Then"), LINEBREAK_BEST);
    assert_int_equal(rank_at("Wait... Then go", "en", "Then"), LINEBREAK_BEST);
    assert_int_equal(rank_at("멈췄다. 이겼다", "ko", "이겼다"), LINEBREAK_BEST);
    assert_int_equal(rank_at("Acme Inc. presents", "en", "presents"), LINEBREAK_FAIR);
    assert_int_equal(rank_at("in the U.S. team", "en", "team"), LINEBREAK_FAIR);
    assert_int_equal(rank_at("in Washington, D.C. now", "en", "D.C."), LINEBREAK_POOR);
    assert_int_equal(rank_at("on 6 February we", "en", "February"), LINEBREAK_POOR);
    assert_int_equal(rank_at("on Feb. 6 we", "en", "6"), LINEBREAK_POOR);
    assert_int_equal(rank_at("ask Dr. Kim now", "en", "Kim"), LINEBREAK_SYLLABLE);
    /* A comma after a Chinese character ends a clause, whatever follows. */
    assert_int_equal(rank_at("你好,World", "zh", "World"), LINEBREAK_BEST);
}

/* However long an address or a row of marks is. */
static void test_long_runs(void **state)
{
    (void)state;
    static const char *const units[] = {"a.", "./", "@", "w", "-a", "://", "a.b/", "1 ", "Dr. "};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        char text[LINEBREAK_TEXT_BYTES_MAX + 8];
        unsigned char ranks[LINEBREAK_TEXT_BYTES_MAX];
        size_t unit = strlen(units[i]), bytes = 0;
        for (; bytes + unit <= LINEBREAK_TEXT_BYTES_MAX; bytes += unit)
            memcpy(text + bytes, units[i], unit);
        assert_true(linebreak_find(text, bytes, "en", NULL, ranks, NULL));
        size_t unbroken = 0;
        for (size_t at = 1; at < bytes; at++) {
            unbroken = ranks[at] > LINEBREAK_NEVER ? 0 : unbroken + 1;
            assert_in_range(unbroken, 0, 12);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_where_addresses_break),
        cmocka_unit_test(test_sentences_end),
        cmocka_unit_test(test_long_runs),
    };
    return cmocka_run_group_tests_name("linebreak_whole", tests, NULL, NULL);
}
