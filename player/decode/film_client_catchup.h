/* How a film keeps up with the clock: which frames were asked for, which came, and when the
 * worker must skip.
 *
 * Decides when the worker is to be told that frames are over, and counts those that were missed.
 * Times are those of the film, in microseconds. Pure; time is an argument. */
#ifndef DECODE_FILM_CLIENT_CATCHUP_H
#define DECODE_FILM_CLIENT_CATCHUP_H

#include <stdbool.h>
#include <stdint.h>

/* A film this far behind what is asked for is behind by more than a hitch, and will not catch up by
 * itself: the worker is told, and told again once there was a frame of the time that it was told;
 * one that decodes more slowly than time goes by would else never have one. */
#define FILM_CLIENT_CATCHUP_BEHIND_US 150000
#define FILM_CLIENT_CATCHUP_LEAD_MAX_US 1000000

struct film_client_catchup {
    int64_t requested_us, requested_ns; /* the last time; when that was (0: never) */
    int64_t steady_us, steady_ns;       /* since then questions follow the clock, step by step */
    int64_t target_us;  /* the worker was told: nothing that is over by then is wanted */
    int64_t lead_us;    /* so much more than is asked, for the way there takes time */
    bool waiting;       /* for a frame of that time */
    int64_t counted_us; /* instants before this are of frames that were counted */
    int64_t dropped;
    bool behind; /* the worker had to be told while frames were shown */
};

void film_client_catchup_init(struct film_client_catchup *catchup, int64_t start_us);

/* The frame for `offset_us` is asked for. What is shown for it ends at `shown_end_us`, the newest
 * frame that has come at `newest_end_us`; `step_us` is how long frames last (0: nothing is shown
 * yet, and nothing missed). True when the worker is to be told a time: film_client_catchup_skip_target_us says which,
 * film_client_catchup_skip_sent when it was. */
bool film_client_catchup_needs_skip(struct film_client_catchup *catchup, int64_t offset_us,
                                    int64_t shown_end_us, int64_t newest_end_us, int64_t step_us,
                                    int64_t now_ns);

/* Ahead of what is asked where that follows the clock: frames should be there in time, and it takes
 * a while to get to them. Where it does not (a film is looked at picture by picture) the frame that
 * is asked for must come, however late. */
int64_t film_client_catchup_skip_target_us(const struct film_client_catchup *catchup,
                                           int64_t now_ns);
void film_client_catchup_skip_sent(struct film_client_catchup *catchup, int64_t target_us,
                                   bool shown);

/* A frame has come: learns from it how far ahead to aim. */
void film_client_catchup_frame_arrived(struct film_client_catchup *catchup, int64_t time_us,
                                       int64_t end_us, int64_t now_ns);

/* The time that the film has come to since it was asked for last, if its time runs; INT64_MIN
 * where it was not asked for. */
int64_t film_client_catchup_position_us(const struct film_client_catchup *catchup, int64_t now_ns);

#endif
