/* Time stamps of a film's frames as times since its first one. Part of movie; pure.
 *
 * A file's stamps may begin anywhere, be missing, or lie. */
#ifndef WORKER_FILM_MOVIE_CLOCK_H
#define WORKER_FILM_MOVIE_CLOCK_H

#include <libavutil/rational.h>
#include <stdbool.h>
#include <stdint.h>

/* Times from here on are taken for lies, and stamps that lead to them for missing. */
#define MOVIE_CLOCK_US_MAX ((int64_t)1000 * 3600 * 1000000)

/* No time; and that of a frame which comes too late: a later one was there before it. */
#define MOVIE_CLOCK_NONE INT64_MIN
#define MOVIE_CLOCK_LATE (INT64_MIN + 1)

struct movie_clock {
    AVRational base;    /* of the pictures' stamps */
    int64_t nominal_us; /* between frames without stamps */
    int64_t zero;       /* the first frame's stamp */
    bool started;       /* the first frame was seen */
    bool stamped;       /* it had a stamp: other places of the film can be found by theirs */
    int64_t last_us;    /* MOVIE_CLOCK_NONE after a jump */
};

/* fps 0: 25. */
void movie_clock_init(struct movie_clock *clock, AVRational base, double fps);

/* The time of the next frame in order, later than the one before. MOVIE_CLOCK_NONE: nobody knows (a
 * frame without a stamp after a jump). MOVIE_CLOCK_LATE: its stamp is not after the last one's. To
 * go on counting there would give the frames behind it other times than those who join the film
 * after it find, so such frames have none. */
int64_t movie_clock_next(struct movie_clock *clock, int64_t stamp);

/* The next frame follows another one than the last. */
void movie_clock_jump(struct movie_clock *clock);

/* Back to the first frame. */
void movie_clock_rewind(struct movie_clock *clock);

/* The stamp for a time, and the time for any stream's stamp (MOVIE_CLOCK_NONE: none). Only where
 * the clock is stamped. */
int64_t movie_clock_stamp(const struct movie_clock *clock, int64_t time_us);
int64_t movie_clock_time(const struct movie_clock *clock, int64_t stamp, AVRational base);

#endif
