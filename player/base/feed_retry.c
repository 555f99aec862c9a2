#include "base/feed_retry.h"

#include <sys/random.h>

int64_t feed_retry_ns(const struct retry_policy *policy, unsigned failures, int64_t now_ns)
{
    uint32_t random;
    /* Without random bits the middle does: the wait is right, only the fleet is less spread. */
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = UINT32_MAX / 2;
    return now_ns + retry_delay_ms(policy, failures, random) * 1000000;
}
