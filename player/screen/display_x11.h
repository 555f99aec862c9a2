/* What SDL doesn't tell about the X server that it draws on: that the screen has changed its size
 * under a fullscreen window, and that the server is gone. Private to display. Main thread.
 *
 * Xlib is not linked: its functions are taken from the library that SDL has loaded. */
#ifndef SCREEN_DISPLAY_X11_H
#define SCREEN_DISPLAY_X11_H

#include <SDL.h>
#include <stdbool.h>

/* The size of the server's root window, which is that of the screen. Zeroed: not on X11. */
struct display_x11 {
    unsigned width_px, height_px; /* when the display was created, or since a window followed it */
    unsigned new_width_px, new_height_px; /* found once; 0: none */
};

/* Installs handlers for errors of the X server, before a connection to it is opened: what it refuses
 * is logged and goes on, and when it goes display_on_disconnect's function is called, where Xlib's own
 * handlers would end the process. */
void display_x11_prepare(void);

/* Notes the screen's size, and installs these handlers again. A window that isn't X11's is left
 * alone. */
void display_x11_attach(struct display_x11 *x11, SDL_Window *window);

/* As display_is_misplaced. Waits for the X server's answer. */
bool display_x11_is_misplaced(struct display_x11 *x11, SDL_Window *window);

/* As display_on_disconnect. */
void display_x11_on_disconnect(void (*lost)(void *context), void *context);

#endif
