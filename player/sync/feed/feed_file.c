/* A playlist file as a source, read again when it changes. */
#include "sync/feed/feed_source.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"

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

/* What distinguishes one version of a file from the next; all zero: there is no file. */
struct file_version {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

struct feed_file {
    struct feed_source source;
    char *path;
    int poll_ms;
    int wake_fd;
    int watch_fd; /* -1: no inotify; then only the poll finds a change */
    struct file_version loaded;
    bool failed; /* the last load failed: each poll tries again, as its media may have come */
    uint8_t logged_digest[HASH_BYTES]; /* of the faults that were logged last */
};

static struct file_version read_version(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return (struct file_version){0};
    return (struct file_version){
        .device = st.st_dev, .inode = st.st_ino, .size = st.st_size, .modified = st.st_mtim};
}

static bool is_same_version(const struct file_version *a, const struct file_version *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

/* Watches the folder, not the file: editors and publishers rename a new file into its place. */
static int watch_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 2;
    if (length >= PATH_MAX)
        return -1;
    snprintf(folder, sizeof folder, "%.*s", length, slash ? path : "./");
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd >= 0 && inotify_add_watch(fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
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
    file->watch_fd = watch_folder_of(file->path);
    file->loaded = read_version(file->path);
    edition_destroy(load_playlist_file(file, true));
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
static struct edition *load_settled(struct feed_file *file, struct file_version now)
{
    struct edition *edition = NULL;
    int loads = 0;
    do {
        edition_destroy(edition);
        file->loaded = now;
        edition = load_playlist_file(file, false);
        now = read_version(file->path);
    } while (!is_same_version(&now, &file->loaded) && ++loads < LOADS_MAX);
    return edition;
}

/* Hands over what the file holds now, if that is new. */
static void follow_file(struct feed_file *file)
{
    struct file_version now = read_version(file->path);
    if (atomic_exchange(&file->source.mailbox->again, false)) /* the main thread could not use it */
        file->failed = true;
    if (is_same_version(&now, &file->loaded) && !file->failed)
        return;
    struct edition *edition = load_settled(file, now);
    if (!edition)
        return;
    log_info("playlist ready name=\"%s\" spots=%zu files=%zu source=\"%s\"",
             edition->playlist->name, edition->playlist->spot_count, edition->playlist->asset_count,
             file->path);
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
        int ready = poll(fds, 2, file->poll_ms);
        bool failed = ready < 0 && errno != EINTR;
        if (failed && !had_failed)
            log_warn("cannot watch the playlist for changes, polling instead path=\"%s\" "
                     "reason=\"%s\"",
                     file->path, strerror(errno));
        if (failed) /* to look at the file needs no descriptor */
            feed_mailbox_sleep_until(source->mailbox, clock_mono_ns() + sleep_ns(file));
        had_failed = failed;
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
