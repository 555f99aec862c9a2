/* The origins of a signed pointer: asked in turn, and each answer judged. */
#include "sync/feed/feed_pointer_internal.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_pointer_origins"

#define WHOLE_EACH 8

static bool make_origin(struct feed_pointer *line, size_t at, struct err *err)
{
    const struct feed_pointer_config *config = &line->config;
    struct feed_pointer_origin *origin = &line->origins[at];
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
        .may_be_missing = takeover,
        .whole_each = WHOLE_EACH,
    };
    fetch_public(origin->location, origin->shown, sizeof origin->shown);
    origin->poll = feed_poll_create(&poll);
    return origin->poll || err_oom(err);
}

bool feed_pointer_make_origins(struct feed_pointer *line, struct err *err)
{
    for (size_t i = 0; i < line->config.base_count; i++)
        if (!make_origin(line, i, err))
            return false;
    line->origins[0].asked = true;
    return true;
}

/* Refuses a pointer: `words` for the house card, `reason` for the log. */
static void refuse(struct feed_pointer *line, struct feed_pointer_origin *origin,
                   const char *refusal, const char *words, const char *reason, int64_t now_ns)
{
    unsigned held;
    if (log_throttle_trouble(&origin->told, refusal, now_ns, &held))
        log_warn("%s pointer refused refusal=%s source=%s times=%u reason=\"%s\"",
                 feed_pointer_kind(line), refusal, origin->shown, held + 1, reason);
    snprintf(line->trouble, sizeof line->trouble, "%.100s: %s", words, origin->shown);
    origin->troubled = true;
}

static void refuse_version(struct feed_pointer *line, struct feed_pointer_origin *origin,
                           enum pointer_verdict verdict, int64_t version, int64_t now_ns)
{
    const char *words = pointer_verdict_words(verdict);
    char reason[192];
    snprintf(reason, sizeof reason, "%.100s: version %" PRId64 ", highest %" PRId64, words, version,
             state_get(line->config.state)->version[line->config.kind]);
    refuse(line, origin, pointer_verdict_name(verdict), words, reason, now_ns);
}

/* A pointer that could not be opened: it is refused, or there was no memory to look into it, of
 * which whoever signed it knows nothing. Either is asked for again at the next poll. */
static void reject(struct feed_pointer *line, struct feed_pointer_origin *origin,
                   const char *refusal, const struct err *err, int64_t now_ns)
{
    unsigned held;
    if (refusal) {
        refuse(line, origin, refusal, err->text, err->text, now_ns);
        return;
    }
    if (log_throttle_trouble(&origin->told, err->text, now_ns, &held))
        log_warn("cannot verify the %s pointer yet, retrying source=%s times=%u reason=\"%s\"",
                 feed_pointer_kind(line), origin->shown, held + 1, err->text);
    snprintf(line->trouble, sizeof line->trouble, "cannot verify the pointer yet: %s",
             origin->shown);
    origin->troubled = true;
}

static void be_well(struct feed_pointer *line, struct feed_pointer_origin *origin,
                    const char *words)
{
    if (log_throttle_well(&origin->told))
        log_info("%s source=%s", words, origin->shown);
    line->trouble[0] = '\0';
    origin->troubled = false;
}

static void judge(struct feed_pointer *line, size_t base, const struct opened *opened,
                  int64_t now_ns)
{
    struct feed_pointer_origin *origin = &line->origins[base];
    const struct pointer *pointer = &opened->pointer;
    struct trusted_time_now time = feed_mailbox_time(line->config.slot, now_ns);
    const struct pointer_rules rules = {
        .channel = line->config.channel,
        .kind = line->config.kind,
        .highest_version = state_get(line->config.state)->version[line->config.kind],
        .now_ms = time.now_ms,
        .clock_trusted = time.trusted,
    };
    enum pointer_verdict verdict = pointer_judge(pointer, &rules);
    if (verdict != POINTER_NEW && verdict != POINTER_SAME) {
        refuse_version(line, origin, verdict, pointer->version, now_ns);
        return;
    }
    be_well(line, origin, "the pointer is good again");
    origin->version = pointer->version;
    origin->end_ms = pointer_end_ms(pointer);
    feed_pointer_accept(line, base, opened);
    feed_poll_accept(origin->poll);
}

static void receive(struct feed_pointer *line, size_t base, int64_t now_ns)
{
    struct feed_pointer_origin *origin = &line->origins[base];
    const struct feed_poll_body *body = feed_poll_body(origin->poll);
    struct opened *opened = calloc(1, sizeof *opened);
    struct err err = {0};
    if (!opened)
        err_oom(&err);
    if (opened && feed_pointer_open(line, body->bytes, body->size, opened, &err))
        judge(line, base, opened, now_ns);
    else
        reject(line, origin, opened ? opened->refusal : NULL, &err, now_ns);
    free(opened);
}

static void tell_silence(struct feed_pointer *line, struct feed_pointer_origin *origin,
                         const char *trouble, int64_t now_ns)
{
    unsigned held;
    if (log_throttle_trouble(&origin->told, trouble, now_ns, &held))
        log_warn("no %s pointer source=%s times=%u reason=\"%s\"", feed_pointer_kind(line),
                 origin->shown, held + 1, trouble);
    snprintf(line->trouble, sizeof line->trouble, "%s: %s", origin->shown, trouble);
    origin->troubled = true;
}

/* The same as before may be too old by now, where another origin has had something newer. */
static void unchanged(struct feed_pointer *line, struct feed_pointer_origin *origin, int64_t now_ns)
{
    if (origin->version < state_get(line->config.state)->version[line->config.kind])
        refuse_version(line, origin, POINTER_ROLLBACK, origin->version, now_ns);
    else
        be_well(line, origin, "the server answers again");
}

/* Most channels have never had a takeover; but what was there once does not go by itself. */
static void missing(struct feed_pointer *line, struct feed_pointer_origin *origin, int64_t now_ns)
{
    if (origin->version)
        tell_silence(line, origin, "it is gone from the server", now_ns);
    else
        be_well(line, origin, "the server answers again");
}

static void step_origin(struct feed_pointer *line, size_t at, int64_t now_ns)
{
    struct feed_pointer_origin *origin = &line->origins[at];
    /* First watch, then read, so that no change falls between. */
    if (feed_poll_due_ns(origin->poll) <= now_ns)
        fetch_watch(line->config.fetch, line->config.bases[at]);
    enum feed_poll_news news = feed_poll_step(origin->poll, now_ns);
    if (news == FEED_POLL_NONE)
        return;
    origin->missing = news == FEED_POLL_MISSING;
    if (news == FEED_POLL_FAILED)
        tell_silence(line, origin, feed_poll_trouble(origin->poll), now_ns);
    else if (news == FEED_POLL_CHANGED)
        receive(line, at, now_ns);
    else if (news == FEED_POLL_UNCHANGED)
        unchanged(line, origin, now_ns);
    else
        missing(line, origin, now_ns);
}

/* Whether the next origin may know better. */
static bool is_doubtful(const struct feed_pointer_origin *origin, int64_t now_ms)
{
    return origin->troubled || origin->missing || (origin->version && origin->end_ms <= now_ms);
}

/* The first origin, and each one after such as are doubtful. */
void feed_pointer_step_origins(struct feed_pointer *line, int64_t now_ns)
{
    int64_t now_ms = feed_pointer_now_ms(line, now_ns);
    bool asked = true;
    for (size_t i = 0; i < line->config.base_count; i++) {
        struct feed_pointer_origin *origin = &line->origins[i];
        if (asked && !origin->asked)
            feed_poll_hurry(origin->poll);
        /* One that is under way is let finish. */
        if (asked || feed_poll_due_ns(origin->poll) == INT64_MAX)
            step_origin(line, i, now_ns);
        origin->asked = asked;
        asked = asked && is_doubtful(origin, now_ms);
    }
}
