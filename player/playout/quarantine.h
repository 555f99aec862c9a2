/* Files on which workers failed three times: they are not tried again for six hours, whatever
 * playlist names them. A file is known by its hash, or, where the playlist has none, by its inode,
 * size and time. Main thread.
 *
 * A failure that the sandbox caused counts from the second one on (loader.c). A failure counts
 * for a day, or until the file has played well past the place of the failure. So a file that
 * fails at the same place each time is quarantined however much of it plays before, and one that
 * fails now and then for another reason is not. A failure in the last second of what is shown,
 * beyond which nothing can play well, is forgotten after a day. After its quarantine a
 * file gets one chance: a failure within a day of the last one quarantines it again at once; later
 * it starts afresh. */
#ifndef PLAYOUT_QUARANTINE_H
#define PLAYOUT_QUARANTINE_H

#include "base/hash.h"
#include "sync/edition.h"

#define QUARANTINE_FAILURES 3
#define QUARANTINE_MAX 256 /* files; the oldest is forgotten first */
#define QUARANTINE_HOURS 6
#define QUARANTINE_FAILURE_HOURS 24

/* Zeroed: nothing is quarantined. */
struct quarantine {
    struct quarantine_item {
        uint8_t identity[HASH_BYTES];
        int count; /* of failures; 0: free */
        struct {
            int64_t at_us; /* the place in the film */
            int64_t ns;
        } failures[QUARANTINE_FAILURES]; /* the last ones, oldest first */
    } items[QUARANTINE_MAX];
    size_t next;
};

/* now_ns: CLOCK_MONOTONIC, never less than in the call before. */

/* The identity of an asset's file. False where the file can't be found. */
bool quarantine_identify(const struct edition *edition, int asset, uint8_t identity[HASH_BYTES]);

/* The same without asking the disk: false where the playlist has no hash of the asset. */
bool quarantine_identify_by_hash(const struct edition *edition, int asset,
                                 uint8_t identity[HASH_BYTES]);

/* Counts a failure at this place in a film (0: before its first frame). True when it puts the file
 * into quarantine. */
bool quarantine_count_failure(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                              int64_t at_us, int64_t now_ns);

/* The file has played well from one place to another (INT64_MAX: its end). Its failures are
 * forgotten if all those that still count are in between, and a second before to_us, as failures
 * are noticed late. */
void quarantine_clear(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                      int64_t from_us, int64_t to_us, int64_t now_ns);

/* Whether a file is in quarantine. */
bool quarantine_has(const struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                    int64_t now_ns);

#endif
