/* Reads stored media again, slowly, and has damaged ones fetched again. */
#include "sync/feed/rollout_internal.h"

#include "base/log.h"

#define LOG_MODULE "rollout_scrub"

/* Between two stretches of reading: going through the whole store must not starve the films. */
#define CHECK_PAUSE_NS 5000000
/* A file that can't be read just now may be readable later; after so many failures it is lost. */
#define UNREADABLE_PAUSE_NS INT64_C(1000000000)
#define UNREADABLE_MAX 10

static int64_t scrub_ns(const struct rollout *rollout)
{
    return rollout->config.scrub_ms * 1000000;
}

/* The playlist is written from the copy in memory. */
static void rewrite_playlist(struct rollout *rollout)
{
    struct err err = {0};
    uint8_t digest[HASH_BYTES];
    log_warn("stored playlist damaged or missing, writing it again source=\"%s\"",
             rollout->config.shown);
    store_remove(rollout->config.store, rollout->current->playlist_sha256);
    if (rollout->body_memory &&
        !store_add(rollout->config.store, rollout->body.bytes, rollout->body.size, digest, &err) &&
        rollout_is_new_trouble(rollout, err.text))
        log_warn("cannot store playlist, retrying source=\"%s\" reason=\"%s\"",
                 rollout->config.shown, err.text);
}

static void end_check(struct rollout *rollout, enum store_check_state state)
{
    const struct file_stamp stamp = store_check_stamp(rollout->check);
    store_check_end(rollout->check);
    rollout->check = NULL;
    if (state == STORE_CHECK_UNREADABLE && ++rollout->unreadable < UNREADABLE_MAX)
        return; /* that is no reason to throw it away */
    rollout->unreadable = 0;
    bool good = state == STORE_CHECK_GOOD;
    if (rollout->check_at == rollout->current->file_count) {
        if (!good)
            rewrite_playlist(rollout);
        return;
    }
    const struct manifest_file *file = &rollout->current->files[rollout->check_at];
    if (!good && file->spare) {
        store_remove(rollout->config.store, file->sha256); /* it is fetched once it is needed */
    } else if (!good && integrity_get(rollout->integrity, rollout->check_at) != INTEGRITY_DAMAGED) {
        log_warn("stored file damaged or missing, fetching it again path=\"%s\"", file->path);
        store_remove(rollout->config.store, file->sha256);
        rollout->damaged = true;
    }
    if (good)
        integrity_set_good(rollout->integrity, rollout->check_at, &stamp);
    else
        integrity_set(rollout->integrity, rollout->check_at, INTEGRITY_DAMAGED);
}

/* Begins to read the next file that is due, the playlist last. False: none is due. */
static bool begin_check(struct rollout *rollout, int64_t now_ns)
{
    const struct manifest *current = rollout->current;
    size_t at = 0;
    bool requested = false,
         unchecked = current->file_count && integrity_next(rollout->integrity, &at, &requested);
    if (requested && at != rollout->check_at) { /* the main thread waits for this one */
        store_check_end(rollout->check);
        rollout->check = NULL;
    }
    if (rollout->check)
        return requested || now_ns >= rollout->check_due_ns;
    if (now_ns < rollout->check_due_ns && !requested)
        return false;
    if (rollout->damaged && (!unchecked || rollout->repair_due)) {
        rollout->repair_due = false;
        rollout_repair(rollout);
    }
    if (!unchecked) {
        at = rollout->scrub_at % (current->file_count + 1);
        rollout->scrub_at = at + 1;
    }
    rollout->check_at = at;
    rollout->check_due_ns = now_ns + (unchecked ? CHECK_PAUSE_NS : scrub_ns(rollout));
    rollout->check = store_check_begin(rollout->config.store,
                                       at < current->file_count ? current->files[at].sha256
                                                                : current->playlist_sha256,
                                       !unchecked);
    return rollout->check != NULL; /* else it is tried again when due */
}

/* Files that workers cannot show, whole as they are: half a film may look like a whole one. */
static void take_doubts(struct rollout *rollout, int64_t now_ns)
{
    size_t at;
    while (integrity_take_doubt(rollout->integrity, &at)) {
        if (!rollout->config.partial)
            continue;
        rollout->current->files[at].unconfirmed = true;
        rollout->damaged = true;
        rollout_repair(rollout);
        if (!rollout->repair.playlist) { /* no memory for it now */
            rollout->repair_due = true;
            continue;
        }
        feed_media_doubt(rollout->repair.media, at, now_ns);
        size_t done = feed_media_done(rollout->repair.media);
        rollout->repair.had = rollout->repair.had < done ? rollout->repair.had : done;
    }
}

bool rollout_scrub(struct rollout *rollout, int64_t now_ns)
{
    if (rollout->in_force)
        take_doubts(rollout, now_ns);
    if (!rollout->in_force || !begin_check(rollout, now_ns))
        return false;
    bool first = rollout->check_at < rollout->current->file_count &&
                 integrity_get(rollout->integrity, rollout->check_at) == INTEGRITY_UNCHECKED;
    rollout->check_due_ns = now_ns + (first ? CHECK_PAUSE_NS : scrub_ns(rollout));
    enum store_check_state state = store_check_step(rollout->check);
    if (state == STORE_CHECK_GOES_ON)
        return false;
    if (state == STORE_CHECK_UNREADABLE) /* a request must not keep the disk busy */
        rollout->check_due_ns = now_ns + UNREADABLE_PAUSE_NS;
    end_check(rollout, state);
    return true;
}
