/* Shapes of screens, for which a playlist may have files and values of their own, and which of them
 * serves a screen. Pure. */
#ifndef CORE_SHAPE_H
#define CORE_SHAPE_H

/* In the order in which ties are decided. */
enum shape {
    SHAPE_LANDSCAPE, /* 16:9 */
    SHAPE_PORTRAIT,  /* 9:16 */
    SHAPE_WIDE,      /* 4:1 */
    SHAPE_SQUARE,    /* 1:1 */
    SHAPE_COUNT
};

/* A set of shapes has the bit 1 << shape of each. */
#define SHAPE_ALL ((1U << SHAPE_COUNT) - 1)

/* Longer sides are taken for this long. */
#define SHAPE_SIDE_MAX (1 << 26)

/* As in a playlist: "landscape". */
const char *shape_name(enum shape shape);

/* A screen's size that has the shape exactly. */
void shape_nominal(enum shape shape, int *width, int *height);

/* The shape of a set (landscape, where that is empty) whose aspect is nearest to a screen's: least
 * |ln(aspect / nominal)|, exactly. A side below 1 counts as 1. */
enum shape shape_nearest(unsigned set, int width, int height);

/* The first shape of a set, in the order above; SHAPE_COUNT: it is empty. */
enum shape shape_first(unsigned set);

#endif
