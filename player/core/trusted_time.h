/* Tells the time where the wall clock may be plainly wrong.
 *
 * The floor is a time that has certainly passed: that of a signature, or the last that a good
 * clock showed. It advances with the monotonic clock. One rule for the whole player says what time
 * it is: a synchronised clock is right; an unsynchronised one is trusted unless it is more than
 * TRUSTED_TIME_SLACK_MS behind the floor (a signer's clock may be off, too); else the floor is the
 * time.
 *
 * Pure arithmetic on readings that the caller takes (base/clock). Embedded in its owner; one
 * thread at a time. */
#ifndef CORE_TRUSTED_TIME_H
#define CORE_TRUSTED_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define TRUSTED_TIME_SLACK_MS INT64_C(86400000)
/* How long a synchronised clock must keep pace with the monotonic one before it moves the floor,
 * and how often the floor is saved. */
#define TRUSTED_TIME_STEADY_MS INT64_C(3600000)

/* At floor_mono_ns it was floor_ms (Unix milliseconds) at least. The rest is trusted_time.c's. */
struct trusted_time {
    int64_t floor_ms, floor_mono_ns;
    bool is_steady; /* a synchronised clock has kept pace since the reading below */
    int64_t steady_wall_ms, steady_mono_ns;
    int64_t saved_mono_ns; /* when trusted_time_follow last asked to save the floor */
};

/* Taken together. */
struct trusted_time_reading {
    int64_t wall_ms, mono_ns;
    bool synchronised; /* the kernel reports that a time service synchronises the wall clock */
};

struct trusted_time_now {
    int64_t now_ms;
    int64_t floor_ms;  /* has certainly passed */
    bool trusted;      /* now_ms is the wall clock's */
    bool synchronised; /* ... and is synchronised by a time service */
};

void trusted_time_init(struct trusted_time *clock, int64_t floor_ms, int64_t mono_ns);

/* What time it is. No reading overflows. */
struct trusted_time_now trusted_time_read(const struct trusted_time *clock,
                                          const struct trusted_time_reading *reading);

/* Raises the floor because of a signature made at signed_ms, as far as that can be right: up to
 * now where the clock is synchronised; where it is only trusted a little further, but by less than
 * would make the wall clock untrusted. One that was accepted though it is further ahead than
 * TRUSTED_TIME_SLACK_MS of a clock that nobody keeps counts whole: that clock is wrong. True where
 * the floor rose. */
bool trusted_time_raise(struct trusted_time *clock, const struct trusted_time_reading *reading,
                        int64_t signed_ms);

/* Follows the clocks; call it at any pace. A wall clock that was synchronised and kept pace with
 * the monotonic one for TRUSTED_TIME_STEADY_MS raises the floor. It lowers a floor so far ahead of
 * it that it must come from a wrong clock. The result is what to do with the saved floor. */
enum trusted_time_news {
    TRUSTED_TIME_NONE,
    TRUSTED_TIME_SAVE, /* save the current floor; once an hour */
    TRUSTED_TIME_LOWER /* save the current floor, which is lower than the saved one */
};
enum trusted_time_news trusted_time_follow(struct trusted_time *clock,
                                           const struct trusted_time_reading *reading);

#endif
