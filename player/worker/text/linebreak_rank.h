/* Ranks places for line ends, by language, where UAX #14 leaves it open. Pure; any thread. */
#ifndef WORKER_TEXT_LINEBREAK_RANK_H
#define WORKER_TEXT_LINEBREAK_RANK_H

#include "worker/text/linebreak.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct linebreak_text {
    const uint32_t *characters;
    size_t count;
    enum linebreak_script script;
    const char *language;           /* a BCP 47 tag, or "" */
    const unsigned char *addresses; /* enum linebreak_address of the place before each character */
};

/* The rank of characters[at] as the beginning of a line, 0 < at < count. `allowed`: UAX #14 allows
 * a break there. Not for line ends and places inside a cluster, which the caller handles. */
enum linebreak_rank linebreak_rank(const struct linebreak_text *text, size_t at, bool allowed);

bool linebreak_is_hangul(uint32_t c);
bool linebreak_is_kana(uint32_t c);
bool linebreak_is_han(uint32_t c);

/* A letter of any script but those above. */
bool linebreak_is_letter(uint32_t c);

/* A space at which a line may end. */
bool linebreak_is_space(uint32_t c);

/* A Latin letter, in words such as don’t. */
bool linebreak_is_latin(uint32_t c);

#endif
