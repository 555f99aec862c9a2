#include "core/qr_style.h"

#include <math.h>

/* Where a length stands within a space, margins on both sides. */
static int place(enum text_align align, int space, int margin, int length)
{
    if (align == TEXT_ALIGN_START)
        return margin;
    return align == TEXT_ALIGN_CENTER ? (space - length) / 2 : space - margin - length;
}

int qr_style_place(const struct qr_style *style, int modules, int width_px, int height_px,
                   struct layout_box *box)
{
    int shorter = width_px < height_px ? width_px : height_px;
    int margin = (int)ceil(LAYOUT_SAFE_PART * shorter), whole = modules + 2 * QR_QUIET_MODULES;
    int module_px = (int)floor(style->size * shorter / whole + 1e-9);
    int side = module_px * whole;
    *box = (struct layout_box){place(style->align, width_px, margin, side),
                               place(style->valign, height_px, margin, side), side, side};
    return module_px;
}
