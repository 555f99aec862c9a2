/* Looks at the monitors of a console's graphics cards without taking a card, so that it may be
 * asked while another player shows something on it. Main thread. */
#ifndef SCREEN_KMS_LOOK_H
#define SCREEN_KMS_LOOK_H

#include "screen/display.h"

/* The outputs that a player with this wish would use, in the modes that it would ask for first,
 * and the driver of their card. How many; 0 where there are none: the reason is the one that the
 * player would give (ERR_MISSING: there is no graphics card, ERR_SYSTEM: no monitor, or not for
 * this user). */
int kms_look(const struct display_wish *wish, struct display_output *outputs, int outputs_max,
             char driver[32], struct err *err);

#endif
