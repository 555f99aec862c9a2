/* Puts pictures on outputs: sets modes, flips from one framebuffer to the next, turns monitors off
 * and on. By atomic mode setting where the driver has it, else by the older calls.
 *
 * All outputs show parts of one framebuffer. Main thread; the card's master. */
#ifndef SCREEN_KMS_COMMIT_H
#define SCREEN_KMS_COMMIT_H

#include "screen/kms_plan.h"

/* Finds the planes that the outputs need: once, before the rest. */
MUST_CHECK bool kms_commit_prepare(const struct kms_card *card, struct kms_output *outputs,
                                   int count, struct err *err);

/* Sets all modes, and turns off what else the card shows. ERR_INPUT: the driver refuses one of
 * these modes; ERR_SYSTEM: another reason, such as another master. On success the picture is on. */
MUST_CHECK bool kms_commit_modes(const struct kms_card *card, const struct kms_output *outputs,
                                 int count, uint32_t framebuffer_id, struct err *err);

/* Asks for another framebuffer at the next refresh. One event for each output will come from the
 * card's descriptor, with `context`. */
MUST_CHECK bool kms_commit_flip(const struct kms_card *card, const struct kms_output *outputs,
                                int count, uint32_t framebuffer_id, void *context, struct err *err);

/* Turns the monitors off, or on again as they were. */
MUST_CHECK bool kms_commit_power(const struct kms_card *card, const struct kms_output *outputs,
                                 int count, bool on, struct err *err);

/* What the card showed before: of each CRTC its mode, framebuffer and connectors. */
struct kms_saved {
    drmModeCrtc *crtcs[KMS_CRTCS_MAX];
    uint32_t connectors[KMS_CRTCS_MAX][KMS_CONNECTORS_MAX];
    int connector_counts[KMS_CRTCS_MAX];
    int count;
};

void kms_saved_take(const struct kms_card *card, struct kms_saved *saved);

/* Shows it again, as far as it still exists. */
void kms_saved_restore(const struct kms_card *card, const struct kms_saved *saved);

/* Allowed for a zeroed one. */
void kms_saved_forget(const struct kms_card *card, struct kms_saved *saved);

#endif
