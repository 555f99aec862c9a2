#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OWN_PROGRAM "/proc/self/exe"
#define PROGRAM_AT (PROGRAM_FD + 1) /* in the child */

/* Opens a program. The descriptor is moved above the numbers that the child uses for others. */
static int open_at(const char *folder, int length, const char *below, const char *name)
{
    char path[PATH_MAX];
    int written = snprintf(path, sizeof path, "%.*s/%s%s", length, folder, below, name);
    if (written < 0 || (size_t)written >= sizeof path)
        return -1;
    int found = open(path, O_PATH | O_CLOEXEC);
    if (found < 0 || found >= PROGRAM_AT)
        return found;
    int moved = fcntl(found, F_DUPFD_CLOEXEC, PROGRAM_AT);
    close(found);
    return moved;
}

int program_open(const char *name, struct err *err)
{
    char own[PATH_MAX];
    ssize_t length = readlink(OWN_PROGRAM, own, sizeof own);
    const char *slash = length > 0 ? memrchr(own, '/', (size_t)length) : NULL;
    if (!slash) {
        err_set(err, ERR_SYSTEM, "cannot find %s: /proc is not mounted", name);
        return -1;
    }
    int folder = (int)(slash - own);
    int program = open_at(own, folder, "", name);
    if (program < 0)
        program = open_at(own, folder, "../libexec/duckling/", name);
    if (program < 0)
        err_set(err, ERR_SYSTEM, "cannot find %s in %.*s or in %.*s/../libexec/duckling", name,
                folder, own, folder, own);
    return program;
}

/* The socket moves first: in a process that was started with its standard descriptors closed it may
 * have one of their numbers. */
static bool prepare_actions(posix_spawn_file_actions_t *actions, int program, int socket,
                            bool keep_errors)
{
    bool ok = posix_spawn_file_actions_adddup2(actions, socket, PROGRAM_FD) == 0 &&
              posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0) == 0 &&
              posix_spawn_file_actions_adddup2(actions, 0, 1) == 0;
    if (!keep_errors)
        ok = ok && posix_spawn_file_actions_adddup2(actions, 0, 2) == 0;
    if (program >= 0)
        ok = ok && posix_spawn_file_actions_adddup2(actions, program, PROGRAM_AT) == 0;
    int last = program >= 0 ? PROGRAM_AT : PROGRAM_FD;
    return ok && posix_spawn_file_actions_addclosefrom_np(actions, last + 1) == 0;
}

bool program_start(pid_t *pid, int program, char *const *arguments, char *const *environment,
                   int socket, bool keep_errors, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    char opened[32];
    sigemptyset(&none);
    sigfillset(&defaults);
    sigdelset(&defaults, SIGUSR1);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    snprintf(opened, sizeof opened, "/proc/self/fd/%d", PROGRAM_AT);
    int number = ENOMEM;
    if (prepare_actions(&actions, program, socket, keep_errors))
        number = posix_spawn(pid, program >= 0 ? opened : OWN_PROGRAM, &actions, &attributes,
                             arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return number == 0 || err_set_errno(err, ERR_SYSTEM, number, "cannot start %s", arguments[0]);
}

void program_restart(char *const *arguments, struct err *err)
{
    char path[PATH_MAX];
    ssize_t length = readlink(OWN_PROGRAM, path, sizeof path - 1);
    if (length > 0) {
        static const char replaced[] = " (deleted)"; /* proc(5) */
        size_t size = (size_t)length, tail = sizeof replaced - 1;
        path[size] = '\0';
        if (size > tail && strcmp(path + size - tail, replaced) == 0)
            path[size - tail] = '\0';
        execv(path, arguments);
    }
    execv(OWN_PROGRAM, arguments);
    err_set_errno(err, ERR_SYSTEM, errno, "cannot start %s", OWN_PROGRAM);
}
