/* Blurs the coverage of a plane, for shadows. Pure except for memory; any thread. */
#ifndef WORKER_TEXT_TAGLINE_BLUR_H
#define WORKER_TEXT_TAGLINE_BLUR_H

#include "core/err.h"
#include "worker/text/tagline_fonts.h"
#include "worker/text/tagline_paint.h"

#include <stdbool.h>
#include <stdint.h>

#define TAGLINE_BLUR_PASSES 3

/* Three box blurs in a row make a Gaussian to within 3 %. Wide ones are computed on a picture
 * `factor` times smaller, which loses nothing that they would keep.
 *
 * Works from the top down and holds a few rows only, so that they stay in the processor's cache: a
 * row of the plane is made smaller, blurred along itself, and enters the first window along the
 * columns; the window's sums enter the second, whose sums enter the third, and its sums are a
 * finished row. Windows are summed as whole numbers and divided once for all passes: three sums of
 * 17 (the widest window) are below 2³¹. */
struct tagline_blur {
    int factor, radius;       /* radius in small pixels, at most 8 */
    struct tagline_area area; /* on the canvas */
    int columns, rows;        /* small pixels over the area */
    const struct tagline_plane *plane;
    int entered, made;      /* rows that entered the windows; the last finished row, -1 is zeros */
    uint32_t *sums;         /* memory of: */
    uint32_t *cover;        /* of full width: the plane's rows in one small row, added up */
    uint32_t *line, *other; /* small rows, 0 to 255 × 256, with zeros on both sides */
    uint32_t *zeros;
    struct {
        uint32_t *rows, *sums; /* the last 2 × radius + 1 rows that entered, and their sums */
    } windows[TAGLINE_BLUR_PASSES];
    float *kept; /* the last two finished rows, 0 to 1 */
};

/* How far, in canvas pixels, a blur of this deviation reaches. */
int tagline_blur_reach(double deviation_px);

/* Begins to blur the part of the plane inside `area`; coverage outside it is ignored. The plane must
 * stay. Call tagline_blur_finish in any case. ERR_SYSTEM if out of memory. */
MUST_CHECK bool tagline_blur_init(struct tagline_blur *blur, const struct tagline_plane *plane,
                                  const struct tagline_area *area, double deviation_px,
                                  struct err *err);
void tagline_blur_finish(struct tagline_blur *blur);

/* One row of the area at full size, 0 to 1: `row_px` from its top, never above the row of the call
 * before; rows outside are 0. `columns` has space for blur->columns values, `out` for
 * blur->area.width. */
void tagline_blur_row(struct tagline_blur *blur, int row_px, float *columns, float *out);

#endif
