/* A worker process: makes the frames of one job, then ends.
 *
 * main() calls worker_main when the player has re-executed itself for one. It reads the job from
 * PROTOCOL_FD, closes the sandbox behind itself, and only then looks at what came with the job; the
 * answer goes to PROTOCOL_FD. One thread. */
#ifndef DECODE_WORKER_H
#define DECODE_WORKER_H

/* argv[0] of a worker; what main() looks at, and what `ps` shows. */
#define WORKER_NAME "duckling-worker"

/* The process's exit status: 0 when the job was answered, with an error too; 1 when it could not
 * be. */
int worker_main(void);

#endif
