/* Blurs the coverage of a plane, for shadows. Pure except for memory; any thread. */
#ifndef WORKER_TEXT_TAGLINE_BLUR_H
#define WORKER_TEXT_TAGLINE_BLUR_H

#include "core/err.h"
#include "worker/text/tagline_fonts.h"
#include "worker/text/tagline_paint.h"

#include <stdbool.h>
#include <stdint.h>

/* Three box blurs in a row make a Gaussian to within 3 %. Wide ones are computed on a picture
 * `factor` times smaller, which loses nothing that they would keep. */
struct tagline_blur {
    int factor, radius;       /* radius in small pixels */
    struct tagline_area area; /* on the canvas */
    int columns, rows;        /* small pixels over the area */
    uint16_t *small;          /* 0 to 255 × 256 */
};

/* How far, in canvas pixels, a blur of this deviation reaches. */
int tagline_blur_reach(double deviation_px);

/* Blurs the part of the plane inside `area`; coverage outside it is ignored. Call
 * tagline_blur_finish in any case. ERR_SYSTEM if out of memory. */
MUST_CHECK bool tagline_blur_init(struct tagline_blur *blur, const struct tagline_plane *plane,
                                  const struct tagline_area *area, double deviation_px,
                                  struct err *err);
void tagline_blur_finish(struct tagline_blur *blur);

/* One row of the area at full size, 0 to 1: `row_px` from its top; rows outside are 0. `columns`
 * has space for blur->columns values, `out` for blur->area.width. */
void tagline_blur_row(const struct tagline_blur *blur, int row_px, float *columns, float *out);

#endif
