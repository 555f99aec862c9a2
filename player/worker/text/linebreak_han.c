#include "worker/text/linebreak_han.h"

#include <string.h>

#define QUOTED_MAX 8 /* characters between the marks */

/* In Chinese and Japanese alike, each with the character that its number follows. */
static const wchar_t measures[] = L"个個只隻位名条條艘场場次年月日号號天岁歲分秒点點时時件种種座支"
                                  L"群队隊双雙对對头頭匹辆輛架台臺部"
                                  L"本篇首句字元块塊米里度倍层層步圈轮輪届屆回遍声聲口周週代人家所"
                                  L"项項份滴颗顆朵棵片张張把枚页頁章节節"
                                  L"集级級号成万萬亿億千百十届";

/* Particles: of one character, and as one word with what is before them. The first are nothing else;
 * the others only where a table of words says that they are words. */
static const wchar_t particles[] = L"的们們吗嗎呢吧啊呀嘛了着过地得么";
#define SURE_PARTICLES 10
/* Words of one character that belong to the one before: places, complements. */
static const wchar_t leaning_back[] =
    L"了着著过過地得么麼之者员員性里裡上下中内內外前后後间間时時来來"
    L"去到起出完住等旁边邊";
/* Words of one character that belong to the one behind: particles, adverbs, prepositions. */
static const wchar_t leaning_on[] =
    L"的地得之一不没沒很最更太每各某这這那哪在把被与與和跟及或从從向对對为為给給让讓使由于於将將是"
    L"几幾无無"
    L"以也都就才又再还還只可要会會能想而但且并並其此该該如若因所第小大老新好多全同";
/* What begins a phrase, so that a line may well end before it: the first ones always, the others
 * unless they go with a verb of one character (划向). */
static const wchar_t beginning[] = L"与與和跟及或而但且是";
static const wchar_t beginning_after_words[] = L"在从從向对對把被让讓为為因";

static bool is_time_unit(uint32_t c)
{
    return linebreak_is_in(c, L"年月日号號时時点點分秒");
}

/* Whether a word of one character is at a place. Without a table of words every character may be
 * one. */
static bool is_single(const struct linebreak_text *text, size_t at)
{
    if (!linebreak_is_han(text->characters[at]))
        return false;
    if (!text->words)
        return true;
    bool ends =
        at + 1 == text->count || !linebreak_is_han(text->characters[at + 1]) || text->words[at + 1];
    return ends && text->words[at];
}

/* Whether a number in figures belongs to what follows: 50个, 24小时, but not 2026世界杯. Without a
 * table of words nobody can tell. */
static bool begins_with_measure(const struct linebreak_text *text, size_t at)
{
    uint32_t next = text->characters[at];
    return !text->words || is_single(text, at) || linebreak_is_in(next, measures) ||
           linebreak_is_in(next, L"小公平立毫厘英平");
}

/* Numbers in figures or in words, what they count, and 第 before them. */
static enum linebreak_rank limit_number(const struct linebreak_text *text, size_t at)
{
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    if (linebreak_is_digit(previous) && linebreak_is_han(next))
        return begins_with_measure(text, at) ? LINEBREAK_SYLLABLE : LINEBREAK_FAIR;
    if (previous == L'第' && linebreak_is_numeral(next))
        return LINEBREAK_SYLLABLE;
    if (!linebreak_is_numeral(previous) || !linebreak_is_han(next))
        return LINEBREAK_MUST;
    if (linebreak_is_numeral(next) || (is_single(text, at) && linebreak_is_in(next, measures)))
        return LINEBREAK_SYLLABLE;
    return is_single(text, at - 1) ? LINEBREAK_POOR : LINEBREAK_MUST;
}

/* Whether a character is a particle, and so belongs to the word before it. */
static bool is_particle(const struct linebreak_text *text, size_t at)
{
    const wchar_t *found = wcschr(particles, (wchar_t)text->characters[at]);
    if (!found || !is_single(text, at))
        return false;
    return text->words || found - particles < SURE_PARTICLES;
}

/* Whether a number with its measure is before the place, which counts what is behind it: 一个|国家,
 * 50个|国家. A date, as 6日, and an ordinal, as 第十五届, are complete. */
static bool is_counting(const struct linebreak_text *text, size_t at)
{
    uint32_t measure = text->characters[at - 1];
    size_t start = at - 1;
    while (start > 0 && (linebreak_is_numeral(text->characters[start - 1]) ||
                         linebreak_is_in(text->characters[start - 1], L",.")))
        start--;
    bool is_ordinal = start > 0 && text->characters[start - 1] == L'第';
    return start < at - 1 && !is_ordinal && linebreak_is_in(measure, measures) &&
           !is_time_unit(measure) && !linebreak_is_in(measure, L"次遍回场場倍");
}

/* Between two Chinese characters of Chinese. */
static enum linebreak_rank rank_chinese(const struct linebreak_text *text, size_t at)
{
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    bool known = text->words && linebreak_is_han(previous) && linebreak_is_han(next);
    if (known && !text->words[at])
        return LINEBREAK_SYLLABLE;
    bool previous_single = is_single(text, at - 1), next_single = is_single(text, at);
    if (is_particle(text, at))
        return LINEBREAK_SYLLABLE;
    if (next_single && linebreak_is_in(next, leaning_back))
        return LINEBREAK_POOR;
    if (previous == L'的' && !text->words)
        return LINEBREAK_GOOD; /* the only place that is no word's middle for sure */
    if (previous == L'的' || (previous_single && linebreak_is_in(previous, leaning_on)))
        return LINEBREAK_POOR;
    if (next_single && (linebreak_is_in(next, beginning) ||
                        (!previous_single && linebreak_is_in(next, beginning_after_words))))
        return LINEBREAK_FAIR;
    if (is_counting(text, at))
        return LINEBREAK_POOR;
    /* Two in a row are most often a name, or a word that the table doesn't have. */
    bool is_name = known && previous_single && next_single && !is_particle(text, at - 1);
    return is_name ? LINEBREAK_POOR : LINEBREAK_FAIR;
}

/* Whether a date or time of day ends before the place: 6日|午後. */
static bool is_after_time(const struct linebreak_text *text, size_t at)
{
    return at >= 2 && is_time_unit(text->characters[at - 1]) &&
           linebreak_is_numeral(text->characters[at - 2]);
}

/* Japanese phrases (bunsetsu) mostly begin where hiragana ends. */
static enum linebreak_rank rank_japanese(const struct linebreak_text *text, size_t at)
{
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    bool to_hiragana = linebreak_is_hiragana(next);
    /* A word's own ending, or a particle: it begins nothing. */
    if (to_hiragana && (linebreak_is_han(previous) || linebreak_is_katakana(previous) ||
                        linebreak_is_in(next, L"をんて")))
        return LINEBREAK_SYLLABLE;
    if (is_after_time(text, at))
        return LINEBREAK_FAIR;
    if (linebreak_is_in(previous, L"おご") && linebreak_is_han(next))
        return LINEBREAK_POOR;
    if (linebreak_is_in(previous, L"のと") && !to_hiragana)
        return LINEBREAK_FAIR;
    if (linebreak_is_hiragana(previous) && !to_hiragana)
        return LINEBREAK_GOOD;
    if (previous == L'を')
        return LINEBREAK_GOOD;
    if (linebreak_is_katakana(previous) && linebreak_is_katakana(next))
        return LINEBREAK_SYLLABLE;
    bool changes = linebreak_is_katakana(previous) != linebreak_is_katakana(next);
    if ((changes || linebreak_is_closing(previous) || linebreak_is_opening(next)) && !to_hiragana)
        return LINEBREAK_FAIR;
    return LINEBREAK_POOR;
}

/* After ・, which separates words; but in 二・五 it is a decimal point. */
static enum linebreak_rank rank_after_dot(const struct linebreak_text *text, size_t at)
{
    bool is_point = at >= 2 && linebreak_is_numeral(text->characters[at - 2]) &&
                    linebreak_is_numeral(text->characters[at]);
    return is_point ? LINEBREAK_SYLLABLE : LINEBREAK_FAIR;
}

static enum linebreak_rank rank_words(const struct linebreak_text *text, size_t at)
{
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    enum linebreak_rank limit = limit_number(text, at);
    enum linebreak_rank rank =
        text->script == LINEBREAK_SCRIPT_KANA ? rank_japanese(text, at) : rank_chinese(text, at);
    bool is_quoted = linebreak_is_opening(next) || linebreak_is_in(previous, L"》〉」』”’）】");
    if (is_quoted && rank == LINEBREAK_FAIR)
        rank = LINEBREAK_GOOD;
    return rank < limit ? rank : limit;
}

static enum linebreak_rank rank_place(const struct linebreak_text *text, size_t at)
{
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    bool is_japanese = text->script == LINEBREAK_SCRIPT_KANA;
    if (linebreak_is_after_clause(text, at,
                                  is_japanese ? L"。、，；：！？,;:!?…" : L"。，；：！？,;:!?…"))
        return LINEBREAK_BEST;
    /* A space between two CJK characters separates phrases; one beside a Latin word is only
     * spacing. */
    if (linebreak_is_space(previous)) {
        bool is_between =
            at >= 2 && linebreak_is_asian(next) && linebreak_is_asian(text->characters[at - 2]);
        return is_between ? LINEBREAK_BEST : LINEBREAK_FAIR;
    }
    if (previous == L'・' && is_japanese)
        return rank_after_dot(text, at);
    if (linebreak_is_in(next, L"·‧・～－／/") || linebreak_is_in(previous, L"·‧・"))
        return LINEBREAK_SYLLABLE;
    if (linebreak_is_hangul(previous) && linebreak_is_hangul(next))
        return LINEBREAK_SYLLABLE;
    /* A dash begins a line only where it must (clreq, "Prohibition rules for line start and line
     * end", strict). */
    if (linebreak_is_in(next, L"—―⸺"))
        return LINEBREAK_POOR;
    if (linebreak_is_in(previous, L"、—―⸺"))
        return LINEBREAK_GOOD;
    return rank_words(text, at);
}

enum linebreak_rank linebreak_han_rank(const struct linebreak_text *text, size_t at)
{
    enum linebreak_rank rank = rank_place(text, at);
    /* Whoever has marked places knows better than what is guessed without a table of words. */
    bool is_guess = text->has_marks && !text->words && rank < LINEBREAK_BEST;
    return is_guess && rank > LINEBREAK_POOR ? LINEBREAK_POOR : rank;
}

bool linebreak_han_begins_no_line(const struct linebreak_text *text, size_t at)
{
    return text->script == LINEBREAK_SCRIPT_KANA &&
           linebreak_is_in(text->characters[at], L"ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
                                                 L"ｧｨｩｪｫｬｭｮｯー～〜ｰヽヾゝゞ々〻‐–゠");
}

static uint32_t closing_of(uint32_t opening)
{
    static const wchar_t pairs[] = L"“”‘’《》〈〉「」『』（）【】";
    for (const wchar_t *pair = pairs; *pair; pair += 2)
        if ((uint32_t)pair[0] == opening)
            return (uint32_t)pair[1];
    return 0;
}

void linebreak_han_find_quoted(const struct linebreak_text *text, unsigned char *quoted)
{
    memset(quoted, 0, text->count);
    if (text->script != LINEBREAK_SCRIPT_HAN)
        return;
    for (size_t open = 0; open < text->count; open++) {
        uint32_t closing = closing_of(text->characters[open]);
        size_t close = open + 1;
        while (closing && close < text->count && close - open <= QUOTED_MAX &&
               text->characters[close] != closing && text->characters[close] != '\n')
            close++;
        if (closing && linebreak_at(text, close) == closing)
            memset(quoted + open + 1, 1, close - open);
    }
}
