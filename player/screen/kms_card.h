/* A graphics card as the kernel shows it: what it can do, its connectors and their monitors.
 *
 * Whoever opens a card first is its master, and alone may change what it shows, until the card is
 * closed. Main thread. */
#ifndef SCREEN_KMS_CARD_H
#define SCREEN_KMS_CARD_H

#include "core/edid.h"
#include "core/err.h"
#include "screen/kms_calls.h"

#define KMS_CONNECTORS_MAX 32
#define KMS_CRTCS_MAX 32 /* bits of the kernel's masks */
#define KMS_MODES_MAX 256
#define KMS_NAME_BYTES 32

struct kms_connector {
    uint32_t id;
    char name[KMS_NAME_BYTES]; /* "HDMI-A-1", as in /sys/class/drm */
    bool connected;
    bool unsure;   /* neither that nor the opposite is known, as with some analog outputs */
    bool link_bad; /* the cable does not carry the mode that was set */
    bool desktop;  /* a head-mounted display is none, nor is one that writes into memory */
    drmModeModeInfo modes[KMS_MODES_MAX]; /* the monitor's preferred one first */
    int mode_count;
    uint32_t crtcs;        /* that it can be driven by: bits of their indices */
    uint32_t crtc_id;      /* that drives it now; 0: none */
    uint64_t monitor_hash; /* of its EDID's bytes: another monitor has another one */
    struct edid monitor;
    int width_mm, height_mm; /* 0: unknown */
};

struct kms_card {
    const struct kms_calls *calls;
    int fd; /* -1: closed */
    int index;
    char driver[32];
    bool atomic;
    bool monotonic; /* stamps of flips are CLOCK_MONOTONIC */
    int width_max_px, height_max_px;
    uint32_t crtcs[KMS_CRTCS_MAX];
    int crtc_count;
    struct kms_connector *connectors;
    int connector_count;
};

/* Opens the card and reads its connectors. False and closed: there is no such card (ERR_MISSING),
 * it shows no pictures (ERR_INPUT), or it may not be used (ERR_SYSTEM). */
MUST_CHECK bool kms_card_open(struct kms_card *card, const struct kms_calls *calls, int index,
                              struct err *err);

/* The same with a descriptor that another process has opened and this one got, which it takes over:
 * false and closed. */
MUST_CHECK bool kms_card_adopt(struct kms_card *card, const struct kms_calls *calls, int fd,
                               struct err *err);

/* Asks all connectors again what hangs on them, which may take some tenths of a second. */
MUST_CHECK bool kms_card_read_connectors(struct kms_card *card, struct err *err);

/* Whether the card was taken out, and refuses everything for that: `err` then says so instead. */
bool kms_card_is_gone(const struct kms_card *card, struct err *err);

/* Whether this process may change what the card shows. ERR_SYSTEM: another one does. */
MUST_CHECK bool kms_card_become_master(struct kms_card *card, struct err *err);

/* Allowed for one that is closed, or was never opened but has calls or is zeroed. */
void kms_card_close(struct kms_card *card);

/* Refreshes a second. */
double kms_mode_hz(const drmModeModeInfo *mode);

/* The id of an object's property, and its value; 0: it has no such property. */
uint32_t kms_card_find_property(const struct kms_card *card, uint32_t object, uint32_t type,
                                const char *name, uint64_t *value);

#endif
