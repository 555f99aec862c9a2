/* Warnings about a schedule: what is no fault, but its author can hardly have meant.
 *
 * Pure; any thread. Each function adds warnings to `warnings` (zeroed by the caller, who finishes
 * it) with the JSON path of what they are about, in words for an operator. The playlist has no
 * faults. `zone` is the one that the playlist is played in. False when out of memory.
 *
 * Flashes (WCAG 2.2, 2.3.1: no more than three a second) need no check here: a slot lasts a second
 * at least, so stills can't follow each other that fast. Films will be another matter. */
#ifndef PROGRAMME_SCHEDULE_LINT_H
#define PROGRAMME_SCHEDULE_LINT_H

#include "core/civil.h"
#include "playlist/playlist.h"

#define SCHEDULE_LINT_DAYS 7

/* Dayparts that don't run at or after now_ms: those that are over, those that no day fits, those
 * that others outrank whenever they could run, and those to which the shares of others leave
 * nothing; and shares that add up to more than 1 where dayparts meet. Days are looked at around the
 * start and end of every daypart; where those are more than a thousand nothing is said of the
 * others' rank and shares. */
bool schedule_lint_dayparts(const struct playlist *playlist, const struct civil_zone *zone,
                            int64_t now_ms, struct playlist_faults *warnings);

/* From now_ms on, for SCHEDULE_LINT_DAYS: hours with nothing scheduled and no fallback, and slots
 * that the end of a block cuts at the same time of more than one day, by half a second or more.
 * `film_ms` as for programme_create: what a slot's whole length is depends on it. */
bool schedule_lint_week(const struct playlist *playlist, const struct civil_zone *zone,
                        const int32_t *film_ms, int64_t now_ms, struct playlist_faults *warnings);

/* Spots in no loop, loops that nothing runs, styles that no tagline has. */
bool schedule_lint_unused(const struct playlist *playlist, struct playlist_faults *warnings);

#endif
