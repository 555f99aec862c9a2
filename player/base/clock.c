#include "base/clock.h"

#include <sys/timex.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_boot_ms(void)
{
    return read_ns(CLOCK_BOOTTIME) / 1000000;
}

int64_t clock_wall_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

bool clock_process_cpu_ns(pid_t pid, int64_t *ns)
{
    clockid_t id;
    struct timespec used;
    if (pid <= 0 || clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &used) < 0)
        return false;
    *ns = (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
    return true;
}

int64_t clock_own_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used); /* can't fail */
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

bool clock_is_synchronised(void)
{
    struct timex state = {0};
    return adjtimex(&state) != TIME_ERROR && !(state.status & STA_UNSYNC);
}
