/* The displays without a GPU in a window and in plain memory: draw on the processor. */
#include "screen/cpu_drawing.h"
#include "screen/display_driver.h"

#include <stdlib.h>

struct display_cpu {
    struct display display;
    struct cpu_drawing drawing;
    struct canvas shown; /* the window's memory, or allocated */
    bool owns_shown;
    struct display_canvas wall; /* of which the window is a part; width 0: it is the whole */
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
    if (cpu->shown.width_px &&
        (cpu->shown.width_px != surface->w || cpu->shown.height_px != surface->h))
        return err_set(err, ERR_SYSTEM, "the window was resized");
    cpu->shown = (struct canvas){surface->pixels, (size_t)surface->pitch, surface->w, surface->h};
    return true;
}

static MUST_CHECK bool cpu_draw(struct display *display, const struct display_mix *mix,
                                struct err *err)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    if (display->window && !find_window_memory(cpu, err))
        return false;
    const struct cpu_target target = cpu_target_on_wall(&cpu->shown, &cpu->wall);
    cpu_drawing_note_shown(&cpu->drawing, mix);
    return cpu_drawing_draw(&cpu->drawing, mix, &target, err);
}

static MUST_CHECK bool cpu_present(struct display *display, struct err *err)
{
    if (display->window && SDL_UpdateWindowSurface(display->window) < 0)
        return err_set(err, ERR_SYSTEM, "lost the window: %s", SDL_GetError());
    return true;
}

static void set_size(struct display_cpu *cpu)
{
    struct display *display = &cpu->display;
    display->width_px = cpu->wall.width_px ? cpu->wall.width_px : cpu->shown.width_px;
    display->height_px = cpu->wall.width_px ? cpu->wall.height_px : cpu->shown.height_px;
    cpu_drawing_resize(&cpu->drawing, display->width_px, display->height_px);
}

static bool cpu_resize(struct display *display)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    struct canvas before = cpu->shown;
    cpu->shown.width_px = 0; /* accept any size */
    if (!display->window || !find_window_memory(cpu, NULL)) {
        cpu->shown = before;
        return false;
    }
    if (cpu->shown.width_px == before.width_px && cpu->shown.height_px == before.height_px)
        return false;
    set_size(cpu);
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

static struct display_cpu *create(SDL_Window *window, const char *driver_name, struct err *err)
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
    SDL_snprintf(cpu->display.name, sizeof cpu->display.name, "cpu (%s)", driver_name);
    return cpu;
}

struct display *display_cpu_create(SDL_Window *window, const struct display_canvas *canvas,
                                   struct err *err)
{
    struct display_cpu *cpu = create(window, SDL_GetCurrentVideoDriver(), err);
    if (!cpu)
        return NULL;
    cpu->wall = *canvas;
    if (!find_window_memory(cpu, err)) {
        cpu_destroy(&cpu->display);
        return NULL;
    }
    set_size(cpu);
    return &cpu->display;
}

struct display *display_memory_create(int width_px, int height_px, struct err *err)
{
    struct display_cpu *cpu = create(NULL, "memory", err);
    if (!cpu)
        return NULL;
    cpu->owns_shown = true;
    if (!cpu_canvas_init(&cpu->shown, width_px, height_px, err)) {
        cpu_destroy(&cpu->display);
        return NULL;
    }
    set_size(cpu);
    return &cpu->display;
}
