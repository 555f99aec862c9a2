#include "commands/timetable.h"

#define LOOK_MS 10000 /* for each film */

bool timetable_open(struct timetable *timetable, const struct settings *settings, struct err *err)
{
    const char *own = settings->values[SETTING_TIMEZONE].text;
    if (own && !zone_load(&timetable->own, own, err))
        return err_prefix(err, "option --timezone: ");
    timetable->has_own = own != NULL;
    return playout_open(&timetable->playing, settings->source, own, LOOK_MS, err);
}

void timetable_finish(struct timetable *timetable)
{
    playout_finish(&timetable->playing);
    zone_finish(&timetable->own);
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
