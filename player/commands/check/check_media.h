/* Decodes a playlist's media as a player would, for each of the screens, and checks the results. Main thread; two workers at most. */
#ifndef COMMANDS_CHECK_CHECK_MEDIA_H
#define COMMANDS_CHECK_CHECK_MEDIA_H

#include "commands/check/check_records.h"
#include "commands/check/check_report.h"
#include "commands/check/check_screens.h"
#include "sync/edition.h"

struct check_media {
    const struct edition *edition; /* its media may be missing */
    struct check_report *report;
    const struct check_screens *screens;
    struct check_records *records; /* of the same edition */
    int64_t limit_ms;              /* how long a worker may take */
    bool with_texts; /* false: the playlist has faults, and only its media can be relied on */
};

/* False where the check itself fails (ERR_SYSTEM); what is found is no error. */
MUST_CHECK bool check_media_run(const struct check_media *media, struct err *err);

#endif
