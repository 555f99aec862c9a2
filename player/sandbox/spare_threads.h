/* Threads that are made before a sandbox closes, for libraries that start theirs after it has.
 *
 * A filter of system calls can't count: where it lets one thread be made it lets thousands. So a
 * worker makes as many as it may ever have, and its filter lets it make none. This module's
 * pthread_create takes the place of the C library's in the whole program: once there are spare
 * threads it hands out those, and makes no others. */
#ifndef SANDBOX_SPARE_THREADS_H
#define SANDBOX_SPARE_THREADS_H

#include "core/err.h"

#define SPARE_THREADS_MAX 16
/* Of their stacks, whatever the attributes given to pthread_create say. */
#define SPARE_THREADS_STACK_BYTES ((size_t)2 << 20)

/* Makes SPARE_THREADS_MAX threads, which wait; from then on pthread_create gives each of them out
 * once, and then fails with EAGAIN. They are joined or detached as any other. Once; a second call
 * changes nothing. Errors: ERR_SYSTEM. */
MUST_CHECK bool spare_threads_make(struct err *err);

#endif
