/* One run of a film: its worker, which is replaced when it fails, and how far the film has got.
 * Main thread. */
#ifndef PLAYOUT_LOADER_FILM_H
#define PLAYOUT_LOADER_FILM_H

#include "playout/worker_jobs.h"
#include "screen/picture.h"

/* Embedded; zeroed: none. */
struct loader_film {
    struct film_client *client; /* NULL: no worker runs */
    bool needs_worker;          /* one is to be started at retry_ns */
    bool has_sound;             /* its sound is decoded */
    int failures;               /* workers of this run that died or stalled */
    int64_t retry_ns;           /* CLOCK_MONOTONIC, as started_ns */
    int64_t started_ns;         /* when the present worker was started */
    int64_t took_us;            /* the last worker's time to its first frame; 0: unknown */
    int64_t from_us;            /* where in the film the present worker began */
    int64_t reached_us;         /* the furthest place that was requested */
    int64_t requested_us;       /* the last place that was requested */
    bool ready;                 /* the present worker has given a frame */
    bool reported_truncated, reported_damaged;
};

/* How long the next worker will presumably take to its first frame. A worker that replaces another
 * begins that much further on in the film. */
int64_t loader_film_start_lead_us(const struct loader_film *film);

/* Starts a worker. */
MUST_CHECK bool loader_film_start(struct loader_film *film, const struct worker_jobs_canvas *canvas,
                                  const struct edition *edition, int spot, int64_t offset_us,
                                  struct err *err);

/* Receives what the worker has sent; FILM_CLIENT_PENDING where none runs. */
enum film_client_state loader_film_poll(struct loader_film *film, int64_t now_ns, struct err *err);

/* Stops a worker that failed. True where another one is to be started, after a growing delay; false
 * after six failures. */
bool loader_film_schedule_restart(struct loader_film *film, int64_t now_ns);

/* Puts the frame for this place in the film into the picture (NULL: there is none yet). A worker
 * that replaced another leaves the old frame there until it has caught up. */
void loader_film_advance(struct loader_film *film, struct picture *picture, int64_t offset_us);

/* The frame for a new picture, at the last place that was requested. Belongs to the film; NULL:
 * there is none yet. */
struct frame *loader_film_first(struct loader_film *film);

/* The place in the film at which it failed, for the quarantine. */
int64_t loader_film_failed_us(const struct loader_film *film);

/* Whether the film has run without a failure from its start to *to_us (INT64_MAX: its end). */
bool loader_film_went_well(const struct loader_film *film, int64_t *to_us);

/* When a worker is to be started, if that is in the future; else INT64_MAX. */
int64_t loader_film_retry_ns(const struct loader_film *film, int64_t now_ns);

/* True once, when the film has ended well before the length that its header gives. */
bool loader_film_report_short(struct loader_film *film, int64_t *end_us, int64_t *length_us);

/* True once, when a frame has come damaged; *at_us: the first such frame. */
bool loader_film_report_damaged(struct loader_film *film, int64_t *at_us);

/* Stops the worker, if there is one. `name`: the spot's, for the log. */
void loader_film_stop(struct loader_film *film, const char *name);

#endif
