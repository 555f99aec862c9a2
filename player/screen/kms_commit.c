#include "screen/kms_commit_private.h"

#include <errno.h>
#include <string.h>

#define DPMS_ON 0
#define DPMS_OFF 3

const struct kms_output *kms_commit_find_crtc(const struct kms_output *outputs, int count,
                                              uint32_t crtc_id)
{
    for (int i = 0; i < count; i++)
        if (outputs[i].crtc_id == crtc_id)
            return &outputs[i];
    return NULL;
}

const struct kms_output *kms_commit_find_connector(const struct kms_output *outputs, int count,
                                                   uint32_t connector_id)
{
    for (int i = 0; i < count; i++)
        if (outputs[i].connector_id == connector_id)
            return &outputs[i];
    return NULL;
}

bool kms_commit_refuse(const struct kms_card *card, int number, const char *what, struct err *err)
{
    if (number == EACCES || number == EPERM || number == EBUSY)
        return err_set(err, ERR_SYSTEM,
                       "another program has the screen (card%d): an X server, a compositor or "
                       "another player",
                       card->index);
    if (number == ENODEV)
        return err_set(err, ERR_SYSTEM, "card%d is gone", card->index);
    bool is_mode = number == EINVAL || number == ERANGE || number == ENOSPC;
    return err_set_errno(err, is_mode ? ERR_INPUT : ERR_SYSTEM, number, "the driver %s refused %s",
                         card->driver, what);
}

static MUST_CHECK bool set_legacy_modes(const struct kms_card *card,
                                        const struct kms_output *outputs, int count,
                                        uint32_t framebuffer_id, struct err *err)
{
    for (int i = 0; i < card->crtc_count; i++)
        if (!kms_commit_find_crtc(outputs, count, card->crtcs[i]))
            (void)card->calls->set_crtc(card->fd, card->crtcs[i], 0, 0, 0, NULL, 0, NULL);
    for (int i = 0; i < count; i++) {
        drmModeModeInfo mode = outputs[i].mode;
        uint32_t connector_id = outputs[i].connector_id;
        int failed = card->calls->set_crtc(card->fd, outputs[i].crtc_id, framebuffer_id,
                                           (uint32_t)outputs[i].x_px, 0, &connector_id, 1, &mode);
        if (failed)
            return kms_commit_refuse(card, -failed, "the mode", err);
    }
    return true;
}

static MUST_CHECK bool flip_legacy(const struct kms_card *card, const struct kms_output *outputs,
                                   int count, uint32_t framebuffer_id, void *context,
                                   struct err *err)
{
    for (int i = 0; i < count; i++) {
        int failed = card->calls->page_flip(card->fd, outputs[i].crtc_id, framebuffer_id,
                                            DRM_MODE_PAGE_FLIP_EVENT, context);
        if (failed)
            return kms_commit_refuse(card, -failed, "a frame", err);
    }
    return true;
}

static MUST_CHECK bool power_legacy(const struct kms_card *card, const struct kms_output *outputs,
                                    int count, bool on, struct err *err)
{
    for (int i = 0; i < count; i++) {
        uint32_t property = kms_card_find_property(card, outputs[i].connector_id,
                                                   DRM_MODE_OBJECT_CONNECTOR, "DPMS", NULL);
        int failed = -ENOENT;
        if (property)
            failed = card->calls->set_connector_property(card->fd, outputs[i].connector_id,
                                                         property, on ? DPMS_ON : DPMS_OFF);
        if (failed)
            return kms_commit_refuse(
                card, -failed, on ? "to turn the monitor on" : "to turn the monitor off", err);
    }
    return true;
}

bool kms_commit_prepare(const struct kms_card *card, struct kms_output *outputs, int count,
                        struct err *err)
{
    return !card->atomic || kms_atomic_prepare(card, outputs, count, err);
}

bool kms_commit_modes(const struct kms_card *card, const struct kms_output *outputs, int count,
                      uint32_t framebuffer_id, struct err *err)
{
    return card->atomic ? kms_atomic_modes(card, outputs, count, framebuffer_id, err)
                        : set_legacy_modes(card, outputs, count, framebuffer_id, err);
}

bool kms_commit_flip(const struct kms_card *card, const struct kms_output *outputs, int count,
                     uint32_t framebuffer_id, void *context, struct err *err)
{
    return card->atomic ? kms_atomic_flip(card, outputs, count, framebuffer_id, context, err)
                        : flip_legacy(card, outputs, count, framebuffer_id, context, err);
}

bool kms_commit_power(const struct kms_card *card, const struct kms_output *outputs, int count,
                      bool on, struct err *err)
{
    return card->atomic ? kms_atomic_power(card, outputs, count, on, err)
                        : power_legacy(card, outputs, count, on, err);
}

void kms_saved_take(const struct kms_card *card, struct kms_saved *saved)
{
    *saved = (struct kms_saved){0};
    for (int i = 0; i < card->crtc_count; i++) {
        drmModeCrtc *crtc = card->calls->get_crtc(card->fd, card->crtcs[i]);
        if (!crtc)
            continue;
        int at = saved->count++;
        saved->crtcs[at] = crtc;
        for (int k = 0; k < card->connector_count; k++)
            if (card->connectors[k].crtc_id == crtc->crtc_id)
                saved->connectors[at][saved->connector_counts[at]++] = card->connectors[k].id;
    }
}

/* The kernel's own text console comes back by itself once the card is closed: this is for whatever
 * else was on, and for a card that another process has open, too. */
void kms_saved_restore(const struct kms_card *card, const struct kms_saved *saved)
{
    for (int i = 0; i < saved->count; i++) {
        drmModeCrtc *crtc = saved->crtcs[i];
        uint32_t connectors[KMS_CONNECTORS_MAX];
        memcpy(connectors, saved->connectors[i], sizeof connectors);
        if (crtc->mode_valid && crtc->buffer_id && saved->connector_counts[i] > 0)
            (void)card->calls->set_crtc(card->fd, crtc->crtc_id, crtc->buffer_id, crtc->x, crtc->y,
                                        connectors, saved->connector_counts[i], &crtc->mode);
    }
}

void kms_saved_forget(const struct kms_card *card, struct kms_saved *saved)
{
    for (int i = 0; i < saved->count; i++)
        card->calls->free_crtc(saved->crtcs[i]);
    *saved = (struct kms_saved){0};
}
