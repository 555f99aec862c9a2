/* What a frame shows: one picture, or two of them mixed; how much it is dimmed, and where it lies. */
#ifndef SCREEN_DISPLAY_MIX_H
#define SCREEN_DISPLAY_MIX_H

#include "screen/picture.h"

/* One frame: `from` and `to` mixed. Where mix is 1, or there is no `from`, `to` alone. */
struct display_mix {
    bool has_from;
    bool from_frozen; /* instead of from.picture: the frame that display_freeze copied */
    struct picture_view from, to;
    double mix;  /* 0 to 1, after easing */
    bool linear; /* mix in linear light */
    double dim;  /* 1: as it is; 0: black */
    /* So far to the right and down on the screen; what is bared at its edge is black. */
    int shift_x_px, shift_y_px;
};

#endif
