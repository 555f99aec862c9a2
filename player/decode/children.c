#include "decode/children.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDING_STEP 64
#define REAP_WAIT_NS INT64_C(500000000)

static pid_t *ending;
static size_t ending_count, ending_capacity;

/* Continues after signals. */
static void wait_for_exit(pid_t pid, int64_t deadline_ns)
{
    struct pollfd exited = {.fd = pidfd_open(pid, 0), .events = POLLIN};
    if (exited.fd < 0)
        return;
    int64_t left_ms;
    do
        left_ms = (deadline_ns - clock_mono_ns()) / 1000000;
    while (left_ms > 0 && poll(&exited, 1, (int)left_ms) < 0 && errno == EINTR);
    close(exited.fd);
}

/* Reaps a child that has exited; waits for that until the deadline (0: not at all). Until waitpid
 * the process ID can't be reused. */
static bool reap_one(pid_t pid, int64_t deadline_ns)
{
    if (deadline_ns)
        wait_for_exit(pid, deadline_ns);
    pid_t done;
    do
        done = waitpid(pid, NULL, WNOHANG);
    while (done < 0 && errno == EINTR);
    return done != 0;
}

void children_reap(bool wait)
{
    int64_t deadline_ns = wait ? clock_mono_ns() + REAP_WAIT_NS : 0;
    size_t remaining = 0;
    for (size_t i = 0; i < ending_count; i++)
        if (!reap_one(ending[i], deadline_ns))
            ending[remaining++] = ending[i];
    ending_count = remaining;
    if (remaining)
        return;
    free(ending);
    ending = NULL;
    ending_capacity = 0;
}

void children_end(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGKILL);
    children_reap(false);
    if (ending_count == ending_capacity) {
        pid_t *more = realloc(ending, (ending_capacity + ENDING_STEP) * sizeof *more);
        if (more) {
            ending = more;
            ending_capacity += ENDING_STEP;
        }
    }
    if (ending_count < ending_capacity) /* else it stays a zombie until we exit */
        ending[ending_count++] = pid;
    children_reap(false);
}
