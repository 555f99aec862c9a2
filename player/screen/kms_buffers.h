/* Two pictures in a graphics card's memory ("dumb buffers"): one is shown while the other is
 * drawn. Writing to them is fast, reading from them slow. Main thread. */
#ifndef SCREEN_KMS_BUFFERS_H
#define SCREEN_KMS_BUFFERS_H

#include "screen/compose.h"
#include "screen/kms_card.h"

#define KMS_BUFFERS 2

struct kms_buffer {
    struct canvas canvas;
    size_t bytes;
    uint32_t handle, framebuffer_id; /* 0: none */
};

struct kms_buffers {
    struct kms_buffer buffers[KMS_BUFFERS]; /* black at first */
};

/* False: nothing is left. ERR_LIMIT: larger than the card can. */
MUST_CHECK bool kms_buffers_init(struct kms_buffers *buffers, const struct kms_card *card,
                                 int width_px, int height_px, struct err *err);

/* What is shown of them goes dark. Allowed for zeroed ones. */
void kms_buffers_finish(struct kms_buffers *buffers, const struct kms_card *card);

/* Leaves them in the card, and on screen, as a process that ends does. Allowed for zeroed ones. */
void kms_buffers_leave(struct kms_buffers *buffers, const struct kms_card *card);

#endif
