#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err_code file_err_code(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_MISSING;
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
        return ERR_DISK;
    default:
        return ERR_SYSTEM;
    }
}

static MUST_CHECK bool read_all(int fd, size_t limit_bytes, char **data, size_t *size,
                                struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_set_errno(err, file_err_code(errno), errno, "cannot read");
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "not a regular file");
    if ((uintmax_t)st.st_size > limit_bytes)
        return err_set(err, ERR_LIMIT, "it has %jd bytes; at most %zu are allowed",
                       (intmax_t)st.st_size, limit_bytes);
    size_t expected = (size_t)st.st_size, done = 0;
    char *bytes = malloc(expected + 1);
    if (!bytes)
        return err_oom(err);
    while (done < expected) {
        ssize_t got = read(fd, bytes + done, expected - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(bytes);
            return err_set_errno(err, file_err_code(errno), errno, "cannot read");
        }
        if (got == 0)
            break;
        done += (size_t)got;
    }
    bytes[done] = '\0';
    *data = bytes;
    *size = done;
    return true;
}

static MUST_CHECK bool read_path(const char *path, int flags, size_t limit_bytes, char **data,
                                 size_t *size, struct err *err)
{
    /* O_NONBLOCK: a FIFO in the place of a file must not hang the player. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
    if (fd < 0)
        return err_set_errno(err, file_err_code(errno), errno, "%s", path);
    bool ok = read_all(fd, limit_bytes, data, size, err);
    close(fd);
    return ok || err_prefix(err, "%s: ", path);
}

bool file_read(const char *path, size_t limit_bytes, char **data, size_t *size, struct err *err)
{
    return read_path(path, 0, limit_bytes, data, size, err);
}

bool file_read_own(const char *path, size_t limit_bytes, char **data, size_t *size, struct err *err)
{
    return read_path(path, O_NOFOLLOW, limit_bytes, data, size, err);
}

struct file_stamp file_stamp_of(const struct stat *st)
{
    return (struct file_stamp){.device = st->st_dev,
                               .inode = st->st_ino,
                               .size = st->st_size,
                               .modified = st->st_mtim,
                               .changed = st->st_ctim};
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           is_same_time(&a->modified, &b->modified) && is_same_time(&a->changed, &b->changed);
}

bool file_write_all(int fd, const void *data, size_t size)
{
    const char *from = data;
    while (size > 0) {
        ssize_t done = write(fd, from, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        from += done;
        size -= (size_t)done;
    }
    return true;
}

bool file_sync_folder(const char *path, struct err *err)
{
    char folder[PATH_MAX];
    int length = snprintf(folder, sizeof folder, "%s", path);
    if (length < 0 || (size_t)length >= sizeof folder)
        return err_set(err, ERR_LIMIT, "the path is too long");
    char *slash = strrchr(folder, '/');
    if (!slash)
        strncpy(folder, ".", sizeof folder);
    else
        slash[slash == folder] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, file_err_code(errno), errno, "%s", folder);
    bool ok = fsync(fd) == 0;
    if (!ok)
        err_set_errno(err, file_err_code(errno), errno, "cannot sync %s", folder);
    close(fd);
    return ok;
}

bool file_replace(const char *path, const void *data, size_t size, struct err *err)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (length < 0 || (size_t)length >= sizeof temporary)
        return err_set(err, ERR_LIMIT, "the path is too long");
    unlink(temporary); /* left by a power cut, or put there by somebody */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_set_errno(err, file_err_code(errno), errno, "%s", temporary);
    /* A failed fsync is never tried again: the kernel forgets the error and the data. */
    bool ok = file_write_all(fd, data, size) && fsync(fd) == 0;
    int number = errno;
    ok = close(fd) == 0 && ok;
    if (ok && rename(temporary, path) == 0)
        return file_sync_folder(path, err);
    if (ok)
        number = errno;
    unlink(temporary);
    return err_set_errno(err, file_err_code(number), number, "cannot write %s", path);
}

bool file_make_folders(const char *path, struct err *err)
{
    char partial[PATH_MAX];
    int length = snprintf(partial, sizeof partial, "%s", path);
    if (length <= 0 || (size_t)length >= sizeof partial)
        return err_set(err, ERR_LIMIT, "the path is empty or too long");
    for (char *c = partial + 1;; c++) {
        if (*c && *c != '/')
            continue;
        char separator = *c;
        *c = '\0';
        if (mkdir(partial, 0755) < 0 && errno != EEXIST)
            return err_set_errno(err, file_err_code(errno), errno, "cannot create folder %s",
                                 partial);
        *c = separator;
        if (!separator)
            break;
    }
    struct stat st;
    if (stat(partial, &st) < 0)
        return err_set_errno(err, file_err_code(errno), errno, "cannot read folder %s", partial);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_SYSTEM, "%s is not a folder", partial);
    return true;
}

bool file_find_shipped(const char *name, char *path, size_t path_bytes)
{
    static const char *const places[] = {"..", "../share/duckling", "."};
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return false;
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (!slash)
        return false;
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int used = snprintf(path, path_bytes, "%s/%s/%s", program, places[i], name);
        if (used > 0 && (size_t)used < path_bytes && access(path, R_OK) == 0)
            return true;
    }
    return false;
}
