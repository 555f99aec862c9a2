/* What time it is where the wall clock may be plainly wrong.
 *
 * The floor is a time that has passed for certain: a signature's, or the last that a good clock
 * told. It runs on with the monotonic clock. One rule for the whole player says what time it is: a
 * synchronised clock is right; another is believed unless it is more than TRUSTED_TIME_SLACK_MS
 * behind the running floor (whoever signed may have a clock of his own); else it is the running
 * floor.
 *
 * Pure arithmetic on readings that the caller takes (base/clock). Embedded in its owner; one thread
 * at a time. */
#ifndef CORE_TRUSTED_TIME_H
#define CORE_TRUSTED_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define TRUSTED_TIME_SLACK_MS INT64_C(86400000)
/* How long a synchronised clock must run as the monotonic one does before it moves the floor, and
 * how often the floor is worth remembering. */
#define TRUSTED_TIME_STEADY_MS INT64_C(3600000)

/* At floor_mono_ns it was floor_ms (Unix milliseconds) at least. The rest is trusted_time.c's. */
struct trusted_time {
    int64_t floor_ms, floor_mono_ns;
    bool is_steady; /* a synchronised clock has run well since the reading that follows */
    int64_t steady_wall_ms, steady_mono_ns;
    int64_t saved_mono_ns; /* when trusted_time_follow last asked to remember the floor */
};

/* Taken together. */
struct trusted_time_reading {
    int64_t wall_ms, mono_ns;
    bool synchronised; /* the kernel says that a time service keeps the wall clock */
};

struct trusted_time_now {
    int64_t now_ms;
    int64_t floor_ms;  /* has passed for certain */
    bool trusted;      /* now_ms is the wall clock's */
    bool synchronised; /* ... and a time service vouches for it */
};

void trusted_time_init(struct trusted_time *clock, int64_t floor_ms, int64_t mono_ns);

/* What time it is. No reading overflows. */
struct trusted_time_now trusted_time_read(const struct trusted_time *clock,
                                          const struct trusted_time_reading *reading);

/* Whoever signed says that it was signed_ms; raises the floor to as much of that as can be right:
 * to no more than now where the clock is synchronised; a little more, but less than would make the
 * wall clock untrusted, where it is only believed. True where it rose. */
bool trusted_time_raise(struct trusted_time *clock, const struct trusted_time_reading *reading,
                        int64_t signed_ms);

/* Follows the clocks; call at any pace. A wall clock that was synchronised and went as the
 * monotonic one for TRUSTED_TIME_STEADY_MS raises the floor, and lowers one that is so far ahead of
 * it that it must have come from a wrong clock. What is to be done about what is remembered. */
enum trusted_time_news {
    TRUSTED_TIME_NONE,
    TRUSTED_TIME_SAVE, /* remember the running floor, once an hour */
    TRUSTED_TIME_LOWER /* remember that it is only what it is now */
};
enum trusted_time_news trusted_time_follow(struct trusted_time *clock,
                                           const struct trusted_time_reading *reading);

#endif
