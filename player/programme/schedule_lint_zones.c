/* Checks whether a playlist without a zone is made for countries whose clocks differ. */
#include "programme/schedule_lint.h"

#include "playlist/playlist_fault.h"

#include <string.h>
#include <strings.h>

/* Languages that are read in one zone, or in zones of one offset: a text in one tells where screens
 * stand. English, Spanish or Arabic tell nothing. */
static const struct place {
    const char *language, *name, *city;
    int hours;
} places[] = {
    {"ko", "Korean", "Seoul", 9},     {"ja", "Japanese", "Tokyo", 9},
    {"zh", "Chinese", "Shanghai", 8}, {"th", "Thai", "Bangkok", 7},
    {"vi", "Vietnamese", "Hanoi", 7},
};
#define PLACES (sizeof places / sizeof *places)

static bool has_text_in(const struct playlist *playlist, const char *language)
{
    size_t length = strlen(language);
    for (size_t i = 0; i < playlist->spot_count; i++)
        for (size_t j = 0; j < playlist->spots[i].text_count; j++) {
            const char *tag = playlist->spots[i].texts[j].language;
            if (strncasecmp(tag, language, length) == 0 && (!tag[length] || tag[length] == '-'))
                return true;
        }
    return false;
}

static bool is_local(const struct playlist_daypart *daypart)
{
    return (daypart->start.given && daypart->start.local) ||
           (daypart->end.given && daypart->end.local) || daypart->has_start_date ||
           daypart->has_end_date || daypart->weekdays != 0x7f || daypart->except_count > 0 ||
           daypart->start_time_ms > 0 || daypart->end_time_ms < CIVIL_DAY_MS;
}

static bool is_absolute(const struct playlist_daypart *daypart)
{
    return (daypart->start.given && !daypart->start.local) ||
           (daypart->end.given && !daypart->end.local);
}

void schedule_lint_zones(const struct playlist *playlist, struct playlist_faults *warnings)
{
    const struct place *first = NULL, *second = NULL;
    bool any_local = false, any_absolute = false;
    for (size_t i = 0; i < playlist->schedule_count; i++) {
        any_local |= is_local(&playlist->schedule[i]);
        any_absolute |= is_absolute(&playlist->schedule[i]);
    }
    /* Whoever gives one time with an offset and another without knows the difference. */
    if (playlist->timezone || !any_local || any_absolute)
        return;
    for (size_t i = 0; i < PLACES; i++) {
        if (!has_text_in(playlist, places[i].language))
            continue;
        if (!first)
            first = &places[i];
        else if (!second && places[i].hours != first->hours)
            second = &places[i];
    }
    if (!second)
        return;
    int hours = first->hours - second->hours;
    const struct playlist_node root = {0}, node = {.parent = &root, .key = "timezone"};
    playlist_fault_add(warnings, &node,
                       "is not given, and there are taglines in %s and in %s: local times come %d "
                       "hour%s later in %s than in %s. Give a zone if all screens are to change "
                       "together, or times with an offset such as +09:00 where they are",
                       first->name, second->name, hours, hours == 1 ? "" : "s", second->city,
                       first->city);
}
