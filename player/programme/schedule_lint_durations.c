/* Checks for durations that seem to be in milliseconds, as other players have them. */
#include "programme/schedule_lint.h"

#include "playlist/playlist_fault.h"

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
