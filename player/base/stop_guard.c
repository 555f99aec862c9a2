#include "base/stop_guard.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#define LOG_MODULE "stop_guard"

#define LOG_LIMIT_US 90000 /* for the last line: the log may be what hangs */

struct stop_guard {
    pthread_t thread;
    int signals;
    int begun, finished; /* eventfd(2) */
    int limit_ms;
};

/* Waits for one of the descriptors; true where `ended` is readable. */
static bool wait_for(int asked, int also_asked, int ended, int limit_ms)
{
    struct pollfd fds[] = {{.fd = ended, .events = POLLIN},
                           {.fd = asked, .events = POLLIN},
                           {.fd = also_asked, .events = POLLIN}};
    int ready;
    do
        ready = poll(fds, 3, limit_ms);
    while (ready < 0 && errno == EINTR);
    return fds[0].revents != 0;
}

static void *run_guard(void *context)
{
    const struct stop_guard *guard = context;
    sigset_t alarm_only;
    if (wait_for(guard->begun, guard->signals, guard->finished, -1) ||
        wait_for(-1, -1, guard->finished, guard->limit_ms))
        return NULL;
    /* The default action of SIGALRM ends the process, whatever the log waits for. */
    signal(SIGALRM, SIG_DFL);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    const struct itimerval limit = {.it_value = {.tv_usec = LOG_LIMIT_US}};
    setitimer(ITIMER_REAL, &limit, NULL);
    log_error("cannot stop in time, exiting limit_ms=%d "
              "reason=\"a screen, a sound device or a disk does not answer\"",
              guard->limit_ms);
    _exit(EXIT_FAILURE);
}

static void free_guard(struct stop_guard *guard)
{
    if (guard->begun >= 0)
        close(guard->begun);
    if (guard->finished >= 0)
        close(guard->finished);
    free(guard);
}

/* The thread takes no signal: they are the main thread's. Returns an errno value, or 0. */
static int start_guard_thread(struct stop_guard *guard)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&guard->thread, NULL, run_guard, guard);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

struct stop_guard *stop_guard_start(int signals, int limit_ms, struct err *err)
{
    struct stop_guard *guard = calloc(1, sizeof *guard);
    if (!guard) {
        err_oom(err);
        return NULL;
    }
    guard->signals = signals;
    guard->limit_ms = limit_ms;
    guard->begun = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    guard->finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool opened = guard->begun >= 0 && guard->finished >= 0;
    int number = opened ? start_guard_thread(guard) : errno;
    if (number == 0)
        return guard;
    err_set_errno(err, ERR_SYSTEM, number, "cannot watch for signals");
    free_guard(guard);
    return NULL;
}

void stop_guard_begin(struct stop_guard *guard)
{
    if (guard)
        eventfd_write(guard->begun, 1);
}

void stop_guard_finish(struct stop_guard *guard)
{
    if (!guard)
        return;
    eventfd_write(guard->finished, 1);
    pthread_join(guard->thread, NULL);
    free_guard(guard);
}
