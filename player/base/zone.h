/* Time zones: from the system's zone data (TZif, RFC 9636) to the table that core/civil.h works
 * with.
 *
 * Reads files, never writes; any thread. The rule at the end of a zone file (a POSIX TZ string) is
 * laid out up to the year 2200, so that the core needs no rules. A zone is the caller's memory and
 * owns its table. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "core/civil.h"
#include "core/err.h"

#include <stddef.h>

/* Where zones are installed, unless the environment's TZDIR names another folder. */
#define ZONE_FOLDER "/usr/share/zoneinfo"
#define ZONE_NAME_BYTES_MAX 64
#define ZONE_FILE_BYTES_MAX ((size_t)64 << 10)
/* Offsets outside are refused (RFC 9636, 3.2); the programme relies on it for the length of the
 * longest day. */
#define ZONE_OFFSET_MIN_S (-90000) /* -25 h */
#define ZONE_OFFSET_MAX_S 93600    /* 26 h */

/* Zeroed is valid and is UTC. `civil` points into `table` and lives until zone_finish; the struct
 * may be copied, but only one copy finished. */
struct zone {
    char name[ZONE_NAME_BYTES_MAX +
              1]; /* "Asia/Seoul"; "local" where the system's zone has no name */
    struct civil_zone civil;
    struct civil_change *table;
};

/* Loads a zone by its IANA name, as installed below TZDIR or ZONE_FOLDER. "UTC" works without zone
 * data, too. On failure *zone is zeroed. Errors: ERR_INPUT (no possible name: absolute, "..", a
 * hidden file, a character that no zone has; or a damaged file, or one that counts leap seconds),
 * ERR_MISSING (no such zone here), ERR_LIMIT, ERR_SYSTEM. */
MUST_CHECK bool zone_load(struct zone *zone, const char *name, struct err *err);

/* Whether a zone can be loaded. What is wrong completes the name of an option ("needs a time zone
 * ..., not ..."). ERR_INPUT, or ERR_SYSTEM and ERR_DISK where that could not be found out. */
MUST_CHECK bool zone_check(const char *name, struct err *err);

/* Loads the system's own zone, by the C library's rules: the environment's TZ (a name, ":name", an
 * absolute path to a file, or a POSIX rule such as "KST-9"; empty is UTC), without it
 * /etc/localtime, without that UTC. Errors as above. */
MUST_CHECK bool zone_load_system(struct zone *zone, struct err *err);

/* From the bytes of a TZif file, version 1 to 4. `name` is copied, cut to ZONE_NAME_BYTES_MAX.
 * Errors: ERR_INPUT, ERR_SYSTEM (out of memory); *zone is then zeroed. */
MUST_CHECK bool zone_parse(struct zone *zone, const char *name, const char *bytes, size_t size,
                           struct err *err);

/* NULL or zeroed is allowed; leaves it zeroed. */
void zone_finish(struct zone *zone);

#endif
