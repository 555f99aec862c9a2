#include "base/feed_told.h"

#include <stddef.h>
#include <string.h>

/* FNV-1a, never 0. Two kinds with one number cost a line in the log. */
static uint64_t number_of(const char *kind)
{
    uint64_t number = UINT64_C(14695981039346656037);
    for (; *kind; kind++)
        number = (number ^ (unsigned char)*kind) * UINT64_C(1099511628211);
    return number | 1;
}

/* Its entry, or one that may be used for it, or NULL. */
static struct feed_told_kind *find(struct feed_told *told, uint64_t number, int64_t now_ns)
{
    struct feed_told_kind *room = NULL;
    for (size_t i = 0; i < FEED_TOLD_KINDS_MAX; i++) {
        struct feed_told_kind *at = &told->kinds[i];
        if (at->kind == number)
            return at;
        if (!room && (!at->kind || now_ns - at->told_ns >= FEED_TOLD_NS))
            room = at;
    }
    if (room)
        *room = (struct feed_told_kind){0};
    return room;
}

bool feed_told_trouble(struct feed_told *told, const char *kind, int64_t now_ns, unsigned *held)
{
    uint64_t number = number_of(kind);
    *held = 0;
    if (told->current == number)
        return false;
    told->current = number;
    struct feed_told_kind *at = find(told, number, now_ns);
    if (!at)
        return false;
    if (at->kind && now_ns - at->told_ns < FEED_TOLD_NS) {
        at->held++;
        return false;
    }
    *held = at->held;
    *at = (struct feed_told_kind){.kind = number, .told_ns = now_ns};
    told->owes = true;
    return true;
}

bool feed_told_well(struct feed_told *told)
{
    bool owed = told->owes;
    told->current = 0;
    told->owes = false;
    return owed;
}

void feed_told_renew(struct feed_told *told)
{
    memset(told->kinds, 0, sizeof told->kinds);
}
