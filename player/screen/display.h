/* A display: draws pictures, mixes two of them, and presents the result on a screen.
 *
 * There are three kinds: the GPU through SDL_Renderer, the CPU straight into a window's memory,
 * and plain memory without a window, for `preview` and tests. All draw the same picture within
 * rounding. Main thread. */
#ifndef SCREEN_DISPLAY_H
#define SCREEN_DISPLAY_H

#include "core/err.h"
#include "screen/compose.h"
#include "screen/picture.h"

enum display_renderer {
    DISPLAY_AUTO,   /* the GPU where there is one, else the CPU */
    DISPLAY_GPU,    /* OpenGL, even in software; fails without */
    DISPLAY_CPU,    /* never the GPU */
    DISPLAY_MEMORY, /* no window; display_capture reads the picture */
};

struct display_config {
    enum display_renderer renderer;
    int width_px, height_px; /* of the window or memory; 0 × 0: fullscreen, at the screen's size */
    const char *title;
};

/* One frame: `from` and `to` mixed. Where mix is 1, or there is no `from`, `to` alone. */
struct display_mix {
    bool has_from;
    bool from_frozen; /* instead of from.picture: the frame that display_freeze copied */
    struct picture_view from, to;
    double mix;  /* 0 to 1, after easing */
    bool linear; /* mix in linear light */
    double dim;  /* 1: as it is; 0: black */
};

struct display;

/* Opens a window, and a renderer for it. NULL on failure (ERR_SYSTEM: no display, no such
 * driver). */
struct display *display_create(const struct display_config *config, struct err *err);

/* Draws one frame, which display_present will show. No SDL events may be read between the two.
 * False when the screen was lost, or has another size: see display_resize. */
MUST_CHECK bool display_draw(struct display *display, const struct display_mix *mix,
                             struct err *err);

/* Shows the frame that was drawn last; waits for the refresh where the driver does (display_waits).
 * False as display_draw. */
MUST_CHECK bool display_present(struct display *display, struct err *err);

/* display_draw and display_present. */
MUST_CHECK bool display_show(struct display *display, const struct display_mix *mix,
                             struct err *err);

/* After a failure: true when only the window's size has changed; the display has the new size
 * from now on, the frozen frame is gone, and the screen keeps its picture until the next frame.
 * False: the screen is lost; destroy the display and create another. */
bool display_resize(struct display *display);

/* Copies the frame that was presented last, for from_frozen. */
MUST_CHECK bool display_freeze(struct display *display, struct err *err);

/* Uploads a picture's pixels to the GPU before they are needed, so that its first frame is not
 * late. */
void display_prepare(struct display *display, const struct picture *picture);

/* Draws a frame into memory instead of onto the screen. The canvas has the display's size. */
MUST_CHECK bool display_capture(struct display *display, const struct display_mix *mix,
                                const struct canvas *canvas, struct err *err);

/* The screen's size in pixels, before any rotation. */
void display_size(const struct display *display, int *width_px, int *height_px);

/* Refreshes a second; 0: unknown. */
double display_refresh_hz(const struct display *display);

/* Whether display_present waits for the refresh. */
bool display_waits(const struct display *display);

/* The renderer, for the log: "gpu opengles2 (Mali-G52)". Lives as long as the display. */
const char *display_name(const struct display *display);

/* Whether the screen has changed its size and the window has not followed, as on an X server
 * without a window manager: then the display should be destroyed, display_disconnect called, and
 * another created. Asks the X server; elsewhere false, and so for a window that is not fullscreen.
 * A size counts once it was found twice, as a window manager takes a moment. */
bool display_is_misplaced(struct display *display);

/* NULL is allowed. */
void display_destroy(struct display *display);

/* Once no display is left: closes the connection to the X server, compositor or driver, so that
 * the next display_create finds the screens as they are then. */
void display_disconnect(void);

/* What is to be done when the connection to an X server breaks, for the whole process: call it
 * before display_create. `lost` must not return, nor call SDL: what the connection was used for is
 * in no state to go on. Where a Wayland compositor is gone, SDL sends SDL_QUIT instead, and at no
 * other time. */
void display_on_disconnect(void (*lost)(void *context), void *context);

#endif
