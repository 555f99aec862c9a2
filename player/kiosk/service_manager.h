/* Tells the service manager (systemd) that the player runs, what it shows, and that it is not
 * stuck: the protocol of sd_notify(3) and sd_watchdog_enabled(3), without their library.
 *
 * What is told waits until service_manager_alive sends it, all in one datagram. A datagram that
 * cannot be sent at once is sent at the next call: nothing here ever waits. Main thread. */
#ifndef KIOSK_SERVICE_MANAGER_H
#define KIOSK_SERVICE_MANAGER_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SERVICE_MANAGER_STATUS_BYTES 256

struct service_manager {
    bool is_there; /* somebody is to be told */
    int socket;
    struct sockaddr_un address;
    socklen_t address_bytes;
    int64_t watchdog_ns; /* it ends a player that it has not heard of for so long; 0: none */
    int64_t due_ns;      /* CLOCK_MONOTONIC: it wants to hear again */
    bool ready_told, status_told;
    char status[SERVICE_MANAGER_STATUS_BYTES];
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

/* The player has begun to end. */
void service_manager_stopping(struct service_manager *manager);

void service_manager_finish(struct service_manager *manager); /* zeroed memory is allowed */

#endif
