/* The lengths of an edition's films, for its programme: workers read those that the playlist
 * doesn't give, a few at a time. Main thread.
 *
 * A film whose file gives no length has none, on every screen alike. A film that could not be
 * read (its worker was too slow, out of memory, or could not be started) is another matter: a
 * screen that took the default length for it would fall out of step with all others. So it is
 * tried again, after growing delays, before it is given up; so is a film that is larger than
 * allowed, as its worker can't tell this from a machine with little memory. Lengths are
 * remembered from edition to edition by the file's identity (quarantine.h), so that a changed
 * playlist doesn't mean reading all films again. */
#ifndef PLAYOUT_FILM_LENGTHS_H
#define PLAYOUT_FILM_LENGTHS_H

#include "base/hash.h"
#include "sync/edition.h"

#include <poll.h>

#define FILM_LENGTHS_PROBES_MAX 4
/* Tries to read one film in one edition. One that ended in a crash or in nonsense (ERR_WORKER,
 * which worker_process_error_code gives for nothing else) counts as two, as the file is the most
 * likely cause. A film that was given up before has a single try. */
#define FILM_LENGTHS_TRIES 4
/* The delay after the first try that failed; it doubles with each one. */
#define FILM_LENGTHS_WAIT_NS 1000000000
#define FILM_LENGTHS_KNOWN_MAX 1024 /* films; the oldest is forgotten first */

/* Zeroed: idle. */
struct film_lengths {
    struct edition *edition;    /* NULL: idle */
    int32_t *film_ms;           /* for each asset; 0: no film, or unknown */
    struct lengths_film *films; /* for each asset */
    size_t left;                /* films whose length is still unknown */
    struct {
        struct film_client *film; /* NULL: free */
        size_t asset;
        int watched_fd; /* if is_watched: in watch_fd's set */
        bool is_watched;
    } probes[FILM_LENGTHS_PROBES_MAX];
    bool can_watch;
    int watch_fd;                /* epoll(7): readable when any worker has sent something */
    struct lengths_known *known; /* from all editions; NULL: nothing yet */
    size_t known_next;
    int64_t limit_ms;
    struct media_opener *opener; /* borrowed; NULL: files are opened at once, which may block */
};

/* Begins with an edition, which it takes over, and drops the one before. limit_ms: the longest
 * that a worker may take for a film. False: out of memory; the edition is destroyed. */
bool film_lengths_begin(struct film_lengths *lengths, struct edition *edition, int64_t limit_ms);

/* True when all lengths are known or given up. Never blocks. now_ns: CLOCK_MONOTONIC. */
bool film_lengths_poll(struct film_lengths *lengths, int64_t now_ns);

/* Fills in at most one entry for poll(2), and returns how many. Lowers *deadline_ns to its
 * deadline. */
int film_lengths_poll_fds(struct film_lengths *lengths, struct pollfd *fds, int64_t *deadline_ns);

/* Waits until all lengths are known or given up. For commands. */
void film_lengths_wait(struct film_lengths *lengths);

/* Returns the edition, which then belongs to the caller; film_ms is valid until the next
 * film_lengths_begin. */
struct edition *film_lengths_take(struct film_lengths *lengths);

void film_lengths_finish(struct film_lengths *lengths);

#endif
