/* Media on which workers failed three times: they are not tried again for some hours, whatever
 * playlist names them. A medium is known by its hash, or, where that is unknown, by its file as
 * it is now.
 *
 * What the sandbox ended a worker for counts from the second time on (loader.c).
 *
 * A strike counts for a day, or until the medium has gone well where it failed. So what fails at
 * the same place each time is quarantined however much of it plays before, and what fails now and
 * then, for another reason, is not, even where nothing can go well beyond: in the last second of
 * what is shown of it. (What is shown so seldom that three strikes take more than a day would not
 * be kept away by some hours.) After its time in quarantine a medium has one trial: failing that
 * within a day of its last strike puts it back at once; later it has begun anew. Main thread. */
#ifndef PLAYOUT_QUARANTINE_H
#define PLAYOUT_QUARANTINE_H

#include "base/hash.h"
#include "sync/edition.h"

#define QUARANTINE_STRIKES 3
#define QUARANTINE_MAX 256 /* the one that was struck first is forgotten first */
#define QUARANTINE_HOURS 6
#define QUARANTINE_STRIKE_HOURS 24

/* Zeroed: nothing is quarantined. */
struct quarantine {
    struct quarantine_item {
        uint8_t identity[HASH_BYTES];
        int count; /* of strikes; 0: free */
        struct {
            int64_t at_us; /* where it failed */
            int64_t ns;
        } strikes[QUARANTINE_STRIKES]; /* the last ones, oldest first */
    } items[QUARANTINE_MAX];
    size_t next;
};

/* now_ns: CLOCK_MONOTONIC, never less than in the call before. */

/* What a medium is known by. False where it can't be told. */
bool quarantine_identify(const struct edition *edition, int asset, uint8_t identity[HASH_BYTES]);

/* Counts a failure, so far into a film (0: before anything of it was there). True when it puts the
 * medium into quarantine. */
bool quarantine_strike(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                       int64_t at_us, int64_t now_ns);

/* The medium went well from one place in it to another (INT64_MAX: its end). Its strikes are
 * forgotten where that takes in all those that still count, and a second more: what fails late is
 * told late. */
void quarantine_forgive(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                        int64_t from_us, int64_t to_us, int64_t now_ns);

bool quarantine_has(const struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                    int64_t now_ns);

#endif
