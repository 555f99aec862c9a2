/* A playlist file as a source, read again when it changes. */
#include "sync/feed/feed_source.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "sync/feed/feed_file_media.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "feed_file"

#define SLEEP_MS_MAX 5000 /* where poll(2) fails */
#define LOADS_MAX 3       /* of a file that changes while it is read */

struct feed_file {
    struct feed_source source;
    char *path;
    int poll_ms;
    const struct left_out *left_out;
    int wake_fd;
    int watch_fd;     /* -1: no inotify; then only the poll finds a change */
    int folder_watch; /* of the playlist's folder */
    struct feed_file_version loaded;
    bool failed;                          /* the last load failed: each poll tries again */
    bool has_edition;                     /* one was handed over, and may go on */
    bool settling;                        /* a media file has changed, and may still change */
    struct feed_file_media *media;        /* of the version that was loaded last; NULL: none */
    uint8_t logged_digest[HASH_BYTES];    /* of the faults that were logged last */
    struct playlist_faults *media_faults; /* those that were logged; NULL: none */
};

/* Watches the folder, not the file: editors and publishers rename a new file into its place. */
static int watch_folder_of(const char *path, int *watch)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 2;
    if (length >= PATH_MAX)
        return -1;
    snprintf(folder, sizeof folder, "%.*s", length, slash ? path : "./");
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    *watch = fd < 0 ? -1 : inotify_add_watch(fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO);
    if (fd >= 0 && *watch < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void digest_faults(const struct playlist_faults *faults, const struct err *err,
                          uint8_t digest[HASH_BYTES])
{
    memset(digest, 0, HASH_BYTES);
    struct hash *hash = hash_create();
    bool ok = hash && hash_add(hash, err->text, strlen(err->text) + 1);
    for (size_t i = 0; ok && i < faults->count; i++)
        ok = hash_add(hash, faults->items[i].path, strlen(faults->items[i].path) + 1) &&
             hash_add(hash, faults->items[i].text, strlen(faults->items[i].text) + 1);
    if (ok)
        hash_result(hash, digest);
    hash_destroy(hash);
}

static void replace_media_faults(struct feed_file *file, struct playlist_faults *faults)
{
    if (file->media_faults)
        playlist_faults_finish(file->media_faults);
    free(file->media_faults);
    file->media_faults = faults;
}

/* Checks the media of what was loaded. What is wrong with one is logged once; its spots do without
 * it (duckling-playlist(5), PROGRAMME, rule 7). False when out of memory, or where there is nothing
 * to show while another playlist may go on. */
static MUST_CHECK bool check_media(struct feed_file *file, struct edition *edition, bool quiet,
                                   struct err *err)
{
    struct feed_file_media *media = feed_file_media_create(edition);
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    bool there = media && faults;
    if (!there || !edition_check_media(edition, faults, err)) {
        if (!there)
            err_oom(err);
        feed_file_media_destroy(media);
        if (faults)
            playlist_faults_finish(faults);
        free(faults);
        return false;
    }
    feed_file_media_set_refused(media, edition);
    if (file->watch_fd >= 0)
        feed_file_media_watch(media, file->media, file->watch_fd, file->folder_watch);
    feed_file_media_destroy(file->media);
    file->media = media;
    if (!quiet)
        edition_log_media_faults(faults, file->media_faults);
    bool ok = true;
    if (file->has_edition && !edition_can_show(edition))
        ok = err_set(err, ERR_INPUT, "%s: none of its spots can be shown: %s", file->path,
                     faults->count ? faults->items[0].text : "");
    replace_media_faults(file, faults);
    return ok;
}

/* Loads the file. What is wrong with it is logged unless it was the last thing logged, or `quiet`.
 * NULL on failure. */
static struct edition *load_playlist_file(struct feed_file *file, bool quiet)
{
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct err err = {0};
    uint8_t digest[HASH_BYTES];
    if (!faults)
        return NULL;
    struct edition *edition = edition_load(file->path, faults, &err);
    bool ok = edition && left_out_check(file->left_out, edition->digest, clock_boot_ms(), &err);
    if (edition && !ok)
        (void)err_prefix(&err, "%s: ", file->path);
    ok = ok && check_media(file, edition, quiet, &err);
    if (edition && !ok) {
        edition_destroy(edition);
        edition = NULL;
    }
    file->failed = !edition;
    if (edition) {
        memset(file->logged_digest, 0, sizeof file->logged_digest);
        feed_mailbox_set_status(file->source.mailbox, "following %s", file->path);
    } else {
        digest_faults(faults, &err, digest);
        if (!quiet && memcmp(digest, file->logged_digest, sizeof digest) != 0) {
            log_error("playlist refused reason=\"%s\"", err.text); /* which names the file */
            if (faults->total > 1)
                edition_log_faults(faults);
        }
        memcpy(file->logged_digest, digest, sizeof digest);
        feed_mailbox_set_status(file->source.mailbox, "waiting for %s", err.text);
    }
    playlist_faults_finish(faults);
    free(faults);
    return edition;
}

static void feed_file_destroy(struct feed_source *source)
{
    struct feed_file *file = (struct feed_file *)source;
    if (!file)
        return;
    if (file->watch_fd >= 0)
        close(file->watch_fd);
    if (file->wake_fd >= 0)
        close(file->wake_fd);
    feed_file_media_destroy(file->media);
    replace_media_faults(file, NULL);
    free(file->path);
    free(file);
}

static struct feed_source *feed_file_create(const struct feed_config *config,
                                            const struct feed_limits *limits,
                                            struct feed_mailbox *mailbox, struct err *err)
{
    (void)limits; /* all of them are of sources that fetch */
    struct feed_file *file = calloc(1, sizeof *file);
    if (!file) {
        err_oom(err);
        return NULL;
    }
    file->source = (struct feed_source){.ops = &feed_file_ops, .mailbox = mailbox};
    file->poll_ms = (int)config->poll_ms;
    file->left_out = config->left_out;
    file->watch_fd = -1;
    file->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (file->wake_fd < 0)
        err_set_errno(err, ERR_SYSTEM, errno, "cannot create an eventfd");
    else if (!(file->path = strdup(config->sources[0])))
        err_oom(err);
    if (!file->path) {
        feed_file_destroy(&file->source);
        return NULL;
    }
    /* Watch first, then read, so that no change falls between. The caller reports the faults of the
     * first version. */
    file->watch_fd = watch_folder_of(file->path, &file->folder_watch);
    file->loaded = feed_file_version_read(file->path);
    struct edition *first = load_playlist_file(file, true);
    file->has_edition = first != NULL;
    edition_destroy(first);
    return &file->source;
}

static void feed_file_wake(struct feed_source *source)
{
    struct feed_file *file = (struct feed_file *)source;
    /* Fails only when it is awake already. */
    (void)!eventfd_write(file->wake_fd, 1);
}

/* Loads this version, or the one that takes its place meanwhile, so that none is handed over twice.
 * A file that keeps changing is loaded as it is. NULL on failure. */
static struct edition *load_settled(struct feed_file *file, struct feed_file_version now)
{
    struct edition *edition = NULL;
    int loads = 0;
    do {
        edition_destroy(edition);
        file->loaded = now;
        edition = load_playlist_file(file, false);
        now = feed_file_version_read(file->path);
    } while (!feed_file_version_equal(&now, &file->loaded) && ++loads < LOADS_MAX);
    return edition;
}

/* Hands over what the file holds now, if that is new. */
static void follow_file(struct feed_file *file)
{
    struct feed_file_version now = feed_file_version_read(file->path);
    if (atomic_exchange(&file->source.mailbox->again, false)) /* the main thread could not use it */
        file->failed = true;
    bool changed = file->failed || !feed_file_version_equal(&now, &file->loaded);
    enum feed_file_media_state media =
        changed || !file->media ? FEED_FILE_MEDIA_UNCHANGED : feed_file_media_look(file->media);
    file->settling = media == FEED_FILE_MEDIA_SETTLING;
    if (!changed && media != FEED_FILE_MEDIA_CHANGED)
        return;
    struct edition *edition = load_settled(file, now);
    if (!edition)
        return;
    log_info("playlist ready name=\"%s\" spots=%zu files=%zu source=\"%s\"",
             edition->playlist->name, edition->playlist->spot_count, edition->playlist->asset_count,
             file->path);
    file->has_edition = true;
    feed_mailbox_post(file->source.mailbox, edition, true);
}

static int64_t sleep_ns(const struct feed_file *file)
{
    return (int64_t)(file->poll_ms < SLEEP_MS_MAX ? file->poll_ms : SLEEP_MS_MAX) * 1000000;
}

static void feed_file_run(struct feed_source *source)
{
    struct feed_file *file = (struct feed_file *)source;
    bool had_failed = false;
    while (!atomic_load(&source->mailbox->stop)) {
        struct pollfd fds[] = {{.fd = file->wake_fd, .events = POLLIN},
                               {.fd = file->watch_fd, .events = POLLIN}};
        bool settling = file->settling && file->poll_ms > FEED_FILE_MEDIA_SETTLE_MS;
        int ready = poll(fds, 2, settling ? FEED_FILE_MEDIA_SETTLE_MS : file->poll_ms);
        bool failed = ready < 0 && errno != EINTR;
        if (failed && !had_failed)
            log_warn("cannot watch the playlist for changes, polling instead path=\"%s\" "
                     "reason=\"%s\"",
                     file->path, strerror(errno));
        if (failed) /* to look at the file needs no descriptor */
            feed_mailbox_sleep_until(source->mailbox, clock_mono_ns() + sleep_ns(file));
        had_failed = failed;
        eventfd_t wakes;
        if (ready > 0 && (fds[0].revents & POLLIN))
            (void)!eventfd_read(file->wake_fd, &wakes);
        if (ready > 0 && (fds[1].revents & POLLIN)) {
            char events[4096] __attribute__((aligned(8)));
            while (read(file->watch_fd, events, sizeof events) > 0)
                ;
        }
        if (!atomic_load(&source->mailbox->stop))
            follow_file(file);
    }
}

const struct feed_source_ops feed_file_ops = {
    .create = feed_file_create,
    .run = feed_file_run,
    .wake = feed_file_wake,
    .destroy = feed_file_destroy,
};
