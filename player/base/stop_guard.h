/* Ends the process when it was asked to stop and its main thread does not: that may wait for ever
 * in a library or the kernel, for an X server that is stopped or a disk that is gone.
 *
 * A thread of its own waits for the request. It needs no lock that the main thread may hold, and no
 * memory. Main thread. */
#ifndef BASE_STOP_GUARD_H
#define BASE_STOP_GUARD_H

#include "core/err.h"

#include <stdint.h>

struct stop_guard;

/* Watches `signals`, a signalfd(2) that the main thread reads and closes after stop_guard_finish:
 * from a signal that comes there, and from stop_guard_begin, the process has limit_ms to call
 * stop_guard_finish. Then it logs that and exits with EXIT_FAILURE. NULL on failure. */
struct stop_guard *stop_guard_start(int signals, int limit_ms, struct err *err);

/* The process has begun to stop, whether or not a signal asked for it. NULL is allowed. */
void stop_guard_begin(struct stop_guard *guard);

/* The process has stopped all that may hang. NULL is allowed. */
void stop_guard_finish(struct stop_guard *guard);

#endif
