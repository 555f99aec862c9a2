/* Checks a playlist's films by what check_film_probe found. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_FILM_H
#define COMMANDS_CHECK_CHECK_FILM_H

#include "commands/check/check_records.h"
#include "commands/check/check_report.h"
#include "commands/check/check_screens.h"
#include "sync/edition.h"

struct check_film {
    const struct edition *edition; /* its media may be missing */
    struct check_report *report;
    const struct check_screens *screens;
    struct check_records *records; /* of the same edition */
    int64_t limit_ms;              /* how long a worker may take for its next answer */
    bool with_loops; /* false: the playlist has faults, and its loops can't be relied on */
};

/* Checks all films of all spots; each file is decoded once. False where the check itself fails
 * (ERR_SYSTEM). */
MUST_CHECK bool check_film_run(const struct check_film *check, struct err *err);

#endif
