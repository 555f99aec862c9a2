/* Whether a visual's shape and size suit a landscape and a portrait screen. Pure but for the
 * report. */
#ifndef COMMANDS_CHECK_CHECK_SHAPE_H
#define COMMANDS_CHECK_CHECK_SHAPE_H

#include "commands/check/check_report.h"

struct check_screen {
    int width_px, height_px;
    const char *words; /* also the playlist's key for the file of this shape */
};

enum { CHECK_SCREENS = 2 };
extern const struct check_screen check_screens[CHECK_SCREENS];

/* The place of a spot's visual for a screen. */
struct check_place check_shape_place(const struct playlist_spot *spot, int screen);

/* The index of the asset that a screen shows; -1. */
int check_shape_asset(const struct playlist_spot *spot, int screen);

/* Warns where a visual of this size (as shown, upright) has the wrong shape for a screen, is
 * cropped by much, or is enlarged. A visual for both shapes is checked only for the screen of its
 * own shape. */
void check_shape_judge(struct check_report *report, const struct playlist_spot *spot, int screen,
                       int width, int height);

#endif
