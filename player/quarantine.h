/* The quarantine: media that workers failed on three times are not tried again, whatever playlist
 * names them. A medium is known by its hash, or, where that is unknown, by its file as it is now.
 * Main thread. */
#ifndef QUARANTINE_H
#define QUARANTINE_H

#include "base/hash.h"
#include "sync/edition.h"

#define QUARANTINE_STRIKES 3
#define QUARANTINE_MAX 256 /* the one that failed longest ago is forgotten first */

struct quarantine {
    struct {
        uint8_t identity[HASH_BYTES];
        int strikes; /* 0: free */
    } items[QUARANTINE_MAX];
    size_t next;
};

/* Zeroed: nothing is quarantined. */

/* What a medium is known by. False where it can't be told. */
bool quarantine_identify(const struct edition *edition, int asset, uint8_t identity[HASH_BYTES]);

/* Counts a failure; true when this one was the last allowed. */
bool quarantine_strike(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES]);

bool quarantine_has(const struct quarantine *quarantine, const uint8_t identity[HASH_BYTES]);

#endif
