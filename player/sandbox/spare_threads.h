/* Threads that are created before a sandbox closes, for libraries that start theirs afterwards.
 *
 * A filter of system calls can't count: if it allows one thread to be created it allows thousands.
 * So a worker creates as many as it may ever need, and its filter forbids any more. This module's
 * pthread_create replaces the C library's in the whole program: once there are spare threads it
 * returns those, and creates no others. */
#ifndef SANDBOX_SPARE_THREADS_H
#define SANDBOX_SPARE_THREADS_H

#include "core/err.h"

#define SPARE_THREADS_MAX 16
/* Stack size, whatever attributes are given to pthread_create. */
#define SPARE_THREADS_STACK_BYTES ((size_t)2 << 20)

/* Creates SPARE_THREADS_MAX waiting threads; from then on pthread_create returns each of them once,
 * then fails with EAGAIN. They are joined or detached like any other. A second call does nothing.
 * Errors: ERR_SYSTEM. */
MUST_CHECK bool spare_threads_make(struct err *err);

#endif
