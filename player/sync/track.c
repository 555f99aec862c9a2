#include "sync/track.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/feed_kept.h"
#include "sync/feed_media.h"
#include "sync/feed_retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between stretches: reading the whole store again must not starve the films. */
#define CHECK_PAUSE_NS 5000000
/* Once all was read since the start it is read again and again, this slowly: some 6 GB a day. */
#define SCRUB_MS_DEFAULT 60000

#define KEEP_MAX 3

/* A playlist on its way to be in force: its media are being fetched. */
struct coming {
    struct playlist *playlist; /* NULL: nothing is coming */
    struct feed_media *media;
    struct track_body body;
    char *own;              /* what the body points into */
    struct manifest *needs; /* what of it must not be evicted; NULL when out of memory */
    unsigned failures;      /* of the switch */
    int64_t due_ns;
};

struct track {
    struct track_config config;
    struct manifest *current;  /* in force, or at least what the store holds; NULL: nothing */
    struct manifest *previous; /* in force before: its files may still be on screen */
    struct marks *marks;       /* of the current's files; NULL unless in force */
    bool in_force;             /* an edition of `current` was made */
    bool damaged;              /* files of it are missing, or are not what they should be */
    bool repair_due;           /* without waiting until all was read */
    bool left_overs;
    struct coming coming;
    struct store_check *check; /* a file of `current` that is being read again */
    size_t check_at;
    size_t scrub_at; /* the next file to be read again once all were */
    int64_t check_due_ns;
    char told[ERR_TEXT_BYTES]; /* trouble that was logged last */
    const struct track *peer;
    const struct manifest *keep[KEEP_MAX]; /* what a full disk must not cost, besides what the store
                                              holds in force; NULL: nothing */
};

static void coming_drop(struct coming *coming)
{
    feed_media_destroy(coming->media);
    manifest_destroy(coming->needs);
    playlist_destroy(coming->playlist);
    free(coming->own);
    *coming = (struct coming){0};
}

struct track *track_create(const struct track_config *config)
{
    struct track *track = calloc(1, sizeof *track);
    if (track)
        *track = (struct track){.config = *config, .left_overs = true};
    if (track && !config->scrub_ms)
        track->config.scrub_ms = SCRUB_MS_DEFAULT;
    return track;
}

void track_destroy(struct track *track)
{
    if (!track)
        return;
    coming_drop(&track->coming);
    store_check_end(track->check);
    marks_release(track->marks);
    manifest_destroy(track->previous);
    manifest_destroy(track->current);
    free(track);
}

/* Logs trouble once, until there is other trouble or none. */
static void tell_trouble(struct track *track, const char *what, const char *trouble)
{
    if (strncmp(track->told, trouble, sizeof track->told - 1) != 0)
        log_warn("feed", "%s source=%s: %s", what, track->config.shown, trouble);
    snprintf(track->told, sizeof track->told, "%s", trouble);
}

struct playlist *track_recall(struct track *track, char **bytes, size_t *size, struct err *err)
{
    track->current = feed_kept_manifest(track->config.store, track->config.name, err);
    return track->current
               ? feed_kept_playlist(track->config.store, track->current, bytes, size, err)
               : NULL;
}

/* The marks of what comes into force: what has just arrived was hashed on its way, what the edition
 * before used may have been read already. */
static struct marks *make_marks(const struct track *track, const struct manifest *manifest)
{
    struct marks *marks = marks_create(manifest->file_count);
    for (size_t i = 0; marks && i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        bool good = file->fresh;
        for (size_t j = 0; !good && track->marks && j < track->current->file_count; j++)
            good = memcmp(file->sha256, track->current->files[j].sha256, HASH_BYTES) == 0 &&
                   marks_get(track->marks, j) == MARKS_GOOD;
        if (good)
            marks_set(marks, i, MARKS_GOOD);
    }
    return marks;
}

static struct edition *make_edition(const struct track *track, const struct manifest *manifest,
                                    struct playlist *playlist, struct marks *marks)
{
    struct edition *edition =
        feed_kept_edition(track->config.store, manifest, playlist, track->config.shown);
    if (!edition)
        return NULL;
    edition->marks = marks_hold(marks);
    edition->takeover = track->config.takeover;
    return edition;
}

static void log_ready(const struct track *track, const struct edition *edition, const char *whence)
{
    const struct playlist *playlist = edition->playlist;
    char version[64] = "";
    if (playlist->version)
        snprintf(version, sizeof version, " version=%lld", (long long)playlist->version);
    log_info("feed", "%s ready%s name=\"%s\" spots=%zu files=%zu%s source=%s",
             track->config.takeover ? "takeover" : "playlist", whence, playlist->name,
             playlist->spot_count, playlist->asset_count, version, track->config.shown);
}

struct edition *track_resume(struct track *track, struct playlist *playlist, const char *whence)
{
    size_t missing = feed_kept_missing(track->config.store, track->current);
    struct marks *marks = make_marks(track, track->current);
    if (!marks || (missing && missing == track->current->file_count)) {
        log_warn("feed", marks ? "the stored playlist has no media left"
                               : "the stored playlist can't be used: out of memory");
        marks_release(marks);
        playlist_destroy(playlist);
        return NULL;
    }
    struct edition *edition = make_edition(track, track->current, playlist, marks);
    if (!edition) {
        marks_release(marks);
        return NULL;
    }
    if (missing)
        log_warn("feed", "stored media are missing or cut and are fetched again files=%zu",
                 missing);
    log_ready(track, edition, whence);
    track->marks = marks;
    track->damaged = track->repair_due = missing > 0;
    track->in_force = true;
    return edition;
}

const struct manifest *track_manifest(const struct track *track)
{
    return track->current;
}

bool track_is_in_force(const struct track *track)
{
    return track->in_force;
}

bool track_is_whole(const struct track *track)
{
    return track->in_force && !track->damaged;
}

bool track_is_coming(const struct track *track)
{
    return track->coming.playlist != NULL;
}

void track_drop_coming(struct track *track)
{
    coming_drop(&track->coming);
}

/* Copies the texts and bytes of a body into one piece of memory, which the caller frees. NULL when
 * out of memory. */
static char *copy_body(struct track_body *body)
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

bool track_bring(struct track *track, struct playlist *playlist, const struct track_body *body,
                 struct err *err)
{
    struct coming next = {.playlist = playlist, .body = *body};
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
        .keep_count = KEEP_MAX,
    };
    next.own = copy_body(&next.body);
    if (next.own)
        next.media = feed_media_create(&config, track->current, track->coming.media, err);
    else
        err_set(err, ERR_SYSTEM, "out of memory");
    if (!next.media) {
        coming_drop(&next);
        return false;
    }
    next.needs = feed_media_manifest(next.media);
    coming_drop(&track->coming);
    track->coming = next;
    return true;
}

void track_set_peer(struct track *track, const struct track *peer)
{
    track->peer = peer;
}

bool track_step(struct track *track, int64_t now_ns)
{
    struct coming *coming = &track->coming;
    track->keep[0] = track->previous;
    track->keep[1] = track->peer ? track->peer->previous : NULL;
    track->keep[2] = track->peer ? track->peer->coming.needs : NULL;
    return coming->playlist && feed_media_step(coming->media, now_ns) && now_ns >= coming->due_ns &&
           feed_media_confirm(coming->media);
}

/* Writes what is coming as what the store holds for this track. NULL on failure. */
static struct manifest *write_manifest(struct track *track, struct err *err)
{
    const struct track_body *body = &track->coming.body;
    struct manifest *manifest = feed_media_manifest(track->coming.media);
    if (manifest) {
        manifest->url = manifest_keep(manifest, track->config.shown);
        manifest->etag = manifest_keep(manifest, body->etag);
        manifest->last_modified = manifest_keep(manifest, body->last_modified);
        manifest->pointer = manifest_keep(manifest, body->pointer);
    }
    if (!manifest || !manifest->url || !manifest->etag || !manifest->last_modified ||
        !manifest->pointer)
        err_set(err, ERR_SYSTEM, "out of memory");
    else if (feed_kept_write(track->config.store, track->config.name, manifest, body->bytes,
                             body->size, err))
        return manifest;
    manifest_destroy(manifest);
    return NULL;
}

/* The store holds another edition now; takes both. */
static void put_in_force(struct track *track, struct manifest *manifest, struct marks *marks)
{
    store_check_end(track->check);
    track->check = NULL;
    track->scrub_at = 0;
    track->check_due_ns = 0;
    manifest_destroy(track->previous);
    track->previous = track->current;
    track->current = manifest;
    marks_release(track->marks);
    track->marks = marks;
    track->in_force = track->left_overs = true;
    track->damaged = track->repair_due = false;
    track->told[0] = '\0';
}

/* Has what a manifest names count as needed until now: the store keeps it for a while. */
static void touch_files(const struct track *track, const struct manifest *manifest)
{
    for (size_t i = 0; manifest && i < manifest->file_count; i++)
        store_touch(track->config.store, manifest->files[i].sha256);
}

struct edition *track_switch(struct track *track, int64_t now_ns)
{
    struct coming *coming = &track->coming;
    struct err err = {0};
    struct manifest *manifest = write_manifest(track, &err);
    struct marks *marks = manifest ? make_marks(track, manifest) : NULL;
    if (!manifest || !marks) {
        manifest_destroy(manifest);
        tell_trouble(track, "playlist can't be stored", err.code ? err.text : "out of memory");
        coming->failures++;
        coming->due_ns = feed_retry_ns(&track->config.retry, coming->failures, now_ns);
        return NULL;
    }
    struct edition *edition = make_edition(track, manifest, coming->playlist, marks);
    coming->playlist = NULL;
    coming_drop(coming);
    touch_files(track, track->current);
    put_in_force(track, manifest, marks);
    if (edition)
        log_ready(track, edition, "");
    else
        log_error("feed", "playlist is in the store but can't be handed over: out of memory");
    return edition;
}

struct edition *track_edition(struct track *track, struct err *err)
{
    char *bytes = NULL;
    size_t size;
    if (!track->in_force) {
        err_set(err, ERR_MISSING, "nothing is in force");
        return NULL;
    }
    struct playlist *playlist =
        feed_kept_playlist(track->config.store, track->current, &bytes, &size, err);
    free(bytes);
    if (!playlist)
        return NULL;
    struct edition *edition = make_edition(track, track->current, playlist, track->marks);
    if (!edition)
        err_set(err, ERR_SYSTEM, "out of memory");
    return edition;
}

void track_end(struct track *track)
{
    touch_files(track, track->current);
    feed_kept_remove(track->config.store, track->config.name);
    store_check_end(track->check);
    track->check = NULL;
    marks_release(track->marks);
    track->marks = NULL;
    manifest_destroy(track->previous);
    track->previous = track->current;
    track->current = NULL;
    track->in_force = track->damaged = track->repair_due = false;
    track->left_overs = true;
}

/* Fetches again what is missing from the edition in force, and nothing else. */
static void repair(struct track *track)
{
    struct err err = {0};
    if (track->coming.playlist) /* whatever is coming looks for itself */
        return;
    const struct manifest *current = track->current;
    char *bytes = NULL;
    struct track_body body = {
        .etag = current->etag,
        .last_modified = current->last_modified,
        .pointer = current->pointer,
    };
    struct playlist *playlist =
        feed_kept_playlist(track->config.store, current, &bytes, &body.size, &err);
    memcpy(body.sha256, current->playlist_sha256, HASH_BYTES);
    body.bytes = bytes;
    if (!playlist || !track_bring(track, playlist, &body, &err))
        tell_trouble(track, "stored playlist can't be repaired", err.text);
    free(bytes);
}

static int64_t scrub_ns(const struct track *track)
{
    return track->config.scrub_ms * 1000000;
}

static void end_check(struct track *track, bool good)
{
    const struct manifest_file *file = &track->current->files[track->check_at];
    store_check_end(track->check);
    track->check = NULL;
    if (!good && marks_get(track->marks, track->check_at) != MARKS_DAMAGED) {
        log_warn("feed", "a stored file is damaged or gone and is fetched again path=\"%s\"",
                 file->path);
        store_remove(track->config.store, file->sha256);
        track->damaged = true;
    }
    marks_set(track->marks, track->check_at, good ? MARKS_GOOD : MARKS_DAMAGED);
}

/* Begins to read the next file that is due; false: none is. */
static bool begin_check(struct track *track, int64_t now_ns)
{
    size_t at;
    bool wanted, unchecked = marks_next(track->marks, &at, &wanted);
    if (wanted && at != track->check_at) { /* somebody waits for this one */
        store_check_end(track->check);
        track->check = NULL;
    }
    if (track->check)
        return wanted || now_ns >= track->check_due_ns;
    if (now_ns < track->check_due_ns && !wanted)
        return false;
    if (track->damaged && (!unchecked || track->repair_due)) {
        track->repair_due = false;
        repair(track);
    }
    if (!unchecked) {
        at = track->scrub_at % track->current->file_count;
        track->scrub_at = at + 1;
    }
    track->check_at = at;
    track->check_due_ns = now_ns + (unchecked ? CHECK_PAUSE_NS : scrub_ns(track));
    track->check =
        store_check_begin(track->config.store, track->current->files[at].sha256, !unchecked);
    return track->check != NULL; /* else it is tried again when due */
}

bool track_check(struct track *track, int64_t now_ns)
{
    if (!track->in_force || !track->current->file_count || !begin_check(track, now_ns))
        return false;
    bool first = marks_get(track->marks, track->check_at) == MARKS_UNCHECKED;
    track->check_due_ns = now_ns + (first ? CHECK_PAUSE_NS : scrub_ns(track));
    enum store_check_state state = store_check_step(track->check);
    if (state == STORE_CHECK_GOES_ON)
        return false;
    end_check(track, state == STORE_CHECK_GOOD);
    return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t track_due_ns(const struct track *track)
{
    const struct coming *coming = &track->coming;
    int64_t due_ns = INT64_MAX;
    if (track->in_force && track->current->file_count)
        due_ns = track->check_due_ns;
    if (coming->playlist)
        due_ns = earlier(due_ns, feed_media_due_ns(coming->media));
    if (coming->playlist && coming->failures)
        due_ns = earlier(due_ns, coming->due_ns);
    return due_ns;
}

void track_describe_coming(const struct track *track, char *text, size_t text_bytes)
{
    const struct coming *coming = &track->coming;
    const char *trouble = coming->failures ? track->told : feed_media_trouble(coming->media);
    snprintf(text, text_bytes, "%zu of %zu files%s%s", feed_media_done(coming->media),
             coming->playlist->asset_count, trouble[0] ? "; " : "", trouble);
}

size_t track_needs(const struct track *track, const struct manifest *manifests[])
{
    size_t count = 0;
    if (track->current)
        manifests[count++] = track->current;
    if (track->previous)
        manifests[count++] = track->previous;
    return count;
}

bool track_has_left_overs(struct track *track)
{
    bool had = track->left_overs;
    track->left_overs = false;
    return had;
}
