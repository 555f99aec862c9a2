/* Warnings about a schedule: not faults, but hardly what its author intended.
 *
 * Pure; any thread. Each function adds warnings to `warnings` (zeroed by the caller, who finishes
 * it), with the JSON path of their place and a text for an operator. The playlist has no faults.
 * `zone` is the one that the playlist is played in. False when out of memory.
 *
 * Flashes (WCAG 2.2, 2.3.1: no more than three a second) need no check here: a slot lasts a second
 * at least, so stills can't follow each other that fast. Films are checked by commands/check. */
#ifndef PROGRAMME_SCHEDULE_LINT_H
#define PROGRAMME_SCHEDULE_LINT_H

#include "core/civil.h"
#include "playlist/playlist.h"

#define SCHEDULE_LINT_DAYS 7

/* Warns of dayparts that don't run at or after now_ms: they are over, no day matches them, others
 * outrank them whenever they could run, or the shares of others leave them no time. Also warns of
 * shares that add up to more than 1 where dayparts meet. Days around the start and end of every
 * daypart are checked; if there are more than a thousand, ranks and shares are not checked. */
bool schedule_lint_dayparts(const struct playlist *playlist, const struct civil_zone *zone,
                            int64_t now_ms, struct playlist_faults *warnings);

/* Warns of hours of the next SCHEDULE_LINT_DAYS without schedule and fallback, and of slots that
 * the end of a block cuts at the same time of several days, by half a second or more. `film_ms` as
 * for programme_create: it gives the full length of slots. */
bool schedule_lint_week(const struct playlist *playlist, const struct civil_zone *zone,
                        const int32_t *film_ms, int64_t now_ms, struct playlist_faults *warnings);

/* Warns of spots in no loop, loops that nothing runs, and styles that no tagline uses. */
bool schedule_lint_unused(const struct playlist *playlist, struct playlist_faults *warnings);

/* Warns of local times without a `timezone` where the languages of taglines are those of countries
 * whose clocks differ, unless the schedule also has times with an offset. */
void schedule_lint_zones(const struct playlist *playlist, struct playlist_faults *warnings);

/* Adds each spot that is on for less than min_ms where nothing cuts its slots. */
bool schedule_lint_min_slot(const struct playlist *playlist, const struct civil_zone *zone,
                            const int32_t *film_ms, int32_t min_ms, struct playlist_faults *faults);

/* Warns of durations that were probably meant as milliseconds: 8000. */
void schedule_lint_durations(const struct playlist *playlist, struct playlist_faults *warnings);

#endif
