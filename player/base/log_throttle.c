#include "base/log_throttle.h"

#include <stddef.h>
#include <string.h>

/* FNV-1a, never 0. Two kinds with one number only cost a log line. */
static uint64_t hash_kind(const char *kind)
{
    uint64_t number = UINT64_C(14695981039346656037);
    for (; *kind; kind++)
        number = (number ^ (unsigned char)*kind) * UINT64_C(1099511628211);
    return number | 1;
}

/* Its entry, or one that may be used for it, or NULL. */
static struct log_throttle_kind *find_trouble_kind(struct log_throttle *throttle, uint64_t number,
                                                   int64_t now_ns)
{
    struct log_throttle_kind *unused = NULL;
    for (size_t i = 0; i < LOG_THROTTLE_KINDS_MAX; i++) {
        struct log_throttle_kind *at = &throttle->kinds[i];
        if (at->kind == number)
            return at;
        if (!unused && (!at->kind || now_ns - at->logged_ns >= LOG_THROTTLE_NS))
            unused = at;
    }
    if (unused)
        *unused = (struct log_throttle_kind){0};
    return unused;
}

bool log_throttle_failed(struct log_throttle *throttle, const char *kind, int64_t now_ns,
                         unsigned *suppressed)
{
    uint64_t number = hash_kind(kind);
    bool lasts = throttle->current == number && now_ns - throttle->told_ns < LOG_THROTTLE_NS;
    *suppressed = 0;
    throttle->current = number;
    struct log_throttle_kind *at = find_trouble_kind(throttle, number, now_ns);
    bool is_known = at && at->kind;
    if (lasts || (is_known && now_ns - at->logged_ns < LOG_THROTTLE_NS)) {
        if (is_known)
            at->suppressed++;
        if (!lasts)
            throttle->told_ns = at->logged_ns;
        return false;
    }
    throttle->told_ns = now_ns;
    if (!at)
        return false;
    *suppressed = at->suppressed;
    *at = (struct log_throttle_kind){.kind = number, .logged_ns = now_ns};
    throttle->unresolved = true;
    return true;
}

bool log_throttle_recovered(struct log_throttle *throttle)
{
    bool was_unresolved = throttle->unresolved;
    throttle->current = 0;
    throttle->unresolved = false;
    return was_unresolved;
}

void log_throttle_reset(struct log_throttle *throttle)
{
    memset(throttle->kinds, 0, sizeof throttle->kinds);
}
