/* The show clock: the time that the programme runs by. It follows the wall clock, but no step of a
 * few milliseconds and no small correction is visible on screen.
 *
 * Pure arithmetic on readings that the caller takes (base/clock). Embedded in its owner, copied
 * freely, needs no freeing; one thread at a time. Monotonic readings are nanoseconds, wall and
 * show times Unix milliseconds. */
#ifndef CORE_SHOW_CLOCK_H
#define CORE_SHOW_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A difference this large is a step: the show jumps, and the player crossfades to the right
 * scene. */
#define SHOW_CLOCK_STEP_MS 2000
/* A difference up to this is noise of reading two clocks, and is ignored. */
#define SHOW_CLOCK_NOISE_MS 3

/* At base_mono_ns the show time is base_show_ns. From there it runs at the rate of the monotonic
 * clock and catches up left_ns (which may be negative) at one hundredth of that rate. For
 * show_clock.c only. */
struct show_clock {
    int64_t base_mono_ns;
    int64_t base_show_ns; /* Unix time */
    int64_t left_ns;
    bool pinned;
    int speed; /* 1, but for a pinned one */
};

#define SHOW_CLOCK_SPEED_MAX 1000

/* Sets the show time to wall_ms at the monotonic reading mono_ns. Times are limited to the years
 * 1678 to 2261. */
void show_clock_init(struct show_clock *clock, int64_t mono_ns, int64_t wall_ms);

/* As init, and updates are ignored from now on: for `--at`. */
void show_clock_pin(struct show_clock *clock, int64_t mono_ns, int64_t start_ms);

/* A pinned clock runs `speed` times as fast, 1 to SHOW_CLOCK_SPEED_MAX, from its start on. */
void show_clock_set_speed(struct show_clock *clock, int speed);

/* Takes a pair of readings made together; at any pace, once a second is plenty. True when the show
 * jumped, in either direction: the caller crossfades to the scene that is right now. mono_ns must
 * not fall from call to call. */
bool show_clock_update(struct show_clock *clock, int64_t mono_ns, int64_t wall_ms);

/* The show's time in Unix milliseconds with a fraction (exact to a microsecond). Between jumps it
 * never falls while mono_ns rises, and runs at 0.99 to 1.01 of its rate (a pinned one at its
 * speed). mono_ns may lie in the future: when a frame will be seen. */
double show_clock_ms(const struct show_clock *clock, int64_t mono_ns);

/* The earliest monotonic reading at which the show time is show_ms or later, as things are now: to
 * sleep until then. INT64_MAX when that is out of range. */
int64_t show_clock_mono_ns(const struct show_clock *clock, int64_t show_ms);

#endif
