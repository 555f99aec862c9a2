#include "sync/feed/feed_media.h"

#include "base/log.h"
#include "base/random.h"
#include "sync/feed/feed_mailbox.h"
#include "sync/feed/feed_media_file.h"
#include "sync/feed/feed_media_pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_media"

#define PARALLEL_MAX 4
#define BUSY_NS ((int64_t)500000000)      /* until the next look whether a file is still busy */
#define FROM_NS ((int64_t)1000000000)     /* until the next look whether the server has answered */
#define READ_PAUSE_NS ((int64_t)5000000)  /* between stretches: films are read from the same disk */
#define GAIN_BYTES ((int64_t)1 << 20)     /* a try that got so far is worth going on with */
#define UNKNOWN_BYTES ((int64_t)64 << 20) /* to free for a file of unknown length */
#define SPARE_BYTES ((int64_t)1 << 20)    /* for the file system's own needs */
#define SHOWN_BYTES 512                   /* of an address in the log */
/* After so many failures in a row, by its own fault, a file is no longer waited for. */
#define FAILURES_MAX 3
/* A wrong file without ETag and date has to be fetched whole to see whether it is right now: the
 * longest wait is so many times as long then. */
#define WHOLE_WAIT_FACTOR 12

struct feed_media {
    struct feed_media_config config;
    struct feed_media_file *items;
    size_t count;
    size_t needed, done; /* by the screen; and in the store, of these */
    bool is_undecided;   /* the screen is not known yet: it may need more than that */
    bool *needed_of;     /* for each file */
    struct feed_media_file *active[PARALLEL_MAX];
    size_t first_base; /* the next media begin with it */
    struct feed_media_pace pace;
    bool held;
    int64_t due_ns;
    int64_t read_due_ns; /* a stretch of a part that is read again; INT64_MAX: none is */
    int64_t pace_due_ns; /* INT64_MAX: there is no transfer to measure */
    char trouble[ERR_TEXT_BYTES];
};

/* Finds what an earlier playlist has brought from the same address; false when out of memory. */
static bool find_cached(struct feed_media_file *item, const struct manifest *known,
                        const struct feed_media *before)
{
    char shown[HTTP_URL_BYTES_MAX + 1];
    for (size_t i = 0; before && i < before->count; i++) {
        const struct feed_media_file *old = &before->items[i];
        if (old->done && strcmp(old->url, item->url) == 0)
            return feed_media_file_remember(item, old->sha256, old->bytes, old->etag,
                                            old->last_modified);
    }
    fetch_public(item->url, shown, sizeof shown);
    for (size_t i = 0; known && i < known->file_count; i++) {
        const struct manifest_file *old = &known->files[i];
        if (strcmp(old->path, item->asset->path) == 0 && strcmp(old->url, shown) == 0)
            return feed_media_file_remember(item, old->sha256, old->size_bytes, old->etag,
                                            old->last_modified);
    }
    return true;
}

void feed_media_set_screen(struct feed_media *media, struct feed_screen screen)
{
    feed_screen_find_needed(screen, media->config.playlist, media->needed_of);
    media->needed = media->done = 0;
    for (size_t i = 0; i < media->count; i++) {
        struct feed_media_file *item = &media->items[i];
        item->spare = !media->needed_of[i];
        media->needed += !item->spare;
        media->done += !item->spare && item->done;
    }
    media->is_undecided = screen.state == FEED_SCREEN_COMING;
    media->due_ns = 0;
}

struct feed_media *feed_media_create(const struct feed_media_config *config,
                                     const struct manifest *known, const struct feed_media *before,
                                     struct err *err)
{
    size_t count = config->playlist->asset_count;
    struct feed_media *media = calloc(1, sizeof *media);
    struct feed_media_file *items = calloc(count + 1, sizeof *items);
    bool *needed_of = calloc(count + 1, sizeof *needed_of);
    if (!media || !items || !needed_of) {
        free(media);
        free(items);
        free(needed_of);
        err_oom(err);
        return NULL;
    }
    media->config = *config;
    media->items = items;
    media->needed_of = needed_of;
    media->read_due_ns = media->pace_due_ns = INT64_MAX;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        struct feed_media_file *item = &items[i];
        media->count = i + 1;
        ok = feed_media_file_init(item, &media->config, &config->playlist->assets[i], err);
        if (ok && config->repairs && !feed_media_file_find_kept(item, known))
            ok = err_oom(err);
        if (ok && !item->done && !item->asset->has_sha256 && !find_cached(item, known, before))
            ok = err_oom(err);
    }
    if (ok) {
        feed_media_set_screen(media, config->screen);
        return media;
    }
    feed_media_destroy(media);
    return NULL;
}

void feed_media_destroy(struct feed_media *media)
{
    if (!media)
        return;
    for (size_t i = 0; i < media->count; i++)
        feed_media_file_finish(&media->items[i]);
    free(media->items);
    free(media->needed_of);
    free(media);
}

void feed_media_take_tries(struct feed_media *media, const struct feed_media *before)
{
    for (size_t i = 0; i < media->count && i < before->count; i++)
        if (!media->items[i].done && !before->items[i].done &&
            !feed_media_file_take_tries(&media->items[i], &before->items[i]))
            media->items[i].due_ns = 0; /* no memory: it is fetched anew */
    snprintf(media->trouble, sizeof media->trouble, "%s", before->trouble);
}

/* Whether all is there that the screen needs. */
static bool is_whole(const struct feed_media *media)
{
    return !media->is_undecided && media->done == media->needed;
}

/* A number for a cause, never 0 (FNV-1a). Two causes with one number only cost a log line. */
static uint64_t number_cause(const struct err *err)
{
    uint64_t number = UINT64_C(14695981039346656037);
    for (const char *c = err->text; *c; c++)
        number = (number ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return number | 1;
}

/* Whether this cause is in the log already. Most causes are logged once for all files; that a
 * server doesn't have a file, or has a wrong one, once for each. */
static MUST_CHECK bool was_logged(const struct feed_media_file *item,
                                  const struct feed_media *media, const struct err *err)
{
    uint64_t cause = number_cause(err);
    bool of_one_file = err->code == ERR_MISSING ||
                       ((err->code == ERR_TRUST || err->code == ERR_INPUT) && item->status != 0);
    if (item->causes[item->base] == cause)
        return true;
    for (size_t i = 0; !of_one_file && i < media->count; i++)
        if (media->items[i].causes[item->base] == cause)
            return true;
    return false;
}

/* How much of a text is shown at most: whole characters, as a precision. */
static int shown_bytes(const char *text, size_t limit)
{
    return (int)feed_mailbox_whole_bytes(text, strnlen(text, limit));
}

static void log_failed_try(struct feed_media *media, struct feed_media_file *item,
                           const struct err *err)
{
    char shown[SHOWN_BYTES];
    fetch_public(item->url, shown, sizeof shown);
    snprintf(media->trouble, sizeof media->trouble, "%.*s: %.*s",
             shown_bytes(item->asset->path, 120), item->asset->path, shown_bytes(err->text, 300),
             err->text);
    if (!was_logged(item, media, err))
        log_warn("cannot fetch media file, retrying path=\"%s\" url=%s reason=\"%s\"",
                 item->asset->path, shown, err->text);
    item->causes[item->base] = number_cause(err);
}

/* The disk is full: removes stored files that are not needed. True when that may have helped. */
static bool free_disk_space(const struct feed_media *media, const struct feed_media_file *item)
{
    const struct feed_media_config *config = &media->config;
    const struct manifest *keep[FEED_MEDIA_KEEP_MAX + 1];
    struct manifest *own = feed_media_manifest(media);
    size_t removed = 0;
    if (own) {
        size_t count = 0;
        while (count < config->keep_count && count < FEED_MEDIA_KEEP_MAX) {
            keep[count] = config->keep[count];
            count++;
        }
        keep[count++] = own;
        int64_t whole_bytes = item->asset->has_sha256 ? item->asset->size_bytes : item->bytes;
        int64_t left_bytes = whole_bytes - feed_media_file_reached(item);
        removed = store_free_space(config->store, keep, count,
                                   (whole_bytes < 0 ? UNKNOWN_BYTES : left_bytes) + SPARE_BYTES);
    }
    manifest_destroy(own);
    if (removed)
        log_info("disk full, removed files that are not needed files=%zu", removed);
    return removed > 0;
}

static int64_t retry_after_failures_ns(const struct feed_media *media,
                                       const struct feed_media_file *item, int64_t now_ns)
{
    struct retry_policy policy = media->config.policy;
    if (item->refusal && !item->etag[0] && !item->last_modified[0])
        policy.max_ms *= WHOLE_WAIT_FACTOR;
    return retry_due_ns(&policy, item->failures, random_u32(), now_ns);
}

/* Sets where and when a file is tried again. */
static void schedule_retry(struct feed_media *media, struct feed_media_file *item, bool stay,
                           int64_t now_ns)
{
    size_t next = (item->base + 1) % item->base_count;
    bool unanswered = item->status == 0 && item->base == media->first_base;
    /* An origin that can't be reached would cost every file the same wait. */
    if (unanswered && !stay && item->base_count > 1)
        media->first_base = next;
    item->tried++;
    item->due_ns = now_ns;
    media->due_ns = now_ns;
    if (!stay && item->tried < item->base_count) {
        item->base = next;
        return;
    }
    if (!stay)
        item->base = item->base_count > 1 ? media->first_base : 0;
    item->failures = item->progressed ? 1 : item->failures + 1;
    item->due_ns = retry_after_failures_ns(media, item, now_ns);
    item->tried = 0;
    item->progressed = false;
}

/* Parts from several origins don't fit together: one of them is wrong, and which one is not known.
 * The file comes whole from the one that it came from last, or, should that one be wrong, from
 * another. */
static void part_origins(struct feed_media *media, struct feed_media_file *item, int64_t now_ns)
{
    struct err err = {0};
    err_set(&err, ERR_TRUST, "hash mismatch: %s do not fit together",
            item->base_count > 1 ? "the parts that several servers have sent"
                                 : "the parts that arrived before and now");
    item->unjoined = true;
    feed_media_file_leave(item, false);
    log_failed_try(media, item, &err);
    item->due_ns = media->due_ns = now_ns;
}

static void fail_try(struct feed_media *media, struct feed_media_file *item, const struct err *err,
                     int64_t now_ns)
{
    if (item->joined && strncmp(err->text, "hash mismatch", 13) == 0) {
        part_origins(media, item, now_ns);
        return;
    }
    int64_t reached_bytes = feed_media_file_reached(item);
    bool broke = err->code == ERR_NETWORK || err->code == ERR_TIMEOUT || err->code == ERR_MISSING;
    /* A try that went well for long and then broke off goes on at the same origin, as the next one
     * would have to begin anew. One that was too slow does not. */
    bool stay = err->code == ERR_NETWORK && reached_bytes - item->reached_bytes >= GAIN_BYTES;
    /* A bad line that brings something each time is no reason to wait ever longer. */
    item->progressed = item->progressed || reached_bytes > item->reached_bytes;
    item->reached_bytes = reached_bytes > item->reached_bytes ? reached_bytes : item->reached_bytes;
    bool again = item->taken_elsewhere || (item->store_failed && free_disk_space(media, item));
    if (again) { /* before it is logged */
        feed_media_file_leave(item, true);
        item->due_ns = media->due_ns = now_ns;
        return;
    }
    /* A part is kept where the transfer broke, or where this try did not touch it; not where it
     * holds wrong bytes or fills the disk. */
    feed_media_file_leave(item,
                          !item->store_failed && (broke || !item->begun || err->code == ERR_DISK));
    log_failed_try(media, item, err);
    feed_media_pace_failed(item, err->code == ERR_TRUST && item->begun, now_ns);
    schedule_retry(media, item, stay || item->store_failed,
                   now_ns); /* no other origin helps a disk */
    item->given_up |= item->failures >= FAILURES_MAX && feed_media_file_is_at_fault(item, err);
}

void feed_media_doubt(struct feed_media *media, size_t asset, int64_t now_ns)
{
    struct feed_media_file *item = &media->items[asset];
    bool was_done = item->done;
    if (item->asset->has_sha256 || item->doubted || !feed_media_file_doubt(item))
        return;
    media->done -= was_done && !item->spare;
    item->given_up = true; /* no other file waits for it */
    item->failures = 1;
    item->due_ns = retry_after_failures_ns(media, item, now_ns);
    media->due_ns = now_ns;
}

static void mark_done(struct feed_media *media, struct feed_media_file *item)
{
    item->given_up = item->doubted = false;
    memset(item->causes, 0, sizeof item->causes);
    media->done += !item->spare;
}

/* A try has gone on: frees its place if it has ended. */
static void settle_try(struct feed_media *media, size_t place, bool ok, const struct err *err,
                       int64_t now_ns)
{
    struct feed_media_file *item = media->active[place];
    if (ok && !item->done)
        return;
    media->active[place] = NULL;
    media->due_ns = now_ns;
    if (ok)
        mark_done(media, item);
    else
        fail_try(media, item, err, now_ns);
}

static bool is_waiting(const struct feed_media_file *item)
{
    return !item->done && !item->spare && !item->transfer && !item->reading;
}

static struct feed_media_load divide_load(const struct feed_media *media)
{
    int64_t active = 0, queued_bytes = 0;
    for (size_t i = 0; i < PARALLEL_MAX; i++)
        active += media->active[i] != NULL;
    for (size_t i = 0; i < media->count; i++) {
        int64_t size_bytes = media->items[i].asset->size_bytes;
        if (is_waiting(&media->items[i]) && size_bytes > 0 &&
            __builtin_add_overflow(queued_bytes, size_bytes, &queued_bytes))
            queued_bytes = INT64_MAX;
    }
    return (struct feed_media_load){
        .share_bytes_per_s = active ? fetch_bandwidth(media->config.fetch) / active : 0,
        .queued_bytes = active ? queued_bytes / active : 0,
    };
}

static void finish_active(struct feed_media *media, int64_t now_ns)
{
    for (size_t i = 0; i < PARALLEL_MAX; i++) {
        struct feed_media_file *item = media->active[i];
        struct err err = {0};
        if (!item || !item->transfer || !fetch_finished(item->transfer))
            continue;
        bool done = feed_media_file_settle(item, &err);
        if (done && item->base_count > 1) {
            const struct feed_media_load load = divide_load(media);
            size_t next = feed_media_pace_finish(&media->pace, item, &load, now_ns);
            media->first_base = next != item->base ? next : media->first_base;
        }
        settle_try(media, i, done, &err, now_ns);
    }
}

/* The place of the first part that is being read again, or PARALLEL_MAX. */
static size_t reading_place(const struct feed_media *media)
{
    size_t place = 0;
    while (place < PARALLEL_MAX && !(media->active[place] && media->active[place]->reading))
        place++;
    return place;
}

/* Reads one stretch of one part: gigabytes must delay neither the feed nor its stop. */
static void read_one_stretch(struct feed_media *media, int64_t now_ns)
{
    struct err err = {0};
    size_t place = reading_place(media);
    if (place < PARALLEL_MAX) {
        bool ok = feed_media_file_read_on(media->active[place], &err);
        settle_try(media, place, ok, &err, now_ns);
    }
    bool more = reading_place(media) < PARALLEL_MAX;
    media->read_due_ns = more ? now_ns + READ_PAUSE_NS : INT64_MAX;
}

/* A place among the active, or -1. */
static int free_place(const struct feed_media *media)
{
    for (int i = 0; i < PARALLEL_MAX; i++)
        if (!media->active[i])
            return i;
    return -1;
}

/* Whether a file can be tried now; if not, *due_ns is the next time to look. */
static bool is_due(const struct feed_media_file *item, int64_t now_ns, int64_t *due_ns)
{
    *due_ns = item->due_ns;
    if (item->due_ns <= now_ns && feed_media_file_is_busy(item))
        *due_ns = now_ns + BUSY_NS;
    return *due_ns <= now_ns;
}

static void start_due(struct feed_media *media, int64_t now_ns)
{
    int place = free_place(media);
    int64_t due_ns;
    if (media->config.from && !media->config.from->port) { /* until the playlist was asked for */
        media->due_ns = now_ns + FROM_NS;
        return;
    }
    media->due_ns = INT64_MAX;
    for (size_t i = 0; i < media->count && place >= 0; i++) {
        struct feed_media_file *item = &media->items[i];
        struct err err = {0};
        if (!is_waiting(item))
            continue;
        if (!is_due(item, now_ns, &due_ns)) {
            media->due_ns = due_ns < media->due_ns ? due_ns : media->due_ns;
            continue;
        }
        if (item->tried == 0 && item->failures == 0 && item->base_count > 1)
            item->base = media->first_base;
        if (!feed_media_file_begin(item, &err)) {
            fail_try(media, item, &err, now_ns);
        } else if (item->done) {
            mark_done(media, item);
        } else {
            media->active[place] = item;
            place = free_place(media);
            media->read_due_ns = item->reading ? now_ns : media->read_due_ns;
        }
    }
}

/* Has a file go on at this base, where its transfer was ended or is too slow. */
static void go_on(struct feed_media *media, size_t place, size_t base, int64_t now_ns)
{
    struct err err = {0};
    struct feed_media_file *item = media->active[place];
    if (base != item->base)
        media->first_base = base;
    if (!feed_media_file_go_on(item, base, &err)) {
        settle_try(media, place, false, &err, now_ns);
        return;
    }
    item->looked_ns = now_ns;
    item->looked_bytes = 0;
}

/* Looks how fast the transfers are, and goes where one would be sooner. */
static void measure_active(struct feed_media *media, int64_t now_ns)
{
    const struct feed_media_load load = divide_load(media);
    media->pace_due_ns = INT64_MAX;
    for (size_t i = 0; i < PARALLEL_MAX; i++) {
        struct feed_media_file *item = media->active[i];
        if (!item || !item->transfer)
            continue;
        size_t base = feed_media_pace_choose(&media->pace, item, &load, now_ns);
        if (base != item->base)
            go_on(media, i, base, now_ns);
        if (feed_media_pace_due_ns(item) < media->pace_due_ns)
            media->pace_due_ns = feed_media_pace_due_ns(item);
    }
}

void feed_media_hold(struct feed_media *media, bool hold)
{
    if (media->held && !hold)
        media->due_ns = 0; /* at once */
    media->held = hold;
    for (size_t i = 0; hold && i < PARALLEL_MAX; i++) {
        struct feed_media_file *item = media->active[i];
        if (!item || (item->transfer && fetch_finished(item->transfer)))
            continue;
        feed_media_file_hold(item);
        media->active[i] = NULL;
        item->due_ns = 0;
    }
}

bool feed_media_is_moving(const struct feed_media *media)
{
    bool moving = false;
    for (size_t i = 0; i < PARALLEL_MAX; i++)
        moving = moving || media->active[i];
    return moving;
}

bool feed_media_step(struct feed_media *media, int64_t now_ns)
{
    finish_active(media, now_ns);
    if (media->held || atomic_load(media->config.stop))
        return is_whole(media);
    if (now_ns >= media->read_due_ns)
        read_one_stretch(media, now_ns);
    if (media->done < media->needed && now_ns >= media->due_ns)
        start_due(media, now_ns);
    measure_active(media, now_ns);
    return is_whole(media);
}

bool feed_media_is_settled(const struct feed_media *media)
{
    for (size_t i = 0; i < media->count; i++) {
        const struct feed_media_file *item = &media->items[i];
        if (!item->done && !item->given_up && !item->spare)
            return false;
    }
    return !media->is_undecided;
}

bool feed_media_has(const struct feed_media *media, size_t asset)
{
    return feed_media_file_has(&media->items[asset]);
}

bool feed_media_can_show(const struct feed_media *media)
{
    const struct playlist *playlist = media->config.playlist;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (!spot->has_visual)
            return true;
        for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
            if (spot->shapes & 1U << shape && feed_media_has(media, (size_t)spot->assets[shape]))
                return true;
    }
    return false;
}

int64_t feed_media_due_ns(const struct feed_media *media)
{
    if ((media->done == media->needed && !feed_media_is_moving(media)) || media->held)
        return INT64_MAX;
    int64_t due_ns = media->read_due_ns < media->due_ns ? media->read_due_ns : media->due_ns;
    return media->pace_due_ns < due_ns ? media->pace_due_ns : due_ns;
}

size_t feed_media_needed(const struct feed_media *media)
{
    return media->needed;
}

size_t feed_media_done(const struct feed_media *media)
{
    return media->done;
}

const char *feed_media_trouble(const struct feed_media *media)
{
    return media->trouble;
}

bool feed_media_confirm(struct feed_media *media)
{
    for (size_t i = 0; i < media->count; i++) {
        struct feed_media_file *item = &media->items[i];
        bool was_done = item->done;
        feed_media_file_confirm(item);
        if (item->done == was_done)
            continue;
        item->due_ns = media->due_ns = 0;
        media->done -= !item->spare;
    }
    return is_whole(media);
}

struct manifest *feed_media_manifest(const struct feed_media *media)
{
    struct manifest *manifest = manifest_create(media->count);
    for (size_t i = 0; manifest && i < media->count; i++) {
        if (feed_media_file_describe(&media->items[i], manifest, &manifest->files[i]))
            continue;
        manifest_destroy(manifest);
        return NULL;
    }
    return manifest;
}
