#include "base/wakeup.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct wakeup {
    int event;
    int signals, others; /* SIGINT and SIGTERM; SIGHUP and SIGUSR1 */
    bool reload;
    int calls;
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
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN); /* in workers; here it is read, as it is blocked */
    wake->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigdelset(&set, SIGHUP);
    sigdelset(&set, SIGUSR1);
    wake->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    wake->others = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (wake->event < 0 || wake->signals < 0 || wake->others < 0) {
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
    if (wake->others >= 0)
        close(wake->others);
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

static bool is_terminal_gone(void)
{
    struct stat st;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    bool is_device = fstat(STDIN_FILENO, &st) == 0 && S_ISCHR(st.st_mode);
    return is_device && poll(&input, 1, 0) == 1 && (input.revents & POLLHUP);
}

/* True where it asks the process to stop. */
static bool take_other_signal(struct wakeup *wake)
{
    struct signalfd_siginfo info;
    if (read(wake->others, &info, sizeof info) != sizeof info)
        return false;
    if (info.ssi_signo == SIGUSR1) {
        wake->calls++;
        return false;
    }
    if (is_terminal_gone())
        return true;
    wake->reload = true;
    return false;
}

bool wakeup_take_reload(struct wakeup *wake)
{
    bool reload = wake->reload;
    wake->reload = false;
    return reload;
}

int wakeup_take_calls(struct wakeup *wake)
{
    int calls = wake->calls;
    wake->calls = 0;
    return calls;
}

bool wakeup_wait(struct wakeup *wake, struct pollfd *fds, int count, int64_t until_ns)
{
    int64_t left_ns = until_ns - clock_mono_ns();
    if (left_ns < 0)
        left_ns = 0;
    struct timespec left = {left_ns / 1000000000, left_ns % 1000000000};
    fds[count] = (struct pollfd){.fd = wake->event, .events = POLLIN};
    fds[count + 1] = (struct pollfd){.fd = wake->signals, .events = POLLIN};
    fds[count + 2] = (struct pollfd){.fd = wake->others, .events = POLLIN};
    if (ppoll(fds, (nfds_t)count + WAKEUP_FDS_MAX, &left, NULL) <= 0)
        return false;
    uint64_t posted;
    if (fds[count].revents && read(wake->event, &posted, sizeof posted) < 0 && errno != EAGAIN)
        return true;
    if (fds[count + 2].revents && take_other_signal(wake))
        return true;
    struct signalfd_siginfo info;
    return fds[count + 1].revents && read(wake->signals, &info, sizeof info) == sizeof info;
}
