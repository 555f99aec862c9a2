#include "sync/feed/feed_pointer.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/feed/feed_pointer_internal.h"
#include "sync/feed_remember.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_pointer"

#define WANT_RETRY_NS INT64_C(1000000000)
#define NANO_PER_MS 1000000

const char *feed_pointer_kind(const struct feed_pointer *line)
{
    return line->config.kind == POINTER_TAKEOVER ? "takeover" : "playlist";
}

struct feed_pointer *feed_pointer_create(const struct feed_pointer_config *config, struct err *err)
{
    struct feed_pointer *line = calloc(1, sizeof *line);
    if (!line) {
        err_oom(err);
        return NULL;
    }
    line->config = *config;
    if (feed_pointer_make_origins(line, err))
        return line;
    feed_pointer_destroy(line);
    return NULL;
}

void feed_pointer_destroy(struct feed_pointer *line)
{
    if (!line)
        return;
    for (size_t i = 0; i < line->config.base_count; i++) {
        feed_poll_destroy(line->origins[i].poll);
        free(line->origins[i].location);
    }
    feed_playlist_destroy(line->wanted);
    free(line);
}

bool feed_pointer_open(const struct feed_pointer *line, const char *bytes, size_t size,
                       struct opened *opened, struct err *err)
{
    enum trust_refusal refusal;
    opened->refusal = NULL;
    if (!trust_open(line->config.trust, bytes, size, &opened->seal, &refusal, err)) {
        if (refusal != TRUST_NOT_REFUSED)
            opened->refusal = trust_refusal_name(refusal);
        return false;
    }
    if (pointer_parse(opened->seal.comment, &opened->pointer, err))
        return true;
    opened->refusal = pointer_verdict_name(POINTER_MALFORMED);
    return false;
}

void feed_pointer_keep(const struct feed_pointer *line, struct feed_pointer_accepted *to,
                       const struct opened *opened, const char *bytes, size_t size)
{
    const struct trust_seal *seal = &opened->seal;
    to->pointer = opened->pointer;
    memcpy(to->text, bytes, size);
    to->text[size] = '\0';
    memcpy(to->signature, seal->signature, sizeof to->signature);
    trust_key_id(line->config.trust, seal->key, to->key_id);
    to->accepted_ns = clock_mono_ns();
    to->given = true;
}

void feed_pointer_remember(const struct feed_pointer *line,
                           const struct feed_pointer_accepted *accepted, bool in_force)
{
    const struct pointer *pointer = &accepted->pointer;
    struct state seen = {.floor_ms =
                             feed_mailbox_raise_floor(line->config.slot, pointer->signed_ms)};
    seen.version[pointer->kind] = pointer->version;
    if (in_force)
        seen.in_force[pointer->kind] = pointer->version;
    if (pointer->kind == POINTER_TAKEOVER)
        seen.takeover_expires_ms = pointer_end_ms(pointer);
    memcpy(seen.key_id, accepted->key_id, sizeof seen.key_id);
    feed_remember(line->config.state, &seen);
}

static bool is_in_force(const struct feed_pointer *line, int64_t version)
{
    return line->in_force.given && line->in_force.pointer.version == version;
}

/* Whether there is nothing in this pointer that the newest does not have, or that may not wait.
 * Lines that nobody signed, line ends, and a second signature over one version make other bytes, of
 * which a hostile mirror has an endless supply: none may end what is on its way. */
static bool is_known(const struct feed_pointer *line, const struct pointer *pointer,
                     const struct trust_seal *seal)
{
    const struct feed_pointer_accepted *newest = &line->newest;
    if (!newest->given || newest->pointer.version != pointer->version)
        return false;
    if (is_in_force(line, pointer->version) || rollout_is_coming(line->config.track))
        return true;
    bool same_file = memcmp(newest->signature, seal->signature, sizeof seal->signature) == 0;
    if (line->wanted)
        return same_file || !feed_playlist_has_failed(line->wanted);
    return same_file && line->refused;
}

void feed_pointer_accept(struct feed_pointer *line, size_t base, const struct opened *opened)
{
    const struct pointer *pointer = &opened->pointer;
    const struct feed_poll_body *body = feed_poll_body(line->origins[base].poll);
    if (is_known(line, pointer, &opened->seal))
        return;
    bool newer = !line->newest.given || line->newest.pointer.version != pointer->version;
    feed_pointer_keep(line, &line->newest, opened, body->bytes, body->size);
    line->newest_base = base;
    line->refused = false;
    line->want_due_ns = 0;
    feed_playlist_destroy(line->wanted);
    line->wanted = NULL;
    rollout_drop_coming(line->config.track);
    if (!newer)
        return;
    for (size_t i = 0; i < line->config.base_count; i++)
        log_throttle_renew(&line->origins[i].told);
    line->told = (struct log_throttle){0};
    log_info("%s pointer accepted version=%" PRId64 " source=%s", feed_pointer_kind(line),
             pointer->version, line->origins[base].shown);
    feed_pointer_remember(line, &line->newest, false);
}

/* Has what the newest pointer names fetched. */
static void want(struct feed_pointer *line, int64_t now_ns)
{
    const struct feed_playlist_config config = {
        .fetch = line->config.fetch,
        .trust = line->config.trust,
        .bases = line->config.bases,
        .base_count = line->config.base_count,
        .policy = &line->config.brisk,
        .total_ms = line->config.total_ms,
    };
    const struct feed_pointer_accepted *newest = &line->newest;
    struct opened *opened = calloc(1, sizeof *opened);
    struct err err = {0};
    bool failed_before = line->want_due_ns != 0;
    bool ok = opened ? feed_pointer_open(line, newest->text, strlen(newest->text), opened, &err)
                     : err_oom(&err);
    if (ok)
        line->wanted =
            feed_playlist_create(&config, &opened->pointer, &opened->seal, line->newest_base);
    if (ok && !line->wanted)
        err_oom(&err);
    free(opened);
    line->want_due_ns = line->wanted ? 0 : now_ns + WANT_RETRY_NS;
    if (!line->wanted && !failed_before)
        log_error("version %" PRId64 " can't be fetched yet reason=\"%s\"", newest->pointer.version,
                  err.text);
}

/* Each turn anew: what is over by a clock that is wrong for a moment is wanted once it is right. */
static void follow_newest(struct feed_pointer *line, int64_t now_ns)
{
    const struct pointer *newest = &line->newest.pointer;
    struct rollout *track = line->config.track;
    if (!line->newest.given)
        return;
    int64_t now_ms = feed_pointer_now_ms(line, now_ns);
    bool over = newest->kind == POINTER_TAKEOVER && pointer_end_ms(newest) <= now_ms;
    bool on_its_way = line->wanted || rollout_is_coming(track);
    if (over && on_its_way) {
        log_info("takeover is over before it was whole version=%" PRId64, newest->version);
        feed_playlist_destroy(line->wanted);
        line->wanted = NULL;
        rollout_drop_coming(track);
    }
    /* An earlier run, or another player with the same state, may have seen a newer one. */
    bool outdated = newest->version < state_get(line->config.state)->version[newest->kind];
    if (!over && !on_its_way && !outdated && !line->refused &&
        !is_in_force(line, newest->version) && now_ns >= line->want_due_ns)
        want(line, now_ns);
}

/* True: it was logged. */
static bool tell_wanted(struct feed_pointer *line, const char *what, const char *trouble,
                        int64_t now_ns)
{
    unsigned held;
    snprintf(line->trouble, sizeof line->trouble, "%s %s: %s", feed_pointer_kind(line), what,
             trouble);
    if (!log_throttle_trouble(&line->told, trouble, now_ns, &held))
        return false;
    log_warn("%s %s version=%" PRId64 " times=%u reason=\"%s\"", feed_pointer_kind(line), what,
             line->newest.pointer.version, held + 1, trouble);
    return true;
}

struct medium {
    const uint8_t *sha256;
    int64_t size_bytes;
};

static int compare_hashes(const void *left, const void *right)
{
    const struct medium *a = left, *b = right;
    return memcmp(a->sha256, b->sha256, HASH_BYTES);
}

/* What a playlist's media take in the store, where those with the same bytes are one file; at most
 * INT64_MAX. -1: out of memory. */
static int64_t sum_media(const struct playlist *playlist)
{
    size_t count = playlist->asset_count;
    struct medium *media = calloc(count + 1, sizeof *media);
    int64_t sum = 0;
    if (!media)
        return -1;
    for (size_t i = 0; i < count; i++)
        media[i] = (struct medium){playlist->assets[i].sha256, playlist->assets[i].size_bytes};
    qsort(media, count, sizeof *media, compare_hashes);
    for (size_t i = 0; i < count; i++)
        if ((i == 0 || compare_hashes(&media[i - 1], &media[i]) != 0) &&
            __builtin_add_overflow(sum, media[i].size_bytes, &sum))
            sum = INT64_MAX;
    free(media);
    return sum;
}

/* What keeps a playlist that was signed from being played. False with faults or err. */
static bool bring(struct feed_pointer *line, const char *bytes, size_t size,
                  struct playlist_faults *faults, struct err *err)
{
    const struct pointer *pointer = &line->newest.pointer;
    struct rollout_body body = {
        .bytes = bytes,
        .size = size,
        .etag = "",
        .last_modified = "",
        .pointer = line->newest.text,
    };
    struct playlist *playlist = playlist_parse(bytes, size, faults);
    if (!playlist)
        return faults->count ? err_set(err, ERR_INPUT, "the playlist has faults") : err_oom(err);
    int64_t needed_bytes = line->config.quota_bytes ? sum_media(playlist) : 0;
    if (needed_bytes < 0 || !hash_bytes(bytes, size, body.sha256))
        err_oom(err);
    else if (!playlist->channel || strcmp(playlist->channel, pointer->channel) != 0 ||
             playlist->version != pointer->version)
        err_set(err, ERR_TRUST, "does not match its pointer: another channel or version");
    else if (line->config.quota_bytes && needed_bytes > line->config.quota_bytes)
        err_set(err, ERR_LIMIT,
                "too large: its media need %" PRId64 " bytes, the quota is %" PRId64, needed_bytes,
                line->config.quota_bytes);
    else if (edition_check_zone(playlist, faults, err))
        return rollout_bring(line->config.track, playlist, &body, err);
    playlist_destroy(playlist);
    return false;
}

static void receive(struct feed_pointer *line, int64_t now_ns)
{
    size_t size;
    const char *bytes = feed_playlist_bytes(line->wanted, &size);
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct err err = {0};
    bool ok = faults ? bring(line, bytes, size, faults, &err) : err_oom(&err);
    bool again = !ok && (err.code == ERR_SYSTEM || err.code == ERR_DISK);
    if (again) {
        tell_wanted(line, "can't be looked into yet", err.text, now_ns);
        feed_playlist_again(line->wanted, now_ns);
    } else {
        feed_playlist_destroy(line->wanted);
        line->wanted = NULL;
        line->refused = !ok;
    }
    if (!ok && !again && faults && faults->count) {
        char text[ERR_TEXT_BYTES];
        snprintf(text, sizeof text, "%s: %s", faults->items[0].path, faults->items[0].text);
        if (tell_wanted(line, "refused", text, now_ns))
            edition_log_faults(faults);
    } else if (!ok && !again)
        tell_wanted(line, "refused", err.text, now_ns);
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
}

void feed_pointer_step(struct feed_pointer *line, int64_t now_ns)
{
    struct err err = {0};
    feed_pointer_step_origins(line, now_ns);
    follow_newest(line, now_ns);
    if (!line->wanted)
        return;
    switch (feed_playlist_step(line->wanted, now_ns, &err)) {
    case FEED_PLAYLIST_NONE:
        break;
    case FEED_PLAYLIST_ARRIVED:
        receive(line, now_ns);
        break;
    case FEED_PLAYLIST_FAILED:
        tell_wanted(line,
                    err.code == ERR_TRUST || err.code == ERR_LIMIT ? "refused" : "can't be fetched",
                    err.text, now_ns);
        break;
    }
}

int64_t feed_pointer_due_ns(const struct feed_pointer *line)
{
    int64_t due_ns = line->wanted ? feed_playlist_due_ns(line->wanted) : INT64_MAX;
    if (line->want_due_ns)
        due_ns = line->want_due_ns;
    for (size_t i = 0; i < line->config.base_count; i++) {
        int64_t poll_ns =
            line->origins[i].asked ? feed_poll_due_ns(line->origins[i].poll) : INT64_MAX;
        due_ns = poll_ns < due_ns ? poll_ns : due_ns;
    }
    return due_ns;
}

void feed_pointer_hurry(struct feed_pointer *line)
{
    for (size_t i = 0; i < line->config.base_count; i++)
        if (line->origins[i].asked)
            feed_poll_hurry(line->origins[i].poll);
}

const struct pointer *feed_pointer_in_force(const struct feed_pointer *line)
{
    return line->in_force.given ? &line->in_force.pointer : NULL;
}

int64_t feed_pointer_now_ms(const struct feed_pointer *line, int64_t now_ns)
{
    struct trusted_time_now time = feed_mailbox_time(line->config.slot, now_ns);
    /* At the start there may be none newer than what the store holds. */
    const struct feed_pointer_accepted *newest =
        line->newest.given ? &line->newest : &line->in_force;
    if (!newest->given || time.synchronised)
        return time.now_ms;
    int64_t gone_ns = now_ns > newest->accepted_ns ? now_ns - newest->accepted_ns : 0;
    int64_t least_ms = newest->pointer.signed_ms + gone_ns / NANO_PER_MS;
    return least_ms > time.now_ms ? least_ms : time.now_ms;
}

bool feed_pointer_is_on(const struct feed_pointer *line, int64_t now_ns)
{
    const struct pointer *on = &line->in_force.pointer;
    const struct state *state = state_get(line->config.state);
    int64_t now_ms = feed_pointer_now_ms(line, now_ns);
    if (!line->in_force.given || pointer_end_ms(on) <= now_ms)
        return false;
    return state->version[on->kind] <= on->version || state->takeover_expires_ms > now_ms;
}

bool feed_pointer_is_done(const struct feed_pointer *line, int64_t now_ns)
{
    const struct pointer *on = &line->in_force.pointer;
    struct trusted_time_now time = feed_mailbox_time(line->config.slot, now_ns);
    if (line->config.kind != POINTER_TAKEOVER || feed_pointer_is_on(line, now_ns))
        return false;
    return time.synchronised || pointer_end_ms(on) <= time.floor_ms ||
           state_get(line->config.state)->version[on->kind] > on->version;
}

void feed_pointer_switched(struct feed_pointer *line)
{
    line->in_force = line->newest;
    line->trouble[0] = '\0';
    /* Not before: were the power cut between, the store's older edition would count as a rollback,
     * and nothing would be left to show. */
    feed_pointer_remember(line, &line->in_force, true);
}

void feed_pointer_ended(struct feed_pointer *line)
{
    line->in_force.given = false;
}

const char *feed_pointer_trouble(const struct feed_pointer *line)
{
    return line->trouble;
}
