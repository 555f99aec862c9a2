/* The origins of a signed pointer: asked in turn, and each answer judged. */
#include "sync/feed/feed_pointer_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_pointer_origins"

#define WHOLE_EACH 8

static bool is_folder(const char *base)
{
    return base[0] == '/';
}

static MUST_CHECK bool make_origin(struct feed_pointer *follower, size_t at, struct err *err)
{
    const struct feed_pointer_config *config = &follower->config;
    struct feed_pointer_origin *origin = &follower->origins[at];
    bool takeover = config->kind == POINTER_TAKEOVER;
    origin->location = fetch_resolve(config->bases[at],
                                     takeover ? "takeover.minisig" : "latest.minisig", true, err);
    if (!origin->location)
        return false;
    const struct feed_poll_config poll = {
        .fetch = config->fetch,
        .location = origin->location,
        .policy = &config->poll,
        .total_ms = config->total_ms,
        .limit_bytes = POINTER_BYTES_MAX,
        /* A stick that is not plugged in is no fault where there are other origins. */
        .may_be_missing = takeover || (at > 0 && is_folder(config->bases[at])),
        .whole_each = WHOLE_EACH,
    };
    fetch_public(origin->location, origin->shown, sizeof origin->shown);
    origin->poll = feed_poll_create(&poll);
    if (!origin->poll)
        return err_oom(err);
    return true;
}

bool feed_pointer_make_origins(struct feed_pointer *follower, struct err *err)
{
    for (size_t i = 0; i < follower->config.base_count; i++)
        if (!make_origin(follower, i, err))
            return false;
    follower->origins[0].asked = true;
    return true;
}

/* Refuses a pointer: `words` for the house card, `reason` for the log. */
static void refuse_pointer(struct feed_pointer *follower, struct feed_pointer_origin *origin,
                           const char *refusal, const char *words, const char *reason,
                           int64_t now_ns)
{
    unsigned suppressed;
    if (log_throttle_failed(&origin->logged, refusal, now_ns, &suppressed))
        log_warn("pointer refused kind=%s refusal=%s source=\"%s\" times=%u reason=\"%s\"",
                 feed_pointer_kind_name(follower), refusal, origin->shown, suppressed + 1, reason);
    snprintf(follower->trouble, sizeof follower->trouble, "%.100s: %s", words, origin->shown);
    origin->failing = true;
}

static void refuse_version(struct feed_pointer *follower, struct feed_pointer_origin *origin,
                           enum pointer_verdict verdict, int64_t version, int64_t now_ns)
{
    const char *words = pointer_verdict_words(verdict);
    char reason[256];
    snprintf(reason, sizeof reason, "%.100s: version %" PRId64 ", the highest seen is %" PRId64,
             words, version, state_get(follower->config.state)->version[follower->config.kind]);
    refuse_pointer(follower, origin, pointer_verdict_name(verdict), words, reason, now_ns);
}

static void refuse_expired(struct feed_pointer *follower, struct feed_pointer_origin *origin,
                           const struct pointer *pointer, int64_t now_ms, int64_t now_ns)
{
    const char *words = pointer_verdict_words(POINTER_EXPIRED);
    char reason[256], expired[POINTER_TIME_BYTES], now[POINTER_TIME_BYTES];
    pointer_print_time(pointer->expires_ms, expired);
    pointer_print_time(now_ms, now);
    snprintf(reason, sizeof reason,
             "%.100s: version %" PRId64 " ended at %s, and to this player it is %s", words,
             pointer->version, expired, now);
    refuse_pointer(follower, origin, pointer_verdict_name(POINTER_EXPIRED), words, reason, now_ns);
}

/* Two playlists under one number, as of two places that were both filled anew: whoever has the one
 * never takes the other. */
static void refuse_duplicate(struct feed_pointer *follower, struct feed_pointer_origin *origin,
                             int64_t version, int64_t now_ns)
{
    const char *words = pointer_verdict_words(POINTER_DUPLICATE);
    char reason[256];
    snprintf(reason, sizeof reason,
             "%.100s: version %" PRId64 " is not what this player has as %" PRId64
             "; publish again with --after %" PRId64,
             words, version, version, version);
    refuse_pointer(follower, origin, pointer_verdict_name(POINTER_DUPLICATE), words, reason,
                   now_ns);
}

/* A pointer that could not be verified: it is refused, or, without a refusal, there was no memory
 * to verify it. Either is asked for again at the next poll. */
static void reject_pointer(struct feed_pointer *follower, struct feed_pointer_origin *origin,
                           const char *refusal, const struct err *err, int64_t now_ns)
{
    unsigned suppressed;
    if (refusal) {
        refuse_pointer(follower, origin, refusal, err->text, err->text, now_ns);
        return;
    }
    if (log_throttle_failed(&origin->logged, err->text, now_ns, &suppressed))
        log_warn("cannot verify pointer, retrying kind=%s source=\"%s\" times=%u reason=\"%s\"",
                 feed_pointer_kind_name(follower), origin->shown, suppressed + 1, err->text);
    snprintf(follower->trouble, sizeof follower->trouble, "cannot verify the pointer yet: %s",
             origin->shown);
    origin->failing = true;
}

/* Whether the end of trouble at this origin has to be logged. */
static bool is_origin_recovered(struct feed_pointer *follower, struct feed_pointer_origin *origin)
{
    follower->trouble[0] = '\0';
    origin->failing = false;
    return log_throttle_recovered(&origin->logged);
}

static void accept_answer(struct feed_pointer *follower, struct feed_pointer_origin *origin)
{
    if (is_origin_recovered(follower, origin))
        log_info("server answers again kind=%s source=\"%s\"", feed_pointer_kind_name(follower),
                 origin->shown);
}

static void judge_pointer(struct feed_pointer *follower, size_t base,
                          const struct feed_pointer_signed *opened, int64_t now_ns)
{
    struct feed_pointer_origin *origin = &follower->origins[base];
    const struct pointer *pointer = &opened->pointer;
    struct trusted_time_now time = feed_mailbox_time(follower->config.mailbox, now_ns);
    const struct state *state = state_get(follower->config.state);
    /* A clock that nobody keeps is only not before the floor. As long as nothing was ever accepted
     * here that says little: it may be that of an image that was made a year ago. */
    bool has_memory = state->version[POINTER_PLAYLIST] || state->version[POINTER_TAKEOVER];
    const struct pointer_rules rules = {
        .channel = follower->config.channel,
        .kind = follower->config.kind,
        .highest_version = state->version[follower->config.kind],
        .now_ms = feed_pointer_now_ms(follower, now_ns),
        .clock_trusted = time.trusted && (time.synchronised || has_memory),
    };
    enum pointer_verdict verdict = pointer_judge(pointer, &rules);
    if (verdict == POINTER_EXPIRED) {
        refuse_expired(follower, origin, pointer, rules.now_ms, now_ns);
        return;
    }
    if (verdict == POINTER_ROLLBACK) { /* take_unchanged knows it again */
        origin->version = pointer->version;
        origin->end_ms = pointer_end_ms(pointer);
        feed_poll_accept(origin->poll);
    }
    if (verdict != POINTER_NEW && verdict != POINTER_SAME) {
        refuse_version(follower, origin, verdict, pointer->version, now_ns);
        return;
    }
    if (feed_pointer_is_duplicate(follower, opened)) {
        refuse_duplicate(follower, origin, pointer->version, now_ns);
        return;
    }
    if (is_origin_recovered(follower, origin))
        log_info("pointer accepted again kind=%s source=\"%s\"", feed_pointer_kind_name(follower),
                 origin->shown);
    origin->version = pointer->version;
    origin->end_ms = pointer_end_ms(pointer);
    feed_pointer_accept(follower, base, opened);
    feed_poll_accept(origin->poll);
}

static void receive_pointer(struct feed_pointer *follower, size_t base, int64_t now_ns)
{
    struct feed_pointer_origin *origin = &follower->origins[base];
    const struct feed_poll_body *body = feed_poll_body(origin->poll);
    struct feed_pointer_signed *opened = calloc(1, sizeof *opened);
    struct err err = {0};
    if (!opened)
        err_oom(&err);
    if (opened && feed_pointer_verify(follower, body->bytes, body->size, opened, &err))
        judge_pointer(follower, base, opened, now_ns);
    else
        reject_pointer(follower, origin, opened ? opened->refusal : NULL, &err, now_ns);
    free(opened);
}

static void report_unreachable(struct feed_pointer *follower, struct feed_pointer_origin *origin,
                               const char *trouble, int64_t now_ns)
{
    unsigned suppressed;
    if (log_throttle_failed(&origin->logged, trouble, now_ns, &suppressed))
        log_warn("cannot fetch pointer kind=%s source=\"%s\" times=%u reason=\"%s\"",
                 feed_pointer_kind_name(follower), origin->shown, suppressed + 1, trouble);
    snprintf(follower->trouble, sizeof follower->trouble, "%s: %s", origin->shown, trouble);
    origin->failing = true;
}

/* The same pointer as before may be too old by now, if another origin had a newer one. */
static void take_unchanged(struct feed_pointer *follower, struct feed_pointer_origin *origin,
                           int64_t now_ns)
{
    if (origin->version < state_get(follower->config.state)->version[follower->config.kind])
        refuse_version(follower, origin, POINTER_ROLLBACK, origin->version, now_ns);
    else
        accept_answer(follower, origin);
}

/* Most channels have never had a takeover; but one that was there does not go by itself, other than
 * with a stick that is pulled out. */
static void take_missing(struct feed_pointer *follower, struct feed_pointer_origin *origin,
                         int64_t now_ns)
{
    bool is_stick = origin != follower->origins && is_folder(origin->location);
    if (origin->version && !is_stick)
        report_unreachable(follower, origin, "it was removed from the server", now_ns);
    else
        accept_answer(follower, origin);
}

static void step_origin(struct feed_pointer *follower, size_t at, int64_t now_ns)
{
    struct feed_pointer_origin *origin = &follower->origins[at];
    /* Watch first, then read, so that no change falls between. */
    if (feed_poll_due_ns(origin->poll) <= now_ns)
        fetch_watch(follower->config.fetch, follower->config.bases[at]);
    enum feed_poll_news news = feed_poll_step(origin->poll, now_ns);
    if (news == FEED_POLL_NONE)
        return;
    origin->touring = false;
    origin->missing = news == FEED_POLL_MISSING;
    if (news == FEED_POLL_FAILED)
        report_unreachable(follower, origin, feed_poll_trouble(origin->poll), now_ns);
    else if (news == FEED_POLL_CHANGED)
        receive_pointer(follower, at, now_ns);
    else if (news == FEED_POLL_UNCHANGED)
        take_unchanged(follower, origin, now_ns);
    else
        take_missing(follower, origin, now_ns);
}

/* Whether the next origin has to be asked as well, as it may know better. */
static bool is_doubtful(const struct feed_pointer_origin *origin, int64_t now_ms)
{
    return origin->failing || origin->missing || (origin->version && origin->end_ms <= now_ms);
}

/* Asks the next origin out of turn; at the start all of them, so that one that lags is not believed
 * first. */
static void go_on_tour(struct feed_pointer *follower, int64_t now_ns)
{
    size_t count = follower->config.base_count, at = follower->tour_at;
    bool all = follower->tour_due_ns == 0;
    if (count < 2 || now_ns < follower->tour_due_ns)
        return;
    follower->tour_due_ns = retry_due_ns(&follower->config.tour, 0, random_u32(), now_ns);
    for (size_t i = 1; i <= count; i++) {
        struct feed_pointer_origin *origin = &follower->origins[(at + i) % count];
        if (origin->asked || origin->touring)
            continue;
        origin->touring = true;
        feed_poll_soon(origin->poll);
        follower->tour_at = (at + i) % count;
        if (!all)
            return;
    }
}

/* Asks the first origin, each one whose predecessors are all doubtful, folders, and who is on
 * tour. */
void feed_pointer_step_origins(struct feed_pointer *follower, int64_t now_ns)
{
    int64_t now_ms = feed_pointer_now_ms(follower, now_ns);
    bool needed = true;
    go_on_tour(follower, now_ns);
    for (size_t i = 0; i < follower->config.base_count; i++) {
        struct feed_pointer_origin *origin = &follower->origins[i];
        bool asked = needed || is_folder(origin->location);
        if (asked && !origin->asked)
            feed_poll_soon(origin->poll);
        /* A poll under way may finish. */
        if (asked || origin->touring || feed_poll_due_ns(origin->poll) == INT64_MAX)
            step_origin(follower, i, now_ns);
        origin->asked = asked;
        needed = needed && is_doubtful(origin, now_ms);
    }
}

int64_t feed_pointer_origins_due_ns(const struct feed_pointer *follower)
{
    int64_t due_ns = follower->config.base_count > 1 ? follower->tour_due_ns : INT64_MAX;
    for (size_t i = 0; i < follower->config.base_count; i++) {
        const struct feed_pointer_origin *origin = &follower->origins[i];
        if (origin->asked || origin->touring)
            due_ns = clock_earlier_ns(due_ns, feed_poll_due_ns(origin->poll));
    }
    return due_ns;
}
