/* A picture: what one spot looks like, ready to be drawn: ground, visual and tagline.
 *
 * Immutable once made, but for a film's visual; counted by its holders. Main thread. */
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
    int rotation;  /* of the screen, for the direction of a pan */
    bool portrait; /* the canvas is upright */
    bool playing;  /* a film runs: its visual is replaced as time goes by */
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

/* Puts another frame, a film's next one, in the visual's place. Takes the frame over and releases
 * the one before. */
void picture_set_visual(struct picture *picture, struct frame *visual);

/* Whether its visual moves across its place, so that it has to be drawn for each refresh. Not
 * whether it is a film: the same frame of that looks the same. */
bool picture_moves(const struct picture *picture);

/* The part of the visual's frame that fills frame->at, in fractions of the frame: its source, and
 * of that what its motion shows. A film that does not move starts at even pixels, where chroma has
 * samples, and ends at whole ones. */
struct layout_rect picture_crop(const struct picture_view *view);

#endif
