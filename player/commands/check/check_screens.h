/* The screens that a playlist is checked for: those of --size, else one of each shape that the playlist
 * has something for. Any thread. */
#ifndef COMMANDS_CHECK_CHECK_SCREENS_H
#define COMMANDS_CHECK_CHECK_SCREENS_H

#include "base/options.h"
#include "core/shape.h"
#include "playlist/playlist.h"

struct check_screen {
    int width_px, height_px;
    char words[48]; /* all screens like it: "landscape screens", "screens of 3840 × 960" */
    /* It is none of the site: files that no other screen shows are only decoded for it, not judged. */
    bool stands_in;
};

struct check_screens {
    struct check_screen list[OPTION_TEXTS_MAX + SHAPE_COUNT]; /* those that stand in come last */
    int count;
};

/* The screens of an option of sizes; each size once. Without any: 1920 × 1080 and 1080 × 1920; where
 * the playlist has something for such screens, 3840 × 960 and 1080 × 1080, too. */
void check_screens_read(const struct option_value *sizes, const struct playlist *playlist,
                        struct check_screens *screens);

/* Whether people see the screen higher than wide. */
bool check_screens_is_upright(const struct check_screen *screen);

#endif
