#include "screen/kms_plan.h"

#include <math.h>
#include <string.h>

#define HZ_NEAR 0.51 /* "60" also means 59.94 */
#define HZ_USUAL 60

const struct kms_connector *kms_plan_find_connector(const struct kms_card *card, const char *name)
{
    for (int i = 0; i < card->connector_count; i++)
        if (strcmp(card->connectors[i].name, name) == 0)
            return &card->connectors[i];
    return NULL;
}

static bool is_usable(const struct kms_connector *connector)
{
    return connector->connected && connector->desktop && connector->mode_count > 0;
}

/* The first that is connected; only where there is none, one that can't tell. */
static const struct kms_connector *find_any(const struct kms_card *card)
{
    for (int i = 0; i < card->connector_count; i++)
        if (is_usable(&card->connectors[i]))
            return &card->connectors[i];
    for (int i = 0; i < card->connector_count; i++) {
        const struct kms_connector *connector = &card->connectors[i];
        if (connector->unsure && connector->desktop && connector->mode_count > 0)
            return connector;
    }
    return NULL;
}

static bool take_connector(const struct kms_connector *connector, struct kms_output *output)
{
    *output = (struct kms_output){
        .connector_id = connector->id,
        .monitor_hash = connector->monitor_hash,
        .monitor = connector->monitor,
        .width_mm = connector->width_mm,
        .height_mm = connector->height_mm,
    };
    memcpy(output->name, connector->name, sizeof output->name);
    return true;
}

static const struct kms_connector *find_by_id(const struct kms_card *card, uint32_t id)
{
    for (int i = 0; i < card->connector_count; i++)
        if (card->connectors[i].id == id)
            return &card->connectors[i];
    return NULL;
}

static bool give_crtc(const struct kms_card *card, struct kms_output *outputs, int count, int next,
                      uint32_t taken)
{
    if (next == count)
        return true;
    const struct kms_connector *connector = find_by_id(card, outputs[next].connector_id);
    /* First the one that drives it already, so that nothing is switched without need. */
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < card->crtc_count; i++) {
            bool drives = card->crtcs[i] == connector->crtc_id;
            uint32_t bit = UINT32_C(1) << i;
            if (!(connector->crtcs & bit) || (taken & bit) || drives != (pass == 0))
                continue;
            outputs[next].crtc_id = card->crtcs[i];
            if (give_crtc(card, outputs, count, next + 1, taken | bit))
                return true;
        }
    return false;
}

static bool has_monitor(const struct kms_connector *connector)
{
    return (connector->connected || connector->unsure) && connector->mode_count > 0;
}

static int choose_named(const struct kms_card *card, const struct display_wish *wish,
                        struct kms_output *outputs, struct err *err)
{
    int count = 0, missing = 0;
    for (int i = 0; i < wish->connector_count && count < KMS_OUTPUTS_MAX; i++) {
        const struct kms_connector *connector = kms_plan_find_connector(card, wish->connectors[i]);
        if (!connector) {
            err_set(err, ERR_MISSING, "card%d (%s) has no output %s", card->index, card->driver,
                    wish->connectors[i]);
            return 0;
        }
        if (!has_monitor(connector)) {
            missing++;
            continue;
        }
        take_connector(connector, &outputs[count]);
        outputs[count++].missing_before = missing;
        missing = 0;
    }
    if (count == 0)
        err_set(err, ERR_SYSTEM, "%s has no monitor", wish->connectors[0]);
    else
        outputs[count - 1].missing_after = missing;
    return count;
}

int kms_plan_outputs(const struct kms_card *card, const struct display_wish *wish,
                     struct kms_output outputs[KMS_OUTPUTS_MAX], struct err *err)
{
    int count;
    if (wish->connector_count > 0) {
        count = choose_named(card, wish, outputs, err);
        if (count == 0)
            return 0;
    } else {
        const struct kms_connector *any = find_any(card);
        if (!any) {
            err_set(err, ERR_SYSTEM, "no monitor is connected");
            return 0;
        }
        count = take_connector(any, &outputs[0]);
    }
    if (!give_crtc(card, outputs, count, 0, 0)) {
        err_set(err, ERR_SYSTEM, "card%d cannot drive these %d outputs at once", card->index,
                count);
        return 0;
    }
    return count;
}

static bool fits_wish(const drmModeModeInfo *mode, const struct display_mode *wish)
{
    return mode->hdisplay == wish->width_px && mode->vdisplay == wish->height_px &&
           (wish->hz <= 0 || fabs(kms_mode_hz(mode) - wish->hz) <= HZ_NEAR);
}

/* How far a mode is from what was asked for; without a rate, from the usual one. */
static double mode_distance(const drmModeModeInfo *mode, const struct display_mode *wish)
{
    double distance = fabs(kms_mode_hz(mode) - (wish->hz > 0 ? wish->hz : HZ_USUAL));
    return mode->flags & DRM_MODE_FLAG_INTERLACE ? distance + 1000 : distance;
}

/* The index of the mode that was asked for; -1: the monitor has none such, or nothing was. */
static int find_wished(const struct kms_connector *connector, const struct display_mode *wish)
{
    int best = -1;
    for (int i = 0; wish->width_px && i < connector->mode_count; i++) {
        const drmModeModeInfo *mode = &connector->modes[i];
        if (fits_wish(mode, wish) &&
            (best < 0 || mode_distance(mode, wish) < mode_distance(&connector->modes[best], wish)))
            best = i;
    }
    return best;
}

bool kms_plan_has_mode(const struct kms_connector *connector, const struct display_mode *wish)
{
    return find_wished(connector, wish) >= 0;
}

const drmModeModeInfo *kms_plan_mode(const struct kms_connector *connector,
                                     const struct display_mode *wish, int choice)
{
    int wished = find_wished(connector, wish);
    if (wished >= 0 && choice == 0)
        return &connector->modes[wished];
    if (wished >= 0)
        choice--;
    for (int i = 0; i < connector->mode_count; i++)
        if (i != wished && choice-- == 0)
            return &connector->modes[i];
    return NULL;
}

void kms_plan_place(struct kms_output *outputs, int count, int *width_px, int *height_px)
{
    *width_px = *height_px = 0;
    for (int i = 0; i < count; i++) {
        outputs[i].x_px = *width_px + outputs[i].missing_before * outputs[0].mode.hdisplay;
        *width_px = outputs[i].x_px + outputs[i].mode.hdisplay +
                    outputs[i].missing_after * outputs[0].mode.hdisplay;
        if (outputs[i].mode.vdisplay > *height_px)
            *height_px = outputs[i].mode.vdisplay;
    }
}
