/* Decides which mix of pictures a display draws, given the scene of the programme: also when
 * pictures are late, the playlist is replaced, or the clock steps.
 *
 * Knows what is on screen. A picture that is not ready, or can't be shown, leaves what is on
 * screen in its place; one that is late or out of order fades in from whatever is shown at that
 * moment. So the screen never cuts, and is never black by accident. Pure, except that it holds
 * pictures; main thread. */
#ifndef SCREEN_SHOW_H
#define SCREEN_SHOW_H

#include "core/transition.h"
#include "screen/display.h"

/* A slot's picture and its times. Two targets are the same when their keys are equal. */
struct show_target {
    uint64_t key;            /* names the slot; 0: none */
    struct picture *picture; /* NULL: not ready, or can't be shown */
    double start_ms;         /* show clock */
    double motion_ms;        /* until the picture has faded out again; > 0 */
    /* The show's: where the motion stands still, until another target takes this one's place. */
    bool is_held;
    double held_progress;
};

/* What the programme has on screen at now_ms (show clock). */
struct show_request {
    double now_ms;
    bool has_from; /* a transition runs */
    struct show_target from, to;
    double mix; /* of the running transition, linear */
    enum transition_type type;
    /* Length of a crossfade that the programme doesn't have: to a picture that is late, from
     * another playlist, or the first. */
    double bridge_ms;
};

struct show {
    /* Fully on screen, or what a transition starts from; holds its picture. */
    struct show_target settled;
    struct show_target incoming; /* key 0: no transition runs; holds its picture */
    /* The picture that faded in when another interrupted it; held for one step, for
     * display_freeze. */
    struct picture *retired;
    bool bridging; /* `incoming` fades in by the show's own time, not the programme's */
    bool from_frozen;
    double bridge_start_ms, bridge_ms;
    enum transition_type type;
    double mix; /* linear, of the running transition */
    /* Pictures do not move, to spare a machine that is hot: the one on screen stands still where it is,
     * others in the middle of their way. Transitions and films go on. */
    bool is_still;
};

/* What to draw, and what to write into a log about it. */
struct show_frame {
    bool nothing;      /* there is no picture yet: draw nothing */
    bool needs_freeze; /* call display_freeze before drawing this frame */
    bool animating;    /* the next refresh will look different */
    bool playing;      /* a film runs in it, and will have another frame */
    struct display_mix mix;
    uint64_t from_key, to_key; /* from_key 0: none, or frozen */
    double linear_mix;
};

/* The next frame. A zeroed struct show shows nothing yet. The show holds the pictures that it
 * needs. */
struct show_frame show_step(struct show *show, const struct show_request *request);

/* Whether the next refresh needs a frame, too. */
bool show_needs_refresh(const struct show_frame *frame);

/* A key for the frames of both visuals: it changes when a film has a new frame, which must be
 * drawn. */
uint64_t show_visuals_key(const struct display_mix *mix);

/* Shows `picture` at once, without a transition: what the first picture fades in from. */
void show_start(struct show *show, struct picture *picture, double now_ms);

void show_finish(struct show *show);

#endif
