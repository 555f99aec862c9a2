/* A worker process and the socket to it: starts it, sends and receives packets, reports why it
 * exited.
 *
 * A worker is this program once more, or the program for films. Nothing here blocks. struct
 * worker_process is embedded in its owner. Main thread. */
#ifndef DECODE_WORKER_PROCESS_H
#define DECODE_WORKER_PROCESS_H

#include "core/err.h"
#include "decode/fork_server.h"
#include "sandbox/protocol.h"

#include <sys/types.h>

struct worker_process {
    pid_t pid;    /* 0: not forked yet, killed, or exited */
    int socket;   /* -1: never started */
    bool hung_up; /* it closed its end of the socket: why it exited will be known soon */
    int exit_fd;  /* pidfd, readable once it has exited; -1 before it hung up */
    int64_t hung_up_ns;
    const char *program;        /* name of the program in errors */
    struct fork_server *server; /* that forks it; NULL: none */
    pid_t server_pid;           /* that it was asked of; another may have taken its place */
    bool started;               /* it was forked: `pid` is known */
    bool ready;                 /* it reported so: from now on it may have read the medium */
    bool short_of_memory;       /* as PROTOCOL_EVENT_READY reported */
    int64_t start_cpu_ns;       /* processor time that it took to get ready, as it reported */
    bool forbidden;             /* it reported a forbidden system call: this one */
    uint32_t forbidden_call;
};

/* Names the program that decodes films (program_open); without it, this program does. The string is
 * borrowed for the life of the process. Call before the first worker starts. */
void worker_process_use_film_program(const char *name);

/* From now on workers are forked from a server for each program (fork_server.h), which starts with
 * the first job, that for pictures in worker_process_prepare; without this, each worker is a
 * program that is executed. Call before that. */
void worker_process_use_fork_servers(void);

/* Ends them, for a process that ends or executes another program: call when no worker is left. */
void worker_process_end_servers(void);

/* Finds that program, and decides whether this process's workers are sandboxed (they are if this is
 * not called). Call once, before the first worker starts. `without_sandbox` (--no-sandbox) is
 * logged as a warning. False without it where the kernel can't sandbox: ERR_SYSTEM. If the program
 * for films is missing the log says so, pictures play, and each film fails at its start. */
MUST_CHECK bool worker_process_prepare(bool without_sandbox, struct err *err);

/* Starts a worker and sends it a job, whose magic and file_count are filled in. `files`, at most
 * PROTOCOL_FILES_MAX, are duplicated for the worker and stay the caller's. On failure (ERR_SYSTEM)
 * there is nothing to stop. */
MUST_CHECK bool worker_process_start(struct worker_process *worker, const struct protocol_job *job,
                                     const int *files, int file_count, struct err *err);

enum worker_process_event {
    WORKER_PROCESS_NOTHING, /* yet */
    WORKER_PROCESS_PACKET,
    WORKER_PROCESS_BROKEN, /* an invalid packet, or the worker exited: see err, and stop it */
};

/* Receives one packet of at most `packet_bytes_max` bytes (at least an event's size) into `packet`;
 * *fd is the descriptor that came with it, for the caller to close, or -1. PROTOCOL_EVENT_STARTED,
 * PROTOCOL_EVENT_READY and PROTOCOL_EVENT_FORBIDDEN are handled here and not passed on; the last
 * only makes an error's text clearer. Before PROTOCOL_EVENT_READY only PROTOCOL_EVENT_ERROR is accepted.
 *
 * * Errors: ERR_WORKER where the worker is at fault: an invalid packet, a crash. ERR_SANDBOX where
 * its sandbox killed it: either the medium has taken it over, or a library made a system call that
 * the sandbox does not know. ERR_SYSTEM where no descriptor was free, and where the worker exited
 * before it was ready: then it had not read the medium, and the machine or the installation is at
 * fault (missing libraries, a program of another version, no memory to start in). ERR_KILLED where
 * somebody else killed it (SIGKILL), as the kernel does when memory runs out; a medium can cause
 * that by using up memory, so neither blame the medium for good nor start the worker again at
 * once. */
enum worker_process_event worker_process_receive(struct worker_process *worker, void *packet,
                                                 size_t packet_bytes_max, size_t *size, int *fd,
                                                 struct err *err);

/* False if it can't be sent now: the worker's buffer is full, or the worker has exited. */
bool worker_process_send(struct worker_process *worker, const void *packet, size_t size);

/* Readable when worker_process_receive has something to return. */
int worker_process_fd(const struct worker_process *worker);

/* When a worker that hung up must have exited (CLOCK_MONOTONIC): stop it then. INT64_MAX: it has
 * not hung up. */
int64_t worker_process_deadline_ns(const struct worker_process *worker);

/* The processor time that the worker has used so far, its start included: unlike time on a clock it
 * does not grow because the machine is busy. False, and *ns untouched, before it is known to be
 * there, and once it is known to have exited. */
MUST_CHECK bool worker_process_cpu_ns(const struct worker_process *worker, int64_t *ns);

/* The error code to use for one that a worker reported. Before it was ready: ERR_SYSTEM, whatever
 * it reported, since no medium can be the cause. After that: ERR_INPUT and ERR_LIMIT as they are;
 * ERR_SYSTEM as ERR_LIMIT, for a medium can need more memory than any machine has, and that can't
 * be told from a machine that has little: the medium's fault, but no crash. ERR_WORKER for all
 * others. On a machine whose processes are limited to little memory (ulimit -v, -f), as the worker
 * reports when it is ready, ERR_LIMIT and ERR_SYSTEM are ERR_SYSTEM. */
enum err_code worker_process_error_code(const struct worker_process *worker, uint32_t reported);

/* The error code for a worker that did not answer in time: ERR_KILLED before it was ready, since it
 * was then kept from starting (a slow disk, a busy machine); after that `code`. */
enum err_code worker_process_timeout_code(const struct worker_process *worker, enum err_code code);

/* Kills the worker without waiting for its exit, and closes the socket. Does nothing on zeroed
 * memory or a second time. */
void worker_process_stop(struct worker_process *worker);

/* Reaps workers that have exited since they were stopped; to be called now and then. With `wait` it
 * gives them a few seconds to exit; without, it never blocks: a worker that the kernel can't kill
 * (a disk that does not answer) is left alone. */
void worker_process_reap(bool wait);

/* Whether a number that a worker sent lies in a range, both ends included. */
static inline bool worker_process_is_within(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

#endif
