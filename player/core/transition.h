/* Transitions: how one picture turns into the next, and one text into the next. Pure; any thread.
 *
 * screen/mix draws them; the programme decides when they run. */
#ifndef CORE_TRANSITION_H
#define CORE_TRANSITION_H

#include <stdint.h>

enum transition_type {
    TRANSITION_CROSSFADE, /* mixed as stored (sRGB) */
    TRANSITION_DISSOLVE,  /* mixed in linear light */
    TRANSITION_CUT,
    TRANSITION_WIPE, /* a soft edge moves over the screen */
    TRANSITION_IRIS, /* a circle opens at the focus of the incoming picture */
    TRANSITION_DIP,  /* into a color, and out of it */
    TRANSITION_PUSH, /* the incoming picture pushes the outgoing one off the screen */
    TRANSITION_TYPES
};

/* The way in which the edge of a wipe, or the pictures of a push, move. */
enum transition_direction { TRANSITION_LEFT, TRANSITION_RIGHT, TRANSITION_UP, TRANSITION_DOWN };

/* A kind's row in the table of transition.c. */
struct transition_kind {
    const char *name; /* as in a playlist */
    /* How far the pictures have come, 0 to 1, where so much of the time has passed. Exact at 0 and 1. */
    double (*ease)(double passed);
};

extern const struct transition_kind transition_kinds[TRANSITION_TYPES];

struct transition {
    enum transition_type type;
    int32_t duration_ms; /* 0 to PLAYLIST_TRANSITION_MS_MAX; 0 for a cut */
    /* Each kind looks at what it needs of these. */
    enum transition_direction direction;
    double softness; /* of a wipe's edge: 0 to 0.5 of the way */
    uint32_t color;  /* 0xRRGGBB */
    /* The parts of its length, at its start and at its end, in which the outgoing text goes and the
     * incoming one comes; 0 to 1, their sum is at most 1. */
    double text_out, text_in;
};

#define TRANSITION_SOFTNESS 0.08 /* where a playlist says nothing, as the next two */
#define TRANSITION_TEXT_OUT 0.35
#define TRANSITION_TEXT_IN 0.4

/* 0 up to `begin`, 1 from `end` on (not before `begin`), and gently from one to the other. */
double transition_smoothstep(double begin, double end, double value);

/* How much of the outgoing text is seen, and of the incoming one. Where text_out and text_in fit into
 * the transition, never both. */
double transition_text_leaving(const struct transition *transition, double passed);
double transition_text_coming(const struct transition *transition, double passed);

#endif
