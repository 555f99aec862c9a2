/* Transitions: how one picture turns into the next. Pure; any thread.
 *
 * screen/compose draws them; the programme decides when they run. */
#ifndef CORE_TRANSITION_H
#define CORE_TRANSITION_H

#include <stdint.h>

enum transition_type {
    TRANSITION_CROSSFADE, /* mixed as stored (sRGB) */
    TRANSITION_DISSOLVE,  /* mixed in linear light */
    TRANSITION_CUT
};

struct transition {
    enum transition_type type;
    int32_t duration_ms; /* 0 to PLAYLIST_TRANSITION_MS_MAX; 0 for a cut */
};

#endif
