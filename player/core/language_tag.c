#include "core/language_tag.h"

#include "core/language_subtags.h"
#include "core/nearest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SUBTAG_BYTES_MAX 8

/* What people write where a language's code is asked for: codes of countries, the old names of
 * Windows, names in the language itself. */
static const struct language_subtags_name meant[] = {
    {"at", "de"},
    {"au", "en"},
    {"cht", "zh-Hant"},
    {"chs", "zh-Hans"},
    {"cn", "zh-Hans"},
    {"cz", "cs"},
    {"deutsch", "de"},
    {"dk", "da"},
    {"english (us)", "en-US"},
    {"english (uk)", "en-GB"},
    {"español", "es"},
    {"français", "fr"},
    {"gb", "en-GB"},
    {"gr", "el"},
    {"hangul", "ko"},
    {"hans", "zh-Hans"},
    {"hant", "zh-Hant"},
    {"hk", "zh-Hant-HK"},
    {"hongkong", "zh-Hant-HK"},
    {"il", "he"},
    {"in", "id"},
    {"italiano", "it"},
    {"iw", "he"},
    {"ji", "yi"},
    {"jp", "ja"},
    {"korea", "ko"},
    {"kz", "kk"},
    {"mandarin", "zh-Hans"},
    {"mo", "ro"},
    {"mx", "es"},
    {"nederlands", "nl"},
    {"ph", "fil"},
    {"pl-pl", "pl"},
    {"português", "pt"},
    {"simplified chinese", "zh-Hans"},
    {"simplified", "zh-Hans"},
    {"traditional chinese", "zh-Hant"},
    {"traditional", "zh-Hant"},
    {"tw", "zh-Hant-TW"},
    {"taiwan", "zh-Hant-TW"},
    {"türkçe", "tr"},
    {"ua", "uk"},
    {"us", "en-US"},
    {"usa", "en-US"},
    {"valencià", "ca"},
    {"vn", "vi"},
    {"zh-chs", "zh-Hans"},
    {"zh-cht", "zh-Hant"},
    {"zh-simplified", "zh-Hans"},
    {"zh-traditional", "zh-Hant"},
    {"zhs", "zh-Hans"},
    {"zht", "zh-Hant"},
    {"русский", "ru"},
    {"ไทย", "th"},
    {"中文", "zh-Hans"},
    {"简体中文", "zh-Hans"},
    {"簡體中文", "zh-Hans"},
    {"繁体中文", "zh-Hant"},
    {"繁體中文", "zh-Hant"},
    {"日本語", "ja"},
    {"한국어", "ko"},
    {"kr", "ko"},
};

/* Registered codes that are a country's code, too, and were hardly meant as languages; and how to
 * write them if they were. */
static const struct {
    const char *code, *language, *plain;
} lookalikes[] = {{"kr", "Kanuri", "kr-NG"}, {"tw", "Twi", "tw-GH"}};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

bool language_tag_equals(const char *a, size_t bytes, const char *b)
{
    size_t i = 0;
    while (i < bytes && b[i] && lower(a[i]) == lower(b[i]))
        i++;
    return i == bytes && !b[i];
}

/* Whether the list, " one two ", has the word. The word's letters have the list's case already. */
static bool has_word(const char *list, const char *word)
{
    char spaced[SUBTAG_BYTES_MAX + 3];
    snprintf(spaced, sizeof spaced, " %s ", word);
    return strstr(list, spaced) != NULL;
}

/* A subtag of a tag, in small letters, and what it is made of. */
struct subtag {
    char text[SUBTAG_BYTES_MAX + 1];
    size_t length;
    bool letters, digits; /* nothing but */
};

/* Takes the subtag at the start of *rest and moves on. False at the end. The tag is well-formed. */
static bool take_subtag(const char **rest, struct subtag *subtag)
{
    *subtag = (struct subtag){.length = strcspn(*rest, "-"), .letters = true, .digits = true};
    for (size_t i = 0; i < subtag->length && i < SUBTAG_BYTES_MAX; i++) {
        subtag->text[i] = lower((*rest)[i]);
        subtag->letters &= is_letter((*rest)[i]);
        subtag->digits &= is_digit((*rest)[i]);
    }
    *rest += subtag->length + ((*rest)[subtag->length] == '-');
    return subtag->length > 0;
}

/* 1 to 8 letters and digits in each subtag. */
static bool is_well_formed(const char *tag)
{
    size_t subtag = 0, i = 0;
    for (; i < LANGUAGE_TAG_BYTES && tag[i]; i++) {
        if (tag[i] == '-' ? subtag == 0 : !is_letter(tag[i]) && !is_digit(tag[i]))
            return false;
        subtag = tag[i] == '-' ? 0 : subtag + 1;
        if (subtag > SUBTAG_BYTES_MAX)
            return false;
    }
    return subtag > 0 && i < LANGUAGE_TAG_BYTES;
}

static bool is_language(const struct subtag *subtag)
{
    if (subtag->length == 2)
        return has_word(language_subtags_languages, subtag->text);
    if (subtag->length != 3 || !subtag->letters)
        return false;
    size_t bit = 0;
    for (size_t i = 0; i < 3; i++)
        bit = bit * 26 + (size_t)(subtag->text[i] - 'a');
    return language_subtags_bits[bit / 64] >> bit % 64 & 1;
}

static bool is_script(struct subtag subtag)
{
    subtag.text[0] = upper(subtag.text[0]);
    return has_word(language_subtags_scripts, subtag.text);
}

static bool is_region(struct subtag subtag)
{
    for (size_t i = 0; i < subtag.length; i++)
        subtag.text[i] = upper(subtag.text[i]);
    return has_word(language_subtags_regions, subtag.text);
}

/* The first subtag that is not registered decides. The order of subtags is that of RFC 5646, 2.1:
 * language, extended language, script, region, variants, extensions. */
static enum language_tag_problem find_problem(const char *tag)
{
    struct subtag subtag;
    if (!is_well_formed(tag))
        return LANGUAGE_TAG_NOT_A_TAG;
    take_subtag(&tag, &subtag);
    if (subtag.length == 1 && subtag.text[0] == 'x' && *tag)
        return LANGUAGE_TAG_GOOD;
    if (!is_language(&subtag))
        return LANGUAGE_TAG_NO_LANGUAGE;
    bool more = take_subtag(&tag, &subtag);
    if (more && subtag.length == 3 && has_word(language_subtags_extlangs, subtag.text))
        more = take_subtag(&tag, &subtag);
    if (more && subtag.length == 4 && subtag.letters) {
        if (!is_script(subtag))
            return LANGUAGE_TAG_NO_SCRIPT;
        more = take_subtag(&tag, &subtag);
    }
    if (more && ((subtag.length == 2 && subtag.letters) || (subtag.length == 3 && subtag.digits))) {
        if (!is_region(subtag))
            return LANGUAGE_TAG_NO_REGION;
        more = take_subtag(&tag, &subtag);
    }
    for (; more && subtag.length > 1; more = take_subtag(&tag, &subtag))
        if (!has_word(language_subtags_variants, subtag.text))
            return LANGUAGE_TAG_NO_VARIANT;
    return more && !*tag ? LANGUAGE_TAG_NOT_A_TAG : LANGUAGE_TAG_GOOD;
}

static const char *find_lookalike(const char *tag, const char **plain)
{
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
        if (language_tag_equals(lookalikes[i].code, strlen(lookalikes[i].code), tag)) {
            *plain = lookalikes[i].plain;
            return lookalikes[i].language;
        }
    return NULL;
}

/* The code for what was written: a name, a country, a code of three letters. NULL: none. */
static const char *find_meant(const char *text)
{
    for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
        if (language_tag_equals(text, strlen(text), meant[i].name))
            return meant[i].code;
    for (const struct language_subtags_name *name = language_subtags_names; name->name; name++)
        if (language_tag_equals(text, strlen(text), name->name))
            return name->code;
    return NULL;
}

/* A name or script with a slip of the finger in it. */
static const char *find_near_name(const char *text)
{
    struct nearest nearest;
    if (strlen(text) < 5)
        return NULL;
    nearest_init(&nearest, text);
    for (const struct language_subtags_name *name = language_subtags_names; name->name; name++)
        nearest_consider(&nearest, name->name);
    return nearest.word ? find_meant(nearest.word) : NULL;
}

/* A locale's name as a tag: "ko_KR.UTF-8" is ko-KR. */
static void plain_tag(const char *tag, char plain[LANGUAGE_TAG_BYTES])
{
    snprintf(plain, LANGUAGE_TAG_BYTES, "%.*s", (int)strcspn(tag, ".@"), tag);
    for (char *c = plain; *c; c++)
        if (*c == '_')
            *c = '-';
}

/* "kor-KR" is ko-KR, "en-UK" en-GB, "zh-Hanz" zh-Hans. Each repairs one subtag and keeps the
 * rest. */
static bool suggest_repaired(const char *plain, char suggestion[LANGUAGE_TAG_BYTES])
{
    char first[LANGUAGE_TAG_BYTES];
    size_t length = strcspn(plain, "-");
    const char *rest = plain + length;
    snprintf(first, sizeof first, "%.*s", (int)length, plain);
    const char *code = find_meant(first);
    if (code && find_problem(plain) == LANGUAGE_TAG_NO_LANGUAGE)
        snprintf(suggestion, LANGUAGE_TAG_BYTES, "%s%s", code, rest);
    else if (rest[0] && language_tag_equals(rest, strlen(rest), "-uk"))
        snprintf(suggestion, LANGUAGE_TAG_BYTES, "%.*s-GB", (int)length, plain);
    else
        return false;
    return find_problem(suggestion) == LANGUAGE_TAG_GOOD;
}

/* The nearest script for the second subtag. */
static bool suggest_script(const char *plain, char suggestion[LANGUAGE_TAG_BYTES])
{
    struct nearest nearest;
    char words[] = "Hans\0Hant\0Hani\0Latn\0Cyrl\0Arab\0Hang\0Jpan\0Kore\0", script[8] = "";
    size_t length = strcspn(plain, "-"), next = strcspn(plain + length + 1, "-");
    if (next != 4)
        return false;
    memcpy(script, plain + length + 1, next);
    nearest_init(&nearest, script);
    for (const char *word = words; *word; word += strlen(word) + 1)
        nearest_consider(&nearest, word);
    if (!nearest.word)
        return false;
    snprintf(suggestion, LANGUAGE_TAG_BYTES, "%.*s-%s%s", (int)length, plain, nearest.word,
             plain + length + 1 + next);
    return find_problem(suggestion) == LANGUAGE_TAG_GOOD;
}

static void suggest(const char *tag, enum language_tag_problem problem,
                    char suggestion[LANGUAGE_TAG_BYTES])
{
    char plain[LANGUAGE_TAG_BYTES];
    suggestion[0] = '\0';
    if (strlen(tag) >= LANGUAGE_TAG_BYTES)
        return;
    plain_tag(tag, plain);
    bool is_locale = problem == LANGUAGE_TAG_NOT_A_TAG && find_problem(plain) == LANGUAGE_TAG_GOOD;
    const char *code = find_meant(plain);
    if (!code && !is_locale)
        code = find_near_name(plain);
    if (code) {
        snprintf(suggestion, LANGUAGE_TAG_BYTES, "%s", code);
    } else if (is_locale) {
        language_tag_add_script(plain, suggestion);
        /* zh-Hant says what matters of zh_TW. */
        if (strncmp(suggestion, "zh-Han", 6) == 0 && suggestion[6])
            suggestion[7] = '\0';
    } else if (!suggest_repaired(plain, suggestion) &&
               !(problem == LANGUAGE_TAG_NO_SCRIPT && suggest_script(plain, suggestion))) {
        suggestion[0] = '\0';
    }
}

enum language_tag_problem language_tag_check(const char *tag, char suggestion[LANGUAGE_TAG_BYTES])
{
    const char *plain;
    enum language_tag_problem problem = find_problem(tag);
    if (find_lookalike(tag, &plain))
        problem = LANGUAGE_TAG_OTHER_LANGUAGE;
    suggestion[0] = '\0';
    if (problem != LANGUAGE_TAG_GOOD)
        suggest(tag, problem, suggestion);
    return problem;
}

bool language_tag_explain(const char *tag, char words[LANGUAGE_TAG_WORDS_BYTES])
{
    static const char *const texts[] = {
        [LANGUAGE_TAG_NOT_A_TAG] = "is not a language tag, such as \"ko\" or \"zh-Hans\"",
        [LANGUAGE_TAG_NO_LANGUAGE] = "is not a language of BCP 47",
        [LANGUAGE_TAG_NO_SCRIPT] = "has a script that BCP 47 does not know",
        [LANGUAGE_TAG_NO_REGION] = "has a region that BCP 47 does not know",
        [LANGUAGE_TAG_NO_VARIANT] = "has a variant that BCP 47 does not know",
    };
    char suggestion[LANGUAGE_TAG_BYTES];
    const char *plain = "", *language = find_lookalike(tag, &plain);
    enum language_tag_problem problem = language_tag_check(tag, suggestion);
    words[0] = '\0';
    if (problem == LANGUAGE_TAG_GOOD)
        return false;
    if (language)
        snprintf(words, LANGUAGE_TAG_WORDS_BYTES,
                 "is the language %s; did you mean \"%s\"? For %s write \"%s\"", language,
                 suggestion, language, plain);
    else if (suggestion[0])
        snprintf(words, LANGUAGE_TAG_WORDS_BYTES, "%s; did you mean \"%s\"?", texts[problem],
                 suggestion);
    else
        snprintf(words, LANGUAGE_TAG_WORDS_BYTES, "%s", texts[problem]);
    return true;
}

void language_tag_add_script(const char *tag, char out[LANGUAGE_TAG_BYTES])
{
    static const char *const regions[][2] = {
        {"cn", "Hans"}, {"sg", "Hans"}, {"tw", "Hant"}, {"hk", "Hant"}, {"mo", "Hant"}};
    const char *script = NULL;
    for (size_t i = 0; language_tag_equals(tag, 3, "zh-") && i < 5; i++)
        if (language_tag_equals(tag + 3, strlen(tag + 3), regions[i][0]))
            script = regions[i][1];
    if (script)
        snprintf(out, LANGUAGE_TAG_BYTES, "zh-%s-%.2s", script, tag + 3);
    else
        snprintf(out, LANGUAGE_TAG_BYTES, "%s", tag);
}
