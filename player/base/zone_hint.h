/* Which installed time zone was meant by a name that is none. Reads folders and files; any
 * thread. */
#ifndef BASE_ZONE_HINT_H
#define BASE_ZONE_HINT_H

#include <stdbool.h>

#define ZONE_HINT_BYTES 200

/* Looks among the zones below `folder` for one that differs in case ("asia/seoul"), that ends in
 * this city ("Seoul"), that is the only one of a country ("Portugal" has three), or that was
 * mistyped; before these, among the names of zone_alias.h. Writes "did you mean Asia/Seoul?". False,
 * and "" in words, where there is none. */
bool zone_hint_find(const char *folder, const char *name, char words[ZONE_HINT_BYTES]);

#endif
