/* What stays together on a line: abbreviations, numbers with their units, initials with their
 * names, and what the newer versions of UAX #14 join.
 *
 * libunistring 1.0 (Debian 12) knows UAX #14 without LB29, LB20a and the quotes of LB15a. Pure; any
 * thread. */
#ifndef WORKER_TEXT_LINEBREAK_JOIN_H
#define WORKER_TEXT_LINEBREAK_JOIN_H

#include "worker/text/linebreak_rank.h"

/* The best rank that the place before characters[at] may have: LINEBREAK_CLUSTER where no line may
 * end, SYLLABLE or POOR where a line should not end, MUST where there is nothing to join. */
enum linebreak_rank linebreak_join_limit(const struct linebreak_text *text, size_t at);

/* Whether the full stop before characters[end] belongs to an abbreviation, an initial or an ordinal
 * number, and so doesn't end a sentence. */
bool linebreak_join_is_abbreviation(const struct linebreak_text *text, size_t end);

#endif
