/* A graphics card in memory that stands for libdrm's functions (kms_calls_libdrm) and for udev's
 * events: with a vertical blank of its own, monitors that a test plugs in, modes that it refuses, a
 * master that is somebody else. It keeps to what the kernel does: properties by name, requests taken as
 * a whole, errors as negative numbers or as errno, as each function has them. Longer than other
 * files, as all of it is one card. */
#ifndef TESTS_UNIT_FAKE_KMS_H
#define TESTS_UNIT_FAKE_KMS_H

#include "base/clock.h"
#include "screen/compose.h"
#include "screen/hotplug.h"
#include "screen/kms_calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_CONNECTORS 3
#define FAKE_CRTCS 2
#define FAKE_FD 1000
#define FAKE_BUFFERS 32
#define FAKE_HANDLES 64
#define FAKE_FRAMEBUFFERS 32
#define FAKE_EDID_BYTES 128

enum { CONNECTOR_ID = 100, CRTC_ID = 200, ENCODER_ID = 300, PLANE_ID = 400, BUFFER_ID = 500 };
enum { BLOB_MODE = 700, BLOB_EDID = 800 };

struct fake_connector {
    bool connected;
    drmModeModeInfo modes[4];
    int mode_count;
    uint8_t edid[FAKE_EDID_BYTES];
    uint32_t crtc_id; /* 0: dark */
    uint64_t dpms;
};

struct fake_crtc {
    bool active;
    drmModeModeInfo mode;
    uint32_t framebuffer_id;
    int x;
    int pending; /* flips that were asked for; the last one's stamp: */
    int64_t flip_ns;
    void *context;
};

/* Freed with its last handle or framebuffer. */
struct fake_buffer {
    uint8_t *memory;
    size_t bytes;
    uint32_t width, height, pitch;
    int holders;
};

static struct fake_kms {
    bool absent, forbidden; /* /dev/dri/card0: not there; not for this user */
    bool legacy, blind;     /* no atomic mode setting; no vertical blank */
    bool other_master, stuck, gone;
    int calls_left; /* after so many it is gone, or with `unplugs` its first monitor; 0: neither */
    bool unplugs;
    bool no_card;      /* the descriptor is another device's */
    bool went_dark;    /* a CRTC that showed something went off */
    int stale;         /* events that a process before has not read */
    int drops;         /* of the master's rights */
    int refused_width; /* of a mode */
    int width_max;
    struct fake_connector connectors[FAKE_CONNECTORS];
    struct fake_crtc crtcs[FAKE_CRTCS];
    struct fake_buffer buffers[FAKE_BUFFERS];
    struct fake_buffer *handles[FAKE_HANDLES];           /* by handle; 0 is none */
    struct fake_buffer *framebuffers[FAKE_FRAMEBUFFERS]; /* by id, less BUFFER_ID */
    drmModeModeInfo blob;
    int blobs, opened, commits, tests;
    int64_t period_ns, skew_ns; /* skew: what the stamps are off */
    bool event;                 /* of udev */
} fake;

/* ---- what a test sets and sees ---- */

static inline drmModeModeInfo fake_mode(int width, int height, int hz)
{
    drmModeModeInfo mode = {.hdisplay = (uint16_t)width,
                            .vdisplay = (uint16_t)height,
                            .htotal = (uint16_t)(width + 100),
                            .vtotal = (uint16_t)(height + 25),
                            .vrefresh = (uint32_t)hz};
    mode.clock = (uint32_t)(mode.htotal * mode.vtotal * hz / 1000);
    return mode;
}

static inline void fake_name_monitor(struct fake_connector *connector, const char *name)
{
    static const uint8_t head[] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0x10, 0xac, 0xc4, 0xa0,
                                   0, 0,    0,    0,    1,    30,   1,    4, 0xa5, 60,   34};
    uint8_t *edid = connector->edid, sum = 0;
    memset(edid, 0, FAKE_EDID_BYTES);
    memcpy(edid, head, sizeof head);
    edid[57] = 0xfc;
    snprintf((char *)edid + 59, 14, "%s\n", name);
    edid[54] = edid[55] = edid[56] = 0;
    for (int i = 0; i < FAKE_EDID_BYTES - 1; i++)
        sum = (uint8_t)(sum + edid[i]);
    edid[FAKE_EDID_BYTES - 1] = (uint8_t)-sum;
}

static inline void fake_plug(int index, const char *name, drmModeModeInfo first,
                             drmModeModeInfo second)
{
    struct fake_connector *connector = &fake.connectors[index];
    connector->connected = true;
    connector->mode_count = 2;
    connector->modes[0] = first;
    connector->modes[1] = second;
    fake_name_monitor(connector, name);
    fake.event = true;
}

static inline void fake_unplug(int index)
{
    fake.connectors[index].connected = false;
    fake.connectors[index].mode_count = 0;
    fake.event = true;
}

/* Each call that asks the card for something begins with it; whether the card is gone. */
static inline bool fake_count_call(void)
{
    if (fake.calls_left > 0 && --fake.calls_left == 0) {
        if (fake.unplugs)
            fake_unplug(0);
        else
            fake.gone = true;
    }
    errno = ENODEV;
    return fake.gone;
}

static inline void fake_begin(void)
{
    fake = (struct fake_kms){.width_max = 4096, .period_ns = 10000000};
}

/* What a CRTC sends to its monitor; pixels NULL: nothing. */
static inline struct canvas fake_shown(int index)
{
    const struct fake_crtc *crtc = &fake.crtcs[index];
    if (!crtc->active || !crtc->framebuffer_id)
        return (struct canvas){0};
    const struct fake_buffer *buffer = fake.framebuffers[crtc->framebuffer_id - BUFFER_ID];
    return (struct canvas){buffer->memory + (size_t)crtc->x * 4, buffer->pitch, crtc->mode.hdisplay,
                           crtc->mode.vdisplay};
}

static inline int fake_buffers_left(void)
{
    int left = 0;
    for (int i = 0; i < FAKE_BUFFERS; i++)
        left += fake.buffers[i].memory != NULL;
    return left;
}

/* ---- properties ---- */

static const char *const fake_names[] = {
    "",      "CRTC_ID", "EDID",  "DPMS",  "link-status", "MODE_ID", "ACTIVE", "type",   "FB_ID",
    "SRC_X", "SRC_Y",   "SRC_W", "SRC_H", "CRTC_X",      "CRTC_Y",  "CRTC_W", "CRTC_H", "rotation"};
#define FAKE_NAMES ((uint32_t)(sizeof fake_names / sizeof *fake_names))

static inline uint64_t fake_value(uint32_t object, const char *name)
{
    if (strcmp(name, "EDID") == 0)
        return fake.connectors[object - CONNECTOR_ID].connected ? BLOB_EDID + object : 0;
    if (strcmp(name, "type") == 0)
        return object - PLANE_ID < FAKE_CRTCS ? DRM_PLANE_TYPE_PRIMARY : DRM_PLANE_TYPE_CURSOR;
    if (strcmp(name, "CRTC_ID") == 0 && object < CRTC_ID)
        return fake.connectors[object - CONNECTOR_ID].crtc_id;
    if (strcmp(name, "DPMS") == 0)
        return fake.connectors[object - CONNECTOR_ID].dpms;
    if (strcmp(name, "ACTIVE") == 0)
        return fake.crtcs[object - CRTC_ID].active;
    if (strcmp(name, "rotation") == 0)
        return DRM_MODE_ROTATE_0;
    return 0;
}

static bool fake_has(uint32_t object, const char *name)
{
    static const char of_connector[] = "CRTC_ID EDID DPMS link-status",
                      of_crtc[] = "MODE_ID ACTIVE";
    static const char of_plane[] =
        "type FB_ID CRTC_ID SRC_X SRC_Y SRC_W SRC_H CRTC_X CRTC_Y CRTC_W "
        "CRTC_H rotation";
    const char *list = object >= PLANE_ID ? of_plane : object >= CRTC_ID ? of_crtc : of_connector;
    return strstr(list, name) != NULL;
}

static drmModeObjectPropertiesPtr fake_get_properties(int fd, uint32_t object, uint32_t type)
{
    if (fake_count_call())
        return NULL;
    drmModeObjectPropertiesPtr all = calloc(1, sizeof *all);
    (void)fd;
    (void)type;
    all->props = calloc(FAKE_NAMES, sizeof *all->props);
    all->prop_values = calloc(FAKE_NAMES, sizeof *all->prop_values);
    for (uint32_t i = 1; object && i < FAKE_NAMES; i++)
        if (fake_has(object, fake_names[i])) {
            all->props[all->count_props] = i;
            all->prop_values[all->count_props++] = fake_value(object, fake_names[i]);
        }
    return all;
}

static void fake_free_properties(drmModeObjectPropertiesPtr all)
{
    if (!all)
        return;
    free(all->props);
    free(all->prop_values);
    free(all);
}

static drmModePropertyPtr fake_get_property(int fd, uint32_t id)
{
    if (fake_count_call())
        return NULL;
    drmModePropertyPtr property = calloc(1, sizeof *property);
    (void)fd;
    property->prop_id = id;
    snprintf(property->name, sizeof property->name, "%s", fake_names[id]);
    return property;
}

static void fake_free_property(drmModePropertyPtr property)
{
    free(property);
}

static drmModePropertyBlobPtr fake_get_blob(int fd, uint32_t id)
{
    if (fake_count_call())
        return NULL;
    drmModePropertyBlobPtr blob = calloc(1, sizeof *blob);
    (void)fd;
    blob->length = FAKE_EDID_BYTES;
    blob->data = fake.connectors[id - BLOB_EDID - CONNECTOR_ID].edid;
    return blob;
}

static void fake_free_blob(drmModePropertyBlobPtr blob)
{
    free(blob);
}

static int fake_create_blob(int fd, const void *data, size_t bytes, uint32_t *id)
{
    if (fake_count_call())
        return -ENODEV;
    (void)fd;
    (void)bytes;
    fake.blob = *(const drmModeModeInfo *)data;
    /* The mode itself, by its place: a test has no more than a few. */
    *id = BLOB_MODE + (uint32_t)fake.blobs++;
    return 0;
}

static int fake_destroy_blob(int fd, uint32_t id)
{
    (void)fd;
    (void)id;
    fake.blobs--;
    return 0;
}

/* ---- the card ---- */

static int fake_open(int index)
{
    errno = index == 0 && fake.forbidden ? EACCES : ENOENT;
    if (index != 0 || fake.absent || fake.forbidden)
        return -1;
    fake.opened++;
    return FAKE_FD;
}

static void fake_close(int fd)
{
    (void)fd;
    fake.opened--;
}

static drmVersionPtr fake_get_version(int fd)
{
    static char name[] = "fake";
    static drmVersion version = {.name_len = 4, .name = name};
    (void)fd;
    return &version;
}

static void fake_free_version(drmVersionPtr version)
{
    (void)version;
}

static int fake_get_cap(int fd, uint64_t cap, uint64_t *value)
{
    if (fake_count_call())
        return -ENODEV;
    (void)fd;
    *value = cap == DRM_CAP_DUMB_BUFFER || cap == DRM_CAP_TIMESTAMP_MONOTONIC;
    return 0;
}

static int fake_card_index(int fd)
{
    return fd == FAKE_FD && !fake.no_card ? 0 : -1;
}

static int fake_set_client_cap(int fd, uint64_t cap, uint64_t value)
{
    if (fake_count_call())
        return -ENODEV;
    (void)fd;
    (void)value;
    return cap == DRM_CLIENT_CAP_ATOMIC && fake.legacy ? -EOPNOTSUPP : 0;
}

static int fake_is_master(int fd)
{
    (void)fd;
    return !fake.other_master;
}

static int fake_set_master(int fd)
{
    if (fake_count_call())
        return -1;
    (void)fd;
    errno = EACCES;
    return fake.other_master ? -1 : 0;
}

static int fake_drop_master(int fd)
{
    (void)fd;
    fake.drops++;
    return 0;
}

static int fake_get_sequence(int fd, uint32_t crtc_id, uint64_t *sequence, uint64_t *ns)
{
    (void)fd;
    (void)crtc_id;
    *sequence = *ns = 0;
    return fake.blind ? -EOPNOTSUPP : 0;
}

static drmModeResPtr fake_get_resources(int fd)
{
    static uint32_t connectors[FAKE_CONNECTORS], crtcs[FAKE_CRTCS], fbs[FAKE_FRAMEBUFFERS];
    static drmModeRes resources = {.count_connectors = FAKE_CONNECTORS,
                                   .connectors = connectors,
                                   .count_crtcs = FAKE_CRTCS,
                                   .crtcs = crtcs,
                                   .fbs = fbs,
                                   .max_height = 4096};
    (void)fd;
    if (fake_count_call())
        return NULL;
    for (uint32_t i = 0; i < FAKE_CONNECTORS; i++)
        connectors[i] = CONNECTOR_ID + i;
    for (uint32_t i = 0; i < FAKE_CRTCS; i++)
        crtcs[i] = CRTC_ID + i;
    resources.count_fbs = 0; /* those of this descriptor alone */
    for (uint32_t i = 1; i < FAKE_FRAMEBUFFERS; i++)
        if (fake.framebuffers[i])
            fbs[resources.count_fbs++] = BUFFER_ID + i;
    resources.max_width = (uint32_t)fake.width_max;
    return &resources;
}

static void fake_free_resources(drmModeResPtr resources)
{
    (void)resources;
}

static drmModeConnectorPtr fake_get_connector(int fd, uint32_t id)
{
    if (fake_count_call())
        return NULL;
    static uint32_t encoders[FAKE_CONNECTORS];
    struct fake_connector *from = &fake.connectors[id - CONNECTOR_ID];
    drmModeConnectorPtr connector = calloc(1, sizeof *connector);
    (void)fd;
    encoders[id - CONNECTOR_ID] = id - CONNECTOR_ID + ENCODER_ID;
    connector->connector_id = id;
    connector->connector_type = DRM_MODE_CONNECTOR_HDMIA;
    connector->connector_type_id = id - CONNECTOR_ID + 1;
    connector->connection = from->connected ? DRM_MODE_CONNECTED : DRM_MODE_DISCONNECTED;
    connector->encoder_id = from->crtc_id ? encoders[id - CONNECTOR_ID] : 0;
    connector->count_encoders = 1;
    connector->encoders = &encoders[id - CONNECTOR_ID];
    connector->count_modes = from->mode_count;
    connector->modes = from->modes;
    return connector;
}

static void fake_free_connector(drmModeConnectorPtr connector)
{
    free(connector);
}

static drmModeEncoderPtr fake_get_encoder(int fd, uint32_t id)
{
    if (fake_count_call())
        return NULL;
    static drmModeEncoder encoder;
    (void)fd;
    encoder = (drmModeEncoder){.encoder_id = id,
                               .crtc_id = fake.connectors[id - ENCODER_ID].crtc_id,
                               .possible_crtcs = (1 << FAKE_CRTCS) - 1};
    return &encoder;
}

static void fake_free_encoder(drmModeEncoderPtr encoder)
{
    (void)encoder;
}

static drmModeCrtcPtr fake_get_crtc(int fd, uint32_t id)
{
    if (fake_count_call())
        return NULL;
    const struct fake_crtc *from = &fake.crtcs[id - CRTC_ID];
    drmModeCrtcPtr crtc = calloc(1, sizeof *crtc);
    (void)fd;
    crtc->crtc_id = id;
    crtc->buffer_id = from->framebuffer_id;
    crtc->mode_valid = from->active;
    crtc->mode = from->mode;
    return crtc;
}

static void fake_free_crtc(drmModeCrtcPtr crtc)
{
    free(crtc);
}

static drmModePlaneResPtr fake_get_planes(int fd)
{
    if (fake_count_call())
        return NULL;
    static uint32_t planes[FAKE_CRTCS + 1];
    static drmModePlaneRes resources = {.count_planes = FAKE_CRTCS + 1, .planes = planes};
    (void)fd;
    for (uint32_t i = 0; i <= FAKE_CRTCS; i++)
        planes[i] = PLANE_ID + i;
    return &resources;
}

static void fake_free_planes(drmModePlaneResPtr planes)
{
    (void)planes;
}

static drmModePlanePtr fake_get_plane(int fd, uint32_t id)
{
    if (fake_count_call())
        return NULL;
    static uint32_t formats[] = {DRM_FORMAT_XRGB8888};
    static drmModePlane plane;
    uint32_t index = id - PLANE_ID;
    (void)fd;
    plane = (drmModePlane){.plane_id = id,
                           .possible_crtcs = index < FAKE_CRTCS ? UINT32_C(1) << index : 3,
                           .count_formats = 1,
                           .formats = formats};
    return &plane;
}

static void fake_free_plane(drmModePlanePtr plane)
{
    (void)plane;
}

/* ---- buffers ---- */

static inline void fake_let_go(struct fake_buffer **place)
{
    if (*place && --(*place)->holders == 0) {
        free((*place)->memory);
        **place = (struct fake_buffer){0};
    }
    *place = NULL;
}

/* As the kernel: the lowest number that is free. */
static inline uint32_t fake_hold(struct fake_buffer **places, uint32_t count,
                                 struct fake_buffer *buffer)
{
    for (uint32_t i = 1; i < count; i++)
        if (!places[i]) {
            places[i] = buffer;
            buffer->holders++;
            return i;
        }
    return 0;
}

static int fake_create_dumb(int fd, struct drm_mode_create_dumb *dumb)
{
    if (fake_count_call())
        return -1;
    (void)fd;
    for (uint32_t i = 0; i < FAKE_BUFFERS; i++) {
        struct fake_buffer *buffer = &fake.buffers[i];
        if (buffer->memory)
            continue;
        dumb->pitch = (dumb->width * 4 + 255) / 256 * 256;
        dumb->size = (uint64_t)dumb->pitch * dumb->height;
        *buffer = (struct fake_buffer){calloc(1, dumb->size), dumb->size,  dumb->width,
                                       dumb->height,          dumb->pitch, 0};
        dumb->handle = fake_hold(fake.handles, FAKE_HANDLES, buffer);
        return 0;
    }
    errno = ENOMEM;
    return -1;
}

static int fake_map_dumb(int fd, struct drm_mode_map_dumb *dumb)
{
    if (fake_count_call())
        return -1;
    (void)fd;
    dumb->offset = dumb->handle;
    return 0;
}

static void *fake_map(int fd, uint64_t offset, size_t bytes)
{
    (void)fd;
    (void)bytes;
    return fake.handles[offset]->memory;
}

static void fake_unmap(void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
}

static int fake_destroy_dumb(int fd, struct drm_mode_destroy_dumb *dumb)
{
    (void)fd;
    errno = EINVAL;
    if (!dumb->handle || dumb->handle >= FAKE_HANDLES || !fake.handles[dumb->handle])
        return -1;
    fake_let_go(&fake.handles[dumb->handle]);
    return 0;
}

static int fake_add_framebuffer(int fd, uint32_t width, uint32_t height, uint32_t format,
                                const uint32_t handles[4], const uint32_t pitches[4],
                                const uint32_t offsets[4], uint32_t *id, uint32_t flags)
{
    if (fake_count_call())
        return -ENODEV;
    struct fake_buffer *buffer = fake.handles[handles[0]];
    (void)fd;
    if (format != DRM_FORMAT_XRGB8888 || offsets[0] || flags || pitches[0] != buffer->pitch ||
        width != buffer->width || height != buffer->height)
        return -EINVAL;
    *id = BUFFER_ID + fake_hold(fake.framebuffers, FAKE_FRAMEBUFFERS, buffer);
    return 0;
}

/* As the kernel: what shows it goes dark. */
static int fake_remove_framebuffer(int fd, uint32_t id)
{
    (void)fd;
    for (int i = 0; i < FAKE_CRTCS; i++)
        if (fake.crtcs[i].framebuffer_id == id) {
            fake.went_dark |= fake.crtcs[i].active;
            fake.crtcs[i].framebuffer_id = 0;
            fake.crtcs[i].active = false;
        }
    fake_let_go(&fake.framebuffers[id - BUFFER_ID]);
    return 0;
}

static drmModeFBPtr fake_get_framebuffer(int fd, uint32_t id)
{
    drmModeFBPtr framebuffer = calloc(1, sizeof *framebuffer);
    struct fake_buffer *buffer = fake.framebuffers[id - BUFFER_ID];
    (void)fd;
    *framebuffer = (drmModeFB){.fb_id = id,
                               .width = buffer->width,
                               .height = buffer->height,
                               .pitch = buffer->pitch,
                               .bpp = 32,
                               .depth = 24,
                               .handle = fake_hold(fake.handles, FAKE_HANDLES, buffer)};
    return framebuffer;
}

static void fake_free_framebuffer(drmModeFBPtr framebuffer)
{
    free(framebuffer);
}

/* ---- modes and flips ---- */

static inline void fake_set_active(struct fake_crtc *crtc, bool active)
{
    fake.went_dark |= crtc->active && crtc->framebuffer_id && !active;
    crtc->active = active;
}

static int fake_set_crtc(int fd, uint32_t id, uint32_t framebuffer_id, uint32_t x, uint32_t y,
                         uint32_t *connectors, int count, drmModeModeInfoPtr mode)
{
    if (fake_count_call())
        return -ENODEV;
    struct fake_crtc *crtc = &fake.crtcs[id - CRTC_ID];
    (void)fd;
    (void)y;
    if (fake.other_master)
        return -EACCES;
    if (mode && mode->hdisplay == fake.refused_width)
        return -EINVAL;
    for (int i = 0; i < FAKE_CONNECTORS; i++)
        if (fake.connectors[i].crtc_id == id)
            fake.connectors[i].crtc_id = 0;
    for (int i = 0; i < count; i++)
        fake.connectors[connectors[i] - CONNECTOR_ID].crtc_id = id;
    fake_set_active(crtc, mode != NULL);
    crtc->framebuffer_id = framebuffer_id;
    crtc->x = (int)x;
    if (mode)
        crtc->mode = *mode;
    fake.commits++;
    return 0;
}

/* The next vertical blank of the card's clock; at once where it has none. */
static inline void fake_ask_flip(struct fake_crtc *crtc, uint32_t framebuffer_id, void *context)
{
    int64_t now_ns = clock_mono_ns();
    crtc->framebuffer_id = framebuffer_id;
    crtc->context = context;
    crtc->pending++;
    crtc->flip_ns = fake.blind ? now_ns : (now_ns / fake.period_ns + 1) * fake.period_ns;
}

static int fake_page_flip(int fd, uint32_t id, uint32_t framebuffer_id, uint32_t flags,
                          void *context)
{
    struct fake_crtc *crtc = &fake.crtcs[id - CRTC_ID];
    (void)fd;
    if (fake.other_master)
        return -EACCES;
    if (!crtc->active || flags != DRM_MODE_PAGE_FLIP_EVENT)
        return -EINVAL;
    if (crtc->pending)
        return -EBUSY;
    fake_ask_flip(crtc, framebuffer_id, context);
    return 0;
}

struct fake_request {
    int count;
    struct fake_item {
        uint32_t object;
        const char *name;
        uint64_t value;
    } items[128];
};

static drmModeAtomicReqPtr fake_atomic_alloc(void)
{
    return (drmModeAtomicReqPtr)calloc(1, sizeof(struct fake_request));
}

static void fake_atomic_free(drmModeAtomicReqPtr request)
{
    free(request);
}

static int fake_atomic_add(drmModeAtomicReqPtr opaque, uint32_t object, uint32_t property,
                           uint64_t value)
{
    struct fake_request *request = (struct fake_request *)opaque;
    request->items[request->count++] = (struct fake_item){object, fake_names[property], value};
    return request->count;
}

static inline bool fake_refuses(const struct fake_request *request)
{
    for (int i = 0; i < request->count; i++)
        if (strcmp(request->items[i].name, "CRTC_W") == 0 &&
            request->items[i].value == (uint64_t)fake.refused_width)
            return true;
    return false;
}

static inline void fake_apply(const struct fake_item *item, uint32_t flags, void *context)
{
    uint32_t value = (uint32_t)item->value;
    if (item->object < CRTC_ID && strcmp(item->name, "CRTC_ID") == 0) {
        fake.connectors[item->object - CONNECTOR_ID].crtc_id = value;
    } else if (item->object >= PLANE_ID) {
        struct fake_crtc *crtc = &fake.crtcs[(item->object - PLANE_ID) % FAKE_CRTCS];
        if (strcmp(item->name, "FB_ID") == 0 && flags & DRM_MODE_PAGE_FLIP_EVENT)
            fake_ask_flip(crtc, value, context);
        else if (strcmp(item->name, "FB_ID") == 0)
            crtc->framebuffer_id = value;
        else if (strcmp(item->name, "SRC_X") == 0)
            crtc->x = (int)(item->value >> 16);
        else if (strcmp(item->name, "SRC_W") == 0)
            crtc->mode.hdisplay = (uint16_t)(item->value >> 16);
        else if (strcmp(item->name, "SRC_H") == 0)
            crtc->mode.vdisplay = (uint16_t)(item->value >> 16);
    } else if (item->object >= CRTC_ID && strcmp(item->name, "ACTIVE") == 0) {
        fake_set_active(&fake.crtcs[item->object - CRTC_ID], value != 0);
    }
}

static int fake_atomic_commit(int fd, drmModeAtomicReqPtr opaque, uint32_t flags, void *context)
{
    if (fake_count_call())
        return -ENODEV;
    const struct fake_request *request = (const struct fake_request *)opaque;
    (void)fd;
    if (fake.other_master)
        return -EACCES;
    if (fake_refuses(request))
        return -EINVAL;
    if (flags & DRM_MODE_ATOMIC_TEST_ONLY) {
        fake.tests++;
        return 0;
    }
    for (int i = 0; i < request->count; i++)
        fake_apply(&request->items[i], flags, context);
    fake.commits++;
    return 0;
}

static int fake_set_connector_property(int fd, uint32_t id, uint32_t property, uint64_t value)
{
    (void)fd;
    if (strcmp(fake_names[property], "DPMS") != 0)
        return -EINVAL;
    fake.connectors[id - CONNECTOR_ID].dpms = value;
    return 0;
}

/* ---- events ---- */

static inline struct fake_crtc *fake_next_flip(void)
{
    for (int i = 0; i < FAKE_CRTCS; i++)
        if (fake.crtcs[i].pending && !fake.stuck)
            return &fake.crtcs[i];
    return NULL;
}

static int fake_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    (void)count;
    bool is_readable = fake.stale > 0 || fake_next_flip();
    fds->revents = fake.gone ? POLLHUP : is_readable ? POLLIN : 0;
    return fds->revents ? 1 : poll(NULL, 0, timeout_ms);
}

static int fake_handle_event(int fd, drmEventContextPtr events)
{
    struct fake_crtc *crtc = fake_next_flip();
    if (fake.stale > 0) { /* in another process its context was an address */
        fake.stale--;
        events->page_flip_handler2(fd, 1, 1, 1, CRTC_ID, (void *)8);
        return 0;
    }
    int64_t stamp_ns = crtc->flip_ns + fake.skew_ns;
    crtc->pending--;
    events->page_flip_handler2(fd, 1, (unsigned)(stamp_ns / 1000000000),
                               (unsigned)(stamp_ns % 1000000000 / 1000), CRTC_ID, crtc->context);
    return 0;
}

const struct kms_calls kms_calls_libdrm = {
    .open_card = fake_open,
    .card_index = fake_card_index,
    .close_card = fake_close,
    .map = fake_map,
    .unmap = fake_unmap,
    .poll = fake_poll,
    .get_version = fake_get_version,
    .free_version = fake_free_version,
    .get_cap = fake_get_cap,
    .set_client_cap = fake_set_client_cap,
    .set_master = fake_set_master,
    .drop_master = fake_drop_master,
    .is_master = fake_is_master,
    .get_sequence = fake_get_sequence,
    .handle_event = fake_handle_event,
    .get_resources = fake_get_resources,
    .free_resources = fake_free_resources,
    .get_connector = fake_get_connector,
    .free_connector = fake_free_connector,
    .get_encoder = fake_get_encoder,
    .free_encoder = fake_free_encoder,
    .get_crtc = fake_get_crtc,
    .free_crtc = fake_free_crtc,
    .set_crtc = fake_set_crtc,
    .page_flip = fake_page_flip,
    .get_planes = fake_get_planes,
    .free_planes = fake_free_planes,
    .get_plane = fake_get_plane,
    .free_plane = fake_free_plane,
    .get_properties = fake_get_properties,
    .free_properties = fake_free_properties,
    .get_property = fake_get_property,
    .free_property = fake_free_property,
    .get_blob = fake_get_blob,
    .free_blob = fake_free_blob,
    .create_blob = fake_create_blob,
    .destroy_blob = fake_destroy_blob,
    .set_connector_property = fake_set_connector_property,
    .atomic_alloc = fake_atomic_alloc,
    .atomic_free = fake_atomic_free,
    .atomic_add = fake_atomic_add,
    .atomic_commit = fake_atomic_commit,
    .add_framebuffer = fake_add_framebuffer,
    .remove_framebuffer = fake_remove_framebuffer,
    .get_framebuffer = fake_get_framebuffer,
    .free_framebuffer = fake_free_framebuffer,
    .create_dumb = fake_create_dumb,
    .map_dumb = fake_map_dumb,
    .destroy_dumb = fake_destroy_dumb,
};

/* ---- udev ---- */

struct hotplug *hotplug_start(struct err *err)
{
    (void)err;
    return (struct hotplug *)&fake;
}

int hotplug_fd(const struct hotplug *hotplug)
{
    (void)hotplug;
    return -1;
}

bool hotplug_read(struct hotplug *hotplug)
{
    (void)hotplug;
    bool event = fake.event;
    fake.event = false;
    return event;
}

void hotplug_stop(struct hotplug *hotplug)
{
    (void)hotplug;
}

#endif
