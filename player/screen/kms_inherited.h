/* What the process before has left in a card whose descriptor it left, too: the picture on screen,
 * framebuffers, the memory behind them, and flips that it waited for. Main thread. */
#ifndef SCREEN_KMS_INHERITED_H
#define SCREEN_KMS_INHERITED_H

#include "screen/compose.h"
#include "screen/kms_card.h"

/* Zeroed: nothing. */
struct kms_inherited {
    uint32_t framebuffers[KMS_CRTCS_MAX]; /* that are on screen */
    int count;
    struct canvas picture; /* a copy of the first; pixels NULL: there is none */
};

/* Finds all that; only before anything was made with this descriptor. The picture stays on screen;
 * what is not on screen is given back at once. */
void kms_inherited_take(struct kms_inherited *inherited, const struct kms_card *card);

/* Another picture is on screen: removes the framebuffers. The copy stays. */
void kms_inherited_remove(struct kms_inherited *inherited, const struct kms_card *card);

/* Frees the copy; what is in the card stays. The struct is zeroed then. */
void kms_inherited_finish(struct kms_inherited *inherited);

#endif
