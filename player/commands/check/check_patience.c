#include "commands/check/check_patience.h"

#include <sched.h>

#define WORKED_NS 1000000 /* less may be the kernel's own doing */

bool check_patience_look(struct check_patience *patience, int64_t used_ns, int64_t now_ns,
                         struct err *err)
{
    if (patience->moved_ns == 0 || used_ns - patience->used_ns >= WORKED_NS) {
        patience->used_ns = used_ns;
        patience->moved_ns = now_ns;
    }
    return now_ns - patience->moved_ns < CHECK_PATIENCE_STALL_NS ||
           err_set(err, ERR_KILLED,
                   "this machine gave the decoder no processor time for %d s: it is too busy, or "
                   "its disk does not answer; check again",
                   (int)(CHECK_PATIENCE_STALL_NS / 1000000000));
}

int check_patience_processors(void)
{
    cpu_set_t allowed;
    int count = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
    return count > 0 ? count : 1;
}
