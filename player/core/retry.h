/* How long to wait before asking a server again: bounded exponential back-off with jitter, so that
 * a fleet that lost its server together doesn't come back together. Pure; any thread. */
#ifndef CORE_RETRY_H
#define CORE_RETRY_H

#include <stdint.h>

#define RETRY_MAX_MS_DEFAULT 300000 /* five minutes */

struct retry_policy {
    int64_t poll_ms; /* between polls while all is well */
    int64_t max_ms;  /* the longest wait after failures */
};

/* The wait in milliseconds, at least 1, after `failures` failures in a row; `random` is any 32
 * random bits.
 *
 * No failure: poll_ms ± 10 %, whatever max_ms says. After the nth: up to max(poll_ms, 1 s) ×
 * 2^(n-1), never more than max_ms, and at least half of that. No input overflows; values below 1
 * count as 1. */
int64_t retry_delay_ms(const struct retry_policy *policy, unsigned failures, uint32_t random);

/* When the next try is due, on the clock that reads now_ns. */
int64_t retry_due_ns(const struct retry_policy *policy, unsigned failures, uint32_t random,
                     int64_t now_ns);

#endif
