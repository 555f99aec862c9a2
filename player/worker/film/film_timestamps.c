#include "worker/film/film_timestamps.h"

#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>

#define DEFAULT_NOMINAL_US 40000

void film_timestamps_init(struct film_timestamps *clock, AVRational base, double fps)
{
    *clock = (struct film_timestamps){
        .base = base,
        .nominal_us = fps >= 1 && fps <= 1000 ? (int64_t)(1e6 / fps + 0.5) : DEFAULT_NOMINAL_US,
        .last_us = FILM_TIMESTAMPS_NONE,
    };
}

/* Whether differences of two such stamps can't overflow. */
static bool is_usable_stamp(int64_t stamp)
{
    return stamp != AV_NOPTS_VALUE && stamp > INT64_MIN / 4 && stamp < INT64_MAX / 4;
}

int64_t film_timestamps_time(const struct film_timestamps *clock, int64_t stamp, AVRational base)
{
    if (!is_usable_stamp(stamp) || !clock->stamped)
        return FILM_TIMESTAMPS_NONE;
    int64_t us;
    if (av_cmp_q(base, clock->base) == 0) {
        us = av_rescale_q(stamp - clock->zero, base, AV_TIME_BASE_Q);
    } else {
        int64_t zero_us = av_rescale_q(clock->zero, clock->base, AV_TIME_BASE_Q);
        int64_t stamp_us = av_rescale_q(stamp, base, AV_TIME_BASE_Q);
        if (!is_usable_stamp(zero_us) || !is_usable_stamp(stamp_us))
            return FILM_TIMESTAMPS_NONE;
        us = stamp_us - zero_us;
    }
    return us > -FILM_TIMESTAMPS_US_MAX && us < FILM_TIMESTAMPS_US_MAX ? us : FILM_TIMESTAMPS_NONE;
}

int64_t film_timestamps_next(struct film_timestamps *clock, int64_t stamp)
{
    if (!clock->started) {
        clock->started = true;
        clock->stamped = is_usable_stamp(stamp);
        clock->zero = clock->stamped ? stamp : 0;
        return clock->last_us = 0;
    }
    int64_t us = film_timestamps_time(clock, stamp, clock->base);
    bool follows = clock->last_us != FILM_TIMESTAMPS_NONE;
    if (us == FILM_TIMESTAMPS_NONE && !follows)
        return FILM_TIMESTAMPS_NONE;
    if (us == FILM_TIMESTAMPS_NONE)
        us = clock->last_us + clock->nominal_us;
    if (follows && us <= clock->last_us)
        return FILM_TIMESTAMPS_LATE;
    return clock->last_us = us;
}

void film_timestamps_jump(struct film_timestamps *clock)
{
    clock->last_us = FILM_TIMESTAMPS_NONE;
}

void film_timestamps_rewind(struct film_timestamps *clock)
{
    clock->started = clock->stamped = false;
    clock->last_us = FILM_TIMESTAMPS_NONE;
}

int64_t film_timestamps_stamp(const struct film_timestamps *clock, int64_t time_us)
{
    return clock->zero + av_rescale_q(time_us, AV_TIME_BASE_Q, clock->base);
}
