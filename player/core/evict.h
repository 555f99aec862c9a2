/* Which files of a cache go when it is over its quota. Pure; any thread. */
#ifndef CORE_EVICT_H
#define CORE_EVICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evict_file {
    int64_t bytes;
    int64_t used_ms; /* when it was last needed */
    bool needed;     /* by the playlist in force, the pending one or a takeover: never chosen */
    bool chosen;     /* the answer */
};

/* Chooses the files that are longest unused, and of those last used at the same time the largest,
 * until what is left is within quota_bytes or only needed ones are left. Returns the bytes that are
 * left. Sets `chosen` of each; the order of the files stays. */
int64_t evict_choose(struct evict_file *files, size_t count, int64_t quota_bytes);

#endif
