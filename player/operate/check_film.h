/* Checks of a playlist's films, each opened and decoded as a player would: sandboxed, as fast as
 * this machine can. Main thread; one worker at a time, and no other beside it, for it is timed. */
#ifndef OPERATE_CHECK_FILM_H
#define OPERATE_CHECK_FILM_H

#include "operate/check_report.h"
#include "sync/edition.h"

/* So much of a film is decoded, of film time: what comes after that is not looked at. */
#define CHECK_FILM_DECODED_US INT64_C(120000000)
/* And so much of it is timed. */
#define CHECK_FILM_TIMED_US INT64_C(5000000)

struct check_film {
    const struct edition *edition; /* its media may be missing */
    struct check_report *report;
    int64_t limit_ms; /* how long a worker may take for the next thing */
};

/* All films of all spots; each file is decoded once. Facts are told, faults and warnings found.
 * False where the check itself fails (ERR_SYSTEM). */
bool check_film_run(const struct check_film *check, struct err *err);

#endif
