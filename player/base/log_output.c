#include "base/log_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum kind {
    KIND_UNKNOWN,
    KIND_PLAIN,     /* a file, or a device such as /dev/null */
    KIND_SOCKET,    /* the journal, a remote shell */
    KIND_REOPENED,  /* a pipe or a terminal, opened once more with O_NONBLOCK */
    KIND_UNOPENABLE /* one that can't be */
};

static struct {
    enum kind kind;
    dev_t device; /* of what standard error was when `kind` was found out */
    ino_t inode;
    int fd;                          /* KIND_REOPENED */
    char rest[LOG_OUTPUT_BYTES_MAX]; /* of a line that was taken in part */
    size_t rest_bytes;
} output;

static enum kind find_output_kind(const struct stat *st)
{
    if (S_ISSOCK(st->st_mode))
        return KIND_SOCKET;
    if (!S_ISFIFO(st->st_mode) && !(S_ISCHR(st->st_mode) && isatty(STDERR_FILENO)))
        return KIND_PLAIN;
    output.fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return output.fd >= 0 ? KIND_REOPENED : KIND_UNOPENABLE;
}

/* False: there is no standard error. */
static bool find_output(void)
{
    struct stat st;
    if (fstat(STDERR_FILENO, &st) < 0)
        return false;
    if (output.kind && st.st_dev == output.device && st.st_ino == output.inode)
        return true;
    if (output.kind == KIND_REOPENED)
        close(output.fd);
    output.rest_bytes = 0;
    output.device = st.st_dev;
    output.inode = st.st_ino;
    output.kind = find_output_kind(&st);
    return true;
}

/* As write, without SIGPIPE: a log that nobody reads any more is no reason to exit. */
static ssize_t write_quietly(int fd, const char *bytes, size_t size)
{
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    ssize_t written = write(fd, bytes, size);
    int error = errno;
    if (written < 0 && error == EPIPE && !sigismember(&before, SIGPIPE))
        sigtimedwait(&pipe, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return written;
}

static ssize_t write_once(const char *bytes, size_t size)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    switch (output.kind) {
    case KIND_SOCKET:
        return send(STDERR_FILENO, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    case KIND_REOPENED:
        return write_quietly(output.fd, bytes, size);
    case KIND_UNOPENABLE:
        if (poll(&ready, 1, 0) <= 0) {
            errno = EAGAIN;
            return -1;
        }
        return write_quietly(STDERR_FILENO, bytes, size);
    case KIND_UNKNOWN:
    case KIND_PLAIN:
        break;
    }
    return write_quietly(STDERR_FILENO, bytes, size);
}

/* Returns how many bytes were written: fewer than all where the reader takes no more. */
static size_t write_some(const char *bytes, size_t size, int *error)
{
    ssize_t written;
    do
        written = write_once(bytes, size);
    while (written < 0 && errno == EINTR);
    *error = written < 0 ? errno : EAGAIN;
    return written < 0 ? 0 : (size_t)written;
}

bool log_output_write(const char *line, size_t size, int *error)
{
    *error = EBADF;
    if (!find_output())
        return false;
    if (output.rest_bytes) {
        size_t written = write_some(output.rest, output.rest_bytes, error);
        output.rest_bytes -= written;
        memmove(output.rest, output.rest + written, output.rest_bytes);
        if (output.rest_bytes)
            return false;
    }
    size_t written = write_some(line, size, error);
    if (written == 0)
        return false;
    output.rest_bytes = size - written;
    memcpy(output.rest, line + written, output.rest_bytes);
    return true;
}

bool log_output_is_journal(void)
{
    struct stat st;
    char own[64];
    const char *stream = getenv("JOURNAL_STREAM");
    if (!stream || fstat(STDERR_FILENO, &st) < 0)
        return false;
    snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, own) == 0;
}

void log_output_guard_stderr(void)
{
    if (find_output() && output.kind == KIND_REOPENED)
        dup2(output.fd, STDERR_FILENO);
}
