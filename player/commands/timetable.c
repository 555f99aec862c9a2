#include "commands/timetable.h"

#include <stdlib.h>

#define LOOK_MS 10000 /* for each film */

bool timetable_open(struct timetable *timetable, const struct settings *settings, struct err *err)
{
    const char *own = settings->values[SETTING_TIMEZONE].text;
    if (own && !zone_load(&timetable->own, own, err))
        return err_prefix(err, "option --timezone: ");
    timetable->has_own = own != NULL;
    const char *hours = settings->values[SETTING_OPERATING_HOURS].text;
    timetable->hours = hours ? malloc(sizeof *timetable->hours) : NULL;
    if (hours && !timetable->hours)
        return err_oom(err);
    if (hours && !hours_parse(timetable->hours, hours, HOURS_OPEN, err))
        return err_prefix(err, "option --operating-hours ");
    return playout_open(&timetable->playing, settings->source, own, LOOK_MS, err);
}

void timetable_finish(struct timetable *timetable)
{
    playout_finish(&timetable->playing);
    zone_finish(&timetable->own);
    free(timetable->hours);
    timetable->hours = NULL;
}

const struct playlist *timetable_playlist(const struct timetable *timetable)
{
    return timetable->playing.edition->playlist;
}

const struct zone *timetable_zone(const struct timetable *timetable)
{
    return timetable->has_own ? &timetable->own : &timetable->playing.zone;
}

bool timetable_instant(const struct timetable *timetable, const struct settings *settings,
                       enum setting setting, int64_t latest_ms, int64_t *ms, struct err *err)
{
    const char *text = settings->values[setting].text, *name = settings_table.rows[setting].name;
    int64_t parsed_ms;
    bool local;
    if (!text)
        return true;
    if (!civil_parse_instant(text, &local, &parsed_ms))
        return settings_refuse_instant(settings, setting, err);
    if (local)
        parsed_ms = civil_instant(&timetable_zone(timetable)->civil, parsed_ms);
    if (parsed_ms < PROGRAMME_FIRST_MS || parsed_ms > latest_ms)
        return err_set(err, ERR_USAGE, "option --%s needs a time in the years 1971 to 2199, not %s",
                       name, text);
    *ms = parsed_ms;
    return true;
}

enum timetable_screen timetable_screen(struct timetable *timetable, int64_t from_ms, int64_t to_ms)
{
    const struct civil_zone *zone = &timetable_zone(timetable)->civil;
    if (!timetable->hours)
        return TIMETABLE_SCREEN_ON;
    if (from_ms < timetable->since_ms || from_ms >= timetable->until_ms) {
        timetable->since_ms = from_ms;
        timetable->is_open = hours_value(timetable->hours, zone, from_ms, 0) > 0;
        timetable->until_ms = hours_next_change(timetable->hours, zone, from_ms, 0);
    }
    if (to_ms > timetable->until_ms)
        return TIMETABLE_SCREEN_PARTLY;
    return timetable->is_open ? TIMETABLE_SCREEN_ON : TIMETABLE_SCREEN_OFF;
}
