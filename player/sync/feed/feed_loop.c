#include "sync/feed/feed_loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#define LOG_MODULE "feed_loop"

#define WAIT_MS_MAX 60000
/* fetch_run fails only where it has to wait; right after a transfer has ended it doesn't. No more
 * than the four media files and a few small ones can end in a row, so that many successes mean that
 * waiting works again. */
#define SUCCESSES_MIN 12
#define ROLLOUTS_MAX 2

void feed_loop_init(struct feed_loop *loop, struct feed_mailbox *mailbox, struct fetch *fetch,
                    struct store *store, struct retry_policy retry)
{
    *loop = (struct feed_loop){.mailbox = mailbox, .fetch = fetch, .store = store, .retry = retry};
}

void feed_loop_begin(struct feed_loop *loop)
{
    if (store_read_only(loop->store))
        log_error("store is not writable, playing stored media only reason=\"%s\"",
                  store_read_only(loop->store));
}

/* A failure (no descriptors, no memory) must not end the feed, or what the player shows would never
 * change again: it is logged once and tried again. */
void feed_loop_wait(struct feed_loop *loop, int64_t due_ns)
{
    struct err err = {0};
    int64_t now_ns = clock_mono_ns(), wait_ms = 0;
    if (due_ns > now_ns)
        wait_ms = (due_ns - now_ns) / 1000000 < WAIT_MS_MAX ? (due_ns - now_ns) / 1000000 + 1
                                                            : WAIT_MS_MAX;
    if (fetch_run(loop->fetch, wait_ms, &err)) {
        if (!loop->failures || ++loop->successes < SUCCESSES_MIN)
            return;
        log_info("network transfers work again");
        loop->failures = 0;
        return;
    }
    loop->successes = 0;
    if (!loop->failures)
        log_error("network transfers failed, retrying reason=\"%s\"", err.text);
    loop->failures++;
    feed_mailbox_sleep_until(
        loop->mailbox, retry_due_ns(&loop->retry, loop->failures, random_u32(), clock_mono_ns()));
}

void feed_loop_clean(struct feed_loop *loop, struct rollout *const rollouts[], size_t count)
{
    const struct manifest *needed[ROLLOUTS_MAX * ROLLOUT_MANIFESTS_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        loop->clean_due |= rollout_take_garbage(rollouts[i]);
    if (!loop->clean_due || !feed_mailbox_is_empty(loop->mailbox))
        return;
    for (size_t i = 0; i < count; i++)
        if (!rollout_list_needed(rollouts[i], needed, &used))
            return;
    loop->clean_due = false;
    size_t removed = store_collect(loop->store, needed, used);
    if (removed)
        log_info("store cleaned files=%zu", removed);
}
