/* The kernel's mode setting as the kms_* modules call it: libdrm's functions in a table, so that
 * tests can put a card of their own in their place. Only kms_*.c and display_kms*.c include this.
 *
 * Each member is what libdrm's function of that name is, but for those said here. */
#ifndef SCREEN_KMS_CALLS_H
#define SCREEN_KMS_CALLS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include <drm_fourcc.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#define KMS_CARDS_MAX 16

struct kms_calls {
    int (*open_card)(int index); /* /dev/dri/cardN; -1 and errno */
    int (*card_index)(int fd);   /* which of them this is; -1: none, or one that is gone */
    void (*close_card)(int fd);
    void *(*map)(int fd, uint64_t offset, size_t bytes); /* NULL and errno */
    void (*unmap)(void *memory, size_t bytes);
    __typeof__(poll) *poll;
    __typeof__(drmGetVersion) *get_version;
    __typeof__(drmFreeVersion) *free_version;
    __typeof__(drmGetCap) *get_cap;
    __typeof__(drmSetClientCap) *set_client_cap;
    __typeof__(drmSetMaster) *set_master;
    __typeof__(drmDropMaster) *drop_master;
    __typeof__(drmIsMaster) *is_master;
    __typeof__(drmCrtcGetSequence) *get_sequence;
    __typeof__(drmHandleEvent) *handle_event;
    __typeof__(drmModeGetResources) *get_resources;
    __typeof__(drmModeFreeResources) *free_resources;
    __typeof__(drmModeGetConnector) *get_connector; /* asks the monitor */
    __typeof__(drmModeFreeConnector) *free_connector;
    __typeof__(drmModeGetEncoder) *get_encoder;
    __typeof__(drmModeFreeEncoder) *free_encoder;
    __typeof__(drmModeGetCrtc) *get_crtc;
    __typeof__(drmModeFreeCrtc) *free_crtc;
    __typeof__(drmModeSetCrtc) *set_crtc;
    __typeof__(drmModePageFlip) *page_flip;
    __typeof__(drmModeGetPlaneResources) *get_planes;
    __typeof__(drmModeFreePlaneResources) *free_planes;
    __typeof__(drmModeGetPlane) *get_plane;
    __typeof__(drmModeFreePlane) *free_plane;
    __typeof__(drmModeObjectGetProperties) *get_properties;
    __typeof__(drmModeFreeObjectProperties) *free_properties;
    __typeof__(drmModeGetProperty) *get_property;
    __typeof__(drmModeFreeProperty) *free_property;
    __typeof__(drmModeGetPropertyBlob) *get_blob;
    __typeof__(drmModeFreePropertyBlob) *free_blob;
    __typeof__(drmModeCreatePropertyBlob) *create_blob;
    __typeof__(drmModeDestroyPropertyBlob) *destroy_blob;
    __typeof__(drmModeConnectorSetProperty) *set_connector_property;
    __typeof__(drmModeAtomicAlloc) *atomic_alloc;
    __typeof__(drmModeAtomicFree) *atomic_free;
    __typeof__(drmModeAtomicAddProperty) *atomic_add;
    __typeof__(drmModeAtomicCommit) *atomic_commit;
    __typeof__(drmModeAddFB2) *add_framebuffer;
    __typeof__(drmModeRmFB) *remove_framebuffer;
    __typeof__(drmModeGetFB) *get_framebuffer; /* with a handle of its own, to be destroyed */
    __typeof__(drmModeFreeFB) *free_framebuffer;
    /* The rest of DRM_IOCTL_MODE_*_DUMB: 0, or -1 and errno. */
    int (*create_dumb)(int fd, struct drm_mode_create_dumb *dumb);
    int (*map_dumb)(int fd, struct drm_mode_map_dumb *dumb);
    int (*destroy_dumb)(int fd, struct drm_mode_destroy_dumb *dumb);
};

extern const struct kms_calls kms_calls_libdrm;

#endif
