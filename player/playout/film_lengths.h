/* The lengths of an edition's films, for its programme: workers read those that the playlist
 * doesn't give, a few at a time. Main thread.
 *
 * A film that says nothing of its length has none, on every screen alike. One that could not be
 * looked at (a worker that was too slow, out of memory, or could not be started) is another matter:
 * a screen that took the default for it would leave the step of all others. So it is looked at
 * again, later each time, before it is given up; a film that is larger than allowed, too, for its
 * worker can't tell this from a machine that has little memory. What was found out is kept from
 * edition to edition, by the file (quarantine.h), so that a change of a playlist does not mean
 * looking at all its films again. */
#ifndef PLAYOUT_FILM_LENGTHS_H
#define PLAYOUT_FILM_LENGTHS_H

#include "base/hash.h"
#include "sync/edition.h"

#include <poll.h>

#define FILM_LENGTHS_LOOKS_MAX 4
/* Looks at one film in one edition; one that ended in a crash or in nonsense (ERR_WORKER, which is
 * nothing else: worker_process_error_code) counts as two, as most likely the file's doing. One that was given
 * up before has a single look. */
#define FILM_LENGTHS_TRIES 4
/* After the first look that failed; twice as long after the next. */
#define FILM_LENGTHS_WAIT_NS 1000000000
#define FILM_LENGTHS_KNOWN_MAX 1024 /* films; the one found out longest ago is forgotten first */

/* Zeroed: idle. */
struct film_lengths {
    struct edition *edition;    /* NULL: idle */
    int32_t *film_ms;           /* for each asset; 0: no film, or unknown */
    struct lengths_film *films; /* for each asset, what is left to do */
    size_t left;                /* films that are not done */
    struct {
        struct film_client *film; /* NULL: free */
        size_t asset;
        int watched_fd; /* if is_watched: in watch_fd's set */
        bool is_watched;
    } looks[FILM_LENGTHS_LOOKS_MAX];
    bool can_watch;
    int watch_fd;                /* epoll(7): readable when any look has news */
    struct lengths_known *known; /* NULL: nothing yet */
    size_t known_next;
    int64_t limit_ms;
};

/* Begins with an edition, which it takes over; one that it had before is given up. limit_ms: for
 * each film. False: out of memory, and the edition is gone. */
bool film_lengths_begin(struct film_lengths *lengths, struct edition *edition, int64_t limit_ms);

/* True when all are known, or were given up. Never blocks. now_ns: CLOCK_MONOTONIC. */
bool film_lengths_poll(struct film_lengths *lengths, int64_t now_ns);

/* Fills in at most one entry for poll(2), and returns how many; *deadline_ns becomes its time, if
 * sooner. */
int film_lengths_poll_fds(struct film_lengths *lengths, struct pollfd *fds, int64_t *deadline_ns);

/* Waits until all are known, or were given up. For commands. */
void film_lengths_wait(struct film_lengths *lengths);

/* The edition, which is the caller's then; film_ms stays the lengths' own until the next begin. */
struct edition *film_lengths_take(struct film_lengths *lengths);

void film_lengths_finish(struct film_lengths *lengths);

#endif
