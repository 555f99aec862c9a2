#include "sync/integrity.h"

#include <stdatomic.h>
#include <stdlib.h>

struct integrity_item {
    atomic_uchar state;
    atomic_bool requested;
};

struct integrity {
    atomic_uint references;
    size_t count;
    struct integrity_item items[];
};

struct integrity *integrity_create(size_t count)
{
    struct integrity *integrity = calloc(1, sizeof *integrity + count * sizeof *integrity->items);
    if (!integrity)
        return NULL;
    atomic_init(&integrity->references, 1);
    integrity->count = count;
    for (size_t i = 0; i < count; i++) {
        atomic_init(&integrity->items[i].state, INTEGRITY_UNCHECKED);
        atomic_init(&integrity->items[i].requested, false);
    }
    return integrity;
}

struct integrity *integrity_hold(struct integrity *integrity)
{
    atomic_fetch_add(&integrity->references, 1);
    return integrity;
}

void integrity_release(struct integrity *integrity)
{
    if (integrity && atomic_fetch_sub(&integrity->references, 1) == 1)
        free(integrity);
}

size_t integrity_count(const struct integrity *integrity)
{
    return integrity->count;
}

void integrity_set(struct integrity *integrity, size_t at, enum integrity_state state)
{
    atomic_store(&integrity->items[at].state, (unsigned char)state);
}

enum integrity_state integrity_get(const struct integrity *integrity, size_t at)
{
    return (enum integrity_state)atomic_load(&integrity->items[at].state);
}

enum integrity_state integrity_request(struct integrity *integrity, size_t at)
{
    enum integrity_state state = integrity_get(integrity, at);
    if (state == INTEGRITY_UNCHECKED)
        atomic_store(&integrity->items[at].requested, true);
    return state;
}

bool integrity_next(const struct integrity *integrity, size_t *at, bool *requested)
{
    bool found = false;
    *requested = false;
    for (size_t i = 0; i < integrity->count && !*requested; i++) {
        if (integrity_get(integrity, i) != INTEGRITY_UNCHECKED)
            continue;
        *requested = atomic_load(&integrity->items[i].requested);
        if (*requested || !found)
            *at = i;
        found = true;
    }
    return found;
}
