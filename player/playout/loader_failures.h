/* What the loader remembers of failures after it has let the pictures go: which spots are not to be
 * tried again yet, and which faults of files are in the log already. Main thread. */
#ifndef PLAYOUT_LOADER_FAILURES_H
#define PLAYOUT_LOADER_FAILURES_H

#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>

#define LOADER_FAILURES_MAX 64 /* spots, and files; the oldest is forgotten first */
#define LOADER_FAILURES_LANGUAGE_BYTES 64

/* What is wrong with a file that is shown or tried again nevertheless. */
enum loader_failures_fault {
    LOADER_FAILURES_NONE,
    LOADER_FAILURES_SHORT,     /* a film that ends before the length that its header gives */
    LOADER_FAILURES_DAMAGED,   /* a film some of whose frames are damaged */
    LOADER_FAILURES_FORBIDDEN, /* its worker made a system call that the sandbox forbids */
    LOADER_FAILURES_NOTED,     /* a picture that is shown, but not as its file asks */
};

/* Zeroed: nothing has failed. */
struct loader_failures {
    struct loader_failures_spot {
        uint64_t serial; /* of its edition; 0: free */
        int spot;
        char language[LOADER_FAILURES_LANGUAGE_BYTES];
        int64_t retry_ns;
        char reason[160];
    } spots[LOADER_FAILURES_MAX];
    size_t spots_next;
    struct loader_failures_file {
        enum loader_failures_fault fault;
        uint8_t identity[HASH_BYTES];
    } files[LOADER_FAILURES_MAX];
    size_t files_next;
};

/* now_ns: CLOCK_MONOTONIC. */

/* Whether a spot failed less than half a minute ago, and is not to be tried again yet. */
bool loader_failures_is_resting(const struct loader_failures *failures, uint64_t serial, int spot,
                                const char *language, int64_t now_ns);

/* Remembers that a spot could not be shown. True when it should be logged: for this reason it has
 * not failed before. */
bool loader_failures_add(struct loader_failures *failures, uint64_t serial, int spot,
                         const char *language, const char *reason, int64_t now_ns);

/* Remembers a fault of a file (quarantine_identify; NULL: its identity is unknown, and nothing is
 * remembered). True when it was not known. */
bool loader_failures_add_fault(struct loader_failures *failures, enum loader_failures_fault fault,
                               const uint8_t *identity);

#endif
