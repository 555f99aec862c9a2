#include "kiosk/screen_hours.h"

bool screen_hours_set(struct screen_hours *hours, const char *open, const char *dimming,
                      bool takeover_wakes, struct err *err)
{
    struct screen_hours set = *hours;
    set.has_open = open != NULL;
    set.has_dimming = dimming != NULL;
    set.takeover_wakes = takeover_wakes;
    if ((open && !hours_parse(&set.open, open, HOURS_OPEN, err)) ||
        (dimming && !hours_parse(&set.dimming, dimming, HOURS_LEVEL, err)))
        return false;
    *hours = set;
    screen_hours_forget(hours);
    return true;
}

void screen_hours_forget(struct screen_hours *hours)
{
    hours->since_ms = INT64_MAX;
    hours->until_ms = INT64_MIN;
}

static int64_t earlier_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What the hours say at an instant, and until when. */
static void find_target(struct screen_hours *hours, const struct civil_zone *zone, int64_t show_ms,
                        bool awake)
{
    hours->since_ms = show_ms;
    hours->until_ms = INT64_MAX;
    hours->was_awake = awake;
    hours->is_open = true;
    hours->target = 1;
    if (awake)
        return;
    if (hours->has_open) {
        hours->is_open = hours_value(&hours->open, zone, show_ms, 0) > 0;
        hours->until_ms = hours_next_change(&hours->open, zone, show_ms, 0);
    }
    if (hours->has_dimming) {
        hours->target = hours_value(&hours->dimming, zone, show_ms, 1);
        hours->until_ms =
            earlier_ms(hours->until_ms, hours_next_change(&hours->dimming, zone, show_ms, 1));
    }
    if (!hours->is_open)
        hours->target = 0;
}

static void move_level(struct screen_hours *hours, int64_t passed_ns)
{
    double step = (double)passed_ns / (double)SCREEN_HOURS_RAMP_NS;
    double way = hours->target - hours->level;
    if (way > step)
        hours->level += step;
    else if (way < -step)
        hours->level -= step;
    else
        hours->level = hours->target;
}

void screen_hours_turn(struct screen_hours *hours, const struct civil_zone *zone, int64_t show_ms,
                       int64_t mono_ns, bool takeover)
{
    bool awake = takeover && hours->takeover_wakes;
    bool known = show_ms >= hours->since_ms && show_ms < hours->until_ms &&
                 awake == hours->was_awake && hours->turned_ns;
    bool was_moving = screen_hours_is_moving(hours);
    if (!known)
        find_target(hours, zone, show_ms, awake);
    if (!hours->turned_ns)
        hours->level = hours->target;
    else if (was_moving && mono_ns > hours->turned_ns) /* else it begins to move now */
        move_level(hours, mono_ns - hours->turned_ns);
    hours->turned_ns = mono_ns;
}

bool screen_hours_is_moving(const struct screen_hours *hours)
{
    return hours->level != hours->target;
}

bool screen_hours_is_dark(const struct screen_hours *hours)
{
    return !hours->is_open && hours->level == 0 && hours->turned_ns;
}

int64_t screen_hours_change_ms(const struct screen_hours *hours)
{
    return hours->until_ms;
}
