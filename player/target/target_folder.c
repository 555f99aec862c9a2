/* A folder as a target: a USB stick, a share, what rsync carries on. Sticks are mostly formatted as
 * FAT: only what works there is used (no links, no modes, no file over 4 GiB). */
#include "target/target_internal.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "target_folder"

#define PIECE_BYTES (1 << 20)
/* Synced that often, so that the progress shown is that of a slow stick, not of the page cache. */
#define SYNC_EACH_BYTES (32 << 20)

static enum err_code folder_err_code(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO:
    case EROFS:
        return ERR_DISK;
    default:
        return ERR_SYSTEM;
    }
}

/* Where the bytes of a file come from: `data`, or a local file. */
struct folder_source {
    const void *data;
    size_t size;
    struct target_local_file *source;
    struct target_meter *meter;
    int64_t done_before; /* what the meter had counted */
};

static MUST_CHECK bool set_write_error(const char *path, int number, struct err *err)
{
    return err_set_errno(err, folder_err_code(number), number, "cannot write %s", path);
}

/* fsync of the folder at the first `length` bytes of the path. Some file systems (FUSE, CIFS) have
 * no fsync for folders: nothing more can be done there. */
static MUST_CHECK bool sync_target_folder(const char *path, size_t length, struct err *err)
{
    char *folder = length > 0 ? strndup(path, length) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP);
    if (!ok)
        err_set_errno(err, folder_err_code(errno), errno, "%s", folder ? folder : path);
    if (fd >= 0)
        close(fd);
    free(folder);
    return ok;
}

/* The folders on the way to what follows the last slash, safe on the disk where they are new; those
 * above `known` bytes are there. */
static MUST_CHECK bool make_target_folders(char *path, size_t known, struct err *err)
{
    bool ok = true;
    size_t above = known;
    for (size_t at = known; ok && path[at]; at++) {
        if (path[at] != '/')
            continue;
        if (at == 0) { /* the root is there */
            above = 1;
            continue;
        }
        path[at] = '\0';
        bool made = mkdir(path, 0755) == 0;
        ok = made || errno == EEXIST;
        if (!ok)
            err_set_errno(err, folder_err_code(errno), errno, "cannot create folder %s", path);
        path[at] = '/';
        if (ok && made)
            ok = sync_target_folder(path, above, err);
        above = at + 1;
    }
    return ok;
}

/* "signage.example.org/x", "10.0.0.7", "host:8080": where such a name is no path that is there, an
 * address was meant. */
static bool looks_like_host(const char *path)
{
    size_t length = strcspn(path, "/");
    if (length == 0 || path[0] == '.')
        return false;
    return memchr(path, '.', length) || memchr(path, ':', length) || memchr(path, '@', length) ||
           (length == strlen("localhost") && strncasecmp(path, "localhost", length) == 0);
}

/* Whether the folder that is to hold a new one is there. */
static MUST_CHECK bool check_parent(const char *path, struct err *err)
{
    struct stat st;
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        length--;
    size_t name_end = length;
    while (length > 0 && path[length - 1] != '/')
        length--;
    char *parent = length > 0 ? strndup(path, length) : strdup("./");
    if (!parent)
        return err_oom(err);
    bool ok = stat(parent, &st) == 0;
    if (!ok)
        err_set(err, ERR_INPUT,
                "%.*s: there is no folder %s, and only the last folder of a path is created; is "
                "the stick mounted?",
                (int)name_end, path, parent);
    free(parent);
    return ok;
}

/* Creates the folder, where only the last part of its path is missing. */
static MUST_CHECK bool find_or_create_folder(struct target *target, struct err *err)
{
    struct stat st;
    const char *path = target->base; /* with a slash at its end: a file in its place is an error */
    if (stat(path, &st) == 0)
        return true;
    if (errno != ENOENT)
        return err_set_errno(err, folder_err_code(errno), errno, "%s", path);
    if (looks_like_host(path))
        return err_set(err, ERR_INPUT,
                       "%.100s looks like a server: write https:// before it, or ./ for a new "
                       "folder",
                       path);
    if (!check_parent(path, err))
        return false;
    if (target->dry_run)
        return true;
    if (!make_target_folders(target->base, 0, err))
        return false;
    log_info("folder created path=\"%s\"", path);
    return true;
}

static MUST_CHECK bool open_target_folder(struct target *target, const struct target_config *config,
                                          struct err *err)
{
    const char *path = config->base;
    if (!*path)
        return err_set(err, ERR_INPUT, "the address is empty");
    const char *scheme_end = strstr(path, "://");
    if (scheme_end)
        return err_set(err, ERR_INPUT, "cannot publish to %.*s://: use http, https or s3",
                       (int)(scheme_end - path < 20 ? scheme_end - path : 20), path);
    target->base = target_end_with_slash(strdup(path));
    target->shown = target->base ? strdup(target->base) : NULL;
    if (!target->shown)
        return err_oom(err);
    return find_or_create_folder(target, err);
}

static MUST_CHECK bool copy_piece(const struct folder_source *from, int fd, int64_t at, char *piece,
                                  const char *path, struct err *err)
{
    const struct target_file *file = from->source->file;
    int64_t left = file->bytes - at;
    size_t size = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    for (size_t have = 0; have < size;) {
        ssize_t got = pread(from->source->fd, piece + have, size - have, at + (int64_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, ERR_DISK, errno, "cannot read %s", file->path);
        if (got == 0)
            return err_set(err, ERR_INPUT, "%s became shorter after it was hashed", file->path);
        have += (size_t)got;
    }
    if (!target_local_file_pass(from->source, at, piece, size, err))
        return false;
    if (!file_write_all(fd, piece, size))
        return set_write_error(path, errno, err);
    int64_t end = at + (int64_t)size;
    if (end % SYNC_EACH_BYTES == 0 && fdatasync(fd) < 0)
        return set_write_error(path, errno, err);
    /* The last piece counts when the file is in its place. */
    if (end < file->bytes)
        target_meter_move(from->meter, from->done_before + end);
    return true;
}

static MUST_CHECK bool copy_local_file(const struct folder_source *from, int fd, const char *path,
                                       struct err *err)
{
    char *piece = malloc(PIECE_BYTES);
    if (!piece)
        return err_oom(err);
    bool ok = true;
    for (int64_t at = 0; ok && at < from->source->file->bytes; at += PIECE_BYTES)
        ok = copy_piece(from, fd, at, piece, path, err);
    free(piece);
    return ok;
}

/* The bytes into a temporary file, which is then safe on the disk. */
static MUST_CHECK bool write_temporary(const char *temporary, const struct folder_source *from,
                                       const char *path, struct err *err)
{
    unlink(temporary); /* left by a power cut, or put there by somebody */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return set_write_error(path, errno, err);
    bool ok;
    if (from->source)
        ok = copy_local_file(from, fd, path, err);
    else
        ok = file_write_all(fd, from->data, from->size) || set_write_error(path, errno, err);
    /* A failed fsync is never tried again: the kernel forgets the error and the data. */
    if (ok && fsync(fd) < 0)
        ok = set_write_error(path, errno, err);
    if (close(fd) < 0 && ok)
        ok = set_write_error(path, errno, err);
    return ok;
}

static MUST_CHECK bool replace_file(const char *temporary, const char *path,
                                    const struct folder_source *from, struct err *err)
{
    bool ok = write_temporary(temporary, from, path, err);
    if (ok && rename(temporary, path) < 0)
        ok = set_write_error(path, errno, err);
    if (!ok)
        unlink(temporary);
    return ok && sync_target_folder(path, (size_t)(strrchr(path, '/') - path) + 1, err);
}

static MUST_CHECK bool write_target_file(const struct target *target, const char *name,
                                         const struct folder_source *from, struct err *err)
{
    char *path = target_join(target->base, name);
    char *temporary = path ? target_join(path, ".tmp") : NULL;
    bool ok = false;
    if (!path || !temporary)
        err_oom(err);
    else
        ok = make_target_folders(path, strlen(target->base), err) &&
             replace_file(temporary, path, from, err);
    free(temporary);
    free(path);
    return ok;
}

static MUST_CHECK bool folder_get(struct target *target, const char *name, size_t limit_bytes,
                                  char **data, size_t *size, struct err *err)
{
    char *path = target_join(target->base, name);
    bool ok = path ? file_read(path, limit_bytes, data, size, err) : err_oom(err);
    free(path);
    return ok;
}

static MUST_CHECK bool folder_put(struct target *target, const char *name, const void *data,
                                  size_t size, bool immutable, struct err *err)
{
    (void)immutable; /* of caches, which a folder has none of */
    const struct folder_source from = {.data = data, .size = size};
    return write_target_file(target, name, &from, err);
}

static MUST_CHECK bool folder_look(struct target *target, struct target_file *files, size_t count,
                                   struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        char *path = target_join(target->base, files[i].name);
        if (!path)
            return err_oom(err);
        bool found = stat(path, &st) == 0;
        files[i].there =
            found && (files[i].bytes < 0 || (S_ISREG(st.st_mode) && st.st_size == files[i].bytes));
        files[i].found_bytes = found ? st.st_size : TARGET_ABSENT;
        free(path);
    }
    return true;
}

static MUST_CHECK bool folder_put_files(struct target *target, struct target_file *files,
                                        size_t count, const struct target_progress *progress,
                                        struct err *err)
{
    struct target_meter meter;
    int64_t done_bytes = 0;
    target_meter_begin(&meter, progress, files, count);
    for (size_t i = 0; i < count; i++) {
        struct target_local_file source;
        if (files[i].there)
            continue;
        if (!target_local_file_open(&source, &files[i], err))
            return false;
        const struct folder_source from = {
            .source = &source, .meter = &meter, .done_before = done_bytes};
        bool ok = write_target_file(target, files[i].name, &from, err);
        target_local_file_close(&source);
        if (!ok)
            return false;
        files[i].there = true;
        done_bytes += files[i].bytes;
        target_meter_move(&meter, done_bytes);
    }
    return true;
}

const struct target_ops target_folder_ops = {
    .open = open_target_folder,
    .get = folder_get,
    .put = folder_put,
    .look = folder_look,
    .put_files = folder_put_files,
};
