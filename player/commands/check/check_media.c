#include "commands/check/check_media.h"

#include "base/clock.h"
#include "commands/check/check_file_kind.h"
#include "commands/check/check_film.h"
#include "commands/check/check_shape.h"
#include "commands/check/check_text.h"
#include "decode/picture_notes.h"
#include "decode/worker_process.h"
#include "playout/worker_jobs.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX 2
/* A text in one string, for all languages, is set by the rules of this one. */
#define LANGUAGE "en"

/* A job of one worker: a spot's visual (text -1), or one of its texts, for a screen. */
struct job {
    int spot, screen, text;
    struct picture_client *frames;
    struct err err; /* why there are none */
};

struct check {
    const struct check_media *media;
    const struct playlist *playlist;
    struct job next;              /* to be started: jobs go by spot, screen, text */
    struct job work[WORKERS_MAX]; /* started, oldest first */
    int work_count;
    struct canvas canvas;
    struct frame *visual; /* behind the texts that are checked now; NULL: none */
    int visual_spot, visual_screen;
    int failed_spot; /* the spot whose visual was reported as unusable; -1 */
    bool *bad;       /* by asset: reported as unusable as a font */
};

/* Checks that a file is there. True when it is. */
static bool check_file_opens(const struct check *check, int asset, const struct check_place *place)
{
    struct err err = {0};
    int file = asset >= 0 ? edition_open(check->media->edition, asset, &err) : -1;
    if (file >= 0)
        close(file);
    else if (asset >= 0)
        check_report_add(check->media->report, CHECK_FAULT, place, "%s", err.text);
    return file >= 0;
}

static void check_fonts(struct check *check)
{
    /* [0] is one of the others, or has no fonts. */
    for (size_t i = 1; i < check->playlist->style_count; i++) {
        const struct playlist_style *style = &check->playlist->styles[i];
        for (size_t j = 0; j < style->font_count; j++) {
            struct check_place place = check_text_font_place(style, &style->fonts[j]);
            if (!check_file_opens(check, style->fonts[j].asset, &place) &&
                style->fonts[j].asset >= 0)
                check->bad[style->fonts[j].asset] = true;
        }
    }
}

/* Moves `next` on to the next job; false at the end. */
static bool find_job(struct check *check)
{
    struct job *next = &check->next;
    for (; next->spot < (int)check->playlist->spot_count; next->spot++, next->screen = 0) {
        const struct playlist_spot *spot = &check->playlist->spots[next->spot];
        int texts = check->media->with_texts ? (int)spot->text_count : 0;
        for (; next->screen < CHECK_SCREENS; next->screen++, next->text = -1) {
            bool has_still =
                spot->has_visual && !spot->is_video && check_shape_asset(spot, next->screen) >= 0;
            if (next->text < 0 && has_still)
                return true;
            next->text = next->text < 0 ? 0 : next->text;
            if (next->text < texts)
                return true;
        }
    }
    return false;
}

static const char *language_of(const struct check *check, const struct job *job)
{
    const char *language = check->playlist->spots[job->spot].texts[job->text].language;
    return *language ? language : LANGUAGE;
}

/* Whether a text cannot be set only because its font is missing, which is reported already. */
static bool is_known_bad(const struct check *check, const struct job *job)
{
    const struct playlist_spot *spot = &check->playlist->spots[job->spot];
    int font = playlist_choose_font(&check->playlist->styles[spot->style], language_of(check, job));
    return font >= 0 && check->bad[font];
}

static void start_job(struct check *check)
{
    struct job *job = &check->work[check->work_count++];
    const struct worker_jobs_canvas canvas = {
        .width_px = check_screens[check->next.screen].width_px,
        .height_px = check_screens[check->next.screen].height_px,
        .limit_ms = check->media->limit_ms};
    *job = check->next;
    check->next.text++;
    if (job->text < 0)
        job->frames =
            worker_jobs_start_visual(&canvas, check->media->edition, job->spot, &job->err);
    else
        job->frames = worker_jobs_start_tagline(&canvas, check->media->edition, job->spot,
                                                language_of(check, job), &job->err);
}

/* Waits until the worker has finished. True where it was successful. */
static bool wait_for_job(struct job *job)
{
    while (job->frames) {
        enum picture_client_state state =
            picture_client_poll(job->frames, clock_mono_ns(), &job->err);
        if (state != PICTURE_CLIENT_PENDING)
            return state == PICTURE_CLIENT_READY;
        int64_t left_ms = (picture_client_deadline_ns(job->frames) - clock_mono_ns()) / 1000000 + 1;
        struct pollfd fd = {.fd = picture_client_fd(job->frames), .events = POLLIN};
        poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
    }
    return false;
}

static void judge_visual(const struct check *check, const struct job *job)
{
    const struct playlist_spot *spot = &check->playlist->spots[job->spot];
    const struct protocol_facts *facts = picture_client_facts(job->frames);
    struct check_place place = check_shape_place(spot, job->screen);
    int width = facts->stored_width_px, height = facts->stored_height_px;
    if (facts->orientation >= 5) {
        width = facts->stored_height_px;
        height = facts->stored_width_px;
    }
    if (spot->asset_landscape == spot->asset_portrait && job->screen != (width < height))
        return;
    if (facts->orientation > 1)
        check_report_add(check->media->report, CHECK_WARNING, &place,
                         "the picture is turned by its EXIF orientation (%d): stored as %d × %d, "
                         "shown as %d × %d",
                         (int)facts->orientation, (int)facts->stored_width_px,
                         (int)facts->stored_height_px, width, height);
    uint32_t notes = facts->still_notes;
    for (const char *text; (text = picture_notes_next(&notes));)
        check_report_add(check->media->report, CHECK_WARNING, &place, "%s", text);
    if (width > 0 && height > 0)
        check_shape_judge(check->media->report, spot, job->screen, width, height);
}

static void finish_visual(struct check *check, struct job *job)
{
    const struct playlist_spot *spot = &check->playlist->spots[job->spot];
    bool one = spot->asset_landscape == spot->asset_portrait;
    if (wait_for_job(job)) {
        judge_visual(check, job);
        check->visual = picture_client_take(job->frames);
        check->visual_spot = job->spot;
        check->visual_screen = job->screen;
    } else if (!one || check->failed_spot != job->spot) {
        struct check_place place = check_shape_place(spot, job->screen);
        int asset = check_shape_asset(spot, job->screen);
        char hint[CHECK_FILE_KIND_BYTES];
        bool known = job->err.code == ERR_INPUT &&
                     check_file_kind_hint(check->media->edition, asset, false, hint);
        check->failed_spot = job->spot;
        check_report_add(check->media->report, CHECK_FAULT, &place, "%s",
                         known ? hint : job->err.text);
    }
}

static MUST_CHECK bool finish_text(struct check *check, struct job *job, struct err *err)
{
    struct check_text text = {
        .playlist = check->playlist,
        .spot = job->spot,
        .text = job->text,
        .language = language_of(check, job),
        .screen = &check->canvas,
        .visual = check->visual,
        .first = job->screen == 0,
        .bad_font = check->bad,
    };
    if (!wait_for_job(job)) {
        struct check_place place = check_text_place(check->playlist, job->spot, job->text);
        if (job->screen == 0 && !is_known_bad(check, job))
            check_report_add(check->media->report, CHECK_FAULT, &place, "%s", job->err.text);
        return true;
    }
    text.facts = picture_client_facts(job->frames);
    text.frame = picture_client_take(job->frames);
    bool ok = check_text_judge(&text, check->media->report, err);
    frame_release(text.frame);
    return ok;
}

/* Sets the canvas for a job's screen, and drops the visual of another spot or screen. */
static void make_ready(struct check *check, const struct job *job)
{
    check->canvas.width_px = check_screens[job->screen].width_px;
    check->canvas.height_px = check_screens[job->screen].height_px;
    check->canvas.stride_bytes = (size_t)check->canvas.width_px * 4;
    if (check->visual_spot == job->spot && check->visual_screen == job->screen)
        return;
    frame_release(check->visual);
    check->visual = NULL;
}

/* Jobs end in the order in which they were started, so that the report is the same each time. */
static MUST_CHECK bool finish_oldest(struct check *check, struct err *err)
{
    struct job job = check->work[0];
    bool ok = true;
    make_ready(check, &job);
    if (job.text < 0)
        finish_visual(check, &job);
    else
        ok = finish_text(check, &job, err);
    picture_client_stop(job.frames);
    worker_process_reap(true); /* before the next is started: two at a time */
    check->work_count--;
    memmove(check->work, check->work + 1, (size_t)check->work_count * sizeof *check->work);
    return ok;
}

bool check_media_run(const struct check_media *media, struct err *err)
{
    const struct playlist *playlist = media->edition->playlist;
    struct check check = {
        .media = media, .playlist = playlist, .next = {.text = -1}, .failed_spot = -1};
    const struct check_film films = {
        .edition = media->edition,
        .report = media->report,
        .limit_ms = media->limit_ms,
        .with_loops = media->with_texts,
    };
    bool ok = true;
    check.bad = calloc(playlist->asset_count + 1, sizeof *check.bad);
    check.canvas.pixels =
        malloc((size_t)check_screens[0].width_px * (size_t)check_screens[0].height_px * 4);
    if (!check.bad || !check.canvas.pixels) {
        ok = err_oom(err);
        goto out;
    }
    check_fonts(&check);
    ok = check_film_run(&films, err);
    while (ok) {
        while (check.work_count < WORKERS_MAX && find_job(&check))
            start_job(&check);
        if (check.work_count == 0)
            break;
        ok = finish_oldest(&check, err);
    }
out:
    for (int i = 0; i < check.work_count; i++)
        picture_client_stop(check.work[i].frames);
    worker_process_reap(true);
    frame_release(check.visual);
    free(check.canvas.pixels);
    free(check.bad);
    return ok;
}
