/* The edition of a signed pointer that the store has from the last run, verified again. */
#include "sync/feed/feed_pointer_internal.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_pointer_stored"

/* The disk is not trusted: what the store has must be signed by a key that is pinned now, and must
 * not be older than what was in force once. */
static MUST_CHECK bool check_stored_pointer(const struct feed_pointer *follower,
                                            const struct pointer *pointer, struct err *err)
{
    const struct feed_pointer_config *config = &follower->config;
    int64_t before = state_get(config->state)->in_force[config->kind];
    if (pointer->kind != config->kind || strcmp(pointer->channel, config->channel) != 0)
        return err_set(err, ERR_TRUST, "it is signed for another channel or kind");
    if (pointer->version < before && !rollout_fell_back(config->rollout))
        return err_set(err, ERR_TRUST,
                       "rollback: version %" PRId64 " is older than %" PRId64
                       ", which was in force",
                       pointer->version, before);
    return true;
}

static MUST_CHECK bool check_stored_files(const struct manifest *manifest,
                                          const struct playlist *playlist, struct err *err)
{
    for (size_t i = 0; i < playlist->asset_count; i++)
        if (i >= manifest->file_count ||
            memcmp(playlist->assets[i].sha256, manifest->files[i].sha256, HASH_BYTES) != 0)
            return err_set(err, ERR_TRUST, "its manifest does not list the playlist's files");
    return true;
}

static MUST_CHECK bool verify_stored_pointer(const struct feed_pointer *follower,
                                             const char *pointer, size_t length,
                                             struct feed_pointer_signed *opened, struct err *err)
{
    if (length > POINTER_BYTES_MAX)
        return err_set(err, ERR_INPUT, "its pointer is damaged");
    return feed_pointer_verify(follower, pointer, length, opened, err);
}

/* Verifies a playlist from the store. On success its pointer is the one in force. */
static MUST_CHECK bool check_stored_playlist(struct feed_pointer *follower,
                                             const struct playlist *playlist, const char *bytes,
                                             size_t size, struct err *err)
{
    const struct manifest *manifest = rollout_manifest(follower->config.rollout);
    struct feed_pointer_signed *opened = calloc(1, sizeof *opened);
    if (!opened)
        return err_oom(err);
    size_t length = strlen(manifest->pointer);
    bool ok = verify_stored_pointer(follower, manifest->pointer, length, opened, err) &&
              trust_check(follower->config.trust, &opened->seal, bytes, size, err) &&
              check_stored_pointer(follower, &opened->pointer, err) &&
              check_stored_files(manifest, playlist, err);
    if (ok)
        feed_pointer_set_accepted(follower, &follower->in_force, opened, manifest->pointer, length);
    free(opened);
    return ok;
}

/* Takes the stored pointer for what every origin gave last. */
static void set_seen_pointer(struct feed_pointer *follower)
{
    struct feed_poll_body seen = {0};
    const char *text = follower->in_force.text;
    if (!hash_bytes(text, strlen(text), seen.sha256))
        return;
    for (size_t i = 0; i < follower->config.base_count; i++) {
        feed_poll_set_seen(follower->origins[i].poll, &seen);
        follower->origins[i].version = follower->in_force.pointer.version;
        follower->origins[i].end_ms = pointer_end_ms(&follower->in_force.pointer);
    }
}

/* Nothing of the store is in force. A takeover that will not be shown again (ERR_TRUST) is removed
 * from it; one that only could not be read (no descriptors, a failing disk) may be readable at the
 * next start. */
static void drop_stored(struct feed_pointer *follower, enum err_code why)
{
    follower->in_force.present = false;
    if (follower->config.kind == POINTER_TAKEOVER && why == ERR_TRUST)
        rollout_withdraw(follower->config.rollout);
}

struct edition *feed_pointer_load_stored(struct feed_pointer *follower, int64_t now_ns)
{
    struct rollout *rollout = follower->config.rollout;
    struct err err = {0};
    char *bytes = NULL;
    size_t size;
    struct playlist *playlist = rollout_load_stored(rollout, &bytes, &size, &err);
    bool ok = playlist && check_stored_playlist(follower, playlist, bytes, size, &err);
    free(bytes);
    if (!ok) {
        playlist_destroy(playlist);
        if (err.code != ERR_MISSING || rollout_manifest(rollout))
            log_warn("stored playlist not used kind=%s reason=\"%s\"",
                     feed_pointer_kind_name(follower), err.text);
        drop_stored(follower, err.code);
        return NULL;
    }
    if (feed_pointer_is_over(follower, now_ns)) { /* it was called off, or has expired, meanwhile */
        playlist_destroy(playlist);
        drop_stored(follower, ERR_TRUST);
        return NULL;
    }
    struct edition *edition = rollout_resume(rollout, playlist);
    if (!edition) {
        drop_stored(follower, ERR_SYSTEM);
        return NULL;
    }
    feed_pointer_remember(follower, &follower->in_force, true);
    follower->newest = follower->in_force;
    set_seen_pointer(follower);
    return edition;
}
