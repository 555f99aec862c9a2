/* How much of the machine's processors a worker has used: its own work, which stays the same
 * however busy the machine is. Any thread. */
#ifndef DECODE_WORKER_USAGE_H
#define DECODE_WORKER_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define WORKER_USAGE_THREADS_MAX 64

struct worker_usage {
    int64_t processor_ns; /* of all threads together */
    int thread_count;     /* 0 where the system does not tell them apart */
    struct worker_usage_thread {
        pid_t id;
        int64_t processor_ns;
    } threads[WORKER_USAGE_THREADS_MAX];
};

/* What the process has used since its start. False where it does not exist any more. Of a process
 * that has exited and was not waited for, the threads are gone. */
bool worker_usage_read(pid_t pid, struct worker_usage *usage);

/* The least time in nanoseconds in which a machine with so many processors does what was done
 * between two readings: the share of each processor, but no less than the busiest thread's work. */
int64_t worker_usage_least_ns(const struct worker_usage *before, const struct worker_usage *after,
                              int processors);

#endif
