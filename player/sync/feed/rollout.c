#include "sync/feed/rollout.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "sync/feed/rollout_internal.h"
#include "sync/feed/rollout_stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "rollout"

/* Once all files were read since the start they are read again and again, this slowly: some 6 GB a
 * day. */
#define SCRUB_MS_DEFAULT 60000

static void pending_finish(struct rollout_pending *pending)
{
    feed_media_destroy(pending->media);
    manifest_destroy(pending->needs);
    playlist_destroy(pending->playlist);
    free(pending->body_memory);
    *pending = (struct rollout_pending){0};
}

struct rollout *rollout_create(const struct rollout_config *config)
{
    struct rollout *rollout = calloc(1, sizeof *rollout);
    if (rollout)
        *rollout = (struct rollout){.config = *config,
                                    .garbage = true,
                                    .screen = feed_screen_unpack(atomic_load(config->screen))};
    if (rollout && !config->scrub_ms)
        rollout->config.scrub_ms = SCRUB_MS_DEFAULT;
    return rollout;
}

void rollout_destroy(struct rollout *rollout)
{
    if (!rollout)
        return;
    pending_finish(&rollout->pending);
    pending_finish(&rollout->repair);
    store_check_end(rollout->check);
    rollout_release_integrity(rollout->integrity);
    manifest_destroy(rollout->previous);
    manifest_destroy(rollout->current);
    free(rollout->body_memory);
    free(rollout);
}

bool rollout_is_new_trouble(struct rollout *rollout, const char *trouble)
{
    bool is_new = strncmp(rollout->logged, trouble, sizeof rollout->logged - 1) != 0;
    snprintf(rollout->logged, sizeof rollout->logged, "%s", trouble);
    return is_new;
}

/* Copies the texts and bytes of a body into one piece of memory, which the caller frees. NULL when
 * out of memory. */
static char *copy_body(struct rollout_body *body)
{
    const char **const texts[] = {&body->etag, &body->last_modified, &body->pointer};
    const size_t count = sizeof texts / sizeof *texts;
    size_t bytes = body->size;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(*texts[i]) + 1;
    char *memory = malloc(bytes);
    if (!memory)
        return NULL;
    char *at = memory;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(at, *texts[i], length);
        at += length;
    }
    body->bytes = memcpy(at, body->bytes, body->size);
    return memory;
}

/* Copies what the current manifest and these bytes say. Without memory for it the disk is read when
 * it is needed. */
static void remember_body(struct rollout *rollout, const char *bytes, size_t size)
{
    const struct manifest *current = rollout->current;
    rollout->body = (struct rollout_body){
        .bytes = bytes,
        .size = size,
        .etag = current->etag,
        .last_modified = current->last_modified,
        .pointer = current->pointer,
    };
    memcpy(rollout->body.sha256, current->playlist_sha256, HASH_BYTES);
    rollout->body_memory = copy_body(&rollout->body);
}

static bool is_left_out(const struct rollout *rollout, const struct manifest *manifest)
{
    return left_out_has(rollout->config.left_out, manifest->playlist_sha256, clock_boot_ms());
}

/* What the store has, or where that is left out what was before it. */
static struct manifest *load_stored_manifest(struct rollout *rollout, struct err *err)
{
    const struct store *store = rollout->config.store;
    struct manifest *stored = rollout_stored_manifest(store, rollout->config.name, err);
    if (!stored || !is_left_out(rollout, stored))
        return stored;
    struct manifest *previous = rollout_stored_previous(store, rollout->config.name, NULL);
    rollout->fell_back = previous && !is_left_out(rollout, previous);
    if (rollout->fell_back)
        log_warn("going back to the previous playlist source=\"%s\" "
                 "reason=\"the last one crashed the player again and again\"",
                 rollout->config.shown);
    else
        err_set(err, ERR_SYSTEM, "it crashed the player again and again");
    manifest_destroy(rollout->fell_back ? stored : previous);
    if (rollout->fell_back)
        return previous;
    manifest_destroy(stored);
    return NULL;
}

bool rollout_fell_back(const struct rollout *rollout)
{
    return rollout->fell_back;
}

struct playlist *rollout_load_stored(struct rollout *rollout, char **bytes, size_t *size,
                                     struct err *err)
{
    rollout->current = load_stored_manifest(rollout, err);
    struct playlist *playlist =
        rollout->current
            ? rollout_stored_playlist(rollout->config.store, rollout->current, bytes, size, err)
            : NULL;
    if (playlist)
        remember_body(rollout, *bytes, *size);
    return playlist;
}

static void log_playlist_ready(const struct rollout *rollout, const struct edition *edition,
                               const char *from)
{
    const struct playlist *playlist = edition->playlist;
    log_info("playlist ready kind=%s from=%s name=\"%s\" spots=%zu files=%zu version=%lld "
             "source=\"%s\"",
             rollout->config.takeover ? "takeover" : "playlist", from, playlist->name,
             playlist->spot_count, playlist->asset_count, (long long)playlist->version,
             rollout->config.shown);
}

static void log_nothing_stored(const struct rollout *rollout)
{
    log_warn("stored playlist not used source=\"%s\" reason=\"all its media files are missing\"",
             rollout->config.shown);
}

/* Older copies of files about which the server could not be asked. */
static size_t count_unconfirmed(const struct manifest *manifest)
{
    size_t count = 0;
    for (size_t i = 0; i < manifest->file_count; i++)
        count += manifest->files[i].unconfirmed && !manifest->files[i].spare;
    return count;
}

struct edition *rollout_resume(struct rollout *rollout, struct playlist *playlist)
{
    const struct manifest *current = rollout->current;
    if (rollout->config.partial && !rollout->config.any_bytes)
        rollout_stored_forget_wrong(rollout->config.store, rollout->current, playlist);
    size_t missing = rollout_stored_missing(rollout->config.store, current);
    struct edition *edition = NULL;
    struct integrity *integrity = NULL;
    if (missing && !rollout_stored_any(rollout->config.store, current) &&
        !rollout->config.partial) {
        log_nothing_stored(rollout);
        playlist_destroy(playlist);
        return NULL;
    }
    integrity = rollout_create_integrity(rollout, current);
    if (integrity)
        edition = rollout_create_edition(rollout, current, playlist, integrity);
    else
        playlist_destroy(playlist);
    if (!edition) {
        log_warn("stored playlist not used source=\"%s\" reason=\"its manifest does not match it, "
                 "or there is no memory\"",
                 rollout->config.shown);
        rollout_release_integrity(integrity);
        return NULL;
    }
    if (missing && !edition_can_show(edition)) {
        log_nothing_stored(rollout);
        edition_destroy(edition);
        rollout_release_integrity(integrity);
        return NULL;
    }
    if (missing)
        log_warn("stored media files missing or incomplete, fetching them again files=%zu "
                 "source=\"%s\"",
                 missing, rollout->config.shown);
    log_playlist_ready(rollout, edition, "store");
    rollout->integrity = integrity;
    rollout->damaged = rollout->repair_due = missing || count_unconfirmed(current);
    rollout->in_force = true;
    return edition;
}

const struct manifest *rollout_manifest(const struct rollout *rollout)
{
    return rollout->current;
}

bool rollout_is_in_force(const struct rollout *rollout)
{
    return rollout->in_force;
}

bool rollout_is_complete(const struct rollout *rollout)
{
    return rollout->in_force && !rollout->damaged;
}

const char *rollout_bytes(const struct rollout *rollout, size_t *size)
{
    const struct rollout_pending *pending = &rollout->pending;
    const struct rollout_body *body = pending->playlist ? &pending->body : &rollout->body;
    *size = body->size;
    return pending->playlist || rollout->body_memory ? body->bytes : NULL;
}

bool rollout_is_pending(const struct rollout *rollout)
{
    return rollout->pending.playlist != NULL;
}

void rollout_cancel_pending(struct rollout *rollout)
{
    rollout->garbage |= rollout->pending.playlist != NULL;
    pending_finish(&rollout->pending);
}

/* Puts a playlist into `pending`, in place of what is there; takes the playlist. */
static MUST_CHECK bool begin_pending(struct rollout *rollout, struct rollout_pending *pending,
                                     struct playlist *playlist, const struct rollout_body *body,
                                     struct err *err)
{
    struct rollout_pending next = {.playlist = playlist, .body = *body};
    const struct feed_media_config config = {
        .repairs = pending == &rollout->repair,
        .fetch = rollout->config.fetch,
        .store = rollout->config.store,
        .bases = rollout->config.bases,
        .base_count = rollout->config.base_count,
        .from = rollout->config.from,
        .trusted_only = rollout->config.trusted_only,
        .playlist = playlist,
        .screen = rollout->screen,
        .any_bytes = rollout->config.any_bytes,
        .policy = rollout->config.retry,
        .stop = rollout->config.stop,
        .keep = rollout->keep,
        .keep_count = ROLLOUT_KEEP_MAX,
    };
    next.body_memory = copy_body(&next.body);
    if (next.body_memory)
        next.media = feed_media_create(&config, rollout->current, pending->media, err);
    else
        err_oom(err);
    if (!next.media) {
        pending_finish(&next);
        return false;
    }
    next.needs = feed_media_manifest(next.media);
    next.had = feed_media_done(next.media);
    rollout->garbage |= pending->playlist != NULL;
    pending_finish(pending);
    *pending = next;
    return true;
}

bool rollout_begin(struct rollout *rollout, struct playlist *playlist,
                   const struct rollout_body *body, struct err *err)
{
    if (left_out_check(rollout->config.left_out, body->sha256, clock_boot_ms(), err))
        return begin_pending(rollout, &rollout->pending, playlist, body, err);
    playlist_destroy(playlist);
    return false;
}

void rollout_set_peer(struct rollout *rollout, const struct rollout *peer)
{
    rollout->peer = peer;
}

void rollout_hold(struct rollout *rollout, bool hold)
{
    rollout->held = hold;
    if (rollout->pending.playlist)
        feed_media_hold(rollout->pending.media, hold);
    if (rollout->repair.playlist)
        feed_media_hold(rollout->repair.media, hold);
}

bool rollout_is_moving(const struct rollout *rollout)
{
    return (rollout->pending.playlist && feed_media_is_moving(rollout->pending.media)) ||
           (rollout->repair.playlist && feed_media_is_moving(rollout->repair.media));
}

/* Whether it is worth it to do without the files that can't be had now: a repair has brought one,
 * a new playlist has something to show. */
static bool is_worth_it(const struct rollout *rollout, const struct rollout_pending *pending)
{
    const struct feed_media *media = pending->media;
    if (!rollout->config.partial || !feed_media_is_settled(media))
        return false;
    return pending == &rollout->repair ? feed_media_done(media) > pending->had
                                       : feed_media_can_show(media);
}

static bool step_pending(const struct rollout *rollout, struct rollout_pending *pending,
                         int64_t now_ns)
{
    if (!pending->playlist)
        return false;
    bool all = feed_media_step(pending->media, now_ns);
    if (now_ns < pending->due_ns || !(all || is_worth_it(rollout, pending)))
        return false;
    return feed_media_confirm(pending->media) || is_worth_it(rollout, pending);
}

bool rollout_step(struct rollout *rollout, int64_t now_ns)
{
    const struct rollout *peer = rollout->peer;
    rollout->keep[0] = rollout->previous;
    rollout->keep[1] = rollout->pending.needs;
    rollout->keep[2] = rollout->repair.needs;
    rollout->keep[3] = peer ? peer->previous : NULL;
    rollout->keep[4] = peer ? peer->pending.needs : NULL;
    rollout->keep[5] = peer ? peer->repair.needs : NULL;
    rollout->ready = NULL;
    rollout_follow_screen(rollout);
    rollout_hold(rollout, rollout->held); /* what was begun since, too */
    if (step_pending(rollout, &rollout->repair, now_ns))
        rollout->ready = &rollout->repair;
    if (step_pending(rollout, &rollout->pending,
                     now_ns)) /* what is new makes the repair needless */
        rollout->ready = &rollout->pending;
    return rollout->ready != NULL;
}

/* Writes the manifest of what is pending: from now on the store holds that for this rollout. NULL
 * on failure. */
static struct manifest *write_manifest(const struct rollout *rollout,
                                       const struct rollout_pending *pending, struct err *err)
{
    const struct rollout_body *body = &pending->body;
    const struct manifest *before = rollout->current;
    struct manifest *manifest = feed_media_manifest(pending->media);
    bool is_new = before && memcmp(before->playlist_sha256, body->sha256, HASH_BYTES) != 0;
    if (is_new && !rollout->config.takeover) /* first, so that there is always one of the two */
        rollout_stored_keep_previous(rollout->config.store, rollout->config.name, before);
    if (manifest) {
        manifest->url = manifest_copy(manifest, rollout->config.shown);
        manifest->etag = manifest_copy(manifest, body->etag);
        manifest->last_modified = manifest_copy(manifest, body->last_modified);
        manifest->pointer = manifest_copy(manifest, body->pointer);
    }
    if (!manifest || !manifest->url || !manifest->etag || !manifest->last_modified ||
        !manifest->pointer)
        err_oom(err);
    else if (rollout_stored_write(rollout->config.store, rollout->config.name, manifest,
                                  body->bytes, body->size, err))
        return manifest;
    manifest_destroy(manifest);
    return NULL;
}

/* The store holds what was pending now; takes all of it but the playlist, which the edition has. */
static void put_in_force(struct rollout *rollout, struct rollout_pending *pending,
                         struct manifest *manifest, struct integrity *integrity)
{
    free(rollout->body_memory);
    rollout->body_memory = pending->body_memory;
    rollout->body = pending->body;
    pending->body_memory = NULL;
    pending->playlist = NULL;
    pending_finish(pending);
    pending_finish(&rollout->repair);
    store_check_end(rollout->check);
    rollout->check = NULL;
    rollout->scrub_at = 0;
    rollout->check_due_ns = 0;
    manifest_destroy(rollout->previous);
    rollout->previous = rollout->current;
    rollout->current = manifest;
    rollout_release_integrity(rollout->integrity);
    rollout->integrity = integrity;
    rollout->in_force = rollout->garbage = true;
    rollout->fell_back = false;
    rollout->damaged = rollout->repair_due = false;
    rollout->logged[0] = '\0';
}

/* Goes on fetching the files that what is in force now has to do without, and asking about those
 * that may be outdated. */
static void go_on_fetching(struct rollout *rollout, const struct feed_media *before, bool is_new)
{
    size_t missing = rollout_stored_missing(rollout->config.store, rollout->current);
    size_t older = count_unconfirmed(rollout->current);
    if (!missing && !older)
        return;
    if (is_new && older)
        log_warn("media files cannot be checked, playing older copies files=%zu source=\"%s\"",
                 older, rollout->config.shown);
    if (is_new && missing)
        log_warn("media files cannot be had, playing on without them files=%zu source=\"%s\"",
                 missing, rollout->config.shown);
    rollout->damaged = true;
    rollout_repair(rollout);
    if (rollout->repair.playlist)
        feed_media_take_tries(rollout->repair.media, before);
    else /* no memory for it now */
        rollout->repair_due = true;
}

struct edition *rollout_switch(struct rollout *rollout, int64_t now_ns)
{
    struct rollout_pending *pending = rollout->ready;
    struct err err = {0};
    rollout->ready = NULL;
    struct manifest *manifest = write_manifest(rollout, pending, &err);
    rollout_touch_current(rollout);
    struct integrity *integrity = manifest ? rollout_create_integrity(rollout, manifest) : NULL;
    if (manifest && !integrity)
        err_oom(&err);
    if (!manifest || !integrity) {
        manifest_destroy(manifest);
        if (rollout_is_new_trouble(rollout, err.text))
            log_warn("cannot store playlist, retrying source=\"%s\" reason=\"%s\"",
                     rollout->config.shown, err.text);
        pending->failures++;
        pending->due_ns =
            retry_due_ns(&rollout->config.retry, pending->failures, random_u32(), now_ns);
        return NULL;
    }
    struct edition *edition =
        rollout_create_edition(rollout, manifest, pending->playlist, integrity);
    struct feed_media *media = pending->media;
    bool is_new = pending == &rollout->pending;
    pending->media = NULL;
    put_in_force(rollout, pending, manifest, integrity);
    if (rollout->config.partial)
        go_on_fetching(rollout, media, is_new);
    feed_media_destroy(media);
    if (edition)
        log_playlist_ready(rollout, edition, "network");
    else
        log_error("cannot activate stored playlist source=\"%s\" reason=\"out of memory\"",
                  rollout->config.shown);
    return edition;
}

struct playlist *rollout_read_current(const struct rollout *rollout, struct err *err)
{
    if (!rollout->body_memory) {
        char *bytes = NULL;
        size_t size;
        struct playlist *read =
            rollout_stored_playlist(rollout->config.store, rollout->current, &bytes, &size, err);
        free(bytes);
        return read;
    }
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct playlist *playlist =
        faults ? playlist_parse(rollout->body.bytes, rollout->body.size, faults) : NULL;
    if (!playlist)
        err_oom(err);
    else if (!edition_check_zone(playlist, faults, err)) {
        playlist_destroy(playlist);
        playlist = NULL;
    }
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
    return playlist;
}

struct edition *rollout_make_edition(struct rollout *rollout, struct err *err)
{
    if (!rollout->in_force) {
        err_set(err, ERR_MISSING, "no playlist is in force");
        return NULL;
    }
    struct playlist *playlist = rollout_read_current(rollout, err);
    if (!playlist)
        return NULL;
    struct edition *edition =
        rollout_create_edition(rollout, rollout->current, playlist, rollout->integrity);
    if (!edition)
        err_oom(err);
    return edition;
}

void rollout_withdraw(struct rollout *rollout)
{
    if (!rollout->current)
        return;
    pending_finish(&rollout->repair);
    free(rollout->body_memory);
    rollout->body_memory = NULL;
    rollout_touch_current(rollout);
    rollout_stored_remove(rollout->config.store, rollout->config.name);
    store_check_end(rollout->check);
    rollout->check = NULL;
    rollout_release_integrity(rollout->integrity);
    rollout->integrity = NULL;
    manifest_destroy(rollout->previous);
    rollout->previous = rollout->current;
    rollout->current = NULL;
    rollout->in_force = rollout->damaged = rollout->repair_due = false;
    rollout->garbage = true;
}

void rollout_repair(struct rollout *rollout)
{
    struct err err = {0};
    if (rollout->repair.playlist) /* it looks for what is missing by itself */
        return;
    struct playlist *playlist = NULL;
    if (rollout->body_memory)
        playlist = rollout_read_current(rollout, &err);
    else
        err_oom(&err);
    if (playlist && begin_pending(rollout, &rollout->repair, playlist, &rollout->body, &err))
        return;
    if (rollout_is_new_trouble(rollout, err.text))
        log_warn("cannot repair stored playlist, retrying source=\"%s\" reason=\"%s\"",
                 rollout->config.shown, err.text);
}

static int64_t pending_due_ns(const struct rollout_pending *pending)
{
    if (!pending->playlist)
        return INT64_MAX;
    int64_t due_ns = feed_media_due_ns(pending->media);
    return pending->failures ? clock_earlier_ns(due_ns, pending->due_ns) : due_ns;
}

int64_t rollout_due_ns(const struct rollout *rollout)
{
    int64_t due_ns =
        clock_earlier_ns(pending_due_ns(&rollout->pending), pending_due_ns(&rollout->repair));
    return rollout->in_force ? clock_earlier_ns(due_ns, rollout->check_due_ns) : due_ns;
}

void rollout_describe_pending(const struct rollout *rollout, char *text, size_t text_bytes)
{
    const struct rollout_pending *pending = &rollout->pending;
    const char *trouble = pending->failures ? rollout->logged : feed_media_trouble(pending->media);
    snprintf(text, text_bytes, "%zu of %zu files%s%s", feed_media_done(pending->media),
             feed_media_needed(pending->media), trouble[0] ? "; " : "", trouble);
}

/* As it is now: media without a hash in the playlist have one once they have arrived. */
static bool renew_needs(struct rollout_pending *pending)
{
    if (!pending->playlist)
        return true;
    manifest_destroy(pending->needs);
    pending->needs = feed_media_manifest(pending->media);
    return pending->needs != NULL;
}

bool rollout_list_needed(struct rollout *rollout, const struct manifest *manifests[], size_t *count)
{
    if (!renew_needs(&rollout->pending) || !renew_needs(&rollout->repair))
        return false;
    const struct manifest *const all[ROLLOUT_MANIFESTS_MAX] = {
        rollout->current, rollout->previous, rollout->pending.needs, rollout->repair.needs};
    for (size_t i = 0; i < ROLLOUT_MANIFESTS_MAX; i++)
        if (all[i])
            manifests[(*count)++] = all[i];
    return true;
}

bool rollout_take_garbage(struct rollout *rollout)
{
    bool had_garbage = rollout->garbage;
    rollout->garbage = false;
    return had_garbage;
}
