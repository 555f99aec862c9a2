/* How a QR code (ISO/IEC 18004) stands on a screen: as large as its square allows with whole pixels
 * for each module, so that cameras read it. Pure; any thread. */
#ifndef CORE_QR_STYLE_H
#define CORE_QR_STYLE_H

#include "core/layout.h"
#include "core/text_style.h"

#include <stdint.h>

/* Around the code, as the standard wants it. */
#define QR_QUIET_MODULES 4
#define QR_SIZE_MIN 0.05
#define QR_SIZE_MAX 0.5
#define QR_MODULES_MAX 177 /* of the largest code, version 40 */
/* Smaller modules are told from each other only from nearby. */
#define QR_MODULE_LEAST_PX 3

struct qr_style {
    double size; /* of its square, quiet zone included: of the screen's shorter side */
    enum text_align align, valign; /* within the safe area */
    uint32_t dark, light;          /* 0xRRGGBB */
};

/* The side of a module in pixels, and the code's square with its quiet zone on a screen of this
 * size, upright. `modules` is the code's side. 0: the square is too small for so many. */
int qr_style_place(const struct qr_style *style, int modules, int width_px, int height_px,
                   struct layout_box *box);

#endif
