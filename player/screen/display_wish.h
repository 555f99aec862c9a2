/* What an operator may ask of a screen: which monitors, which mode, which part of a wall. Pure. */
#ifndef SCREEN_DISPLAY_WISH_H
#define SCREEN_DISPLAY_WISH_H

#include "core/err.h"

#include <stdbool.h>

#define DISPLAY_CONNECTORS_MAX 8
#define DISPLAY_SIDE_MAX_PX 32768

/* A monitor's mode; width 0: the monitor's preferred one, hz 0: any rate. */
struct display_mode {
    int width_px, height_px;
    double hz;
};

/* The wall's size, and which part of it this screen is: its top left corner. Width 0: the screen is
 * the whole. */
struct display_canvas {
    int width_px, height_px;
    int x_px, y_px;
};

struct display_wish {
    const char *const *connectors; /* by their names, as "HDMI-A-1"; they outlive the display */
    int connector_count;           /* 0: any one */
    struct display_mode mode;
    struct display_canvas canvas;
};

/* "1920x1080" or "1920x1080@59.94". False, with what completes the option's name, for anything
 * else; `mode` and `err` may be NULL. */
bool display_wish_read_mode(const char *text, struct display_mode *mode, struct err *err);

/* "7680x2160+1920+0"; the same. */
bool display_wish_read_canvas(const char *text, struct display_canvas *canvas, struct err *err);

/* The same as checks of options. */
bool display_wish_check_mode(const char *text, struct err *err);
bool display_wish_check_canvas(const char *text, struct err *err);

#endif
