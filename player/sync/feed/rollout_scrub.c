/* Reads stored media again, slowly, and has damaged ones fetched again. */
#include "sync/feed/rollout_internal.h"

#include "base/log.h"

#define LOG_MODULE "rollout_scrub"

/* Between stretches: reading the whole store again must not starve the films. */
#define CHECK_PAUSE_NS 5000000
/* A file that can't be read just now may be read later; one that can't so many times is lost. */
#define UNREADABLE_PAUSE_NS INT64_C(1000000000)
#define UNREADABLE_MAX 10

static int64_t scrub_ns(const struct rollout *track)
{
    return track->config.scrub_ms * 1000000;
}

/* Of the playlist there is always a good copy in memory. */
static void mend_playlist(struct rollout *track)
{
    struct err err = {0};
    uint8_t digest[HASH_BYTES];
    log_warn("the stored playlist is damaged or gone and is written again source=%s",
             track->config.shown);
    store_remove(track->config.store, track->current->playlist_sha256);
    if (track->own &&
        !store_add(track->config.store, track->body.bytes, track->body.size, digest, &err))
        rollout_tell_trouble(track, "playlist can't be stored", err.text);
}

static void end_check(struct rollout *track, enum store_check_state state)
{
    store_check_end(track->check);
    track->check = NULL;
    if (state == STORE_CHECK_UNREADABLE && ++track->unreadable < UNREADABLE_MAX)
        return; /* no reason to throw it away */
    track->unreadable = 0;
    bool good = state == STORE_CHECK_GOOD;
    if (track->check_at == track->current->file_count) {
        if (!good)
            mend_playlist(track);
        return;
    }
    const struct manifest_file *file = &track->current->files[track->check_at];
    if (!good && integrity_get(track->marks, track->check_at) != INTEGRITY_DAMAGED) {
        log_warn("a stored file is damaged or gone and is fetched again path=\"%s\"", file->path);
        store_remove(track->config.store, file->sha256);
        track->damaged = true;
    }
    integrity_set(track->marks, track->check_at, good ? INTEGRITY_GOOD : INTEGRITY_DAMAGED);
}

/* Begins to read the next file that is due, the playlist last; false: none is. */
static bool begin_check(struct rollout *track, int64_t now_ns)
{
    const struct manifest *current = track->current;
    size_t at = 0;
    bool wanted = false,
         unchecked = current->file_count && integrity_next(track->marks, &at, &wanted);
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
        rollout_repair(track);
    }
    if (!unchecked) {
        at = track->scrub_at % (current->file_count + 1);
        track->scrub_at = at + 1;
    }
    track->check_at = at;
    track->check_due_ns = now_ns + (unchecked ? CHECK_PAUSE_NS : scrub_ns(track));
    track->check = store_check_begin(track->config.store,
                                     at < current->file_count ? current->files[at].sha256
                                                              : current->playlist_sha256,
                                     !unchecked);
    return track->check != NULL; /* else it is tried again when due */
}

bool rollout_check(struct rollout *track, int64_t now_ns)
{
    if (!track->in_force || !begin_check(track, now_ns))
        return false;
    bool first = track->check_at < track->current->file_count &&
                 integrity_get(track->marks, track->check_at) == INTEGRITY_UNCHECKED;
    track->check_due_ns = now_ns + (first ? CHECK_PAUSE_NS : scrub_ns(track));
    enum store_check_state state = store_check_step(track->check);
    if (state == STORE_CHECK_GOES_ON)
        return false;
    if (state == STORE_CHECK_UNREADABLE) /* whoever waits for it must not keep the disk busy */
        track->check_due_ns = now_ns + UNREADABLE_PAUSE_NS;
    end_check(track, state);
    return true;
}
