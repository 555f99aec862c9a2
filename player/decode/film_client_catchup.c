#include "decode/film_client_catchup.h"

/* Questions that follow the clock: none is further from it, or from the one before, and it has been
 * so for a while. */
#define LIVE_STEP_US 100000
#define LIVE_AFTER_NS INT64_C(500000000)

void film_client_catchup_init(struct film_client_catchup *pace, int64_t start_us)
{
    *pace = (struct film_client_catchup){.aim_us = start_us};
}

/* The frame that should be on is not there: they follow one another from `end_us` on, and each is
 * counted once. */
static void count_missed(struct film_client_catchup *pace, int64_t offset_us, int64_t end_us,
                         int64_t step_us)
{
    if (offset_us < end_us || offset_us < pace->counted_us)
        return;
    pace->dropped++;
    pace->counted_us = end_us + ((offset_us - end_us) / step_us + 1) * step_us;
}

static void note_clock(struct film_client_catchup *pace, int64_t offset_us, int64_t now_ns)
{
    int64_t step_us = offset_us - pace->asked_us;
    int64_t off_us = (offset_us - pace->live_us) - (now_ns - pace->live_ns) / 1000;
    if (step_us >= 0 && step_us <= LIVE_STEP_US && off_us >= -LIVE_STEP_US &&
        off_us <= LIVE_STEP_US)
        return;
    pace->live_us = offset_us;
    pace->live_ns = now_ns;
}

bool film_client_catchup_ask(struct film_client_catchup *pace, int64_t offset_us,
                             int64_t shown_end_us, int64_t newest_end_us, int64_t step_us,
                             int64_t now_ns)
{
    note_clock(pace, offset_us, now_ns);
    pace->asked_us = offset_us;
    pace->asked_ns = now_ns;
    if (step_us > 0)
        count_missed(pace, offset_us, shown_end_us, step_us);
    return !pace->waits && offset_us - newest_end_us >= FILM_CLIENT_CATCHUP_BEHIND_US;
}

int64_t film_client_catchup_aim(const struct film_client_catchup *pace, int64_t now_ns)
{
    bool live = now_ns - pace->live_ns >= LIVE_AFTER_NS;
    return pace->asked_us + (live ? pace->lead_us : 0);
}

void film_client_catchup_told(struct film_client_catchup *pace, int64_t aim_us, bool shown)
{
    pace->aim_us = aim_us;
    pace->waits = true;
    pace->behind |= shown;
}

void film_client_catchup_came(struct film_client_catchup *pace, int64_t time_us, int64_t end_us,
                              int64_t now_ns)
{
    if (!pace->waits || end_us <= pace->aim_us)
        return;
    pace->waits = false;
    int64_t on_us = film_client_catchup_guess_us(pace, now_ns);
    int64_t late_us = on_us >= end_us ? on_us - end_us : on_us < time_us ? on_us - time_us : 0;
    int64_t lead_us = pace->lead_us + late_us / 2;
    pace->lead_us = lead_us < 0                                 ? 0
                    : lead_us > FILM_CLIENT_CATCHUP_LEAD_MAX_US ? FILM_CLIENT_CATCHUP_LEAD_MAX_US
                                                                : lead_us;
}

int64_t film_client_catchup_guess_us(const struct film_client_catchup *pace, int64_t now_ns)
{
    if (!pace->asked_ns)
        return INT64_MIN;
    return pace->asked_us + (now_ns > pace->asked_ns ? (now_ns - pace->asked_ns) / 1000 : 0);
}
