#include "screen/frames_log.h"

#include "base/line_writer.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "frames_log"

#define NAME_BYTES_MAX 200 /* a picture's name is shorter */
#define LINE_BYTES 1024    /* two names, each of its bytes doubled at most, and four numbers */
#define CLOSE_LIMIT_MS 500

struct frames_log {
    struct line_writer *writer;
};

/* Where a pipe has no reader, open(2) would wait for one. */
static int open_without_waiting(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
    bool ok = fd >= 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0;
    if (!ok && errno == ENXIO)
        err_set(err, ERR_SYSTEM, "cannot create the frames log %s: nobody reads this pipe", path);
    else if (!ok)
        err_set_errno(err, ERR_SYSTEM, errno, "cannot create the frames log %s", path);
    if (!ok && fd >= 0)
        close(fd);
    return ok ? fd : -1;
}

struct frames_log *frames_log_open(const char *path, struct err *err)
{
    static const char heading[] = "present_ns,show_ms,from,to,mix,late,dim\n";
    int fd = open_without_waiting(path, err);
    if (fd < 0)
        return NULL;
    struct line_writer *writer = line_writer_start(fd, err);
    if (!writer)
        return NULL;
    struct frames_log *log = calloc(1, sizeof *log);
    if (!log) {
        line_writer_stop(writer, 0);
        err_oom(err);
        return NULL;
    }
    log->writer = writer;
    line_writer_add(writer, heading, sizeof heading - 1);
    return log;
}

/* Quotes the text where RFC 4180 demands it. */
static char *write_field(char *at, const char *text)
{
    bool quoted = strpbrk(text, ",\"\r\n");
    if (quoted)
        *at++ = '"';
    for (size_t i = 0; i < NAME_BYTES_MAX && text[i]; i++) {
        if (text[i] == '"')
            *at++ = '"';
        *at++ = text[i];
    }
    if (quoted)
        *at++ = '"';
    return at;
}

void frames_log_write(struct frames_log *log, const struct frames_log_line *line)
{
    char bytes[LINE_BYTES];
    char *at =
        bytes + snprintf(bytes, 64, "%lld,%.3f,", (long long)line->present_ns, line->show_ms);
    at = write_field(at, line->from);
    *at++ = ',';
    at = write_field(at, line->to);
    at += snprintf(at, 64, ",%.4f,%d,%.4f\n", line->mix, line->late, line->dim);
    line_writer_add(log->writer, bytes, (size_t)(at - bytes));
}

void frames_log_close(struct frames_log *log)
{
    if (!log)
        return;
    struct line_writer_result result = line_writer_stop(log->writer, CLOSE_LIMIT_MS);
    if (result.error)
        log_error("frames log incomplete reason=\"%s\"", strerror(result.error));
    else if (result.hangs || result.dropped)
        log_error("frames log incomplete reason=\"the disk or whoever reads it did not keep up\"");
    free(log);
}
