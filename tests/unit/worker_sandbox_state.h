/* Checks a worker's limits and sandbox in /proc/PID, which exists until the process is reaped.
 * Include after cmocka.h. */
#ifndef TESTS_UNIT_WORKER_SANDBOX_STATE_H
#define TESTS_UNIT_WORKER_SANDBOX_STATE_H

#include "worker/worker.h"

#include <ctype.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The number after `words` at the start of a line; -1 if there is none, or "unlimited". */
static inline long long number_after(pid_t pid, const char *file, const char *words)
{
    char path[64], line[256];
    long long number = -1;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *lines = fopen(path, "re");
    assert_non_null(lines);
    while (fgets(line, sizeof line, lines)) {
        const char *rest = line + strlen(words);
        if (strncmp(line, words, strlen(words)) != 0)
            continue;
        rest += strspn(rest, " \t");
        if (isdigit((unsigned char)*rest))
            number = strtoll(rest, NULL, 10);
    }
    fclose(lines);
    return number;
}

/* The rest of a line of its status after `words`, without the blanks before it. */
static inline void status_after(pid_t pid, const char *words, char *rest, size_t rest_bytes)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *lines = fopen(path, "re");
    assert_non_null(lines);
    rest[0] = '\0';
    while (fgets(line, sizeof line, lines)) {
        const char *found = line + strlen(words);
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, words, strlen(words)) == 0)
            snprintf(rest, rest_bytes, "%s", found + strspn(found, " \t"));
    }
    fclose(lines);
}

/* No capability in any set; but only who has CAP_SETPCAP can empty the bounding set. */
static inline void check_no_capabilities(pid_t pid, bool bounding_set)
{
    static const char *const sets[] = {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:", "CapBnd:"};
    char rest[128];
    for (size_t i = 0; i < (bounding_set ? 5 : 4); i++) {
        status_after(pid, sets[i], rest, sizeof rest);
        if (strcmp(rest, "0000000000000000") != 0)
            fail_msg("%s %s", sets[i], rest);
    }
}

static inline void check_user(pid_t pid, unsigned id)
{
    char rest[128], ids[64];
    snprintf(ids, sizeof ids, "%u\t%u\t%u\t%u", id, id, id, id);
    status_after(pid, "Uid:", rest, sizeof rest);
    assert_string_equal(rest, ids);
    if (id == 0)
        return;
    status_after(pid, "Gid:", rest, sizeof rest);
    assert_string_equal(rest, ids);
    status_after(pid, "Groups:", rest, sizeof rest);
    assert_string_equal(rest, "");
}

static inline void check_limits(pid_t pid, const struct worker_role *role, bool sandboxed)
{
    const struct sandbox_limits *limits = &role->limits;
    struct rlimit descriptors;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &descriptors), 0);
    check_no_capabilities(pid, geteuid() == 0);
    if (geteuid() == 0)
        check_user(pid, 65534);
    assert_int_equal(number_after(pid, "status", "Seccomp:"), sandboxed ? 2 : 0);
    assert_int_equal(number_after(pid, "status", "NoNewPrivs:"), 1);
    assert_int_equal(number_after(pid, "limits", "Max core file size"), 0);
    assert_int_equal(number_after(pid, "limits", "Max cpu time"), limits->processor_s);
    assert_int_equal(number_after(pid, "limits", "Max file size"), limits->file_bytes);
    assert_int_equal(number_after(pid, "limits", "Max open files"),
                     descriptors.rlim_max < SANDBOX_DESCRIPTORS_MAX ? descriptors.rlim_max
                                                                    : SANDBOX_DESCRIPTORS_MAX);
#ifndef DUCKLING_SANITIZED
    assert_int_equal(number_after(pid, "limits", "Max address space"), limits->address_space_bytes);
#endif
    assert_int_equal(number_after(pid, "oom_score_adj", ""), 1000);
    int nice = getpriority(PRIO_PROCESS, 0) + 5;
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pid), nice > 19 ? 19 : nice);
}

/* The one child that this process has. */
static inline pid_t only_child(void)
{
    pid_t found = 0;
    DIR *folder = opendir("/proc");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[64], line[512];
        int parent = 0;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *stat = fopen(path, "re");
        const char *rest =
            stat && fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL; /* its name's end */
        if (rest && sscanf(rest, ") %*c %d", &parent) == 1 && parent == (int)getpid()) {
            assert_int_equal(found, 0);
            found = pid;
        }
        if (stat)
            fclose(stat);
    }
    closedir(folder);
    assert_true(found > 0);
    return found;
}

#endif
