/* Checks for spots, loops and styles that nothing uses. */
#include "programme/schedule_lint.h"

#include "playlist/playlist_fault.h"

#include <stdlib.h>
#include <string.h>

static const struct playlist_node root = {0};

static bool find_unused_loops(const struct playlist *playlist, struct playlist_faults *warnings)
{
    const struct playlist_node loops = {.parent = &root, .key = "loops"};
    bool *used = calloc(playlist->loop_count + 1, sizeof *used);
    if (!used)
        return false;
    for (size_t i = 0; i < playlist->schedule_count; i++)
        used[playlist->schedule[i].loop] = true;
    if (playlist->fallback >= 0)
        used[playlist->fallback] = true;
    for (size_t i = 0; i < playlist->loop_count; i++) {
        const struct playlist_node node = {.parent = &loops, .key = playlist->loops[i].name};
        if (!used[i])
            playlist_fault_add(
                warnings, &node,
                playlist->schedule_given
                    ? "is never shown: neither schedule nor fallback names it"
                    : "is never shown: without a schedule the first loop always runs");
    }
    free(used);
    return true;
}

/* A spot in a loop that nothing runs gets no warning: its loop does. */
static bool find_unused_spots(const struct playlist *playlist, struct playlist_faults *warnings)
{
    const struct playlist_node spots = {.parent = &root, .key = "spots"};
    bool *used = calloc(playlist->spot_count + 1, sizeof *used);
    if (!used)
        return false;
    for (size_t i = 0; i < playlist->loop_count; i++)
        for (size_t j = 0; j < playlist->loops[i].spot_count; j++)
            used[playlist->loops[i].spots[j]] = true;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_node node = {.parent = &spots, .key = playlist->spots[i].name};
        if (!used[i])
            playlist_fault_add(warnings, &node, "is never shown: it is in no loop");
    }
    free(used);
    return true;
}

/* styles[0] bears the name of the style that `defaults` chose. */
static bool find_unused_styles(const struct playlist *playlist, struct playlist_faults *warnings)
{
    const struct playlist_node styles = {.parent = &root, .key = "styles"};
    bool *used = calloc(playlist->style_count, sizeof *used);
    if (!used)
        return false;
    for (size_t i = 0; i < playlist->spot_count; i++)
        for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
            struct playlist_level found = playlist_spot_level(&playlist->spots[i], level);
            if (found.text_count > 0)
                used[found.style] = true;
        }
    for (size_t i = 1; i < playlist->style_count; i++) {
        const char *name = playlist->styles[i].name;
        const struct playlist_node node = {.parent = &styles, .key = name};
        if (!used[i] && !(used[0] && strcmp(name, playlist->styles[0].name) == 0))
            playlist_fault_add(warnings, &node, "is not used: no text has this style");
    }
    free(used);
    return true;
}

bool schedule_lint_unused(const struct playlist *playlist, struct playlist_faults *warnings)
{
    return find_unused_spots(playlist, warnings) && find_unused_loops(playlist, warnings) &&
           find_unused_styles(playlist, warnings);
}
