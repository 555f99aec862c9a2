#include "core/motion.h"

#define MOTION_SCALE 1.08

double motion_scale(enum playlist_motion motion)
{
    return motion == PLAYLIST_MOTION_NONE ? 1 : MOTION_SCALE;
}

static struct layout_rect zoomed(double zoom, double focus_x, double focus_y)
{
    double size = 1 / zoom, spare = 1 - size;
    return (struct layout_rect){spare * focus_x, spare * focus_y, size, size};
}

struct layout_rect motion_crop(enum playlist_motion motion, double progress, double focus_x,
                               double focus_y, bool portrait)
{
    double p = progress < 0 ? 0 : progress > 1 ? 1 : progress;
    switch (motion) {
    case PLAYLIST_MOTION_DRIFT_IN:
        return zoomed(1 + (MOTION_SCALE - 1) * p, focus_x, focus_y);
    case PLAYLIST_MOTION_DRIFT_OUT:
        return zoomed(1 + (MOTION_SCALE - 1) * (1 - p), focus_x, focus_y);
    case PLAYLIST_MOTION_PAN:
        return zoomed(MOTION_SCALE, portrait ? focus_x : p, portrait ? p : focus_y);
    case PLAYLIST_MOTION_NONE:
        break;
    }
    return (struct layout_rect){0, 0, 1, 1};
}
