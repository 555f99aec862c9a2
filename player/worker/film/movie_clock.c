#include "worker/film/movie_clock.h"

#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>

#define DEFAULT_NOMINAL_US 40000

void movie_clock_init(struct movie_clock *clock, AVRational base, double fps)
{
    *clock = (struct movie_clock){
        .base = base,
        .nominal_us = fps >= 1 && fps <= 1000 ? (int64_t)(1e6 / fps + 0.5) : DEFAULT_NOMINAL_US,
        .last_us = MOVIE_CLOCK_NONE,
    };
}

/* Differences of two such stamps don't overflow. */
static bool usable(int64_t stamp)
{
    return stamp != AV_NOPTS_VALUE && stamp > INT64_MIN / 4 && stamp < INT64_MAX / 4;
}

int64_t movie_clock_time(const struct movie_clock *clock, int64_t stamp, AVRational base)
{
    if (!usable(stamp) || !clock->stamped)
        return MOVIE_CLOCK_NONE;
    int64_t us;
    if (av_cmp_q(base, clock->base) == 0) {
        us = av_rescale_q(stamp - clock->zero, base, AV_TIME_BASE_Q);
    } else {
        int64_t zero_us = av_rescale_q(clock->zero, clock->base, AV_TIME_BASE_Q);
        int64_t stamp_us = av_rescale_q(stamp, base, AV_TIME_BASE_Q);
        if (!usable(zero_us) || !usable(stamp_us))
            return MOVIE_CLOCK_NONE;
        us = stamp_us - zero_us;
    }
    return us > -MOVIE_CLOCK_US_MAX && us < MOVIE_CLOCK_US_MAX ? us : MOVIE_CLOCK_NONE;
}

int64_t movie_clock_next(struct movie_clock *clock, int64_t stamp)
{
    if (!clock->started) {
        clock->started = true;
        clock->stamped = usable(stamp);
        clock->zero = clock->stamped ? stamp : 0;
        return clock->last_us = 0;
    }
    int64_t us = movie_clock_time(clock, stamp, clock->base);
    bool follows = clock->last_us != MOVIE_CLOCK_NONE;
    if (us == MOVIE_CLOCK_NONE && !follows)
        return MOVIE_CLOCK_NONE;
    if (us == MOVIE_CLOCK_NONE)
        us = clock->last_us + clock->nominal_us;
    if (follows && us <= clock->last_us)
        return MOVIE_CLOCK_LATE;
    return clock->last_us = us;
}

void movie_clock_jump(struct movie_clock *clock)
{
    clock->last_us = MOVIE_CLOCK_NONE;
}

void movie_clock_rewind(struct movie_clock *clock)
{
    clock->started = clock->stamped = false;
    clock->last_us = MOVIE_CLOCK_NONE;
}

int64_t movie_clock_stamp(const struct movie_clock *clock, int64_t time_us)
{
    return clock->zero + av_rescale_q(time_us, AV_TIME_BASE_Q, clock->base);
}
