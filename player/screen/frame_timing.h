/* When the next frame will be seen, and whether the last one came in time. Pure arithmetic on
 * CLOCK_MONOTONIC readings; main thread. */
#ifndef SCREEN_FRAME_TIMING_H
#define SCREEN_FRAME_TIMING_H

#include <stdbool.h>
#include <stdint.h>

struct frame_timing {
    int64_t period_ns;
    bool waits;           /* the display itself waits for the refresh, as far as is known */
    int early;            /* frames in a row for which it did not */
    int64_t presented_ns; /* the last one; 0: none */
    int stride;           /* a frame for each of so many refreshes; 0: 1 */
    bool running;         /* something moves: a frame each period */
    int64_t begun_ns;     /* when drawing the present frame began */
    int64_t draw_ns;      /* estimate of how long drawing takes; a period before the first frame */
    int64_t target_ns;    /* when the present frame should be seen; 0 before the first */
    int64_t counted_until_ns; /* missed refreshes before this are counted */
    /* Refreshes since frame_timing_init at which something moved, and those of them without a
     * frame. */
    int64_t due, missed;
    bool counted; /* the frame before was in time, too, so lateness of this one means something */
};

/* `hz`: refreshes a second; 0: unknown, 60 is assumed. `waits`: as display_waits. */
void frame_timing_init(struct frame_timing *timing, double hz, bool waits);

double frame_timing_hz(const struct frame_timing *timing);

/* From now on only each second refresh gets a frame, to spare a machine that is hot; the others are not
 * missed. */
void frame_timing_set_halved(struct frame_timing *timing, bool halved);

/* Begins a frame. Returns when it will be seen: one period after the frame before while something
 * moves, else as soon as possible. */
int64_t frame_timing_next_ns(struct frame_timing *timing, int64_t now_ns);

/* The frame was drawn. */
void frame_timing_drawn(struct frame_timing *timing, int64_t now_ns);

/* The earliest time to present the frame, where the display doesn't wait itself: no frame may be
 * seen early. In the past where there is nothing to wait for. */
int64_t frame_timing_present_ns(const struct frame_timing *timing);

/* A frame was presented. True when it was late by more than half a period. A display that claims to
 * wait, but lets several frames in a row through at once, as some drivers and hidden windows do, is
 * no longer believed. */
bool frame_timing_presented(struct frame_timing *timing, int64_t present_ns);

/* Whether the refresh after this one needs a frame too. */
void frame_timing_set_running(struct frame_timing *timing, bool running);

/* When to begin the next frame: as early as drawing needs. INT64_MAX when nothing moves. */
int64_t frame_timing_wait_until_ns(const struct frame_timing *timing, int64_t now_ns);

/* How long before the time at which it is seen a frame must be begun. */
int64_t frame_timing_lead_ns(const struct frame_timing *timing);

#endif
