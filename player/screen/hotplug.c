#include "screen/hotplug.h"

#include <libudev.h>
#include <stdlib.h>
#include <unistd.h>

struct hotplug {
    struct udev *udev;
    struct udev_monitor *monitor;
};

/* By udevd, which has set the device's permissions by then; from the kernel where none runs. */
static const char *event_source(void)
{
    return access("/run/udev/control", F_OK) == 0 ? "udev" : "kernel";
}

struct hotplug *hotplug_start(struct err *err)
{
    struct hotplug *hotplug = calloc(1, sizeof *hotplug);
    if (!hotplug) {
        err_oom(err);
        return NULL;
    }
    hotplug->udev = udev_new();
    if (hotplug->udev)
        hotplug->monitor = udev_monitor_new_from_netlink(hotplug->udev, event_source());
    if (!hotplug->monitor ||
        udev_monitor_filter_add_match_subsystem_devtype(hotplug->monitor, "drm", NULL) < 0 ||
        udev_monitor_enable_receiving(hotplug->monitor) < 0) {
        err_set(err, ERR_SYSTEM, "cannot receive udev's events");
        hotplug_stop(hotplug);
        return NULL;
    }
    return hotplug;
}

int hotplug_fd(const struct hotplug *hotplug)
{
    return udev_monitor_get_fd(hotplug->monitor);
}

bool hotplug_read(struct hotplug *hotplug)
{
    bool any = false;
    struct udev_device *device;
    while ((device = udev_monitor_receive_device(hotplug->monitor))) {
        any = true;
        udev_device_unref(device);
    }
    return any;
}

void hotplug_stop(struct hotplug *hotplug)
{
    if (!hotplug)
        return;
    if (hotplug->monitor)
        udev_monitor_unref(hotplug->monitor);
    if (hotplug->udev)
        udev_unref(hotplug->udev);
    free(hotplug);
}
