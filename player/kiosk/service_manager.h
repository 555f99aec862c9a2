/* Tells the service manager (systemd) that the player runs, what it shows, and that it is not
 * stuck; and lets it keep a descriptor from one process of the service to the next: the protocol of
 * sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3), without their library.
 *
 * What is told waits until service_manager_alive sends it. A datagram that cannot be sent at once
 * is sent at the next call: nothing here ever waits, but for service_manager_forget. Main thread. */
#ifndef KIOSK_SERVICE_MANAGER_H
#define KIOSK_SERVICE_MANAGER_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SERVICE_MANAGER_STATUS_BYTES 256
#define SERVICE_MANAGER_FDS_MAX 64 /* that are passed to this process */

struct service_manager {
    bool is_there; /* somebody is to be told */
    int socket;
    struct sockaddr_un address;
    socklen_t address_bytes;
    int64_t watchdog_ns; /* it ends a player that it has not heard of for so long; 0: none */
    int64_t due_ns;      /* CLOCK_MONOTONIC: it wants to hear again */
    bool ready_told, status_told;
    char status[SERVICE_MANAGER_STATUS_BYTES];
    bool can_keep; /* it keeps descriptors (FileDescriptorStoreMax=) */
    bool keeps;    /* it has the descriptor */
    bool forgets;  /* it has one that it is to close, and does not know so yet */
    bool has_fd;   /* it is to have this one, and was not told yet: */
    int fd;
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. They stay in the environment, since a player
 * that starts itself again needs them; its workers get none of it. False where they make no sense
 * or there is no socket to be had; what does make sense is done all the same. */
MUST_CHECK bool service_manager_init(struct service_manager *manager, struct err *err);

/* Says in words what the player does, for `systemctl status`. What does not fit is cut off. */
void service_manager_set_status(struct service_manager *manager, const char *words);

/* The loop has turned, and the screen has what it should have: sends what there is to tell, and
 * feeds the watchdog, if it is time to. */
void service_manager_alive(struct service_manager *manager, int64_t now_ns);

/* When service_manager_alive has to be called next: a third of the watchdog's interval after it was
 * fed, sooner where it could not be. INT64_MAX: never. */
int64_t service_manager_until_ns(const struct service_manager *manager);

/* Takes what the service manager has kept of the process before: *fd is the caller's to close, -1
 * where there is nothing. Reads FDSTORE, LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and removes the
 * last three: in a program that is started again these descriptors are closed. Whatever was passed
 * is closed in workers. Before any of them, and before other files are opened. False where
 * the variables make no sense. */
MUST_CHECK bool service_manager_take_kept(struct service_manager *manager, int *fd,
                                          struct err *err);

/* Gives the service manager a descriptor to keep, in place of another one. It has it after the next
 * service_manager_alive; the caller's stays open until then, and is the caller's still. Nothing
 * where none are kept. */
void service_manager_keep(struct service_manager *manager, int fd);

/* Whether the descriptor outlives this process. The service manager closes it when the service is
 * stopped, but not when it is started again. */
/* Where the process is about to run a program in its own place (exec): a copy of what is kept, or -1;
 * and, once all else is closed, leaves that copy for it where service_manager_take_kept will find it. */
int service_manager_copy_kept(const struct service_manager *manager);
void service_manager_pass_on(int fd);

bool service_manager_keeps(const struct service_manager *manager);

/* Has it closed; waits until that was heard, a second at most. */
void service_manager_forget(struct service_manager *manager);

/* The player has begun to end. */
void service_manager_stopping(struct service_manager *manager);

void service_manager_finish(struct service_manager *manager); /* zeroed memory is allowed */

#endif
