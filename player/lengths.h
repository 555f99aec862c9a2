/* The lengths of an edition's films, which its programme needs: those that the playlist does not
 * tell are looked at by workers, one after the other. Main thread. */
#ifndef LENGTHS_H
#define LENGTHS_H

#include "sync/edition.h"

#include <poll.h>

/* Zeroed: idle. */
struct lengths {
    struct edition *edition; /* NULL: idle */
    int32_t *film_ms;        /* for each asset; 0: no film, or unknown */
    size_t at;               /* the asset that is looked at, or next */
    struct film *look;
    int64_t limit_ms;
};

/* Begins with an edition, which it takes over; one that it had before is given up. limit_ms: for
 * each film. False: out of memory, and the edition is gone. */
bool lengths_begin(struct lengths *lengths, struct edition *edition, int64_t limit_ms);

/* True when all are known, or can't be. Never blocks. */
bool lengths_poll(struct lengths *lengths, int64_t now_ns);

/* Fills in at most one entry for poll(2), and returns how many; *deadline_ns becomes its time, if
 * sooner. */
int lengths_poll_fds(const struct lengths *lengths, struct pollfd *fds, int64_t *deadline_ns);

/* Waits until all are known. For commands. */
void lengths_wait(struct lengths *lengths);

/* The edition, which is the caller's then; film_ms stays the lengths' own until the next begin. */
struct edition *lengths_take(struct lengths *lengths);

void lengths_finish(struct lengths *lengths);

#endif
