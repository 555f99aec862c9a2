/* A worker process: does one job, then ends.
 *
 * A program's main() calls worker_main when it was started as a worker. It reads the job from
 * PROTOCOL_FD, closes the sandbox behind itself, says that it is ready, and only then looks at what
 * came with the job; the answer goes to PROTOCOL_FD. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "core/err.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"

struct worker_files {
    int fds[PROTOCOL_FILES_MAX];
    size_t count;
};

/* What a worker can. */
struct worker_role {
    const char *name;             /* at most 15 bytes */
    struct sandbox_limits limits; /* descriptors: those it opens itself */
    enum sandbox_kind sandbox;
    void (*prepare)(const struct protocol_job *job); /* before the sandbox; NULL: nothing */
    /* Does the job, answers all but the error. The job's texts are terminated. */
    bool (*do_job)(struct protocol_job *job, const struct worker_files *files, struct err *err);
};

/* The process's exit status: 0 when the job was answered, with an error too; else PROTOCOL_EXIT_NO_JOB. */
int worker_main(const struct worker_role *role);

/* One packet to the player, with a descriptor unless fd is -1; waits while the player's buffer is
 * full. */
bool worker_send(const void *packet, size_t size, int fd);

#endif
