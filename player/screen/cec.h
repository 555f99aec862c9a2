/* Turns televisions off and on over their HDMI cables (CEC), where the graphics card or an adapter has
 * a line for it: many ignore that a picture comes and goes. By the ioctls of linux/cec.h.
 *
 * A thread of its own speaks: an answer may take seconds. Main thread. */
#ifndef SCREEN_CEC_H
#define SCREEN_CEC_H

#include "core/err.h"

#include <stdbool.h>

#define CEC_DEVICES_MAX 16

/* What cec uses of the kernel, so that tests can put televisions of their own in its place: open(2) of
 * /dev/cecN, ioctl(2) and close(2). */
struct cec_calls {
    int (*open)(int index);
    int (*ioctl)(int fd, unsigned long request, void *argument);
    int (*close)(int fd);
};

extern const struct cec_calls cec_calls_kernel; /* in cec_device.c */

/* Tells all televisions; how many took it. It waits for them. `err` is set where one did not. */
int cec_tell(bool on, struct err *err);

/* The same in the thread, which logs what went wrong. Where it still speaks, the latest wish is what it
 * ends with. */
void cec_start_telling(bool on);

/* Waits until the thread is done, two seconds at most. Nothing where there is none. */
void cec_finish(void);

#endif
