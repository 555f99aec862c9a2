/* The limit on bandwidth: one account for all limited transfers, into which bytes flow at the
 * rate of the limit. Who finds it empty pauses; those who pause go on in turn.
 *
 * libcurl's own limit (MAX_RECV_SPEED) is for one transfer, and does not hold in its first second:
 * small files would go through it untouched. */
#include "http/http_internal.h"

#include "base/clock.h"

#include <stdatomic.h>

#define BUFFER_BYTES 65536
/* Over 32 Gbit/s nothing is capped, and nothing overflows. */
#define CAP_MAX (INT64_C(1) << 32)

int64_t http_bandwidth(const struct http *http)
{
    int64_t cap = http->bandwidth_bytes_per_s
                      ? atomic_load_explicit(http->bandwidth_bytes_per_s, memory_order_relaxed)
                      : 0;
    return cap > 0 && cap <= CAP_MAX ? cap : 0;
}

/* At most an eighth of a second's bytes is saved up, so that no burst follows a pause. */
static int64_t max_burst_bytes(int64_t cap)
{
    return cap / 8 + 1;
}

/* What counts as a stall for each: half of the least share that it ever had, as libcurl judges by
 * the mean of the last seconds, in which the share may have been smaller than it is now. */
static void lower_stall_limits(struct http *http, int64_t cap)
{
    int64_t count = 0;
    for (struct http_transfer *t = http->capped; t; t = t->next_capped)
        count++;
    for (struct http_transfer *t = http->capped; cap && t; t = t->next_capped) {
        int64_t limit = cap / count / 2;
        if (limit >= t->stall_bytes_per_s)
            continue;
        t->stall_bytes_per_s = limit > 0 ? limit : 1;
        curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, (long)t->stall_bytes_per_s);
    }
}

/* The cap as it is now, and what it means for those who run, if it is another. */
static int64_t take_cap(struct http *http)
{
    int64_t cap = http_bandwidth(http);
    if (cap == http->known_bytes_per_s)
        return cap;
    http->known_bytes_per_s = cap;
    lower_stall_limits(http, cap);
    if (http->share_bytes < 0)
        http->share_bytes = 0; /* a debt that may be a minute's worth of the new cap */
    return cap;
}

static void refill_account(struct http *http, int64_t cap)
{
    const int64_t second_ns = 1000000000;
    if (!cap) {
        http->share_bytes = INT64_MAX / 2;
        return;
    }
    int64_t now_ns = clock_mono_ns();
    int64_t passed_us = (now_ns - http->share_ns) / 1000;
    if (passed_us > second_ns / 1000) { /* more than fills it: and no product below overflows */
        passed_us = second_ns / 1000;
        http->share_ns = now_ns - second_ns;
    }
    int64_t bytes = cap * passed_us / (second_ns / 1000);
    /* Only whole bytes flow: the time of a part of one counts next time. */
    http->share_ns += bytes * second_ns / cap;
    http->share_bytes += bytes;
    if (http->share_bytes > max_burst_bytes(cap))
        http->share_bytes = max_burst_bytes(cap);
}

/* libcurl hands over a buffer at a time: a large one would make the account go far below zero, and
 * the pauses so long that they pass for stalls. */
long http_rate_limit_buffer_bytes(const struct http_transfer *t)
{
    int64_t cap = t->capped ? http_bandwidth(t->http) : 0, bytes = cap ? cap / 16 : BUFFER_BYTES;
    if (bytes < 1024)
        return 1024;
    return (long)(bytes < BUFFER_BYTES ? bytes : BUFFER_BYTES);
}

static void remove_from_queue(struct http_transfer *t)
{
    struct http_transfer **at = &t->http->capped;
    while (*at && *at != t)
        at = &(*at)->next_capped;
    if (*at)
        *at = t->next_capped;
    t->next_capped = NULL;
}

static void append_to_queue(struct http_transfer *t)
{
    struct http_transfer **at = &t->http->capped;
    while (*at)
        at = &(*at)->next_capped;
    *at = t;
}

void http_rate_limit_join(struct http_transfer *t)
{
    if (!t->capped)
        return;
    append_to_queue(t);
    t->http->known_bytes_per_s = http_bandwidth(t->http);
    lower_stall_limits(t->http, t->http->known_bytes_per_s);
}

void http_rate_limit_leave(struct http_transfer *t)
{
    remove_from_queue(t);
    t->paused = false;
}

bool http_rate_limit_take(struct http_transfer *t, size_t size)
{
    struct http *http = t->http;
    if (!t->capped)
        return true;
    refill_account(http, take_cap(http));
    if (http->share_bytes <= 0) {
        t->paused = true;
        remove_from_queue(t);
        append_to_queue(t); /* whoever pauses longest is first */
        return false;
    }
    http->share_bytes -= (int64_t)size;
    return true;
}

/* libcurl hands over at once what it holds. Where that is refused it only says so here, and would
 * go on with what follows. */
static void resume_transfer(struct http_transfer *t)
{
    t->paused = false;
    CURLcode code = curl_easy_pause(t->easy, CURLPAUSE_CONT);
    if (code == CURLE_OK)
        return;
    curl_multi_remove_handle(t->http->multi, t->easy);
    t->result = code;
    t->finished = true;
    http_rate_limit_leave(t);
}

static struct http_transfer *first_paused(const struct http *http)
{
    struct http_transfer *t = http->capped;
    while (t && !t->paused)
        t = t->next_capped;
    return t;
}

bool http_rate_limit_resume(struct http *http)
{
    bool ended = false;
    if (!http->capped)
        return false;
    refill_account(http, take_cap(http));
    /* Each takes something, so this ends. */
    for (struct http_transfer *t; http->share_bytes > 0 && (t = first_paused(http));) {
        resume_transfer(t);
        ended = ended || t->finished;
    }
    return ended;
}

int64_t http_rate_limit_due_ms(const struct http *http)
{
    int64_t cap = http_bandwidth(http);
    if (!first_paused(http))
        return INT32_MAX;
    int64_t missing = http->share_bytes < 0 ? -http->share_bytes : 0;
    return cap ? missing * 1000 / cap + 1 : 0;
}
