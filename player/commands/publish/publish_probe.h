/* Which versions have a file on a target: some are asked for, as a server of files can't list them.
 * Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_PROBE_H
#define COMMANDS_PUBLISH_PUBLISH_PROBE_H

#include "commands/publish/publish_channel.h"

/* The highest version above `above` whose file is there, whoever put it there and signed it; else
 * `above`. Where `above` is 0, nothing is known: then what is there must be at least the last ninth
 * of what ever was, and below a million, to be found. Else a gap of 15 versions at most, or of as
 * many as there are above it, up to 1,024 from there, ends nothing. */
MUST_CHECK bool publish_probe_highest(const struct publish_channel *channel, int64_t above,
                                      int64_t *highest, struct err *err);

#endif
