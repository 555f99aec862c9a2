#include "sync/feed_source.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/feed_kept.h"
#include "sync/feed_media.h"
#include "sync/feed_poll.h"
#include "sync/feed_retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRISK_RETRY_MS 5000
#define CHECK_PAUSE_MS                                                                             \
    20 /* between stretches: reading the whole store again must not starve the films */
#define WAIT_MS_MAX 60000
#define PLAYLIST_MS_DEFAULT 60000
/* A transfer that ends lets a run succeed that did not get to wait, which is what fails; no more
 * than the four media and the playlist can end in a row. */
#define RUNS_TO_TRUST 8
#define SHOWN_BYTES 512

/* A playlist on its way to be in force: its media are being fetched. */
struct coming {
    struct playlist *playlist; /* NULL: nothing is coming */
    struct feed_media *media;
    struct feed_poll_body body; /* with `bytes` of its own */
    char *bytes;
    unsigned failures; /* of the switch */
    int64_t due_ns;
};

struct feed_url {
    struct feed_slot *slot;
    struct store *store;
    struct http *http;
    struct feed_poll *poll;
    char *url;
    char shown[SHOWN_BYTES]; /* the URL for people */
    struct retry_policy policy;
    struct retry_policy brisk; /* for what should not take as long as a poll may */
    unsigned run_failures;     /* of http_run, since it last worked RUNS_TO_TRUST times in a row */
    unsigned runs;             /* that worked since the last that failed */
    struct manifest *current;  /* in force, or at least what the store holds; NULL: nothing */
    struct manifest *previous; /* in force before: its files may still be on screen */
    bool in_force;             /* an edition of `current` was handed over */
    struct coming coming;
    struct store_check *check; /* files of `current` are read again after the start, this one now */
    size_t check_next;
    bool damaged;
    bool collect_due;
    char told_poll[ERR_TEXT_BYTES], told_store[ERR_TEXT_BYTES]; /* trouble that was logged last */
};

static void coming_drop(struct coming *coming)
{
    feed_media_destroy(coming->media);
    playlist_destroy(coming->playlist);
    free(coming->bytes);
    *coming = (struct coming){0};
}

/* Logs trouble once, until there is other trouble or none. */
static void tell_trouble(const struct feed_url *f, char told[ERR_TEXT_BYTES], const char *what,
                         const char *trouble)
{
    if (strncmp(told, trouble, ERR_TEXT_BYTES - 1) != 0)
        log_warn("feed", "%s url=%s: %s", what, f->shown, trouble);
    snprintf(told, ERR_TEXT_BYTES, "%s", trouble);
}

/* Begins to fetch the media of a playlist, of which it takes ownership; an older one that is coming
 * gives way. */
static bool bring(struct feed_url *f, struct playlist *playlist, const struct feed_poll_body *body,
                  struct err *err)
{
    struct coming next = {.playlist = playlist, .body = *body};
    const struct feed_media_config config = {
        .http = f->http,
        .store = f->store,
        .url = f->url,
        .playlist = playlist,
        .policy = f->brisk,
        .stop = &f->slot->stop,
    };
    next.body.bytes = next.bytes = malloc(body->size + 1);
    if (next.bytes)
        memcpy(next.bytes, body->bytes, body->size);
    if (next.bytes)
        next.media = feed_media_create(&config, f->current, f->coming.media, err);
    else
        err_set(err, ERR_SYSTEM, "out of memory");
    if (!next.media) {
        coming_drop(&next);
        return false;
    }
    coming_drop(&f->coming);
    f->coming = next;
    return true;
}

static void refuse(struct feed_url *f, const struct playlist_faults *faults, const struct err *err)
{
    if (faults->count) {
        feed_slot_tell(f->slot, "playlist refused: %s: %s", faults->items[0].path,
                       faults->items[0].text);
        log_error("feed", "playlist refused url=%s faults=%zu", f->shown, faults->total);
        feed_log_faults(faults);
    } else {
        feed_slot_tell(f->slot, "playlist refused: %s", err->text);
        log_error("feed", "playlist refused url=%s: %s", f->shown, err->text);
    }
}

/* Checks what has arrived and begins to fetch its media. False with faults, or with err; ERR_SYSTEM
 * and ERR_DISK are no fault of the playlist's. */
static bool try_body(struct feed_url *f, const struct feed_poll_body *body,
                     struct playlist_faults *faults, struct err *err)
{
    struct playlist *playlist = playlist_parse(body->bytes, body->size, faults);
    if (!playlist)
        return err_set(err, faults->count ? ERR_INPUT : ERR_SYSTEM, "out of memory");
    if (edition_check_zone(playlist, faults, err))
        return bring(f, playlist, body, err);
    playlist_destroy(playlist);
    return false;
}

/* True when this version of the playlist was dealt with, for good or ill; false when it is to be
 * tried again. */
static bool receive(struct feed_url *f, const struct feed_poll_body *body)
{
    bool whole = f->in_force && !f->damaged;
    if (whole && memcmp(body->sha256, f->current->playlist_sha256, HASH_BYTES) == 0) {
        log_info("feed", "playlist in force is the server's again url=%s", f->shown);
        coming_drop(&f->coming);
        return true;
    }
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct err err = {.code = ERR_SYSTEM, .text = "out of memory"};
    bool ok = faults && try_body(f, body, faults, &err);
    bool again = !ok && (err.code == ERR_SYSTEM || err.code == ERR_DISK);
    if (again) {
        if (!f->in_force && !f->coming.playlist)
            feed_slot_tell(f->slot, "waiting for %s: %s", f->shown, err.text);
        tell_trouble(f, f->told_store, "playlist can't be looked into yet", err.text);
    } else if (!ok)
        refuse(f, faults, &err);
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
    return !again;
}

/* Removes from the store what nobody needs. Only when nothing is under way and the last edition was
 * taken. */
static void collect(struct feed_url *f)
{
    size_t removed = store_collect(f->store, f->previous);
    if (removed)
        log_info("feed", "store cleaned files=%zu", removed);
    f->collect_due = false;
}

static void step_poll(struct feed_url *f, int64_t now_ns)
{
    enum feed_poll_news news = feed_poll_step(f->poll, now_ns);
    if (news == FEED_POLL_FAILED) {
        if (!f->in_force && !f->coming.playlist)
            feed_slot_tell(f->slot, "waiting for %s: %s", f->shown, feed_poll_trouble(f->poll));
        tell_trouble(f, f->told_poll, "no playlist", feed_poll_trouble(f->poll));
        return;
    }
    if (news == FEED_POLL_NONE)
        return;
    if (f->told_poll[0])
        log_info("feed", "the server answers again url=%s", f->shown);
    f->told_poll[0] = '\0';
    if (news == FEED_POLL_CHANGED) {
        if (receive(f, feed_poll_body(f->poll)))
            feed_poll_accept(f->poll);
    } else if (f->collect_due && !f->coming.playlist && !f->check && feed_slot_is_empty(f->slot))
        collect(f);
}

static void log_ready(const struct feed_url *f, const struct edition *edition, const char *whence)
{
    const struct playlist *playlist = edition->playlist;
    log_info("feed", "playlist ready%s name=\"%s\" spots=%zu files=%zu source=%s", whence,
             playlist->name, playlist->spot_count, playlist->asset_count, f->shown);
}

/* Writes what is coming as what the store holds for this source. NULL on failure. */
static struct manifest *write_manifest(struct feed_url *f, struct err *err)
{
    const struct feed_poll_body *body = &f->coming.body;
    struct manifest *manifest = feed_media_manifest(f->coming.media);
    if (manifest) {
        manifest->url = manifest_keep(manifest, f->shown);
        manifest->etag = manifest_keep(manifest, body->etag);
        manifest->last_modified = manifest_keep(manifest, body->last_modified);
    }
    if (!manifest || !manifest->url || !manifest->etag || !manifest->last_modified)
        err_set(err, ERR_SYSTEM, "out of memory");
    else if (feed_kept_write(f->store, f->url, manifest, body->bytes, body->size, err))
        return manifest;
    manifest_destroy(manifest);
    return NULL;
}

/* The store holds another edition now. */
static void put_manifest(struct feed_url *f, struct manifest *manifest)
{
    /* A check that was not through begins again; what has just arrived was hashed on its way. */
    bool unchecked = f->in_force && f->check_next < f->current->file_count;
    store_check_end(f->check);
    f->check = NULL;
    f->check_next = unchecked ? 0 : manifest->file_count;
    manifest_destroy(f->previous);
    f->previous = f->current;
    f->current = manifest;
    f->in_force = f->collect_due = true;
    f->damaged = false;
    f->told_store[0] = '\0';
}

/* Everything is on disk: makes it the edition in force. */
static bool switch_over(struct feed_url *f, struct err *err)
{
    struct manifest *manifest = write_manifest(f, err);
    if (!manifest)
        return false;
    struct edition *edition = feed_kept_edition(f->store, manifest, f->coming.playlist, f->shown);
    f->coming.playlist = NULL;
    coming_drop(&f->coming);
    put_manifest(f, manifest);
    if (!edition) {
        log_error("feed", "playlist is in the store but can't be handed over: out of memory");
        return true;
    }
    log_ready(f, edition, "");
    feed_slot_tell(f->slot, "following %s", f->shown);
    feed_slot_offer(f->slot, edition, true);
    return true;
}

static void step_media(struct feed_url *f, int64_t now_ns)
{
    struct coming *coming = &f->coming;
    struct err err = {0};
    if (!coming->playlist)
        return;
    if (feed_media_step(coming->media, now_ns) && now_ns >= coming->due_ns &&
        feed_media_confirm(coming->media)) {
        if (switch_over(f, &err))
            return;
        tell_trouble(f, f->told_store, "playlist can't be stored", err.text);
        coming->failures++;
        coming->due_ns = feed_retry_ns(&f->policy, coming->failures, now_ns);
    }
    const char *trouble = coming->failures ? f->told_store : feed_media_trouble(coming->media);
    if (!f->in_force)
        feed_slot_tell_progress(f->slot, now_ns, "fetching %s: %zu of %zu files%s%s", f->shown,
                                feed_media_done(coming->media), coming->playlist->asset_count,
                                trouble[0] ? "; " : "", trouble);
}

/* Fetches again what is missing from the edition in force, and nothing else. */
static void repair(struct feed_url *f)
{
    struct err err = {0};
    struct feed_poll_body body;
    if (f->coming.playlist) /* whatever is coming looks for itself */
        return;
    char *bytes = NULL;
    struct playlist *playlist = feed_kept_playlist(f->store, f->current, &bytes, &body.size, &err);
    memcpy(body.sha256, f->current->playlist_sha256, HASH_BYTES);
    snprintf(body.etag, sizeof body.etag, "%s", f->current->etag);
    snprintf(body.last_modified, sizeof body.last_modified, "%s", f->current->last_modified);
    body.bytes = bytes;
    if (!playlist || !bring(f, playlist, &body, &err))
        tell_trouble(f, f->told_store, "stored playlist can't be repaired", err.text);
    free(bytes);
}

/* A stretch of reading the stored files again; true while there is more to read. */
static bool step_check(struct feed_url *f)
{
    const struct manifest *manifest = f->current;
    if (!f->in_force || f->check_next >= manifest->file_count)
        return false;
    const struct manifest_file *file = &manifest->files[f->check_next];
    if (!f->check)
        f->check = store_check_begin(f->store, file->sha256);
    if (!f->check) /* looked at again when the thread next wakes */
        return false;
    enum store_check_state state = store_check_step(f->check);
    if (state == STORE_CHECK_GOES_ON)
        return true;
    store_check_end(f->check);
    f->check = NULL;
    f->check_next++;
    if (state == STORE_CHECK_BAD) {
        log_warn("feed", "a stored file is damaged or gone and is fetched again path=\"%s\"",
                 file->path);
        store_remove(f->store, file->sha256);
        f->damaged = true;
    }
    if (f->check_next < manifest->file_count)
        return true;
    if (f->damaged)
        repair(f);
    return false;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t wait_ms(const struct feed_url *f, bool checking, int64_t now_ns)
{
    int64_t due_ns = feed_poll_due_ns(f->poll);
    if (f->coming.playlist) {
        due_ns = earlier(due_ns, feed_media_due_ns(f->coming.media));
        if (f->coming.failures)
            due_ns = earlier(due_ns, f->coming.due_ns);
        if (!f->in_force)
            due_ns = earlier(due_ns, f->slot->progress_due_ns);
    }
    if (due_ns <= now_ns)
        return 0;
    int64_t ms = earlier((due_ns - now_ns) / 1000000 + 1, WAIT_MS_MAX);
    return checking ? earlier(ms, CHECK_PAUSE_MS) : ms;
}

/* Moves what is under way. A failure (no descriptors, no memory) passes, or at least it must not
 * end the feed: what the player shows would never change again. */
static void run_transfers(struct feed_url *f, int64_t timeout_ms)
{
    struct err err = {0};
    if (http_run(f->http, timeout_ms, &err)) {
        if (!f->run_failures || ++f->runs < RUNS_TO_TRUST)
            return;
        log_info("feed", "the network library works again url=%s", f->shown);
        f->run_failures = 0;
        return;
    }
    f->runs = 0;
    if (!f->run_failures)
        log_error("feed", "the network library failed and is tried again url=%s: %s", f->shown,
                  err.text);
    f->run_failures++;
    feed_slot_rest(f->slot, feed_retry_ns(&f->brisk, f->run_failures, clock_mono_ns()));
}

void feed_url_run(struct feed_url *source)
{
    struct feed_url *f = source;
    if (store_read_only(f->store))
        log_error("feed", "the store can't be written; what it holds is played, nothing new: %s",
                  store_read_only(f->store));
    if (f->damaged)
        repair(f);
    while (!atomic_load(&f->slot->stop)) {
        step_poll(f, clock_mono_ns());
        step_media(f, clock_mono_ns());
        bool checking = step_check(f);
        run_transfers(f, wait_ms(f, checking, clock_mono_ns()));
    }
}

/* Hands over what the store holds. A medium that is missing is not a reason to show nothing: its
 * slots keep what was on screen before (duckling-playlist(5), PROGRAMME, rule 7), and it is fetched
 * first of all. */
static void start_from_store(struct feed_url *f)
{
    struct err err = {0};
    f->current = feed_kept_manifest(f->store, f->url, &err);
    if (!f->current) {
        if (err.code != ERR_MISSING)
            log_warn("feed", "the stored playlist is lost: %s", err.text);
        return;
    }
    char *bytes = NULL;
    size_t size;
    struct playlist *playlist = feed_kept_playlist(f->store, f->current, &bytes, &size, &err);
    free(bytes);
    if (!playlist) {
        log_warn("feed", "the stored playlist can't be used: %s", err.text);
        return;
    }
    size_t missing = feed_kept_missing(f->store, f->current);
    if (missing && missing == f->current->file_count) {
        log_warn("feed", "the stored playlist has no media left");
        playlist_destroy(playlist);
        return;
    }
    struct edition *edition = feed_kept_edition(f->store, f->current, playlist, f->shown);
    if (!edition)
        return;
    if (missing)
        log_warn("feed", "stored media are missing or cut and are fetched again files=%zu",
                 missing);
    log_ready(f, edition, " from the store");
    f->damaged = missing > 0;
    f->in_force = true;
    struct feed_poll_body seen = {0};
    memcpy(seen.sha256, f->current->playlist_sha256, HASH_BYTES);
    snprintf(seen.etag, sizeof seen.etag, "%s", f->current->etag);
    snprintf(seen.last_modified, sizeof seen.last_modified, "%s", f->current->last_modified);
    feed_poll_set_seen(f->poll, &seen);
    feed_slot_tell(f->slot, "following %s", f->shown);
    feed_slot_offer(f->slot, edition, false);
}

struct feed_url *feed_url_create(const struct feed_config *config, const struct feed_limits *limits,
                                 struct feed_slot *slot, struct err *err)
{
    struct feed_url *f = calloc(1, sizeof *f);
    if (!f) {
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    struct http_config http = limits ? limits->http : (struct http_config){0};
    int64_t max_ms = limits && limits->retry_max_ms ? limits->retry_max_ms : RETRY_MAX_MS_DEFAULT;
    f->slot = slot;
    f->collect_due = true;
    f->policy =
        (struct retry_policy){config->poll_ms, max_ms > config->poll_ms ? max_ms : config->poll_ms};
    f->brisk = (struct retry_policy){earlier(config->poll_ms, BRISK_RETRY_MS),
                                     earlier(f->policy.max_ms, RETRY_MAX_MS_DEFAULT)};
    int64_t playlist_ms = limits && limits->playlist_ms ? limits->playlist_ms : PLAYLIST_MS_DEFAULT;
    http.ca_file = config->ca_file;
    f->url = http_url_clean(config->source, err);
    if (!f->url)
        goto fail;
    http_url_public(f->url, f->shown, sizeof f->shown);
    if (!(f->http = http_create(&http, err)) || !(f->store = store_open(config->store, err)))
        goto fail;
    f->poll = feed_poll_create(f->http, f->url, &f->policy, playlist_ms);
    if (!f->poll) {
        err_set(err, ERR_SYSTEM, "out of memory");
        goto fail;
    }
    feed_slot_tell(slot, "waiting for %s", f->shown);
    start_from_store(f);
    return f;

fail:
    feed_url_destroy(f);
    return NULL;
}

void feed_url_wake(struct feed_url *source)
{
    http_wake(source->http);
}

void feed_url_destroy(struct feed_url *source)
{
    if (!source)
        return;
    coming_drop(&source->coming);
    store_check_end(source->check);
    feed_poll_destroy(source->poll);
    http_destroy(source->http);
    manifest_destroy(source->previous);
    manifest_destroy(source->current);
    store_close(source->store);
    free(source->url);
    free(source);
}
