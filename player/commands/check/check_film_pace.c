#include "commands/check/check_film_pace.h"

#include "commands/check/check_patience.h"

#define FRAMES_MIN 10 /* fewer do not give a rate */

void check_film_pace_add(struct check_film_pace *pace, const struct film_client *film)
{
    struct worker_usage usage;
    pace->frames++;
    if (!film_client_usage(film, &usage)) /* it has ended, and these are its last frames */
        return;
    pace->last = usage;
    pace->last_frames = pace->frames;
    pace->counts = film_client_counts(film);
    if (pace->first_frames > 0)
        return;
    pace->first = usage;
    pace->first_frames = pace->frames;
}

double check_film_pace_rate(const struct check_film_pace *pace)
{
    int frames = pace->last_frames - pace->first_frames;
    int64_t took_ns = worker_usage_least_ns(&pace->first, &pace->last, check_patience_processors());
    if (frames + 1 < FRAMES_MIN || took_ns <= 0)
        return 0;
    const struct film_client_counts *counts = &pace->counts;
    double fields =
        counts->received > 0 ? (double)counts->deinterlaced / (double)counts->received : 0;
    return frames * (1 - fields / 2) / ((double)took_ns / 1e9);
}
