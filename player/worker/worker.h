/* A worker process: does one job, then exits.
 *
 * A program's main() calls worker_main if it was started as a worker, and worker_serve if it was
 * started as the process that workers are forked from. A worker receives the job from PROTOCOL_FD,
 * closes the sandbox, reports that it is ready, and only then reads what came with the job; the
 * answer goes to PROTOCOL_FD. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "core/err.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"

struct worker_files {
    int fds[PROTOCOL_FILES_MAX];
    size_t count;
};

/* What distinguishes one kind of worker from another. */
struct worker_role {
    const char *name; /* at most 15 bytes */
    struct sandbox_limits limits;
    enum sandbox_kind sandbox;
    /* Called before the sandbox closes: lets the libraries of this role do what they do at their
     * first use (sandbox/warm_up.h). May be NULL. */
    void (*prepare)(const struct protocol_job *job);
    /* Does the job and sends every answer except an error. The job's texts are terminated. */
    bool (*do_job)(struct protocol_job *job, const struct worker_files *files, struct err *err);
};

/* Returns the process's exit status: 0 if the job was answered, even with an error; else
 * PROTOCOL_EXIT_NO_JOB. */
int worker_main(const struct worker_role *role);

/* Forks a worker for each socket that comes from PROTOCOL_FD (struct protocol_fork), until the
 * player has exited; loaded once, a program's libraries cost no more than the fork. Returns the
 * exit status, in a worker that was forked that of worker_main. `argument`, PROTOCOL_SERVE, is
 * erased there: `ps` shows a worker. From a process's only thread. */
int worker_serve(const struct worker_role *role, char *argument);

/* Sends one packet to the player, with a descriptor unless fd is -1; waits while the player's
 * buffer is full. False if the player has exited. */
bool worker_send(const void *packet, size_t size, int fd);

#endif
