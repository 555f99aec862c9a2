/* The display with a GPU, through SDL_Renderer: OpenGL ES 2 or OpenGL on KMSDRM, Wayland or X11. Over 600
 * lines: what knows of its textures and targets is here. */
#include "screen/compose_film.h"
#include "screen/display_driver.h"
#include "screen/mix.h"
#include "screen/text_rise.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define UPLOADS_MAX 12 /* three pictures of two frames are in use at most; the rest is spare */

struct upload {
    uint64_t frame;  /* id of the frame it holds; 0: free */
    uint64_t stream; /* of a film, whose next frames go into the same texture; 0: none */
    enum frame_matrix matrix;
    int width_px, height_px;
    SDL_Texture *texture;
    uint64_t used; /* the last frame that needs it, as counted by frames: see drop_unused */
};

struct display_gpu {
    struct display display;
    SDL_Renderer *renderer;
    struct upload uploads[UPLOADS_MAX];
    uint64_t frames;        /* counts frames that were drawn */
    SDL_Texture *layer;     /* the incoming picture, complete, to be blended as one */
    SDL_Texture *frozen;    /* NULL until first used */
    SDL_Texture *mixed;     /* a dissolve's result, streamed; NULL until first used */
    struct canvas sides[2]; /* a dissolve's two sides; SDL_Renderer can't mix in linear light */
    /* Of the sides; the first one also for films that are too large. */
    struct compose_buffers film[2];
    int side_max_px; /* of textures */
    struct display_mix last;
    SDL_BlendMode premultiplied;
    struct mix_vertex *shapes; /* of a transition: MIX_VERTICES_MAX, and the same as SDL has them */
    SDL_Vertex *vertices;
};

static bool set_sdl_error(struct err *err, const char *what)
{
    return err_set(err, ERR_SYSTEM, "%s: %s", what, SDL_GetError());
}

/* OpenGL takes the matrix when a texture is made, OpenGL ES when it is drawn: it is set for
 * both. */
static void set_matrix(enum frame_matrix matrix)
{
    switch (matrix) {
    case FRAME_BT601:
        SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_BT601);
        break;
    case FRAME_BT709:
        SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_BT709);
        break;
    case FRAME_JPEG:
        SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_JPEG);
        break;
    }
}

static void drop_upload(struct upload *slot)
{
    SDL_DestroyTexture(slot->texture);
    *slot = (struct upload){0};
}

/* The upload that has the frame or, for a film, an earlier frame; else NULL. */
static struct upload *find_upload(struct display_gpu *gpu, const struct frame *frame)
{
    bool film = frame->format == FRAME_I420 && frame->stream;
    for (int i = 0; i < UPLOADS_MAX; i++) {
        struct upload *slot = &gpu->uploads[i];
        if (slot->texture && (slot->frame == frame->id || (film && slot->stream == frame->stream)))
            return slot;
    }
    return NULL;
}

/* A free upload, else the one that was unused for longest. */
static struct upload *free_upload(struct display_gpu *gpu)
{
    struct upload *oldest = &gpu->uploads[0];
    for (int i = 1; i < UPLOADS_MAX; i++)
        if (gpu->uploads[i].used < oldest->used)
            oldest = &gpu->uploads[i];
    if (oldest->texture)
        drop_upload(oldest);
    return oldest;
}

static bool create_texture(struct display_gpu *gpu, struct upload *slot, Uint32 format, int width,
                           int height, SDL_BlendMode blend)
{
    /* Static textures can be written again, too; streaming ones have a copy in memory. */
    slot->texture =
        SDL_CreateTexture(gpu->renderer, format, SDL_TEXTUREACCESS_STATIC, width, height);
    slot->width_px = width;
    slot->height_px = height;
    return slot->texture && SDL_SetTextureBlendMode(slot->texture, blend) == 0;
}

static bool upload_still(struct display_gpu *gpu, struct upload *slot, const struct frame *frame)
{
    return create_texture(gpu, slot, SDL_PIXELFORMAT_ARGB8888, frame->width_px, frame->height_px,
                          frame->opaque ? SDL_BLENDMODE_NONE : gpu->premultiplied) &&
           SDL_UpdateTexture(slot->texture, NULL, frame->pixels, (int)frame->stride_bytes) == 0;
}

/* Reuses the texture of the film's frame before, if its size and colors are the same. */
static bool upload_film(struct display_gpu *gpu, struct upload *slot, const struct frame *frame)
{
    struct compose_planes film;
    if (!compose_film_reduce(frame, gpu->side_max_px, &gpu->film[0], &film))
        return false;
    if (slot->texture && (slot->width_px != film.width_px || slot->height_px != film.height_px ||
                          slot->matrix != frame->matrix))
        drop_upload(slot);
    set_matrix(frame->matrix);
    slot->stream = frame->stream;
    slot->matrix = frame->matrix;
    return (slot->texture || create_texture(gpu, slot, SDL_PIXELFORMAT_IYUV, film.width_px,
                                            film.height_px, SDL_BLENDMODE_NONE)) &&
           SDL_UpdateYUVTexture(slot->texture, NULL, film.planes[0], (int)film.strides_bytes[0],
                                film.planes[1], (int)film.strides_bytes[1], film.planes[2],
                                (int)film.strides_bytes[2]) == 0;
}

static SDL_Texture *upload(struct display_gpu *gpu, const struct frame *frame, uint64_t used)
{
    struct upload *slot = find_upload(gpu, frame);
    if (!slot)
        slot = free_upload(gpu);
    if (slot->frame != frame->id) {
        bool ok = frame->format == FRAME_I420 ? upload_film(gpu, slot, frame)
                                              : upload_still(gpu, slot, frame);
        if (!ok) {
            drop_upload(slot);
            return NULL;
        }
        slot->frame = frame->id;
    }
    slot->used = used;
    return slot->texture;
}

static bool draw_frame(struct display_gpu *gpu, const struct frame *frame, struct layout_rect crop)
{
    SDL_Texture *texture = upload(gpu, frame, gpu->frames);
    if (!texture)
        return false;
    const struct layout_box *at = &frame->at;
    /* SDL's source rectangles are whole pixels, its targets are not: the whole frame is drawn,
     * larger than its place, and clipped to it, so that motion goes on between pixels. */
    SDL_FRect whole = {.w = (float)(at->width / crop.width),
                       .h = (float)(at->height / crop.height)};
    whole.x = (float)(at->x - crop.x * whole.w);
    whole.y = (float)(at->y - crop.y * whole.h);
    SDL_Rect clip = {at->x, at->y, at->width, at->height};
    /* The matrix is one for the whole program: drawn before another film sets its own. */
    bool film = frame->format == FRAME_I420;
    if (film)
        set_matrix(frame->matrix);
    return SDL_RenderSetClipRect(gpu->renderer, &clip) == 0 &&
           SDL_RenderCopyF(gpu->renderer, texture, NULL, &whole) == 0 &&
           SDL_RenderSetClipRect(gpu->renderer, NULL) == 0 &&
           (!film || SDL_RenderFlush(gpu->renderer) == 0);
}

/* A text as it stands, as much of it as is seen. */
static bool draw_standing_text(struct display_gpu *gpu, const struct frame *text, double hidden)
{
    SDL_Texture *texture = upload(gpu, text, gpu->frames);
    const SDL_Rect at = {text->at.x, text->at.y, text->at.width, text->at.height};
    Uint8 level = (Uint8)((1 - hidden) * 255 + 0.5);
    return texture && SDL_SetTextureColorMod(texture, level, level, level) == 0 &&
           SDL_SetTextureAlphaMod(texture, level) == 0 &&
           SDL_RenderCopy(gpu->renderer, texture, NULL, &at) == 0;
}

/* Where a place of an upright text is on the screen: `across` and `down` in pixels from its corner. */
static SDL_FPoint turned_point(const struct picture *picture, double across, double down)
{
    const struct layout_box *at = &picture->text->at;
    float x = (float)at->x, y = (float)at->y, u = (float)across, v = (float)down;
    switch (picture->rotation) {
    case 90:
        return (SDL_FPoint){x + (float)at->width - v, y + u};
    case 180:
        return (SDL_FPoint){x + (float)at->width - u, y + (float)at->height - v};
    case 270:
        return (SDL_FPoint){x + v, y + (float)at->height - u};
    default:
        return (SDL_FPoint){x + u, y + v};
    }
}

/* A stretch of a band, from one place of the text to another, whose sides are seen so much. */
struct stretch {
    double from, to, from_level, to_level;
};

/* A shape of as many pixels as the texture, so that these lie on the screen's where nothing moves. */
static bool draw_stretch(struct display_gpu *gpu, const struct picture *picture,
                         SDL_Texture *texture, const struct stretch *stretch, double offset)
{
    static const int corners[] = {0, 1, 2, 2, 1, 3};
    const struct layout_box *at = &picture->text->at;
    double width = picture->rotation % 180 ? at->height : at->width;
    SDL_Vertex vertices[4];
    for (int i = 0; i < 4; i++) {
        double across = i % 2 ? width : 0, down = i < 2 ? stretch->from : stretch->to;
        Uint8 level = (Uint8)((i < 2 ? stretch->from_level : stretch->to_level) * 255 + 0.5);
        SDL_FPoint source = turned_point(picture, across, down);
        vertices[i] = (SDL_Vertex){
            .position = turned_point(picture, across, down + offset),
            .color = {level, level, level, level},
            .tex_coord = {(source.x - (float)at->x) / (float)at->width,
                          (source.y - (float)at->y) / (float)at->height},
        };
    }
    return stretch->from >= stretch->to ||
           SDL_RenderGeometry(gpu->renderer, texture, vertices, 4, corners, 6) == 0;
}

static bool draw_rising_text(struct display_gpu *gpu, const struct picture *picture,
                             const struct picture_text_view *view)
{
    const struct frame *text = picture->text;
    SDL_Texture *texture = upload(gpu, text, gpu->frames);
    struct text_rise_band bands[FRAME_LINES_MAX];
    int upright_px = picture->rotation % 180 ? text->width_px : text->height_px;
    int count = text_rise_bands(text, view, upright_px, bands);
    bool ok = texture && SDL_SetTextureColorMod(texture, 255, 255, 255) == 0 &&
              SDL_SetTextureAlphaMod(texture, 255) == 0;
    for (int i = 0; ok && i < count; i++) {
        const struct text_rise_band *band = &bands[i];
        const struct stretch stretches[] = {{band->begin, band->whole, 0, band->level},
                                            {band->whole, band->fade, band->level, band->level},
                                            {band->fade, band->end, band->level, 0}};
        for (int k = 0; ok && band->level > 0 && k < 3; k++)
            ok = draw_stretch(gpu, picture, texture, &stretches[k], band->offset);
    }
    return ok;
}

static bool draw_text(struct display_gpu *gpu, const struct picture *picture,
                      const struct picture_text_view *view)
{
    const struct frame *text = picture ? picture->text : NULL;
    if (!text || view->hidden >= 1)
        return true;
    if (view->is_rising && !text_rise_is_over(text, view->age_ms, view->fade_ms))
        return draw_rising_text(gpu, picture, view);
    return draw_standing_text(gpu, text, view->hidden);
}

/* Background and visual, without text. */
static bool draw_picture(struct display_gpu *gpu, const struct picture_view *view)
{
    const struct picture *picture = view->picture;
    SDL_SetRenderDrawColor(gpu->renderer, picture->background >> 16 & 255,
                           picture->background >> 8 & 255, picture->background & 255, 255);
    if (SDL_RenderClear(gpu->renderer) < 0)
        return false;
    return !picture->visual || draw_frame(gpu, picture->visual, picture_crop(view));
}

/* In SDL's OpenGL ES a texture has its colors in the order of the target's format, except a film's,
 * which are always red, green, blue. Only in a target of that order are all of them right; with an
 * alpha, SDL 2.32 no longer knows such a target. Targets are opaque. */
static SDL_Texture *make_target(struct display_gpu *gpu)
{
    return SDL_CreateTexture(gpu->renderer, SDL_PIXELFORMAT_BGR888, SDL_TEXTUREACCESS_TARGET,
                             gpu->display.width_px, gpu->display.height_px);
}

/* What follows is drawn into the target (NULL: the screen), shifted. SDL may forget a target's
 * viewport where another one is drawn into meanwhile. */
static bool aim(struct display_gpu *gpu, const struct display_mix *mix, SDL_Texture *target)
{
    const SDL_Rect at = {mix->shift_x_px, mix->shift_y_px, gpu->display.width_px,
                         gpu->display.height_px};
    return SDL_SetRenderTarget(gpu->renderer, target) == 0 &&
           SDL_RenderSetViewport(gpu->renderer, at.x || at.y ? &at : NULL) == 0;
}

/* Crossfade onto the given target (NULL: the screen): the outgoing picture plain, the incoming one
 * as a single layer over it, so that background and visual fade as one. */
static bool draw_crossfade(struct display_gpu *gpu, const struct display_mix *mix,
                           SDL_Texture *target)
{
    SDL_Renderer *renderer = gpu->renderer;
    if (SDL_SetRenderTarget(renderer, gpu->layer) < 0 || !draw_picture(gpu, &mix->to) ||
        !aim(gpu, mix, target))
        return false;
    bool ok = mix->from_frozen ? SDL_RenderCopy(renderer, gpu->frozen, NULL, NULL) == 0
                               : draw_picture(gpu, &mix->from);
    SDL_SetTextureBlendMode(gpu->layer, SDL_BLENDMODE_BLEND);
    SDL_SetTextureAlphaMod(gpu->layer, (Uint8)(mix->mix * 255 + 0.5));
    return ok && SDL_RenderCopy(renderer, gpu->layer, NULL, NULL) == 0;
}

static bool dissolve_buffers(struct display_gpu *gpu)
{
    const struct display *display = &gpu->display;
    if (!gpu->mixed)
        gpu->mixed =
            SDL_CreateTexture(gpu->renderer, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STREAMING,
                              display->width_px, display->height_px);
    for (int i = 0; i < 2 && gpu->mixed; i++) {
        if (gpu->sides[i].pixels)
            continue;
        size_t stride = (size_t)display->width_px * 4;
        gpu->sides[i] = (struct canvas){malloc(stride * (size_t)display->height_px), stride,
                                        display->width_px, display->height_px};
    }
    return gpu->mixed && gpu->sides[0].pixels && gpu->sides[1].pixels;
}

static bool draw_dissolve(struct display_gpu *gpu, const struct display_mix *mix)
{
    if (!dissolve_buffers(gpu))
        return false;
    struct canvas target = {.width_px = gpu->display.width_px, .height_px = gpu->display.height_px};
    const struct picture from = picture_without_text(mix->from.picture);
    const struct picture to = picture_without_text(mix->to.picture);
    const struct picture_view views[] = {{&from, mix->from.progress}, {&to, mix->to.progress}};
    int pitch;
    if (!compose_view(&gpu->sides[0], &views[0], &gpu->film[0]) ||
        !compose_view(&gpu->sides[1], &views[1], &gpu->film[1]) ||
        SDL_LockTexture(gpu->mixed, NULL, &target.pixels, &pitch) < 0)
        return false;
    target.stride_bytes = (size_t)pitch;
    compose_dissolve(&target, &gpu->sides[0], &gpu->sides[1], mix->mix);
    SDL_UnlockTexture(gpu->mixed);
    return SDL_RenderCopy(gpu->renderer, gpu->mixed, NULL, NULL) == 0;
}

/* The incoming picture, where the shapes are. */
static bool draw_shapes(struct display_gpu *gpu, const struct mix_mesh *mesh)
{
    float width = (float)gpu->display.width_px, height = (float)gpu->display.height_px;
    for (int i = 0; i < mesh->count; i++) {
        const struct mix_vertex *corner = &mesh->vertices[i];
        float x = SDL_min(SDL_max(corner->x, 0), width);
        float y = SDL_min(SDL_max(corner->y, 0), height);
        gpu->vertices[i] = (SDL_Vertex){
            .position = {x, y},
            .color = {255, 255, 255, (Uint8)(corner->level * 255 + 0.5F)},
            .tex_coord = {x / width, y / height},
        };
    }
    return mesh->count == 0 ||
           SDL_RenderGeometry(gpu->renderer, gpu->layer, gpu->vertices, mesh->count, NULL, 0) == 0;
}

/* Both pictures side by side, or one and shapes of the other, and a color over all. */
static bool draw_mesh(struct display_gpu *gpu, const struct display_mix *mix, SDL_Texture *target)
{
    SDL_Renderer *renderer = gpu->renderer;
    const struct mix made = mix_of_frame(mix, gpu->display.width_px, gpu->display.height_px);
    struct mix_mesh mesh = {.vertices = gpu->shapes};
    mix_make_mesh(&made, &mesh);
    if ((mesh.is_beside || mesh.count > 0) &&
        (SDL_SetRenderTarget(renderer, gpu->layer) < 0 || !draw_picture(gpu, &mix->to)))
        return false;
    struct display_mix moved = *mix;
    moved.shift_x_px += mesh.from_x;
    moved.shift_y_px += mesh.from_y;
    bool ok = aim(gpu, &moved, target) &&
              draw_picture(gpu, mesh.is_to_below ? &mix->to : &mix->from) &&
              aim(gpu, mix, target) &&
              SDL_SetTextureBlendMode(gpu->layer, mesh.is_beside ? SDL_BLENDMODE_NONE
                                                                 : SDL_BLENDMODE_BLEND) == 0 &&
              SDL_SetTextureAlphaMod(gpu->layer, 255) == 0;
    const SDL_Rect beside = {mesh.to_x, mesh.to_y, made.width_px, made.height_px};
    if (ok && mesh.is_beside)
        ok = SDL_RenderCopy(renderer, gpu->layer, NULL, &beside) == 0;
    ok = ok && draw_shapes(gpu, &mesh);
    if (!ok || mesh.color_level <= 0)
        return ok;
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(renderer, mesh.color >> 16 & 255, mesh.color >> 8 & 255,
                           mesh.color & 255, (Uint8)(mesh.color_level * 255 + 0.5));
    return SDL_RenderFillRect(renderer, NULL) == 0;
}

static bool dim_target(struct display_gpu *gpu, double dim)
{
    if (dim >= 1)
        return true;
    SDL_SetRenderDrawBlendMode(gpu->renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(gpu->renderer, 0, 0, 0, (Uint8)((1 - dim) * 255 + 0.5));
    return SDL_RenderFillRect(gpu->renderer, NULL) == 0;
}

static bool draw_mix_on_gpu(struct display_gpu *gpu, const struct display_mix *mix,
                            SDL_Texture *target)
{
    if (!aim(gpu, mix, target))
        return false;
    bool is_alone = !mix->has_from || mix->mix >= 1 || (mix->from_frozen && !gpu->frozen);
    bool ok;
    if (is_alone)
        ok = draw_picture(gpu, &mix->to);
    else if (mix->transition.type == TRANSITION_DISSOLVE && !mix->from_frozen)
        ok = draw_dissolve(gpu, mix);
    else if (mix_has_mesh(mix->transition.type) && !mix->from_frozen)
        ok = draw_mesh(gpu, mix, target);
    else
        ok = draw_crossfade(gpu, mix, target);
    if (!is_alone)
        ok = ok && draw_text(gpu, mix->from.picture, &mix->from_text);
    return ok && draw_text(gpu, mix->to.picture, &mix->to_text) && dim_target(gpu, mix->dim);
}

/* Makes black what the shift bares at the edges of the screen. */
static bool blacken_edges(struct display_gpu *gpu, const struct display_mix *mix)
{
    int x = mix->shift_x_px, y = mix->shift_y_px;
    int width = gpu->display.width_px, height = gpu->display.height_px;
    const SDL_Rect edges[] = {{x > 0 ? 0 : width + x, 0, abs(x), height},
                              {0, y > 0 ? 0 : height + y, width, abs(y)}};
    return SDL_RenderSetViewport(gpu->renderer, NULL) == 0 &&
           SDL_SetRenderDrawBlendMode(gpu->renderer, SDL_BLENDMODE_NONE) == 0 &&
           SDL_SetRenderDrawColor(gpu->renderer, 0, 0, 0, 255) == 0 &&
           SDL_RenderFillRects(gpu->renderer, edges, 2) == 0;
}

/* NULL: on the screen. */
static bool draw_shifted(struct display_gpu *gpu, const struct display_mix *mix,
                         SDL_Texture *target)
{
    bool is_shifted = mix->shift_x_px || mix->shift_y_px;
    return draw_mix_on_gpu(gpu, mix, target) && (!is_shifted || blacken_edges(gpu, mix));
}

/* Frees the textures that neither this frame nor the next one needs: a large screen's pictures are
 * tens of megabytes each. */
static void drop_unused(struct display_gpu *gpu)
{
    for (int i = 0; i < UPLOADS_MAX; i++) {
        struct upload *slot = &gpu->uploads[i];
        if (slot->texture && slot->used < gpu->frames)
            drop_upload(slot);
    }
}

static MUST_CHECK bool gpu_draw(struct display *display, const struct display_mix *mix,
                                struct err *err)
{
    struct display_gpu *gpu = (struct display_gpu *)display;
    int width, height;
    if (SDL_GetRendererOutputSize(gpu->renderer, &width, &height) < 0)
        return set_sdl_error(err, "lost the screen");
    if (width != display->width_px || height != display->height_px)
        return err_set(err, ERR_SYSTEM, "the screen was resized to %d × %d", width, height);
    gpu->frames++;
    if (!draw_shifted(gpu, mix, NULL))
        return set_sdl_error(err, "cannot draw");
    gpu->last = *mix;
    gpu->last.shift_x_px = gpu->last.shift_y_px = 0; /* it is shifted when it is shown again */
    /* The GPU works while the player waits for the frame's time. */
    return SDL_RenderFlush(gpu->renderer) == 0 || set_sdl_error(err, "cannot draw");
}

static MUST_CHECK bool gpu_present(struct display *display, struct err *err)
{
    struct display_gpu *gpu = (struct display_gpu *)display;
    (void)err;
    SDL_RenderPresent(gpu->renderer);
    drop_unused(gpu);
    return true;
}

static void drop_texture(SDL_Texture **texture)
{
    if (*texture)
        SDL_DestroyTexture(*texture);
    *texture = NULL;
}

static bool gpu_resize(struct display *display)
{
    struct display_gpu *gpu = (struct display_gpu *)display;
    int width_px, height_px;
    if (SDL_SetRenderTarget(gpu->renderer, NULL) < 0 ||
        SDL_GetRendererOutputSize(gpu->renderer, &width_px, &height_px) < 0 ||
        (width_px == display->width_px && height_px == display->height_px))
        return false;
    drop_texture(&gpu->layer);
    drop_texture(&gpu->frozen);
    drop_texture(&gpu->mixed);
    for (int i = 0; i < 2; i++) {
        free(gpu->sides[i].pixels);
        gpu->sides[i] = (struct canvas){0};
    }
    gpu->last = (struct display_mix){0};
    display->width_px = width_px;
    display->height_px = height_px;
    gpu->layer = make_target(gpu);
    return gpu->layer != NULL;
}

static MUST_CHECK bool gpu_freeze(struct display *display, struct err *err)
{
    struct display_gpu *gpu = (struct display_gpu *)display;
    SDL_Texture *fresh = make_target(gpu);
    struct display_mix pictures_alone = gpu->last;
    pictures_alone.from_text.hidden = pictures_alone.to_text.hidden = 1;
    if (!fresh || !gpu->last.to.picture || !draw_mix_on_gpu(gpu, &pictures_alone, fresh)) {
        SDL_DestroyTexture(fresh);
        return set_sdl_error(err, "cannot copy the picture on screen");
    }
    drop_texture(&gpu->frozen);
    gpu->frozen = fresh;
    return true;
}

static void prepare_frame(struct display_gpu *gpu, const struct frame *frame)
{
    struct upload *slot = frame ? find_upload(gpu, frame) : NULL;
    if (slot) /* also with another frame of the film, which may be on screen */
        slot->used = gpu->frames + 1;
    else if (frame)
        upload(gpu, frame, gpu->frames + 1);
}

static void gpu_prepare(struct display *display, const struct picture *picture)
{
    struct display_gpu *gpu = (struct display_gpu *)display;
    prepare_frame(gpu, picture->visual);
    prepare_frame(gpu, picture->text);
}

static MUST_CHECK bool gpu_capture(struct display *display, const struct display_mix *mix,
                                   const struct canvas *canvas, struct err *err)
{
    struct display_gpu *gpu = (struct display_gpu *)display;
    SDL_Texture *target = make_target(gpu);
    bool ok = target && draw_shifted(gpu, mix, target) &&
              SDL_RenderReadPixels(gpu->renderer, NULL, SDL_PIXELFORMAT_ARGB8888, canvas->pixels,
                                   (int)canvas->stride_bytes) == 0;
    if (!ok)
        set_sdl_error(err, "cannot read the picture back from the GPU");
    SDL_SetRenderTarget(gpu->renderer, NULL);
    SDL_DestroyTexture(target);
    return ok;
}

static void gpu_destroy(struct display *display)
{
    struct display_gpu *gpu = (struct display_gpu *)display;
    free(gpu->sides[0].pixels);
    free(gpu->sides[1].pixels);
    compose_buffers_finish(&gpu->film[0]);
    compose_buffers_finish(&gpu->film[1]);
    if (gpu->renderer)
        SDL_DestroyRenderer(gpu->renderer); /* and all its textures */
    free(gpu->shapes);
    free(gpu->vertices);
    free(gpu);
}

/* Mesa's software rasterizers pass for a GPU, and are twenty times slower than display_cpu. */
static bool is_software(const SDL_RendererInfo *info, char *chip, size_t chip_bytes)
{
    typedef const unsigned char *(*get_string)(unsigned);
    const unsigned renderer_name = 0x1F01; /* GL_RENDERER */
    if (info->flags & SDL_RENDERER_SOFTWARE)
        return true;
    union {
        void *object;
        get_string function;
    } gl = {.object = SDL_GL_GetProcAddress("glGetString")};
    const unsigned char *name = gl.object ? gl.function(renderer_name) : NULL;
    if (!name)
        return false;
    SDL_strlcpy(chip, (const char *)name, chip_bytes);
    return strstr(chip, "llvmpipe") || strstr(chip, "softpipe") || strstr(chip, "SWR");
}

static MUST_CHECK bool open_renderer(struct display_gpu *gpu, bool software_too, struct err *err)
{
    SDL_RendererInfo info;
    char chip[64] = "";
    gpu->renderer = SDL_CreateRenderer(gpu->display.window, -1,
                                       SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC |
                                           SDL_RENDERER_TARGETTEXTURE);
    if (!gpu->renderer || SDL_GetRendererInfo(gpu->renderer, &info) < 0)
        return set_sdl_error(err, "no GPU");
    bool software = is_software(&info, chip, sizeof chip);
    if (software && !software_too)
        return err_set(err, ERR_SYSTEM, "no GPU, only the software renderer %s", chip);
    if (SDL_GetRendererOutputSize(gpu->renderer, &gpu->display.width_px, &gpu->display.height_px) <
        0)
        return set_sdl_error(err, "cannot read the screen's size");
    /* Frames of moving pictures are a little larger than the screen. 0: no limit. */
    int side = gpu->display.width_px > gpu->display.height_px ? gpu->display.width_px
                                                              : gpu->display.height_px;
    if (info.max_texture_width &&
        side * layout_motion_scale(LAYOUT_MOTION_PAN) > info.max_texture_width)
        return err_set(err, ERR_LIMIT,
                       "the GPU's textures have at most %d pixels a side, too few for this screen",
                       info.max_texture_width);
    gpu->side_max_px = INT_MAX;
    if (info.max_texture_width && info.max_texture_height)
        gpu->side_max_px = info.max_texture_width < info.max_texture_height
                               ? info.max_texture_width
                               : info.max_texture_height;
    gpu->display.waits = info.flags & SDL_RENDERER_PRESENTVSYNC;
    SDL_snprintf(gpu->display.name, sizeof gpu->display.name, "gpu %s %s (%s)", info.name, chip,
                 SDL_GetCurrentVideoDriver());
    gpu->layer = make_target(gpu);
    return gpu->layer || set_sdl_error(err, "the GPU cannot draw into textures");
}

struct display *display_gpu_create(SDL_Window *window, bool software_too, struct err *err)
{
    static const struct display_driver driver = {.draw = gpu_draw,
                                                 .present = gpu_present,
                                                 .resize = gpu_resize,
                                                 .freeze = gpu_freeze,
                                                 .prepare = gpu_prepare,
                                                 .capture = gpu_capture,
                                                 .destroy = gpu_destroy};
    struct display_gpu *gpu = calloc(1, sizeof *gpu);
    if (!gpu) {
        err_oom(err);
        return NULL;
    }
    gpu->display.driver = &driver;
    gpu->display.window = window;
    gpu->premultiplied = SDL_ComposeCustomBlendMode(
        SDL_BLENDFACTOR_ONE, SDL_BLENDFACTOR_ONE_MINUS_SRC_ALPHA, SDL_BLENDOPERATION_ADD,
        SDL_BLENDFACTOR_ONE, SDL_BLENDFACTOR_ONE_MINUS_SRC_ALPHA, SDL_BLENDOPERATION_ADD);
    gpu->shapes = calloc(MIX_VERTICES_MAX, sizeof *gpu->shapes);
    gpu->vertices = calloc(MIX_VERTICES_MAX, sizeof *gpu->vertices);
    if (!gpu->shapes || !gpu->vertices) {
        gpu_destroy(&gpu->display);
        err_oom(err);
        return NULL;
    }
    if (!open_renderer(gpu, software_too, err)) {
        gpu_destroy(&gpu->display);
        return NULL;
    }
    return &gpu->display;
}
