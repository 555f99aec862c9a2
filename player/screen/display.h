/* A display: draws pictures, mixes two of them, and presents the result on a screen.
 *
 * There are four kinds: the GPU through SDL_Renderer; on the processor a window's memory; on a
 * console without a GPU the memory that is scanned out (KMS); and plain memory, for `preview` and
 * tests. All draw the same picture within rounding. Main thread. */
#ifndef SCREEN_DISPLAY_H
#define SCREEN_DISPLAY_H

#include "core/err.h"
#include "screen/card_keeper.h"
#include "screen/compose.h"
#include "screen/display_mix.h"
#include "screen/display_wish.h"
#include "screen/picture.h"

#include <poll.h>

enum display_renderer {
    DISPLAY_AUTO,   /* the GPU where there is one, else the CPU */
    DISPLAY_GPU,    /* OpenGL, in a window even in software; fails without */
    DISPLAY_CPU,    /* never the GPU; on a console KMS */
    DISPLAY_KMS,    /* KMS, even where there is an X server or a compositor */
    DISPLAY_MEMORY, /* no window; display_capture reads the picture */
};

struct display_config {
    enum display_renderer renderer;
    int width_px, height_px; /* of the window or memory; 0 × 0: fullscreen, at the screen's size */
    const char *title;
    struct display_wish wish; /* connectors and mode: of KMS; canvas: not of the GPU */
    bool keyboard;            /* on a console Esc and q are looked for: DISPLAY_END */
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

/* When the frame that was presented last appeared on the screen, as the kernel says: CLOCK_MONOTONIC.
 * 0: unknown; then it is some time before display_present returned. */
int64_t display_presented_ns(const struct display *display);

/* display_draw and display_present. */
MUST_CHECK bool display_show(struct display *display, const struct display_mix *mix,
                             struct err *err);

/* After a failure: true when only the window's size has changed; the display has the new size
 * from now on, the frozen frame is gone, and the screen keeps its picture until the next frame.
 * False: the screen is lost; destroy the display and create another. */
bool display_resize(struct display *display);

/* Copies the frame that was presented last, without its texts, for from_frozen. */
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

/* A monitor that shows the picture, or its part of it. */
struct display_output {
    char connector[32]; /* "HDMI-A-1" */
    char monitor[32];   /* maker and name, by its EDID: "DEL DELL U2720Q"; "": unknown */
    int width_px, height_px;
    double refresh_hz;
    int width_mm, height_mm; /* 0: unknown */
};

/* *count is 0 where they are not known, as in a window. They live as long as the display. */
const struct display_output *display_outputs(const struct display *display, int *count);

/* Turns the monitors off, to save power and light, and on again. While they are off nothing may be
 * drawn: it fails, as nobody would see it. ERR_INPUT: this kind of display can't. */
MUST_CHECK bool display_set_power(struct display *display, bool on, struct err *err);

/* The renderer, for the log: "gpu opengles2 (Mali-G52)". Lives as long as the display. */
const char *display_name(const struct display *display);

/* Whether the screen has changed its size and the window has not followed, as on an X server
 * without a window manager: then the display should be destroyed, display_disconnect called, and
 * another created. Asks the X server; elsewhere false, and so for a window that is not fullscreen.
 * A size counts once it was found twice, as a window manager takes a moment. */
bool display_is_misplaced(struct display *display);

/* NULL is allowed. */
void display_destroy(struct display *display);

/* On a console without a GPU a picture can outlive its process: `keeper`, which must live until
 * display_quit, gets the descriptor of each card that is opened. `inherited`: what it has kept of
 * the process before, taken over here; -1: nothing. Before display_create. */
void display_keep_card(const struct card_keeper *keeper, int inherited);

/* The picture of the process before, which is on this display until something is presented: the
 * caller's. NULL: there is none, or it was taken already. */
struct picture *display_take_inherited(struct display *display);

enum display_news {
    DISPLAY_NO_NEWS,
    DISPLAY_LOOK_AGAIN, /* without a display: there may be a screen now */
    DISPLAY_CHANGED,    /* the screen is gone, or another: destroy the display, and create one */
    DISPLAY_END,        /* somebody at the console wants the player to end */
};

/* Descriptors that can be read when there are news, with a display or without one; how many. A window
 * has none: its events are SDL's, and must be looked for. */
#define DISPLAY_FDS_MAX 3
int display_poll_fds(struct pollfd *fds);

/* Takes what has happened, one thing at a time, until there is nothing more. `display` may be NULL;
 * `why` says what has changed. After DISPLAY_CHANGED the picture stays on screen until the next
 * display_create, without display_disconnect between. */
enum display_news display_read_news(struct display *display, struct err *why);

/* Whether SDL has events of this display, which can't be waited for. */
bool display_has_events(const struct display *display);

/* Blocks the signals by which the kernel tells of the console, for the whole process: before there
 * are threads. */
void display_block_signals(void);

/* Once no display is left: closes the connection to the X server, compositor or driver, so that
 * the next display_create finds the screens as they are then. */
void display_disconnect(void);

/* At the process's end, without a display: that, and leaves the console as it was; or, with a
 * keeper that has the card, leaves the picture on screen. */
void display_quit(void);

/* What is to be done when the connection to an X server breaks, for the whole process: call it
 * before display_create. `lost` must not return, nor call SDL: what the connection was used for is
 * in no state to go on. Where a Wayland compositor is gone, SDL sends SDL_QUIT instead, and at no
 * other time. */
void display_on_disconnect(void (*lost)(void *context), void *context);

#endif
