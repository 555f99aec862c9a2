/* A picture: what one spot looks like, ready to be drawn: ground, visual and tagline.
 *
 * It doesn't change once it is made, except that a film's visual is replaced frame by frame. Freed
 * with its last holder. Main thread. */
#ifndef SCREEN_PICTURE_H
#define SCREEN_PICTURE_H

#include "core/frame.h"
#include "core/layout.h"

struct picture {
    uint64_t id;          /* never used twice in a process */
    uint32_t background;  /* 0xRRGGBB */
    struct frame *visual; /* NULL: none */
    struct frame *text;   /* NULL: none; drawn at its own size */
    enum layout_motion motion;
    int rotation;            /* of the screen, for the direction of a pan */
    double focus_x, focus_y; /* of a picture without a visual: fractions of the canvas, upright */
    bool portrait;           /* the canvas is taller than wide */
    bool text_rises;         /* its text comes line by line (text_rise.h) */
    bool playing;            /* a film runs: its visual is replaced frame by frame */
    char name[80];           /* of the spot, for logs; empty: it is no spot's */
    int holders;
};

/* A picture at one moment of its motion. */
struct picture_view {
    const struct picture *picture;
    double progress; /* as in layout_motion_crop */
};

/* How the text of a picture is seen. Zeroed: as it stands. */
struct picture_text_view {
    double hidden; /* 0: all of it is seen; 1: nothing */
    /* Its lines come up one after another (text_rise.h), and this is so long after the first began. */
    bool is_rising;
    double age_ms;
    double fade_ms; /* how long a line takes to be seen */
};

/* Takes the frames over (also on failure). One holder. NULL when out of memory. */
struct picture *picture_create(uint32_t background, struct frame *visual, struct frame *text);

struct picture *picture_hold(struct picture *picture); /* NULL is allowed */
void picture_release(struct picture *picture);         /* NULL is allowed */

/* Replaces the visual by a film's next frame, which it takes over; releases the one before. */
void picture_set_visual(struct picture *picture, struct frame *visual);

/* Whether its visual has a motion, so that it is drawn anew for each refresh. A film alone doesn't
 * count: it changes only with its next frame. */
bool picture_moves(const struct picture *picture);

/* Where on the screen its focus lies: 0 to 1 from the top left corner. It does not follow a motion.
 * Sizes are the screen's. */
void picture_focus(const struct picture *picture, int width_px, int height_px, double *x,
                   double *y);

/* The picture without its text, for one call: it holds nothing, and lives no longer than the picture does. */
static inline struct picture picture_without_text(const struct picture *picture)
{
    struct picture bare = *picture;
    bare.text = NULL;
    return bare;
}

/* Whether both have the same text: the same pixels in the same place. False where one has none. */
bool picture_has_same_text(const struct picture *a, const struct picture *b);

/* The part of the visual's frame that fills frame->at, in fractions of the frame: of its `source`
 * what the motion shows at this moment. For a film without motion it begins at an even pixel, where
 * chroma has its samples, and ends at a whole one. */
struct layout_rect picture_crop(const struct picture_view *view);

#endif
