#include "decode/work_limit.h"

/* The earliest that one thread can have used up what is left. */
static void set_due(struct work_limit *limit, int64_t now_ns, int64_t cpu_ns)
{
    if (now_ns > INT64_MAX / 2) { /* the end of time, where sums overflow */
        limit->due_ns = INT64_MAX;
        return;
    }
    int64_t used_up_ns = now_ns + limit->first_cpu_ns + limit->allowed_ns - cpu_ns;
    int64_t stretch_end_ns = limit->stretch_start_ns + limit->limit_ns;
    limit->due_ns = used_up_ns < stretch_end_ns ? used_up_ns : stretch_end_ns;
}

int64_t work_limit_allowed_ns(int64_t limit_ms, int64_t pixels)
{
    return limit_ms * 1000000 + limit_ms * 1000 * pixels / WORK_LIMIT_STEP_PX * 1000;
}

void work_limit_begin(struct work_limit *limit, int64_t limit_ms, int64_t now_ns,
                      int64_t first_cpu_ns)
{
    *limit = (struct work_limit){
        .limit_ns = limit_ms * 1000000,
        .allowed_ns = work_limit_allowed_ns(limit_ms, 0),
        .first_cpu_ns = first_cpu_ns,
        .stretch_start_ns = now_ns,
        .stretch_cpu_ns = first_cpu_ns,
    };
    set_due(limit, now_ns, first_cpu_ns);
}

void work_limit_set_pixels(struct work_limit *limit, int64_t pixels)
{
    limit->allowed_ns = work_limit_allowed_ns(limit->limit_ns / 1000000, pixels);
}

enum work_limit_state work_limit_check(struct work_limit *limit, int64_t now_ns, int64_t cpu_ns)
{
    if (cpu_ns - limit->first_cpu_ns >= limit->allowed_ns)
        return WORK_LIMIT_EXCEEDED;
    if (now_ns - limit->stretch_start_ns >= limit->limit_ns) {
        if (cpu_ns - limit->stretch_cpu_ns < limit->limit_ns / WORK_LIMIT_IDLE_PART)
            return WORK_LIMIT_STALLED;
        limit->stretch_start_ns = now_ns;
        limit->stretch_cpu_ns = cpu_ns;
    }
    set_due(limit, now_ns, cpu_ns);
    return WORK_LIMIT_KEPT;
}
