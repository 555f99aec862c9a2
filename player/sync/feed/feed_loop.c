#include "sync/feed/feed_loop.h"

#include "base/clock.h"
#include "base/feed_retry.h"
#include "base/log.h"

#define LOG_MODULE "feed_loop"

#define WAIT_MS_MAX 60000
/* A transfer that ends lets a run succeed that did not get to wait, which is what fails; no more
 * than the four media and a few small files can end in a row. */
#define RUNS_TO_TRUST 12
#define TRACKS_MAX 2

void feed_loop_init(struct feed_loop *run, struct feed_mailbox *slot, struct fetch *fetch,
                    struct store *store, struct retry_policy retry)
{
    *run = (struct feed_loop){.slot = slot, .fetch = fetch, .store = store, .retry = retry};
}

void feed_loop_begin(struct feed_loop *run)
{
    if (store_read_only(run->store))
        log_error("the store can't be written; what it holds is played, nothing new reason=\"%s\"",
                  store_read_only(run->store));
}

/* A failure (no descriptors, no memory) passes, or at least it must not end the feed: what the
 * player shows would never change again. */
void feed_loop_wait(struct feed_loop *run, int64_t due_ns)
{
    struct err err = {0};
    int64_t now_ns = clock_mono_ns(), wait_ms = 0;
    if (due_ns > now_ns)
        wait_ms = (due_ns - now_ns) / 1000000 < WAIT_MS_MAX ? (due_ns - now_ns) / 1000000 + 1
                                                            : WAIT_MS_MAX;
    if (fetch_run(run->fetch, wait_ms, &err)) {
        if (!run->failures || ++run->successes < RUNS_TO_TRUST)
            return;
        log_info("the network library works again");
        run->failures = 0;
        return;
    }
    run->successes = 0;
    if (!run->failures)
        log_error("the network library failed and is tried again reason=\"%s\"", err.text);
    run->failures++;
    feed_mailbox_rest(run->slot, feed_retry_ns(&run->retry, run->failures, clock_mono_ns()));
}

void feed_loop_clean(struct feed_loop *run, struct rollout *const tracks[], size_t count)
{
    const struct manifest *needed[TRACKS_MAX * ROLLOUT_MANIFESTS_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        run->clean_due |= rollout_has_left_overs(tracks[i]);
    if (!run->clean_due || !feed_mailbox_is_empty(run->slot))
        return;
    for (size_t i = 0; i < count; i++)
        if (!rollout_needs(tracks[i], needed, &used))
            return;
    run->clean_due = false;
    size_t removed = store_collect(run->store, needed, used);
    if (removed)
        log_info("store cleaned files=%zu", removed);
}
