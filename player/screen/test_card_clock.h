/* The clock of the test card: the time of day with milliseconds, and a dot that goes over a
 * track once a second, so that an eye sees whether two screens go in step. Any thread. */
#ifndef SCREEN_TEST_CARD_CLOCK_H
#define SCREEN_TEST_CARD_CLOCK_H

#include "screen/compose.h"
#include "screen/test_card_plan.h"

/* Figures and signs, as parts of the picture of TEST_CARD_GLYPHS, which they borrow. */
struct test_card_glyphs {
    const struct frame *frame;
    int left[TEST_CARD_GLYPH_COUNT], width[TEST_CARD_GLYPH_COUNT];
    int figure_px; /* the widest figure */
};

/* Finds them by the gaps between them. False where the picture does not have so many: then there
 * is only the track. */
bool test_card_cut_glyphs(struct test_card_glyphs *glyphs, const struct frame *frame);

/* Draws the clock at a time of day: on a canvas of the size of plan->clock, with premultiplied
 * alpha; every pixel is written. `glyphs` NULL: the track alone. */
void test_card_paint_clock(const struct test_card_plan *plan, const struct test_card_glyphs *glyphs,
                           const struct canvas *canvas, int64_t local_ms);

#endif
