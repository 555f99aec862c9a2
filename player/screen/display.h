/* The interface to a screen, on which pictures are shown. The one drawing interface.
 *
 * Three of them: the GPU through SDL_Renderer, the processor straight into a window's memory, and
 * plain memory with no window at all (for `preview` and tests). All draw the same picture within
 * rounding. Main thread. */
#ifndef SCREEN_DISPLAY_H
#define SCREEN_DISPLAY_H

#include "core/err.h"
#include "screen/compose.h"
#include "screen/picture.h"

enum display_renderer {
    DISPLAY_AUTO,   /* the GPU where there is one, else the processor */
    DISPLAY_GPU,    /* OpenGL, even if the processor runs it; fail without */
    DISPLAY_CPU,    /* never touch the GPU */
    DISPLAY_MEMORY, /* no window: only display_capture tells what is shown */
};

struct display_config {
    enum display_renderer renderer;
    int width_px,
        height_px; /* of a window, or of the memory; 0 × 0: fullscreen at the screen's own size */
    const char *title;
};

/* One frame: `from` and `to` mixed. Where mix is 1, or there is no `from`, `to` alone. */
struct display_mix {
    bool has_from;
    bool from_frozen; /* instead of from.picture: what display_freeze kept */
    struct picture_view from, to;
    double mix;  /* 0 to 1, eased already */
    bool linear; /* mix in linear light */
    double dim;  /* 1: as it is; 0: black */
};

struct display;

/* Opens a window and what draws in it. NULL on failure (ERR_SYSTEM: no display, no such driver). */
struct display *display_create(const struct display_config *config, struct err *err);

/* Draws one frame, for display_present: nothing is to be seen yet. No events may be taken from SDL
 * between the two. False when the screen was lost, or has another size: see display_resize. */
MUST_CHECK bool display_draw(struct display *display, const struct display_mix *mix,
                             struct err *err);

/* Puts the frame that was drawn last on the screen; waits for its refresh where the driver does
 * (display_waits). False as display_draw. */
MUST_CHECK bool display_present(struct display *display, struct err *err);

/* Both, one after the other. */
MUST_CHECK bool display_show(struct display *display, const struct display_mix *mix,
                             struct err *err);

/* After a failure: true when the window has only got another size, which from here on is the
 * display's; what was frozen is gone, and what is on the screen stays there until the next frame.
 * False: the screen is lost; destroy the display and create it anew. */
bool display_resize(struct display *display);

/* Keeps what was presented last, for from_frozen. */
MUST_CHECK bool display_freeze(struct display *display, struct err *err);

/* Gets a picture's pixels to where they are drawn from, before it is needed: no first frame is late
 * for an upload. */
void display_prepare(struct display *display, const struct picture *picture);

/* Draws a frame as display_show would, into memory instead of onto the screen. Canvas of the
 * display's size. */
MUST_CHECK bool display_capture(struct display *display, const struct display_mix *mix,
                                const struct canvas *canvas, struct err *err);

/* The screen's size in pixels, as it is driven (before any rotation of ours). */
void display_size(const struct display *display, int *width_px, int *height_px);

/* Refreshes a second; 0 where the driver does not say. */
double display_refresh_hz(const struct display *display);

/* Whether display_present waits for the refresh by itself. */
bool display_waits(const struct display *display);

/* What draws, in a few words for the log: "gpu opengles2 (Mali-G52)". Lives as long as the
 * display. */
const char *display_name(const struct display *display);

/* NULL is allowed. */
void display_destroy(struct display *display);

#endif
