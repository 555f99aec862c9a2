#include "screen/text_rise.h"

#include "core/transition.h"

#include <math.h>

#define GAP_PX 2 /* at least, from band to band: a sharper edge would be seen in a shadow */

bool text_rise_is_over(const struct frame *text, double age_ms, double fade_ms)
{
    double line_ms = fmax(TEXT_RISE_MS, fade_ms);
    return text->lines.count < 1 ||
           age_ms >= line_ms + TEXT_RISE_DELAY_MS * (text->lines.count - 1);
}

/* How much of the way is left: it begins fast and arrives gently. */
static double way_left(double age_ms)
{
    double left = 1 - fmin(fmax(age_ms / TEXT_RISE_MS, 0), 1);
    return left * left * left;
}

static double share_seen(double age_ms, double fade_ms)
{
    if (fade_ms <= 0)
        return age_ms < 0 ? 0 : 1;
    return transition_smoothstep(0, fade_ms, age_ms);
}

static void join_bands(const struct frame_lines *lines, int upper, struct text_rise_band *bands)
{
    double end = lines->ink[upper].end, top = lines->ink[upper + 1].top;
    if (top - end < GAP_PX) {
        double middle = (end + top) / 2;
        end = middle - GAP_PX / 2.0;
        top = middle + GAP_PX / 2.0;
    }
    bands[upper].fade = bands[upper + 1].begin = end;
    bands[upper].end = bands[upper + 1].whole = top;
}

int text_rise_bands(const struct frame *text, const struct picture_text_view *view, int upright_px,
                    struct text_rise_band bands[FRAME_LINES_MAX])
{
    const struct frame_lines *lines = &text->lines;
    for (int i = 0; i < lines->count; i++) {
        double age_ms = view->age_ms - TEXT_RISE_DELAY_MS * i;
        bands[i] = (struct text_rise_band){
            .fade = upright_px,
            .end = upright_px,
            .offset = TEXT_RISE_EM * lines->em_px * way_left(age_ms),
            .level = (1 - view->hidden) * share_seen(age_ms, view->fade_ms),
        };
        if (i > 0)
            join_bands(lines, i - 1, bands);
    }
    return lines->count;
}

double text_rise_share(const struct text_rise_band *band, double place)
{
    if (place < band->begin || place > band->end)
        return 0;
    if (place < band->whole)
        return (place - band->begin) / (band->whole - band->begin);
    if (place > band->fade)
        return (band->end - place) / (band->end - band->fade);
    return 1;
}
