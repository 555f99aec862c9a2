#include "base/log_throttle.h"

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
static struct log_throttle_kind *find(struct log_throttle *told, uint64_t number, int64_t now_ns)
{
    struct log_throttle_kind *room = NULL;
    for (size_t i = 0; i < LOG_THROTTLE_KINDS_MAX; i++) {
        struct log_throttle_kind *at = &told->kinds[i];
        if (at->kind == number)
            return at;
        if (!room && (!at->kind || now_ns - at->told_ns >= LOG_THROTTLE_NS))
            room = at;
    }
    if (room)
        *room = (struct log_throttle_kind){0};
    return room;
}

bool log_throttle_trouble(struct log_throttle *told, const char *kind, int64_t now_ns,
                          unsigned *held)
{
    uint64_t number = number_of(kind);
    *held = 0;
    if (told->current == number)
        return false;
    told->current = number;
    struct log_throttle_kind *at = find(told, number, now_ns);
    if (!at)
        return false;
    if (at->kind && now_ns - at->told_ns < LOG_THROTTLE_NS) {
        at->held++;
        return false;
    }
    *held = at->held;
    *at = (struct log_throttle_kind){.kind = number, .told_ns = now_ns};
    told->owes = true;
    return true;
}

bool log_throttle_well(struct log_throttle *told)
{
    bool owed = told->owes;
    told->current = 0;
    told->owes = false;
    return owed;
}

void log_throttle_renew(struct log_throttle *told)
{
    memset(told->kinds, 0, sizeof told->kinds);
}
