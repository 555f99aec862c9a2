/* The edition of a signed pointer as the store has it since the last run, verified again. */
#include "sync/feed/feed_pointer_internal.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_pointer_stored"

/* What the store has kept must be signed by a key that is pinned now, and by nobody else: the disk
 * is not trusted either. Nor is it believed when it is older than what was in force once. */
static bool check_pointer(const struct feed_pointer *line, const struct pointer *pointer,
                          struct err *err)
{
    const struct feed_pointer_config *config = &line->config;
    int64_t before = state_get(config->state)->in_force[config->kind];
    if (pointer->kind != config->kind || strcmp(pointer->channel, config->channel) != 0)
        return err_set(err, ERR_TRUST, "wrong channel or kind");
    return pointer->version >= before ||
           err_set(err, ERR_TRUST, "rollback: version=%" PRId64 " was in force=%" PRId64,
                   pointer->version, before);
}

static bool check_kept(struct feed_pointer *line, const struct playlist *playlist,
                       const char *bytes, size_t size, struct err *err)
{
    const struct manifest *manifest = rollout_manifest(line->config.track);
    struct opened *opened = calloc(1, sizeof *opened);
    size_t length = strlen(manifest->pointer);
    bool ok = opened || err_oom(err);
    if (ok && length > POINTER_BYTES_MAX)
        ok = err_set(err, ERR_INPUT, "damaged");
    ok = ok && feed_pointer_open(line, manifest->pointer, length, opened, err) &&
         trust_check(line->config.trust, &opened->seal, bytes, size, err) &&
         check_pointer(line, &opened->pointer, err);
    for (size_t i = 0; ok && i < playlist->asset_count; i++)
        if (i >= manifest->file_count ||
            memcmp(playlist->assets[i].sha256, manifest->files[i].sha256, HASH_BYTES) != 0)
            ok = err_set(err, ERR_TRUST, "its list of files is not the playlist's");
    if (ok)
        feed_pointer_keep(line, &line->in_force, opened, manifest->pointer, length);
    free(opened);
    return ok;
}

/* The pointer as every origin gave it last. */
static void set_seen(struct feed_pointer *line)
{
    struct feed_poll_body seen = {0};
    const char *text = line->in_force.text;
    if (!hash_bytes(text, strlen(text), seen.sha256))
        return;
    for (size_t i = 0; i < line->config.base_count; i++) {
        feed_poll_set_seen(line->origins[i].poll, &seen);
        line->origins[i].version = line->in_force.pointer.version;
        line->origins[i].end_ms = pointer_end_ms(&line->in_force.pointer);
    }
}

/* A takeover that will not be shown again is no use in the store. What could only not be read now
 * (no descriptors, a disk that fails) may be read at the next start. */
static void leave(struct feed_pointer *line, enum err_code why)
{
    line->in_force.given = false;
    if (line->config.kind == POINTER_TAKEOVER && why == ERR_TRUST)
        rollout_end(line->config.track);
}

struct edition *feed_pointer_recall(struct feed_pointer *line, int64_t now_ns)
{
    struct rollout *track = line->config.track;
    struct err err = {0};
    char *bytes = NULL;
    size_t size;
    struct playlist *playlist = rollout_recall(track, &bytes, &size, &err);
    bool ok = playlist && check_kept(line, playlist, bytes, size, &err);
    free(bytes);
    if (!ok) {
        playlist_destroy(playlist);
        if (err.code != ERR_MISSING || rollout_manifest(track))
            log_warn("the stored %s is not used reason=\"%s\"", feed_pointer_kind(line), err.text);
        leave(line, err.code);
        return NULL;
    }
    if (feed_pointer_is_done(line, now_ns)) { /* called off, or over, while nobody looked */
        playlist_destroy(playlist);
        leave(line, ERR_TRUST);
        return NULL;
    }
    struct edition *edition = rollout_resume(track, playlist, " from the store");
    if (!edition) {
        leave(line, ERR_SYSTEM);
        return NULL;
    }
    feed_pointer_remember(line, &line->in_force, true);
    line->newest = line->in_force;
    set_seen(line);
    return edition;
}
