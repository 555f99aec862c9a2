#include "screen/display_driver.h"

#include "base/log.h"
#include "screen/console.h"
#include "screen/display_kms.h"

#include <stdio.h>
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

/* Whether SDL has the console's screen itself. */
static bool is_on_console(void)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    return driver && strcmp(driver, "KMSDRM") == 0;
}

static struct display *create_gpu(const struct display_config *config, struct err *err)
{
    SDL_Window *window = open_window(config, SDL_WINDOW_OPENGL, err);
    if (!window)
        return NULL;
    /* On a console what OpenGL draws in software may never be seen. */
    bool software_too = config->renderer == DISPLAY_GPU && !is_on_console();
    struct display *display = display_gpu_create(window, software_too, err);
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
    struct display *display = display_cpu_create(window, &config->wish.canvas, err);
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
    if (getenv("DISPLAY"))
        display_x11_prepare();
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

static struct display *finish_window(struct display *display, const struct display_config *config)
{
    display->fullscreen = config->width_px == 0;
    read_refresh_rate(display);
    display_x11_attach(&display->x11, display->window);
    return display;
}

/* In a window of an X server or a compositor, or, with a GPU, on a console through SDL. */
static struct display *create_in_window(const struct display_config *config, struct err *err)
{
    struct display *display = NULL;
    struct err gpu_err = {0};
    display_kms_close_card();
    if (!start_video(err))
        return NULL;
    if (config->renderer == DISPLAY_AUTO && !has_gpu())
        err_set(&gpu_err, ERR_SYSTEM, "no GPU found");
    else if (config->renderer == DISPLAY_AUTO && config->wish.canvas.width_px)
        err_set(&gpu_err, ERR_SYSTEM, "a part of a wall is drawn there");
    else if (config->renderer != DISPLAY_CPU)
        display = create_gpu(config, &gpu_err);
    if (!display && config->renderer == DISPLAY_GPU) {
        if (err)
            *err = gpu_err;
        return NULL;
    }
    if (!display && is_on_console()) {
        err_set(err, ERR_SYSTEM, "no display: no X server and no Wayland compositor for a window");
        return NULL;
    }
    if (!display) {
        if (config->renderer == DISPLAY_AUTO)
            log_info("drawing on the CPU reason=\"%s\"", gpu_err.text);
        display = create_cpu(config, err);
    }
    return display ? finish_window(display, config) : NULL;
}

/* ---- on a console ---- */

/* Whether the screen is this process's to take: no X server or compositor is named, and none is where
 * a compositor is by default. */
static bool is_console_free(void)
{
    char socket[108];
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (getenv("DISPLAY") || getenv("WAYLAND_DISPLAY") || getenv("SDL_VIDEODRIVER"))
        return false;
    snprintf(socket, sizeof socket, "%s/wayland-0", folder ? folder : "");
    return !folder || access(socket, F_OK) != 0;
}

/* A GPU that computes has a render node, whoever drives the monitor. */
static bool has_render_node(void)
{
    for (int i = 128; i < 128 + 16; i++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/dri/renderD%d", i);
        if (access(path, R_OK | W_OK) == 0)
            return true;
    }
    return false;
}

static enum { GPU_UNKNOWN, GPU_IS_HERE, GPU_IS_NOT } console_gpu;

/* SDL on a console, if a GPU draws there. NULL, with the reason: it does not, or it is not known
 * yet, as no monitor is connected. */
static struct display *try_console_gpu(const struct display_config *config, struct err *err)
{
    if (console_gpu == GPU_UNKNOWN && display_kms_has_picture()) {
        console_gpu = GPU_IS_NOT;
        err_set(err, ERR_SYSTEM, "so did the player before, whose picture is on the screen");
        return NULL;
    }
    if (console_gpu == GPU_IS_NOT || !has_render_node()) {
        err_set(err, ERR_SYSTEM, "no GPU found");
        return NULL;
    }
    display_kms_close_card();
    if (!start_video(err))
        return NULL;
    struct display *display = create_gpu(config, err);
    console_gpu = display ? GPU_IS_HERE : GPU_IS_NOT;
    if (display)
        return finish_window(display, config);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    return NULL;
}

static struct display *create_on_console(const struct display_config *config, struct err *err)
{
    struct err gpu_err = {0};
    struct display *display = NULL;
    bool may_be_gpu = config->renderer == DISPLAY_AUTO && !config->wish.canvas.width_px &&
                      !config->wish.mode.width_px && config->wish.connector_count == 0;
    if (may_be_gpu)
        display = try_console_gpu(config, &gpu_err);
    if (display)
        return display;
    struct err kms_err = {0};
    display = display_kms_create(config, &kms_err);
    if (!display && may_be_gpu && console_gpu != GPU_IS_NOT && has_render_node())
        display_kms_close_card(); /* so that SDL gets it next time */
    if (!display && kms_err.code == ERR_MISSING)
        err_set(err, ERR_MISSING, "no display: no X server or compositor is named, and %s",
                kms_err.text);
    else if (!display && err)
        *err = kms_err;
    if (display && may_be_gpu) {
        static bool logged;
        if (!logged)
            log_info("drawing on the CPU reason=\"%s\"", gpu_err.text);
        logged = true;
        console_gpu = GPU_IS_NOT;
    }
    return display;
}

struct display *display_create(const struct display_config *config, struct err *err)
{
    bool fullscreen = config->width_px == 0;
    if (config->renderer == DISPLAY_MEMORY)
        return display_memory_create(config->width_px, config->height_px, err);
    if (config->renderer == DISPLAY_KMS)
        return display_kms_create(config, err);
    if (config->renderer != DISPLAY_GPU && fullscreen && is_console_free())
        return create_on_console(config, err);
    return create_in_window(config, err);
}

bool display_draw(struct display *display, const struct display_mix *mix, struct err *err)
{
    return display->driver->draw(display, mix, err);
}

bool display_present(struct display *display, struct err *err)
{
    return display->driver->present(display, err);
}

int64_t display_presented_ns(const struct display *display)
{
    return display->presented_ns;
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

const struct display_output *display_outputs(const struct display *display, int *count)
{
    *count = display->output_count;
    return display->outputs;
}

bool display_set_power(struct display *display, bool on, struct err *err)
{
    if (!display->driver->set_power)
        return err_set(err, ERR_INPUT, "the monitor's power is not this display's: %s",
                       display->name);
    return display->driver->set_power(display, on, err);
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
    display_kms_close_card();
}

void display_quit(void)
{
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    display_kms_quit();
}

void display_keep_card(const struct card_keeper *keeper, int inherited)
{
    display_kms_keep_card(keeper, inherited);
}

struct picture *display_take_inherited(struct display *display)
{
    struct picture *picture = display->inherited;
    display->inherited = NULL;
    return picture;
}

int display_poll_fds(struct pollfd *fds)
{
    return display_kms_poll_fds(fds);
}

enum display_news display_read_news(struct display *display, struct err *why)
{
    return display && !display->is_kms ? DISPLAY_NO_NEWS : display_kms_read_news(display, why);
}

bool display_has_events(const struct display *display)
{
    return display->window != NULL;
}

void display_block_signals(void)
{
    console_block_signals();
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
    picture_release(display->inherited);
    display->driver->destroy(display);
    if (window)
        SDL_DestroyWindow(window);
}
