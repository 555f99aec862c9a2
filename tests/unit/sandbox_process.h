/* Processes that enter the sandbox and try something, for tests of it. Include after cmocka.h. */
#ifndef TESTS_UNIT_SANDBOX_PROCESS_H
#define TESTS_UNIT_SANDBOX_PROCESS_H

#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox_attempts.h"

#ifdef DUCKLING_SANITIZED
#define SANITIZED true
#else
#define SANITIZED false
#endif

#define MIB ((size_t)1 << 20)
/* How a process that was tried ended: its exit status, or 100 and the signal. */
enum { WORKED = 0, REFUSED = 1, OTHER = 2, NOT_ENTERED = 3, KILLED = 100 };

static const struct sandbox_limits usual = {
    .address_space_bytes = 1024 * MIB,
    .file_bytes = 64 * MIB,
    .processor_s = 30,
};

/* The job's file. */
static int own_file = -1;

static inline int end_of(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFSIGNALED(status) ? KILLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Makes descriptors what a worker has: 0 to 2 as they are, the socket, the memory, the file; and
 * the player's end of the socket. */
static inline void take_descriptors(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
        _exit(OTHER);
    int file = fcntl(own_file, F_DUPFD, 20), socket = fcntl(pair[0], F_DUPFD, 20);
    int player = fcntl(pair[1], F_DUPFD, 20);
    if (file < 0 || socket < 0 || player < 0 || dup2(socket, PROTOCOL_FD) < 0)
        _exit(OTHER);
    close(PROTOCOL_MEMORY_FD);
    if (!sandbox_make_memory(NULL) || dup2(file, OWN_FILE_FD) < 0 || dup2(player, PLAYER_FD) < 0)
        _exit(OTHER);
    closefrom(PLAYER_FD + 1);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        _exit(OTHER);
}

/* The same with a socket of the test's, and without a file. */
static inline void take_socket(int socket)
{
    int moved = fcntl(socket, F_DUPFD, 20);
    if (moved < 0 || dup2(moved, PROTOCOL_FD) < 0)
        _exit(OTHER);
    closefrom(PROTOCOL_MEMORY_FD);
    if (!sandbox_make_memory(NULL) || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        _exit(OTHER);
}

static inline void enter(const struct sandbox_limits *limits, enum sandbox_kind kind)
{
    if (!sandbox_drop_privileges(NULL) || !sandbox_set_limits(limits, NULL) ||
        !sandbox_deny_files(NULL) || !sandbox_deny_calls(kind, NULL))
        _exit(NOT_ENTERED);
}

static inline int try_within(const struct sandbox_limits *limits, enum sandbox_kind kind,
                             int (*act)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        take_descriptors();
        enter(limits, kind);
        _exit(act());
    }
    return end_of(pid);
}

#endif
