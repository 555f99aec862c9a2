/* Layout: where a picture stands on the canvas, and which part of it is seen. Pure; any thread.
 *
 * The canvas is what people see, upright. The screen is the same turned by the rotation (0, 90,
 * 180, 270 degrees clockwise), as the panel is driven. */
#ifndef CORE_LAYOUT_H
#define CORE_LAYOUT_H

#include "core/playlist.h"

/* Whole pixels; x and y to the right and down from the top left corner. */
struct layout_box {
    int x, y, width, height;
};

/* Fractions of pixels, or of whatever the user says. */
struct layout_rect {
    double x, y, width, height;
};

struct layout_fitted {
    /* The part of the picture to show, in its own pixels; inside it, never empty. */
    struct layout_rect source;
    struct layout_box target; /* where that part stands on the canvas; inside it, at least 1 × 1 */
};

/* Fits a picture into a canvas (sizes >= 1). Cover: fills the canvas, crops around the focus (0 to
 * 1, kept as near to the middle as the edges allow). Contain: whole, centred. Fill: whole,
 * stretched. */
struct layout_fitted layout_fit(int picture_width, int picture_height, int canvas_width,
                                int canvas_height, enum playlist_fit fit, double focus_x,
                                double focus_y);

/* A place in the whole as one in the part of it that begins at `start`: 0 to 1. */
double layout_within(double place, double start, double length);

/* The size of the canvas for a screen, and the reverse: swaps the sides at 90 and 270. */
void layout_rotate_size(int rotation, int *width, int *height);

/* Where a box of the canvas stands on the screen. canvas_width and canvas_height are the
 * canvas's. */
struct layout_box layout_rotate_box(struct layout_box box, int rotation, int canvas_width,
                                    int canvas_height);

/* The same for a rectangle in fractions of the whole (0 to 1 both ways). */
struct layout_rect layout_rotate_rect(struct layout_rect rect, int rotation);

#endif
