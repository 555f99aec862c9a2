/* Mixes of two pictures into one: how each kind of transition looks, as a function of both pictures
 * and how far it has come, and of nothing else.
 *
 * Each kind has a file of its own (mix_wipe.c and its like) and a row in the table of mix.c: one function
 * for the processor, and one for a GPU, which draw the same within rounding. Arithmetic only; any
 * thread. What draws takes a part of the screen, and parts share nothing that changes. */
#ifndef SCREEN_MIX_H
#define SCREEN_MIX_H

#include "screen/compose.h"
#include "screen/display_mix.h"

struct mix {
    struct transition transition; /* as the screen is driven; its length is not looked at */
    double amount;                /* 0: the outgoing picture; 1: the incoming one */
    int width_px, height_px;      /* of the screen */
    double focus_x, focus_y;      /* of the incoming picture, in fractions of the screen */
};

/* What a frame with two pictures asks for, on a screen of this size: directions turned with the screen, and
 * a crossfade from a frozen frame. */
struct mix mix_of_frame(const struct display_mix *frame, int width_px, int height_px);

/* Draws the part of the screen whose top left corner is at x_px, y_px. `from` and `to` are the whole
 * screen; the target is neither, but for a crossfade, of which it may be the same part. */
void mix_draw(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
              const struct canvas *from, const struct canvas *to);

/* A corner of a shape: where it is on the screen, and how much is seen of the incoming picture there. */
struct mix_vertex {
    float x, y, level;
};

#define MIX_VERTICES_MAX 24576

/* What a GPU draws: a picture that covers the screen, or two side by side, then shapes of the incoming
 * one, then a color over all. */
struct mix_mesh {
    bool is_to_below; /* the picture below is the incoming one; there are no shapes then */
    bool is_beside;   /* the incoming picture lies beside the outgoing one, each moved */
    int from_x, from_y, to_x, to_y; /* by so much */
    uint32_t color;
    double color_level; /* 0: none is seen */
    struct mix_vertex
        *vertices; /* triangles, three each; room for MIX_VERTICES_MAX, the caller's */
    int count;
};

/* Whether a GPU has shapes for a kind. Else it mixes as a crossfade does, or the processor does it. */
bool mix_has_mesh(enum transition_type type);

/* Fills all but `vertices`. Only where mix_has_mesh. */
void mix_make_mesh(const struct mix *mix, struct mix_mesh *mesh);

#endif
