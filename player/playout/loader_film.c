#include "playout/loader_film.h"

#include "base/clock.h"
#include "base/log.h"

#define LOG_MODULE "loader_film"

/* After the first break a film goes on almost at once; one that breaks again and again (a machine
 * out of memory) is left alone longer each time, and in the end for the rest of its slot. */
#define BREAKS_MAX 6
#define WAIT_NS 250000000
#define WAIT_FACTOR 4
/* A worker's start, where none was measured; and the most that is believed of a machine that was
 * busy once. */
#define START_US 150000
#define START_MAX_US 1000000

int64_t loader_film_lead_us(const struct loader_film *film)
{
    return film->took_us ? film->took_us : START_US;
}

bool loader_film_start(struct loader_film *film, const struct worker_jobs_canvas *canvas,
                       const struct edition *edition, int spot, int64_t offset_us, struct err *err)
{
    film->wanted = film->ready = false;
    film->started_ns = clock_mono_ns();
    film->from_us = film->asked_us = offset_us;
    film->heard = canvas->sound && edition->playlist->spots[spot].volume > 0;
    film->film = worker_jobs_start_film(canvas, edition, spot, offset_us, err);
    return film->film;
}

enum film_client_state loader_film_poll(struct loader_film *film, int64_t now_ns, struct err *err)
{
    if (!film->film)
        return FILM_CLIENT_PENDING;
    enum film_client_state state = film_client_poll(film->film, now_ns, err);
    if (state == FILM_CLIENT_READY && !film->ready) {
        film->ready = true;
        film->took_us = (now_ns - film->started_ns) / 1000 + 1;
        if (film->took_us > START_MAX_US)
            film->took_us = START_MAX_US;
    }
    return state;
}

bool loader_film_again(struct loader_film *film, int64_t now_ns)
{
    int64_t wait_ns = WAIT_NS;
    for (int i = 0; i < film->breaks; i++)
        wait_ns *= WAIT_FACTOR;
    film_client_stop(film->film);
    film->film = NULL;
    film->ready = false;
    film->retry_ns = now_ns + wait_ns;
    film->wanted = ++film->breaks < BREAKS_MAX;
    return film->wanted;
}

void loader_film_advance(struct loader_film *film, struct picture *picture, int64_t offset_us)
{
    if (offset_us > film->reached_us)
        film->reached_us = offset_us;
    film->asked_us = offset_us;
    if (!film->ready) {
        if (film->film)
            film_client_frame_at(film->film,
                                 offset_us); /* none yet: but its worker learns where to be */
        return;
    }
    if (!picture)
        return;
    picture->playing = true;
    if (offset_us < film->from_us &&
        film->breaks) /* else the picture would run ahead of its time */
        return;
    struct frame *frame = film_client_frame_at(film->film, offset_us);
    if (frame && frame != picture->visual)
        picture_set_visual(picture, frame_hold(frame));
    picture->playing = film_client_next_us(film->film) != INT64_MAX;
}

struct frame *loader_film_first(struct loader_film *film)
{
    return film->ready ? film_client_frame_at(film->film, film->asked_us) : NULL;
}

int64_t loader_film_place_us(const struct loader_film *film)
{
    return film->reached_us > film->from_us ? film->reached_us : film->from_us;
}

bool loader_film_went_well(const struct loader_film *film, int64_t *to_us)
{
    *to_us = film->reached_us;
    if (film->film && film->ready && film_client_next_us(film->film) == INT64_MAX)
        *to_us = INT64_MAX;
    return film->film && film->ready && !film->breaks && film->from_us == 0;
}

int64_t loader_film_retry_ns(const struct loader_film *film, int64_t now_ns)
{
    return film->wanted && film->retry_ns > now_ns ? film->retry_ns : INT64_MAX;
}

bool loader_film_tell_short(struct loader_film *film, int64_t *end_us, int64_t *told_us)
{
    if (!film->ready || film->told_short || !film_client_is_short(film->film, end_us))
        return false;
    *told_us = film_client_facts(film->film)->duration_us;
    return film->told_short = true;
}

bool loader_film_tell_damaged(struct loader_film *film, int64_t *at_us)
{
    if (!film->ready || film->told_damaged)
        return false;
    const struct film_client_counts counts = film_client_counts(film->film);
    *at_us = counts.damaged_us;
    return film->told_damaged = counts.damaged > 0;
}

void loader_film_stop(struct loader_film *film, const char *name)
{
    if (film->film) {
        const struct film_client_counts counts = film_client_counts(film->film);
        log_debug("film over spot=\"%s\" frames=%lld dropped=%lld damaged=%lld", name,
                  (long long)counts.received, (long long)counts.dropped, (long long)counts.damaged);
    }
    film_client_stop(film->film);
    film->film = NULL;
    film->ready = film->wanted = false;
}
