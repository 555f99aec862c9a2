/* Reads the time; nothing else in the program does. Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC in nanoseconds: for intervals and deadlines; never steps. */
int64_t clock_mono_ns(void);

/* CLOCK_BOOTTIME in milliseconds: since the machine has started, with the time that it slept. The same
 * for all processes; never steps. */
int64_t clock_boot_ms(void);

/* The wall clock as Unix time in milliseconds: may step at any time. */
int64_t clock_wall_ms(void);

/* Whether the kernel reports that a time service synchronises the wall clock. */
bool clock_is_synchronised(void);

/* The processor time that a process has used so far, all its threads together, in user mode and in
 * the kernel. An exited one keeps its time until it is reaped. False where there is no such process,
 * or this one may not ask. */
bool clock_process_cpu_ns(pid_t pid, int64_t *ns);

/* The same for this process. */
int64_t clock_own_cpu_ns(void);

/* The earlier of two instants. */
static inline int64_t clock_earlier_ns(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* No correct clock shows an earlier time: this program was released then (2026-11-23T00:00:00Z). */
#define CLOCK_RELEASE_MS INT64_C(1795392000000)

#endif
