#include "worker/text/linebreak_korean.h"

#include <stddef.h>

/* A word: letters and digits between spaces, without punctuation around them. */
struct word {
    const uint32_t *characters;
    size_t count;
};

/* What goes with the word before it, and with what may be attached to it: 수가, 때문에. */
static const wchar_t *const dependent[] = {L"것", L"만에", L"만의", L"때문", L"덕분", L"동안",
                                           L"씨", L"님",   L"등",   L"및",   NULL};
/* The same, but only after a verb's form in ㄴ or ㄹ: otherwise they are other words (수, number). */
static const wchar_t *const dependent_of_verbs[] = {
    L"수", L"줄", L"뿐", L"데",   L"때",   L"채",   L"지", L"만큼", L"대로", L"듯",
    L"척", L"바", L"김", L"즈음", L"무렵", L"만한", L"적", L"터",   NULL};
/* Words of one or two syllables that belong to the next. */
static const wchar_t *const leaning[] = {
    L"이", L"그", L"저", L"각", L"매", L"새",   L"첫",   L"안",   L"못",   L"더", L"왜",   L"제",
    L"내", L"온", L"약", L"총", L"단", L"오전", L"오후", L"가장", L"어느", L"맨", L"모든", NULL};
/* Words that belong to the number behind them. */
static const wchar_t *const before_numbers[] = {L"약",   L"총",   L"제",   L"단",   L"만",   L"매",
                                                L"각",   L"오전", L"오후", L"새벽", L"아침", L"밤",
                                                L"저녁", L"정오", L"최대", L"최소", L"무려", NULL};

/* Native numbers as they stand before what they count: tens and ones, and others. */
static const wchar_t *const tens[] = {L"열",   L"스물", L"스무", L"서른", L"마흔", L"쉰",
                                      L"예순", L"일흔", L"여든", L"아흔", L"백",   NULL};
static const wchar_t *const ones[] = {L"한",   L"두",   L"세",   L"네",   L"다섯",
                                      L"여섯", L"일곱", L"여덟", L"아홉", NULL};
static const wchar_t *const other_numbers[] = {
    L"석", L"넉",   L"서너", L"너덧", L"두세", L"두어", L"한두", L"대여섯", L"예닐곱",
    L"몇", L"몇십", L"몇백", L"여러", L"수십", L"수백", L"수천", L"수만",   L"수백만",
    L"백", L"천",   L"만",   L"억",   L"십만", L"백만", L"천만", L"하나의", NULL};
/* What is counted by them. Of two that fit the longer one counts. */
static const wchar_t *const counters[] = {
    L"개국",   L"개월", L"주년", L"주일",   L"주간", L"인분", L"시간",     L"사람", L"마리",
    L"가지",   L"군데", L"송이", L"켤레",   L"그루", L"차례", L"걸음",     L"바퀴", L"자루",
    L"다발",   L"모금", L"마디", L"방울",   L"조각", L"번째", L"킬로미터", L"미터", L"그램",
    L"퍼센트", L"달러", L"위안", L"발자국", L"세대", L"여",   L"명",       L"개",   L"번",
    L"살",     L"시",   L"분",   L"초",     L"달",   L"해",   L"주",       L"대",   L"권",
    L"장",     L"병",   L"잔",   L"곳",     L"척",   L"채",   L"배",       L"쌍",   L"층",
    L"줄",     L"판",   L"팀",   L"골",     L"점",   L"위",   L"발",       L"등",   L"편",
    L"벌",     L"통",   L"알",   L"끼",     L"쪽",   L"칸",   L"집",       L"날",   L"원",
    L"년",     L"월",   L"일",   L"도",     L"회",   L"호",   L"인",       L"세",   L"차",
    L"강",     L"만",   L"억",   L"천",     L"백",   L"조",   L"엔",       L"평",   L"리",
    L"톤",     NULL};
/* What may be attached to a counted noun: 명이, 번의, 시간을, 개까지, 일간. */
static const wchar_t particles[] = L"이가은는을를의에로으도만까부과와째간씩들정짜여께동쯤";

static bool begins_with(const struct word *word, const wchar_t *prefix)
{
    size_t length = wcslen(prefix);
    if (length > word->count)
        return false;
    for (size_t i = 0; i < length; i++)
        if (word->characters[i] != (uint32_t)prefix[i])
            return false;
    return true;
}

/* The length of the longest of `list` that the word begins with. */
static size_t longest_prefix(const struct word *word, const wchar_t *const *list)
{
    size_t longest = 0;
    for (; *list; list++)
        if (wcslen(*list) > longest && begins_with(word, *list))
            longest = wcslen(*list);
    return longest;
}

/* Whether the word is one of `list`, alone or with a particle attached. */
static bool is_with_particle(const struct word *word, const wchar_t *const *list)
{
    size_t length = longest_prefix(word, list);
    return length > 0 &&
           (length == word->count || linebreak_is_in(word->characters[length], particles) ||
            !linebreak_is_hangul(word->characters[length]));
}

static bool is_one_of(const struct word *word, const wchar_t *const *list)
{
    return linebreak_is_word_in(word->characters, word->count, list);
}

static bool ends_with_figure(const struct word *word)
{
    return word->count > 0 && linebreak_is_digit(word->characters[word->count - 1]);
}

static bool is_native_number(const struct word *word)
{
    if (is_one_of(word, other_numbers))
        return true;
    size_t length = longest_prefix(word, tens);
    struct word rest = {word->characters + length, word->count - length};
    if (rest.count == 0)
        return length > 0;
    return longest_prefix(&rest, ones) == rest.count;
}

/* Whether a syllable ends with ㄴ or ㄹ, as a verb does before a noun: 할, 떠난. */
static bool ends_as_verb_before_noun(const struct word *word)
{
    uint32_t last = word->count > 0 ? word->characters[word->count - 1] : 0;
    return last >= 0xac00 && last <= 0xd7a3 &&
           ((last - 0xac00) % 28 == 4 || (last - 0xac00) % 28 == 8);
}

/* "스물세 명", "5 명", "오후 5시", "약 천 명": numbers with what they count, and what they begin with. */
static bool is_number_with_its_word(const struct word *before, const struct word *after)
{
    bool is_number = is_native_number(before) || ends_with_figure(before);
    if (is_number && is_with_particle(after, counters))
        return true;
    bool begins_number = after->count > 0 && linebreak_is_digit(after->characters[0]);
    return (begins_number || is_native_number(after)) && is_one_of(before, before_numbers);
}

/* "하고 있다", "수 없는", "것이 아니라", "가지 않는다": a verb's second part. */
static bool is_verb_in_two_words(const struct word *before, const struct word *after)
{
    static const wchar_t *const ends[] = {L"고", L"지", L"수",   L"것", L"줄", L"이", L"가",
                                          L"은", L"는", L"도",   L"적", L"데", L"아", L"어",
                                          L"여", L"해", L"려고", L"야", L"져", L"게", NULL};
    static const wchar_t *const seconds[] = {
        L"있",     L"없",   L"싶",   L"않",   L"못하",   L"못한",   L"못할",   L"아니",   L"아닌",
        L"아닙",   L"말자", L"말고", L"마라", L"마세요", L"주세요", L"준다",   L"줍니다", L"보세요",
        L"봅니다", L"버린", L"버렸", L"한다", L"합니다", L"된다",   L"됩니다", L"되",     NULL};
    struct word last = {before->characters + before->count - 1, 1};
    return before->count > 0 && longest_prefix(after, seconds) > 0 && is_one_of(&last, ends);
}

/* "가족을 위해", "빛을 향한": a verb that is read as a part of the noun before it. */
static bool is_noun_with_its_verb(const struct word *before, const struct word *after)
{
    static const wchar_t *const verbs[] = {L"위해", L"위한", L"위하", L"통해", L"통한", L"통하",
                                           L"향해", L"향한", L"향하", L"대해", L"대한", L"대하",
                                           L"따라", L"의해", L"의한", L"관한", L"관해", NULL};
    static const wchar_t *const ends[] = {L"을", L"를", L"에", L"로", L"으로", NULL};
    struct word last = {before->characters + before->count - 1, 1};
    return before->count > 1 && longest_prefix(after, verbs) > 0 && is_one_of(&last, ends);
}

static struct word word_before(const struct linebreak_text *text, size_t at)
{
    while (at > 0 && linebreak_is_space(text->characters[at - 1]))
        at--;
    size_t length = linebreak_word_before(text, at);
    return (struct word){text->characters + at - length, length};
}

/* "열두 살 소녀": what is counted, without a particle, belongs to the next word. */
static bool is_counted(const struct linebreak_text *text, const struct word *counted)
{
    size_t start = (size_t)(counted->characters - text->characters);
    struct word number = word_before(text, start);
    return is_one_of(counted, counters) && (is_native_number(&number) || ends_with_figure(&number));
}

/* Between two words. */
static enum linebreak_rank rank_words(const struct linebreak_text *text, size_t at)
{
    struct word before = word_before(text, at);
    struct word after = {text->characters + at, linebreak_word_after(text, at)};
    if (is_number_with_its_word(&before, &after))
        return LINEBREAK_SYLLABLE;
    bool is_dependent =
        begins_with(&after, L"것") || is_with_particle(&after, dependent) ||
        (ends_as_verb_before_noun(&before) && is_with_particle(&after, dependent_of_verbs));
    if (is_dependent || is_verb_in_two_words(&before, &after) ||
        is_noun_with_its_verb(&before, &after) || is_one_of(&before, leaning) ||
        is_native_number(&before) || is_counted(text, &before))
        return LINEBREAK_POOR;
    return LINEBREAK_FAIR;
}

enum linebreak_rank linebreak_korean_rank(const struct linebreak_text *text, size_t at)
{
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    if (!linebreak_is_space(previous)) {
        if (linebreak_is_in(previous, L"—―"))
            return LINEBREAK_FAIR;
        return linebreak_is_in(previous, L"-‐") && !linebreak_is_asian(next) ? LINEBREAK_POOR
                                                                             : LINEBREAK_SYLLABLE;
    }
    if (linebreak_is_after_clause(text, at, L",.;:!?…—–。，"))
        return LINEBREAK_BEST;
    return rank_words(text, at);
}
