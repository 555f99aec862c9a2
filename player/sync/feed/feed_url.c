/* An unsigned playlist behind a URL as a source. */
#include "sync/feed/feed_source.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/feed/feed_loop.h"
#include "sync/feed/feed_poll.h"
#include "sync/feed/rollout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_url"

struct feed_url {
    struct feed_mailbox *slot;
    struct store *store;
    struct fetch *fetch;
    struct feed_poll *poll;
    struct rollout *track;
    char *url;
    char shown[FEED_SHOWN_BYTES]; /* the URL for people */
    struct feed_loop run;
    struct retry_policy policy;
    char told_poll[ERR_TEXT_BYTES]; /* trouble that was logged last */
    char told_body[ERR_TEXT_BYTES];
};

static bool is_silent(const struct feed_url *f)
{
    return !rollout_is_in_force(f->track) && !rollout_is_coming(f->track);
}

/* Logs trouble once, until there is other trouble or none. */
static void tell_trouble(const struct feed_url *f, char told[ERR_TEXT_BYTES], const char *what,
                         const char *trouble)
{
    if (strncmp(told, trouble, ERR_TEXT_BYTES - 1) != 0)
        log_warn("%s url=%s reason=\"%s\"", what, f->shown, trouble);
    snprintf(told, ERR_TEXT_BYTES, "%s", trouble);
}

static void refuse(struct feed_url *f, const struct playlist_faults *faults, const struct err *err)
{
    if (faults->count) {
        feed_mailbox_tell(f->slot, "playlist refused: %s: %s", faults->items[0].path,
                          faults->items[0].text);
        log_error("playlist refused url=%s faults=%zu", f->shown, faults->total);
        edition_log_faults(faults);
    } else {
        feed_mailbox_tell(f->slot, "playlist refused: %s", err->text);
        log_error("playlist refused url=%s reason=\"%s\"", f->shown, err->text);
    }
}

/* Checks what has arrived and begins to fetch its media. False with faults, or with err; ERR_SYSTEM
 * and ERR_DISK are no fault of the playlist's. */
static bool try_body(struct feed_url *f, const struct feed_poll_body *body,
                     struct playlist_faults *faults, struct err *err)
{
    struct rollout_body bring = {
        .bytes = body->bytes,
        .size = body->size,
        .etag = body->etag,
        .last_modified = body->last_modified,
        .pointer = "",
    };
    memcpy(bring.sha256, body->sha256, HASH_BYTES);
    struct playlist *playlist = playlist_parse(body->bytes, body->size, faults);
    if (!playlist)
        return faults->count ? err_set(err, ERR_INPUT, "the playlist has faults") : err_oom(err);
    if (edition_check_zone(playlist, faults, err))
        return rollout_bring(f->track, playlist, &bring, err);
    playlist_destroy(playlist);
    return false;
}

/* True when this version of the playlist was dealt with, for good or ill; false when it is to be
 * tried again. */
static bool receive(struct feed_url *f, const struct feed_poll_body *body)
{
    if (rollout_is_whole(f->track) &&
        memcmp(body->sha256, rollout_manifest(f->track)->playlist_sha256, HASH_BYTES) == 0) {
        log_info("playlist in force is the server's again url=%s", f->shown);
        rollout_drop_coming(f->track);
        return true;
    }
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct err err = {0};
    bool ok = faults ? try_body(f, body, faults, &err) : err_oom(&err);
    bool again = !ok && (err.code == ERR_SYSTEM || err.code == ERR_DISK);
    if (again) {
        if (is_silent(f))
            feed_mailbox_tell(f->slot, "waiting for %s: %s", f->shown, err.text);
        tell_trouble(f, f->told_body, "playlist can't be looked into yet", err.text);
    } else if (!ok)
        refuse(f, faults, &err);
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
    return !again;
}

static void step_poll(struct feed_url *f, int64_t now_ns)
{
    enum feed_poll_news news = feed_poll_step(f->poll, now_ns);
    if (news == FEED_POLL_FAILED) {
        if (is_silent(f))
            feed_mailbox_tell(f->slot, "waiting for %s: %s", f->shown, feed_poll_trouble(f->poll));
        tell_trouble(f, f->told_poll, "no playlist", feed_poll_trouble(f->poll));
        return;
    }
    if (news != FEED_POLL_CHANGED && news != FEED_POLL_UNCHANGED)
        return;
    if (f->told_poll[0])
        log_info("the server answers again url=%s", f->shown);
    f->told_poll[0] = '\0';
    if (news == FEED_POLL_CHANGED) {
        if (receive(f, feed_poll_body(f->poll)))
            feed_poll_accept(f->poll);
    } else
        feed_loop_clean(&f->run, &f->track, 1);
}

static void step_track(struct feed_url *f, int64_t now_ns)
{
    if (rollout_step(f->track, now_ns)) {
        struct edition *edition = rollout_switch(f->track, now_ns);
        if (edition) {
            f->told_body[0] = '\0';
            feed_mailbox_tell(f->slot, "following %s", f->shown);
            feed_mailbox_offer(f->slot, edition, true);
        }
    }
    if (!rollout_is_coming(f->track) || rollout_is_in_force(f->track))
        return;
    char words[FEED_TEXT_BYTES];
    rollout_describe_coming(f->track, words, sizeof words);
    feed_mailbox_tell_progress(f->slot, now_ns, "fetching %s: %s", f->shown, words);
}

/* The main thread has not been able to use what it was given last. */
static void offer_again(struct feed_url *f)
{
    struct err err = {0};
    struct edition *edition = rollout_edition(f->track, &err);
    if (edition)
        feed_mailbox_offer(f->slot, edition, true);
    else
        atomic_store(&f->slot->again, true);
}

static int64_t due_ns(const struct feed_url *f)
{
    int64_t due = feed_poll_due_ns(f->poll), track = rollout_due_ns(f->track);
    due = track < due ? track : due;
    bool shows_progress = rollout_is_coming(f->track) && !rollout_is_in_force(f->track);
    return shows_progress && f->slot->progress_due_ns < due ? f->slot->progress_due_ns : due;
}

void feed_url_run(struct feed_url *source)
{
    struct feed_url *f = source;
    feed_loop_begin(&f->run);
    while (!atomic_load(&f->slot->stop)) {
        if (atomic_exchange(&f->slot->again, false))
            offer_again(f);
        step_poll(f, clock_mono_ns());
        step_track(f, clock_mono_ns());
        if (rollout_check(f->track, clock_mono_ns()))
            feed_mailbox_wake(f->slot);
        feed_loop_wait(&f->run, due_ns(f));
    }
}

/* Hands over what the store holds. A medium that is missing is not a reason to show nothing: its
 * slots keep what was on screen before (duckling-playlist(5), PROGRAMME, rule 7), and it is fetched
 * first of all. */
static void start_from_store(struct feed_url *f)
{
    struct err err = {0};
    char *bytes = NULL;
    size_t size;
    struct playlist *playlist = rollout_recall(f->track, &bytes, &size, &err);
    free(bytes);
    if (!playlist) {
        if (rollout_manifest(f->track))
            log_warn("the stored playlist can't be used reason=\"%s\"", err.text);
        else if (err.code != ERR_MISSING)
            log_warn("the stored playlist is lost reason=\"%s\"", err.text);
        return;
    }
    struct edition *edition = rollout_resume(f->track, playlist, " from the store");
    if (!edition)
        return;
    const struct manifest *manifest = rollout_manifest(f->track);
    struct feed_poll_body seen = {0};
    memcpy(seen.sha256, manifest->playlist_sha256, HASH_BYTES);
    snprintf(seen.etag, sizeof seen.etag, "%s", manifest->etag);
    snprintf(seen.last_modified, sizeof seen.last_modified, "%s", manifest->last_modified);
    feed_poll_set_seen(f->poll, &seen);
    feed_mailbox_tell(f->slot, "following %s", f->shown);
    feed_mailbox_offer(f->slot, edition, false);
}

/* The poll and the track, which point into the source. */
static bool make_parts(struct feed_url *f, const struct feed_limits *limits,
                       struct retry_policy brisk, struct err *err)
{
    const struct rollout_config track = {
        .fetch = f->fetch,
        .store = f->store,
        .stop = &f->slot->stop,
        .name = f->url,
        .shown = f->shown,
        .bases = (const char *const *)&f->url,
        .base_count = 1,
        .retry = brisk,
        .scrub_ms = limits ? limits->scrub_ms : 0,
    };
    const struct feed_poll_config poll = {
        .fetch = f->fetch,
        .location = f->url,
        .policy = &f->policy,
        .total_ms = feed_playlist_ms(limits),
        .limit_bytes = PLAYLIST_BYTES_MAX,
    };
    f->poll = feed_poll_create(&poll);
    f->track = rollout_create(&track);
    return (f->poll && f->track) || err_oom(err);
}

struct feed_url *feed_url_create(const struct feed_config *config, const struct feed_limits *limits,
                                 struct feed_mailbox *slot, struct err *err)
{
    struct feed_url *f = calloc(1, sizeof *f);
    if (!f) {
        err_oom(err);
        return NULL;
    }
    f->slot = slot;
    f->policy = feed_poll_policy(config, limits);
    struct retry_policy brisk = feed_brisk_policy(config, limits);
    f->url = http_url_clean(config->sources[0], err);
    if (!f->url)
        goto fail;
    fetch_public(f->url, f->shown, sizeof f->shown);
    if (!(f->fetch = feed_make_fetch(config, limits, err)) ||
        !(f->store = store_open(config->store, err)) || !make_parts(f, limits, brisk, err))
        goto fail;
    store_set_quota(f->store, config->quota_bytes);
    feed_loop_init(&f->run, slot, f->fetch, f->store, brisk);
    feed_mailbox_tell(slot, "waiting for %s", f->shown);
    start_from_store(f);
    return f;

fail:
    feed_url_destroy(f);
    return NULL;
}

void feed_url_wake(struct feed_url *source)
{
    fetch_wake(source->fetch);
}

void feed_url_destroy(struct feed_url *source)
{
    if (!source)
        return;
    rollout_destroy(source->track);
    feed_poll_destroy(source->poll);
    fetch_destroy(source->fetch);
    store_close(source->store);
    free(source->url);
    free(source);
}
