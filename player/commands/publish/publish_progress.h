/* How far something long is, as a bar on standard error, and only where that is a terminal. One
 * thread at a time. */
#ifndef COMMANDS_PUBLISH_PUBLISH_PROGRESS_H
#define COMMANDS_PUBLISH_PUBLISH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed, it shows nothing. */
struct publish_progress {
    const char *what; /* "hashing" */
    bool shown;
    int64_t begin_ns, last_ns;
};

void publish_progress_begin(struct publish_progress *progress, const char *what);

/* Draws the bar, at most ten times a second, and when all is done. Fits target_progress.report,
 * with the progress as its context. */
void publish_progress_move(void *progress, int64_t done_bytes, int64_t total_bytes);

/* Takes the bar off the terminal. */
void publish_progress_end(struct publish_progress *progress);

#endif
