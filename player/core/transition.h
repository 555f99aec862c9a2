/* Transitions: how one picture turns into the next, and one text into the next. Pure; any thread.
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
    /* The parts of its length, at its start and at its end, in which the outgoing text goes and the
     * incoming one comes; 0 to 1, their sum is at most 1. */
    double text_out, text_in;
};

#define TRANSITION_TEXT_OUT 0.35 /* where a playlist says nothing */
#define TRANSITION_TEXT_IN 0.4

/* 0 up to `begin`, 1 from `end` on (not before `begin`), and gently from one to the other. */
double transition_smoothstep(double begin, double end, double value);

/* How far the pictures have come, 0 to 1, where so much of the time has passed: it starts and ends
 * gently, and is exact at 0, 1/2 and 1. */
double transition_ease(double passed);

/* How much of the outgoing text is seen, and of the incoming one. Where text_out and text_in fit into
 * the transition, never both. */
double transition_text_leaving(const struct transition *transition, double passed);
double transition_text_coming(const struct transition *transition, double passed);

#endif
