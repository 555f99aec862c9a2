#include "sync/feed/feed_pointer.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/feed/feed_pointer_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_pointer"

#define DOWNLOAD_RETRY_NS INT64_C(1000000000)
#define NANO_PER_MS 1000000

const char *feed_pointer_kind_name(const struct feed_pointer *follower)
{
    return follower->config.kind == POINTER_TAKEOVER ? "takeover" : "playlist";
}

struct feed_pointer *feed_pointer_create(const struct feed_pointer_config *config, struct err *err)
{
    struct feed_pointer *follower = calloc(1, sizeof *follower);
    if (!follower) {
        err_oom(err);
        return NULL;
    }
    follower->config = *config;
    if (feed_pointer_make_origins(follower, err))
        return follower;
    feed_pointer_destroy(follower);
    return NULL;
}

void feed_pointer_destroy(struct feed_pointer *follower)
{
    if (!follower)
        return;
    for (size_t i = 0; i < follower->config.base_count; i++) {
        feed_poll_destroy(follower->origins[i].poll);
        free(follower->origins[i].location);
    }
    feed_playlist_destroy(follower->download);
    free(follower);
}

bool feed_pointer_verify(const struct feed_pointer *follower, const char *bytes, size_t size,
                         struct feed_pointer_signed *opened, struct err *err)
{
    enum trust_refusal refusal;
    opened->refusal = NULL;
    if (!trust_open(follower->config.trust, bytes, size, &opened->seal, &refusal, err)) {
        if (refusal != TRUST_NOT_REFUSED)
            opened->refusal = trust_refusal_name(refusal);
        return false;
    }
    if (pointer_parse(opened->seal.comment, &opened->pointer, err))
        return true;
    opened->refusal = pointer_verdict_name(POINTER_MALFORMED);
    return false;
}

void feed_pointer_set_accepted(const struct feed_pointer *follower,
                               struct feed_pointer_accepted *to,
                               const struct feed_pointer_signed *opened, const char *bytes,
                               size_t size)
{
    const struct trust_seal *seal = &opened->seal;
    to->pointer = opened->pointer;
    memcpy(to->text, bytes, size);
    to->text[size] = '\0';
    memcpy(to->signature, seal->signature, sizeof to->signature);
    trust_key_id(follower->config.trust, seal->key, to->key_id);
    to->accepted_ns = clock_mono_ns();
    to->present = true;
}

void feed_pointer_remember(const struct feed_pointer *follower,
                           const struct feed_pointer_accepted *accepted, bool in_force)
{
    const struct pointer *pointer = &accepted->pointer;
    struct state seen = {
        .floor_ms = feed_mailbox_raise_floor(follower->config.mailbox, pointer->signed_ms)};
    seen.version[pointer->kind] = pointer->version;
    if (in_force)
        seen.in_force[pointer->kind] = pointer->version;
    if (pointer->kind == POINTER_TAKEOVER)
        seen.takeover_expires_ms = pointer_end_ms(pointer);
    memcpy(seen.key_id, accepted->key_id, sizeof seen.key_id);
    state_remember(follower->config.state, &seen);
}

static bool is_in_force(const struct feed_pointer *follower, int64_t version)
{
    return follower->in_force.present && follower->in_force.pointer.version == version;
}

/* Whether this pointer says nothing that the newest does not say, so that nothing is started anew.
 * Lines that nobody signed, line ends, and a second signature over one version make other bytes, of
 * which a hostile mirror has an endless supply: none may end a download. */
static bool is_known_pointer(const struct feed_pointer *follower, const struct pointer *pointer,
                             const struct trust_seal *seal)
{
    const struct feed_pointer_accepted *newest = &follower->newest;
    if (!newest->present || newest->pointer.version != pointer->version)
        return false;
    if (is_in_force(follower, pointer->version) || rollout_is_pending(follower->config.rollout))
        return true;
    bool same_file = memcmp(newest->signature, seal->signature, sizeof seal->signature) == 0;
    if (follower->download)
        return same_file || !feed_playlist_has_failed(follower->download);
    return same_file && follower->refused;
}

bool feed_pointer_is_duplicate(const struct feed_pointer *follower,
                               const struct feed_pointer_signed *opened)
{
    const struct feed_pointer_accepted *newest = &follower->newest;
    size_t size;
    struct err err = {0};
    if (!newest->present || newest->pointer.version != opened->pointer.version ||
        memcmp(newest->signature, opened->seal.signature, sizeof newest->signature) == 0)
        return false;
    /* Another key may have signed the same file. */
    const char *bytes = rollout_bytes(follower->config.rollout, &size);
    bool is_theirs = bytes && size == (size_t)newest->pointer.bytes &&
                     (is_in_force(follower, newest->pointer.version) ||
                      rollout_is_pending(follower->config.rollout));
    return is_theirs && !trust_check(follower->config.trust, &opened->seal, bytes, size, &err) &&
           err.code == ERR_TRUST;
}

void feed_pointer_accept(struct feed_pointer *follower, size_t base,
                         const struct feed_pointer_signed *opened)
{
    const struct pointer *pointer = &opened->pointer;
    const struct feed_poll_body *body = feed_poll_body(follower->origins[base].poll);
    if (is_known_pointer(follower, pointer, &opened->seal))
        return;
    bool newer = !follower->newest.present || follower->newest.pointer.version != pointer->version;
    feed_pointer_set_accepted(follower, &follower->newest, opened, body->bytes, body->size);
    follower->newest_base = base;
    follower->refused = false;
    follower->download_due_ns = 0;
    feed_playlist_destroy(follower->download);
    follower->download = NULL;
    rollout_cancel_pending(follower->config.rollout);
    if (!newer)
        return;
    for (size_t i = 0; i < follower->config.base_count; i++)
        log_throttle_reset(&follower->origins[i].logged);
    follower->logged = (struct log_throttle){0};
    log_info("pointer accepted kind=%s version=%" PRId64 " source=\"%s\"",
             feed_pointer_kind_name(follower), pointer->version, follower->origins[base].shown);
    feed_pointer_remember(follower, &follower->newest, false);
}

/* Starts to fetch what the newest pointer names. */
static void start_download(struct feed_pointer *follower, int64_t now_ns)
{
    const struct feed_playlist_config config = {
        .fetch = follower->config.fetch,
        .trust = follower->config.trust,
        .bases = follower->config.bases,
        .base_count = follower->config.base_count,
        .policy = &follower->config.fast_retry,
        .total_ms = follower->config.total_ms,
    };
    const struct feed_pointer_accepted *newest = &follower->newest;
    struct feed_pointer_signed *opened = calloc(1, sizeof *opened);
    struct err err = {0};
    bool failed_before = follower->download_due_ns != 0;
    bool ok = opened
                  ? feed_pointer_verify(follower, newest->text, strlen(newest->text), opened, &err)
                  : err_oom(&err);
    if (ok)
        follower->download =
            feed_playlist_create(&config, &opened->pointer, &opened->seal, follower->newest_base);
    if (ok && !follower->download)
        err_oom(&err);
    free(opened);
    follower->download_due_ns = follower->download ? 0 : now_ns + DOWNLOAD_RETRY_NS;
    if (!follower->download && !failed_before)
        log_error("cannot start playlist download, retrying kind=%s version=%" PRId64
                  " reason=\"%s\"",
                  feed_pointer_kind_name(follower), newest->pointer.version, err.text);
}

/* Decided anew at each turn: a takeover that is over by a clock that is wrong for a moment is
 * fetched once the clock is right. */
static void follow_newest(struct feed_pointer *follower, int64_t now_ns)
{
    const struct pointer *newest = &follower->newest.pointer;
    struct rollout *rollout = follower->config.rollout;
    if (!follower->newest.present)
        return;
    int64_t now_ms = feed_pointer_now_ms(follower, now_ns);
    bool over = newest->kind == POINTER_TAKEOVER && pointer_end_ms(newest) <= now_ms;
    bool under_way = follower->download || rollout_is_pending(rollout);
    if (over && under_way) {
        log_info("takeover expired before its media were complete version=%" PRId64,
                 newest->version);
        feed_playlist_destroy(follower->download);
        follower->download = NULL;
        rollout_cancel_pending(rollout);
    }
    /* An earlier run, or another player with the same state, may have seen a newer one. */
    bool outdated = newest->version < state_get(follower->config.state)->version[newest->kind];
    if (!over && !under_way && !outdated && !follower->refused &&
        !is_in_force(follower, newest->version) && now_ns >= follower->download_due_ns)
        start_download(follower, now_ns);
}

/* What can go wrong with the playlist that the newest pointer names. */
enum playlist_trouble { PLAYLIST_REFUSED, PLAYLIST_NOT_FETCHED, PLAYLIST_NOT_CHECKED };

/* Notes trouble for the house card, and logs it. True: it was logged, and not suppressed. */
static bool report_playlist_trouble(struct feed_pointer *follower, enum playlist_trouble trouble,
                                    const char *reason, int64_t now_ns)
{
    static const char *const words[] = {
        [PLAYLIST_REFUSED] = "refused",
        [PLAYLIST_NOT_FETCHED] = "not fetched yet",
        [PLAYLIST_NOT_CHECKED] = "not checked yet",
    };
    const char *kind = feed_pointer_kind_name(follower);
    int64_t version = follower->newest.pointer.version;
    unsigned suppressed;
    snprintf(follower->trouble, sizeof follower->trouble, "%s %s: %s", kind, words[trouble],
             reason);
    if (!log_throttle_failed(&follower->logged, reason, now_ns, &suppressed))
        return false;
    switch (trouble) {
    case PLAYLIST_REFUSED:
        log_warn("playlist refused kind=%s version=%" PRId64 " times=%u reason=\"%s\"", kind,
                 version, suppressed + 1, reason);
        break;
    case PLAYLIST_NOT_FETCHED:
        log_warn("cannot fetch playlist, retrying kind=%s version=%" PRId64
                 " times=%u reason=\"%s\"",
                 kind, version, suppressed + 1, reason);
        break;
    case PLAYLIST_NOT_CHECKED:
        log_warn("cannot check playlist, retrying kind=%s version=%" PRId64
                 " times=%u reason=\"%s\"",
                 kind, version, suppressed + 1, reason);
        break;
    }
    return true;
}

struct media_size {
    const uint8_t *sha256;
    int64_t size_bytes;
};

static int compare_hashes(const void *left, const void *right)
{
    const struct media_size *a = left, *b = right;
    return memcmp(a->sha256, b->sha256, HASH_BYTES);
}

/* How many bytes a playlist's media take in the store, where those with the same content are one
 * file; at most INT64_MAX. -1: out of memory. */
static int64_t sum_media(const struct playlist *playlist)
{
    size_t count = playlist->asset_count;
    struct media_size *media = calloc(count + 1, sizeof *media);
    int64_t sum = 0;
    if (!media)
        return -1;
    for (size_t i = 0; i < count; i++)
        media[i] = (struct media_size){.sha256 = playlist->assets[i].sha256,
                                       .size_bytes = playlist->assets[i].size_bytes};
    qsort(media, count, sizeof *media, compare_hashes);
    for (size_t i = 0; i < count; i++)
        if ((i == 0 || compare_hashes(&media[i - 1], &media[i]) != 0) &&
            __builtin_add_overflow(sum, media[i].size_bytes, &sum))
            sum = INT64_MAX;
    free(media);
    return sum;
}

/* Checks a playlist that was signed and begins to fetch its media. False with faults or err. */
static MUST_CHECK bool begin_pointed_rollout(struct feed_pointer *follower, const char *bytes,
                                             size_t size, struct playlist_faults *faults,
                                             struct err *err)
{
    const struct pointer *pointer = &follower->newest.pointer;
    struct rollout_body body = {
        .bytes = bytes,
        .size = size,
        .etag = "",
        .last_modified = "",
        .pointer = follower->newest.text,
    };
    struct playlist *playlist = playlist_parse(bytes, size, faults);
    if (!playlist)
        return faults->count ? err_set(err, ERR_INPUT, "the playlist has faults") : err_oom(err);
    int64_t needed_bytes = follower->config.quota_bytes ? sum_media(playlist) : 0;
    if (needed_bytes < 0 || !hash_bytes(bytes, size, body.sha256))
        err_oom(err);
    else if (!playlist->channel || strcmp(playlist->channel, pointer->channel) != 0 ||
             playlist->version != pointer->version)
        err_set(err, ERR_TRUST, "does not match its pointer: another channel or version");
    else if (follower->config.quota_bytes && needed_bytes > follower->config.quota_bytes)
        err_set(err, ERR_LIMIT,
                "too large: its media need %" PRId64 " bytes, but the quota is %" PRId64 " bytes",
                needed_bytes, follower->config.quota_bytes);
    else if (edition_check_zone(playlist, faults, err))
        return rollout_begin(follower->config.rollout, playlist, &body, err);
    playlist_destroy(playlist);
    return false;
}

static void report_refusal(struct feed_pointer *follower, const struct playlist_faults *faults,
                           const struct err *err, int64_t now_ns)
{
    char reason[ERR_TEXT_BYTES];
    bool has_faults = faults && faults->count > 0;
    if (has_faults)
        snprintf(reason, sizeof reason, "%s: %s", faults->items[0].path, faults->items[0].text);
    else
        snprintf(reason, sizeof reason, "%s", err->text);
    if (report_playlist_trouble(follower, PLAYLIST_REFUSED, reason, now_ns) && has_faults)
        edition_log_faults(faults);
}

static void receive_signed_playlist(struct feed_pointer *follower, int64_t now_ns)
{
    size_t size;
    const char *bytes = feed_playlist_bytes(follower->download, &size);
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct err err = {0};
    bool ok = faults ? begin_pointed_rollout(follower, bytes, size, faults, &err) : err_oom(&err);
    bool passing = !ok && (err.code == ERR_SYSTEM || err.code == ERR_DISK);
    if (passing) {
        report_playlist_trouble(follower, PLAYLIST_NOT_CHECKED, err.text, now_ns);
        feed_playlist_retry(follower->download, now_ns);
    } else {
        feed_playlist_destroy(follower->download);
        follower->download = NULL;
        follower->refused = !ok;
        if (!ok)
            report_refusal(follower, faults, &err, now_ns);
    }
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
}

void feed_pointer_step(struct feed_pointer *follower, int64_t now_ns)
{
    struct err err = {0};
    feed_pointer_step_origins(follower, now_ns);
    follow_newest(follower, now_ns);
    if (!follower->download)
        return;
    switch (feed_playlist_step(follower->download, now_ns, &err)) {
    case FEED_PLAYLIST_NONE:
        break;
    case FEED_PLAYLIST_ARRIVED:
        receive_signed_playlist(follower, now_ns);
        break;
    case FEED_PLAYLIST_FAILED:
        report_playlist_trouble(follower,
                                err.code == ERR_TRUST || err.code == ERR_LIMIT
                                    ? PLAYLIST_REFUSED
                                    : PLAYLIST_NOT_FETCHED,
                                err.text, now_ns);
        break;
    }
}

int64_t feed_pointer_due_ns(const struct feed_pointer *follower)
{
    int64_t due_ns = follower->download ? feed_playlist_due_ns(follower->download) : INT64_MAX;
    if (follower->download_due_ns)
        due_ns = follower->download_due_ns;
    return clock_earlier_ns(due_ns, feed_pointer_origins_due_ns(follower));
}

void feed_pointer_poll_soon(struct feed_pointer *follower)
{
    for (size_t i = 0; i < follower->config.base_count; i++)
        if (follower->origins[i].asked)
            feed_poll_soon(follower->origins[i].poll);
}

const struct pointer *feed_pointer_in_force(const struct feed_pointer *follower)
{
    return follower->in_force.present ? &follower->in_force.pointer : NULL;
}

int64_t feed_pointer_now_ms(const struct feed_pointer *follower, int64_t now_ns)
{
    struct trusted_time_now time = feed_mailbox_time(follower->config.mailbox, now_ns);
    /* At the start there may be none newer than what the store holds. */
    const struct feed_pointer_accepted *newest =
        follower->newest.present ? &follower->newest : &follower->in_force;
    if (!newest->present || time.synchronised)
        return time.now_ms;
    int64_t passed_ns = now_ns > newest->accepted_ns ? now_ns - newest->accepted_ns : 0;
    int64_t least_ms = newest->pointer.signed_ms + passed_ns / NANO_PER_MS;
    return least_ms > time.now_ms ? least_ms : time.now_ms;
}

bool feed_pointer_is_active(const struct feed_pointer *follower, int64_t now_ns)
{
    const struct pointer *pointer = &follower->in_force.pointer;
    const struct state *state = state_get(follower->config.state);
    int64_t now_ms = feed_pointer_now_ms(follower, now_ns);
    if (!follower->in_force.present || pointer_end_ms(pointer) <= now_ms)
        return false;
    return state->version[pointer->kind] <= pointer->version || state->takeover_expires_ms > now_ms;
}

bool feed_pointer_is_over(const struct feed_pointer *follower, int64_t now_ns)
{
    const struct pointer *pointer = &follower->in_force.pointer;
    struct trusted_time_now time = feed_mailbox_time(follower->config.mailbox, now_ns);
    if (follower->config.kind != POINTER_TAKEOVER || feed_pointer_is_active(follower, now_ns))
        return false;
    return time.synchronised || pointer_end_ms(pointer) <= time.floor_ms ||
           state_get(follower->config.state)->version[pointer->kind] > pointer->version;
}

void feed_pointer_activated(struct feed_pointer *follower)
{
    follower->in_force = follower->newest;
    follower->trouble[0] = '\0';
    /* Not before the switch: were the power cut between, the store's older edition would count as a
     * rollback, and nothing would be left to show. */
    feed_pointer_remember(follower, &follower->in_force, true);
}

void feed_pointer_withdrawn(struct feed_pointer *follower)
{
    follower->in_force.present = false;
}

const char *feed_pointer_trouble(const struct feed_pointer *follower)
{
    return follower->trouble;
}
