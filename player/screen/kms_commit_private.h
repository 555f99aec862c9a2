/* The two ways of kms_commit. Private to it. */
#ifndef SCREEN_KMS_COMMIT_PRIVATE_H
#define SCREEN_KMS_COMMIT_PRIVATE_H

#include "screen/kms_commit.h"

/* Of outputs[0] to outputs[count - 1]: the one at this CRTC or connector; NULL: none. */
const struct kms_output *kms_commit_find_crtc(const struct kms_output *outputs, int count,
                                              uint32_t crtc_id);
const struct kms_output *kms_commit_find_connector(const struct kms_output *outputs, int count,
                                                   uint32_t connector_id);

/* What an errno of a refused mode, flip or power means. Returns false. */
bool kms_commit_refuse(const struct kms_card *card, int number, const char *what, struct err *err);

/* kms_commit.h, for atomic mode setting. */
MUST_CHECK bool kms_atomic_prepare(const struct kms_card *card, struct kms_output *outputs,
                                   int count, struct err *err);
MUST_CHECK bool kms_atomic_modes(const struct kms_card *card, const struct kms_output *outputs,
                                 int count, uint32_t framebuffer_id, struct err *err);
MUST_CHECK bool kms_atomic_flip(const struct kms_card *card, const struct kms_output *outputs,
                                int count, uint32_t framebuffer_id, void *context, struct err *err);
MUST_CHECK bool kms_atomic_power(const struct kms_card *card, const struct kms_output *outputs,
                                 int count, bool on, struct err *err);

#endif
