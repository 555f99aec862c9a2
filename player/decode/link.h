/* A link: a worker process and the line to it.
 *
 * Starts the worker (this program again, or the one for films), sends and receives whole packets,
 * and tells why the worker ended. Never blocks. Embedded in its owner. Main thread. */
#ifndef DECODE_LINK_H
#define DECODE_LINK_H

#include "base/err.h"
#include "decode/protocol.h"

#include <sys/types.h>

struct link {
    pid_t pid;  /* 0: told to end, or gone */
    int socket; /* -1: never started */
    bool ended; /* its end of the socket is closed: what killed it will be known soon */
    int end_fd; /* readable then; -1 before, and where there is none to be had */
};

/* The program that decodes films (program_open), the string is borrowed for good; without it this
 * one does. Before the first worker. */
void link_use_film_program(const char *name);

/* Finds that program, and chooses whether this process' workers are sandboxed. Once, before the
 * first one; they are where nobody asks. `without_sandbox` (--no-sandbox) is logged as a warning.
 * Else false where the kernel can't do it; or where films have no program: ERR_SYSTEM. */
bool link_prepare(bool without_sandbox, struct err *err);

/* Starts a worker on a job (without magic and file_count, which are filled in). `files`, at most
 * PROTOCOL_FILES_MAX, are copied to the worker and stay the caller's. On failure (ERR_SYSTEM) there
 * is nothing to stop. */
bool link_start(struct link *link, const struct protocol_job *job, const int *files, int file_count,
                struct err *err);

enum link_news {
    LINK_NOTHING, /* yet */
    LINK_PACKET,
    LINK_BROKEN, /* err tells: nonsense, or why the worker ended. To be stopped */
};

/* Takes one packet of at most `room` bytes into `packet`; *fd is the descriptor that came with it,
 * for the caller to close, or -1. */
enum link_news link_receive(struct link *link, void *packet, size_t room, size_t *size, int *fd,
                            struct err *err);

/* False when it can't be sent now: the worker's buffer is full, or it is gone. */
bool link_send(struct link *link, const void *packet, size_t size);

/* Readable when link_receive has something to say. */
int link_fd(const struct link *link);

/* Ends the worker without waiting for its end, and closes the line. Zeroed or stopped: nothing
 * happens. */
void link_stop(struct link *link);

/* Takes note of workers that have ended since; to be called now and then. With `wait`, until all
 * that were stopped have. */
void link_reap(bool wait);

#endif
