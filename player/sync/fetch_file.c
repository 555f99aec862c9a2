#include "sync/fetch_file.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The coarsest time stamps are FAT's. A file that was changed so lately may change once more and
 * keep its stamp. */
#define STAMP_MS 2000

struct fetch_file {
    char *path;
    char if_none_match[HTTP_VALIDATOR_BYTES], if_range[HTTP_VALIDATOR_BYTES]; /* "" without */
    bool has_if_range;
    int64_t range_start, limit_bytes, total_ms, deadline_ns; /* total_ms 0: none */
    bool (*take)(void *, const struct http_response *, const void *, size_t, struct err *);
    void *take_context;
    int fd; /* -1: not open yet */
    struct stat opened;
    int64_t left_bytes;
    struct http_response response;
    bool finished;
    struct err err; /* ERR_NONE: it went well */
};

static char *copy_location(char to[HTTP_VALIDATOR_BYTES], const char *text)
{
    snprintf(to, HTTP_VALIDATOR_BYTES, "%s", text ? text : "");
    return to;
}

struct fetch_file *fetch_file_create(const struct http_request *request)
{
    struct fetch_file *file = calloc(1, sizeof *file);
    if (!file)
        return NULL;
    file->fd = -1;
    file->path = strdup(request->url);
    copy_location(file->if_none_match, request->if_none_match);
    copy_location(file->if_range, request->if_range);
    file->has_if_range = request->if_range != NULL;
    file->range_start = request->range_start;
    file->limit_bytes = request->limit_bytes;
    file->total_ms = request->total_ms;
    file->deadline_ns = clock_mono_ns() + request->total_ms * 1000000;
    file->take = request->take;
    file->take_context = request->context;
    file->response =
        (struct http_response){.content_bytes = -1, .range_start = -1, .range_total = -1};
    if (file->path)
        return file;
    free(file);
    return NULL;
}

void fetch_file_destroy(struct fetch_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file);
}

static bool set_read_error(struct fetch_file *file, int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        file->response.status = 404; /* what a server would answer */
        return err_set(&file->err, ERR_MISSING, "there is no such file");
    case EIO:
    case ENOMEDIUM:
    case ENXIO:
    case ENODEV:
    case ESTALE:
        return err_set_errno(&file->err, ERR_DISK, number, "cannot be read");
    default:
        return err_set_errno(&file->err, ERR_SYSTEM, number, "cannot be read");
    }
}

/* Without the time of the last change of status: to lose its name to a newer file changes that, and
 * not a byte. */
static bool is_file_unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* "" where the times don't tell this version from one that may follow. */
static void print_tag(const struct stat *st, char tag[HTTP_VALIDATOR_BYTES])
{
    int64_t modified_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    tag[0] = '\0';
    if (modified_ms > clock_wall_ms() - STAMP_MS)
        return;
    snprintf(tag, HTTP_VALIDATOR_BYTES, "\"%jx-%jx-%jx-%jx.%lx-%jx.%lx\"", (uintmax_t)st->st_dev,
             (uintmax_t)st->st_ino, (uintmax_t)st->st_size, (uintmax_t)st->st_mtim.tv_sec,
             (unsigned long)st->st_mtim.tv_nsec, (uintmax_t)st->st_ctim.tv_sec,
             (unsigned long)st->st_ctim.tv_nsec);
}

/* stat comes first, as to open a device can have effects. What was put in the file's place
 * meanwhile is found by fstat; O_NONBLOCK keeps it from blocking. */
static bool open_file(struct fetch_file *file)
{
    struct stat st;
    if (stat(file->path, &st) < 0)
        return set_read_error(file, errno);
    if (S_ISREG(st.st_mode)) {
        file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (file->fd < 0 || fstat(file->fd, &st) < 0)
            return set_read_error(file, errno);
    }
    if (!S_ISREG(st.st_mode))
        return err_set(&file->err, ERR_INPUT, "not a regular file");
    file->opened = st;
    return true;
}

/* Opens the file and makes the head of the answer. False: finished, with file->err or not. */
static bool open_and_answer(struct fetch_file *file)
{
    struct http_response *response = &file->response;
    if (!open_file(file))
        return false;
    int64_t size_bytes = file->opened.st_size;
    print_tag(&file->opened, response->etag);
    bool known = response->etag[0] != '\0';
    if (known && strcmp(file->if_none_match, response->etag) == 0) {
        response->status = 304;
        return false;
    }
    response->status = 200;
    file->left_bytes = size_bytes;
    bool is_same = !file->has_if_range || (known && strcmp(file->if_range, response->etag) == 0);
    if (is_same && file->range_start > 0 && file->range_start < size_bytes) {
        if (lseek(file->fd, file->range_start, SEEK_SET) < 0)
            return set_read_error(file, errno);
        response->status = 206;
        response->range_start = file->range_start;
        response->range_total = size_bytes;
        file->left_bytes = size_bytes - file->range_start;
    }
    response->content_bytes = file->left_bytes;
    if (file->left_bytes > file->limit_bytes)
        return err_set(&file->err, ERR_LIMIT, "larger than the %" PRId64 " bytes allowed",
                       file->limit_bytes);
    return true;
}

/* Sets file->err where the file has changed since it was opened. */
static void check_unchanged(struct fetch_file *file)
{
    struct stat now;
    if (fstat(file->fd, &now) < 0)
        set_read_error(file, errno);
    else if (!is_file_unchanged(&file->opened, &now))
        err_set(&file->err, ERR_NETWORK, "the file changed while it was read");
}

/* True while there is more. */
static bool read_file_stretch(struct fetch_file *file, void *buffer, size_t buffer_bytes)
{
    size_t size = buffer_bytes;
    if (file->left_bytes < (int64_t)size)
        size = (size_t)file->left_bytes;
    ssize_t got = size ? read(file->fd, buffer, size) : 0;
    if (got < 0 && errno == EINTR)
        return true;
    if (got < 0)
        return set_read_error(file, errno);
    if (size && got == 0)
        return err_set(&file->err, ERR_NETWORK, "the file changed while it was read");
    file->left_bytes -= got;
    if (!file->take(file->take_context, &file->response, buffer, (size_t)got, &file->err)) {
        if (file->err.code == ERR_NONE) /* a failure without a cause must not pass for none */
            err_set(&file->err, ERR_SYSTEM, "the receiver failed without an error");
        return false;
    }
    if (file->left_bytes > 0)
        return true;
    check_unchanged(file);
    return false;
}

void fetch_file_move(struct fetch_file *file, void *buffer, size_t buffer_bytes)
{
    if (file->finished)
        return;
    bool more;
    if (file->total_ms > 0 && clock_mono_ns() >= file->deadline_ns)
        more =
            err_set(&file->err, ERR_TIMEOUT, "not complete within %" PRId64 " ms", file->total_ms);
    else
        more = (file->fd >= 0 || open_and_answer(file)) &&
               read_file_stretch(file, buffer, buffer_bytes);
    file->finished = !more;
}

const char *fetch_file_path(const struct fetch_file *file)
{
    return file->path;
}

bool fetch_file_finished(const struct fetch_file *file)
{
    return file->finished;
}

bool fetch_file_result(const struct fetch_file *file, struct http_response *response,
                       struct err *err)
{
    if (response)
        *response = file->response;
    return file->err.code == ERR_NONE || err_set(err, file->err.code, "%s", file->err.text);
}
