/* The worker's film: decodes ahead into a ring of memory that the player reads, as far as the
 * player gives frames back.
 *
 * Runs in the sandbox. */
#ifndef DECODE_WORKER_MOVIE_H
#define DECODE_WORKER_MOVIE_H

#include "base/err.h"
#include "decode/protocol.h"

/* Plays the film in `file` for this job until its end, or until the player is gone. Sends all but
 * the error. */
bool worker_movie(const struct protocol_job *job, int file, struct err *err);

/* One packet to the player, with a descriptor unless fd is -1; waits while the player's buffer is
 * full. In worker.c. */
bool worker_send(const void *packet, size_t size, int fd);

#endif
