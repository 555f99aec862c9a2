/* Child processes that were killed, until the kernel has ended them, which takes a large one a
 * tenth of a second. Main thread. */
#ifndef DECODE_CHILDREN_H
#define DECODE_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

/* Kills a child, and remembers it until it has been reaped. Never blocks. Nothing if `pid` is not
 * above 0. */
void children_end(pid_t pid);

/* Reaps those that have exited. With `wait` it gives them half a second to exit; without, it never
 * blocks: one that the kernel can't kill (a disk that does not answer) is left alone. */
void children_reap(bool wait);

#endif
