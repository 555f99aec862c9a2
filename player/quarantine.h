/* The quarantine: media that workers failed on three times are not tried again for some hours,
 * whatever playlist names them. A medium is known by its hash, or, where that is unknown, by its
 * file as it is now.
 *
 * A strike is forgotten when the medium has since gone well where it failed. So what fails at the
 * same place each time is quarantined however much of it plays before, and what failed for another
 * reason, years apart, is not. After its time in quarantine a medium has one trial: failing that
 * puts it back at once. Main thread. */
#ifndef QUARANTINE_H
#define QUARANTINE_H

#include "base/hash.h"
#include "sync/edition.h"

#define QUARANTINE_STRIKES 3
#define QUARANTINE_MAX 256 /* the one that was struck first is forgotten first */
#define QUARANTINE_HOURS 6

struct quarantine {
    struct {
        uint8_t identity[HASH_BYTES];
        int strikes;               /* 0: free */
        int64_t first_us, last_us; /* of all the places where it failed */
        int64_t until_ns;          /* from the third strike on */
    } items[QUARANTINE_MAX];
    size_t next;
};

/* Zeroed: nothing is quarantined. now_ns: CLOCK_MONOTONIC. */

/* What a medium is known by. False where it can't be told. */
bool quarantine_identify(const struct edition *edition, int asset, uint8_t identity[HASH_BYTES]);

/* Counts a failure, so far into a film (0: before anything of it was there). True when it puts the
 * medium into quarantine. */
bool quarantine_strike(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                       int64_t at_us, int64_t now_ns);

/* The medium went well from one place in it to another (INT64_MAX: its end). Its strikes are
 * forgotten where that takes in all of its failures, and a second more: what fails late is told
 * late. */
void quarantine_forgive(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                        int64_t from_us, int64_t to_us);

bool quarantine_has(const struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                    int64_t now_ns);

#endif
