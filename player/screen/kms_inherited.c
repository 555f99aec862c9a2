#include "screen/kms_inherited.h"

#include "screen/cpu_drawing.h"

#include <stdlib.h>

/* Handles are the lowest numbers that are free, and a process has six at most, for a moment. */
#define HANDLES_MAX 64
#define SIDE_MAX_PX 16384 /* products stay within their types */
#define PIXEL_BITS 32
#define COLOR_BITS 24

static void ignore_flip(int fd, unsigned sequence, unsigned seconds, unsigned microseconds,
                        unsigned crtc_id, void *context)
{
    (void)fd;
    (void)sequence;
    (void)seconds;
    (void)microseconds;
    (void)crtc_id;
    (void)context;
}

/* Events of flips that the process before has not waited for. Their contexts are its addresses. */
static void drop_events(const struct kms_card *card)
{
    drmEventContext events = {.version = 3, .page_flip_handler2 = ignore_flip};
    struct pollfd ready = {card->fd, POLLIN, 0};
    while (card->calls->poll(&ready, 1, 0) > 0 && ready.revents & POLLIN)
        if (card->calls->handle_event(card->fd, &events) != 0)
            break;
}

static bool is_listed(const struct kms_inherited *inherited, uint32_t framebuffer_id)
{
    for (int i = 0; i < inherited->count; i++)
        if (inherited->framebuffers[i] == framebuffer_id)
            return true;
    return false;
}

/* The framebuffers of this descriptor that a CRTC shows. */
static void list_shown(struct kms_inherited *inherited, const struct kms_card *card,
                       const drmModeRes *resources)
{
    for (int i = 0; i < card->crtc_count; i++) {
        drmModeCrtc *crtc = card->calls->get_crtc(card->fd, card->crtcs[i]);
        bool is_own = false;
        for (int k = 0; crtc && crtc->mode_valid && k < resources->count_fbs; k++)
            is_own |= resources->fbs[k] == crtc->buffer_id;
        if (is_own && !is_listed(inherited, crtc->buffer_id))
            inherited->framebuffers[inherited->count++] = crtc->buffer_id;
        if (crtc)
            card->calls->free_crtc(crtc);
    }
}

/* Also those of processes that ended before they showed anything. */
static void remove_others(const struct kms_inherited *inherited, const struct kms_card *card,
                          const drmModeRes *resources)
{
    for (int i = 0; i < resources->count_fbs; i++)
        if (!is_listed(inherited, resources->fbs[i]))
            card->calls->remove_framebuffer(card->fd, resources->fbs[i]);
}

/* All outputs show parts of one framebuffer, which is all of the picture. */
static void copy_picture(struct canvas *picture, const struct kms_card *card, const drmModeFB *from)
{
    struct drm_mode_map_dumb place = {.handle = from->handle};
    if (!from->handle || from->bpp != PIXEL_BITS || from->depth != COLOR_BITS || !from->width ||
        !from->height || from->width > SIDE_MAX_PX || from->height > SIDE_MAX_PX ||
        from->pitch < from->width * 4 || card->calls->map_dumb(card->fd, &place) != 0)
        return;
    size_t bytes = (size_t)from->pitch * from->height;
    struct canvas shown = {card->calls->map(card->fd, place.offset, bytes), from->pitch,
                           (int)from->width, (int)from->height};
    if (!shown.pixels)
        return;
    if (cpu_canvas_init(picture, shown.width_px, shown.height_px, NULL))
        compose_copy(picture, &shown);
    card->calls->unmap(shown.pixels, bytes);
}

void kms_inherited_take(struct kms_inherited *inherited, const struct kms_card *card)
{
    *inherited = (struct kms_inherited){0};
    drop_events(card);
    drmModeRes *resources = card->calls->get_resources(card->fd);
    if (resources) {
        list_shown(inherited, card, resources);
        remove_others(inherited, card, resources);
        card->calls->free_resources(resources);
    }
    uint32_t shown = inherited->count > 0 ? inherited->framebuffers[0] : 0;
    drmModeFB *framebuffer = shown ? card->calls->get_framebuffer(card->fd, shown) : NULL;
    if (framebuffer) {
        copy_picture(&inherited->picture, card, framebuffer);
        card->calls->free_framebuffer(framebuffer);
    }
    /* What they were is not known any more. A framebuffer keeps its memory. */
    for (uint32_t handle = 1; handle <= HANDLES_MAX; handle++) {
        struct drm_mode_destroy_dumb destroyed = {.handle = handle};
        (void)card->calls->destroy_dumb(card->fd, &destroyed);
    }
}

void kms_inherited_remove(struct kms_inherited *inherited, const struct kms_card *card)
{
    for (int i = 0; i < inherited->count; i++)
        card->calls->remove_framebuffer(card->fd, inherited->framebuffers[i]);
    inherited->count = 0;
}

void kms_inherited_finish(struct kms_inherited *inherited)
{
    free(inherited->picture.pixels);
    *inherited = (struct kms_inherited){0};
}
