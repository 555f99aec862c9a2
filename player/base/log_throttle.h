/* Keeps trouble that comes and goes from filling the log. What goes on is told once; what comes
 * back is told again after an hour at the soonest, with how often it was held back, or after
 * there was progress.
 *
 * Belongs to the feed's thread. Zeroed: nothing was told. */
#ifndef BASE_LOG_THROTTLE_H
#define BASE_LOG_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

/* Beyond so many kinds of trouble within an hour, further ones are not told: a server that has a
 * new excuse each time sets no pace either. */
#define LOG_THROTTLE_KINDS_MAX 8
#define LOG_THROTTLE_NS (INT64_C(3600) * 1000000000)

struct log_throttle {
    struct log_throttle_kind {
        uint64_t kind; /* a hash of its words; 0: free */
        int64_t told_ns;
        unsigned held;
    } kinds[LOG_THROTTLE_KINDS_MAX];
    uint64_t current; /* the trouble there is; 0: none */
    bool owes;        /* trouble was told, and its end was not yet */
};

/* There is trouble of this kind. True: to be told now; *held is how often it was held back since
 * it was told last. */
bool log_throttle_trouble(struct log_throttle *told, const char *kind, int64_t now_ns,
                          unsigned *held);

/* There is none (any more). True: to be told. */
bool log_throttle_well(struct log_throttle *told);

/* Something new has come: trouble that comes back is news again. */
void log_throttle_renew(struct log_throttle *told);

#endif
