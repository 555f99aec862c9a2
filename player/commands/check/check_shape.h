/* Whether a visual's shape and size suit the screens. Pure but for the report. */
#ifndef COMMANDS_CHECK_CHECK_SHAPE_H
#define COMMANDS_CHECK_CHECK_SHAPE_H

#include "commands/check/check_report.h"
#include "commands/check/check_screens.h"

/* The shape whose file a screen shows; of a spot without visual any. */
enum shape check_shape_of(const struct playlist_spot *spot, const struct check_screen *screen);

/* The place of a spot's visual for a shape. */
struct check_place check_shape_place(const struct playlist_spot *spot, enum shape shape);

/* The index of the asset that a screen shows; -1. */
int check_shape_asset(const struct playlist_spot *spot, const struct check_screen *screen);

/* Whether a visual of this size (as shown, upright) is judged for a screen, which is one of
 * `screens`. A visual for all shapes is judged for the screens that are upright as it is, or not;
 * where the site has none of them, for all of its screens. */
bool check_shape_is_judged(const struct check_screens *screens, const struct check_screen *screen,
                           const struct playlist_spot *spot, int width, int height);

/* Warns where a visual of this size has the wrong shape for a screen, is cropped by much, or is
 * enlarged, if it is judged for it. */
void check_shape_judge(struct check_report *report, const struct check_screens *screens,
                       const struct check_screen *screen, const struct playlist_spot *spot,
                       int width, int height);

#endif
