/* How the lines of a text come up, one after another: where each is at a moment, and how much of it
 * is seen. Pure; any thread.
 *
 * The text is one picture, with shadows that reach from line to line. So it is cut into bands, one for
 * each line, that go over into each other between the lines: at rest they add up to the picture. */
#ifndef SCREEN_TEXT_RISE_H
#define SCREEN_TEXT_RISE_H

#include "core/frame.h"
#include "screen/picture.h"

#define TEXT_RISE_MS 500       /* a line's way */
#define TEXT_RISE_DELAY_MS 120 /* from one line to the next */
#define TEXT_RISE_EM 0.15      /* how far below its place a line begins */

/* Lengths are pixels of the frame as it stands upright, from its top. */
struct text_rise_band {
    double begin, whole, fade,
        end;       /* it is whole from `whole` to `fade`, and fades to both sides */
    double offset; /* how far below its place it is */
    double level;  /* how much of it is seen, 0 to 1 */
};

/* Whether the last line is in its place and all of it is seen. Also of a text whose lines are unknown,
 * which stands still. */
bool text_rise_is_over(const struct frame *text, double age_ms, double fade_ms);

/* The bands at a moment; returns how many. `upright_px`: the frame's height as it stands upright. */
int text_rise_bands(const struct frame *text, const struct picture_text_view *view, int upright_px,
                    struct text_rise_band bands[FRAME_LINES_MAX]);

/* How much of a band there is at a place: 0 to 1. */
double text_rise_share(const struct text_rise_band *band, double place);

#endif
