/* Ranks places for line ends in Chinese and Japanese, where UAX #14 allows one. Pure; any thread. */
#ifndef WORKER_TEXT_LINEBREAK_HAN_H
#define WORKER_TEXT_LINEBREAK_HAN_H

#include "worker/text/linebreak_rank.h"

/* As linebreak_rank, for a place where UAX #14 allows a break. */
enum linebreak_rank linebreak_han_rank(const struct linebreak_text *text, size_t at);

/* Whether the character begins no line of Japanese though UAX #14 may let it: small kana, a long
 * vowel's mark, a mark of repetition (JLREQ, cl-09 to cl-11). */
bool linebreak_han_begins_no_line(const struct linebreak_text *text, size_t at);

/* Finds quotations, titles and brackets in a Chinese text, “…” and 《…》, of at most eight characters,
 * which stay whole: quoted[i] becomes 1 where the place before characters[i] is inside of one, else 0. */
void linebreak_han_find_quoted(const struct linebreak_text *text, unsigned char *quoted);

#endif
