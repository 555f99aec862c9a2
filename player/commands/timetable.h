/* A playlist file with its programme, and the zone of times that are read and printed: what guide
 * and explain have in common. Main thread.
 *
 * Times are local to --timezone where it is given, else to the playlist's own zone, else to the
 * system's. The programme itself uses the playlist's zone first, as on a screen. */
#ifndef COMMANDS_TIMETABLE_H
#define COMMANDS_TIMETABLE_H

#include "commands/settings.h"
#include "core/hours.h"
#include "playout/playout.h"

/* Zeroed is valid. Must not move while open. */
enum timetable_screen { TIMETABLE_SCREEN_ON, TIMETABLE_SCREEN_OFF, TIMETABLE_SCREEN_PARTLY };

struct timetable {
    struct hours *hours; /* of --operating-hours; NULL: always on */
    /* What was found last: from since_ms until until_ms the screen is on, or off. */
    int64_t since_ms, until_ms;
    bool is_open;
    struct playout playing;
    struct zone own; /* --timezone */
    bool has_own;
};

/* Opens the playlist of the settings; each of its faults is written to the log. Errors: as
 * edition_load and zone_load. timetable_finish in any case. */
MUST_CHECK bool timetable_open(struct timetable *timetable, const struct settings *settings,
                               struct err *err);
void timetable_finish(struct timetable *timetable);

const struct playlist *timetable_playlist(const struct timetable *timetable);

/* The zone of times that are read and written; lives as long as the timetable. */
const struct zone *timetable_zone(const struct timetable *timetable);

/* An option's instant, from PROGRAMME_FIRST_MS to latest_ms. Where it was not given *ms stays as it
 * is. Errors: ERR_USAGE. */
MUST_CHECK bool timetable_instant(const struct timetable *timetable,
                                  const struct settings *settings, enum setting setting,
                                  int64_t latest_ms, int64_t *ms, struct err *err);

/* Whether the screen is on from from_ms until to_ms (not included), by --operating-hours; in
 * until_ms when that ends at from_ms: INT64_MAX where no end is in sight. */
enum timetable_screen timetable_screen(struct timetable *timetable, int64_t from_ms, int64_t to_ms);

#endif
