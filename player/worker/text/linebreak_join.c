#include "worker/text/linebreak_join.h"

#include <string.h>
#include <wchar.h>

/* The longest word of the lists below, and more. */
#define WORD_MAX 16

/* Lists of words in small letters, with a space around each. */

/* What follows these is part of them: a name, an explanation. Written with a full stop. */
static const wchar_t joining_words[] =
    L" mr mrs ms dr prof st mt ft rev hon gov sen rep capt col gen lt sgt sr sra dra srta mme mlle "
    L"herr hr frau fr fa ing dipl mag hl approx ca zzgl inkl bzw vgl cf "
    L"e.g i.e z.b d.h u.a o.ä v.a s.o s.u ";
/* So is a number that follows these. */
static const wchar_t numbered_words[] =
    L" no nos nr vol p pp pg s fig ch sec art abs kap bd ex tel "
    L"fax max min ";
/* These may end a line, but no sentence. */
static const wchar_t plain_words[] =
    L" etc usw vs v inc ltd corp co bros jr esq dept ave blvd rd bldg apt str pl ph.d m.d "
    L"jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri "
    L"mio mrd tsd max min sec stk hrs ";

static const wchar_t unit_words[] =
    L" km m cm mm kg g mg t l ml cl dl h s ms min mins sec hr hrs uhr km/h kmh m/s mph kw kwh mw "
    L"mwh "
    L"w wh v kb mb gb tb kbit mbit gbit hz khz mhz ghz px fps dpi ft mi lb lbs oz am pm a.m p.m "
    L"usd eur krw cny rmb jpy gbp chf hkd twd mio mrd million millions billion billions bps "
    L"km² m² m³ ㎞ ㎏ ㎡ °c °f ";
static const wchar_t currency_words[] = L" usd eur krw cny rmb jpy gbp chf hkd twd us$ hk$ nt$ ";
static const wchar_t month_words[] =
    L" january february march april may june july august september october november december "
    L"jan feb mar apr jun jul aug sep sept oct nov dec "
    L"januar februar märz mai juni juli oktober dezember "
    L"janvier février mars avril juin juillet août septembre octobre novembre décembre "
    L"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre ";
/* Languages that write an ordinal number with a full stop: "6. Februar". */
static const char ordinal_languages[] =
    " de da nb nn no fi et lv is fo cs sk sl hr bs sr hu pl tr lb ";

static bool is_word_character(uint32_t c)
{
    return linebreak_is_letter(c) || linebreak_is_digit(c) || linebreak_is_in(c, L".°²³/$");
}

/* What UAX #14 treats as a letter (its class AL). */
static bool is_alphabetic(uint32_t c)
{
    return linebreak_is_letter(c) || linebreak_is_in(c, L"#&*<=>@^_`~§©®");
}

/* A space, or where the text ends. */
static bool is_gap(uint32_t c)
{
    return c == 0 || c == '\n' || linebreak_is_space(c);
}

static bool is_listed(const struct linebreak_text *text, size_t start, size_t end,
                      const wchar_t *list)
{
    wchar_t word[WORD_MAX + 3] = L" ";
    size_t length = end - start;
    if (length == 0 || length > WORD_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        uint32_t c = text->characters[start + i];
        bool is_capital = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
        word[i + 1] = (wchar_t)(is_capital ? c + 32 : c);
    }
    wcscpy(word + length + 1, L" ");
    return wcsstr(list, word) != NULL;
}

/* The start of the word that ends before `end`. */
static size_t start_of_word(const struct linebreak_text *text, size_t end)
{
    while (end > 0 && is_word_character(text->characters[end - 1]))
        end--;
    return end;
}

/* The end of the word that begins at `start`, without full stops at its end. */
static size_t end_of_word(const struct linebreak_text *text, size_t start)
{
    size_t end = start;
    while (end < text->count && is_word_character(text->characters[end]))
        end++;
    while (end > start && text->characters[end - 1] == '.')
        end--;
    return end;
}

/* "a.m", "U.S.A": letters, each or in twos, with full stops between them. */
static bool is_dotted(const struct linebreak_text *text, size_t start, size_t end)
{
    size_t run = 0, stops = 0;
    for (size_t i = start; i < end; i++) {
        bool is_stop = text->characters[i] == '.';
        if (!is_stop && !linebreak_is_letter(text->characters[i]))
            return false;
        run = is_stop ? 0 : run + 1;
        stops += is_stop;
        if (run > 2)
            return false;
    }
    return stops > 0;
}

static bool has_ordinal_stops(const char *language)
{
    char word[5] = " ";
    size_t length = strcspn(language, "-_");
    if (length != 2)
        return false;
    for (size_t i = 0; i < length; i++)
        word[i + 1] = (char)(language[i] | 32);
    word[3] = ' ';
    return strstr(ordinal_languages, word) != NULL;
}

enum abbreviation { ABBREVIATION_NONE, ABBREVIATION_PLAIN, ABBREVIATION_JOINING };

/* What the full stop before `end` ends. */
static enum abbreviation find_abbreviation(const struct linebreak_text *text, size_t end)
{
    if (end < 2 || text->characters[end - 1] != '.' || text->characters[end - 2] == '.')
        return ABBREVIATION_NONE;
    size_t stop = end - 1, start = start_of_word(text, stop);
    size_t length = stop - start;
    if (length == 0)
        return ABBREVIATION_NONE;
    size_t next = end;
    while (next < text->count && linebreak_is_space(text->characters[next]))
        next++;
    if (is_listed(text, start, stop, joining_words) ||
        (linebreak_is_digit(linebreak_at(text, next)) &&
         is_listed(text, start, stop, numbered_words)))
        return ABBREVIATION_JOINING;
    if (is_listed(text, start, stop, plain_words) || is_dotted(text, start, stop))
        return ABBREVIATION_PLAIN;
    /* An initial; "I" is a word. */
    uint32_t first = text->characters[start];
    if (length == 1 && linebreak_is_letter(first))
        return first == 'I' ? ABBREVIATION_NONE : ABBREVIATION_JOINING;
    bool is_ordinal =
        length <= 2 && linebreak_is_digit(first) && linebreak_is_digit(text->characters[stop - 1]);
    return is_ordinal && has_ordinal_stops(text->language) ? ABBREVIATION_JOINING
                                                           : ABBREVIATION_NONE;
}

bool linebreak_join_is_abbreviation(const struct linebreak_text *text, size_t end)
{
    return find_abbreviation(text, end) != ABBREVIATION_NONE;
}

/* "5 km", "5 %", "5 €", "5 p.m.": between the number that ends before `end` and what begins at
 * `at`. */
static bool is_number_and_unit(const struct linebreak_text *text, size_t end, size_t at)
{
    uint32_t next = text->characters[at];
    if (!linebreak_is_digit(text->characters[end - 1]))
        return false;
    if (linebreak_is_in(next, L"%‰€$£¥₩￦℃℉°"))
        return !linebreak_is_letter(linebreak_at(text, at + 1)) ||
               is_listed(text, at, end_of_word(text, at), unit_words);
    return is_listed(text, at, end_of_word(text, at), unit_words);
}

/* "€ 5", "No 5", "1 000 000", "+82 2 555": before a digit. */
static bool is_before_number(const struct linebreak_text *text, size_t end, size_t at)
{
    uint32_t previous = text->characters[end - 1];
    if (!linebreak_is_digit(text->characters[at]))
        return false;
    if (linebreak_is_digit(previous) || linebreak_is_in(previous, L"€$£¥₩￦№§#×"))
        return true;
    bool numero =
        linebreak_is_in(previous, L"°º") && end >= 2 && (text->characters[end - 2] | 32) == 'n';
    return numero || is_listed(text, start_of_word(text, end), end, currency_words);
}

/* "6 February", "February 6". */
static bool is_date(const struct linebreak_text *text, size_t end, size_t at)
{
    size_t before = text->characters[end - 1] == '.' ? end - 1 : end;
    if (linebreak_is_digit(text->characters[at]))
        return is_listed(text, start_of_word(text, before), before, month_words);
    return before > 0 && linebreak_is_digit(text->characters[before - 1]) &&
           is_listed(text, at, end_of_word(text, at), month_words);
}

/* Between 2026년 and 2월, 2月 and 6日, 8시 and 30분: what ends before `end` and begins at `at`. */
static bool is_asian_date(const struct linebreak_text *text, size_t end, size_t at)
{
    /* A unit, and those that follow it. */
    static const wchar_t *const units[] = {L"년월", L"월일", L"시분", L"분초", L"年月", L"月日号號",
                                           L"时分", L"時分", L"点分", L"點分", L"分秒", NULL};
    if (end < 2 || !linebreak_is_numeral(text->characters[end - 2]) ||
        !linebreak_is_numeral(text->characters[at]))
        return false;
    while (at < text->count && linebreak_is_numeral(text->characters[at]))
        at++;
    for (const wchar_t *const *unit = units; *unit; unit++)
        if ((uint32_t)(*unit)[0] == text->characters[end - 1] &&
            linebreak_is_in(linebreak_at(text, at), *unit + 1))
            return true;
    return false;
}

/* A dash that ends a clause has a space on both sides: it ends a line, and begins none. */
static bool is_spaced_dash(const struct linebreak_text *text, size_t at)
{
    size_t end = at;
    while (linebreak_is_in(linebreak_at(text, end), L"—–―-"))
        end++;
    return end > at && is_gap(linebreak_at(text, end));
}

/* LB15a, LB15b and what French has before marks: « Bonjour ! », Demain : midi. In German the same
 * quotes point the other way and have no space inside. */
static bool is_quote_or_mark_with_space(const struct linebreak_text *text, size_t end, size_t at)
{
    uint32_t previous = text->characters[end - 1], next = text->characters[at];
    uint32_t before = end >= 2 ? text->characters[end - 2] : 0, after = linebreak_at(text, at + 1);
    bool closes =
        is_gap(after) ||
        linebreak_is_in(after, L".,;:!?)]}»›”’\"'/、。，．：；！？）］｝」』\u00a0\u202f\u2060");
    if (linebreak_is_in(next, L"»›”’!?:;") && closes)
        return true;
    return linebreak_is_in(previous, L"«‹“‘‛‟") &&
           (is_gap(before) || linebreak_is_in(before, L"([{«‹“‘‛‟\"'（［｛「『\u00a0\u202f"));
}

/* For a place that follows a space. */
static enum linebreak_rank limit_after_space(const struct linebreak_text *text, size_t at)
{
    size_t end = at;
    while (end > 0 && linebreak_is_space(text->characters[end - 1]))
        end--;
    if (end == 0 || text->characters[end - 1] == '\n')
        return LINEBREAK_MUST;
    if (is_quote_or_mark_with_space(text, end, at) || is_spaced_dash(text, at))
        return LINEBREAK_CLUSTER;
    if (is_number_and_unit(text, end, at) || is_before_number(text, end, at) ||
        find_abbreviation(text, end) == ABBREVIATION_JOINING || is_asian_date(text, end, at))
        return LINEBREAK_SYLLABLE;
    /* "Washington, D.C.": the comma ends no clause. */
    bool is_state = text->characters[end - 1] == ',' && is_dotted(text, at, end_of_word(text, at));
    if (is_date(text, end, at) || text->characters[end - 1] == '&' || is_state)
        return LINEBREAK_POOR;
    return LINEBREAK_MUST;
}

/* After a hyphen: "--sheet" (LB20a), "K-Pop", "Plan-B". */
static enum linebreak_rank limit_after_hyphen(const struct linebreak_text *text, size_t at)
{
    uint32_t before = at >= 2 ? text->characters[at - 2] : 0;
    if (!is_alphabetic(text->characters[at]))
        return LINEBREAK_MUST;
    if (is_gap(before) || linebreak_is_in(before, L"-‐([{«‹“‘\"'\u00a0\u202f"))
        return LINEBREAK_CLUSTER;
    uint32_t earlier = at >= 3 ? text->characters[at - 3] : 0;
    bool one_before = linebreak_is_letter(before) && !is_word_character(earlier);
    uint32_t later = linebreak_at(text, at + 1);
    bool one_after = !is_word_character(later) && !linebreak_is_in(later, L"-‐'’");
    return one_before || one_after ? LINEBREAK_SYLLABLE : LINEBREAK_MUST;
}

/* After a stroke: "w/o", "km/h". */
static enum linebreak_rank limit_after_slash(const struct linebreak_text *text, size_t at)
{
    uint32_t before = at >= 2 ? text->characters[at - 2] : 0;
    uint32_t earlier = at >= 3 ? text->characters[at - 3] : 0;
    bool one_before = linebreak_is_letter(before) && !is_word_character(earlier);
    bool one_after =
        linebreak_is_letter(text->characters[at]) && !is_word_character(linebreak_at(text, at + 1));
    return one_before || one_after ? LINEBREAK_CLUSTER : LINEBREAK_MUST;
}

/* A dash without spaces, "small—and great", begins no line either, but in Chinese and Japanese; one
 * that begins a word, as "—Seneca" or in Spanish dialogue, ends none. */
static bool is_joined_by_dash(const struct linebreak_text *text, size_t at)
{
    bool is_spaced =
        text->script == LINEBREAK_SCRIPT_LATIN || text->script == LINEBREAK_SCRIPT_HANGUL;
    if (is_spaced && linebreak_is_in(text->characters[at], L"—―"))
        return true;
    return is_spaced && linebreak_is_in(text->characters[at - 1], L"—―–") &&
           (at < 2 || is_gap(text->characters[at - 2]));
}

enum linebreak_rank linebreak_join_limit(const struct linebreak_text *text, size_t at)
{
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    if (linebreak_is_space(previous))
        return limit_after_space(text, at);
    /* LB29; but a comma between a Chinese character and a Latin word is one of the sentence. */
    uint32_t before = at >= 2 ? text->characters[at - 2] : 0;
    bool ends_clause = linebreak_is_asian(before) && previous != '.';
    if (linebreak_is_in(previous, L".,:;") && is_alphabetic(next) && !ends_clause)
        return LINEBREAK_CLUSTER;
    if (is_joined_by_dash(text, at))
        return LINEBREAK_CLUSTER;
    if (is_asian_date(text, at, at))
        return LINEBREAK_SYLLABLE;
    if (previous == '+' && next == '+')
        return LINEBREAK_CLUSTER;
    if (linebreak_is_in(previous, L"-‐"))
        return limit_after_hyphen(text, at);
    if (previous == '/')
        return limit_after_slash(text, at);
    /* "T恤", "A股": one letter and what it stands before. */
    bool one_letter = linebreak_is_latin(previous) && !is_word_character(before) &&
                      !linebreak_is_in(before, L"'’");
    return one_letter && linebreak_is_han(next) ? LINEBREAK_POOR : LINEBREAK_MUST;
}
