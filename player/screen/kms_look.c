#include "screen/kms_look.h"

#include "screen/kms_card.h"
#include "screen/kms_plan.h"

#include <stdio.h>
#include <string.h>

static struct display_output describe(const struct kms_card *card, const struct kms_output *output,
                                      const struct display_wish *wish)
{
    struct display_output own = {.width_mm = output->width_mm, .height_mm = output->height_mm};
    const struct kms_connector *connector = kms_plan_find_connector(card, output->name);
    const drmModeModeInfo *mode = connector ? kms_plan_mode(connector, &wish->mode, 0) : NULL;
    snprintf(own.connector, sizeof own.connector, "%s", output->name);
    edid_describe(&output->monitor, own.monitor, sizeof own.monitor);
    if (mode) {
        own.width_px = mode->hdisplay;
        own.height_px = mode->vdisplay;
        own.refresh_hz = kms_mode_hz(mode);
    }
    return own;
}

int kms_look(const struct display_wish *wish, struct display_output *outputs, int outputs_max,
             char driver[32], struct err *err)
{
    struct err reason = {0};
    for (int index = 0; index < KMS_CARDS_MAX; index++) {
        struct kms_card card;
        struct kms_output found[KMS_OUTPUTS_MAX];
        struct err other = {0};
        int count = 0;
        bool is_open = kms_card_open(&card, &kms_calls_libdrm, index, &other);
        if (is_open)
            count = kms_plan_outputs(&card, wish, found, &other);
        for (int i = 0; i < count && i < outputs_max; i++)
            outputs[i] = describe(&card, &found[i], wish);
        if (is_open)
            memcpy(driver, card.driver, sizeof card.driver);
        kms_card_close(&card);
        if (count > 0)
            return count < outputs_max ? count : outputs_max;
        /* A card that is there says more than one that is not. */
        if (reason.code == ERR_NONE || (reason.code == ERR_MISSING && other.code != ERR_MISSING))
            reason = other;
    }
    if (err)
        *err = reason;
    return 0;
}
