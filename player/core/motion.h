/* Motion: which part of a visual is seen at a moment of its slot. Pure; any thread.
 *
 * A function of time alone, not of frames, so it is equally smooth at any frame rate and the same
 * on all screens. Linear in time: an eased drift would stand still in each crossfade. */
#ifndef CORE_MOTION_H
#define CORE_MOTION_H

#include "core/layout.h"

/* How much larger than its place a frame is made so that motion never enlarges its pixels: 1 for
 * PLAYLIST_MOTION_NONE, else 1.08. */
double motion_scale(enum playlist_motion motion);

/* The part seen, as fractions of the whole frame; inside it. `progress` 0 at the slot's start, 1
 * when the slot has faded out; held at the ends outside. The focus (0 to 1) stays where it is while
 * a drift zooms. A pan moves along the longer side. */
struct layout_rect motion_crop(enum playlist_motion motion, double progress, double focus_x,
                               double focus_y, bool portrait);

#endif
