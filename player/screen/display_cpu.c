/* A screen without a GPU: pictures are drawn into plain pixels, and a crossfade goes straight
 * into the window's memory. */
#include "screen/display_driver.h"

#include <math.h>
#include <stdlib.h>

/* What a canvas shows. */
struct content {
    uint64_t picture; /* id; 0: none */
    uint64_t visual;  /* id of its visual's frame; 0: none */
    struct layout_rect crop;
};

/* A picture laid flat: a still one is drawn once, a film for each of its frames, a moving one for
 * each of ours. */
struct flat {
    struct canvas canvas; /* pixels NULL until first used */
    struct content content;
    struct compose_buffers buffers; /* for the picture, also when it is drawn past the canvas */
};

struct display_cpu {
    struct display display;
    struct flat flats[2]; /* the two sides of a crossfade; whichever holds a picture keeps it */
    struct canvas frozen; /* pixels NULL until first used */
    struct canvas last;   /* what is shown: the window's memory, or our own */
    bool own_last;
};

static bool canvas_init(struct canvas *canvas, int width_px, int height_px, struct err *err)
{
    canvas->width_px = width_px;
    canvas->height_px = height_px;
    canvas->stride_bytes = ((size_t)width_px * 4 + 63) / 64 * 64;
    canvas->pixels = aligned_alloc(64, canvas->stride_bytes * (size_t)height_px);
    return canvas->pixels ||
           err_set(err, ERR_SYSTEM, "no memory for %d × %d pixels", width_px, height_px);
}

static struct content content_of(const struct picture_view *view)
{
    const struct frame *visual = view->picture->visual;
    struct content content = {.picture = view->picture->id};
    if (visual) {
        content.visual = visual->id;
        content.crop = picture_crop(view);
    }
    return content;
}

#define STEP_PX 0.5

static bool is_apart(double a, double b, double whole, int place_px)
{
    return fabs(a - b) / whole * place_px >= STEP_PX;
}

/* A film that runs is drawn with each of its frames, as if a camera moved; between these half a
 * pixel is not seen, and sampling is what costs most. All else moves at each refresh. */
static bool has_moved(const struct picture *picture, struct layout_rect a, struct layout_rect b)
{
    if (!picture_moves(picture) || !picture->playing)
        return picture_moves(picture);
    const struct layout_box *at = &picture->visual->at;
    return is_apart(a.x, b.x, b.width, at->width) ||
           is_apart(a.x + a.width, b.x + b.width, b.width, at->width) ||
           is_apart(a.y, b.y, b.height, at->height) ||
           is_apart(a.y + a.height, b.y + b.height, b.height, at->height);
}

static bool shows(const struct content *content, const struct picture *picture,
                  const struct content *wanted)
{
    return content->picture == wanted->picture && content->visual == wanted->visual &&
           !has_moved(picture, content->crop, wanted->crop);
}

static bool draw_view(const struct canvas *canvas, struct flat *flat,
                      const struct picture_view *view, struct err *err)
{
    if (compose_view(canvas, view, &flat->buffers))
        return true;
    flat->content.picture = 0;
    return err_oom(err);
}

static bool flat_draw(struct flat *flat, const struct display *display,
                      const struct picture_view *view, struct err *err)
{
    if (!flat->canvas.pixels &&
        !canvas_init(&flat->canvas, display->width_px, display->height_px, err))
        return false;
    const struct content wanted = content_of(view);
    if (shows(&flat->content, view->picture, &wanted))
        return true;
    flat->content = wanted;
    return draw_view(&flat->canvas, flat, view, err);
}

/* The flat that holds the picture already, else the one that the other side does not need. */
static struct flat *flat_for(struct display_cpu *cpu, const struct picture *picture,
                             const struct flat *taken)
{
    for (int i = 0; i < 2; i++)
        if (cpu->flats[i].content.picture == picture->id && &cpu->flats[i] != taken)
            return &cpu->flats[i];
    return taken == &cpu->flats[0] ? &cpu->flats[1] : &cpu->flats[0];
}

static bool draw_mixed(struct display_cpu *cpu, const struct display_mix *mix,
                       const struct canvas *target, struct err *err)
{
    const struct canvas *from = &cpu->frozen;
    struct flat *from_flat = NULL;
    if (!mix->from_frozen) {
        from_flat = flat_for(cpu, mix->from.picture, NULL);
        /* Two views of one picture (a loop of one spot): the incoming side must not take the
         * outgoing one's flat. */
        if (!flat_draw(from_flat, &cpu->display, &mix->from, err))
            return false;
        from = &from_flat->canvas;
    }
    struct flat *to_flat = flat_for(cpu, mix->to.picture, from_flat);
    if (!flat_draw(to_flat, &cpu->display, &mix->to, err))
        return false;
    if (mix->linear)
        compose_dissolve(target, from, &to_flat->canvas, mix->mix);
    else
        compose_crossfade(target, from, &to_flat->canvas, mix->mix);
    return true;
}

/* One picture alone: straight into the window's memory, but where what was drawn for the refresh
 * before is most likely to be drawn once more. */
static bool draw_alone(struct display_cpu *cpu, const struct picture_view *view,
                       const struct canvas *target, struct err *err)
{
    struct flat *flat = flat_for(cpu, view->picture, NULL);
    if (!view->picture->playing || !picture_moves(view->picture))
        return draw_view(target, flat, view, err);
    if (!flat_draw(flat, &cpu->display, view, err))
        return false;
    compose_copy(target, &flat->canvas);
    return true;
}

static bool draw(struct display_cpu *cpu, const struct display_mix *mix,
                 const struct canvas *target, struct err *err)
{
    bool ok = true;
    bool frozen = mix->from_frozen && cpu->frozen.pixels;
    if (mix->has_from && mix->mix < 1 && (frozen || !mix->from_frozen))
        ok = draw_mixed(cpu, mix, target, err);
    else
        ok = draw_alone(cpu, &mix->to, target, err);
    if (ok)
        compose_dim(target, mix->dim);
    return ok;
}

/* The window's memory may move when the window does: asked for anew for each frame. */
static bool find_window_memory(struct display_cpu *cpu, struct err *err)
{
    SDL_Surface *surface = SDL_GetWindowSurface(cpu->display.window);
    if (!surface)
        return err_set(err, ERR_SYSTEM, "the window is lost: %s", SDL_GetError());
    if (surface->format->BytesPerPixel != 4 || surface->format->Rmask != 0xff0000)
        return err_set(err, ERR_SYSTEM, "unusual pixel format of the window: %s",
                       SDL_GetPixelFormatName(surface->format->format));
    if (cpu->display.width_px != surface->w || cpu->display.height_px != surface->h) {
        if (cpu->display.width_px)
            return err_set(err, ERR_SYSTEM, "the window's size changed");
        cpu->display.width_px = surface->w;
        cpu->display.height_px = surface->h;
    }
    cpu->last = (struct canvas){surface->pixels, (size_t)surface->pitch, surface->w, surface->h};
    return true;
}

static bool cpu_draw(struct display *display, const struct display_mix *mix, struct err *err)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    if (display->window && !find_window_memory(cpu, err))
        return false;
    return draw(cpu, mix, &cpu->last, err);
}

static bool cpu_present(struct display *display, struct err *err)
{
    if (display->window && SDL_UpdateWindowSurface(display->window) < 0)
        return err_set(err, ERR_SYSTEM, "the window is lost: %s", SDL_GetError());
    return true;
}

static bool cpu_resize(struct display *display)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    int width_px = display->width_px, height_px = display->height_px;
    display->width_px = display->height_px = 0; /* takes any */
    if (!display->window || !find_window_memory(cpu, NULL) ||
        (display->width_px == width_px && display->height_px == height_px)) {
        display->width_px = width_px;
        display->height_px = height_px;
        return false;
    }
    for (int i = 0; i < 2; i++) {
        free(cpu->flats[i].canvas.pixels);
        cpu->flats[i].canvas = (struct canvas){0};
        cpu->flats[i].content.picture = 0;
    }
    free(cpu->frozen.pixels);
    cpu->frozen = (struct canvas){0};
    return true;
}

static bool cpu_freeze(struct display *display, struct err *err)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    if (!cpu->frozen.pixels &&
        !canvas_init(&cpu->frozen, display->width_px, display->height_px, err))
        return false;
    compose_copy(&cpu->frozen, &cpu->last);
    return true;
}

static void cpu_prepare(struct display *display, const struct picture *picture)
{
    /* The frames are in memory already: nothing to upload. */
    (void)display;
    (void)picture;
}

static bool cpu_capture(struct display *display, const struct display_mix *mix,
                        const struct canvas *canvas, struct err *err)
{
    return draw((struct display_cpu *)display, mix, canvas, err);
}

static void cpu_destroy(struct display *display)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    for (int i = 0; i < 2; i++) {
        free(cpu->flats[i].canvas.pixels);
        compose_buffers_finish(&cpu->flats[i].buffers);
    }
    free(cpu->frozen.pixels);
    if (cpu->own_last)
        free(cpu->last.pixels);
    free(cpu);
}

struct display *display_cpu_create(SDL_Window *window, int width_px, int height_px, struct err *err)
{
    static const struct display_driver driver = {cpu_draw,    cpu_present, cpu_resize, cpu_freeze,
                                                 cpu_prepare, cpu_capture, cpu_destroy};
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
        cpu->own_last = true;
        ok = canvas_init(&cpu->last, width_px, height_px, err);
    }
    if (!ok) {
        cpu_destroy(&cpu->display);
        return NULL;
    }
    return &cpu->display;
}
