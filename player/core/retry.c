#include "core/retry.h"

#define FIRST_MS_MIN 1000
/* 35,000 years: longer than any wait, and doubled it is still far from overflow. */
#define WAIT_MS_MAX ((int64_t)1 << 50)

static int64_t clamp_wait_ms(int64_t ms)
{
    if (ms < 1)
        return 1;
    return ms > WAIT_MS_MAX ? WAIT_MS_MAX : ms;
}

/* A random part of span_ms by 32 random bits: 0 to span_ms, both possible. The multiplication is
 * split, as the product has more than 64 bits. */
static int64_t random_part_ms(int64_t span_ms, uint32_t random)
{
    int64_t whole = span_ms + 1;
    int64_t high = whole >> 32, low = whole & UINT32_MAX;
    return high * random + (int64_t)(((uint64_t)low * random) >> 32);
}

int64_t retry_delay_ms(const struct retry_policy *policy, unsigned failures, uint32_t random)
{
    int64_t poll_ms = clamp_wait_ms(policy->poll_ms), max_ms = clamp_wait_ms(policy->max_ms);
    if (failures == 0) {
        int64_t jitter_ms = poll_ms / 10;
        return clamp_wait_ms(poll_ms - jitter_ms + random_part_ms(2 * jitter_ms, random));
    }
    int64_t top_ms = poll_ms < FIRST_MS_MIN ? FIRST_MS_MIN : poll_ms;
    for (unsigned i = 1; i < failures && top_ms < max_ms; i++)
        top_ms *= 2;
    if (top_ms > max_ms)
        top_ms = max_ms;
    int64_t half_ms = top_ms / 2;
    return clamp_wait_ms(top_ms - half_ms + random_part_ms(half_ms, random));
}

int64_t retry_due_ns(const struct retry_policy *policy, unsigned failures, uint32_t random,
                     int64_t now_ns)
{
    return now_ns + retry_delay_ms(policy, failures, random) * 1000000;
}
