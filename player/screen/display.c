#include "screen/display_driver.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "display"

static SDL_Window *open_window(const struct display_config *config, Uint32 flags, struct err *err)
{
    bool fullscreen = config->width_px == 0;
    SDL_DisplayMode size = {.w = config->width_px, .h = config->height_px};
    flags |= SDL_WINDOW_ALLOW_HIGHDPI;
    if (fullscreen) {
        /* Under KMSDRM a fullscreen window of 0 × 0 may change the mode, so the current size is
         * given. */
        size = (SDL_DisplayMode){.w = 1280, .h = 720};
        SDL_GetCurrentDisplayMode(0, &size);
        flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
    }
    SDL_Window *window = SDL_CreateWindow(config->title, SDL_WINDOWPOS_CENTERED,
                                          SDL_WINDOWPOS_CENTERED, size.w, size.h, flags);
    if (!window)
        err_set(err, ERR_SYSTEM, "cannot open a window: %s", SDL_GetError());
    return window;
}

static struct display *create_gpu(const struct display_config *config, struct err *err)
{
    SDL_Window *window = open_window(config, SDL_WINDOW_OPENGL, err);
    if (!window)
        return NULL;
    struct display *display = display_gpu_create(window, config->renderer == DISPLAY_GPU, err);
    if (!display)
        SDL_DestroyWindow(window);
    return display;
}

static struct display *create_cpu(const struct display_config *config, struct err *err)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    /* On X11 SDL would otherwise show window surfaces through OpenGL, which without a GPU is
     * llvmpipe. */
    if (driver && strcmp(driver, "x11") == 0)
        SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_Window *window = open_window(config, 0, err);
    if (!window)
        return NULL;
    struct display *display = display_cpu_create(window, 0, 0, err);
    if (!display)
        SDL_DestroyWindow(window);
    return display;
}

/* Where SDL finds no screen, it takes a driver that draws into memory; that is an error unless
 * it was asked for by name. */
static bool is_invisible_driver(const char *driver)
{
    return strcmp(driver, "offscreen") == 0 || strcmp(driver, "dummy") == 0;
}

/* Where the environment names an X server or a compositor, the screen is theirs: while they are
 * absent SDL must not take the console's screen away from them. And libwayland complains on
 * standard error each time it is asked without a folder for its socket. */
static void restrict_drivers(void)
{
    bool x11 = getenv("DISPLAY"), wayland = getenv("WAYLAND_DISPLAY");
    const char *drivers = NULL;
    if (x11)
        drivers = wayland ? "x11,wayland" : "x11";
    else if (wayland)
        drivers = "wayland";
    else if (!getenv("XDG_RUNTIME_DIR"))
        drivers = "KMSDRM";
    if (drivers)
        SDL_SetHint(SDL_HINT_VIDEODRIVER, drivers);
}

static bool set_no_display(struct err *err)
{
    const char *x11 = getenv("DISPLAY");
    if (x11)
        return err_set(err, ERR_SYSTEM, "no display: %s (DISPLAY is %s)", SDL_GetError(), x11);
    return err_set(err, ERR_SYSTEM, "no display: %s", SDL_GetError());
}

static MUST_CHECK bool start_video(struct err *err)
{
    if (SDL_WasInit(SDL_INIT_VIDEO))
        return true;
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "0");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_VIDEO_MINIMIZE_ON_FOCUS_LOSS, "0");
    SDL_SetHint(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, "0");
    restrict_drivers();
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) < 0)
        return set_no_display(err);
    if (is_invisible_driver(SDL_GetCurrentVideoDriver()) && !getenv("SDL_VIDEODRIVER")) {
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        return err_set(err, ERR_SYSTEM,
                       "no display: found no X server, no Wayland compositor, and no screen that "
                       "this user may use");
    }
    return true;
}

static void read_refresh_rate(struct display *display)
{
    SDL_DisplayMode mode;
    int index = SDL_GetWindowDisplayIndex(display->window);
    if (index >= 0 && SDL_GetCurrentDisplayMode(index, &mode) == 0 && mode.refresh_rate > 0)
        display->refresh_hz = mode.refresh_rate;
    SDL_ShowCursor(SDL_DISABLE);
}

/* Asking OpenGL would load a software renderer of some 40 MB, for good, where there is no GPU. */
static bool has_gpu(void)
{
    static const char *const devices[] = {"/dev/dri", "/dev/nvidiactl", "/dev/mali0", "/dev/dxg"};
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (access(devices[i], F_OK) == 0)
            return true;
    return false;
}

struct display *display_create(const struct display_config *config, struct err *err)
{
    if (config->renderer == DISPLAY_MEMORY)
        return display_cpu_create(NULL, config->width_px, config->height_px, err);
    if (!start_video(err))
        return NULL;
    struct display *display = NULL;
    struct err gpu_err = {0};
    if (config->renderer == DISPLAY_AUTO && !has_gpu())
        err_set(&gpu_err, ERR_SYSTEM, "no GPU found");
    else if (config->renderer != DISPLAY_CPU)
        display = create_gpu(config, &gpu_err);
    if (!display && config->renderer == DISPLAY_GPU) {
        if (err)
            *err = gpu_err;
        return NULL;
    }
    if (!display) {
        if (config->renderer == DISPLAY_AUTO)
            log_info("drawing on the CPU reason=\"%s\"", gpu_err.text);
        display = create_cpu(config, err);
    }
    if (display) {
        display->fullscreen = config->width_px == 0;
        read_refresh_rate(display);
        display_x11_attach(&display->x11, display->window);
    }
    return display;
}

bool display_draw(struct display *display, const struct display_mix *mix, struct err *err)
{
    return display->driver->draw(display, mix, err);
}

bool display_present(struct display *display, struct err *err)
{
    return display->driver->present(display, err);
}

bool display_show(struct display *display, const struct display_mix *mix, struct err *err)
{
    return display_draw(display, mix, err) && display_present(display, err);
}

bool display_resize(struct display *display)
{
    return display->driver->resize(display);
}

bool display_freeze(struct display *display, struct err *err)
{
    return display->driver->freeze(display, err);
}

void display_prepare(struct display *display, const struct picture *picture)
{
    display->driver->prepare(display, picture);
}

bool display_capture(struct display *display, const struct display_mix *mix,
                     const struct canvas *canvas, struct err *err)
{
    return display->driver->capture(display, mix, canvas, err);
}

void display_size(const struct display *display, int *width_px, int *height_px)
{
    *width_px = display->width_px;
    *height_px = display->height_px;
}

double display_refresh_hz(const struct display *display)
{
    return display->refresh_hz;
}

bool display_waits(const struct display *display)
{
    return display->waits;
}

const char *display_name(const struct display *display)
{
    return display->name;
}

bool display_is_misplaced(struct display *display)
{
    return display->fullscreen && display_x11_is_misplaced(&display->x11, display->window);
}

void display_disconnect(void)
{
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
}

void display_on_disconnect(void (*lost)(void *context), void *context)
{
    display_x11_on_disconnect(lost, context);
}

void display_destroy(struct display *display)
{
    if (!display)
        return;
    SDL_Window *window = display->window;
    display->driver->destroy(display);
    if (window)
        SDL_DestroyWindow(window);
}
