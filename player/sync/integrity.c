#include "sync/integrity.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct integrity_item {
    atomic_uchar state;
    atomic_bool requested, doubted;
    bool has_stamp; /* guarded by the lock, as the stamp */
    struct file_stamp stamp;
};

struct integrity {
    atomic_uint references;
    size_t count;
    pthread_mutex_t lock;
    void (*wake)(void *); /* guarded by the lock, as its context; NULL: none */
    void *wake_context;
    struct integrity_item items[];
};

struct integrity *integrity_create(size_t count)
{
    struct integrity *integrity = calloc(1, sizeof *integrity + count * sizeof *integrity->items);
    if (!integrity)
        return NULL;
    if (pthread_mutex_init(&integrity->lock, NULL) != 0) {
        free(integrity);
        return NULL;
    }
    atomic_init(&integrity->references, 1);
    integrity->count = count;
    for (size_t i = 0; i < count; i++) {
        atomic_init(&integrity->items[i].state, INTEGRITY_UNCHECKED);
        atomic_init(&integrity->items[i].requested, false);
        atomic_init(&integrity->items[i].doubted, false);
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
    if (!integrity || atomic_fetch_sub(&integrity->references, 1) != 1)
        return;
    pthread_mutex_destroy(&integrity->lock);
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

void integrity_set_good(struct integrity *integrity, size_t at, const struct file_stamp *stamp)
{
    struct integrity_item *item = &integrity->items[at];
    pthread_mutex_lock(&integrity->lock);
    item->has_stamp = true;
    item->stamp = *stamp;
    integrity_set(integrity, at, INTEGRITY_GOOD);
    pthread_mutex_unlock(&integrity->lock);
}

bool integrity_stamp(struct integrity *integrity, size_t at, struct file_stamp *stamp)
{
    struct integrity_item *item = &integrity->items[at];
    pthread_mutex_lock(&integrity->lock);
    bool known = item->has_stamp && integrity_get(integrity, at) == INTEGRITY_GOOD;
    *stamp = item->stamp;
    pthread_mutex_unlock(&integrity->lock);
    return known;
}

bool integrity_confirm(struct integrity *integrity, size_t at, const struct file_stamp *now)
{
    struct integrity_item *item = &integrity->items[at];
    pthread_mutex_lock(&integrity->lock);
    bool good = integrity_get(integrity, at) == INTEGRITY_GOOD;
    bool replaced = good && item->has_stamp && !file_stamp_equal(&item->stamp, now);
    if (replaced) {
        integrity_set(integrity, at, INTEGRITY_UNCHECKED);
        atomic_store(&item->requested, true);
        if (integrity->wake)
            integrity->wake(integrity->wake_context);
    }
    pthread_mutex_unlock(&integrity->lock);
    return !replaced;
}

void integrity_set_wake(struct integrity *integrity, void (*wake)(void *context), void *context)
{
    pthread_mutex_lock(&integrity->lock);
    integrity->wake = wake;
    integrity->wake_context = context;
    pthread_mutex_unlock(&integrity->lock);
}

enum integrity_state integrity_request(struct integrity *integrity, size_t at)
{
    enum integrity_state state = integrity_get(integrity, at);
    if (state == INTEGRITY_UNCHECKED)
        atomic_store(&integrity->items[at].requested, true);
    return state;
}

void integrity_doubt(struct integrity *integrity, size_t at)
{
    atomic_store(&integrity->items[at].doubted, true);
    pthread_mutex_lock(&integrity->lock);
    if (integrity->wake)
        integrity->wake(integrity->wake_context);
    pthread_mutex_unlock(&integrity->lock);
}

bool integrity_take_doubt(struct integrity *integrity, size_t *at)
{
    for (size_t i = 0; i < integrity->count; i++) {
        if (!atomic_exchange(&integrity->items[i].doubted, false))
            continue;
        *at = i;
        return true;
    }
    return false;
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
