/* Files on their way into the store, and checks of those that are there. */
#include "sync/store/store_internal.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG_BYTES_MAX 256
#define NAME_BYTES 97 /* of a part, with its NUL */
#define READ_BYTES ((size_t)1 << 20)
#define STEP_READS 4 /* of a file that is read again */
#define FLUSH_BYTES ((int64_t)8 << 20)

struct store_part {
    struct store *store;
    struct store_part *next; /* of those under way */
    struct hash *hash;
    char name[NAME_BYTES];
    char path[PATH_MAX];     /* of the .part */
    char tag_path[PATH_MAX]; /* of the .tag */
    char tag[TAG_BYTES_MAX];
    int64_t bytes;
    int64_t flushed_bytes;
    int64_t hashed_bytes; /* less than `bytes` while it is read again */
    int fd;
};

bool store_part_is_busy(const struct store *store, const char *name)
{
    for (const struct store_part *part = store->parts; part; part = part->next)
        if (strncmp(part->name, name, NAME_BYTES - 1) == 0)
            return true;
    return false;
}

/* NULL when out of memory. */
static struct store_part *part_create(struct store *store, const char *name)
{
    struct store_part *part = calloc(1, sizeof *part);
    if (!part)
        return NULL;
    part->fd = -1;
    part->hash = hash_create();
    snprintf(part->name, sizeof part->name, "%s", name);
    snprintf(part->path, sizeof part->path, "%s/tmp/%s.part", store->folder, part->name);
    snprintf(part->tag_path, sizeof part->tag_path, "%s/tmp/%s.tag", store->folder, part->name);
    if (!part->hash) {
        free(part);
        return NULL;
    }
    part->store = store;
    part->next = store->parts;
    store->parts = part;
    return part;
}

static void part_destroy(struct store_part *part)
{
    struct store_part **at = &part->store->parts;
    while (*at != part)
        at = &(*at)->next;
    *at = part->next;
    if (part->fd >= 0)
        close(part->fd);
    hash_destroy(part->hash);
    free(part);
}

void store_part_discard(struct store_part *part)
{
    if (!part)
        return;
    unlink(part->tag_path);
    unlink(part->path);
    part_destroy(part);
}

void store_part_keep(struct store_part *part)
{
    if (part && !part->tag[0])
        store_part_discard(part);
    else if (part)
        part_destroy(part);
}

static MUST_CHECK bool create_part_file(struct store_part *part, struct err *err)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    part->fd = open(part->path, flags, 0644);
    /* Somebody has removed the cache while the player runs. */
    if (part->fd < 0 && errno == ENOENT) {
        if (!store_restore(part->store, err))
            return false;
        part->fd = open(part->path, flags, 0644);
    }
    return part->fd >= 0 || err_set_errno(err, store_code(errno), errno, "%s", part->path);
}

struct store_part *store_part_begin(struct store *store, const char *name, const char *tag,
                                    struct err *err)
{
    bool busy = store_part_is_busy(store, name);
    struct store_part *part = busy ? NULL : part_create(store, name);
    if (!part) {
        if (busy)
            err_set(err, ERR_SYSTEM, "the same file is being written already");
        else
            err_oom(err);
        return NULL;
    }
    /* The tag goes first and comes last: bytes never lie beside the tag of another file. */
    unlink(part->tag_path);
    unlink(part->path);
    if (!create_part_file(part, err))
        goto fail;
    char text[TAG_BYTES_MAX + sizeof store->boot + 2];
    int length = snprintf(text, sizeof text, "%s\n%s\n", store->boot, tag);
    if (!tag[0] || strlen(tag) >= TAG_BYTES_MAX || !store->boot[0])
        return part;
    if (!file_replace(part->tag_path, text, (size_t)length, err))
        goto fail;
    memcpy(part->tag, tag, strlen(tag) + 1);
    return part;

fail:
    store_part_discard(part);
    return NULL;
}

static bool read_tag(struct store_part *part, bool any_boot)
{
    char *text;
    size_t size;
    if (!file_read_own(part->tag_path, TAG_BYTES_MAX + 128, &text, &size, NULL))
        return false;
    char *line = strchr(text, '\n');
    bool ok = line && line != text;
    if (ok) {
        *line++ = '\0';
        line[strcspn(line, "\n")] = '\0';
        ok = *line && strlen(line) < sizeof part->tag &&
             (any_boot || strcmp(text, part->store->boot) == 0);
    }
    if (ok)
        memcpy(part->tag, line, strlen(line) + 1);
    free(text);
    return ok;
}

/* Adds one stretch of the file to the hash: its length, 0 at the end, -1 on failure (by
 * errno). */
static ssize_t hash_stretch(struct hash *hash, int fd, char *buffer)
{
    ssize_t got;
    do
        got = read(fd, buffer, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got > 0 && !hash_add(hash, buffer, (size_t)got)) {
        errno = ENOMEM;
        return -1;
    }
    return got;
}

struct store_part *store_part_resume(struct store *store, const char *name, bool any_boot)
{
    struct store_part *part = store_part_is_busy(store, name) ? NULL : part_create(store, name);
    if (!part)
        return NULL;
    struct stat st;
    if (read_tag(part, any_boot)) {
        part->fd = open(part->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (part->fd >= 0 && fstat(part->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
            part->bytes = st.st_size;
            return part;
        }
    }
    part_destroy(part);
    return NULL;
}

enum store_reread store_part_reread(struct store_part *part)
{
    char *buffer = malloc(READ_BYTES);
    ssize_t got = buffer ? 1 : -1;
    for (int i = 0; i < STEP_READS && got > 0; i++) {
        got = hash_stretch(part->hash, part->fd, buffer);
        part->hashed_bytes += got > 0 ? got : 0;
    }
    free(buffer);
    if (got > 0)
        return STORE_REREAD_GOES_ON;
    return got == 0 && part->hashed_bytes == part->bytes ? STORE_REREAD_DONE : STORE_REREAD_GONE;
}

bool store_part_append(struct store_part *part, const void *data, size_t size, struct err *err)
{
    const char *from = data;
    for (size_t written = 0; written < size;) {
        off_t at = part->bytes + (off_t)written;
        ssize_t done = pwrite(part->fd, from + written, size - written, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            err_set_errno(err, store_code(errno), errno, "cannot write to the store");
            (void)!ftruncate(part->fd, part->bytes); /* a part holds what it says it does */
            return false;
        }
        written += (size_t)done;
    }
    if (!hash_add(part->hash, data, size))
        return err_oom(err);
    part->bytes += (int64_t)size;
    part->hashed_bytes = part->bytes;
    /* Has the disk begin to write now: an fsync of gigabytes would hold up the feed, and feed_stop.
     * Only a hint. */
    if (part->bytes - part->flushed_bytes >= FLUSH_BYTES) {
        (void)!sync_file_range(part->fd, part->flushed_bytes, part->bytes - part->flushed_bytes,
                               SYNC_FILE_RANGE_WRITE);
        part->flushed_bytes = part->bytes;
    }
    return true;
}

int64_t store_part_bytes(const struct store_part *part)
{
    return part->bytes;
}

const char *store_part_tag(const struct store_part *part)
{
    return part->tag;
}

static MUST_CHECK bool move_part(struct store_part *part, const char *path, struct err *err)
{
    if (rename(part->path, path) == 0)
        return true;
    if (errno == ENOENT && !store_restore(part->store, err))
        return false;
    return rename(part->path, path) == 0 ||
           err_set_errno(err, store_code(errno), errno, "%s", path);
}

bool store_part_commit(struct store_part *part, const uint8_t *expected, uint8_t digest[HASH_BYTES],
                       struct file_stamp *stamp, struct err *err)
{
    struct stat st = {0};
    uint8_t found[HASH_BYTES];
    char path[PATH_MAX];
    bool ok = false;
    if (!hash_result(part->hash, found)) {
        err_oom(err);
        goto out;
    }
    if (expected && memcmp(expected, found, HASH_BYTES) != 0) {
        err_set(err, ERR_TRUST, "hash mismatch: SHA-256 differs from the playlist's");
        goto out;
    }
    /* A failed fsync is never tried again: the kernel forgets the error and the data. */
    if (fsync(part->fd) < 0) {
        err_set_errno(err, store_code(errno), errno, "cannot write to the store");
        goto out;
    }
    store_media_path(part->store, found, path);
    ok = move_part(part, path, err) && file_sync_folder(path, err);
    if (stamp && (!ok || fstat(part->fd, &st) < 0)) /* a rename changes it, so only now */
        *stamp = (struct file_stamp){0};
    else if (stamp)
        *stamp = file_stamp_of(&st);

out:
    memcpy(digest, found, ok ? HASH_BYTES : 0);
    store_part_discard(part);
    return ok;
}

struct store_check {
    struct hash *hash;
    bool from_disk;
    off_t bytes; /* read so far */
    char *buffer;
    uint8_t digest[HASH_BYTES];
    int fd;                  /* -1: it can't be opened */
    bool bad;                /* by what it is */
    struct file_stamp stamp; /* when it was opened */
};

/* What is wrong with the player at the moment, not with the file. */
static bool is_shortage(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOMEM;
}

/* There is no such file: nothing at all, a link, a folder. */
static bool is_missing_file_error(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ELOOP || number == ENXIO ||
           number == EISDIR;
}

struct store_check *store_check_begin(const struct store *store, const uint8_t digest[HASH_BYTES],
                                      bool from_disk)
{
    char path[PATH_MAX];
    store_media_path(store, digest, path);
    struct store_check *check = calloc(1, sizeof *check);
    if (!check)
        return NULL;
    memcpy(check->digest, digest, HASH_BYTES);
    check->hash = hash_create();
    check->buffer = malloc(READ_BYTES);
    check->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool known = check->fd >= 0 || !is_shortage(errno);
    check->bad = check->fd < 0 && is_missing_file_error(errno);
    check->from_disk = from_disk && check->fd >= 0;
    struct stat st;
    if (check->fd >= 0 && fstat(check->fd, &st) == 0)
        check->stamp = file_stamp_of(&st);
    if (check->from_disk)
        posix_fadvise(check->fd, 0, 0, POSIX_FADV_DONTNEED); /* only a hint, as below */
    if (check->hash && check->buffer && known)
        return check;
    store_check_end(check);
    return NULL;
}

enum store_check_state store_check_step(struct store_check *check)
{
    if (check->fd < 0)
        return check->bad ? STORE_CHECK_BAD : STORE_CHECK_UNREADABLE;
    off_t start = check->bytes;
    ssize_t got = 1;
    for (int i = 0; i < STEP_READS && got > 0; i++) {
        got = hash_stretch(check->hash, check->fd, check->buffer);
        check->bytes += got > 0 ? got : 0;
    }
    int number = errno;
    if (check->from_disk && check->bytes > start)
        posix_fadvise(check->fd, start, check->bytes - start, POSIX_FADV_DONTNEED);
    if (got > 0)
        return STORE_CHECK_GOES_ON;
    uint8_t found[HASH_BYTES];
    if (got < 0)
        return is_missing_file_error(number) ? STORE_CHECK_BAD : STORE_CHECK_UNREADABLE;
    struct stat st;
    if (!hash_result(check->hash, found) || fstat(check->fd, &st) < 0)
        return STORE_CHECK_UNREADABLE;
    const struct file_stamp now = file_stamp_of(&st);
    if (!file_stamp_equal(&now, &check->stamp)) /* it was written to while it was read */
        return STORE_CHECK_UNREADABLE;
    return memcmp(found, check->digest, HASH_BYTES) == 0 ? STORE_CHECK_GOOD : STORE_CHECK_BAD;
}

struct file_stamp store_check_stamp(const struct store_check *check)
{
    return check->stamp;
}

void store_check_end(struct store_check *check)
{
    if (!check)
        return;
    if (check->fd >= 0)
        close(check->fd);
    hash_destroy(check->hash);
    free(check->buffer);
    free(check);
}
