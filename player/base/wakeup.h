/* Lets the main thread sleep until a deadline, a descriptor, a post from another thread, or a
 * signal to stop. */
#ifndef BASE_WAKEUP_H
#define BASE_WAKEUP_H

#include "core/err.h"

#include <poll.h>
#include <stdint.h>

#define WAKEUP_FDS_MAX 3

struct wakeup;

/* Blocks SIGINT, SIGTERM, SIGHUP and SIGUSR1 for the whole process from here on: create it
 * before any thread starts. NULL on failure. */
struct wakeup *wakeup_create(struct err *err);
void wakeup_destroy(struct wakeup *wake); /* NULL is allowed */

/* The signalfd(2) of SIGINT and SIGTERM, for stop_guard_start; belongs to `wake`. */
int wakeup_signals(const struct wakeup *wake);

/* Ends the current or the next wakeup_wait. Any thread; `wake` is a struct wakeup. */
void wakeup_post(void *wake);

/* Sleeps until until_ns (CLOCK_MONOTONIC) at the latest. `fds` has `count` entries and space for
 * WAKEUP_FDS_MAX more. True when a signal asked the process to stop: SIGHUP does when standard
 * input is a terminal that is gone, as after a login over a network. */
bool wakeup_wait(struct wakeup *wake, struct pollfd *fds, int count, int64_t until_ns);

/* Whether SIGHUP has come since this was asked last, other than to stop. */
bool wakeup_take_reload(struct wakeup *wake);

/* How often SIGUSR1 has come since this was asked last; the kernel counts those that come
 * together as one. */
int wakeup_take_calls(struct wakeup *wake);

#endif
