/* When the screen is on, and how bright: operating hours and dimming, which lie over the scene and
 * change nothing in it.
 *
 * The level is what a frame's brightness is multiplied by: 0 outside operating hours, else what dimming
 * says. It changes within two seconds and never at once, but at the start. Main thread. */
#ifndef KIOSK_SCREEN_HOURS_H
#define KIOSK_SCREEN_HOURS_H

#include "core/civil.h"
#include "core/err.h"
#include "core/hours.h"

#include <stdbool.h>
#include <stdint.h>

#define SCREEN_HOURS_RAMP_NS INT64_C(2000000000) /* from 0 to 1 */

/* Zeroed: always on. */
struct screen_hours {
    bool has_open, has_dimming;
    struct hours open, dimming;
    bool takeover_wakes; /* a takeover is shown outside the hours, too, undimmed */
    /* What the hours say from since_ms until until_ms (Unix time). */
    int64_t since_ms, until_ms;
    bool was_awake; /* by a takeover, then */
    double target;
    double level; /* on its way to the target */
    bool is_open;
    int64_t turned_ns; /* 0: never */
};

/* Takes the texts of the options; NULL: none. The level stays what it is. ERR_INPUT. */
MUST_CHECK bool screen_hours_set(struct screen_hours *hours, const char *open, const char *dimming,
                                 bool takeover_wakes, struct err *err);

/* Brings the level to an instant: of the show clock, in a zone, and of CLOCK_MONOTONIC. */
void screen_hours_turn(struct screen_hours *hours, const struct civil_zone *zone, int64_t show_ms,
                       int64_t mono_ns, bool takeover);

/* Of the last turn. Whether the level has yet to reach its target; and whether the screen is closed, and
 * all black. */
bool screen_hours_is_moving(const struct screen_hours *hours);
bool screen_hours_is_dark(const struct screen_hours *hours);

/* When the target changes next, by the show clock; INT64_MAX: not in sight. */
int64_t screen_hours_change_ms(const struct screen_hours *hours);

/* The zone is another, or the options are: what was found out is forgotten. */
void screen_hours_forget(struct screen_hours *hours);

#endif
