/* Layout: where a picture lies on the canvas, and which part of it is visible. Pure; any thread.
 *
 * The canvas is what people see, upright. The screen is the canvas turned by the rotation (0, 90,
 * 180, 270 degrees clockwise), as the panel is driven. */
#ifndef CORE_LAYOUT_H
#define CORE_LAYOUT_H

#include <stdbool.h>

enum layout_fit { LAYOUT_FIT_COVER, LAYOUT_FIT_CONTAIN, LAYOUT_FIT_FILL };
enum layout_motion {
    LAYOUT_MOTION_NONE,
    LAYOUT_MOTION_DRIFT_IN,
    LAYOUT_MOTION_DRIFT_OUT,
    LAYOUT_MOTION_PAN
};

/* Whole pixels; x and y to the right and down from the top left corner. */
struct layout_box {
    int x, y, width, height;
};

/* In fractions of a pixel, or in the unit that its user names. */
struct layout_rect {
    double x, y, width, height;
};

struct layout_fitted {
    /* The part of the picture to show, in its own pixels; inside it, never empty. */
    struct layout_rect source;
    struct layout_box target; /* where that part lies on the canvas; inside it, at least 1 × 1 */
};

/* What lies in both boxes; where nothing does, a width or a height of 0 or less. */
struct layout_box layout_common_box(struct layout_box a, struct layout_box b);

/* Fits a picture into a canvas (sizes >= 1). Cover: fills the canvas and crops around the focus (0
 * to 1), which stays as near to the middle as the edges allow. Contain: whole, centered. Fill:
 * whole, stretched. */
struct layout_fitted layout_fit(int picture_width, int picture_height, int canvas_width,
                                int canvas_height, enum layout_fit fit, double focus_x,
                                double focus_y);

/* A place in the whole as one in the part of it that begins at `start`: 0 to 1. */
double layout_within(double place, double start, double length);

/* The size of the canvas for a screen, and the reverse: swaps the sides at 90 and 270. */
void layout_rotate_size(int rotation, int *width, int *height);

/* Texts stay so far within the screen, as a part of its shorter side: the safe area of most screens and
 * frames. */
#define LAYOUT_SAFE_PART 0.055

/* Where a box of the canvas lies on the screen. canvas_width and canvas_height are the canvas's. */
struct layout_box layout_rotate_box(struct layout_box box, int rotation, int canvas_width,
                                    int canvas_height);

/* The same for a rectangle in fractions of the whole (0 to 1 both ways). */
struct layout_rect layout_rotate_rect(struct layout_rect rect, int rotation);

/* Motion depends on time alone, not on frames, so it is equally smooth at any frame rate and the
 * same on all screens. It is linear in time: an eased motion would stop in each crossfade. */

/* How much larger than its place a frame is made so that motion never enlarges its pixels: 1 for
 * LAYOUT_MOTION_NONE, else 1.08. */
double layout_motion_scale(enum layout_motion motion);

/* The part seen, as fractions of the whole frame; inside it. `progress` 0 at the slot's start, 1
 * when the slot has faded out; held at the ends outside. The focus (0 to 1) stays where it is while
 * a drift zooms. A pan moves along the longer side. */
struct layout_rect layout_motion_crop(enum layout_motion motion, double progress, double focus_x,
                                      double focus_y, bool portrait);

#endif
