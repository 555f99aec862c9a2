#include "playout/loader_film.h"

#include "base/clock.h"
#include "base/log.h"

#define LOG_MODULE "loader_film"

/* After its first failure a film goes on almost at once. Where it fails again and again, as on a
 * machine that is out of memory, the delay grows, and in the end the film rests until its slot is
 * over. */
#define FAILURES_MAX 6
#define WAIT_NS 250000000
#define WAIT_FACTOR 4
/* How long a worker takes to its first frame: before that was measured, and at most, as a
 * machine may have been busy when it was. */
#define START_US 150000
#define START_MAX_US 1000000

int64_t loader_film_start_lead_us(const struct loader_film *film)
{
    return film->took_us ? film->took_us : START_US;
}

bool loader_film_start(struct loader_film *film, const struct worker_jobs_canvas *canvas,
                       const struct edition *edition, int spot, int64_t offset_us, struct err *err)
{
    film->needs_worker = film->ready = false;
    film->started_ns = clock_mono_ns();
    film->from_us = film->requested_us = offset_us;
    film->has_sound = canvas->sound && edition->playlist->spots[spot].volume > 0;
    film->client = worker_jobs_start_film(canvas, edition, spot, offset_us, err);
    return film->client;
}

enum film_client_state loader_film_poll(struct loader_film *film, int64_t now_ns, struct err *err)
{
    if (!film->client)
        return FILM_CLIENT_PENDING;
    enum film_client_state state = film_client_poll(film->client, now_ns, err);
    if (state == FILM_CLIENT_READY && !film->ready) {
        film->ready = true;
        film->took_us = (now_ns - film->started_ns) / 1000 + 1;
        if (film->took_us > START_MAX_US)
            film->took_us = START_MAX_US;
    }
    return state;
}

bool loader_film_schedule_restart(struct loader_film *film, int64_t now_ns)
{
    int64_t wait_ns = WAIT_NS;
    for (int i = 0; i < film->failures; i++)
        wait_ns *= WAIT_FACTOR;
    film_client_stop(film->client);
    film->client = NULL;
    film->ready = false;
    film->retry_ns = now_ns + wait_ns;
    film->needs_worker = ++film->failures < FAILURES_MAX;
    return film->needs_worker;
}

void loader_film_advance(struct loader_film *film, struct picture *picture, int64_t offset_us)
{
    if (offset_us > film->reached_us)
        film->reached_us = offset_us;
    film->requested_us = offset_us;
    if (!film->ready) {
        if (film->client)
            film_client_frame_at(film->client, offset_us); /* tells the worker where to be */
        return;
    }
    if (!picture)
        return;
    picture->playing = true;
    if (offset_us < film->from_us &&
        film->failures) /* the new worker began further on: its frames are not due yet */
        return;
    struct frame *frame = film_client_frame_at(film->client, offset_us);
    if (frame && frame != picture->visual)
        picture_set_visual(picture, frame_hold(frame));
    picture->playing = film_client_next_us(film->client) != INT64_MAX;
}

struct frame *loader_film_first(struct loader_film *film)
{
    return film->ready ? film_client_frame_at(film->client, film->requested_us) : NULL;
}

int64_t loader_film_failed_us(const struct loader_film *film)
{
    return film->reached_us > film->from_us ? film->reached_us : film->from_us;
}

bool loader_film_went_well(const struct loader_film *film, int64_t *to_us)
{
    *to_us = film->reached_us;
    if (film->client && film->ready && film_client_next_us(film->client) == INT64_MAX)
        *to_us = INT64_MAX;
    return film->client && film->ready && !film->failures && film->from_us == 0;
}

int64_t loader_film_retry_ns(const struct loader_film *film, int64_t now_ns)
{
    return film->needs_worker && film->retry_ns > now_ns ? film->retry_ns : INT64_MAX;
}

bool loader_film_report_short(struct loader_film *film, int64_t *end_us, int64_t *length_us)
{
    if (!film->ready || film->reported_truncated || !film_client_is_truncated(film->client, end_us))
        return false;
    *length_us = film_client_facts(film->client)->duration_us;
    return film->reported_truncated = true;
}

bool loader_film_report_damaged(struct loader_film *film, int64_t *at_us)
{
    if (!film->ready || film->reported_damaged)
        return false;
    const struct film_client_counts counts = film_client_counts(film->client);
    *at_us = counts.damaged_us;
    return film->reported_damaged = counts.damaged > 0;
}

void loader_film_stop(struct loader_film *film, const char *name)
{
    if (film->client) {
        const struct film_client_counts counts = film_client_counts(film->client);
        log_debug("film finished spot=\"%s\" frames=%lld dropped=%lld damaged=%lld", name,
                  (long long)counts.received, (long long)counts.dropped, (long long)counts.damaged);
    }
    film_client_stop(film->client);
    film->client = NULL;
    film->ready = film->needs_worker = false;
}
