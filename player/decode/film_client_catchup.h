/* How a film keeps up with the clock: decides when the worker must skip frames, and counts those
 * that were missed.
 *
 * Times are those of the film, in microseconds. Pure; time is an argument. */
#ifndef DECODE_FILM_CLIENT_CATCHUP_H
#define DECODE_FILM_CLIENT_CATCHUP_H

#include <stdbool.h>
#include <stdint.h>

/* A film this far behind the requested time will not catch up by itself: the worker is sent an
 * order to skip. It is sent another one only after a frame for the first one has arrived: otherwise
 * a worker that decodes more slowly than real time would never deliver any. */
#define FILM_CLIENT_CATCHUP_BEHIND_US 150000
#define FILM_CLIENT_CATCHUP_LEAD_MAX_US 1000000

struct film_client_catchup {
    int64_t requested_us, requested_ns; /* the last request; when it was made (0: never) */
    int64_t steady_us, steady_ns;       /* since then requests have followed the clock */
    int64_t target_us; /* of the last order to skip: frames over by then are left out */
    int64_t
        lead_us;  /* skip this much further than requested, since decoding up to there takes time */
    bool waiting; /* for a frame that ends after target_us */
    int64_t counted_us; /* times before this belong to frames already counted */
    int64_t dropped;
    bool behind; /* the worker had to skip while frames were shown */
};

void film_client_catchup_init(struct film_client_catchup *catchup, int64_t start_us);

/* Call when the frame for `offset_us` is requested. The frame that will be shown ends at
 * `shown_end_us`, the newest one that has arrived at `newest_end_us`; `step_us` is how long frames
 * last (0: nothing is shown yet, so nothing is missed). True if the worker should be sent an order
 * to skip, to film_client_catchup_skip_target_us; report it to film_client_catchup_skip_sent. */
bool film_client_catchup_needs_skip(struct film_client_catchup *catchup, int64_t offset_us,
                                    int64_t shown_end_us, int64_t newest_end_us, int64_t step_us,
                                    int64_t now_ns);

/* Where to skip to. While requests follow the clock: ahead of the request, so that frames are there
 * in time. When they don't (a film examined picture by picture): the requested time, since that
 * frame must come, however late. */
int64_t film_client_catchup_skip_target_us(const struct film_client_catchup *catchup,
                                           int64_t now_ns);
void film_client_catchup_skip_sent(struct film_client_catchup *catchup, int64_t target_us,
                                   bool shown);

/* A frame has arrived: adjusts how far ahead to skip. */
void film_client_catchup_frame_arrived(struct film_client_catchup *catchup, int64_t time_us,
                                       int64_t end_us, int64_t now_ns);

/* The film's present time, if it has gone on since the last request; INT64_MIN if there was
 * none. */
int64_t film_client_catchup_position_us(const struct film_client_catchup *catchup, int64_t now_ns);

#endif
