/* The frames log: a CSV line for each presented frame, so that what was on screen can be measured
 * (duckling(1), --frames-log). Main thread. */
#ifndef SCREEN_FRAMES_LOG_H
#define SCREEN_FRAMES_LOG_H

#include "core/err.h"

#include <stdint.h>
#include <stdio.h>

/* One presented frame. `from` is empty where no transition runs, "*" where it starts from a picture
 * kept in the middle of another. */
struct frames_log_line {
    int64_t present_ns; /* CLOCK_MONOTONIC, after the screen took it */
    double show_ms;     /* the show clock's instant that it shows */
    const char *from, *to;
    double mix; /* linear */
    bool late;  /* came more than half a refresh after its time */
};

/* Creates the file and writes the heading. NULL on failure. */
FILE *frames_log_open(const char *path, struct err *err);

void frames_log_write(FILE *log, const struct frames_log_line *line);

/* NULL is allowed. Reports a full disk in the log: a measurement with holes is none. */
void frames_log_close(FILE *log);

#endif
