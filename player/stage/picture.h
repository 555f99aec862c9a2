/* A picture: what one spot looks like, ready to be drawn: ground, visual and tagline.
 *
 * Immutable once made, counted by its holders. Main thread. */
#ifndef STAGE_PICTURE_H
#define STAGE_PICTURE_H

#include "core/frame.h"
#include "core/motion.h"

struct picture {
    uint64_t id;          /* never used twice in a process */
    uint32_t background;  /* 0xRRGGBB */
    struct frame *visual; /* NULL: none */
    struct frame *text;   /* NULL: none; drawn at its own size */
    enum playlist_motion motion;
    int rotation;  /* of the screen, for the direction of a pan */
    bool portrait; /* the canvas is upright */
    char name[80]; /* of the spot, for logs; empty where it is none */
    int holders;
};

/* A picture at one moment of its motion. */
struct picture_view {
    const struct picture *picture;
    double progress; /* as in motion_crop */
};

/* Takes the frames over (also on failure). One holder. NULL when out of memory. */
struct picture *picture_create(uint32_t background, struct frame *visual, struct frame *text);

struct picture *picture_hold(struct picture *picture); /* NULL is allowed */
void picture_release(struct picture *picture);         /* NULL is allowed */

/* Whether it changes by itself while it is shown. */
bool picture_moves(const struct picture *picture);

/* The part of the visual's frame that fills frame->at, in fractions. */
struct layout_rect picture_crop(const struct picture_view *view);

#endif
