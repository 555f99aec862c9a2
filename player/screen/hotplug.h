/* Tells when a monitor is plugged in or unplugged, or a graphics card comes or goes: udev's events
 * of the kernel's drm subsystem. Main thread. */
#ifndef SCREEN_HOTPLUG_H
#define SCREEN_HOTPLUG_H

#include "core/err.h"

#include <stdbool.h>

struct hotplug;

/* NULL on failure. */
struct hotplug *hotplug_start(struct err *err);

/* To wait for until it can be read. */
int hotplug_fd(const struct hotplug *hotplug);

/* Takes all events that are waiting. Whether there were any. */
bool hotplug_read(struct hotplug *hotplug);

void hotplug_stop(struct hotplug *hotplug); /* NULL is allowed */

#endif
