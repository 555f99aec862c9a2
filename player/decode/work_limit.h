/* How long a worker may compute, and how long it may do nothing.
 *
 * The limit is processor time: on a busy machine a picture takes longer by the clock, but no more
 * work. The clock only ends a worker that makes no progress: one that sleeps, or waits for a disk
 * that does not answer. Pure. */
#ifndef DECODE_WORK_LIMIT_H
#define DECODE_WORK_LIMIT_H

#include <stdint.h>

/* A picture may take the limit once for what is always to be done, and once more for each so many
 * pixels. */
#define WORK_LIMIT_STEP_PX INT64_C(10000000)
/* It makes no progress if, in a stretch of time as long as the limit, it computes for less than
 * this part of it. So a worker that does next to nothing ends all the same, after at most so many
 * times as long as its work may take. */
#define WORK_LIMIT_IDLE_PART 200

enum work_limit_state {
    WORK_LIMIT_KEPT,
    WORK_LIMIT_EXCEEDED, /* it has computed too much */
    WORK_LIMIT_STALLED,  /* it makes no progress */
};

/* The processor time that a picture of so many pixels (0 or more) may take. limit_ms > 0. */
int64_t work_limit_allowed_ns(int64_t limit_ms, int64_t pixels);

/* Times in nanoseconds: `now_ns` by CLOCK_MONOTONIC, `cpu_ns` is the worker's processor time. */
struct work_limit {
    int64_t limit_ns;
    int64_t allowed_ns; /* processor time, from first_cpu_ns on */
    int64_t first_cpu_ns;
    int64_t stretch_start_ns, stretch_cpu_ns; /* since when progress is looked for */
    int64_t due_ns;                           /* nothing can be wrong before */
};

/* For a worker that begins to work, now or a moment ago: what it had used by then, first_cpu_ns, does
 * not count. limit_ms > 0. */
void work_limit_begin(struct work_limit *limit, int64_t limit_ms, int64_t now_ns,
                      int64_t first_cpu_ns);

/* Extends the limit to a picture of so many pixels (0 or more). Call work_limit_check after it. */
void work_limit_set_pixels(struct work_limit *limit, int64_t pixels);

/* Call at due_ns or later; sets the next due_ns. */
enum work_limit_state work_limit_check(struct work_limit *limit, int64_t now_ns, int64_t cpu_ns);

#endif
