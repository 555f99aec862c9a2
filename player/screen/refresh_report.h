/* Says how smoothly the screen ran, for the log: each spot that missed more than a hundredth of its
 * refreshes counts, and the log gets them as one sum an hour at most.
 *
 * A machine that is a little too small for its screen misses some in every spot: a line for each
 * would be ten thousand a day. Pure; main thread. */
#ifndef SCREEN_REFRESH_REPORT_H
#define SCREEN_REFRESH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#define REFRESH_REPORT_NS (INT64_C(3600) * 1000000000)
#define REFRESH_REPORT_NAME_BYTES 80

/* Zeroed: nothing was missed yet. Refreshes are those of struct frame_timing. */
struct refresh_report {
    char spot[REFRESH_REPORT_NAME_BYTES]; /* the one that missed most; "": the house card */
    int64_t plays;                        /* that did not run smoothly */
    int64_t missed, due;                  /* refreshes, in all of these plays */
    int64_t worst;                        /* missed in one play of `spot` */
    int64_t reported_ns;                  /* CLOCK_MONOTONIC; 0: never */
};

/* A play is over. It counts if it missed more than a hundredth of its refreshes; the name is copied
 * and may be cut. */
void refresh_report_add(struct refresh_report *report, const char *spot, int64_t missed,
                        int64_t due);

/* True: log `sum` now. The first trouble is reported at once, what follows summed an hour later at
 * the soonest. Begins a new sum. */
bool refresh_report_take(struct refresh_report *report, int64_t now_ns, struct refresh_report *sum);

/* The same at the end, when there is no next time. */
bool refresh_report_take_rest(struct refresh_report *report, struct refresh_report *sum);

#endif
