#include "screen/frame_timing.h"

#define HZ_DEFAULT 60
#define EARLY_MAX 5
#define DRAW_MARGIN_NS 1000000
#define STRIDE_MARGIN 8 /* of a period */

void frame_timing_init(struct frame_timing *timing, double hz, bool waits)
{
    *timing = (struct frame_timing){.period_ns = (int64_t)(1e9 / (hz > 0 ? hz : HZ_DEFAULT)),
                                    .waits = waits};
    timing->draw_ns = timing->period_ns;
}

double frame_timing_hz(const struct frame_timing *timing)
{
    return 1e9 / (double)timing->period_ns;
}

void frame_timing_set_halved(struct frame_timing *timing, bool halved)
{
    timing->stride = halved ? 2 : 1;
}

/* Between two frames. */
static int64_t stride_ns(const struct frame_timing *timing)
{
    return timing->stride > 1 ? timing->stride * timing->period_ns : timing->period_ns;
}

/* Counts the refreshes until this instant that had no frame. */
static void count_missed_until(struct frame_timing *timing, int64_t until_ns)
{
    int64_t missed =
        (until_ns - timing->counted_until_ns + timing->period_ns / 2) / timing->period_ns;
    if (missed <= 0)
        return;
    timing->missed += missed;
    timing->due += missed;
    timing->counted_until_ns += missed * timing->period_ns;
}

int64_t frame_timing_next_ns(struct frame_timing *timing, int64_t now_ns)
{
    timing->begun_ns = now_ns;
    if (!timing->running || !timing->target_ns) {
        timing->counted = false;
        timing->target_ns = now_ns + frame_timing_lead_ns(timing);
        timing->counted_until_ns = timing->target_ns;
        return timing->target_ns;
    }
    int64_t next_ns = timing->target_ns + stride_ns(timing);
    /* Whole periods that are over are skipped: the show keeps its time, and drops frames. */
    if (next_ns < now_ns)
        next_ns +=
            (now_ns - next_ns + timing->period_ns - 1) / timing->period_ns * timing->period_ns;
    timing->counted = next_ns - timing->target_ns <= stride_ns(timing);
    count_missed_until(timing, next_ns - stride_ns(timing));
    timing->target_ns = timing->counted_until_ns = next_ns;
    timing->due++;
    return next_ns;
}

int64_t frame_timing_present_ns(const struct frame_timing *timing)
{
    return timing->waits ? 0 : timing->target_ns;
}

/* The estimate rises at once and falls slowly: a frame that was begun too early only waits, one
 * that was begun too late is seen late. */
void frame_timing_drawn(struct frame_timing *timing, int64_t now_ns)
{
    int64_t needed_ns = now_ns - timing->begun_ns + DRAW_MARGIN_NS;
    if (needed_ns > timing->period_ns)
        needed_ns = timing->period_ns;
    if (needed_ns > timing->draw_ns)
        timing->draw_ns = needed_ns;
    else
        timing->draw_ns -= (timing->draw_ns - needed_ns) / 16;
}

bool frame_timing_presented(struct frame_timing *timing, int64_t present_ns)
{
    bool late = timing->running &&
                (!timing->counted || present_ns - timing->target_ns > timing->period_ns / 2);
    /* Only refreshes that are over count; where the display waits, by its own times. */
    if (timing->running)
        count_missed_until(timing, present_ns - (timing->waits ? 0 : timing->period_ns / 2));
    if (!timing->waits)
        return late;
    bool early = timing->presented_ns && present_ns - timing->presented_ns < timing->period_ns / 2;
    timing->early = early ? timing->early + 1 : 0;
    timing->presented_ns = present_ns;
    /* A display that waits says exactly when the screen refreshes. */
    timing->target_ns = timing->counted_until_ns = present_ns;
    if (timing->early >= EARLY_MAX)
        timing->waits = false;
    return late;
}

void frame_timing_set_running(struct frame_timing *timing, bool running)
{
    timing->running = running;
}

int64_t frame_timing_wait_until_ns(const struct frame_timing *timing, int64_t now_ns)
{
    if (!timing->running)
        return INT64_MAX;
    /* Where the display waits, it does so in display_present, so the target has passed, unless
     * nothing had to be drawn for it. */
    int64_t step_ns = stride_ns(timing);
    if (!timing->waits)
        return timing->target_ns + step_ns - timing->draw_ns;
    /* What is begun a little after a refresh is seen at the next one. */
    int64_t due_ns = timing->target_ns;
    if (step_ns > timing->period_ns)
        due_ns += step_ns - timing->period_ns + timing->period_ns / STRIDE_MARGIN;
    return due_ns > now_ns ? due_ns : now_ns;
}

int64_t frame_timing_lead_ns(const struct frame_timing *timing)
{
    return timing->waits ? timing->period_ns : 0;
}
