/* The check command: every fault and every warning about a playlist and its media in one run,
 * before they are on a screen. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_H
#define COMMANDS_CHECK_CHECK_H

#include "commands/check/check_report.h"
#include "commands/settings.h"

/* A playlist file's bytes; borrowed. */
struct check_bytes {
    const char *data;
    size_t size;
};

/* What the command checks, also for commands that must not go on with a faulty playlist. `path` is
 * the file that the bytes were read from; its media lie beside it. Faults and warnings go to the
 * report. False where the check itself fails (ERR_INPUT: an unknown time zone in an option;
 * ERR_SYSTEM). */
MUST_CHECK bool check_playlist(const struct settings *settings, const char *path,
                               const struct check_bytes *bytes, struct check_report *report,
                               struct err *err);

/* argv[0] is "check". Returns the process's exit status. */
int check_main(int argc, char **argv);

#endif
