#include "decode/worker_usage.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The first number of /proc/PID/task/TID/schedstat: nanoseconds on a processor. Its other figures
 * are in steps of a hundredth of a second. -1: the thread is gone, or the kernel does not count. */
static int64_t thread_ns(int folder, const char *name)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "%.16s/schedstat", name);
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    return size > 0 ? (int64_t)strtoll(text, NULL, 10) : -1;
}

static void read_threads(pid_t pid, struct worker_usage *usage)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    DIR *stream = opendir(path);
    struct dirent *entry;
    usage->thread_count = 0;
    while (stream && usage->thread_count < WORKER_USAGE_THREADS_MAX && (entry = readdir(stream))) {
        struct worker_usage_thread *thread = &usage->threads[usage->thread_count];
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        *thread = (struct worker_usage_thread){(pid_t)strtol(entry->d_name, NULL, 10),
                                               thread_ns(dirfd(stream), entry->d_name)};
        usage->thread_count += thread->processor_ns >= 0;
    }
    if (stream)
        closedir(stream);
}

bool worker_usage_read(pid_t pid, struct worker_usage *usage)
{
    if (!clock_process_cpu_ns(pid, &usage->processor_ns))
        return false;
    read_threads(pid, usage);
    return true;
}

static int64_t time_of_thread(const struct worker_usage *usage, pid_t id)
{
    for (int i = 0; i < usage->thread_count; i++)
        if (usage->threads[i].id == id)
            return usage->threads[i].processor_ns;
    return 0;
}

int64_t worker_usage_least_ns(const struct worker_usage *before, const struct worker_usage *after,
                              int processors)
{
    int64_t least_ns =
        (after->processor_ns - before->processor_ns) / (processors > 1 ? processors : 1);
    for (int i = 0; i < after->thread_count; i++) {
        const struct worker_usage_thread *thread = &after->threads[i];
        int64_t own_ns = thread->processor_ns - time_of_thread(before, thread->id);
        least_ns = own_ns > least_ns ? own_ns : least_ns;
    }
    return least_ns > 0 ? least_ns : 0;
}
