/* When to try again: core/retry with random bits for its jitter. Any thread. */
#ifndef BASE_FEED_RETRY_H
#define BASE_FEED_RETRY_H

#include "core/retry.h"

/* The instant of the next try on the monotonic clock, after `failures` failures in a row. */
int64_t feed_retry_ns(const struct retry_policy *policy, unsigned failures, int64_t now_ns);

#endif
