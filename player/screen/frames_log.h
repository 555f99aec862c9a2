/* The frames log: a CSV line for each presented frame, so that what was on screen can be measured
 * (duckling(1), --frames-log). Whatever the file does, writing to it never delays a frame
 * (base/line_writer.h). Main thread. */
#ifndef SCREEN_FRAMES_LOG_H
#define SCREEN_FRAMES_LOG_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

/* One presented frame. `from` is empty where no transition runs, and "*" where it starts from the
 * frozen frame of an interrupted transition. */
struct frames_log_line {
    int64_t present_ns; /* CLOCK_MONOTONIC: display_presented_ns, or after it was presented */
    double show_ms;     /* the instant of the show clock that it shows */
    const char *from, *to;
    double mix; /* linear */
    bool late;  /* by more than half a refresh */
    double dim; /* 1: as bright as can be, 0: black */
};

struct frames_log;

/* Creates the file and writes the heading. A pipe must have its reader already. NULL on failure. */
struct frames_log *frames_log_open(const char *path, struct err *err);

void frames_log_write(struct frames_log *log, const struct frames_log_line *line);

/* NULL is allowed. Logs when the file is incomplete, as on a full disk: a measurement with holes
 * is none. Waits two seconds at most for a file that takes nothing. */
void frames_log_close(struct frames_log *log);

#endif
