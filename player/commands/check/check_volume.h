/* Warnings about volumes where nothing can be heard. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_VOLUME_H
#define COMMANDS_CHECK_CHECK_VOLUME_H

#include "commands/check/check_report.h"

/* Warns of each spot without a film that gives a volume of its own, and of a default volume where
 * there is no film at all. `bytes` are the text that the playlist, which has no faults, was read
 * from: the model doesn't tell a spot's own volume from the default. ERR_SYSTEM when out of
 * memory. */
MUST_CHECK bool check_volume_run(const struct playlist *playlist, const char *bytes, size_t size,
                                 struct check_report *report, struct err *err);

#endif
