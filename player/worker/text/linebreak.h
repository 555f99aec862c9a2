/* Where a line of text may end, by language.
 *
 * Pure; any thread. Base rules are UAX #14 (libunistring), bent to what each script's readers
 * expect:
 * - Chinese (clreq) and Japanese (jlreq): no closing mark or middle dot starts a line, no opening
 * mark ends one; curly quotes are brackets; —— and …… are one piece; a number keeps the character
 * that counts it; Latin words stay whole.
 * - Simplified Chinese: words stay whole (linebreak_words.h), and so do short titles and quotations.
 * - Korean (klreq): at spaces only; a dependent noun (것, 수) stays with the word before it, a number
 * with what it counts.
 * - Others: at spaces and hyphens; no dash starts a line.
 * - Everywhere: a number keeps its unit, a month its day, a title its name, and the full stop of an
 * abbreviation ends no line's sentence. An address of the web or of mail is one piece; one that is
 * wider than a line is broken before its marks, never after them. */
#ifndef WORKER_TEXT_LINEBREAK_H
#define WORKER_TEXT_LINEBREAK_H

#include "core/err.h"

#include <stddef.h>

struct linebreak_words;

#define LINEBREAK_TEXT_BYTES_MAX 2000

/* How good a place it is to begin a line; higher is better. */
enum linebreak_rank {
    LINEBREAK_INSIDE,   /* no character begins here: inside what readers see as one */
    LINEBREAK_NEVER,    /* before a comma, inside …… */
    LINEBREAK_CLUSTER,  /* between two characters, where no rule allows it: the last resort */
    LINEBREAK_SYLLABLE, /* inside a word that is wider than a line */
    LINEBREAK_POOR,     /* allowed, but separates what belongs together: after "of", before 的 */
    LINEBREAK_FAIR,
    LINEBREAK_GOOD, /* between phrases, as far as that can be seen */
    LINEBREAK_BEST, /* after punctuation */
    LINEBREAK_MUST  /* after a line end of the text */
};

/* The text in normalization form C (decomposed Hangul is drawn badly), with CR LF, CR, U+2028 and
 * U+2029 as '\n' and other control characters as spaces. The caller frees it. NULL on failure:
 * ERR_INPUT (empty, not UTF-8), ERR_LIMIT (over LINEBREAK_TEXT_BYTES_MAX, before or after
 * normalization), ERR_SYSTEM. */
char *linebreak_normalize(const char *text, struct err *err);

/* Fills ranks[i] for each of the `bytes` bytes of a normalized text: how good a place byte i is to
 * begin a line. ranks[0] is LINEBREAK_NEVER. `language` is a BCP 47 tag. `words` are those of
 * Chinese; without them (NULL), and in Traditional Chinese, a line of Chinese may end between any
 * two characters that UAX #14 lets it end between. Errors: ERR_LIMIT (over
 * LINEBREAK_TEXT_BYTES_MAX), ERR_SYSTEM. */
MUST_CHECK bool linebreak_find(const char *text, size_t bytes, const char *language,
                               const struct linebreak_words *words, unsigned char *ranks,
                               struct err *err);

/* The character (code point) that begins at text + at, and its length in bytes. `text` is valid
 * UTF-8. */
unsigned linebreak_character(const char *text, size_t at, size_t *bytes);

enum linebreak_script {
    LINEBREAK_SCRIPT_LATIN, /* and all others that are set like it */
    LINEBREAK_SCRIPT_HAN,
    LINEBREAK_SCRIPT_KANA,
    LINEBREAK_SCRIPT_HANGUL,
};

/* The rules that a text is set by. Its characters decide, since a playlist may give a text without
 * a language, or fall back to another language's text; the language only decides for mixed texts
 * and for Han characters alone. */
enum linebreak_script linebreak_script_of(const char *text, size_t bytes, const char *language);

/* Whether a character takes no space and needs no glyph: joiners, variation selectors, directional
 * marks. */
bool linebreak_is_invisible(unsigned character);

/* Full-width punctuation and curly quotes, which may leave half of their cell blank. */
bool linebreak_is_cjk_punctuation(unsigned character);

#endif
