/* Checks for durations that seem to be in milliseconds, as other players have them, and for those that
 * an operator finds too short. */
#include "programme/schedule_lint.h"

#include "playlist/playlist_fault.h"
#include "programme/programme.h"

#define SUSPICIOUS_MS_MIN 2000000 /* 2000 s */
#define STEP_MS 500000
#define QUARTER_HOUR_MS 900000

/* 8000 is hardly meant as two hours and thirteen minutes; 3600 and 7200 are hours. */
static bool seems_in_milliseconds(int32_t ms)
{
    return ms >= SUSPICIOUS_MS_MIN && ms % STEP_MS == 0 && ms % QUARTER_HOUR_MS != 0;
}

static void add_warning(struct playlist_faults *warnings, const struct playlist_node *node,
                        int32_t ms)
{
    int minutes = ms / 60000;
    playlist_fault_add(warnings, node,
                       "is %d seconds, which is %d hour%s %d minute%s: did you mean %g seconds?",
                       ms / 1000, minutes / 60, minutes / 60 == 1 ? "" : "s", minutes % 60,
                       minutes % 60 == 1 ? "" : "s", ms / 1e6);
}

void schedule_lint_durations(const struct playlist *playlist, struct playlist_faults *warnings)
{
    const struct playlist_node root = {0}, spots = {.parent = &root, .key = "spots"};
    const struct playlist_node defaults = {.parent = &root, .key = "defaults"};
    const struct playlist_node whole = {.parent = &defaults, .key = "duration"};
    if (seems_in_milliseconds(playlist->default_duration_ms))
        add_warning(warnings, &whole, playlist->default_duration_ms);
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        const struct playlist_node node = {.parent = &spots, .key = spot->name};
        const struct playlist_node duration = {.parent = &node, .key = "duration"};
        if (spot->has_duration && seems_in_milliseconds(spot->duration_ms))
            add_warning(warnings, &duration, spot->duration_ms);
    }
}

bool schedule_lint_min_slot(const struct playlist *playlist, const struct civil_zone *zone,
                            const int32_t *film_ms, int32_t min_ms, struct playlist_faults *faults)
{
    const struct playlist_node root = {0}, spots = {.parent = &root, .key = "spots"};
    struct programme *programme = programme_create(playlist, zone, film_ms);
    for (size_t i = 0; programme && i < playlist->spot_count; i++) {
        const struct playlist_node node = {.parent = &spots, .key = playlist->spots[i].name};
        int32_t ms = programme_spot_ms(programme, (int)i);
        if (ms < min_ms)
            playlist_fault_add(faults, &node, "is on for %g seconds; at least %g are asked for",
                               ms / 1000.0, min_ms / 1000.0);
    }
    programme_destroy(programme);
    return programme != NULL;
}
