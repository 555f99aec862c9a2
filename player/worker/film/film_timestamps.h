/* Converts the time stamps of a film's frames to times since its first frame. Part of film; pure.
 *
 * A file's stamps may begin anywhere, be missing, or be wrong. */
#ifndef WORKER_FILM_FILM_TIMESTAMPS_H
#define WORKER_FILM_FILM_TIMESTAMPS_H

#include <libavutil/rational.h>
#include <stdbool.h>
#include <stdint.h>

/* Times from here on count as wrong, and the stamps that give them as missing. */
#define FILM_TIMESTAMPS_US_MAX ((int64_t)1000 * 3600 * 1000000)

/* No time; and the result for a frame that comes after a later one. */
#define FILM_TIMESTAMPS_NONE INT64_MIN
#define FILM_TIMESTAMPS_LATE (INT64_MIN + 1)

struct film_timestamps {
    AVRational base;    /* unit of the pictures' stamps */
    int64_t nominal_us; /* between frames without stamps */
    int64_t zero;       /* the first frame's stamp */
    bool started;       /* the first frame was seen */
    bool stamped;       /* it had a stamp, so other places of the film can be found by theirs */
    int64_t last_us;    /* FILM_TIMESTAMPS_NONE after a jump */
};

/* fps 0: 25. */
void film_timestamps_init(struct film_timestamps *clock, AVRational base, double fps);

/* The time of the next frame in order, later than the one before. FILM_TIMESTAMPS_NONE: unknown (a
 * frame without a stamp after a jump). FILM_TIMESTAMPS_LATE: its stamp is not after the last one.
 * Counting on there would give the frames behind it other times than those that a reader who joins
 * the film later finds, so such frames have no time. */
int64_t film_timestamps_next(struct film_timestamps *clock, int64_t stamp);

/* Call after a jump: the next frame does not follow the last one. */
void film_timestamps_jump(struct film_timestamps *clock);

/* Back to the first frame. */
void film_timestamps_rewind(struct film_timestamps *clock);

/* The stamp for a time, and the time for any stream's stamp (FILM_TIMESTAMPS_NONE: none). Only if
 * the clock is stamped. */
int64_t film_timestamps_stamp(const struct film_timestamps *clock, int64_t time_us);
int64_t film_timestamps_time(const struct film_timestamps *clock, int64_t stamp, AVRational base);

#endif
