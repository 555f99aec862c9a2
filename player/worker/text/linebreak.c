#include "worker/text/linebreak.h"

#include "worker/text/linebreak_address.h"
#include "worker/text/linebreak_han.h"
#include "worker/text/linebreak_words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unilbrk.h>
#include <uninorm.h>
#include <unistr.h>

/* So many characters without a place to break are not a word but a row of dots: then any place will
 * do. */
#define UNBROKEN_MAX 12

/* `text` is valid UTF-8, so the length is 1 to 4. */
unsigned linebreak_character(const char *text, size_t at, size_t *bytes)
{
    ucs4_t c = 0;
    int length = u8_strmbtouc(&c, (const uint8_t *)text + at);
    *bytes = length > 0 ? (size_t)length : 1;
    return c;
}

bool linebreak_is_letter(uint32_t c)
{
    return uc_is_property_alphabetic(c) && !linebreak_is_han(c) && !linebreak_is_kana(c) &&
           !linebreak_is_hangul(c);
}

bool linebreak_is_invisible(unsigned c)
{
    return c == 0xad || c == 0x34f || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe0fff);
}

bool linebreak_is_cjk_punctuation(unsigned c)
{
    return (c >= 0x2018 && c <= 0x201d) || (c >= 0x3001 && c <= 0x3002) ||
           (c >= 0x3008 && c <= 0x3011) || (c >= 0x3014 && c <= 0x301b) || c == 0xff01 ||
           c == 0xff08 || c == 0xff09 || c == 0xff0c || c == 0xff0e || c == 0xff1a || c == 0xff1b ||
           c == 0xff1f || c == 0xff3b || c == 0xff3d || c == 0xff5b || c == 0xff5d;
}

/* Reduces line ends to one kind, and replaces other control characters by spaces. In place: nothing
 * grows. */
static void clean_controls(char *text)
{
    const uint8_t *from = (const uint8_t *)text;
    char *to = text;
    while (*from) {
        ucs4_t c = 0;
        int length = u8_strmbtouc(&c, from);
        if (c == '\r' && from[1] == '\n') {
            from++;
            continue;
        }
        bool is_end = c == '\r' || c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029;
        bool is_control = c < 0x20 || (c >= 0x7f && c < 0xa0);
        if (is_end)
            *to++ = '\n';
        else if (is_control)
            *to++ = ' ';
        else
            for (int i = 0; i < length; i++)
                *to++ = (char)from[i];
        from += length;
    }
    *to = '\0';
}

char *linebreak_normalize(const char *text, struct err *err)
{
    size_t bytes = strnlen(text, LINEBREAK_TEXT_BYTES_MAX + 1), length = 0;
    if (bytes > LINEBREAK_TEXT_BYTES_MAX) {
        err_set(err, ERR_LIMIT, "the text is longer than %d bytes", LINEBREAK_TEXT_BYTES_MAX);
        return NULL;
    }
    if (bytes == 0 || u8_check((const uint8_t *)text, bytes)) {
        err_set(err, ERR_INPUT, bytes == 0 ? "the text is empty" : "the text is not valid UTF-8");
        return NULL;
    }
    uint8_t *normal = u8_normalize(UNINORM_NFC, (const uint8_t *)text, bytes, NULL, &length);
    char *result = normal ? malloc(length + 1) : NULL;
    if (!result) {
        free(normal);
        err_oom(err);
        return NULL;
    }
    memcpy(result, normal, length);
    free(normal);
    result[length] = '\0';
    clean_controls(result);
    if (strlen(result) > LINEBREAK_TEXT_BYTES_MAX) {
        err_set(err, ERR_LIMIT, "the text is longer than %d bytes", LINEBREAK_TEXT_BYTES_MAX);
        free(result);
        return NULL;
    }
    return result;
}

static bool has_primary_language(const char *language, const char *primary)
{
    size_t length = strlen(primary);
    return strncasecmp(language, primary, length) == 0 &&
           (language[length] == '\0' || language[length] == '-' || language[length] == '_');
}

enum linebreak_script linebreak_script_of(const char *text, size_t bytes, const char *language)
{
    size_t hangul = 0, kana = 0, han = 0, length;
    for (size_t at = 0; at < bytes; at += length) {
        uint32_t c = linebreak_character(text, at, &length);
        hangul += linebreak_is_hangul(c);
        kana += linebreak_is_kana(c);
        han += linebreak_is_han(c);
    }
    if (hangul > 0 && (has_primary_language(language, "ko") || hangul >= han + kana))
        return LINEBREAK_SCRIPT_HANGUL;
    if (kana > 0 || (han > 0 && has_primary_language(language, "ja")))
        return LINEBREAK_SCRIPT_KANA;
    return han > 0 ? LINEBREAK_SCRIPT_HAN : LINEBREAK_SCRIPT_LATIN;
}

/* Whether an ASCII comma, colon or semicolon ends a clause as the wide one does: after an Asian
 * character, but not within a number. Rule LB29, which libunistring knows from 1.2 on, would keep a
 * Latin word with it. */
static bool ends_asian_clause(const struct linebreak_text *text, size_t i)
{
    uint32_t c = text->characters[i];
    if ((c != ',' && c != ':' && c != ';') || i == 0 ||
        !linebreak_is_asian(text->characters[i - 1]))
        return false;
    return i + 1 == text->count || !uc_is_property_decimal_digit(text->characters[i + 1]);
}

/* The text to run UAX #14 on: in Chinese and Japanese curly quotes are brackets, so that no closing
 * one begins a line and no opening one ends it. An apostrophe stays one. */
static void make_uax14_text(const struct linebreak_text *text, uint32_t *uax14_text)
{
    bool quotes_are_brackets =
        text->script == LINEBREAK_SCRIPT_HAN || text->script == LINEBREAK_SCRIPT_KANA;
    for (size_t i = 0; i < text->count; i++) {
        uint32_t c = text->characters[i];
        bool apostrophe = c == 0x2019 && i > 0 && i + 1 < text->count &&
                          linebreak_is_latin(text->characters[i - 1]) &&
                          linebreak_is_latin(text->characters[i + 1]);
        if (quotes_are_brackets && (c == 0x2018 || c == 0x201c))
            c = 0x300c;
        else if (quotes_are_brackets && (c == 0x2019 || c == 0x201d) && !apostrophe)
            c = 0x300d;
        else if (ends_asian_clause(text, i))
            c = 0xff0c;
        uax14_text[i] = c;
    }
}

struct scratch {
    uint32_t characters[LINEBREAK_TEXT_BYTES_MAX], uax14_text[LINEBREAK_TEXT_BYTES_MAX];
    char breaks[LINEBREAK_TEXT_BYTES_MAX], clusters[LINEBREAK_TEXT_BYTES_MAX];
    unsigned char addresses[LINEBREAK_TEXT_BYTES_MAX], quoted[LINEBREAK_TEXT_BYTES_MAX];
    unsigned char words[LINEBREAK_TEXT_BYTES_MAX];
};

/* Cuts each run of Chinese characters into words. */
static void find_words(const struct linebreak_words *words, const struct linebreak_text *text,
                       unsigned char *begins)
{
    for (size_t start = 0, end; start < text->count; start = end) {
        end = start + 1;
        if (!linebreak_is_han(text->characters[start]))
            continue;
        while (end < text->count && linebreak_is_han(text->characters[end]))
            end++;
        linebreak_words_cut(words, text->characters + start, end - start, begins + start);
    }
}

static enum linebreak_rank rank_before(const struct linebreak_text *text,
                                       const struct scratch *scratch, size_t i)
{
    if (text->characters[i - 1] == '\n')
        return LINEBREAK_MUST;
    /* libunistring knows the grapheme rules (GB3 to GB13), joined emoji and flags included. */
    if (!scratch->clusters[i])
        return LINEBREAK_INSIDE;
    if (text->characters[i] == '\n')
        return LINEBREAK_NEVER;
    return linebreak_rank(text, i, scratch->breaks[i] == UC_BREAK_POSSIBLE);
}

/* Fills in what the ranks depend on. */
static void analyze(struct linebreak_text *text, struct scratch *scratch,
                    const struct linebreak_words *words)
{
    for (size_t i = 0; i < text->count; i++)
        text->has_marks |= text->characters[i] == 0x200b;
    linebreak_address_find(text, scratch->addresses);
    linebreak_han_find_quoted(text, scratch->quoted);
    if (words && text->script == LINEBREAK_SCRIPT_HAN && linebreak_words_serve(text->language)) {
        find_words(words, text, scratch->words);
        text->words = scratch->words;
    }
    make_uax14_text(text, scratch->uax14_text);
    u32_possible_linebreaks(scratch->uax14_text, text->count, "UTF-8", scratch->breaks);
    u32_grapheme_breaks(scratch->characters, text->count, scratch->clusters);
}

bool linebreak_find(const char *text, size_t bytes, const char *language,
                    const struct linebreak_words *words, unsigned char *ranks, struct err *err)
{
    if (bytes > LINEBREAK_TEXT_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the text is longer than %d bytes",
                       LINEBREAK_TEXT_BYTES_MAX);
    memset(ranks, LINEBREAK_INSIDE, bytes);
    struct scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch)
        return err_oom(err);
    struct linebreak_text decoded = {.characters = scratch->characters,
                                     .addresses = scratch->addresses,
                                     .quoted = scratch->quoted,
                                     .language = language,
                                     .script = linebreak_script_of(text, bytes, language)};
    size_t length;
    for (size_t at = 0; at < bytes; at += length)
        scratch->characters[decoded.count++] = linebreak_character(text, at, &length);
    analyze(&decoded, scratch, words);

    int unbroken = 0;
    for (size_t at = 0, i = 0; i < decoded.count; i++, at += length) {
        linebreak_character(text, at, &length);
        enum linebreak_rank rank = i == 0 ? LINEBREAK_NEVER : rank_before(&decoded, scratch, i);
        if (rank > LINEBREAK_NEVER)
            unbroken = 0;
        else if (rank == LINEBREAK_NEVER && decoded.characters[i] != '\n' &&
                 ++unbroken >= UNBROKEN_MAX) {
            rank = LINEBREAK_CLUSTER;
            unbroken = 0;
        }
        ranks[at] = (unsigned char)rank;
    }
    free(scratch);
    return true;
}
