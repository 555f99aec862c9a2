#include "base/wakeup.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

struct wakeup {
    int event;
    int signals;
};

struct wakeup *wakeup_create(struct err *err)
{
    struct wakeup *wake = calloc(1, sizeof *wake);
    if (!wake) {
        err_oom(err);
        return NULL;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    wake->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    wake->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (wake->event < 0 || wake->signals < 0) {
        err_set_errno(err, ERR_SYSTEM, errno, "cannot open descriptors for signals");
        wakeup_destroy(wake);
        return NULL;
    }
    return wake;
}

void wakeup_destroy(struct wakeup *wake)
{
    if (!wake)
        return;
    if (wake->event >= 0)
        close(wake->event);
    if (wake->signals >= 0)
        close(wake->signals);
    free(wake);
}

int wakeup_signals(const struct wakeup *wake)
{
    return wake->signals;
}

void wakeup_post(void *context)
{
    const struct wakeup *wake = context;
    uint64_t one = 1;
    /* A full counter means that it is awake already. */
    if (write(wake->event, &one, sizeof one) < 0 && errno != EAGAIN)
        abort();
}

bool wakeup_wait(struct wakeup *wake, struct pollfd *fds, int count, int64_t until_ns)
{
    int64_t left_ns = until_ns - clock_mono_ns();
    if (left_ns < 0)
        left_ns = 0;
    struct timespec left = {left_ns / 1000000000, left_ns % 1000000000};
    fds[count] = (struct pollfd){.fd = wake->event, .events = POLLIN};
    fds[count + 1] = (struct pollfd){.fd = wake->signals, .events = POLLIN};
    if (ppoll(fds, (nfds_t)count + 2, &left, NULL) <= 0)
        return false;
    uint64_t posted;
    if (fds[count].revents && read(wake->event, &posted, sizeof posted) < 0 && errno != EAGAIN)
        return true;
    struct signalfd_siginfo info;
    return fds[count + 1].revents && read(wake->signals, &info, sizeof info) == sizeof info;
}
