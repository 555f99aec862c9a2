#include "screen/kms_buffers.h"

#include <errno.h>
#include <string.h>

#define BITS 32

static void finish_buffer(struct kms_buffer *buffer, const struct kms_card *card)
{
    if (buffer->framebuffer_id)
        card->calls->remove_framebuffer(card->fd, buffer->framebuffer_id);
    if (buffer->canvas.pixels)
        card->calls->unmap(buffer->canvas.pixels, buffer->bytes);
    struct drm_mode_destroy_dumb destroyed = {.handle = buffer->handle};
    if (buffer->handle)
        card->calls->destroy_dumb(card->fd, &destroyed);
    *buffer = (struct kms_buffer){0};
}

static MUST_CHECK bool map_buffer(struct kms_buffer *buffer, const struct kms_card *card,
                                  struct err *err)
{
    struct drm_mode_map_dumb place = {.handle = buffer->handle};
    if (card->calls->map_dumb(card->fd, &place) == 0)
        buffer->canvas.pixels = card->calls->map(card->fd, place.offset, buffer->bytes);
    if (!buffer->canvas.pixels)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot map the memory of card%d",
                             card->index);
    memset(buffer->canvas.pixels, 0, buffer->bytes);
    return true;
}

static MUST_CHECK bool init_buffer(struct kms_buffer *buffer, const struct kms_card *card,
                                   int width_px, int height_px, struct err *err)
{
    struct drm_mode_create_dumb dumb = {
        .width = (uint32_t)width_px, .height = (uint32_t)height_px, .bpp = BITS};
    if (card->calls->create_dumb(card->fd, &dumb) != 0)
        return err_set_errno(err, ERR_LIMIT, errno,
                             "card%d has no memory for a picture of %d × %d pixels", card->index,
                             width_px, height_px);
    buffer->handle = dumb.handle;
    buffer->bytes = (size_t)dumb.size;
    buffer->canvas = (struct canvas){NULL, dumb.pitch, width_px, height_px};
    const uint32_t handles[4] = {dumb.handle}, pitches[4] = {dumb.pitch}, offsets[4] = {0};
    int failed =
        card->calls->add_framebuffer(card->fd, dumb.width, dumb.height, DRM_FORMAT_XRGB8888,
                                     handles, pitches, offsets, &buffer->framebuffer_id, 0);
    if (failed)
        return err_set_errno(err, ERR_LIMIT, -failed,
                             "card%d (%s) cannot show a picture of %d × %d pixels", card->index,
                             card->driver, width_px, height_px);
    return map_buffer(buffer, card, err);
}

bool kms_buffers_init(struct kms_buffers *buffers, const struct kms_card *card, int width_px,
                      int height_px, struct err *err)
{
    *buffers = (struct kms_buffers){0};
    if (width_px > card->width_max_px || height_px > card->height_max_px)
        return err_set(err, ERR_LIMIT,
                       "the outputs are %d × %d pixels together, card%d has at most %d × %d",
                       width_px, height_px, card->index, card->width_max_px, card->height_max_px);
    for (int i = 0; i < KMS_BUFFERS; i++)
        if (!init_buffer(&buffers->buffers[i], card, width_px, height_px, err)) {
            kms_buffers_finish(buffers, card);
            return false;
        }
    return true;
}

void kms_buffers_finish(struct kms_buffers *buffers, const struct kms_card *card)
{
    for (int i = 0; i < KMS_BUFFERS; i++)
        finish_buffer(&buffers->buffers[i], card);
}

void kms_buffers_leave(struct kms_buffers *buffers, const struct kms_card *card)
{
    for (int i = 0; i < KMS_BUFFERS; i++)
        if (buffers->buffers[i].canvas.pixels)
            card->calls->unmap(buffers->buffers[i].canvas.pixels, buffers->buffers[i].bytes);
    *buffers = (struct kms_buffers){0};
}
