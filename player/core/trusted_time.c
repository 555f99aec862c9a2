#include "core/trusted_time.h"

#define NANO_PER_MS 1000000
/* How far a time service may slew the clock in an hour (500 ppm are 1.8 s), with a margin for
 * reading two clocks. */
#define STEADY_DRIFT_MS 10000

static int64_t add_ms(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static int64_t elapsed_ms(int64_t from_ns, int64_t to_ns)
{
    return to_ns > from_ns ? (to_ns - from_ns) / NANO_PER_MS : 0;
}

static int64_t running_floor_ms(const struct trusted_time *clock, int64_t mono_ns)
{
    return add_ms(clock->floor_ms, elapsed_ms(clock->floor_mono_ns, mono_ns));
}

static void set_floor(struct trusted_time *clock, int64_t floor_ms, int64_t mono_ns)
{
    clock->floor_ms = floor_ms;
    clock->floor_mono_ns = mono_ns;
}

void trusted_time_init(struct trusted_time *clock, int64_t floor_ms, int64_t mono_ns)
{
    *clock = (struct trusted_time){
        .floor_ms = floor_ms, .floor_mono_ns = mono_ns, .saved_mono_ns = mono_ns};
}

struct trusted_time_now trusted_time_read(const struct trusted_time *clock,
                                          const struct trusted_time_reading *reading)
{
    struct trusted_time_now time = {.floor_ms = running_floor_ms(clock, reading->mono_ns),
                                    .synchronised = reading->synchronised};
    time.trusted =
        reading->synchronised || reading->wall_ms >= add_ms(time.floor_ms, -TRUSTED_TIME_SLACK_MS);
    time.now_ms = time.trusted ? reading->wall_ms : time.floor_ms;
    return time;
}

bool trusted_time_raise(struct trusted_time *clock, const struct trusted_time_reading *reading,
                        int64_t signed_ms)
{
    struct trusted_time_now time = trusted_time_read(clock, reading);
    int64_t to_ms = signed_ms;
    /* Half the slack: the wall clock may go a little slower than the floor from here on. */
    int64_t most_ms = add_ms(time.now_ms, time.synchronised ? 0 : TRUSTED_TIME_SLACK_MS / 2);
    /* Beyond the slack a signature is only accepted where the wall clock is known to be worth
     * nothing yet. */
    bool is_blind = !time.synchronised && to_ms > add_ms(time.now_ms, TRUSTED_TIME_SLACK_MS);
    if (time.trusted && to_ms > most_ms && !is_blind)
        to_ms = most_ms;
    if (to_ms <= time.floor_ms)
        return false;
    set_floor(clock, to_ms, reading->mono_ns);
    return true;
}

/* Whether the synchronised clock has kept pace with the monotonic one since it was noted; if not,
 * notes it anew. */
static bool runs_steadily(struct trusted_time *clock, const struct trusted_time_reading *reading)
{
    int64_t should_ms =
        add_ms(clock->steady_wall_ms, elapsed_ms(clock->steady_mono_ns, reading->mono_ns));
    bool well = reading->synchronised && clock->is_steady &&
                reading->wall_ms >= add_ms(should_ms, -STEADY_DRIFT_MS) &&
                reading->wall_ms <= add_ms(should_ms, STEADY_DRIFT_MS);
    if (well)
        return true;
    clock->is_steady = reading->synchronised;
    clock->steady_wall_ms = reading->wall_ms;
    clock->steady_mono_ns = reading->mono_ns;
    return false;
}

enum trusted_time_news trusted_time_follow(struct trusted_time *clock,
                                           const struct trusted_time_reading *reading)
{
    int64_t mono_ns = reading->mono_ns, wall_ms = reading->wall_ms;
    int64_t floor_ms = running_floor_ms(clock, mono_ns);
    if (runs_steadily(clock, reading) &&
        elapsed_ms(clock->steady_mono_ns, mono_ns) >= TRUSTED_TIME_STEADY_MS) {
        bool implausible = wall_ms < add_ms(floor_ms, -TRUSTED_TIME_SLACK_MS);
        clock->is_steady = false; /* the next hour */
        clock->saved_mono_ns = mono_ns;
        if (implausible || wall_ms > floor_ms)
            set_floor(clock, wall_ms, mono_ns);
        return implausible ? TRUSTED_TIME_LOWER : TRUSTED_TIME_SAVE;
    }
    if (elapsed_ms(clock->saved_mono_ns, mono_ns) < TRUSTED_TIME_STEADY_MS)
        return TRUSTED_TIME_NONE;
    clock->saved_mono_ns = mono_ns;
    return TRUSTED_TIME_SAVE;
}
