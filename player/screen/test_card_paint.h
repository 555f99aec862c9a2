/* Draws the test card, by its plan, on a canvas in memory: all but its texts, which workers set,
 * and its clock. Any thread. */
#ifndef SCREEN_TEST_CARD_PAINT_H
#define SCREEN_TEST_CARD_PAINT_H

#include "screen/compose.h"
#include "screen/test_card_plan.h"

/* The canvas has the plan's size; every pixel is written. */
void test_card_paint(const struct test_card_plan *plan, const struct canvas *canvas);

/* Lays a text over it that was set for some canvas of its own, of which the point (x_px, y_px)
 * is the corner of `box`. What would lie outside the canvas is left out. */
void test_card_paint_text(const struct canvas *canvas, const struct frame *text, int x_px,
                          int y_px);

/* Turns it clockwise for the screen: 0, 90, 180 or 270 degrees. */
void test_card_turn(const struct canvas *to, const struct canvas *from, int rotation);

#endif
