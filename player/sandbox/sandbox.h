/* The sandbox: limits a worker to what its job needs, before it reads a byte from outside.
 *
 * * A worker calls sandbox_make_memory, sandbox_drop_privileges, sandbox_set_limits,
 * sandbox_deny_files and sandbox_deny_calls in this order, from its only thread, once it holds the
 * files of its job. After that it can compute, read the descriptors that it has, draw in the memory
 * of PROTOCOL_MEMORY_FD, and answer on PROTOCOL_FD. It can get no other descriptor, so all that it
 * can hold is its address space and one memfd. Any other system call is not carried out: the
 * process reports which one it was (PROTOCOL_EVENT_FORBIDDEN) and ends with SIGSYS. The kernel's
 * log (audit, type 1326) names the call, too, followed by seccomp, which is how the process ends
 * itself. abort() ends the same way. Nothing reopens the sandbox, and no part is left out where the
 * kernel lacks it, except Landlock: there the filter of system calls has to do.
 *
 * * What a library opens or asks at its first use must be opened and asked before. For the C
 * library warm_up.c has the list, which sandbox_drop_privileges, sandbox_deny_files and
 * sandbox_deny_calls go through, whichever comes first; for the libraries of a kind of worker see
 * the `prepare` of its struct worker_role. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Descriptors are below this number. A worker can get none anyway; but the kernel lets no process
 * send one while more than this are on their way between all processes of its user (unix(7),
 * ETOOMANYREFS), and twelve workers that are started at once are sent four files each. */
#define SANDBOX_DESCRIPTORS_MAX 512

struct sandbox_limits {
    size_t address_space_bytes; /* not in sanitizer builds: their shadow memory alone is larger */
    size_t file_bytes;          /* the memfd's size */
    unsigned processor_s;       /* SIGXCPU after that, SIGKILL a second later */
};

/* Makes the memfd of PROTOCOL_MEMORY_FD, which must be the lowest free number. Errors:
 * ERR_SYSTEM. */
MUST_CHECK bool sandbox_make_memory(struct err *err);

/* Gives up all capabilities for good; root becomes the user and group "nobody" of no other group,
 * if the system lets it. Descriptors stay open. Does little for a process that is not root's and
 * has none. Errors: ERR_SYSTEM. */
MUST_CHECK bool sandbox_drop_privileges(struct err *err);

/* Sets the limits, none above what the process was started with, and raises what it was started
 * with too little of where that is allowed (stack, data); gives up new privileges, core
 * dumps, and tracing by processes of the same user; ends the process with its parent. A memfd over
 * its limit fails with EFBIG. Errors: ERR_SYSTEM. */
MUST_CHECK bool sandbox_set_limits(const struct sandbox_limits *limits, struct err *err);

/* Landlock: no path can be opened, created, changed or removed, no TCP port bound or connected, no
 * process outside signalled. Does nothing where the kernel has no Landlock (before 5.13, or not
 * enabled). Call after sandbox_set_limits. Errors: ERR_SYSTEM. */
MUST_CHECK bool sandbox_deny_files(struct err *err);

enum sandbox_kind {
    SANDBOX_ALONE, /* one thread */
    /* pthread_create returns SPARE_THREADS_MAX threads, which are created here; they share one heap
     * (malloc). */
    SANDBOX_THREADS,
};

/* Seccomp: the allow-list of sandbox.c for all threads; any other call kills the process, by a
 * SIGSYS handler that reports it. Neither kind can create threads or processes afterwards. Errors:
 * ERR_SYSTEM. */
MUST_CHECK bool sandbox_deny_calls(enum sandbox_kind kind, struct err *err);

/* Whether sandbox_deny_calls works on this kernel. Changes nothing; any process. Errors:
 * ERR_SYSTEM. */
MUST_CHECK bool sandbox_available(struct err *err);

#define SANDBOX_NAME_BYTES 40

/* The name of one of this machine's system calls, "openat"; "number N" where it has none. Any
 * number. Any process. */
void sandbox_name_call(uint32_t call, char name[SANDBOX_NAME_BYTES]);

/* fstat, by the one system call that takes no path: the C library's own goes through newfstatat,
 * which is not allowed, since the filter can't see whether its path is empty. */
int sandbox_fstat(int fd, struct stat *status);

#endif
