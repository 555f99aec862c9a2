#include "base/line_writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct line_writer {
    int fd; /* the thread's */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* with lock: any of these */
    /* Protected by lock. The thread writes [begin, begin + used) from `writing`, a copy. */
    char bytes[LINE_WRITER_BUFFER_BYTES];
    size_t used;
    struct line_writer_result result;
    bool stop, done, abandoned;
    char writing[LINE_WRITER_BUFFER_BYTES]; /* the thread's */
};

/* Returns an errno value, or 0. */
static int write_whole(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR)
            return errno;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

static void free_writer(struct line_writer *writer)
{
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

static void *run_writer(void *context)
{
    struct line_writer *writer = context;
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        while (!writer->used && !writer->stop)
            pthread_cond_wait(&writer->changed, &writer->lock);
        size_t size = writer->used;
        if (!size)
            break;
        memcpy(writer->writing, writer->bytes, size);
        writer->used = 0;
        if (writer->result.error)
            continue;
        pthread_mutex_unlock(&writer->lock);
        int error = write_whole(writer->fd, writer->writing, size);
        pthread_mutex_lock(&writer->lock);
        writer->result.error = error;
    }
    pthread_mutex_unlock(&writer->lock);
    int error = close(writer->fd) < 0 && errno != EINTR ? errno : 0; /* NFS tells it here */
    pthread_mutex_lock(&writer->lock);
    if (!writer->result.error)
        writer->result.error = error;
    writer->done = true;
    bool abandoned = writer->abandoned;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    if (abandoned)
        free_writer(writer);
    return NULL;
}

/* Detached, and takes no signal: they are the main thread's. Returns an errno value, or 0. */
static int start_writer_thread(struct line_writer *writer)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&thread, NULL, run_writer, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number == 0)
        pthread_detach(thread);
    return number;
}

struct line_writer *line_writer_start(int fd, struct err *err)
{
    struct line_writer *writer = calloc(1, sizeof *writer);
    pthread_condattr_t attributes;
    if (!writer) {
        close(fd);
        err_oom(err);
        return NULL;
    }
    writer->fd = fd;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    int number = start_writer_thread(writer);
    if (number == 0)
        return writer;
    err_set_errno(err, ERR_SYSTEM, number, "cannot start a thread that writes");
    close(fd);
    free_writer(writer);
    return NULL;
}

void line_writer_add(struct line_writer *writer, const char *bytes, size_t size)
{
    pthread_mutex_lock(&writer->lock);
    if (writer->result.error || size > sizeof writer->bytes - writer->used) {
        writer->result.dropped++;
    } else {
        memcpy(writer->bytes + writer->used, bytes, size);
        writer->used += size;
        pthread_cond_broadcast(&writer->changed);
    }
    pthread_mutex_unlock(&writer->lock);
}

struct line_writer_result line_writer_stop(struct line_writer *writer, int limit_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += limit_ms / 1000;
    until.tv_nsec += (long)(limit_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&writer->lock);
    writer->stop = true;
    pthread_cond_broadcast(&writer->changed);
    int number = 0;
    while (!writer->done && number == 0)
        number = pthread_cond_timedwait(&writer->changed, &writer->lock, &until);
    struct line_writer_result result = writer->result;
    result.hangs = writer->abandoned = !writer->done;
    bool done = writer->done;
    pthread_mutex_unlock(&writer->lock);
    if (done)
        free_writer(writer);
    return result;
}
