/* From the scene that the programme wants to the mix that a display draws: late pictures, new
 * playlists, steps of the clock.
 *
 * Knows what is on screen now. A picture that is not there yet, or can't be shown, leaves what is
 * on screen in its place; one that comes late, or out of order (a swap, a step of the clock), is
 * faded in from whatever is shown at that moment. So the screen never cuts, and is never black by
 * accident. Pure but for the pictures it holds; main thread. */
#ifndef SCREEN_SHOW_H
#define SCREEN_SHOW_H

#include "core/transition.h"
#include "screen/display.h"

/* A picture in its place in the programme. Two targets are the same when their keys are. */
struct show_target {
    uint64_t key;            /* names the slot; 0: none */
    struct picture *picture; /* NULL: not ready, or can't be shown */
    double start_ms;         /* show clock */
    double motion_ms;        /* until the picture has faded out again; > 0 */
};

/* What the programme wants on screen at now_ms (show clock). */
struct show_wish {
    double now_ms;
    bool has_from; /* a transition runs */
    struct show_target from, to;
    double mix; /* of the running transition, linear */
    enum transition_type type;
    double bridge_ms; /* length of a crossfade where the programme has none: late, swapped, first */
};

struct show {
    /* Fully on screen, or what a transition starts from; holds its picture. */
    struct show_target settled;
    struct show_target coming; /* key 0: no transition runs; holds its picture */
    struct picture *retired;   /* was on its way in when it was interrupted; kept for one step, for
                                  display_freeze */
    bool bridging;             /* `coming` fades in by our own time, not the programme's */
    bool from_frozen;
    double bridge_start_ms, bridge_ms;
    enum transition_type type;
    double mix; /* linear, of the running transition */
};

/* What to draw, and what to write into a log about it. */
struct show_frame {
    bool nothing;      /* there is no picture at all yet: draw nothing */
    bool needs_freeze; /* call display_freeze before drawing this frame */
    bool animating;    /* the next refresh will look different */
    bool playing;      /* a film runs in it: so will its next frame, also where nothing animates */
    struct display_mix mix;
    uint64_t from_key, to_key; /* from_key 0: none, or frozen */
    double linear_mix;
};

/* A zeroed struct show shows nothing. `wish`'s pictures stay the caller's; the show holds what it
 * keeps. */
struct show_frame show_step(struct show *show, const struct show_wish *wish);

/* Shows `picture` at once, without a transition: what the first picture fades in from. */
void show_start(struct show *show, struct picture *picture, double now_ms);

void show_finish(struct show *show);

#endif
