/* Warnings about volumes that have no effect. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_VOLUME_H
#define COMMANDS_CHECK_CHECK_VOLUME_H

#include "commands/check/check_report.h"

/* Warns of each spot without a film that has a volume, and of a default volume in a playlist
 * without films. `bytes` is the text that the playlist, which has no faults, was read from: the
 * model does not tell a spot's volume from the default. ERR_SYSTEM when out of memory. */
MUST_CHECK bool check_volume_run(const struct playlist *playlist, const char *bytes, size_t size,
                                 struct check_report *report, struct err *err);

#endif
