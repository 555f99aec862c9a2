/* A worker process and the socket to it: starts it, sends and receives packets, says why it
 * ended.
 *
 * Starts the worker (this program again, or the one for films), sends and receives whole packets,
 * and tells why the worker ended. Never blocks. Embedded in its owner. Main thread. */
#ifndef DECODE_WORKER_PROCESS_H
#define DECODE_WORKER_PROCESS_H

#include "core/err.h"
#include "sandbox/protocol.h"

#include <sys/types.h>

struct worker_process {
    pid_t pid;    /* 0: told to end, or gone */
    int socket;   /* -1: never started */
    bool hung_up; /* its end of the socket is closed: what killed it will be known soon */
    int exit_fd;  /* readable then; -1 before */
    int64_t hung_up_ns;
    const char *program; /* what its worker is called in errors */
    bool ready;          /* it has said so: from now on it may have looked at the medium */
    bool short_of_memory;
    bool forbidden; /* it says that it made such a system call: this one */
    uint32_t forbidden_call;
};

/* The program that decodes films (program_open), the string is borrowed for good; without it this
 * one does. Before the first worker. */
void worker_process_use_film_program(const char *name);

/* Finds that program, and chooses whether this process' workers are sandboxed. Once, before the
 * first one; they are where nobody asks. `without_sandbox` (--no-sandbox) is logged as a warning.
 * Else false where the kernel can't do it: ERR_SYSTEM. Where films have no program the log says so,
 * and they fail when they are started: pictures play. */
MUST_CHECK bool worker_process_prepare(bool without_sandbox, struct err *err);

/* Starts a worker on a job (without magic and file_count, which are filled in). `files`, at most
 * PROTOCOL_FILES_MAX, are copied to the worker and stay the caller's. On failure (ERR_SYSTEM) there
 * is nothing to stop. */
MUST_CHECK bool worker_process_start(struct worker_process *worker, const struct protocol_job *job,
                                     const int *files, int file_count, struct err *err);

enum worker_process_event {
    WORKER_PROCESS_NOTHING, /* yet */
    WORKER_PROCESS_PACKET,
    WORKER_PROCESS_BROKEN, /* err tells: nonsense, or why the worker ended. To be stopped */
};

/* Takes one packet of at most `room` bytes (those of an event, at least) into `packet`; *fd is the
 * descriptor that came with it, for the caller to close, or -1. PROTOCOL_EVENT_READY is taken here, and
 * not handed on; before it nothing but an error is, and after it no other. So is
 * PROTOCOL_EVENT_FORBIDDEN, which only makes the error's text clearer.
 *
 * Errors: ERR_WORKER where the worker is to blame: nonsense, a crash. ERR_SANDBOX where its sandbox
 * ended it: either the medium has taken it over, or a library did what the sandbox does not know.
 * ERR_SYSTEM where there was no descriptor free, and where the worker ended before it was ready:
 * then it has not looked at the medium, and the machine or the installation is at fault (libraries
 * that are missing, a program of another version, no memory to start in). ERR_KILLED where somebody
 * else ended it (SIGKILL), as the kernel does when memory is short; a worker can bring that upon
 * itself by taking memory, so it is no reason to blame the medium for good, nor to start it again
 * at once. */
enum worker_process_event worker_process_receive(struct worker_process *worker, void *packet,
                                                 size_t packet_bytes_max, size_t *size, int *fd,
                                                 struct err *err);

/* False when it can't be sent now: the worker's buffer is full, or it is gone. */
bool worker_process_send(struct worker_process *worker, const void *packet, size_t size);

/* Readable when worker_process_receive has something to say. */
int worker_process_fd(const struct worker_process *worker);

/* When a worker that hung up should have ended (CLOCK_MONOTONIC): it is to be stopped then.
 * INT64_MAX: it did not hang up. */
int64_t worker_process_deadline_ns(const struct worker_process *worker);

/* What a worker's own word for its failure is worth. Before it was ready: ERR_SYSTEM, whatever it
 * says, for no medium could have made it say so. After that: ERR_INPUT and ERR_LIMIT as they are;
 * ERR_SYSTEM as ERR_LIMIT, for a medium can ask for more than any machine has, and nobody can tell
 * this from a machine that has little: it is the medium's, but it is no crash. ERR_WORKER for all
 * else. A machine that gives its processes little memory by decree (ulimit -v, -f) can be told, as
 * its worker says so before it looks: there ERR_LIMIT and ERR_SYSTEM are ERR_SYSTEM. */
enum err_code worker_process_error_code(const struct worker_process *worker, uint32_t reported);

/* What it is when a worker does not go on, as who waits for it finds out: ERR_KILLED before it was
 * ready, as it is then kept from its work (a slow disk, a machine that is busy); after that
 * `code`. */
enum err_code worker_process_timeout_code(const struct worker_process *worker, enum err_code code);

/* Ends the worker without waiting for its end, and closes the line. Zeroed or stopped: nothing
 * happens. */
void worker_process_stop(struct worker_process *worker);

/* Takes note of workers that have ended since; to be called now and then. With `wait`, gives those
 * that were stopped a few seconds to end; without, it never blocks: one that the kernel can't end
 * (a disk that does not answer) is let be. */
void worker_process_reap(bool wait);

/* Whether a number that a worker sent lies in a range, both ends included. */
static inline bool worker_process_is_within(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

#endif
