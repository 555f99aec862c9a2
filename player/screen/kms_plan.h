/* Chooses which connectors of a card show the picture, in which modes, by which of its CRTCs.
 *
 * Pure: looks at what kms_card has read, and changes nothing. */
#ifndef SCREEN_KMS_PLAN_H
#define SCREEN_KMS_PLAN_H

#include "screen/display_wish.h"
#include "screen/kms_card.h"

#define KMS_OUTPUTS_MAX DISPLAY_CONNECTORS_MAX

/* One monitor that shows the picture, or a part of it. */
struct kms_output {
    uint32_t connector_id, crtc_id;
    /* Of atomic mode setting, else 0: the plane, and its property that names what it shows. */
    uint32_t plane_id, framebuffer_property;
    char name[KMS_NAME_BYTES];
    uint64_t monitor_hash;
    struct edid monitor;
    int width_mm, height_mm;
    drmModeModeInfo mode;
    int choice; /* which of kms_plan_mode this is */
    int x_px;   /* where its part begins: outputs stand side by side */
    /* Outputs without a monitor that stand left of it, or, of the last one, right of it. */
    int missing_before, missing_after;
};

/* Those of the connectors that were asked for which have a monitor, in that order; without a wish the
 * first one that has. Fills in all but planes, modes and places. 0: none, as nothing is connected
 * (ERR_SYSTEM), or the card lacks one of these connectors (ERR_MISSING). */
int kms_plan_outputs(const struct kms_card *card, const struct display_wish *wish,
                     struct kms_output outputs[KMS_OUTPUTS_MAX], struct err *err);

/* The mode to try after `choice` others were refused: the one that was asked for, then the
 * monitor's preferred one, then its others. NULL: no more. */
const drmModeModeInfo *kms_plan_mode(const struct kms_connector *connector,
                                     const struct display_mode *wish, int choice);

/* Whether the monitor has the mode that was asked for. */
bool kms_plan_has_mode(const struct kms_connector *connector, const struct display_mode *wish);

/* NULL: the card has no such connector. */
const struct kms_connector *kms_plan_find_connector(const struct kms_card *card, const char *name);

/* Places the outputs side by side; the picture's size is that of all together. One without a monitor
 * is as wide as the first that has one, so that on a wall of equal screens the others show what they
 * always do. */
void kms_plan_place(struct kms_output *outputs, int count, int *width_px, int *height_px);

#endif
