#include "worker/text/linebreak_rank.h"

#include "worker/text/linebreak_address.h"
#include "worker/text/linebreak_han.h"
#include "worker/text/linebreak_join.h"
#include "worker/text/linebreak_korean.h"

#include <string.h>
#include <wchar.h>

/* Whoever wrote the text says by it where a line may end. */
#define ZERO_WIDTH_SPACE 0x200b

_Static_assert(sizeof(wchar_t) == 4, "wide literals are UTF-32");

bool linebreak_is_hangul(uint32_t c)
{
    return (c >= 0xac00 && c <= 0xd7a3) || (c >= 0x1100 && c <= 0x11ff) ||
           (c >= 0x3130 && c <= 0x318f);
}

bool linebreak_is_hiragana(uint32_t c)
{
    return c >= 0x3041 && c <= 0x309f;
}

bool linebreak_is_katakana(uint32_t c)
{
    return (c >= 0x30a1 && c <= 0x30ff) || (c >= 0xff66 && c <= 0xff9f);
}

bool linebreak_is_kana(uint32_t c)
{
    return linebreak_is_hiragana(c) || (linebreak_is_katakana(c) && c != 0x30fb);
}

bool linebreak_is_han(uint32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || c == 0x3005 ||
           c == 0x3007 || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

bool linebreak_is_latin(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= 0xc0 && c <= 0x24f);
}

bool linebreak_is_asian(uint32_t c)
{
    return linebreak_is_han(c) || linebreak_is_kana(c) || linebreak_is_hangul(c);
}

bool linebreak_is_digit(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 0xff10 && c <= 0xff19);
}

bool linebreak_is_numeral(uint32_t c)
{
    return linebreak_is_digit(c) || linebreak_is_in(c, L"〇零一二三四五六七八九十百千万亿萬億两兩");
}

bool linebreak_is_space(uint32_t c)
{
    return c == ' ' || c == 0x3000 || c == 0x200b || (c >= 0x2000 && c <= 0x200a && c != 0x2007);
}

bool linebreak_is_in(uint32_t c, const wchar_t *set)
{
    return c != 0 && wcschr(set, (wchar_t)c) != NULL;
}

/* Punctuation that must not begin a line, or end one, for places that UAX #14 does not decide. */
bool linebreak_is_closing(uint32_t c)
{
    return linebreak_is_in(c, L",.;:!?)]}%…’”»›、。，．；：！？）］｝〕〉》」』】〗％·‧・ー～");
}

bool linebreak_is_opening(uint32_t c)
{
    return linebreak_is_in(c, L"([{‘“«‹（［｛〔〈《「『【〖");
}

uint32_t linebreak_at(const struct linebreak_text *text, size_t at)
{
    return at < text->count ? text->characters[at] : 0;
}

size_t linebreak_word_after(const struct linebreak_text *text, size_t at)
{
    size_t end = at;
    while (end < text->count && !linebreak_is_space(text->characters[end]) &&
           !linebreak_is_closing(text->characters[end]) && text->characters[end] != '\n')
        end++;
    return end - at;
}

size_t linebreak_word_before(const struct linebreak_text *text, size_t at)
{
    size_t start = at;
    while (start > 0 && !linebreak_is_space(text->characters[start - 1]) &&
           !linebreak_is_opening(text->characters[start - 1]) &&
           text->characters[start - 1] != '\n')
        start--;
    return at - start;
}

bool linebreak_is_word_in(const uint32_t *characters, size_t count, const wchar_t *const *words)
{
    for (; *words; words++) {
        size_t i = 0;
        for (; i < count && (*words)[i]; i++) {
            uint32_t c =
                characters[i] >= 'A' && characters[i] <= 'Z' ? characters[i] + 32 : characters[i];
            if (c != (uint32_t)(*words)[i])
                break;
        }
        if (i == count && !(*words)[i])
            return true;
    }
    return false;
}

bool linebreak_is_after_clause(const struct linebreak_text *text, size_t at,
                               const wchar_t *punctuation)
{
    while (at > 0 && (linebreak_is_space(text->characters[at - 1]) ||
                      linebreak_is_in(text->characters[at - 1], L"'\")]’”»）］」』》〉】")))
        at--;
    return at > 0 && linebreak_is_in(text->characters[at - 1], punctuation) &&
           !linebreak_join_is_abbreviation(text, at);
}

static enum linebreak_rank rank_latin(const struct linebreak_text *text, size_t at)
{
    static const wchar_t *const leaning[] = {
        L"a",     L"an",    L"the",  L"of",  L"to",   L"in",    L"on",   L"at",   L"for",
        L"and",   L"or",    L"by",   L"as",  L"with", L"from",  L"is",   L"are",  L"that",
        L"who",   L"into",  L"no",   L"its", L"my",   L"we",    L"our",  L"your", L"i",
        L"one",   L"it",    L"he",   L"she", L"two",  L"three", L"four", L"five", L"six",
        L"seven", L"eight", L"nine", L"ten", NULL};
    static const wchar_t *const joining[] = {L"of",  L"to",   L"in",   L"on",  L"for",
                                             L"and", L"or",   L"with", L"who", L"that",
                                             L"but", L"from", L"into", L"so",  NULL};
    uint32_t previous = text->characters[at - 1];
    if (!linebreak_is_space(previous))
        return linebreak_is_in(previous, L"-‐") || linebreak_is_in(text->characters[at], L"—–")
                   ? LINEBREAK_POOR
                   : LINEBREAK_FAIR;
    if (linebreak_is_after_clause(text, at, L",.;:!?…—–"))
        return LINEBREAK_BEST;
    size_t length = linebreak_word_before(text, at - 1);
    if (linebreak_is_word_in(text->characters + at - 1 - length, length, leaning))
        return LINEBREAK_POOR;
    return linebreak_is_word_in(text->characters + at, linebreak_word_after(text, at), joining)
               ? LINEBREAK_GOOD
               : LINEBREAK_FAIR;
}

/* For places where UAX #14 allows a break. */
static enum linebreak_rank rank_by_script(const struct linebreak_text *text, size_t at)
{
    if (linebreak_at(text, at - 1) == '/')
        return LINEBREAK_SYLLABLE;
    switch (text->script) {
    case LINEBREAK_SCRIPT_HANGUL:
        return linebreak_korean_rank(text, at);
    case LINEBREAK_SCRIPT_HAN:
    case LINEBREAK_SCRIPT_KANA:
        return linebreak_han_rank(text, at);
    case LINEBREAK_SCRIPT_LATIN:
        break;
    }
    return rank_latin(text, at);
}

enum linebreak_rank linebreak_rank(const struct linebreak_text *text, size_t at, bool allowed)
{
    uint32_t previous = linebreak_at(text, at - 1), next = linebreak_at(text, at);
    if (previous == next && linebreak_is_in(next, L"—―…⋯─"))
        return LINEBREAK_NEVER;
    if (linebreak_han_begins_no_line(text, at))
        return LINEBREAK_NEVER;
    if (previous == ZERO_WIDTH_SPACE && allowed)
        return LINEBREAK_GOOD;
    switch ((enum linebreak_address)text->addresses[at]) {
    case LINEBREAK_ADDRESS_INSIDE:
        return LINEBREAK_CLUSTER;
    case LINEBREAK_ADDRESS_AFTER_MARK:
        return LINEBREAK_NEVER;
    case LINEBREAK_ADDRESS_BEFORE_MARK:
        return LINEBREAK_SYLLABLE;
    case LINEBREAK_ADDRESS_OUTSIDE:
        break;
    }
    enum linebreak_rank limit = allowed ? linebreak_join_limit(text, at) : LINEBREAK_CLUSTER;
    if (limit == LINEBREAK_CLUSTER)
        return linebreak_is_closing(next) || linebreak_is_opening(previous) ? LINEBREAK_NEVER
                                                                            : LINEBREAK_CLUSTER;
    enum linebreak_rank rank = rank_by_script(text, at);
    rank = rank < limit ? rank : limit;
    if (text->quoted[at])
        return rank > LINEBREAK_SYLLABLE ? LINEBREAK_SYLLABLE : LINEBREAK_CLUSTER;
    return rank;
}
