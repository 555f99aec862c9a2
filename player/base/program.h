/* Programs that come with this one, and starting them: the children that decode and encode.
 *
 * A program is opened once and started from its open file, so an upgrade underneath a player that
 * runs for months changes nothing for it. Any thread. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "core/err.h"

#include <sys/types.h>

#define PROGRAM_SELF (-1)
#define PROGRAM_FD 3 /* the child's end of its socket */

/* Finds `name` beside this program, or in ../libexec/duckling from there. Returns a descriptor for
 * program_start, the caller's to close, or -1: ERR_SYSTEM. */
int program_open(const char *name, struct err *err);

/* Starts `program`, or this one again (PROGRAM_SELF), with these arguments and environment (NULL at
 * the end of both). The child has `socket` as PROGRAM_FD and /dev/null as 0 to 2, but with
 * `keep_errors` our own 2; signals are as at a program's start, but SIGUSR1 stays ignored where it
 * is: it is for the player alone, and may be sent to all of its processes. It may find its own program open
 * as PROGRAM_FD + 1, and nothing else. `socket` stays the caller's. ERR_SYSTEM. */
MUST_CHECK bool program_start(pid_t *pid, int program, char *const *arguments,
                              char *const *environment, int socket, bool keep_errors,
                              struct err *err);

/* Starts this program again in this process: with these arguments (a NULL at the end) and the same
 * environment, or the version that was installed in its place since. The mask of blocked signals
 * stays. Returns only on failure: ERR_SYSTEM. */
void program_restart(char *const *arguments, struct err *err);

#endif
