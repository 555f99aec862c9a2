/* When the next frame will be seen, and whether the last one came in time. Pure arithmetic on
 * CLOCK_MONOTONIC readings; main thread. */
#ifndef SCREEN_FRAME_TIMING_H
#define SCREEN_FRAME_TIMING_H

#include <stdbool.h>
#include <stdint.h>

struct frame_timing {
    int64_t period_ns;
    bool waits;           /* the display waits for the refresh by itself, as far as is known */
    int early;            /* frames in a row that it did not wait for */
    int64_t presented_ns; /* the last one; 0: none */
    bool running;         /* something moves: a frame each period */
    int64_t begun_ns;     /* when the frame in work was begun */
    int64_t draw_ns;      /* how long drawing takes, as lately seen; a period before the first */
    int64_t target_ns;    /* when the frame in work is to be seen; 0 before the first */
    int64_t told_ns;      /* up to when missed refreshes are counted */
    int64_t due,
        missed;   /* refreshes since frame_timing_init at which something moved, and those of them
                             that no frame came for */
    bool counted; /* the frame before came at its time too, so that lateness means something */
};

/* `hz` 0: unknown, 60 is taken. `waits`: as display_waits. */
void frame_timing_init(struct frame_timing *pace, double hz, bool waits);

double frame_timing_hz(const struct frame_timing *pace);

/* When the next frame will be seen: the next whole period after the one before while running, else
 * as soon as can be. */
int64_t frame_timing_next_ns(struct frame_timing *pace, int64_t now_ns);

/* The frame was drawn. */
void frame_timing_drawn(struct frame_timing *pace, int64_t now_ns);

/* When to present it, not before: the display does not wait by itself, and a frame is never seen
 * early. In the past where there is nothing to wait for. */
int64_t frame_timing_present_ns(const struct frame_timing *pace);

/* A frame was presented. True when it came late by more than half a period. A display that says it
 * waits but lets frames through at once (some drivers, and windows nobody sees) is not believed for
 * long. */
bool frame_timing_presented(struct frame_timing *pace, int64_t present_ns);

/* Whether the refresh after this one needs a frame too. */
void frame_timing_set_running(struct frame_timing *pace, bool running);

/* Until when to sleep before the next frame is begun: as long before it is seen as drawing takes.
 * INT64_MAX when nothing moves. */
int64_t frame_timing_wait_until_ns(const struct frame_timing *pace, int64_t now_ns);

/* How long before it is seen a frame must be begun. */
int64_t frame_timing_lead_ns(const struct frame_timing *pace);

#endif
