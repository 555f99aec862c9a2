/* Draws frames on the processor, for every display that has no GPU: keeps the drawn pictures of a
 * crossfade and its frozen frame, and writes the mix straight into the memory that is shown.
 *
 * That memory may be a graphics card's: writing to it is fast, reading from it takes a hundred
 * times as long, so it is only ever written to where the target says so. Main thread; what mixes
 * takes a range of rows, and ranges share nothing that changes. */
#ifndef SCREEN_CPU_DRAWING_H
#define SCREEN_CPU_DRAWING_H

#include "screen/compose.h"
#include "screen/display_mix.h"
#include "screen/display_wish.h"

/* What a side's canvas shows. */
struct cpu_drawing_content {
    uint64_t picture; /* id; 0: none */
    uint64_t visual;  /* id of its visual's frame; 0: none */
    struct layout_rect crop;
};

/* One side of a crossfade, drawn: a still picture once, a film for each of its frames, a moving
 * picture for each refresh. */
struct cpu_drawing_side {
    struct canvas canvas; /* pixels NULL until first used */
    struct cpu_drawing_content content;
    struct compose_buffers buffers; /* for its picture, also when that is drawn elsewhere */
};

/* Zeroed, with its size set. */
struct cpu_drawing {
    int width_px, height_px; /* of whole pictures */
    struct cpu_drawing_side
        sides[2];            /* of a crossfade; the one that has drawn a picture keeps it */
    struct canvas frozen;    /* pixels NULL until first used */
    struct canvas strip;     /* some rows, mixed but not yet dimmed; NULL until first used */
    struct display_mix last; /* what was drawn last; its pictures are not held */
};

/* Where a frame goes: all of the picture, or the part whose top left corner is at x_px, y_px. */
struct cpu_target {
    struct canvas canvas;
    int x_px, y_px;
    bool write_only;
};

/* Memory that shows its part of a wall (width 0: it is the whole). What lies beyond the wall is not
 * part of the target. */
struct cpu_target cpu_target_on_wall(const struct canvas *memory,
                                     const struct display_canvas *wall);

/* Draws one frame. False: out of memory. */
MUST_CHECK bool cpu_drawing_draw(struct cpu_drawing *drawing, const struct display_mix *mix,
                                 const struct cpu_target *target, struct err *err);

/* Notes what is on screen: what display_freeze will be asked for. */
void cpu_drawing_note_shown(struct cpu_drawing *drawing, const struct display_mix *mix);

/* Draws what was noted once more, without its texts, into the frozen frame. Its pictures must still be there. */
MUST_CHECK bool cpu_drawing_freeze(struct cpu_drawing *drawing, struct err *err);

/* Another size: all that was drawn is gone. */
void cpu_drawing_resize(struct cpu_drawing *drawing, int width_px, int height_px);

/* The drawing is as if it were zeroed. */
void cpu_drawing_finish(struct cpu_drawing *drawing);

/* Memory for a canvas, aligned for the fast paths; to be freed. */
MUST_CHECK bool cpu_canvas_init(struct canvas *canvas, int width_px, int height_px,
                                struct err *err);

#endif
