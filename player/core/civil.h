/* Civil time: days, weekdays, local times and zones, without a system call. Pure; any thread.
 *
 * A zone is a table of offset changes, which base/zone derives from the system's zone data. */
#ifndef CORE_CIVIL_H
#define CORE_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIVIL_DAY_MS 86400000

/* From `from_ms` (Unix time) on, local time is UTC plus offset_ms. */
struct civil_change {
    int64_t from_ms;
    int32_t offset_ms;
};

/* `changes` ascend. Before the first, `first_offset_ms` is in force. The owner of the table frees
 * it. */
struct civil_zone {
    int32_t first_offset_ms;
    const struct civil_change *changes;
    size_t change_count;
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar; false where no calendar has the date
 * (years 1 to 9999). */
bool civil_day_of(int year, int month, int day, int32_t *days);

/* The reverse, for |days| < 3,000,000. */
void civil_date_of(int32_t days, int *year, int *month, int *day);

/* 0 MO to 6 SU. */
int civil_weekday(int32_t days);

/* Local time: t_ms plus the zone's offset at t_ms. */
int64_t civil_local_ms(const struct civil_zone *zone, int64_t t_ms);

/* The date that clocks show at t_ms (|days| at most 3,000,000), and the offset in force. */
int32_t civil_local_day(const struct civil_zone *zone, int64_t t_ms);
int32_t civil_offset_ms(const struct civil_zone *zone, int64_t t_ms);

/* The instant of a local time (milliseconds since local 1970-01-01T00:00): the first at which
 * clocks show it or a later time. So one that a change skips is the instant of the change, one that
 * occurs twice is the first (duckling-playlist(5), PROGRAMME, rule 1), and instants never fall
 * while local times rise. */
int64_t civil_instant(const struct civil_zone *zone, int64_t local_ms);

/* RFC 3339: "2026-02-06T20:00:00+09:00" (or Z; seconds and .fraction optional, digits below a
 * millisecond dropped), or without offset a local time. `local` says which; *ms as in struct
 * playlist_instant. False, with nothing written, where it is neither or no calendar has it; no leap
 * seconds, no 24:00, no blank in place of the T. */
bool civil_parse_instant(const char *text, bool *local, int64_t *ms);

/* "YYYY-MM-DD" to days; "HH:MM" or "HH:MM:SS" to milliseconds since midnight ("24:00" is
 * 86,400,000). */
bool civil_parse_date(const char *text, int32_t *days);
bool civil_parse_time(const char *text, int32_t *ms);

/* Writes RFC 3339 with the zone's offset, and milliseconds only where not zero:
 * "2026-02-06T20:00:00+09:00"; at most 40 bytes. Offsets are written in whole minutes, seconds of a
 * local mean time are left off both time and offset. Outside the years 1 to 9999 the nearest
 * edge. */
void civil_format(const struct civil_zone *zone, int64_t t_ms, char text[40]);

#endif
