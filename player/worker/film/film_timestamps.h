/* Time stamps of a film's frames as times since its first one. Part of film; pure.
 *
 * A file's stamps may begin anywhere, be missing, or lie. */
#ifndef WORKER_FILM_FILM_TIMESTAMPS_H
#define WORKER_FILM_FILM_TIMESTAMPS_H

#include <libavutil/rational.h>
#include <stdbool.h>
#include <stdint.h>

/* Times from here on are taken for lies, and stamps that lead to them for missing. */
#define FILM_TIMESTAMPS_US_MAX ((int64_t)1000 * 3600 * 1000000)

/* No time; and that of a frame which comes too late: a later one was there before it. */
#define FILM_TIMESTAMPS_NONE INT64_MIN
#define FILM_TIMESTAMPS_LATE (INT64_MIN + 1)

struct film_timestamps {
    AVRational base;    /* of the pictures' stamps */
    int64_t nominal_us; /* between frames without stamps */
    int64_t zero;       /* the first frame's stamp */
    bool started;       /* the first frame was seen */
    bool stamped;       /* it had a stamp: other places of the film can be found by theirs */
    int64_t last_us;    /* FILM_TIMESTAMPS_NONE after a jump */
};

/* fps 0: 25. */
void film_timestamps_init(struct film_timestamps *clock, AVRational base, double fps);

/* The time of the next frame in order, later than the one before. FILM_TIMESTAMPS_NONE: nobody knows (a
 * frame without a stamp after a jump). FILM_TIMESTAMPS_LATE: its stamp is not after the last one's. To
 * go on counting there would give the frames behind it other times than those who join the film
 * after it find, so such frames have none. */
int64_t film_timestamps_next(struct film_timestamps *clock, int64_t stamp);

/* The next frame follows another one than the last. */
void film_timestamps_jump(struct film_timestamps *clock);

/* Back to the first frame. */
void film_timestamps_rewind(struct film_timestamps *clock);

/* The stamp for a time, and the time for any stream's stamp (FILM_TIMESTAMPS_NONE: none). Only where
 * the clock is stamped. */
int64_t film_timestamps_stamp(const struct film_timestamps *clock, int64_t time_us);
int64_t film_timestamps_time(const struct film_timestamps *clock, int64_t stamp, AVRational base);

#endif
