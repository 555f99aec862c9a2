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
    bool (*set_power)(struct display *display, bool on, struct err *err); /* NULL: it can't */
    void (*destroy)(struct display *display);
};

/* The first member of each kind's own struct. */
struct display {
    const struct display_driver *driver;
    SDL_Window *window; /* NULL: memory, or KMS */
    bool is_kms;
    bool fullscreen;
    struct display_x11 x11;
    int width_px, height_px;
    double refresh_hz;
    bool waits;
    int64_t presented_ns; /* as display_presented_ns */
    struct display_output outputs[DISPLAY_CONNECTORS_MAX];
    int output_count;
    struct picture *inherited; /* as display_take_inherited; NULL: none */
    char name[96];
};

/* These take the window over when they succeed, and leave it to the caller when they return NULL.
 * display_gpu_create refuses OpenGL in software unless software_too. */
struct display *display_gpu_create(SDL_Window *window, bool software_too, struct err *err);
struct display *display_cpu_create(SDL_Window *window, const struct display_canvas *canvas,
                                   struct err *err);
struct display *display_memory_create(int width_px, int height_px, struct err *err);

#endif
