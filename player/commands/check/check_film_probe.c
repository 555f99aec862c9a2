#include "commands/check/check_film_probe.h"

#include "base/clock.h"
#include "commands/check/check_film_pace.h"
#include "commands/check/check_flash.h"
#include "commands/check/check_patience.h"
#include "commands/check/check_shape.h"
#include "decode/worker_process.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define SOUND_HZ 48000
#define BLOCK_PAIRS (SOUND_HZ / 100)
/* A film's worker waits while its sound is not collected. Sound that is this far behind the
 * picture is given up. */
#define BEHIND_PAIRS 480000 /* 10 s */
/* Decoding is started this long before the film's end and, if that took less than JOIN_SLOW_US, in
 * its middle, too. */
#define JOIN_END_US 300000
#define JOIN_SLOW_US 1000000
/* Decoding does not depend on the screen. */
#define CANVAS_WIDTH_PX 1920
#define CANVAS_HEIGHT_PX 1080

/* A worker that is waited for. */
struct watch {
    struct check_patience patience;
    struct worker_usage since; /* when its last frame came */
};

/* The passage that is being decoded. */
struct work {
    const struct check_film_probe *probe;
    struct check_film_probe_result *result;
    struct check_film_probe_passage *passage;
    int64_t until_us;
    struct film_client *film;
    uint64_t last_id; /* of the pictures that came; 0: none */
    struct watch watch;
    struct check_film_pace pace;
    struct check_flash *flash;
    float *mix;            /* scratch of BEHIND_PAIRS */
    int64_t at, sound_end; /* in pairs of samples: the next sound to collect; where collected
                              sound ends, -1: none yet */
};

/* Sleeps until the film's worker has answered, or is to be looked at. */
static void wait_for_film(const struct film_client *film)
{
    int64_t until_ns = clock_earlier_ns(film_client_deadline_ns(film),
                                        clock_mono_ns() + CHECK_PATIENCE_LOOK_MS * 1000000);
    int64_t ms = (until_ns - clock_mono_ns()) / 1000000 + 1;
    struct pollfd fd = {.fd = film_client_fd(film), .events = POLLIN};
    poll(&fd, 1, ms > 0 ? (int)ms : 0);
}

/* False where a worker is stalled (ERR_KILLED), or has worked for far too long without a frame
 * (ERR_TIMEOUT). */
static MUST_CHECK bool may_go_on(struct watch *watch, const struct check_film_probe *probe,
                                 const struct film_client *film, struct err *err)
{
    struct worker_usage now;
    int64_t limit_ms = FILM_CLIENT_PATIENCE * probe->limit_ms;
    if (!film_client_usage(film, &now)) /* film_client_poll knows why */
        return true;
    if (!check_patience_look(&watch->patience, now.processor_ns, clock_mono_ns(), err))
        return false;
    return worker_usage_least_ns(&watch->since, &now, check_patience_processors()) <=
               limit_ms * 1000000 ||
           err_set(err, ERR_TIMEOUT, "no frame came within %g s of processor time",
                   (double)limit_ms / 1000);
}

/* Waits for the film's first answer. *used: what the worker had used by then. */
static enum film_client_state wait_for_start(const struct check_film_probe *probe,
                                             struct film_client *film, struct worker_usage *used,
                                             struct err *err)
{
    struct watch watch = {.since = {.processor_ns = 0}};
    enum film_client_state state;
    for (;;) {
        film_client_usage(film, used);
        state = film_client_poll(film, clock_mono_ns(), err);
        if (state != FILM_CLIENT_PENDING)
            return state;
        if (!may_go_on(&watch, probe, film, err))
            return FILM_CLIENT_FAILED;
        wait_for_film(film);
    }
}

static struct film_client *start_film(const struct check_film_probe *probe, int64_t start_us,
                                      bool probe_only, struct err *err)
{
    const struct film_client_request request = {
        .canvas_width_px = CANVAS_WIDTH_PX,
        .canvas_height_px = CANVAS_HEIGHT_PX,
        .fit = LAYOUT_FIT_COVER,
        .focus_x = 0.5,
        .focus_y = 0.5,
        .start_us = start_us,
        .want_sound = probe->want_sound && !probe_only,
        .probe_only = probe_only,
        .limit_ms = CHECK_PATIENCE_CLIENT_MS,
    };
    int file = edition_open(probe->edition, probe->asset, err);
    if (file < 0)
        return NULL;
    struct film_client *film = film_client_start(&request, file, err);
    close(file);
    return film;
}

static void stop_film(struct film_client *film)
{
    film_client_stop(film);
    worker_process_reap(true); /* what is timed next must have the machine for itself */
}

bool check_film_probe_facts(const struct check_film_probe *probe, struct film_client_facts *facts,
                            struct err *err)
{
    struct film_client *film = start_film(probe, 0, true, err);
    if (!film)
        return false;
    struct worker_usage used;
    enum film_client_state state = wait_for_start(probe, film, &used, err);
    if (state == FILM_CLIENT_READY)
        *facts = *film_client_facts(film);
    stop_film(film);
    return state == FILM_CLIENT_READY;
}

/* How long it takes from a start to the first frame, where nothing else uses the machine; -1: there
 * was none. */
static int64_t time_start(const struct check_film_probe *probe, int64_t start_us)
{
    static const struct worker_usage none;
    struct check_film_probe silent = *probe;
    struct worker_usage used = none;
    struct err err = {0};
    silent.want_sound = false;
    struct film_client *film = start_film(&silent, start_us, false, &err);
    if (!film)
        return -1;
    enum film_client_state state = wait_for_start(&silent, film, &used, &err);
    stop_film(film);
    if (state != FILM_CLIENT_READY && err.code != ERR_TIMEOUT)
        return -1;
    return worker_usage_least_ns(&none, &used, check_patience_processors()) / 1000;
}

/* How much longer a start within the film takes than one at its beginning, because decoding begins
 * at the keyframe before. */
static int64_t time_joins(const struct check_film_probe *probe, int64_t end_us)
{
    int64_t places_us[2] = {end_us - JOIN_END_US, end_us / 2}, most_us = 0;
    int64_t first_us = time_start(probe, 0);
    for (int i = 0; i < 2 && first_us >= 0 && places_us[i] > 0 && most_us < JOIN_SLOW_US; i++) {
        int64_t more_us = time_start(probe, places_us[i]) - first_us;
        most_us = more_us > most_us ? more_us : most_us;
    }
    return most_us;
}

/* Whether any sound is there within so many pairs from the next one on. */
static bool has_sound_in_film(struct work *work, int pairs)
{
    static const float gains[2] = {1, 1};
    return film_client_add_sound(work->film, work->at, work->mix, pairs, gains);
}

static int64_t us_of_pairs(int64_t pairs)
{
    return pairs * 1000000 / SOUND_HZ;
}

static void count_sound_block(struct work *work)
{
    struct check_film_probe_sound *sound = &work->result->sound;
    int64_t gap = work->sound_end < 0 ? 0 : work->at - work->sound_end;
    if (gap > 0 && sound->missing_us == 0)
        sound->gap_us = us_of_pairs(work->sound_end);
    sound->missing_us += us_of_pairs(gap);
    sound->decoded_sound_us += us_of_pairs(BLOCK_PAIRS);
    work->at += BLOCK_PAIRS;
    work->sound_end = work->at;
    if (work->passage == work->result->passages)
        sound->end_us = us_of_pairs(work->at);
}

/* Collects the sound that is there. It arrives in order: where later sound is there, what lies
 * before it is missing. */
static void collect_sound(struct work *work)
{
    int64_t shown_us = work->passage->shown_us;
    int64_t least = (shown_us > 0 ? shown_us * (SOUND_HZ / 1000) / 1000 : 0) - BEHIND_PAIRS;
    if (!work->probe->want_sound)
        return;
    if (work->at < least)
        work->at = least;
    for (;;) {
        if (has_sound_in_film(work, BLOCK_PAIRS))
            count_sound_block(work);
        else if (has_sound_in_film(work, BEHIND_PAIRS))
            work->at += BLOCK_PAIRS;
        else
            return;
    }
}

/* Takes the frames that are there, one after the other. False at the end. */
static bool take_frames(struct work *work)
{
    struct check_film_probe_passage *passage = work->passage;
    for (;;) {
        int64_t at_us = work->last_id ? film_client_next_us(work->film) : passage->from_us;
        struct frame *frame = at_us == INT64_MAX ? NULL : film_client_frame_at(work->film, at_us);
        passage->ended = at_us == INT64_MAX;
        if (passage->ended)
            return false;
        /* Whether another frame follows the last one is not known yet. */
        if (!frame || frame->id == work->last_id)
            return true;
        if (at_us > work->until_us)
            return false;
        if (passage->shown_us >= 0 && at_us - passage->shown_us > passage->stands_us) {
            passage->stands_us = at_us - passage->shown_us;
            passage->stands_at_us = passage->shown_us;
        }
        /* The frame at the passage's start began before it, at a time that is not known. */
        passage->shown_us = work->last_id || at_us == 0 ? at_us : -1;
        passage->any = true;
        work->last_id = frame->id;
        film_client_usage(work->film, &work->watch.since);
        if (at_us <= CHECK_FILM_PROBE_TIMED_US)
            check_film_pace_add(&work->pace, work->film);
        const struct check_flash_light light = check_flash_measure(frame);
        check_flash_add(work->flash, at_us, &light);
    }
}

static void count_damage(struct check_film_probe_result *result, const struct film_client *film)
{
    const struct film_client_counts counts = film_client_counts(film);
    if (result->damaged == 0)
        result->damaged_us = counts.damaged_us;
    result->damaged += counts.damaged;
    result->received += counts.received;
    result->deinterlaced += counts.deinterlaced;
}

/* A short film's frames may all be there before its sound is. */
static void wait_for_sound(struct work *work)
{
    struct err err = {0};
    while (work->probe->want_sound && film_client_fd(work->film) >= 0 &&
           may_go_on(&work->watch, work->probe, work->film, &err)) {
        int64_t heard = work->sound_end;
        wait_for_film(work->film);
        film_client_poll(work->film, clock_mono_ns(), &err);
        collect_sound(work);
        if (work->sound_end > heard)
            film_client_usage(work->film, &work->watch.since);
    }
}

static void decode_passage(struct work *work)
{
    struct check_film_probe_passage *passage = work->passage;
    work->film = start_film(work->probe, passage->from_us, false, &passage->err);
    passage->failed = !work->film;
    if (passage->failed)
        return;
    enum film_client_state state;
    while ((state = film_client_poll(work->film, clock_mono_ns(), &passage->err)) !=
           FILM_CLIENT_FAILED) {
        bool more = state != FILM_CLIENT_READY || take_frames(work);
        collect_sound(work);
        if (!more)
            break;
        if (!may_go_on(&work->watch, work->probe, work->film, &passage->err)) {
            state = FILM_CLIENT_FAILED;
            break;
        }
        wait_for_film(work->film);
    }
    if (passage->ended)
        wait_for_sound(work);
    /* Frames that came before the failure may not have been taken. */
    passage->failed = state == FILM_CLIENT_FAILED;
    count_damage(work->result, work->film);
    stop_film(work->film);
}

static void probe_passage(struct work *work, int64_t from_us, int64_t until_us)
{
    struct check_film_probe_result *result = work->result;
    struct check_film_probe_passage *passage = &result->passages[result->passage_count++];
    int64_t flashes_us = 0;
    *passage = (struct check_film_probe_passage){.from_us = from_us, .shown_us = -1};
    *work->flash = (struct check_flash){0};
    work->passage = passage;
    work->until_us = until_us;
    work->last_id = 0;
    work->watch = (struct watch){.since = {.processor_ns = 0}};
    work->pace = (struct check_film_pace){.frames = 0};
    work->at = from_us * (SOUND_HZ / 1000) / 1000;
    work->sound_end = -1;
    decode_passage(work);
    int flashes = check_flash_most(work->flash, &flashes_us);
    if (flashes > result->flashes) {
        result->flashes = flashes;
        result->flashes_us = flashes_us;
    }
}

static void probe_film_whole(struct work *work)
{
    struct check_film_probe_result *result = work->result;
    const struct check_film_probe_passage *first = result->passages;
    if (!check_film_probe_facts(work->probe, &result->facts, &result->err))
        return;
    int64_t length_us = result->facts.duration_us;
    probe_passage(work, 0, CHECK_FILM_PROBE_US);
    result->pace = check_film_pace_rate(&work->pace);
    result->usable = first->any;
    result->err = first->err;
    if (!first->any || first->failed)
        return;
    result->join_us = time_joins(work->probe, first->ended ? first->shown_us : length_us);
    if (first->ended || length_us <= CHECK_FILM_PROBE_US)
        return;
    if (length_us > CHECK_FILM_PROBE_LONG_US)
        probe_passage(work, length_us / 2, length_us / 2 + CHECK_FILM_PROBE_END_US);
    int64_t end_us = length_us - CHECK_FILM_PROBE_END_US;
    probe_passage(work, end_us > CHECK_FILM_PROBE_US ? end_us : CHECK_FILM_PROBE_US, INT64_MAX - 1);
}

/* Allocates what decoding needs beside the film. */
static MUST_CHECK bool begin_work(struct work *work, struct err *err)
{
    work->flash = calloc(1, sizeof *work->flash);
    work->mix = work->probe->want_sound ? calloc(BEHIND_PAIRS, 2 * sizeof *work->mix) : NULL;
    return (work->flash && (work->mix || !work->probe->want_sound)) || err_oom(err);
}

static void end_work(struct work *work)
{
    free(work->flash);
    free(work->mix);
}

bool check_film_probe_run(const struct check_film_probe *probe,
                          struct check_film_probe_result *result, struct err *err)
{
    struct work work = {.probe = probe, .result = result};
    *result = (struct check_film_probe_result){0};
    bool ok = begin_work(&work, err);
    if (ok)
        probe_film_whole(&work);
    end_work(&work);
    return ok;
}

bool check_film_probe_time(const struct check_film_probe *probe,
                           struct check_film_probe_result *result, struct err *err)
{
    struct check_film_probe silent = *probe;
    struct check_film_probe_result timed = {.facts = result->facts};
    const struct check_film_probe_passage *first = result->passages;
    struct work work = {.probe = &silent, .result = &timed};
    silent.want_sound = false;
    bool ok = begin_work(&work, err);
    if (ok)
        probe_passage(&work, 0, CHECK_FILM_PROBE_TIMED_US);
    end_work(&work);
    result->pace = check_film_pace_rate(&work.pace);
    if (ok && !first->failed)
        result->join_us =
            time_joins(probe, first->ended ? first->shown_us : result->facts.duration_us);
    return ok;
}
