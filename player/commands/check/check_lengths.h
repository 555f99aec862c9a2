/* The lengths that a playlist's films have for its programme, found out before it is examined. Main
 * thread; one worker at a time. */
#ifndef COMMANDS_CHECK_CHECK_LENGTHS_H
#define COMMANDS_CHECK_CHECK_LENGTHS_H

#include "sync/edition.h"

#include <stdint.h>

/* For programme_create: what the playlist tells, else what the film's file does; 0 where that can't
 * be found out, of which nothing is said here (check_film.h tells). The edition's media may be
 * missing; limit_ms: how long a worker may take. The caller frees it; NULL when out of memory. */
int32_t *check_lengths_find(const struct edition *edition, int64_t limit_ms);

#endif
