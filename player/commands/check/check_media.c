#include "commands/check/check_media.h"

#include "base/clock.h"
#include "commands/check/check_file_kind.h"
#include "commands/check/check_film.h"
#include "commands/check/check_patience.h"
#include "commands/check/check_shape.h"
#include "commands/check/check_text.h"
#include "decode/picture_notes.h"
#include "decode/worker_process.h"
#include "playout/worker_jobs.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX 2

/* A job of one worker: a spot's visual (text -1), or its texts in one of its languages, for a
 * screen. */
struct job {
    int spot, screen, text;
    bool remembered;                 /* from an earlier run: no worker was started */
    bool is_partial;                 /* something of it could not be measured */
    struct check_records_text found; /* of a visual only the facts */
    struct picture_client *frames;
    struct err err; /* why there are none */
};

/* Texts of the spot and screen whose jobs are being started. */
struct remembered_text {
    bool known;
    struct check_records_text text;
};

struct check {
    const struct check_media *media;
    const struct playlist *playlist;
    struct job next; /* to be started: jobs go by spot, screen, text */
    struct remembered_text *texts;
    struct job work[WORKERS_MAX]; /* started, oldest first */
    int work_count;
    struct canvas canvas;
    struct frame *visual; /* behind the texts that are checked now; NULL: none */
    int visual_spot, visual_screen;
    int judged_spot; /* the spot that the next two are about */
    bool failed[SHAPE_COUNT], turned[SHAPE_COUNT], noted[SHAPE_COUNT]; /* reported of it */
    bool slow[SHAPE_COUNT];
    bool endless[SHAPE_COUNT]; /* waited for in vain once */
    bool *bad;                 /* by asset: reported as unusable as a font */
};

static const struct check_screen *screen_of(const struct check *check, const struct job *job)
{
    return &check->media->screens->list[job->screen];
}

/* Whether a spot's visual is decoded for a screen. One that stands in is for what no other shows. */
static bool has_still(const struct check *check, const struct playlist_spot *spot,
                      const struct check_screen *screen)
{
    const struct check_screens *screens = check->media->screens;
    int asset = check_shape_asset(spot, screen);
    if (asset < 0 || spot->is_video)
        return false;
    for (const struct check_screen *before = screens->list; screen->stands_in && before < screen;
         before++)
        if (check_shape_asset(spot, before) == asset)
            return false;
    return true;
}

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

/* Under which shape it is kept what was reported of a job's visual. */
static enum shape told_shape(const struct check *check, const struct job *job)
{
    const struct playlist_spot *spot = &check->playlist->spots[job->spot];
    return playlist_spot_has_one_file(spot) ? SHAPE_LANDSCAPE
                                            : check_shape_of(spot, screen_of(check, job));
}

static bool is_endless(const struct check *check, const struct job *job)
{
    return check->judged_spot == job->spot && check->endless[told_shape(check, job)];
}

/* Moves `next` on to the next job; false at the end. */
static bool find_job(struct check *check)
{
    struct job *next = &check->next;
    for (; next->spot < (int)playlist_visual_count(check->playlist);
         next->spot++, next->screen = 0) {
        const struct playlist_spot *spot = &check->playlist->spots[next->spot];
        int texts = check->media->with_texts ? (int)playlist_spot_language_count(spot) : 0;
        for (; next->screen < check->media->screens->count; next->screen++, next->text = -1) {
            const struct check_screen *screen = screen_of(check, next);
            if (next->text < 0 && has_still(check, spot, screen) && !is_endless(check, next))
                return true;
            next->text = next->text < 0 ? 0 : next->text;
            if (next->text < texts && !screen->stands_in)
                return true;
        }
    }
    return false;
}

static const char *language_of(const struct check *check, const struct job *job)
{
    return check_text_language(&check->playlist->spots[job->spot], (size_t)job->text);
}

/* Whether a text cannot be set only because its font is missing, which is reported already. */
static bool is_known_bad(const struct check *check, const struct job *job)
{
    const struct playlist_spot *spot = &check->playlist->spots[job->spot];
    int font = playlist_choose_font(&check->playlist->styles[spot->style], language_of(check, job));
    return font >= 0 && check->bad[font];
}

static struct check_records_tagline tagline_of(const struct check *check, const struct job *job)
{
    return (struct check_records_tagline){job->spot, language_of(check, job),
                                          screen_of(check, job)};
}

/* Looks up what is known of a spot's texts on a screen. True where that is all of them. */
static bool remember_texts(struct check *check, const struct job *job)
{
    const struct playlist_spot *spot = &check->playlist->spots[job->spot];
    struct job of_text = *job;
    bool all = true;
    bool any = check->media->with_texts && !screen_of(check, job)->stands_in;
    for (int i = 0; any && i < (int)playlist_spot_language_count(spot); i++) {
        struct remembered_text *text = &check->texts[i];
        of_text.text = i;
        const struct check_records_tagline tagline = tagline_of(check, &of_text);
        text->known = check_records_get_text(check->media->records, &tagline, &text->text);
        all = all && text->known;
    }
    return all;
}

/* A picture whose facts are known is decoded all the same where a text needs it. */
static bool remember_job(struct check *check, struct job *job)
{
    bool has_picture = has_still(check, &check->playlist->spots[job->spot], screen_of(check, job));
    bool texts = job->text > 0 || (job->text == 0 && has_picture) || remember_texts(check, job);
    if (job->text < 0)
        return texts && check_records_get_picture(check->media->records, job->spot,
                                                  screen_of(check, job), &job->found.facts);
    job->found = check->texts[job->text].text;
    return check->texts[job->text].known;
}

static void start_job(struct check *check)
{
    struct job *job = &check->work[check->work_count++];
    const struct check_screen *screen = screen_of(check, &check->next);
    const struct worker_jobs_canvas canvas = {.width_px = screen->width_px,
                                              .height_px = screen->height_px,
                                              .limit_ms = CHECK_PATIENCE_CLIENT_MS};
    *job = check->next;
    check->next.text++;
    job->remembered = remember_job(check, job);
    if (job->remembered)
        return;
    check->media->records->decoded++;
    if (job->text < 0)
        job->frames =
            worker_jobs_start_visual(&canvas, check->media->edition, job->spot, &job->err);
    else
        job->frames = worker_jobs_start_tagline(&canvas, check->media->edition, job->spot,
                                                language_of(check, job), &job->err);
}

/* What players let the worker of a job compute. */
static int64_t allowed_ns(const struct check *check, const struct job *job)
{
    return picture_client_allowed_ns(job->frames, check->media->limit_ms);
}

/* False where a worker is stalled (ERR_KILLED), or has computed for far too long (ERR_TIMEOUT). */
static MUST_CHECK bool may_go_on(const struct check *check, struct job *job,
                                 struct check_patience *patience)
{
    int64_t most_ns = CHECK_PATIENCE_TIMES * allowed_ns(check, job);
    if (!check_patience_look(patience, picture_client_processor_ns(job->frames), clock_mono_ns(),
                             &job->err))
        return false;
    return picture_client_work_ns(job->frames) < most_ns ||
           err_set(&job->err, ERR_TIMEOUT,
                   "it is not %s after %.3g s of processor time, and players give up after %.3g s: "
                   "make it smaller",
                   job->text < 0 ? "decoded" : "drawn", (double)most_ns / 1e9,
                   (double)most_ns / CHECK_PATIENCE_TIMES / 1e9);
}

/* Waits until the worker has finished. True where it was successful. */
static bool wait_for_job(const struct check *check, struct job *job)
{
    struct check_patience patience = {0};
    while (job->frames) {
        enum picture_client_state state =
            picture_client_poll(job->frames, clock_mono_ns(), &job->err);
        if (state != PICTURE_CLIENT_PENDING)
            return state == PICTURE_CLIENT_READY;
        if (!may_go_on(check, job, &patience))
            return false;
        int64_t left_ms = (picture_client_deadline_ns(job->frames) - clock_mono_ns()) / 1000000 + 1;
        struct pollfd fd = {.fd = picture_client_fd(job->frames), .events = POLLIN};
        if (left_ms > CHECK_PATIENCE_LOOK_MS)
            left_ms = CHECK_PATIENCE_LOOK_MS;
        poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
    }
    return false;
}

/* Reports why a picture or text could not be made. What this machine did not get done says nothing
 * of the file. */
static void report_error(const struct check *check, const struct job *job,
                         const struct check_place *place, const char *hint)
{
    if (job->err.code == ERR_KILLED)
        check_report_add(check->media->report, CHECK_WARNING, place, "not checked: %s",
                         job->err.text);
    else
        check_report_add(check->media->report, CHECK_FAULT, place, "%s",
                         hint ? hint : job->err.text);
}

/* Whether a worker was so quick that its speed needs no second look in another run. */
static bool is_quick(const struct check *check, const struct job *job)
{
    return 2 * picture_client_work_ns(job->frames) <= allowed_ns(check, job);
}

/* Whether something is to be reported of the visual that a job decoded, and was not yet: `told` is
 * of check->failed and its neighbors. */
static bool is_news(struct check *check, const struct job *job, bool told[SHAPE_COUNT])
{
    enum shape shape = told_shape(check, job);
    if (check->judged_spot != job->spot) {
        memset(check->failed, 0, sizeof check->failed);
        memset(check->turned, 0, sizeof check->turned);
        memset(check->slow, 0, sizeof check->slow);
        memset(check->endless, 0, sizeof check->endless);
        memset(check->noted, 0, sizeof check->noted);
        check->judged_spot = job->spot;
    }
    bool is = !told[shape];
    told[shape] = true;
    return is;
}

/* Players end a worker that takes too long. */
static void judge_speed(struct check *check, const struct job *job, const struct check_place *place)
{
    int64_t used_ns = picture_client_work_ns(job->frames);
    int64_t limit_ns = allowed_ns(check, job);
    if (used_ns < limit_ns)
        return;
    if (job->text < 0 ? is_news(check, job, check->slow) : job->screen == 0)
        check_report_add(
            check->media->report, CHECK_WARNING, place,
            "this machine needs %.1f s to %s it, and players give up after %.3g s: make "
            "it smaller, or give slow players a longer --decode-timeout",
            (double)used_ns / 1e9, job->text < 0 ? "decode" : "draw", (double)limit_ns / 1e9);
}

static void judge_visual(struct check *check, const struct job *job)
{
    const struct playlist_spot *spot = &check->playlist->spots[job->spot];
    const struct check_screen *screen = screen_of(check, job);
    const struct protocol_facts *facts = &job->found.facts;
    struct check_place place = check_shape_place(spot, check_shape_of(spot, screen));
    int width = facts->stored_width_px, height = facts->stored_height_px;
    if (facts->orientation >= 5) {
        width = facts->stored_height_px;
        height = facts->stored_width_px;
    }
    if (!check_shape_is_judged(check->media->screens, screen, spot, width, height))
        return;
    if (facts->orientation > 1 && is_news(check, job, check->turned))
        check_report_add(check->media->report, CHECK_WARNING, &place,
                         "the picture is turned by its EXIF orientation (%d): stored as %d × %d, "
                         "shown as %d × %d",
                         (int)facts->orientation, (int)facts->stored_width_px,
                         (int)facts->stored_height_px, width, height);
    uint32_t notes = is_news(check, job, check->noted) ? facts->still_notes : 0;
    for (const char *text; (text = picture_notes_next(&notes));)
        check_report_add(check->media->report, CHECK_WARNING, &place, "%s", text);
    if (width > 0 && height > 0)
        check_shape_judge(check->media->report, check->media->screens, screen, spot, width, height);
}

static void report_failure(struct check *check, const struct job *job)
{
    const struct playlist_spot *spot = &check->playlist->spots[job->spot];
    const struct check_screen *screen = screen_of(check, job);
    struct check_place place = check_shape_place(spot, check_shape_of(spot, screen));
    char hint[CHECK_FILE_KIND_BYTES];
    if (!is_news(check, job, check->failed))
        return;
    check->endless[told_shape(check, job)] = job->err.code == ERR_TIMEOUT;
    bool known =
        job->err.code == ERR_INPUT &&
        check_file_kind_hint(check->media->edition, check_shape_asset(spot, screen), false, hint);
    report_error(check, job, &place, known ? hint : NULL);
}

static void finish_visual(struct check *check, struct job *job)
{
    if (!job->remembered && !wait_for_job(check, job)) {
        report_failure(check, job);
        return;
    }
    if (!job->remembered) {
        const struct check_screen *screen = screen_of(check, job);
        const struct playlist_spot *spot = &check->playlist->spots[job->spot];
        struct check_place place = check_shape_place(spot, check_shape_of(spot, screen));
        job->found.facts = *picture_client_facts(job->frames);
        check->visual = picture_client_take(job->frames);
        check->visual_spot = job->spot;
        check->visual_screen = job->screen;
        judge_speed(check, job, &place);
        if (is_quick(check, job))
            check_records_put_picture(check->media->records, job->spot, screen, &job->found.facts);
    }
    judge_visual(check, job);
}

/* The letters of a text alone; NULL where they can't be had, for a reason that its picture has, too. */
static struct frame *draw_ink(const struct check *check, const struct job *job,
                              enum text_level level, struct err *err)
{
    const struct check_screen *screen = screen_of(check, job);
    const struct worker_jobs_canvas canvas = {.width_px = screen->width_px,
                                              .height_px = screen->height_px,
                                              .limit_ms = CHECK_PATIENCE_CLIENT_MS};
    struct job of_ink = {.spot = job->spot, .text = job->text, .screen = job->screen};
    struct frame *ink = NULL;
    of_ink.frames = worker_jobs_start_ink(&canvas, check->media->edition, job->spot, level,
                                          language_of(check, job), &of_ink.err);
    if (wait_for_job(check, &of_ink))
        ink = picture_client_take(of_ink.frames);
    picture_client_stop(of_ink.frames);
    *err = of_ink.err;
    return ink;
}

/* Whether letters are where the code is: lines of a text have different lengths. */
static bool has_ink_in(const struct frame *ink, const struct layout_box *box)
{
    struct layout_box common = layout_common_box(ink->at, *box);
    for (int y = common.y; y < common.y + common.height; y++) {
        const uint8_t *row =
            (const uint8_t *)ink->pixels + (size_t)(y - ink->at.y) * ink->stride_bytes;
        for (int x = common.x; x < common.x + common.width; x++) {
            uint32_t pixel;
            memcpy(&pixel, row + (size_t)(x - ink->at.x) * sizeof pixel, sizeof pixel);
            if (pixel >> 24)
                return true;
        }
    }
    return false;
}

static MUST_CHECK bool measure_level(struct check *check, struct job *job,
                                     const struct check_text *text, enum text_level level,
                                     struct frame *frame, struct err *err)
{
    struct err ink_err = {0};
    bool needs_ink = check_text_needs_ink(text, level);
    struct frame *ink = needs_ink ? draw_ink(check, job, level, &ink_err) : NULL;
    if (needs_ink && !ink) {
        struct check_place place =
            check_text_place(check->playlist, job->spot, level, language_of(check, job));
        check_report_add(check->media->report, CHECK_WARNING, &place, "%s is not checked: %s",
                         check->visual ? "its contrast with the visual"
                                       : "whether the QR code covers it",
                         ink_err.text);
        job->is_partial = true;
        return true;
    }
    bool ok = !check->visual || check_text_measure(text, level, &check->canvas, check->visual,
                                                   frame, ink, &job->found.contrast[level], err);
    if (ink)
        job->found.is_under_qr[level] = has_ink_in(ink, &job->found.facts.qr_box);
    frame_release(ink);
    return ok;
}

/* Takes over what a text's worker found, and measures what it has drawn. */
static MUST_CHECK bool measure_text(struct check *check, struct job *job,
                                    const struct check_text *text, struct err *err)
{
    bool has_picture = has_still(check, &check->playlist->spots[job->spot], screen_of(check, job));
    struct frame *frame = picture_client_take(job->frames);
    job->found.facts = *picture_client_facts(job->frames);
    bool ok = true;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        job->found.contrast[level] = INFINITY;
        job->found.is_under_qr[level] = false;
        if (ok && check_text_has(text, level) &&
            (check->visual || job->found.facts.qr_module_px > 0))
            ok = measure_level(check, job, text, level, frame, err);
    }
    frame_release(frame);
    struct check_place place =
        check_text_place(check->playlist, job->spot, TEXT_LEVEL_TAGLINE, language_of(check, job));
    judge_speed(check, job, &place);
    if (ok && !job->is_partial && is_quick(check, job) && (check->visual || !has_picture)) {
        const struct check_records_tagline tagline = tagline_of(check, job);
        check_records_put_text(check->media->records, &tagline, &job->found);
    }
    return ok;
}

static MUST_CHECK bool finish_text(struct check *check, struct job *job, struct err *err)
{
    struct check_text text = {
        .playlist = check->playlist,
        .spot = job->spot,
        .text = job->text,
        .language = language_of(check, job),
        .screen = screen_of(check, job),
        .facts = &job->found.facts,
        .first = job->screen == 0,
        .bad_font = check->bad,
    };
    if (!job->remembered && !wait_for_job(check, job)) {
        struct check_place place = check_text_place(check->playlist, job->spot, TEXT_LEVEL_TAGLINE,
                                                    language_of(check, job));
        if (job->screen == 0 && !is_known_bad(check, job))
            report_error(check, job, &place, NULL);
        return true;
    }
    if (!job->remembered && !measure_text(check, job, &text, err))
        return false;
    text.contrast = job->found.contrast;
    text.is_under_qr = job->found.is_under_qr;
    check_text_judge(&text, check->media->report);
    return true;
}

/* Sets the canvas for a job's screen, and drops the visual of another spot or screen. */
static void make_ready(struct check *check, const struct job *job)
{
    check->canvas.width_px = screen_of(check, job)->width_px;
    check->canvas.height_px = screen_of(check, job)->height_px;
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

static size_t largest_screen_bytes(const struct check_screens *screens)
{
    size_t most = 1; /* there is a screen */
    for (int i = 0; i < screens->count; i++) {
        size_t bytes = (size_t)screens->list[i].width_px * (size_t)screens->list[i].height_px * 4;
        most = bytes > most ? bytes : most;
    }
    return most;
}

static size_t most_texts(const struct playlist *playlist)
{
    size_t most = 1;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        size_t count = playlist_spot_language_count(&playlist->spots[i]);
        most = count > most ? count : most;
    }
    return most;
}

bool check_media_run(const struct check_media *media, struct err *err)
{
    const struct playlist *playlist = media->edition->playlist;
    struct check check = {
        .media = media, .playlist = playlist, .next = {.text = -1}, .judged_spot = -1};
    const struct check_film films = {
        .edition = media->edition,
        .report = media->report,
        .screens = media->screens,
        .records = media->records,
        .limit_ms = media->limit_ms,
        .with_loops = media->with_texts,
    };
    bool ok = true;
    check.bad = calloc(playlist->asset_count + 1, sizeof *check.bad);
    check.canvas.pixels = malloc(largest_screen_bytes(media->screens));
    check.texts = calloc(most_texts(playlist), sizeof *check.texts);
    if (!check.bad || !check.texts || !check.canvas.pixels) {
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
    free(check.texts);
    return ok;
}
