/* Keeps trouble that lasts, or comes and goes, from filling the log: it is logged once an hour, with
 * how often it was suppressed. One that comes back after there was progress is logged at once.
 *
 * For one thread at a time. Zeroed: nothing was logged. */
#ifndef BASE_LOG_THROTTLE_H
#define BASE_LOG_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

/* Beyond so many kinds of trouble within an hour further ones are not logged: a server that fails
 * in a new way each time does not fill the log either. */
#define LOG_THROTTLE_KINDS_MAX 8
#define LOG_THROTTLE_NS (INT64_C(3600) * 1000000000)

struct log_throttle {
    struct log_throttle_kind {
        uint64_t kind; /* a hash of its words; 0: free */
        int64_t logged_ns;
        unsigned suppressed;
    } kinds[LOG_THROTTLE_KINDS_MAX];
    uint64_t current; /* the trouble there is; 0: none */
    int64_t told_ns;  /* when that was logged last */
    bool unresolved;  /* trouble was logged, and its end was not yet */
};

/* Notes a failure of this kind. True: log it now; *suppressed is how often it was not logged since
 * it was logged last. */
bool log_throttle_failed(struct log_throttle *throttle, const char *kind, int64_t now_ns,
                         unsigned *suppressed);

/* Notes that all is well. True: log now that it is well again. */
bool log_throttle_recovered(struct log_throttle *throttle);

/* Something new has come: trouble that comes back is news again. */
void log_throttle_reset(struct log_throttle *throttle);

#endif
