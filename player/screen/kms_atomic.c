/* kms_commit by atomic mode setting: what belongs together is one request, which the driver takes
 * or refuses as a whole, and can be asked about before. */
#include "screen/kms_commit_private.h"

#include <errno.h>
#include <string.h>

/* A request that is being written. */
struct request {
    const struct kms_card *card;
    drmModeAtomicReq *atomic;
    bool complete; /* all properties that are needed were found, and fitted in */
};

static struct request begin_request(const struct kms_card *card)
{
    struct request request = {card, card->calls->atomic_alloc(), true};
    request.complete = request.atomic != NULL;
    return request;
}

static void set_known(struct request *request, uint32_t object, uint32_t property, uint64_t value)
{
    if (!request->complete)
        return;
    request->complete =
        property && request->card->calls->atomic_add(request->atomic, object, property, value) >= 0;
}

static void set_named(struct request *request, uint32_t object, uint32_t type, const char *name,
                      uint64_t value)
{
    set_known(request, object, kms_card_find_property(request->card, object, type, name, NULL),
              value);
}

/* Only where the object has it, and it is not so already. */
static void set_if_other(struct request *request, uint32_t object, uint32_t type, const char *name,
                         uint64_t value)
{
    uint64_t now = value;
    uint32_t property = kms_card_find_property(request->card, object, type, name, &now);
    if (property && now != value)
        set_known(request, object, property, value);
}

/* Zero, or the errno. */
static int commit(struct request *request, uint32_t flags, void *context)
{
    const struct kms_card *card = request->card;
    if (!request->complete)
        return EINVAL;
    return -card->calls->atomic_commit(card->fd, request->atomic, flags, context);
}

static void end_request(struct request *request)
{
    if (request->atomic)
        request->card->calls->atomic_free(request->atomic);
}

/* ---- planes ---- */

static bool has_format(const drmModePlane *plane, uint32_t format)
{
    for (uint32_t i = 0; i < plane->count_formats; i++)
        if (plane->formats[i] == format)
            return true;
    return false;
}

static int crtc_index(const struct kms_card *card, uint32_t crtc_id)
{
    for (int i = 0; i < card->crtc_count; i++)
        if (card->crtcs[i] == crtc_id)
            return i;
    return 0;
}

static bool is_taken(const struct kms_output *outputs, int count, uint32_t plane_id)
{
    for (int i = 0; i < count; i++)
        if (outputs[i].plane_id == plane_id)
            return true;
    return false;
}

/* Whether the plane can be the ground of this CRTC. */
static bool suits(const struct kms_card *card, uint32_t plane_id, uint32_t crtc_id)
{
    uint64_t type = 0;
    drmModePlane *plane = card->calls->get_plane(card->fd, plane_id);
    if (!plane)
        return false;
    bool fits = plane->possible_crtcs & UINT32_C(1) << crtc_index(card, crtc_id) &&
                has_format(plane, DRM_FORMAT_XRGB8888);
    card->calls->free_plane(plane);
    return fits && kms_card_find_property(card, plane_id, DRM_MODE_OBJECT_PLANE, "type", &type) &&
           type == DRM_PLANE_TYPE_PRIMARY;
}

bool kms_atomic_prepare(const struct kms_card *card, struct kms_output *outputs, int count,
                        struct err *err)
{
    drmModePlaneRes *planes = card->calls->get_planes(card->fd);
    for (int i = 0; i < count; i++) {
        outputs[i].plane_id = 0;
        for (uint32_t k = 0; planes && !outputs[i].plane_id && k < planes->count_planes; k++)
            if (!is_taken(outputs, i, planes->planes[k]) &&
                suits(card, planes->planes[k], outputs[i].crtc_id))
                outputs[i].plane_id = planes->planes[k];
        outputs[i].framebuffer_property =
            kms_card_find_property(card, outputs[i].plane_id, DRM_MODE_OBJECT_PLANE, "FB_ID", NULL);
    }
    card->calls->free_planes(planes);
    for (int i = 0; i < count; i++)
        if (!outputs[i].plane_id || !outputs[i].framebuffer_property)
            return err_set(err, ERR_SYSTEM, "the driver %s has no plane for %s", card->driver,
                           outputs[i].name);
    return true;
}

/* ---- modes ---- */

static void show_on_plane(struct request *request, const struct kms_output *output,
                          uint32_t framebuffer_id)
{
    const uint32_t plane = output->plane_id, type = DRM_MODE_OBJECT_PLANE;
    const uint64_t width = output->mode.hdisplay, height = output->mode.vdisplay;
    set_known(request, plane, output->framebuffer_property, framebuffer_id);
    set_named(request, plane, type, "CRTC_ID", output->crtc_id);
    /* The part of the framebuffer, in 65536ths of a pixel. */
    set_named(request, plane, type, "SRC_X", (uint64_t)output->x_px << 16);
    set_named(request, plane, type, "SRC_Y", 0);
    set_named(request, plane, type, "SRC_W", width << 16);
    set_named(request, plane, type, "SRC_H", height << 16);
    set_named(request, plane, type, "CRTC_X", 0);
    set_named(request, plane, type, "CRTC_Y", 0);
    set_named(request, plane, type, "CRTC_W", width);
    set_named(request, plane, type, "CRTC_H", height);
    set_if_other(request, plane, type, "rotation", DRM_MODE_ROTATE_0);
}

static void show_output(struct request *request, const struct kms_output *output,
                        uint32_t framebuffer_id, uint32_t mode_blob)
{
    set_named(request, output->connector_id, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID", output->crtc_id);
    /* Bad after the cable did not carry a mode: tried again. */
    set_if_other(request, output->connector_id, DRM_MODE_OBJECT_CONNECTOR, "link-status",
                 DRM_MODE_LINK_STATUS_GOOD);
    set_named(request, output->crtc_id, DRM_MODE_OBJECT_CRTC, "MODE_ID", mode_blob);
    set_named(request, output->crtc_id, DRM_MODE_OBJECT_CRTC, "ACTIVE", 1);
    show_on_plane(request, output, framebuffer_id);
}

/* What others have left on: other monitors, a pointer, a plane of a film. */
static void turn_off_others(struct request *request, const struct kms_output *outputs, int count)
{
    const struct kms_card *card = request->card;
    drmModePlaneRes *planes = card->calls->get_planes(card->fd);
    for (uint32_t i = 0; planes && i < planes->count_planes; i++)
        if (!is_taken(outputs, count, planes->planes[i])) {
            set_if_other(request, planes->planes[i], DRM_MODE_OBJECT_PLANE, "FB_ID", 0);
            set_if_other(request, planes->planes[i], DRM_MODE_OBJECT_PLANE, "CRTC_ID", 0);
        }
    card->calls->free_planes(planes);
    for (int i = 0; i < card->connector_count; i++)
        if (!kms_commit_find_connector(outputs, count, card->connectors[i].id))
            set_if_other(request, card->connectors[i].id, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID", 0);
    for (int i = 0; i < card->crtc_count; i++)
        if (!kms_commit_find_crtc(outputs, count, card->crtcs[i])) {
            set_if_other(request, card->crtcs[i], DRM_MODE_OBJECT_CRTC, "ACTIVE", 0);
            set_if_other(request, card->crtcs[i], DRM_MODE_OBJECT_CRTC, "MODE_ID", 0);
        }
}

bool kms_atomic_modes(const struct kms_card *card, const struct kms_output *outputs, int count,
                      uint32_t framebuffer_id, struct err *err)
{
    const struct kms_calls *calls = card->calls;
    uint32_t blobs[KMS_OUTPUTS_MAX] = {0};
    struct request request = begin_request(card);
    turn_off_others(&request, outputs, count);
    for (int i = 0; i < count; i++) {
        if (calls->create_blob(card->fd, &outputs[i].mode, sizeof outputs[i].mode, &blobs[i]))
            request.complete = false;
        show_output(&request, &outputs[i], framebuffer_id, blobs[i]);
    }
    int failed = commit(&request, DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_ALLOW_MODESET, NULL);
    if (!failed)
        failed = commit(&request, DRM_MODE_ATOMIC_ALLOW_MODESET, NULL);
    end_request(&request);
    for (int i = 0; i < count; i++)
        if (blobs[i])
            calls->destroy_blob(card->fd, blobs[i]);
    return !failed || kms_commit_refuse(card, failed, "the mode", err);
}

bool kms_atomic_flip(const struct kms_card *card, const struct kms_output *outputs, int count,
                     uint32_t framebuffer_id, void *context, struct err *err)
{
    struct request request = begin_request(card);
    for (int i = 0; i < count; i++)
        set_known(&request, outputs[i].plane_id, outputs[i].framebuffer_property, framebuffer_id);
    int failed = commit(&request, DRM_MODE_PAGE_FLIP_EVENT | DRM_MODE_ATOMIC_NONBLOCK, context);
    end_request(&request);
    return !failed || kms_commit_refuse(card, failed, "a frame", err);
}

bool kms_atomic_power(const struct kms_card *card, const struct kms_output *outputs, int count,
                      bool on, struct err *err)
{
    struct request request = begin_request(card);
    for (int i = 0; i < count; i++)
        set_named(&request, outputs[i].crtc_id, DRM_MODE_OBJECT_CRTC, "ACTIVE", on);
    int failed = commit(&request, DRM_MODE_ATOMIC_ALLOW_MODESET, NULL);
    end_request(&request);
    return !failed ||
           kms_commit_refuse(card, failed,
                             on ? "to turn the monitor on" : "to turn the monitor off", err);
}
