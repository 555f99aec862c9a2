#include "core/show_clock.h"

#define NS_IN_MS 1000000
#define SLEW_PART 100 /* at most one nanosecond in a hundred */

static int64_t ns_of(int64_t ms)
{
    const int64_t limit_ms = INT64_MAX / NS_IN_MS;
    if (ms > limit_ms)
        ms = limit_ms;
    if (ms < -limit_ms)
        ms = -limit_ms;
    return ms * NS_IN_MS;
}

static int64_t add_ns(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static int64_t subtract_ns(int64_t a, int64_t b)
{
    int64_t difference;
    if (__builtin_sub_overflow(a, b, &difference))
        return b < 0 ? INT64_MAX : INT64_MIN;
    return difference;
}

/* The part of the correction that is applied elapsed_ns after the base. */
static int64_t slewed_ns(const struct show_clock *clock, int64_t elapsed_ns)
{
    int64_t part = elapsed_ns > 0 ? elapsed_ns / SLEW_PART : 0;
    if (clock->left_ns >= 0)
        return part < clock->left_ns ? part : clock->left_ns;
    return part < -clock->left_ns ? -part : clock->left_ns;
}

static int64_t advance_ns(const struct show_clock *clock, int64_t elapsed_ns)
{
    return add_ns(elapsed_ns, slewed_ns(clock, elapsed_ns));
}

static int64_t show_ns(const struct show_clock *clock, int64_t mono_ns)
{
    int64_t elapsed_ns = subtract_ns(mono_ns, clock->base_mono_ns), fast_ns;
    if (__builtin_mul_overflow(elapsed_ns, clock->speed, &fast_ns))
        fast_ns = elapsed_ns < 0 ? INT64_MIN : INT64_MAX;
    return add_ns(clock->base_show_ns, advance_ns(clock, fast_ns));
}

void show_clock_init(struct show_clock *clock, int64_t mono_ns, int64_t wall_ms)
{
    *clock =
        (struct show_clock){.base_mono_ns = mono_ns, .base_show_ns = ns_of(wall_ms), .speed = 1};
}

void show_clock_pin(struct show_clock *clock, int64_t mono_ns, int64_t start_ms)
{
    show_clock_init(clock, mono_ns, start_ms);
    clock->pinned = true;
}

void show_clock_set_speed(struct show_clock *clock, int speed)
{
    if (speed < 1)
        speed = 1;
    if (speed > SHOW_CLOCK_SPEED_MAX)
        speed = SHOW_CLOCK_SPEED_MAX;
    if (clock->pinned)
        clock->speed = speed;
}

bool show_clock_update(struct show_clock *clock, int64_t mono_ns, int64_t wall_ms)
{
    if (clock->pinned)
        return false;
    int64_t now_ns = show_ns(clock, mono_ns);
    int64_t behind_ns = subtract_ns(ns_of(wall_ms), now_ns);
    const int64_t step_ns = (int64_t)SHOW_CLOCK_STEP_MS * NS_IN_MS;
    const int64_t noise_ns = (int64_t)SHOW_CLOCK_NOISE_MS * NS_IN_MS;
    if (behind_ns >= step_ns || behind_ns <= -step_ns) {
        show_clock_init(clock, mono_ns, wall_ms);
        return true;
    }
    /* Within the noise a correction that is under way is left to finish: a new one at each noisy
     * reading would change the rate at each. */
    if (behind_ns > noise_ns || behind_ns < -noise_ns)
        *clock = (struct show_clock){
            .base_mono_ns = mono_ns, .base_show_ns = now_ns, .left_ns = behind_ns, .speed = 1};
    return false;
}

double show_clock_ms(const struct show_clock *clock, int64_t mono_ns)
{
    int64_t now_ns = show_ns(clock, mono_ns);
    /* Whole milliseconds apart: nanoseconds of Unix time have more digits than a double. */
    int64_t whole_ms = now_ns / NS_IN_MS, rest_ns = now_ns % NS_IN_MS;
    return (double)whole_ms + (double)rest_ns / NS_IN_MS;
}

int64_t show_clock_mono_ns(const struct show_clock *clock, int64_t show_ms)
{
    if (show_ms > INT64_MAX / NS_IN_MS)
        return INT64_MAX;
    int64_t target_ns = subtract_ns(ns_of(show_ms), clock->base_show_ns);
    int64_t size_ns = clock->left_ns < 0 ? -clock->left_ns : clock->left_ns;
    int64_t elapsed_ns = target_ns;
    if (clock->speed > 1) /* pinned, so nothing is left to correct; the first instant not before */
        return add_ns(clock->base_mono_ns,
                      target_ns / clock->speed + (target_ns % clock->speed > 0));
    if (target_ns >= size_ns * SLEW_PART + clock->left_ns)
        elapsed_ns = subtract_ns(target_ns, clock->left_ns);
    else if (target_ns > 0)
        elapsed_ns = target_ns * SLEW_PART / (clock->left_ns < 0 ? SLEW_PART - 1 : SLEW_PART + 1);
    /* The division above may be a few nanoseconds off on either side. */
    while (elapsed_ns < INT64_MAX && advance_ns(clock, elapsed_ns) < target_ns)
        elapsed_ns++;
    while (elapsed_ns > INT64_MIN && advance_ns(clock, elapsed_ns - 1) >= target_ns)
        elapsed_ns--;
    return elapsed_ns == INT64_MAX ? INT64_MAX : add_ns(clock->base_mono_ns, elapsed_ns);
}
