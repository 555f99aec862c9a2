/* What publish and takeover show at a terminal besides the log: a progress bar, and, when a signal
 * ends them, whether players may see anything of the publication. Main thread, except that any one
 * thread at a time may move the bar. */
#ifndef COMMANDS_PUBLISH_PUBLISH_TERMINAL_H
#define COMMANDS_PUBLISH_PUBLISH_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* Players may see the new version as soon as the upload of its pointer begins. */
enum publish_terminal_phase {
    PUBLISH_TERMINAL_BEFORE,
    PUBLISH_TERMINAL_SWITCHING,
    PUBLISH_TERMINAL_DONE,
};

/* From now on SIGINT and SIGTERM write a line to standard error before they end the process, as
 * they did before. */
void publish_terminal_watch_signals(void);

void publish_terminal_set_phase(enum publish_terminal_phase phase);

/* A progress bar on standard error; nothing is drawn where that is no terminal. Zeroed, it shows
 * nothing. */
struct publish_terminal_bar {
    const char *label; /* "hashing" */
    bool shown;
    int64_t begin_ns, last_ns;
};

void publish_terminal_bar_begin(struct publish_terminal_bar *bar, const char *label);

/* Draws the bar, at most ten times a second, and once when all is done. Fits
 * target_progress.report, with the bar as its context. */
void publish_terminal_bar_move(void *bar, int64_t done_bytes, int64_t total_bytes);

/* Erases the bar. */
void publish_terminal_bar_end(struct publish_terminal_bar *bar);

#endif
