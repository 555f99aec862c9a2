/* The display without a GPU: draws on the processor, into the window's memory. */
#include "screen/cpu_drawing.h"
#include "screen/display_driver.h"

#include <stdlib.h>

struct display_cpu {
    struct display display;
    struct cpu_drawing drawing;
    struct canvas shown; /* the window's memory, or allocated */
    bool owns_shown;
};

/* The window's memory may move when the window does, so it is looked up for each frame. */
static MUST_CHECK bool find_window_memory(struct display_cpu *cpu, struct err *err)
{
    SDL_Surface *surface = SDL_GetWindowSurface(cpu->display.window);
    if (!surface)
        return err_set(err, ERR_SYSTEM, "lost the window: %s", SDL_GetError());
    if (surface->format->BytesPerPixel != 4 || surface->format->Rmask != 0xff0000)
        return err_set(err, ERR_SYSTEM, "unsupported pixel format of the window: %s",
                       SDL_GetPixelFormatName(surface->format->format));
    if (cpu->display.width_px != surface->w || cpu->display.height_px != surface->h) {
        if (cpu->display.width_px)
            return err_set(err, ERR_SYSTEM, "the window was resized");
        cpu->display.width_px = surface->w;
        cpu->display.height_px = surface->h;
    }
    cpu->shown = (struct canvas){surface->pixels, (size_t)surface->pitch, surface->w, surface->h};
    return true;
}

static MUST_CHECK bool cpu_draw(struct display *display, const struct display_mix *mix,
                                struct err *err)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    if (display->window && !find_window_memory(cpu, err))
        return false;
    const struct cpu_target target = {.canvas = cpu->shown};
    cpu_drawing_note_shown(&cpu->drawing, mix);
    return cpu_drawing_draw(&cpu->drawing, mix, &target, err);
}

static MUST_CHECK bool cpu_present(struct display *display, struct err *err)
{
    if (display->window && SDL_UpdateWindowSurface(display->window) < 0)
        return err_set(err, ERR_SYSTEM, "lost the window: %s", SDL_GetError());
    return true;
}

static bool cpu_resize(struct display *display)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    int width_px = display->width_px, height_px = display->height_px;
    display->width_px = display->height_px = 0; /* accept any size */
    if (!display->window || !find_window_memory(cpu, NULL) ||
        (display->width_px == width_px && display->height_px == height_px)) {
        display->width_px = width_px;
        display->height_px = height_px;
        return false;
    }
    cpu_drawing_resize(&cpu->drawing, display->width_px, display->height_px);
    return true;
}

static MUST_CHECK bool cpu_freeze(struct display *display, struct err *err)
{
    return cpu_drawing_freeze(&((struct display_cpu *)display)->drawing, err);
}

static void cpu_prepare(struct display *display, const struct picture *picture)
{
    /* The frames are in memory already: nothing to upload. */
    (void)display;
    (void)picture;
}

static MUST_CHECK bool cpu_capture(struct display *display, const struct display_mix *mix,
                                   const struct canvas *canvas, struct err *err)
{
    const struct cpu_target target = {.canvas = *canvas};
    return cpu_drawing_draw(&((struct display_cpu *)display)->drawing, mix, &target, err);
}

static void cpu_destroy(struct display *display)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    cpu_drawing_finish(&cpu->drawing);
    if (cpu->owns_shown)
        free(cpu->shown.pixels);
    free(cpu);
}

struct display *display_cpu_create(SDL_Window *window, int width_px, int height_px, struct err *err)
{
    static const struct display_driver driver = {.draw = cpu_draw,
                                                 .present = cpu_present,
                                                 .resize = cpu_resize,
                                                 .freeze = cpu_freeze,
                                                 .prepare = cpu_prepare,
                                                 .capture = cpu_capture,
                                                 .destroy = cpu_destroy};
    struct display_cpu *cpu = calloc(1, sizeof *cpu);
    if (!cpu) {
        err_oom(err);
        return NULL;
    }
    cpu->display.driver = &driver;
    cpu->display.window = window;
    SDL_snprintf(cpu->display.name, sizeof cpu->display.name, "cpu (%s)",
                 window ? SDL_GetCurrentVideoDriver() : "memory");
    bool ok;
    if (window) {
        ok = find_window_memory(cpu, err);
    } else {
        cpu->display.width_px = width_px;
        cpu->display.height_px = height_px;
        cpu->owns_shown = true;
        ok = cpu_canvas_init(&cpu->shown, width_px, height_px, err);
    }
    if (!ok) {
        cpu_destroy(&cpu->display);
        return NULL;
    }
    cpu_drawing_resize(&cpu->drawing, cpu->display.width_px, cpu->display.height_px);
    return &cpu->display;
}
