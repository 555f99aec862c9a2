/* How long the films of a playlist are. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_FILM_LENGTHS_H
#define COMMANDS_CHECK_CHECK_FILM_LENGTHS_H

#include "commands/check/check_records.h"

/* The length of each asset's film in milliseconds, for programme_create: what the playlist says,
 * else what the film's file says. 0 where neither does; check_film.h reports that. The media of the
 * records' edition may be missing. The caller frees it. NULL when out of memory. */
int32_t *check_film_lengths_read(struct check_records *records);

#endif
