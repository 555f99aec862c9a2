#include "sync/integrity.h"

#include <stdatomic.h>
#include <stdlib.h>

struct mark {
    atomic_uchar state;
    atomic_bool wanted;
};

struct marks {
    atomic_uint holds;
    size_t count;
    struct mark items[];
};

struct marks *integrity_create(size_t count)
{
    struct marks *marks = calloc(1, sizeof *marks + count * sizeof *marks->items);
    if (!marks)
        return NULL;
    atomic_init(&marks->holds, 1);
    marks->count = count;
    for (size_t i = 0; i < count; i++) {
        atomic_init(&marks->items[i].state, INTEGRITY_UNCHECKED);
        atomic_init(&marks->items[i].wanted, false);
    }
    return marks;
}

struct marks *integrity_hold(struct marks *marks)
{
    atomic_fetch_add(&marks->holds, 1);
    return marks;
}

void integrity_release(struct marks *marks)
{
    if (marks && atomic_fetch_sub(&marks->holds, 1) == 1)
        free(marks);
}

size_t integrity_count(const struct marks *marks)
{
    return marks->count;
}

void integrity_set(struct marks *marks, size_t at, enum integrity_state state)
{
    atomic_store(&marks->items[at].state, (unsigned char)state);
}

enum integrity_state integrity_get(const struct marks *marks, size_t at)
{
    return (enum integrity_state)atomic_load(&marks->items[at].state);
}

enum integrity_state integrity_want(struct marks *marks, size_t at)
{
    enum integrity_state state = integrity_get(marks, at);
    if (state == INTEGRITY_UNCHECKED)
        atomic_store(&marks->items[at].wanted, true);
    return state;
}

bool integrity_next(const struct marks *marks, size_t *at, bool *wanted)
{
    bool found = false;
    *wanted = false;
    for (size_t i = 0; i < marks->count && !*wanted; i++) {
        if (integrity_get(marks, i) != INTEGRITY_UNCHECKED)
            continue;
        *wanted = atomic_load(&marks->items[i].wanted);
        if (*wanted || !found)
            *at = i;
        found = true;
    }
    return found;
}
