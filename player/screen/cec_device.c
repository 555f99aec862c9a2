/* The kernel's side of cec. */
#include "screen/cec.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_device(int index)
{
    char path[32];
    snprintf(path, sizeof path, "/dev/cec%d", index);
    return open(path, O_RDWR | O_CLOEXEC);
}

static int call_device(int fd, unsigned long request, void *argument)
{
    return ioctl(fd, request, argument);
}

const struct cec_calls cec_calls_kernel = {open_device, call_device, close};
