/* Which programs and libraries decode here: what they made of a file holds only for them. Main
 * thread. */
#ifndef COMMANDS_CHECK_CHECK_DECODERS_H
#define COMMANDS_CHECK_CHECK_DECODERS_H

#include "commands/check/check_cache.h"

/* A hash of the versions that `duckling --version` shows, of the files of both programs, of the
 * shared libraries that are installed, and of this machine and its processors. The versions are
 * asked for once for each state of these files. False where it can't be known. */
bool check_decoders_read(struct check_cache *cache, struct check_cache_key *decoders);

#endif
