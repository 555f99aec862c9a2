#include "screen/display_x11.h"

#include "base/log.h"

#include <SDL_syswm.h>
#include <X11/Xlib.h>
#include <stdlib.h>

#define LOG_MODULE "display_x11"

/* Xlib's handlers of errors are the process's, and so is what they need. */
static struct {
    void (*lost)(void *context);
    void *context;
} disconnect;

typedef Status get_geometry(Display *, Drawable, Window *, int *, int *, unsigned *, unsigned *,
                            unsigned *, unsigned *);
typedef Window default_root_window(Display *);
typedef XIOErrorHandler set_io_error_handler(XIOErrorHandler);
typedef XErrorHandler set_error_handler(XErrorHandler);
typedef int get_error_text(Display *, int, char *, int);

static struct {
    get_geometry *get_geometry;
    default_root_window *default_root_window;
    set_io_error_handler *set_io_error_handler;
    set_error_handler *set_error_handler;
    get_error_text *get_error_text;
} xlib;

static void *load_function(void *library, const char *name)
{
    return library ? SDL_LoadFunction(library, name) : NULL;
}

/* False where SDL can't have loaded it either. It stays loaded. */
static bool load_xlib(void)
{
    static void *library;
    if (xlib.get_geometry)
        return true;
    if (!library)
        library = SDL_LoadObject("libX11.so.6");
    union {
        void *object;
        default_root_window *root;
        get_geometry *geometry;
        set_io_error_handler *io_errors;
        set_error_handler *errors;
        get_error_text *text;
    } function;
    function.object = load_function(library, "XDefaultRootWindow");
    xlib.default_root_window = function.root;
    function.object = load_function(library, "XSetIOErrorHandler");
    xlib.set_io_error_handler = function.io_errors;
    function.object = load_function(library, "XSetErrorHandler");
    xlib.set_error_handler = function.errors;
    function.object = load_function(library, "XGetErrorText");
    xlib.get_error_text = function.text;
    function.object = load_function(library, "XGetGeometry");
    if (xlib.default_root_window && xlib.set_io_error_handler && xlib.set_error_handler &&
        xlib.get_error_text)
        xlib.get_geometry = function.geometry;
    return xlib.get_geometry != NULL;
}

/* Xlib ends the process when this returns. */
static int handle_io_error(Display *server)
{
    (void)server;
    if (disconnect.lost)
        disconnect.lost(disconnect.context);
    return 0;
}

/* One request failed; Xlib's own handler would end the process. */
static int handle_error(Display *server, XErrorEvent *event)
{
    char text[128] = "";
    xlib.get_error_text(server, event->error_code, text, sizeof text);
    log_warn("X server refused a request request=%d minor=%d reason=\"%s\"", event->request_code,
             event->minor_code, text);
    return 0;
}

/* The connection of an X11 window; NULL where there is none. */
static Display *find_server(SDL_Window *window, Window *own)
{
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (!window || !SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_X11 ||
        !load_xlib())
        return NULL;
    *own = info.info.x11.window;
    return info.info.x11.display;
}

static bool read_size(Display *server, Drawable drawable, unsigned *width_px, unsigned *height_px)
{
    Window root;
    int x, y;
    unsigned border, depth;
    return xlib.get_geometry(server, drawable, &root, &x, &y, width_px, height_px, &border,
                             &depth) != 0;
}

void display_x11_prepare(void)
{
    if (!load_xlib())
        return;
    xlib.set_io_error_handler(handle_io_error);
    xlib.set_error_handler(handle_error);
}

void display_x11_attach(struct display_x11 *x11, SDL_Window *window)
{
    Window own;
    Display *server = find_server(window, &own);
    *x11 = (struct display_x11){0};
    if (!server)
        return;
    display_x11_prepare(); /* SDL sets handlers of its own while it opens a window */
    read_size(server, xlib.default_root_window(server), &x11->width_px, &x11->height_px);
}

bool display_x11_is_misplaced(struct display_x11 *x11, SDL_Window *window)
{
    Window own;
    Display *server = x11->width_px ? find_server(window, &own) : NULL;
    unsigned width, height, own_width, own_height;
    if (!server || !read_size(server, xlib.default_root_window(server), &width, &height) ||
        !read_size(server, own, &own_width, &own_height))
        return false;
    bool follows = own_width == width && own_height == height;
    if (follows || (width == x11->width_px && height == x11->height_px)) {
        *x11 = (struct display_x11){.width_px = width, .height_px = height};
        return false;
    }
    bool again = x11->new_width_px == width && x11->new_height_px == height;
    x11->new_width_px = width;
    x11->new_height_px = height;
    return again;
}

void display_x11_on_disconnect(void (*lost)(void *context), void *context)
{
    disconnect.lost = lost;
    disconnect.context = context;
}
