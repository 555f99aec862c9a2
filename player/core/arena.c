#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16384)

struct arena_block {
    struct arena_block *next;
    size_t used_bytes;
    size_t size_bytes;
    alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *find_block_for(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;
    if (block && block->size_bytes - block->used_bytes >= size)
        return block;
    /* Blocks grow with the arena: a large one must not cost hundreds of calls. */
    size_t block_bytes = arena->used_bytes / 2 > BLOCK_BYTES ? arena->used_bytes / 2 : BLOCK_BYTES;
    if (block_bytes < size)
        block_bytes = size;
    block = calloc(1, sizeof *block + block_bytes);
    if (!block)
        return NULL;
    block->size_bytes = block_bytes;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    const size_t step = alignof(max_align_t);
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        return NULL;
    bytes = (bytes + step - 1) / step * step;
    if (arena->limit_bytes && bytes > arena->limit_bytes - arena->used_bytes)
        return NULL;
    struct arena_block *block = find_block_for(arena, bytes);
    if (!block)
        return NULL;
    void *result = block->bytes + block->used_bytes;
    block->used_bytes += bytes;
    arena->used_bytes += bytes;
    return result;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(arena, length + 1, 1);
    if (copy && length)
        memcpy(copy, bytes, length);
    return copy;
}

void arena_finish(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used_bytes = 0;
}
