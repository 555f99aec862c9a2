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

#define REST_MS_MAX 5000 /* where poll fails */
#define TRIES_MAX 3      /* to read a file that changes meanwhile */

/* What tells one version of a file from the next. */
struct file_state {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

struct feed_file {
    struct feed_mailbox *slot;
    char *path;
    int poll_ms;
    int wake_fd;
    int watch_fd; /* -1: no inotify; then only the poll finds a change */
    struct file_state seen;
    bool bad; /* the last load failed: it is tried again at each poll, as its media may have come */
    uint8_t told[HASH_BYTES]; /* of the faults that were logged last */
};

static struct file_state look(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return (struct file_state){0};
    return (struct file_state){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
}

static bool is_same(const struct file_state *a, const struct file_state *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

/* Watches the folder, not the file: editors and publishers rename a new file into its place. */
static int watch(const char *path)
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

/* Loads the file; what is wrong with it is logged unless it was the last thing logged. */
static struct edition *load(struct feed_file *source, bool quiet)
{
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct err err = {0};
    uint8_t digest[HASH_BYTES];
    if (!faults)
        return NULL;
    struct edition *edition = edition_load(source->path, faults, &err);
    source->bad = !edition;
    if (edition) {
        memset(source->told, 0, sizeof source->told);
        feed_mailbox_tell(source->slot, "following %s", source->path);
    } else {
        digest_faults(faults, &err, digest);
        if (!quiet && memcmp(digest, source->told, sizeof digest) != 0) {
            log_error("playlist refused reason=\"%s\"", err.text);
            if (faults->total > 1)
                edition_log_faults(faults);
        }
        memcpy(source->told, digest, sizeof digest);
        feed_mailbox_tell(source->slot, "waiting for %s", err.text);
    }
    playlist_faults_finish(faults);
    free(faults);
    return edition;
}

struct feed_file *feed_file_create(const struct feed_config *config, struct feed_mailbox *slot,
                                   struct err *err)
{
    struct feed_file *source = calloc(1, sizeof *source);
    if (!source) {
        err_oom(err);
        return NULL;
    }
    source->slot = slot;
    source->poll_ms = (int)config->poll_ms;
    source->watch_fd = -1;
    source->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (source->wake_fd < 0)
        err_set_errno(err, ERR_SYSTEM, errno, "eventfd");
    source->path = strdup(config->sources[0]);
    if (!source->path)
        err_oom(err);
    if (source->wake_fd < 0 || !source->path) {
        feed_file_destroy(source);
        return NULL;
    }
    /* First watch, then look, then load: no change falls between. The caller has told what is wrong
     * with the first. */
    source->watch_fd = watch(source->path);
    source->seen = look(source->path);
    edition_destroy(load(source, true));
    return source;
}

void feed_file_destroy(struct feed_file *source)
{
    if (!source)
        return;
    if (source->watch_fd >= 0)
        close(source->watch_fd);
    if (source->wake_fd >= 0)
        close(source->wake_fd);
    free(source->path);
    free(source);
}

void feed_file_wake(struct feed_file *source)
{
    /* Fails only when it is awake already. */
    (void)!eventfd_write(source->wake_fd, 1);
}

/* Loads the version that `now` tells of, or the one that takes its place meanwhile: none is handed
 * over twice. A file that never rests is taken as it comes. */
static struct edition *load_whole(struct feed_file *source, struct file_state now)
{
    struct edition *edition = NULL;
    int tries = 0;
    do {
        edition_destroy(edition);
        source->seen = now;
        edition = load(source, false);
        now = look(source->path);
    } while (!is_same(&now, &source->seen) && ++tries < TRIES_MAX);
    return edition;
}

static void follow(struct feed_file *source)
{
    struct file_state now = look(source->path);
    if (atomic_exchange(&source->slot->again, false)) /* it could not be used */
        source->bad = true;
    if (is_same(&now, &source->seen) && !source->bad)
        return;
    struct edition *edition = load_whole(source, now);
    if (!edition)
        return;
    log_info("playlist ready name=\"%s\" spots=%zu files=%zu source=%s", edition->playlist->name,
             edition->playlist->spot_count, edition->playlist->asset_count, source->path);
    feed_mailbox_offer(source->slot, edition, true);
}

static int64_t rest_ns(const struct feed_file *source)
{
    return (int64_t)(source->poll_ms < REST_MS_MAX ? source->poll_ms : REST_MS_MAX) * 1000000;
}

void feed_file_run(struct feed_file *source)
{
    bool troubled = false;
    while (!atomic_load(&source->slot->stop)) {
        struct pollfd fds[] = {{.fd = source->wake_fd, .events = POLLIN},
                               {.fd = source->watch_fd, .events = POLLIN}};
        int ready = poll(fds, 2, source->poll_ms);
        bool failed = ready < 0 && errno != EINTR;
        if (failed && !troubled)
            log_error("changes can't be waited for path=\"%s\" reason=\"%s\"", source->path,
                      strerror(errno));
        if (failed) /* the look that follows needs no descriptor */
            feed_mailbox_rest(source->slot, clock_mono_ns() + rest_ns(source));
        troubled = failed;
        if (ready > 0 && (fds[1].revents & POLLIN)) {
            char events[4096] __attribute__((aligned(8)));
            while (read(source->watch_fd, events, sizeof events) > 0)
                ;
        }
        if (!atomic_load(&source->slot->stop))
            follow(source);
    }
}
