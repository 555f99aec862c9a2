/* What people write where the IANA name of a time zone is asked for: KST, Beijing, UTC+9. Pure; any
 * thread. */
#ifndef CORE_ZONE_ALIAS_H
#define CORE_ZONE_ALIAS_H

#include <stdbool.h>

#define ZONE_ALIAS_BYTES 200

/* Writes the zone that was probably meant, as the end of a sentence ("did you mean Asia/Seoul?").
 * False, and "" in words, where the text is none of those that are known. */
bool zone_alias_suggest(const char *text, char words[ZONE_ALIAS_BYTES]);

/* Whether a zone is one of those named after an offset whose sign is the opposite of what people
 * expect (POSIX): Etc/GMT+9 is 9 hours behind UTC. `words` gets that: "is 9 hours behind UTC". */
bool zone_alias_is_inverted(const char *zone, char words[ZONE_ALIAS_BYTES]);

#endif
