/* Words of Chinese: cuts a text where words begin, by a table of words and how frequent they are.
 *
 * packaging/words/compile makes the table, and says its format. Of all ways to cut a text the one
 * is taken whose words are the most frequent, as jieba does it without its model for unknown words.
 * The table is mapped, and only read; a damaged one cuts wrongly, but nothing outside of it is
 * read. Any thread. */
#ifndef WORKER_TEXT_LINEBREAK_WORDS_H
#define WORKER_TEXT_LINEBREAK_WORDS_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINEBREAK_WORDS_BYTES_MAX ((size_t)3000000)

struct linebreak_words;

/* Maps a table; `fd` may be closed afterwards. NULL on failure: ERR_INPUT (not a table, or a
 * damaged one), ERR_SYSTEM. */
struct linebreak_words *linebreak_words_open(int fd, struct err *err);

/* NULL is allowed. */
void linebreak_words_close(struct linebreak_words *words);

/* Whether texts of a language are cut by the table: not those of Traditional Chinese. `language` is
 * a BCP 47 tag. */
bool linebreak_words_serve(const char *language);

/* Cuts Chinese characters (linebreak_is_han): begins[i] becomes 1 where a word begins, else 0. At
 * most LINEBREAK_TEXT_BYTES_MAX characters. */
void linebreak_words_cut(const struct linebreak_words *words, const uint32_t *characters,
                         size_t count, unsigned char *begins);

#endif
