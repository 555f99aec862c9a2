#include "screen/kms_calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DRM_DEVICE_MAJOR 226 /* Linux allocated devices: the kernel's admin-guide/devices.txt */

static int open_card(int index)
{
    char path[32];
    snprintf(path, sizeof path, "/dev/dri/card%d", index);
    return open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

/* The device's number, and that of the file which a card of this number has. */
static int card_index(int fd)
{
    char path[32];
    struct stat own, named;
    if (fstat(fd, &own) != 0 || !S_ISCHR(own.st_mode) || major(own.st_rdev) != DRM_DEVICE_MAJOR)
        return -1;
    int index = (int)minor(own.st_rdev);
    snprintf(path, sizeof path, "/dev/dri/card%d", index);
    bool is_card = stat(path, &named) == 0 && named.st_rdev == own.st_rdev;
    return is_card && index < KMS_CARDS_MAX ? index : -1;
}

static void close_card(int fd)
{
    close(fd);
}

static void *map_memory(int fd, uint64_t offset, size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    return memory == MAP_FAILED ? NULL : memory;
}

static void unmap_memory(void *memory, size_t bytes)
{
    munmap(memory, bytes);
}

static int create_dumb(int fd, struct drm_mode_create_dumb *dumb)
{
    return drmIoctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, dumb);
}

static int map_dumb(int fd, struct drm_mode_map_dumb *dumb)
{
    return drmIoctl(fd, DRM_IOCTL_MODE_MAP_DUMB, dumb);
}

static int destroy_dumb(int fd, struct drm_mode_destroy_dumb *dumb)
{
    return drmIoctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, dumb);
}

const struct kms_calls kms_calls_libdrm = {
    .open_card = open_card,
    .card_index = card_index,
    .close_card = close_card,
    .map = map_memory,
    .unmap = unmap_memory,
    .poll = poll,
    .get_version = drmGetVersion,
    .free_version = drmFreeVersion,
    .get_cap = drmGetCap,
    .set_client_cap = drmSetClientCap,
    .set_master = drmSetMaster,
    .drop_master = drmDropMaster,
    .is_master = drmIsMaster,
    .get_sequence = drmCrtcGetSequence,
    .handle_event = drmHandleEvent,
    .get_resources = drmModeGetResources,
    .free_resources = drmModeFreeResources,
    .get_connector = drmModeGetConnector,
    .free_connector = drmModeFreeConnector,
    .get_encoder = drmModeGetEncoder,
    .free_encoder = drmModeFreeEncoder,
    .get_crtc = drmModeGetCrtc,
    .free_crtc = drmModeFreeCrtc,
    .set_crtc = drmModeSetCrtc,
    .page_flip = drmModePageFlip,
    .get_planes = drmModeGetPlaneResources,
    .free_planes = drmModeFreePlaneResources,
    .get_plane = drmModeGetPlane,
    .free_plane = drmModeFreePlane,
    .get_properties = drmModeObjectGetProperties,
    .free_properties = drmModeFreeObjectProperties,
    .get_property = drmModeGetProperty,
    .free_property = drmModeFreeProperty,
    .get_blob = drmModeGetPropertyBlob,
    .free_blob = drmModeFreePropertyBlob,
    .create_blob = drmModeCreatePropertyBlob,
    .destroy_blob = drmModeDestroyPropertyBlob,
    .set_connector_property = drmModeConnectorSetProperty,
    .atomic_alloc = drmModeAtomicAlloc,
    .atomic_free = drmModeAtomicFree,
    .atomic_add = drmModeAtomicAddProperty,
    .atomic_commit = drmModeAtomicCommit,
    .add_framebuffer = drmModeAddFB2,
    .remove_framebuffer = drmModeRmFB,
    .get_framebuffer = drmModeGetFB,
    .free_framebuffer = drmModeFreeFB,
    .create_dumb = create_dumb,
    .map_dumb = map_dumb,
    .destroy_dumb = destroy_dumb,
};
