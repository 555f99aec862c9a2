/* The screens that a playlist is checked for: those of --size, else one of each shape. Any
 * thread. */
#ifndef COMMANDS_CHECK_CHECK_SCREENS_H
#define COMMANDS_CHECK_CHECK_SCREENS_H

#include "base/options.h"

/* A screen's shape decides which of a spot's two files it shows. */
enum check_shape { CHECK_LANDSCAPE, CHECK_PORTRAIT, CHECK_SHAPES };

struct check_screen {
    int width_px, height_px;
    char words[48]; /* all screens like it: "landscape screens", "screens of 3840 × 960" */
    /* No screen of the site has this shape: the files for it are only decoded, not judged. */
    bool stands_in;
};

struct check_screens {
    struct check_screen list[OPTION_TEXTS_MAX + 1]; /* those that stand in come last */
    int count;
};

/* The screens of an option of sizes; each size once. Without any: 1920 × 1080 and 1080 × 1920. */
void check_screens_read(const struct option_value *sizes, struct check_screens *screens);

enum check_shape check_screens_shape(const struct check_screen *screen);

/* "landscape" or "portrait": also the playlist's key for the file of that shape. */
const char *check_screens_shape_name(enum check_shape shape);

#endif
