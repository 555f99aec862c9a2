/* One run of a film: its worker, or another in its place where that one broke off, and how far it
 * got. Main thread. */
#ifndef PLAYOUT_LOADER_FILM_H
#define PLAYOUT_LOADER_FILM_H

#include "playout/worker_jobs.h"
#include "screen/picture.h"

/* Embedded; zeroed: none. */
struct loader_film {
    struct film_client *film; /* NULL: no worker runs */
    bool wanted;              /* to be started, from retry_ns on */
    bool heard;               /* its sound is decoded */
    int breaks;               /* workers of this run that died or stood still */
    int64_t retry_ns;
    int64_t started_ns; /* the worker that runs */
    int64_t took_us;    /* until the first frame of the last one was there; 0: unknown */
    int64_t from_us;    /* in the film: where the worker that runs begins */
    int64_t reached_us; /* what of it was asked for, at most */
    int64_t asked_us;   /* and last */
    bool ready;         /* the worker that runs has given a frame */
    bool told_short, told_damaged;
};

/* How long the next worker will take until its first frame, as far as is known: where one takes
 * another's place, it begins so much later. */
int64_t loader_film_lead_us(const struct loader_film *film);

/* Starts the worker that is wanted. False on failure. */
MUST_CHECK bool loader_film_start(struct loader_film *film, const struct worker_jobs_canvas *canvas,
                                  const struct edition *edition, int spot, int64_t offset_us,
                                  struct err *err);

/* Takes what the worker has sent; FILM_CLIENT_PENDING where none runs. */
enum film_client_state loader_film_poll(struct loader_film *film, int64_t now_ns, struct err *err);

/* Ends a worker that broke off. True where another one is to take its place after a while; false
 * when it has been tried often enough. */
bool loader_film_again(struct loader_film *film, int64_t now_ns);

/* Puts the frame into the picture (NULL: there is none yet) that is on so long after the film's
 * start. Until a worker that took another's place has the right one, what is there stays. */
void loader_film_advance(struct loader_film *film, struct picture *picture, int64_t offset_us);

/* The frame for a new picture: that of the time last asked for. The film's own; NULL: none yet. */
struct frame *loader_film_first(struct loader_film *film);

/* Where it failed, for the quarantine. */
int64_t loader_film_place_us(const struct loader_film *film);

/* Whether all went well, from its start on; *to_us: how far (INT64_MAX: to its end). */
bool loader_film_went_well(const struct loader_film *film, int64_t *to_us);

/* When it is to be started again, if that is to come; else INT64_MAX. */
int64_t loader_film_retry_ns(const struct loader_film *film, int64_t now_ns);

/* Once, when the film ends well before it says: true, and how long it is. */
bool loader_film_tell_short(struct loader_film *film, int64_t *end_us, int64_t *told_us);

/* Once, when a picture of it came damaged: true, and when that one begins. */
bool loader_film_tell_damaged(struct loader_film *film, int64_t *at_us);

/* Ends the worker, if there is one. `name`: of the spot, for the log. */
void loader_film_stop(struct loader_film *film, const char *name);

#endif
