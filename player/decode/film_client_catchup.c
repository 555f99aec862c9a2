#include "decode/film_client_catchup.h"

/* Requests follow the clock if each is near to the clock and to the one before, for a while. */
#define STEADY_STEP_US 100000
#define STEADY_AFTER_NS INT64_C(500000000)

void film_client_catchup_init(struct film_client_catchup *catchup, int64_t start_us)
{
    *catchup = (struct film_client_catchup){.target_us = start_us};
}

/* Counts a frame that should be shown but is not there: frames follow one another from `end_us` on,
 * and each is counted once. */
static void count_missed(struct film_client_catchup *catchup, int64_t offset_us, int64_t end_us,
                         int64_t step_us)
{
    if (offset_us < end_us || offset_us < catchup->counted_us)
        return;
    catchup->dropped++;
    catchup->counted_us = end_us + ((offset_us - end_us) / step_us + 1) * step_us;
}

static void note_request(struct film_client_catchup *catchup, int64_t offset_us, int64_t now_ns)
{
    int64_t step_us = offset_us - catchup->requested_us;
    int64_t deviation_us = (offset_us - catchup->steady_us) - (now_ns - catchup->steady_ns) / 1000;
    if (step_us >= 0 && step_us <= STEADY_STEP_US && deviation_us >= -STEADY_STEP_US &&
        deviation_us <= STEADY_STEP_US)
        return;
    catchup->steady_us = offset_us;
    catchup->steady_ns = now_ns;
}

bool film_client_catchup_needs_skip(struct film_client_catchup *catchup, int64_t offset_us,
                                    int64_t shown_end_us, int64_t newest_end_us, int64_t step_us,
                                    int64_t now_ns)
{
    note_request(catchup, offset_us, now_ns);
    catchup->requested_us = offset_us;
    catchup->requested_ns = now_ns;
    if (step_us > 0)
        count_missed(catchup, offset_us, shown_end_us, step_us);
    return !catchup->waiting && offset_us - newest_end_us >= FILM_CLIENT_CATCHUP_BEHIND_US;
}

int64_t film_client_catchup_skip_target_us(const struct film_client_catchup *catchup,
                                           int64_t now_ns)
{
    bool steady = now_ns - catchup->steady_ns >= STEADY_AFTER_NS;
    return catchup->requested_us + (steady ? catchup->lead_us : 0);
}

void film_client_catchup_skip_sent(struct film_client_catchup *catchup, int64_t target_us,
                                   bool shown)
{
    catchup->target_us = target_us;
    catchup->waiting = true;
    catchup->behind |= shown;
}

void film_client_catchup_frame_arrived(struct film_client_catchup *catchup, int64_t time_us,
                                       int64_t end_us, int64_t now_ns)
{
    if (!catchup->waiting || end_us <= catchup->target_us)
        return;
    catchup->waiting = false;
    int64_t position_us = film_client_catchup_position_us(catchup, now_ns);
    int64_t late_us = 0; /* negative: early */
    if (position_us >= end_us)
        late_us = position_us - end_us;
    else if (position_us < time_us)
        late_us = position_us - time_us;
    int64_t lead_us = catchup->lead_us + late_us / 2;
    if (lead_us < 0)
        lead_us = 0;
    if (lead_us > FILM_CLIENT_CATCHUP_LEAD_MAX_US)
        lead_us = FILM_CLIENT_CATCHUP_LEAD_MAX_US;
    catchup->lead_us = lead_us;
}

int64_t film_client_catchup_position_us(const struct film_client_catchup *catchup, int64_t now_ns)
{
    if (!catchup->requested_ns)
        return INT64_MIN;
    return catchup->requested_us +
           (now_ns > catchup->requested_ns ? (now_ns - catchup->requested_ns) / 1000 : 0);
}
