/* Which versions have a file on a target: some are asked for, as a server of files can't list them.
 * Main thread. */
#ifndef OPERATE_PUBLISH_PROBE_H
#define OPERATE_PUBLISH_PROBE_H

#include "operate/publish_channel.h"

/* The highest version above `above` whose file is there, whoever put it there and signed it; else
 * `above`. What is in force bounds where it can be: above > 0 looks up to a gap of 15 versions, and
 * at doubling steps beyond that up to 1,024; 0, where nothing is known, at steps of an eighth, up
 * to a million. */
bool publish_probe_highest(const struct publish_channel *channel, int64_t above, int64_t *highest,
                           struct err *err);

#endif
