/* What a monitor says of itself: EDID 1.3 and 1.4 (VESA E-EDID), of which the name, the maker and
 * the size are read.
 *
 * The bytes come from a cable, and may be anything. Pure. */
#ifndef CORE_EDID_H
#define CORE_EDID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDID_BLOCK_BYTES 128
#define EDID_NAME_BYTES 14

struct edid {
    char name[EDID_NAME_BYTES];   /* printable ASCII; "": it has none */
    char serial[EDID_NAME_BYTES]; /* the same */
    char maker[4];                /* three capital letters, as "DEL" */
    unsigned product;
    int width_mm, height_mm; /* 0: unknown, as of a projector */
};

/* False, and zeroed: no EDID, or a damaged first block. */
bool edid_parse(const uint8_t *bytes, size_t count, struct edid *edid);

/* "DEL DELL U2720Q", or "DEL a0c4" for one without a name; "" for a zeroed one. */
void edid_describe(const struct edid *edid, char *text, size_t text_bytes);

#endif
