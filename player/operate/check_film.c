#include "operate/check_film.h"

#include "base/clock.h"
#include "decode/film.h"
#include "decode/link.h"
#include "operate/check_flash.h"
#include "operate/check_shape.h"

#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMED_FRAMES_MIN 10 /* fewer tell nothing about a pace */
#define DIFFERENT_US 100000 /* lengths that differ by less are the same to a viewer */
#define STANDS_US 500000    /* so long a last picture stands in no film that is whole */
#define DAY_US INT64_C(86400000000)

/* What a film's file turned out to be. */
struct finding {
    bool looked;
    bool usable; /* it has facts, and a picture */
    struct err err;
    struct film_facts facts;
    int64_t shown_us;  /* when the last picture that came begins */
    bool ended, broke; /* broke: after pictures; err tells why */
    double pace;       /* pictures a second; 0: too few to tell */
    int flashes;
    int64_t flashes_us;
};

struct context {
    const struct check_film *check;
    const struct playlist *playlist;
    struct finding *findings; /* by asset */
};

/* Sleeps until the film has news. */
static void wait_for(const struct film *film)
{
    int64_t deadline_ns = film_deadline_ns(film);
    int64_t ms = deadline_ns == INT64_MAX ? INT_MAX : (deadline_ns - clock_mono_ns()) / 1000000 + 1;
    struct pollfd fd = {.fd = film_fd(film), .events = POLLIN};
    poll(&fd, 1, ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms);
}

static struct film *start(const struct context *context, int asset, bool only_look, struct err *err)
{
    const struct film_request request = {
        .canvas_width_px = check_screens[0].width_px,
        .canvas_height_px = check_screens[0].height_px,
        .fit = PLAYLIST_FIT_COVER,
        .focus_x = 0.5,
        .focus_y = 0.5,
        .only_look = only_look,
        .limit_ms = context->check->limit_ms,
    };
    int file = edition_open(context->check->edition, asset, err);
    if (file < 0)
        return NULL;
    struct film *film = film_start(&request, file, err);
    close(file);
    return film;
}

static bool look(const struct context *context, int asset, struct finding *finding)
{
    struct film *film = start(context, asset, true, &finding->err);
    if (!film)
        return false;
    enum film_state state;
    while ((state = film_poll(film, clock_mono_ns(), &finding->err)) == FILM_PENDING)
        wait_for(film);
    if (state == FILM_READY)
        finding->facts = *film_facts(film);
    film_stop(film);
    link_reap(true); /* what is timed next has the machine for itself */
    return state == FILM_READY;
}

/* How fast the pictures come. */
struct timing {
    int64_t first_ns, last_ns;
    int frames;
};

static void time_frame(struct timing *timing, int64_t time_us)
{
    if (time_us > CHECK_FILM_TIMED_US)
        return;
    timing->last_ns = clock_mono_ns();
    if (timing->frames++ == 0)
        timing->first_ns = timing->last_ns;
}

static double pace_of(const struct timing *timing)
{
    double seconds = (double)(timing->last_ns - timing->first_ns) / 1e9;
    return timing->frames < TIMED_FRAMES_MIN || seconds <= 0 ? 0 : (timing->frames - 1) / seconds;
}

/* Takes the pictures that have come, one after the other. False at the end. */
static bool take(struct film *film, struct finding *finding, struct timing *timing,
                 struct check_flash *flash, uint64_t *last_id)
{
    for (;;) {
        int64_t at_us = *last_id ? film_next_us(film) : 0;
        struct frame *frame = at_us == INT64_MAX ? NULL : film_frame_at(film, at_us);
        finding->ended = at_us == INT64_MAX;
        if (finding->ended || at_us > CHECK_FILM_DECODED_US)
            return false;
        if (!frame || frame->id == *last_id)
            return true;
        *last_id = frame->id;
        finding->shown_us = at_us;
        time_frame(timing, at_us);
        const struct check_flash_light light = check_flash_measure(frame);
        check_flash_add(flash, at_us, &light);
    }
}

static bool decode(const struct context *context, int asset, struct finding *finding,
                   struct check_flash *flash)
{
    struct film *film = start(context, asset, false, &finding->err);
    struct timing timing = {0};
    uint64_t last_id = 0;
    if (!film)
        return false;
    enum film_state state;
    while ((state = film_poll(film, clock_mono_ns(), &finding->err)) != FILM_FAILED) {
        if (state == FILM_READY && !take(film, finding, &timing, flash, &last_id))
            break;
        wait_for(film);
    }
    /* Pictures that came before it broke may not have been taken. */
    finding->broke = state == FILM_FAILED && last_id;
    film_stop(film);
    link_reap(true);
    finding->pace = pace_of(&timing);
    return last_id != 0;
}

static bool find(const struct context *context, int asset, struct err *err)
{
    struct finding *finding = &context->findings[asset];
    if (finding->looked)
        return true;
    struct check_flash *flash = calloc(1, sizeof *flash);
    if (!flash)
        return err_set(err, ERR_SYSTEM, "out of memory");
    finding->looked = true;
    finding->usable = look(context, asset, finding) && decode(context, asset, finding, flash);
    finding->flashes = check_flash_most(flash, &finding->flashes_us);
    free(flash);
    return true;
}

/* What a worker says of its codec, as far as it is a name. */
static void tell_facts(const struct context *context, const struct film_facts *facts,
                       const struct check_place *place)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    bool named = facts->codec[0] && facts->codec[strspn(facts->codec, letters)] == '\0';
    const struct check_fact fact = {
        .codec = named ? facts->codec : "unknown",
        .width = facts->width_px,
        .height = facts->height_px,
        .fps = facts->fps,
        .duration_ms = facts->duration_us / 1000,
    };
    check_report_tell(context->check->report, place, &fact);
}

static void judge_length(const struct context *context, const struct playlist_spot *spot,
                         const struct finding *finding, const struct check_place *place)
{
    struct check_report *report = context->check->report;
    int64_t length_us = finding->facts.duration_us, wanted_us = (int64_t)spot->duration_ms * 1000;
    if (length_us == 0 && !spot->has_duration)
        check_report_add(report, CHECK_WARNING, place,
                         "it doesn't say how long it is: its slots last %g s, the default",
                         spot->duration_ms / 1000.0);
    if (length_us > DAY_US)
        check_report_add(report, CHECK_WARNING, place,
                         "%.1f hours long: its slots end after 24 hours",
                         (double)length_us / 3.6e9);
    if (length_us > 0 && spot->has_duration && wanted_us - length_us >= DIFFERENT_US)
        check_report_add(report, CHECK_WARNING, place,
                         "%.2f s long, for slots of %g s: its last picture stands until they end",
                         (double)length_us / 1e6, spot->duration_ms / 1000.0);
    /* In a film of variable rate a picture may well stand. */
    if (finding->ended && !finding->facts.variable_rate &&
        length_us - finding->shown_us >= STANDS_US && finding->facts.fps * STANDS_US / 1e6 > 2)
        check_report_add(report, CHECK_WARNING, place,
                         "its last picture comes at %.2f s of %.2f s: was the file cut off?",
                         (double)finding->shown_us / 1e6, (double)length_us / 1e6);
}

static void judge_look(const struct context *context, const struct finding *finding,
                       const struct check_place *place)
{
    struct check_report *report = context->check->report;
    if (finding->facts.high_dynamic_range)
        check_report_add(report, CHECK_WARNING, place,
                         "of high dynamic range, which is shown without tone mapping: it will "
                         "look flat");
    if (finding->pace > 0 && finding->pace < finding->facts.fps)
        check_report_add(report, CHECK_WARNING, place,
                         "this machine decodes %.1f pictures of it a second, and it has %.5g: it "
                         "would be shown with gaps",
                         finding->pace, finding->facts.fps);
    if (finding->flashes > CHECK_FLASH_MOST)
        check_report_add(report, CHECK_WARNING, place,
                         "%d flashes within the second before %.1f s; more than %d can cause "
                         "seizures (WCAG 2.2, 2.3.1)",
                         finding->flashes, (double)finding->flashes_us / 1e6, CHECK_FLASH_MOST);
}

static void judge(const struct context *context, const struct playlist_spot *spot, int screen)
{
    const struct finding *finding = &context->findings[check_shape_asset(spot, screen)];
    struct check_report *report = context->check->report;
    struct check_place place = check_shape_place(spot, screen);
    if (!finding->usable) {
        check_report_add(report, CHECK_FAULT, &place, "%s", finding->err.text);
        return;
    }
    tell_facts(context, &finding->facts, &place);
    if (finding->broke)
        check_report_add(report, CHECK_FAULT, &place, "breaks off after %.2f s: %s",
                         (double)finding->shown_us / 1e6, finding->err.text);
    for (int i = 0; i < CHECK_SCREENS; i++)
        if (spot->asset_landscape == spot->asset_portrait || i == screen)
            check_shape_judge(report, spot, i, finding->facts.width_px, finding->facts.height_px);
    judge_length(context, spot, finding, &place);
    judge_look(context, finding, &place);
}

/* Screens of both shapes stay in step: slots go by the landscape film. */
static void judge_pair(const struct context *context, const struct playlist_spot *spot)
{
    if (spot->asset_landscape < 0 || spot->asset_portrait < 0 || spot->has_duration)
        return;
    const struct finding *landscape = &context->findings[spot->asset_landscape];
    const struct finding *portrait = &context->findings[spot->asset_portrait];
    int64_t one_us = landscape->facts.duration_us, other_us = portrait->facts.duration_us;
    if (!landscape->usable || !portrait->usable || one_us == 0 || other_us == 0 ||
        llabs(one_us - other_us) < DIFFERENT_US)
        return;
    struct check_place place = check_shape_place(spot, 1);
    check_report_add(context->check->report, CHECK_WARNING, &place,
                     "%.2f s long, and the landscape film, which its slots go by, %.2f s",
                     (double)other_us / 1e6, (double)one_us / 1e6);
}

bool check_film_run(const struct check_film *check, struct err *err)
{
    const struct playlist *playlist = check->edition->playlist;
    struct context context = {.check = check, .playlist = playlist};
    context.findings = calloc(playlist->asset_count + 1, sizeof *context.findings);
    if (!context.findings)
        return err_set(err, ERR_SYSTEM, "out of memory");
    bool ok = true;
    for (size_t i = 0; ok && i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        bool one = spot->asset_landscape == spot->asset_portrait;
        if (!spot->has_visual || !spot->is_video)
            continue;
        for (int screen = 0; ok && screen < (one ? 1 : CHECK_SCREENS); screen++) {
            int asset = check_shape_asset(spot, screen);
            ok = asset < 0 || find(&context, asset, err);
            if (ok && asset >= 0)
                judge(&context, spot, screen);
        }
        judge_pair(&context, spot);
    }
    free(context.findings);
    return ok;
}
