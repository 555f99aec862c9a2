/* What libraries do when they are first used, done before a sandbox closes.
 *
 * The C library opens files and asks the kernel when some of its functions are first called, and
 * remembers the answer. Each row of warm_up.c's list does that for one of them. What belongs to the
 * libraries of one kind of worker is in that worker's `prepare` (worker/worker.h). */
#ifndef SANDBOX_WARM_UP_H
#define SANDBOX_WARM_UP_H

/* Goes through the list; a second call does nothing. What fails is left out: then a worker that
 * needs it is killed for it. From a process's only thread. */
void warm_up_c_library(void);

/* The same for what each thread does when it first uses something. */
void warm_up_thread(void);

#endif
