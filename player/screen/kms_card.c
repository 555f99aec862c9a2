#include "screen/kms_card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names by DRM_MODE_CONNECTOR_*, as the kernel makes them. */
static const char *const connector_types[] = {
    "Unknown", "VGA",       "DVI-I", "DVI-D", "DVI-A",     "Composite", "SVIDEO",
    "LVDS",    "Component", "DIN",   "DP",    "HDMI-A",    "HDMI-B",    "TV",
    "eDP",     "Virtual",   "DSI",   "DPI",   "Writeback", "SPI",       "USB",
};
#define CONNECTOR_TYPES (sizeof connector_types / sizeof *connector_types)

double kms_mode_hz(const drmModeModeInfo *mode)
{
    double pixels = (double)mode->htotal * mode->vtotal;
    if (pixels <= 0 || !mode->clock)
        return mode->vrefresh;
    double hz = mode->clock * 1000.0 / pixels;
    if (mode->flags & DRM_MODE_FLAG_INTERLACE)
        hz *= 2;
    if (mode->flags & DRM_MODE_FLAG_DBLSCAN)
        hz /= 2;
    if (mode->vscan > 1)
        hz /= mode->vscan;
    return hz;
}

uint32_t kms_card_find_property(const struct kms_card *card, uint32_t object, uint32_t type,
                                const char *name, uint64_t *value)
{
    const struct kms_calls *calls = card->calls;
    drmModeObjectProperties *all = calls->get_properties(card->fd, object, type);
    uint32_t found = 0;
    for (uint32_t i = 0; all && !found && i < all->count_props; i++) {
        drmModePropertyRes *property = calls->get_property(card->fd, all->props[i]);
        if (property && strcmp(property->name, name) == 0) {
            found = property->prop_id;
            if (value)
                *value = all->prop_values[i];
        }
        calls->free_property(property);
    }
    calls->free_properties(all);
    return found;
}

/* FNV-1a. */
static uint64_t hash_bytes(const uint8_t *bytes, size_t count)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void read_monitor(const struct kms_card *card, struct kms_connector *connector)
{
    uint64_t blob_id = 0;
    kms_card_find_property(card, connector->id, DRM_MODE_OBJECT_CONNECTOR, "EDID", &blob_id);
    drmModePropertyBlobRes *blob =
        blob_id ? card->calls->get_blob(card->fd, (uint32_t)blob_id) : NULL;
    if (!blob)
        return;
    connector->monitor_hash = hash_bytes(blob->data, blob->length);
    if (edid_parse(blob->data, blob->length, &connector->monitor) && connector->monitor.width_mm) {
        connector->width_mm = connector->monitor.width_mm;
        connector->height_mm = connector->monitor.height_mm;
    }
    card->calls->free_blob(blob);
}

static void read_modes(const drmModeConnector *from, struct kms_connector *connector)
{
    /* The preferred mode, or the first, then the others as they come. */
    int preferred = 0;
    for (int i = from->count_modes - 1; i >= 0; i--)
        if (from->modes[i].type & DRM_MODE_TYPE_PREFERRED)
            preferred = i;
    if (from->count_modes > 0)
        connector->modes[connector->mode_count++] = from->modes[preferred];
    for (int i = 0; i < from->count_modes && connector->mode_count < KMS_MODES_MAX; i++)
        if (i != preferred)
            connector->modes[connector->mode_count++] = from->modes[i];
}

static void read_crtcs(const struct kms_card *card, const drmModeConnector *from,
                       struct kms_connector *connector)
{
    for (int i = 0; i < from->count_encoders; i++) {
        drmModeEncoder *encoder = card->calls->get_encoder(card->fd, from->encoders[i]);
        if (!encoder)
            continue;
        connector->crtcs |= encoder->possible_crtcs;
        if (encoder->encoder_id == from->encoder_id)
            connector->crtc_id = encoder->crtc_id;
        card->calls->free_encoder(encoder);
    }
}

static void read_connector(const struct kms_card *card, const drmModeConnector *from,
                           struct kms_connector *connector)
{
    uint64_t non_desktop = 0, link = DRM_MODE_LINK_STATUS_GOOD;
    const char *type =
        from->connector_type < CONNECTOR_TYPES ? connector_types[from->connector_type] : "Unknown";
    *connector = (struct kms_connector){.id = from->connector_id};
    snprintf(connector->name, sizeof connector->name, "%s-%u", type, from->connector_type_id);
    connector->connected = from->connection == DRM_MODE_CONNECTED;
    connector->unsure = from->connection == DRM_MODE_UNKNOWNCONNECTION;
    connector->width_mm = (int)from->mmWidth;
    connector->height_mm = (int)from->mmHeight;
    kms_card_find_property(card, connector->id, DRM_MODE_OBJECT_CONNECTOR, "non-desktop",
                           &non_desktop);
    kms_card_find_property(card, connector->id, DRM_MODE_OBJECT_CONNECTOR, "link-status", &link);
    connector->link_bad = link != DRM_MODE_LINK_STATUS_GOOD;
    connector->desktop = !non_desktop && from->connector_type != DRM_MODE_CONNECTOR_WRITEBACK;
    read_modes(from, connector);
    read_crtcs(card, from, connector);
    if (!connector->connected && !connector->unsure)
        return;
    read_monitor(card, connector);
}

bool kms_card_read_connectors(struct kms_card *card, struct err *err)
{
    drmModeRes *resources = card->calls->get_resources(card->fd);
    if (!resources)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot read the outputs of card%d",
                             card->index);
    card->connector_count = card->crtc_count = 0;
    card->width_max_px = (int)resources->max_width;
    card->height_max_px = (int)resources->max_height;
    for (int i = 0; i < resources->count_crtcs && i < KMS_CRTCS_MAX; i++)
        card->crtcs[card->crtc_count++] = resources->crtcs[i];
    for (int i = 0; i < resources->count_connectors && card->connector_count < KMS_CONNECTORS_MAX;
         i++) {
        drmModeConnector *connector =
            card->calls->get_connector(card->fd, resources->connectors[i]);
        if (!connector) /* it went away meanwhile */
            continue;
        read_connector(card, connector, &card->connectors[card->connector_count++]);
        card->calls->free_connector(connector);
    }
    card->calls->free_resources(resources);
    return true;
}

bool kms_card_is_gone(const struct kms_card *card, struct err *err)
{
    drmModeRes *resources = card->calls->get_resources(card->fd);
    card->calls->free_resources(resources);
    if (!resources)
        err_set(err, ERR_SYSTEM, "card%d is gone", card->index);
    return !resources;
}

static MUST_CHECK bool open_device(struct kms_card *card, struct err *err)
{
    card->fd = card->calls->open_card(card->index);
    if (card->fd >= 0)
        return true;
    if (errno == EACCES || errno == EPERM)
        return err_set(err, ERR_SYSTEM,
                       "this user may not open /dev/dri/card%d (the group is mostly video)",
                       card->index);
    if (errno == ENOENT)
        return err_set(err, ERR_MISSING, "there is no graphics card (/dev/dri/card%d)",
                       card->index);
    return err_set_errno(err, ERR_SYSTEM, errno, "cannot open /dev/dri/card%d", card->index);
}

static void read_driver(struct kms_card *card)
{
    drmVersionPtr version = card->calls->get_version(card->fd);
    if (version)
        snprintf(card->driver, sizeof card->driver, "%.*s", version->name_len, version->name);
    card->calls->free_version(version);
}

static MUST_CHECK bool read_abilities(struct kms_card *card, struct err *err)
{
    const struct kms_calls *calls = card->calls;
    uint64_t dumb = 0, monotonic = 0;
    read_driver(card);
    /* A card that only computes has no outputs. */
    if (calls->get_cap(card->fd, DRM_CAP_DUMB_BUFFER, &dumb) != 0 || !dumb)
        return err_set(err, ERR_INPUT, "card%d (%s) has no outputs", card->index, card->driver);
    card->monotonic =
        calls->get_cap(card->fd, DRM_CAP_TIMESTAMP_MONOTONIC, &monotonic) == 0 && monotonic;
    card->atomic = calls->set_client_cap(card->fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) == 0 &&
                   calls->set_client_cap(card->fd, DRM_CLIENT_CAP_ATOMIC, 1) == 0;
    if (!kms_card_read_connectors(card, err))
        return false;
    return card->connector_count > 0 ||
           err_set(err, ERR_INPUT, "card%d (%s) has no outputs", card->index, card->driver);
}

static MUST_CHECK bool read_card(struct kms_card *card, struct err *err)
{
    card->connectors = calloc(KMS_CONNECTORS_MAX, sizeof *card->connectors);
    bool ok = card->connectors ? read_abilities(card, err) : err_oom(err);
    if (!ok)
        kms_card_close(card);
    return ok;
}

bool kms_card_open(struct kms_card *card, const struct kms_calls *calls, int index, struct err *err)
{
    *card = (struct kms_card){.calls = calls, .fd = -1, .index = index};
    return open_device(card, err) && read_card(card, err);
}

bool kms_card_adopt(struct kms_card *card, const struct kms_calls *calls, int fd, struct err *err)
{
    *card = (struct kms_card){.calls = calls, .fd = fd, .index = calls->card_index(fd)};
    if (card->index >= 0)
        return read_card(card, err);
    kms_card_close(card);
    return err_set(err, ERR_INPUT, "the descriptor is not that of a graphics card");
}

/* The first to open a card is its master without asking. Root may ask. */
bool kms_card_become_master(struct kms_card *card, struct err *err)
{
    if (card->calls->is_master(card->fd) || card->calls->set_master(card->fd) == 0)
        return true;
    return err_set(err, ERR_SYSTEM,
                   "another program has the screen (card%d): an X server, a compositor or another "
                   "player",
                   card->index);
}

void kms_card_close(struct kms_card *card)
{
    if (card->calls && card->fd >= 0)
        card->calls->close_card(card->fd);
    free(card->connectors);
    card->connectors = NULL;
    card->connector_count = 0;
    card->fd = -1;
}
