#include "sync/feed/rollout.h"

#include "base/feed_retry.h"
#include "base/clock.h"
#include "base/log.h"
#include "sync/feed/rollout_internal.h"
#include "sync/feed/rollout_stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "rollout"

/* Once all was read since the start it is read again and again, this slowly: some 6 GB a day. */
#define SCRUB_MS_DEFAULT 60000

static void coming_drop(struct rollout_coming *coming)
{
    feed_media_destroy(coming->media);
    manifest_destroy(coming->needs);
    playlist_destroy(coming->playlist);
    free(coming->own);
    *coming = (struct rollout_coming){0};
}

struct rollout *rollout_create(const struct rollout_config *config)
{
    struct rollout *track = calloc(1, sizeof *track);
    if (track)
        *track = (struct rollout){.config = *config, .left_overs = true};
    if (track && !config->scrub_ms)
        track->config.scrub_ms = SCRUB_MS_DEFAULT;
    return track;
}

void rollout_destroy(struct rollout *track)
{
    if (!track)
        return;
    coming_drop(&track->coming);
    coming_drop(&track->repair);
    store_check_end(track->check);
    integrity_release(track->marks);
    manifest_destroy(track->previous);
    manifest_destroy(track->current);
    free(track->own);
    free(track);
}

void rollout_tell_trouble(struct rollout *track, const char *what, const char *trouble)
{
    if (strncmp(track->told, trouble, sizeof track->told - 1) != 0)
        log_warn("%s source=%s reason=\"%s\"", what, track->config.shown, trouble);
    snprintf(track->told, sizeof track->told, "%s", trouble);
}

/* Copies the texts and bytes of a body into one piece of memory, which the caller frees. NULL when
 * out of memory. */
static char *copy_body(struct rollout_body *body)
{
    const char **const texts[] = {&body->etag, &body->last_modified, &body->pointer};
    size_t room = body->size;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        room += strlen(*texts[i]) + 1;
    char *own = malloc(room), *at = own;
    for (size_t i = 0; own && i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(at, *texts[i], length);
        at += length;
    }
    if (own)
        body->bytes = memcpy(at, body->bytes, body->size);
    return own;
}

/* Keeps in memory what the current manifest and these bytes say; without memory there is only the
 * disk. */
static void keep_body(struct rollout *track, const char *bytes, size_t size)
{
    const struct manifest *current = track->current;
    track->body = (struct rollout_body){
        .bytes = bytes,
        .size = size,
        .etag = current->etag,
        .last_modified = current->last_modified,
        .pointer = current->pointer,
    };
    memcpy(track->body.sha256, current->playlist_sha256, HASH_BYTES);
    track->own = copy_body(&track->body);
}

struct playlist *rollout_recall(struct rollout *track, char **bytes, size_t *size, struct err *err)
{
    track->current = rollout_stored_manifest(track->config.store, track->config.name, err);
    struct playlist *playlist =
        track->current
            ? rollout_stored_playlist(track->config.store, track->current, bytes, size, err)
            : NULL;
    if (playlist)
        keep_body(track, *bytes, *size);
    return playlist;
}

/* The marks of what comes into force: what has just arrived was hashed on its way, what the edition
 * before used may have been read already. */
static struct marks *make_marks(const struct rollout *track, const struct manifest *manifest)
{
    struct marks *marks = integrity_create(manifest->file_count);
    for (size_t i = 0; marks && i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        bool good = file->fresh;
        for (size_t j = 0; !good && track->marks && j < track->current->file_count; j++)
            good = memcmp(file->sha256, track->current->files[j].sha256, HASH_BYTES) == 0 &&
                   integrity_get(track->marks, j) == INTEGRITY_GOOD;
        if (good)
            integrity_set(marks, i, INTEGRITY_GOOD);
    }
    return marks;
}

static struct edition *make_edition(const struct rollout *track, const struct manifest *manifest,
                                    struct playlist *playlist, struct marks *marks)
{
    struct edition *edition =
        rollout_stored_edition(track->config.store, manifest, playlist, track->config.shown);
    if (!edition)
        return NULL;
    edition->marks = integrity_hold(marks);
    edition->takeover = track->config.takeover;
    return edition;
}

static void log_ready(const struct rollout *track, const struct edition *edition,
                      const char *whence)
{
    const struct playlist *playlist = edition->playlist;
    const char *what = track->config.takeover ? "takeover" : "playlist";
    if (playlist->version)
        log_info("%s ready%s name=\"%s\" spots=%zu files=%zu version=%lld source=%s", what, whence,
                 playlist->name, playlist->spot_count, playlist->asset_count,
                 (long long)playlist->version, track->config.shown);
    else
        log_info("%s ready%s name=\"%s\" spots=%zu files=%zu source=%s", what, whence,
                 playlist->name, playlist->spot_count, playlist->asset_count, track->config.shown);
}

struct edition *rollout_resume(struct rollout *track, struct playlist *playlist, const char *whence)
{
    size_t missing = rollout_stored_missing(track->config.store, track->current);
    struct marks *marks = make_marks(track, track->current);
    if (!marks || (missing && missing == track->current->file_count)) {
        log_warn(marks ? "the stored playlist has no media left"
                       : "the stored playlist can't be used reason=\"out of memory\"");
        integrity_release(marks);
        playlist_destroy(playlist);
        return NULL;
    }
    struct edition *edition = make_edition(track, track->current, playlist, marks);
    if (!edition) {
        integrity_release(marks);
        return NULL;
    }
    if (missing)
        log_warn("stored media are missing or cut and are fetched again files=%zu", missing);
    log_ready(track, edition, whence);
    track->marks = marks;
    track->damaged = track->repair_due = missing > 0;
    track->in_force = true;
    return edition;
}

const struct manifest *rollout_manifest(const struct rollout *track)
{
    return track->current;
}

bool rollout_is_in_force(const struct rollout *track)
{
    return track->in_force;
}

bool rollout_is_whole(const struct rollout *track)
{
    return track->in_force && !track->damaged;
}

bool rollout_is_coming(const struct rollout *track)
{
    return track->coming.playlist != NULL;
}

void rollout_drop_coming(struct rollout *track)
{
    track->left_overs |= track->coming.playlist != NULL;
    coming_drop(&track->coming);
}

/* Puts a playlist into `coming`, in place of what is there; takes the playlist. */
static bool bring(struct rollout *track, struct rollout_coming *coming, struct playlist *playlist,
                  const struct rollout_body *body, struct err *err)
{
    struct rollout_coming next = {.playlist = playlist, .body = *body};
    const struct feed_media_config config = {
        .fetch = track->config.fetch,
        .store = track->config.store,
        .bases = track->config.bases,
        .base_count = track->config.base_count,
        .trusted_only = track->config.trusted_only,
        .playlist = playlist,
        .policy = track->config.retry,
        .stop = track->config.stop,
        .keep = track->keep,
        .keep_count = ROLLOUT_KEEP_MAX,
    };
    next.own = copy_body(&next.body);
    if (next.own)
        next.media = feed_media_create(&config, track->current, coming->media, err);
    else
        err_oom(err);
    if (!next.media) {
        coming_drop(&next);
        return false;
    }
    next.needs = feed_media_manifest(next.media);
    track->left_overs |= coming->playlist != NULL;
    coming_drop(coming);
    *coming = next;
    return true;
}

bool rollout_bring(struct rollout *track, struct playlist *playlist,
                   const struct rollout_body *body, struct err *err)
{
    return bring(track, &track->coming, playlist, body, err);
}

void rollout_set_peer(struct rollout *track, const struct rollout *peer)
{
    track->peer = peer;
}

static bool step_coming(struct rollout_coming *coming, int64_t now_ns)
{
    return coming->playlist && feed_media_step(coming->media, now_ns) && now_ns >= coming->due_ns &&
           feed_media_confirm(coming->media);
}

bool rollout_step(struct rollout *track, int64_t now_ns)
{
    const struct rollout *peer = track->peer;
    track->keep[0] = track->previous;
    track->keep[1] = track->coming.needs;
    track->keep[2] = track->repair.needs;
    track->keep[3] = peer ? peer->previous : NULL;
    track->keep[4] = peer ? peer->coming.needs : NULL;
    track->keep[5] = peer ? peer->repair.needs : NULL;
    track->ready = NULL;
    if (step_coming(&track->repair, now_ns))
        track->ready = &track->repair;
    if (step_coming(&track->coming, now_ns)) /* what is new makes the repair needless */
        track->ready = &track->coming;
    return track->ready != NULL;
}

/* Writes what is coming as what the store holds for this track. NULL on failure. */
static struct manifest *write_manifest(const struct rollout *track,
                                       const struct rollout_coming *coming, struct err *err)
{
    const struct rollout_body *body = &coming->body;
    struct manifest *manifest = feed_media_manifest(coming->media);
    if (manifest) {
        manifest->url = manifest_keep(manifest, track->config.shown);
        manifest->etag = manifest_keep(manifest, body->etag);
        manifest->last_modified = manifest_keep(manifest, body->last_modified);
        manifest->pointer = manifest_keep(manifest, body->pointer);
    }
    if (!manifest || !manifest->url || !manifest->etag || !manifest->last_modified ||
        !manifest->pointer)
        err_oom(err);
    else if (rollout_stored_write(track->config.store, track->config.name, manifest, body->bytes,
                                  body->size, err))
        return manifest;
    manifest_destroy(manifest);
    return NULL;
}

/* The store holds what has come now; takes all but its playlist. */
static void put_in_force(struct rollout *track, struct rollout_coming *coming,
                         struct manifest *manifest, struct marks *marks)
{
    free(track->own);
    track->own = coming->own;
    track->body = coming->body;
    coming->own = NULL;
    coming->playlist = NULL;
    coming_drop(coming);
    coming_drop(&track->repair);
    store_check_end(track->check);
    track->check = NULL;
    track->scrub_at = 0;
    track->check_due_ns = 0;
    manifest_destroy(track->previous);
    track->previous = track->current;
    track->current = manifest;
    integrity_release(track->marks);
    track->marks = marks;
    track->in_force = track->left_overs = true;
    track->damaged = track->repair_due = false;
    track->told[0] = '\0';
}

/* Has what a manifest names count as needed until now: the store keeps it for a while. */
static void touch_files(const struct rollout *track, const struct manifest *manifest)
{
    for (size_t i = 0; manifest && i < manifest->file_count; i++)
        store_touch(track->config.store, manifest->files[i].sha256);
}

struct edition *rollout_switch(struct rollout *track, int64_t now_ns)
{
    struct rollout_coming *coming = track->ready;
    struct err err = {0};
    track->ready = NULL;
    struct manifest *manifest = write_manifest(track, coming, &err);
    struct marks *marks = manifest ? make_marks(track, manifest) : NULL;
    if (manifest && !marks)
        err_oom(&err);
    if (!manifest || !marks) {
        manifest_destroy(manifest);
        rollout_tell_trouble(track, "playlist can't be stored", err.text);
        coming->failures++;
        coming->due_ns = feed_retry_ns(&track->config.retry, coming->failures, now_ns);
        return NULL;
    }
    struct edition *edition = make_edition(track, manifest, coming->playlist, marks);
    touch_files(track, track->current);
    put_in_force(track, coming, manifest, marks);
    if (edition)
        log_ready(track, edition, "");
    else
        log_error("playlist is in the store but can't be handed over reason=\"out of memory\"");
    return edition;
}

/* The playlist in force, which the caller owns. */
static struct playlist *read_current(const struct rollout *track, struct err *err)
{
    if (!track->own) {
        char *bytes = NULL;
        size_t size;
        struct playlist *read =
            rollout_stored_playlist(track->config.store, track->current, &bytes, &size, err);
        free(bytes);
        return read;
    }
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct playlist *playlist =
        faults ? playlist_parse(track->body.bytes, track->body.size, faults) : NULL;
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

struct edition *rollout_edition(struct rollout *track, struct err *err)
{
    if (!track->in_force) {
        err_set(err, ERR_MISSING, "nothing is in force");
        return NULL;
    }
    struct playlist *playlist = read_current(track, err);
    if (!playlist)
        return NULL;
    struct edition *edition = make_edition(track, track->current, playlist, track->marks);
    if (!edition)
        err_oom(err);
    return edition;
}

void rollout_end(struct rollout *track)
{
    if (!track->current)
        return;
    coming_drop(&track->repair);
    free(track->own);
    track->own = NULL;
    touch_files(track, track->current);
    rollout_stored_remove(track->config.store, track->config.name);
    store_check_end(track->check);
    track->check = NULL;
    integrity_release(track->marks);
    track->marks = NULL;
    manifest_destroy(track->previous);
    track->previous = track->current;
    track->current = NULL;
    track->in_force = track->damaged = track->repair_due = false;
    track->left_overs = true;
}

void rollout_repair(struct rollout *track)
{
    struct err err = {0};
    if (track->repair.playlist) /* it looks for itself */
        return;
    struct playlist *playlist = NULL;
    if (track->own)
        playlist = read_current(track, &err);
    else
        err_oom(&err);
    if (!playlist || !bring(track, &track->repair, playlist, &track->body, &err))
        rollout_tell_trouble(track, "stored playlist can't be repaired", err.text);
}

static int64_t coming_due_ns(const struct rollout_coming *coming)
{
    if (!coming->playlist)
        return INT64_MAX;
    int64_t due_ns = feed_media_due_ns(coming->media);
    return coming->failures ? clock_earlier_ns(due_ns, coming->due_ns) : due_ns;
}

int64_t rollout_due_ns(const struct rollout *track)
{
    int64_t due_ns = clock_earlier_ns(coming_due_ns(&track->coming), coming_due_ns(&track->repair));
    return track->in_force ? clock_earlier_ns(due_ns, track->check_due_ns) : due_ns;
}

void rollout_describe_coming(const struct rollout *track, char *text, size_t text_bytes)
{
    const struct rollout_coming *coming = &track->coming;
    const char *trouble = coming->failures ? track->told : feed_media_trouble(coming->media);
    snprintf(text, text_bytes, "%zu of %zu files%s%s", feed_media_done(coming->media),
             coming->playlist->asset_count, trouble[0] ? "; " : "", trouble);
}

/* As it is now: media without a hash in the playlist have one once they have arrived. */
static bool renew_needs(struct rollout_coming *coming)
{
    if (!coming->playlist)
        return true;
    manifest_destroy(coming->needs);
    coming->needs = feed_media_manifest(coming->media);
    return coming->needs != NULL;
}

bool rollout_needs(struct rollout *track, const struct manifest *manifests[], size_t *count)
{
    if (!renew_needs(&track->coming) || !renew_needs(&track->repair))
        return false;
    const struct manifest *const all[ROLLOUT_MANIFESTS_MAX] = {
        track->current, track->previous, track->coming.needs, track->repair.needs};
    for (size_t i = 0; i < ROLLOUT_MANIFESTS_MAX; i++)
        if (all[i])
            manifests[(*count)++] = all[i];
    return true;
}

bool rollout_has_left_overs(struct rollout *track)
{
    bool had = track->left_overs;
    track->left_overs = false;
    return had;
}
