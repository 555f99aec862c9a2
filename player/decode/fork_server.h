/* A process that workers are forked from: the fork server of a program.
 *
 * To load a program with its hundred libraries and more takes 50 to 120 ms of processor time, a
 * fork about 2 ms. The server has loaded them once, reads no medium, and lives as long as the
 * player; its workers are the player's own children. The price: workers of one server lie at the
 * same addresses, other than the player's.
 *
 * Nothing here blocks, except with `wait`. Main thread. */
#ifndef DECODE_FORK_SERVER_H
#define DECODE_FORK_SERVER_H

#include "core/err.h"

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* Zeroed: not running. */
struct fork_server {
    pid_t pid; /* 0: not running */
    int socket;
};

/* Starts one, as program_start does. ERR_SYSTEM. */
MUST_CHECK bool fork_server_start(struct fork_server *server, int program, char *name,
                                  char *const *environment, bool keep_errors, struct err *err);

/* Asks for a worker that has `socket` as PROTOCOL_FD; the socket stays the caller's. Its first
 * packet is PROTOCOL_EVENT_STARTED, or PROTOCOL_EVENT_ERROR where the fork failed; a socket that is
 * closed before means that the server has exited. False if it does not take it: it has exited, or
 * hangs. */
MUST_CHECK bool fork_server_ask(const struct fork_server *server, int socket);

/* Whether a packet is a valid PROTOCOL_EVENT_STARTED, and of which process. */
MUST_CHECK bool fork_server_read_started(const void *packet, size_t size, pid_t *pid);

/* How it exited; may be asked again until fork_server_end. False as long as it runs. */
MUST_CHECK bool fork_server_exit_reason(const struct fork_server *server, siginfo_t *reason);

/* Kills it without waiting (children.h). Its workers go on. Nothing where it is not running. */
void fork_server_end(struct fork_server *server);

/* Takes over the player's end of the socket of a worker that is not wanted any more, and whose
 * process is not known yet: it is killed as soon as it is. */
void fork_server_abandon(struct fork_server *server, int socket);

/* Looks for those; with `wait` for half a second. A server that has not forked one for long hangs:
 * it is ended. */
void fork_server_collect_abandoned(bool wait);

#endif
