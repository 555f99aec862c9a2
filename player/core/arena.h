/* Memory that is given out piece by piece and freed all at once. One thread at a time. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

struct arena_block;

/* Zeroed is a valid empty arena with no limit. */
struct arena {
    struct arena_block *blocks;
    size_t used_bytes;
    size_t limit_bytes; /* 0: none */
};

/* Zeroed, aligned for any type; lives until arena_finish. NULL when out of memory, over the limit,
 * or when count × size overflows. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A copy of `length` bytes with a NUL after them. NULL as above. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

/* Frees everything; the arena is empty and may be used again. */
void arena_finish(struct arena *arena);

#endif
