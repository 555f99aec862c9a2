#include "screen/frame_timing.h"

#define HZ_DEFAULT 60
#define EARLY_MAX 5
#define DRAW_MARGIN_NS 1000000

void frame_timing_init(struct frame_timing *pace, double hz, bool waits)
{
    *pace = (struct frame_timing){.period_ns = (int64_t)(1e9 / (hz > 0 ? hz : HZ_DEFAULT)),
                                  .waits = waits};
    pace->draw_ns = pace->period_ns;
}

double frame_timing_hz(const struct frame_timing *pace)
{
    return 1e9 / (double)pace->period_ns;
}

/* Refreshes that are over and had no frame, up to this instant. */
static void miss_until(struct frame_timing *pace, int64_t until_ns)
{
    int64_t missed = (until_ns - pace->told_ns + pace->period_ns / 2) / pace->period_ns;
    if (missed <= 0)
        return;
    pace->missed += missed;
    pace->due += missed;
    pace->told_ns += missed * pace->period_ns;
}

int64_t frame_timing_next_ns(struct frame_timing *pace, int64_t now_ns)
{
    pace->begun_ns = now_ns;
    if (!pace->running || !pace->target_ns) {
        pace->counted = false;
        pace->target_ns = now_ns + frame_timing_lead_ns(pace);
        pace->told_ns = pace->target_ns;
        return pace->target_ns;
    }
    int64_t next_ns = pace->target_ns + pace->period_ns;
    /* Periods that are over are skipped whole: the picture keeps its time and drops frames. */
    if (next_ns < now_ns)
        next_ns += (now_ns - next_ns + pace->period_ns - 1) / pace->period_ns * pace->period_ns;
    pace->counted = next_ns - pace->target_ns <= pace->period_ns;
    miss_until(pace, next_ns - pace->period_ns);
    pace->target_ns = pace->told_ns = next_ns;
    pace->due++;
    return next_ns;
}

int64_t frame_timing_present_ns(const struct frame_timing *pace)
{
    return pace->waits ? 0 : pace->target_ns;
}

/* Up at once, down slowly: a frame begun too early waits unseen, one begun too late is seen. */
void frame_timing_drawn(struct frame_timing *pace, int64_t now_ns)
{
    int64_t wanted_ns = now_ns - pace->begun_ns + DRAW_MARGIN_NS;
    if (wanted_ns > pace->period_ns)
        wanted_ns = pace->period_ns;
    if (wanted_ns > pace->draw_ns)
        pace->draw_ns = wanted_ns;
    else
        pace->draw_ns -= (pace->draw_ns - wanted_ns) / 16;
}

bool frame_timing_presented(struct frame_timing *pace, int64_t present_ns)
{
    bool late =
        pace->running && (!pace->counted || present_ns - pace->target_ns > pace->period_ns / 2);
    /* Refreshes that are whole over; where the display waits, at its own times. */
    if (pace->running)
        miss_until(pace, present_ns - (pace->waits ? 0 : pace->period_ns / 2));
    if (!pace->waits)
        return late;
    bool early = pace->presented_ns && present_ns - pace->presented_ns < pace->period_ns / 2;
    pace->early = early ? pace->early + 1 : 0;
    pace->presented_ns = present_ns;
    /* The screen's own refresh is the truth: follow it. */
    pace->target_ns = pace->told_ns = present_ns;
    if (pace->early >= EARLY_MAX)
        pace->waits = false;
    return late;
}

void frame_timing_set_running(struct frame_timing *pace, bool running)
{
    pace->running = running;
}

int64_t frame_timing_wait_until_ns(const struct frame_timing *pace, int64_t now_ns)
{
    if (!pace->running)
        return INT64_MAX;
    /* Where the display waits, the wait is in display_present: the target is over. Unless nothing
     * had to be drawn for it: then it is still to come. */
    if (pace->waits)
        return pace->target_ns > now_ns ? pace->target_ns : now_ns;
    return pace->target_ns + pace->period_ns - pace->draw_ns;
}

int64_t frame_timing_lead_ns(const struct frame_timing *pace)
{
    return pace->waits ? pace->period_ns : 0;
}
