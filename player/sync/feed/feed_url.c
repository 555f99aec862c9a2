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
    struct feed_source source;
    struct store *store;
    struct fetch *fetch;
    struct feed_poll *poll;
    struct rollout *rollout;
    char *location;
    /* Where the playlist that was accepted last came from, after redirects, and who gave it: its
     * media are relative to that. */
    char *base;
    struct http_peer peer;
    bool seen_refused;            /* what was seen last is no playlist */
    char shown[FEED_SHOWN_BYTES]; /* the same for people */
    struct feed_loop loop;
    struct retry_policy policy;
    char logged_poll[ERR_TEXT_BYTES]; /* the last trouble in the log, of polls and of playlists */
    char logged_body[ERR_TEXT_BYTES];
};

/* Whether the house card is on and says what the feed waits for. */
static bool has_nothing(const struct feed_url *url)
{
    return !rollout_is_in_force(url->rollout) && !rollout_is_pending(url->rollout);
}

/* Whether this trouble is another than what was logged last, for which it counts from now on. */
static bool is_new_trouble(char logged[ERR_TEXT_BYTES], const char *trouble)
{
    bool is_new = strncmp(logged, trouble, ERR_TEXT_BYTES - 1) != 0;
    snprintf(logged, ERR_TEXT_BYTES, "%s", trouble);
    return is_new;
}

static void refuse_playlist(struct feed_url *url, const struct playlist_faults *faults,
                            const struct err *err)
{
    if (faults && faults->count) {
        feed_mailbox_set_status(url->source.mailbox, "playlist refused: %s: %s",
                                faults->items[0].path, faults->items[0].text);
        log_error("playlist refused url=%s faults=%zu", url->shown, faults->total);
        edition_log_faults(faults);
    } else {
        feed_mailbox_set_status(url->source.mailbox, "playlist refused: %s", err->text);
        log_error("playlist refused url=%s reason=\"%s\"", url->shown, err->text);
    }
}

/* Checks what has arrived and begins to fetch its media. False with faults, or with err; ERR_SYSTEM
 * and ERR_DISK are no fault of the playlist's. */
static MUST_CHECK bool begin_rollout(struct feed_url *url, const struct feed_poll_body *arrived,
                                     struct playlist_faults *faults, struct err *err)
{
    struct rollout_body body = {
        .bytes = arrived->bytes,
        .size = arrived->size,
        .etag = arrived->etag,
        .last_modified = arrived->last_modified,
        .pointer = "",
    };
    memcpy(body.sha256, arrived->sha256, HASH_BYTES);
    struct playlist *playlist = playlist_parse_media(arrived->bytes, arrived->size, faults);
    if (playlist && faults->total) { /* an unknown zone is told beside the others */
        (void)!edition_check_zone(playlist, faults, NULL);
        playlist_destroy(playlist);
        playlist = NULL;
    }
    if (!playlist)
        return faults->count ? err_set(err, ERR_INPUT, "the playlist has faults") : err_oom(err);
    if (edition_check_zone(playlist, faults, err))
        return rollout_begin(url->rollout, playlist, &body, err);
    playlist_destroy(playlist);
    return false;
}

enum reception { ACCEPTED, REFUSED, TO_BE_TRIED_AGAIN };

static enum reception receive_playlist(struct feed_url *url, const struct feed_poll_body *body)
{
    if (rollout_is_complete(url->rollout) &&
        memcmp(body->sha256, rollout_manifest(url->rollout)->playlist_sha256, HASH_BYTES) == 0) {
        log_info("server reverted to the playlist in force url=%s", url->shown);
        rollout_cancel_pending(url->rollout);
        return ACCEPTED;
    }
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct err err = {0};
    bool ok = faults ? begin_rollout(url, body, faults, &err) : err_oom(&err);
    bool passing = !ok && (err.code == ERR_SYSTEM || err.code == ERR_DISK);
    if (passing) {
        if (has_nothing(url))
            feed_mailbox_set_status(url->source.mailbox, "waiting for %s: %s", url->shown,
                                    err.text);
        if (is_new_trouble(url->logged_body, err.text))
            log_warn("cannot check playlist, retrying url=%s reason=\"%s\"", url->shown, err.text);
    } else if (!ok) {
        refuse_playlist(url, faults, &err);
    }
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
    return passing ? TO_BE_TRIED_AGAIN : ok ? ACCEPTED : REFUSED;
}

/* A reference in a redirected playlist is relative to where it led (RFC 3986, 5.1.3). The base from
 * before, which the caller frees; NULL: it has not changed. */
static char *follow_redirect(struct feed_url *url)
{
    const char *location = feed_poll_location(url->poll);
    char *base = strcmp(location, url->base) == 0 ? NULL : strdup(location);
    if (!base) /* it is the same, or there is no memory: the next answer says it again */
        return NULL;
    char *before = url->base;
    url->base = base;
    return before;
}

/* Takes an answer with another playlist. A sign-in page instead of one leaves the media of the
 * playlist before it where they were. */
static void step_changed(struct feed_url *url)
{
    const struct http_peer peer_before = url->peer;
    char *base_before = follow_redirect(url);
    url->peer = *feed_poll_peer(url->poll);
    enum reception reception = receive_playlist(url, feed_poll_body(url->poll));
    if (reception != TO_BE_TRIED_AGAIN) {
        feed_poll_accept(url->poll);
        url->seen_refused = reception == REFUSED;
    }
    if (reception != ACCEPTED) {
        url->peer = peer_before;
        char *refused = base_before ? url->base : NULL;
        url->base = base_before ? base_before : url->base;
        base_before = refused;
    }
    free(base_before);
}

static void step_unchanged(struct feed_url *url)
{
    if (!url->seen_refused) {
        free(follow_redirect(url));
        url->peer = *feed_poll_peer(url->poll);
    }
    feed_loop_clean(&url->loop, &url->rollout, 1);
}

static void step_poll(struct feed_url *url, int64_t now_ns)
{
    enum feed_poll_news news = feed_poll_step(url->poll, now_ns);
    if (news == FEED_POLL_FAILED) {
        const char *trouble = feed_poll_trouble(url->poll);
        if (!url->peer.port) /* what is missing can be fetched although this can't */
            url->peer = *feed_poll_peer(url->poll);
        if (has_nothing(url))
            feed_mailbox_set_status(url->source.mailbox, "waiting for %s: %s", url->shown, trouble);
        if (is_new_trouble(url->logged_poll, trouble))
            log_warn("cannot fetch playlist, retrying url=%s reason=\"%s\"", url->shown, trouble);
        return;
    }
    if (news != FEED_POLL_CHANGED && news != FEED_POLL_UNCHANGED)
        return;
    if (url->logged_poll[0])
        log_info("server answers again url=%s", url->shown);
    url->logged_poll[0] = '\0';
    if (news == FEED_POLL_UNCHANGED)
        step_unchanged(url);
    else
        step_changed(url);
}

static void step_url_rollout(struct feed_url *url, int64_t now_ns)
{
    if (rollout_step(url->rollout, now_ns)) {
        struct edition *edition = rollout_switch(url->rollout, now_ns);
        if (edition) {
            url->logged_body[0] = '\0';
            feed_mailbox_set_status(url->source.mailbox, "following %s", url->shown);
            feed_mailbox_post(url->source.mailbox, edition, true);
        }
    }
    if (!rollout_is_pending(url->rollout) || rollout_is_in_force(url->rollout))
        return;
    char words[FEED_STATUS_BYTES];
    rollout_describe_pending(url->rollout, words, sizeof words);
    feed_mailbox_set_progress(url->source.mailbox, now_ns, "fetching %s: %s", url->shown, words);
}

/* The main thread was not able to use the edition that it took last. */
static void post_again(struct feed_url *url)
{
    struct err err = {0};
    struct edition *edition = rollout_make_edition(url->rollout, &err);
    if (edition)
        feed_mailbox_post(url->source.mailbox, edition, true);
    else
        atomic_store(&url->source.mailbox->again, true);
}

static int64_t url_due_ns(const struct feed_url *url)
{
    int64_t due_ns = clock_earlier_ns(feed_poll_due_ns(url->poll), rollout_due_ns(url->rollout));
    bool shows_progress = rollout_is_pending(url->rollout) && !rollout_is_in_force(url->rollout);
    return shows_progress ? clock_earlier_ns(due_ns, url->source.mailbox->progress_due_ns) : due_ns;
}

static void feed_url_run(struct feed_source *source)
{
    struct feed_url *url = (struct feed_url *)source;
    feed_loop_begin(&url->loop);
    while (!atomic_load(&source->mailbox->stop)) {
        if (atomic_exchange(&source->mailbox->again, false))
            post_again(url);
        step_poll(url, clock_mono_ns());
        step_url_rollout(url, clock_mono_ns());
        if (rollout_scrub(url->rollout, clock_mono_ns()))
            feed_mailbox_wake(source->mailbox);
        feed_loop_wait(&url->loop, url_due_ns(url));
    }
}

/* Hands over what the store holds. A media file that is missing is not a reason to show nothing:
 * its slots leave on screen what was there before (duckling-playlist(5), PROGRAMME, rule 7), and it
 * is fetched first of all. */
static void post_stored_playlist(struct feed_url *url)
{
    struct err err = {0};
    char *bytes = NULL;
    size_t size;
    struct playlist *playlist = rollout_load_stored(url->rollout, &bytes, &size, &err);
    free(bytes);
    if (!playlist) {
        if (rollout_manifest(url->rollout) || err.code != ERR_MISSING)
            log_warn("stored playlist not used url=%s reason=\"%s\"", url->shown, err.text);
        return;
    }
    struct edition *edition = rollout_resume(url->rollout, playlist);
    if (!edition)
        return;
    const struct manifest *manifest = rollout_manifest(url->rollout);
    struct feed_poll_body seen = {0};
    memcpy(seen.sha256, manifest->playlist_sha256, HASH_BYTES);
    snprintf(seen.etag, sizeof seen.etag, "%s", manifest->etag);
    snprintf(seen.last_modified, sizeof seen.last_modified, "%s", manifest->last_modified);
    feed_poll_set_seen(url->poll, &seen);
    feed_mailbox_set_status(url->source.mailbox, "following %s", url->shown);
    feed_mailbox_post(url->source.mailbox, edition, false);
}

/* The poll and the rollout, which point into the source. */
static MUST_CHECK bool make_poll_and_rollout(struct feed_url *url, const struct feed_config *config,
                                             const struct feed_limits *limits,
                                             struct retry_policy fast_retry, struct err *err)
{
    const struct rollout_config rollout = {
        .fetch = url->fetch,
        .store = url->store,
        .stop = &url->source.mailbox->stop,
        .screen = &url->source.mailbox->screen,
        .name = url->location,
        .shown = url->shown,
        .bases = (const char *const *)&url->base,
        .base_count = 1,
        .from = &url->peer,
        .partial = true,
        .any_bytes = limits && limits->any_bytes,
        .retry = fast_retry,
        .left_out = config->left_out,
        .scrub_ms = limits ? limits->scrub_ms : 0,
    };
    const struct feed_poll_config poll = {
        .fetch = url->fetch,
        .location = url->location,
        .policy = &url->policy,
        .total_ms = feed_source_playlist_ms(limits),
        .limit_bytes = PLAYLIST_BYTES_MAX,
    };
    url->poll = feed_poll_create(&poll);
    if (!url->poll)
        return err_oom(err);
    url->rollout = rollout_create(&rollout);
    return url->rollout || err_oom(err);
}

static void feed_url_destroy(struct feed_source *source)
{
    struct feed_url *url = (struct feed_url *)source;
    if (!url)
        return;
    rollout_destroy(url->rollout);
    feed_poll_destroy(url->poll);
    fetch_destroy(url->fetch);
    store_close(url->store);
    free(url->base);
    free(url->location);
    free(url);
}

static struct feed_source *feed_url_create(const struct feed_config *config,
                                           const struct feed_limits *limits,
                                           struct feed_mailbox *mailbox, struct err *err)
{
    struct feed_url *url = calloc(1, sizeof *url);
    if (!url) {
        err_oom(err);
        return NULL;
    }
    url->source = (struct feed_source){.ops = &feed_url_ops, .mailbox = mailbox};
    url->policy = feed_source_poll_policy(config, limits);
    struct retry_policy fast_retry = feed_source_fast_retry_policy(config, limits);
    url->location = http_url_clean(config->sources[0], err);
    if (url->location && !(url->base = strdup(url->location)))
        err_oom(err);
    if (!url->base)
        goto fail;
    fetch_public(url->location, url->shown, sizeof url->shown);
    url->fetch = feed_source_make_fetch(config, limits, url->source.mailbox, err);
    if (!url->fetch)
        goto fail;
    url->store = store_open(config->store, err);
    if (!url->store || !make_poll_and_rollout(url, config, limits, fast_retry, err))
        goto fail;
    store_set_quota(url->store, config->quota_bytes);
    feed_loop_init(&url->loop, mailbox, url->fetch, url->store, fast_retry);
    feed_mailbox_set_status(mailbox, "waiting for %s", url->shown);
    post_stored_playlist(url);
    return &url->source;

fail:
    feed_url_destroy(&url->source);
    return NULL;
}

static void feed_url_wake(struct feed_source *source)
{
    fetch_wake(((struct feed_url *)source)->fetch);
}

const struct feed_source_ops feed_url_ops = {
    .create = feed_url_create,
    .run = feed_url_run,
    .wake = feed_url_wake,
    .destroy = feed_url_destroy,
};
