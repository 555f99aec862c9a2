/* What each kind of display implements. Private to display: only display*.c include this. */
#ifndef SCREEN_DISPLAY_DRIVER_H
#define SCREEN_DISPLAY_DRIVER_H

#include "screen/display.h"
#include "screen/display_x11.h"

#include <SDL.h>

struct display_driver {
    bool (*draw)(struct display *display, const struct display_mix *mix, struct err *err);
    bool (*present)(struct display *display, struct err *err);
    bool (*resize)(struct display *display);
    bool (*freeze)(struct display *display, struct err *err);
    void (*prepare)(struct display *display, const struct picture *picture);
    bool (*capture)(struct display *display, const struct display_mix *mix,
                    const struct canvas *canvas, struct err *err);
    void (*destroy)(struct display *display);
};

/* The first member of each kind's own struct. */
struct display {
    const struct display_driver *driver;
    SDL_Window *window; /* NULL: memory */
    bool fullscreen;
    struct display_x11 x11;
    int width_px, height_px;
    double refresh_hz;
    bool waits;
    char name[96];
};

/* Both take the window over when they succeed, and leave it to the caller when they return NULL. A
 * NULL window: plain memory of the given size. display_gpu_create refuses OpenGL in software unless
 * software_too. */
struct display *display_gpu_create(SDL_Window *window, bool software_too, struct err *err);
struct display *display_cpu_create(SDL_Window *window, int width_px, int height_px,
                                   struct err *err);

#endif
