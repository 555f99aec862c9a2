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
    /* Of a picture whose text comes line by line: when the first begins, and how long each takes to be
     * seen. -INFINITY: the text stands in its place. */
    double text_start_ms, text_fade_ms;
    /* The show's: where the motion stands still, until another target takes this one's place. */
    bool is_held;
    double held_progress;
};

/* The text of a picture, and how it is seen. */
struct show_text {
    struct picture *picture; /* NULL: none */
    double progress;         /* of the picture, as in picture_view */
    struct picture_text_view text;
};

/* What the programme has on screen at now_ms (show clock). */
struct show_request {
    double now_ms;
    bool has_from; /* a transition runs */
    struct show_target from, to;
    double mix;                   /* of the running transition, linear */
    struct transition transition; /* its duration is not looked at */
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
    struct transition transition;
    double mix; /* linear, of the running transition */
    /* The text that was seen where a transition was interrupted: it goes, while the frozen frame, which
     * has no text, turns into the incoming picture. Holds its picture; NULL: none. */
    struct show_text frozen_text;
    struct show_text
        seen_text; /* in the frame before, where that was one of a transition; not held */
    /* The pictures whose texts were compared last, by their ids, and what came out: a comparison reads
     * all of both texts. */
    uint64_t compared[2];
    bool is_same_text;
    bool text_was_rising; /* in the frame before */
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
