/* How long check waits for a worker: by the processor time that the worker gets, so that a busy
 * machine changes nothing about what is found. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_PATIENCE_H
#define COMMANDS_CHECK_CHECK_PATIENCE_H

#include "core/err.h"

#include <stdint.h>

/* A worker that gets no processor time for this long was kept from working: by a machine that is
 * far too busy, or by a disk that does not answer. */
#define CHECK_PATIENCE_STALL_NS INT64_C(120000000000)
/* A picture that takes longer than players allow is reported, and waited for, to find out what else
 * is wrong with it; after so many times as long it is taken for one that never ends. */
#define CHECK_PATIENCE_TIMES 10
/* For clients' own limits, which would count the time that passes, too. */
#define CHECK_PATIENCE_CLIENT_MS INT64_C(3600000)
/* A worker is looked at so often, at least. */
#define CHECK_PATIENCE_LOOK_MS INT64_C(250)

/* Zeroed: begins with the first look. */
struct check_patience {
    int64_t used_ns;  /* when it was last seen to have worked, */
    int64_t moved_ns; /* and that time (CLOCK_MONOTONIC) */
};

/* Takes note of the processor time that a worker has used, at a time. False once it is stalled:
 * ERR_KILLED, which is not the medium's fault. */
MUST_CHECK bool check_patience_look(struct check_patience *patience, int64_t used_ns,
                                    int64_t now_ns, struct err *err);

/* How many processors this process and its workers may use, at least 1. */
int check_patience_processors(void);

#endif
