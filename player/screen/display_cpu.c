/* The display without a GPU: draws pictures into plain pixels, and a crossfade straight into the
 * window's memory. */
#include "screen/display_driver.h"

#include <math.h>
#include <stdlib.h>

/* What a canvas shows. */
struct side_content {
    uint64_t picture; /* id; 0: none */
    uint64_t visual;  /* id of its visual's frame; 0: none */
    struct layout_rect crop;
};

/* One side of a crossfade, drawn: a still picture once, a film for each of its frames, a moving
 * picture for each refresh. */
struct side {
    struct canvas canvas; /* pixels NULL until first used */
    struct side_content content;
    struct compose_buffers buffers; /* for its picture, also when that is drawn elsewhere */
};

struct display_cpu {
    struct display display;
    struct side sides[2]; /* of a crossfade; the one that has drawn a picture keeps it */
    struct canvas frozen; /* pixels NULL until first used */
    struct canvas last;   /* what is shown: the window's memory, or allocated */
    bool own_last;
};

static MUST_CHECK bool canvas_init(struct canvas *canvas, int width_px, int height_px,
                                   struct err *err)
{
    canvas->width_px = width_px;
    canvas->height_px = height_px;
    canvas->stride_bytes = ((size_t)width_px * 4 + 63) / 64 * 64;
    canvas->pixels = aligned_alloc(64, canvas->stride_bytes * (size_t)height_px);
    return canvas->pixels || err_oom(err);
}

static struct side_content content_of_view(const struct picture_view *view)
{
    const struct frame *visual = view->picture->visual;
    struct side_content content = {.picture = view->picture->id};
    if (visual) {
        content.visual = visual->id;
        content.crop = picture_crop(view);
    }
    return content;
}

#define STEP_PX 0.5

static bool differs_visibly(double a, double b, double whole, int place_px)
{
    return fabs(a - b) / whole * place_px >= STEP_PX;
}

/* Whether a motion has come far enough to be drawn again. A film with a motion is drawn with
 * each of its frames, as if a camera moved: between these half a pixel is not seen, and sampling
 * is what costs most. Everything else is drawn at each refresh. */
static bool has_moved(const struct picture *picture, struct layout_rect a, struct layout_rect b)
{
    if (!picture_moves(picture) || !picture->playing)
        return picture_moves(picture);
    const struct layout_box *at = &picture->visual->at;
    return differs_visibly(a.x, b.x, b.width, at->width) ||
           differs_visibly(a.x + a.width, b.x + b.width, b.width, at->width) ||
           differs_visibly(a.y, b.y, b.height, at->height) ||
           differs_visibly(a.y + a.height, b.y + b.height, b.height, at->height);
}

static bool side_shows(const struct side_content *content, const struct picture *picture,
                       const struct side_content *needed)
{
    return content->picture == needed->picture && content->visual == needed->visual &&
           !has_moved(picture, content->crop, needed->crop);
}

static MUST_CHECK bool draw_view_into(const struct canvas *canvas, struct side *side,
                                      const struct picture_view *view, struct err *err)
{
    if (compose_view(canvas, view, &side->buffers))
        return true;
    side->content.picture = 0;
    return err_oom(err);
}

static MUST_CHECK bool draw_side(struct side *side, const struct display *display,
                                 const struct picture_view *view, struct err *err)
{
    if (!side->canvas.pixels &&
        !canvas_init(&side->canvas, display->width_px, display->height_px, err))
        return false;
    const struct side_content needed = content_of_view(view);
    if (side_shows(&side->content, view->picture, &needed))
        return true;
    side->content = needed;
    return draw_view_into(&side->canvas, side, view, err);
}

/* The side that has drawn the picture already, else the one that is not taken. */
static struct side *find_side(struct display_cpu *cpu, const struct picture *picture,
                              const struct side *taken)
{
    for (int i = 0; i < 2; i++)
        if (cpu->sides[i].content.picture == picture->id && &cpu->sides[i] != taken)
            return &cpu->sides[i];
    return taken == &cpu->sides[0] ? &cpu->sides[1] : &cpu->sides[0];
}

static MUST_CHECK bool draw_mixed(struct display_cpu *cpu, const struct display_mix *mix,
                                  const struct canvas *target, struct err *err)
{
    const struct canvas *from = &cpu->frozen;
    struct side *from_side = NULL;
    if (!mix->from_frozen) {
        from_side = find_side(cpu, mix->from.picture, NULL);
        /* Two views of one picture (a loop of one spot): the incoming side must not take the
         * outgoing one's canvas. */
        if (!draw_side(from_side, &cpu->display, &mix->from, err))
            return false;
        from = &from_side->canvas;
    }
    struct side *to_side = find_side(cpu, mix->to.picture, from_side);
    if (!draw_side(to_side, &cpu->display, &mix->to, err))
        return false;
    if (mix->linear)
        compose_dissolve(target, from, &to_side->canvas, mix->mix);
    else
        compose_crossfade(target, from, &to_side->canvas, mix->mix);
    return true;
}

/* Draws one picture alone, straight into the target, unless the same pixels will most likely be
 * needed for the next refresh, too. */
static MUST_CHECK bool draw_alone(struct display_cpu *cpu, const struct picture_view *view,
                                  const struct canvas *target, struct err *err)
{
    struct side *side = find_side(cpu, view->picture, NULL);
    if (!view->picture->playing || !picture_moves(view->picture))
        return draw_view_into(target, side, view, err);
    if (!draw_side(side, &cpu->display, view, err))
        return false;
    compose_copy(target, &side->canvas);
    return true;
}

static MUST_CHECK bool draw_mix_on_cpu(struct display_cpu *cpu, const struct display_mix *mix,
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
    cpu->last = (struct canvas){surface->pixels, (size_t)surface->pitch, surface->w, surface->h};
    return true;
}

static MUST_CHECK bool cpu_draw(struct display *display, const struct display_mix *mix,
                                struct err *err)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    if (display->window && !find_window_memory(cpu, err))
        return false;
    return draw_mix_on_cpu(cpu, mix, &cpu->last, err);
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
    for (int i = 0; i < 2; i++) {
        free(cpu->sides[i].canvas.pixels);
        cpu->sides[i].canvas = (struct canvas){0};
        cpu->sides[i].content.picture = 0;
    }
    free(cpu->frozen.pixels);
    cpu->frozen = (struct canvas){0};
    return true;
}

static MUST_CHECK bool cpu_freeze(struct display *display, struct err *err)
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

static MUST_CHECK bool cpu_capture(struct display *display, const struct display_mix *mix,
                                   const struct canvas *canvas, struct err *err)
{
    return draw_mix_on_cpu((struct display_cpu *)display, mix, canvas, err);
}

static void cpu_destroy(struct display *display)
{
    struct display_cpu *cpu = (struct display_cpu *)display;
    for (int i = 0; i < 2; i++) {
        free(cpu->sides[i].canvas.pixels);
        compose_buffers_finish(&cpu->sides[i].buffers);
    }
    free(cpu->frozen.pixels);
    if (cpu->own_last)
        free(cpu->last.pixels);
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
        cpu->own_last = true;
        ok = canvas_init(&cpu->last, width_px, height_px, err);
    }
    if (!ok) {
        cpu_destroy(&cpu->display);
        return NULL;
    }
    return &cpu->display;
}
