/* What a frame shows: one picture, or two of them mixed; how much it is dimmed, and where it lies. */
#ifndef SCREEN_DISPLAY_MIX_H
#define SCREEN_DISPLAY_MIX_H

#include "core/transition.h"
#include "screen/picture.h"

/* One frame: `from` and `to` mixed, and above that their texts. Where mix is 1, or there is no `from`, `to` alone. */
struct display_mix {
    bool has_from;
    /* Instead of from.picture the frame that display_freeze copied, with the text of from.picture, if
     * there is one, above it. */
    bool from_frozen;
    struct picture_view from, to;
    struct picture_text_view from_text, to_text;
    double mix; /* 0 to 1, after easing */
    struct transition
        transition; /* how they are mixed; from a frozen frame always as a crossfade */
    double dim;     /* 1: as it is; 0: black */
    /* So far to the right and down on the screen; what is bared at its edge is black. */
    int shift_x_px, shift_y_px;
};

#endif
