/* Ranks places for line ends, by language, where UAX #14 leaves it open. Pure; any thread. */
#ifndef WORKER_TEXT_LINEBREAK_RANK_H
#define WORKER_TEXT_LINEBREAK_RANK_H

#include "worker/text/linebreak.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

struct linebreak_text {
    const uint32_t *characters;
    size_t count;
    enum linebreak_script script;
    const char *language;           /* a BCP 47 tag, or "" */
    const unsigned char *addresses; /* enum linebreak_address of the place before each character */
    const unsigned char *quoted;    /* 1: the place is inside a short quotation or title */
    bool has_marks; /* U+200B is in it: whoever wrote the text says where lines may end */
    /* Of Chinese characters: 1 where a word begins. NULL: nobody knows. */
    const unsigned char *words;
};

/* The rank of characters[at] as the beginning of a line, 0 < at < count. `allowed`: UAX #14 allows
 * a break there. Not for line ends and places inside a cluster, which the caller handles. */
enum linebreak_rank linebreak_rank(const struct linebreak_text *text, size_t at, bool allowed);

bool linebreak_is_hangul(uint32_t c);
bool linebreak_is_hiragana(uint32_t c);
bool linebreak_is_katakana(uint32_t c);
bool linebreak_is_kana(uint32_t c);
bool linebreak_is_han(uint32_t c);
/* Han, kana or Hangul. */
bool linebreak_is_asian(uint32_t c);

/* A letter of any script but those above. */
bool linebreak_is_letter(uint32_t c);

/* A space at which a line may end; U+200B, which has no width, is one. */
bool linebreak_is_space(uint32_t c);

/* A Latin letter, in words such as don’t. */
bool linebreak_is_latin(uint32_t c);

/* ASCII or full-width. */
bool linebreak_is_digit(uint32_t c);

/* A digit, or a Chinese character that is one. */
bool linebreak_is_numeral(uint32_t c);

bool linebreak_is_opening(uint32_t c);
bool linebreak_is_closing(uint32_t c);

/* Whether `set` has the character; no set has 0. */
bool linebreak_is_in(uint32_t c, const wchar_t *set);

/* The character at a place, 0 behind the text's end. */
uint32_t linebreak_at(const struct linebreak_text *text, size_t at);

/* The length of the word, letters and digits of any script, that begins at `at`, or that ends
 * before it. */
size_t linebreak_word_after(const struct linebreak_text *text, size_t at);
size_t linebreak_word_before(const struct linebreak_text *text, size_t at);

/* Whether `words`, a list that ends with NULL, has a word, in small letters. */
bool linebreak_is_word_in(const uint32_t *characters, size_t count, const wchar_t *const *words);

/* Whether the place follows the end of a clause, closing quotes and brackets included. The full stop
 * of an abbreviation ends none. */
bool linebreak_is_after_clause(const struct linebreak_text *text, size_t at,
                               const wchar_t *punctuation);

#endif
