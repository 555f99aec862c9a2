#include "commands/check/check_film.h"

#include "commands/check/check_file_kind.h"
#include "commands/check/check_film_order.h"
#include "commands/check/check_film_probe.h"
#include "commands/check/check_flash.h"
#include "commands/check/check_shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDING_US 1000    /* lengths are told in milliseconds */
#define DIFFERENT_US 100000 /* lengths that differ by less are the same to a viewer */
#define GAP_US 1000000      /* a frame may last this long where the rate is said to be constant */
#define GAP_PICTURES 5
#define MISSING_US 100000    /* missing sound from this length on is audible */
#define QUIET_END_US 2000000 /* shorter silences at the end are common */
#define STILL_US 10000000    /* no film shows one frame this long on purpose */
#define JOIN_US 1000000      /* a screen that starts may show something else this long */
#define KEY_US 3000000       /* keyframes of films made for screens are at most this far apart */
#define DAY_US INT64_C(86400000000)

/* What the probe found about a film's file. */
struct finding {
    bool probed;
    bool untimed; /* it was no load in an earlier run, so it was not timed in this one */
    struct check_film_probe_result result;
};

struct context {
    const struct check_film *check;
    const struct playlist *playlist;
    struct finding *findings; /* by asset */
};

/* Whether any spot plays the film's sound. */
static bool has_volume(const struct playlist *playlist, int asset)
{
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (spot->is_video && spot->volume > 0 && playlist_spot_uses(spot, asset))
            return true;
    }
    return false;
}

static struct check_film_probe probe_of(const struct context *context, int asset)
{
    return (struct check_film_probe){
        .edition = context->check->edition,
        .asset = asset,
        .limit_ms = context->check->limit_ms,
        .want_sound = has_volume(context->playlist, asset),
    };
}

static MUST_CHECK bool probe_film(const struct context *context, int asset, struct err *err)
{
    const struct check_film_probe probe = probe_of(context, asset);
    struct check_records *records = context->check->records;
    struct finding *finding = &context->findings[asset];
    bool unhurried = false;
    if (finding->probed)
        return true;
    finding->probed = true;
    if (!check_file_kind_allows(records->edition, asset, &finding->result.err))
        return true; /* it is not usable */
    if (check_records_get_film(records, asset, probe.want_sound, &finding->result, &unhurried)) {
        finding->untimed = unhurried;
        return unhurried || check_film_probe_time(&probe, &finding->result, err);
    }
    records->decoded++;
    if (!check_film_probe_run(&probe, &finding->result, err))
        return false;
    check_records_put_film(records, asset, probe.want_sound, &finding->result);
    return true;
}

/* Reports the film's facts. A worker is not trusted: its codec is reported only if it looks like a
 * name. */
static void report_facts(const struct context *context, const struct film_client_facts *facts,
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
    check_report_fact(context->check->report, place, &fact);
}

static void judge_length(const struct context *context, const struct playlist_spot *spot,
                         const struct check_film_probe_result *result,
                         const struct check_place *place)
{
    struct check_report *report = context->check->report;
    int64_t length_us = result->facts.duration_us;
    int64_t least_us = (int64_t)PLAYLIST_DURATION_MS_MIN * 1000;
    int64_t slot_us = length_us < least_us ? least_us : length_us;
    if (spot->has_duration)
        slot_us = (int64_t)spot->duration_ms * 1000;
    if (length_us == 0 && !spot->has_duration)
        check_report_add(
            report, CHECK_WARNING, place,
            "the file does not say how long the film is: its slots last the default %g s",
            spot->duration_ms / 1000.0);
    if (length_us > DAY_US)
        check_report_add(report, CHECK_WARNING, place,
                         "the film is %.1f hours long: its slots end after 24 hours",
                         (double)length_us / 3.6e9);
    if (length_us > 0 && slot_us - length_us >= DIFFERENT_US)
        check_report_add(
            report, CHECK_WARNING, place,
            "the film is %.2f s long, in slots of %g s: its last frame stays on until they end",
            (double)length_us / 1e6, (double)slot_us / 1e6);
}

/* Whether a passage that reached the film's end reached it too early. */
static bool is_passage_truncated(const struct film_client_facts *facts,
                                 const struct check_film_probe_passage *passage)
{
    int64_t shown_us = passage->shown_us < 0 ? passage->from_us : passage->shown_us;
    return passage->ended && film_client_is_truncated_at(facts, shown_us);
}

/* Damaged frames leave gaps. */
static void judge_gap(const struct context *context, const struct film_client_facts *facts,
                      const struct check_film_probe_passage *passage,
                      const struct check_place *place)
{
    if (facts->variable_rate || passage->stands_us < GAP_US ||
        facts->fps * (double)passage->stands_us / 1e6 < GAP_PICTURES)
        return;
    check_report_add(context->check->report, CHECK_WARNING, place,
                     "no frame follows for %.2f s after %.2f s: is the file damaged there?",
                     (double)passage->stands_us / 1e6, (double)passage->stands_at_us / 1e6);
}

/* True when there is nothing to report. */
static bool judge_passage(const struct context *context, const struct film_client_facts *facts,
                          const struct check_film_probe_passage *passage,
                          const struct check_place *place)
{
    struct check_report *report = context->check->report;
    double from_s = (double)passage->from_us / 1e6, length_s = (double)facts->duration_us / 1e6;
    double shown_s = (double)passage->shown_us / 1e6;
    if (passage->failed && passage->err.code == ERR_KILLED)
        check_report_add(report, CHECK_WARNING, place, "not checked from %.2f s of %.2f s on: %s",
                         passage->shown_us >= 0 ? shown_s : from_s, length_s, passage->err.text);
    else if (passage->failed && passage->any && passage->shown_us >= 0)
        check_report_add(report, CHECK_FAULT, place, "decoding fails after %.2f s: %s", shown_s,
                         passage->err.text);
    else if (passage->failed)
        /* A film that can be decoded up to its end in time may still be slow to start there. */
        check_report_add(report, passage->err.code == ERR_TIMEOUT ? CHECK_WARNING : CHECK_FAULT,
                         place, "decoding fails from %.2f s of %.2f s on: %s", from_s, length_s,
                         passage->err.text);
    else if (is_passage_truncated(facts, passage) && passage->shown_us >= 0)
        check_report_add(report, CHECK_WARNING, place,
                         "its last frame is at %.2f s of %.2f s: was the file cut off?", shown_s,
                         length_s);
    else if (is_passage_truncated(facts, passage))
        check_report_add(
            report, CHECK_WARNING, place,
            "no frame follows between %.2f s and its end at %.2f s: was the file cut off?", from_s,
            length_s);
    else
        return true;
    return false;
}

/* A film whose beginning is broken is not checked further. */
static void judge_passages(const struct context *context,
                           const struct check_film_probe_result *result,
                           const struct check_place *place)
{
    for (int i = 0; i < result->passage_count; i++) {
        judge_gap(context, &result->facts, &result->passages[i], place);
        if (!judge_passage(context, &result->facts, &result->passages[i], place))
            return;
    }
}

static void judge_sound(const struct context *context, const struct playlist_spot *spot,
                        const struct check_film_probe_result *result,
                        const struct check_place *place)
{
    struct check_report *report = context->check->report;
    const struct check_film_probe_sound *sound = &result->sound;
    const struct check_film_probe_passage *first = result->passages;
    int64_t length_us = result->facts.duration_us;
    if (spot->volume <= 0)
        return;
    if (!result->facts.has_sound)
        check_report_add(report, CHECK_WARNING, place,
                         "its volume is %g, but the film has no sound that can be played: encode "
                         "it as AAC, MP3, AC-3, Opus, Vorbis, FLAC or 16-bit PCM",
                         spot->volume);
    else if (sound->decoded_sound_us == 0)
        check_report_add(
            report, CHECK_WARNING, place,
            "its volume is %g, but none of its sound can be decoded: the film plays in silence",
            spot->volume);
    if (sound->missing_us >= MISSING_US)
        check_report_add(
            report, CHECK_WARNING, place,
            "%.2f s of its sound are missing or damaged, the first at %.2f s: they play in silence",
            (double)sound->missing_us / 1e6, (double)sound->gap_us / 1e6);
    if (sound->decoded_sound_us > 0 && first->ended && length_us - sound->end_us >= QUIET_END_US)
        check_report_add(report, CHECK_WARNING, place,
                         "its sound ends at %.2f s of %.2f s: the rest is silent",
                         (double)sound->end_us / 1e6, (double)length_us / 1e6);
}

/* A player that starts in the middle of a film decodes from the keyframe before. Where that is
 * slow only because this machine is, judge_appearance reports it; so the time counts by how much
 * of the film was decoded, at least. */
static void judge_join(const struct context *context, const struct check_film_probe_result *result,
                       const struct check_place *place)
{
    double fps = result->facts.fps;
    double decoded_us = (double)result->join_us * (fps > 0 ? result->pace / fps : 0);
    if (result->facts.duration_us > 0)
        decoded_us = fmin(decoded_us, (double)result->facts.duration_us);
    if (result->join_us < JOIN_US || (decoded_us > 0 && decoded_us < KEY_US))
        return;
    check_report_add(context->check->report, CHECK_WARNING, place,
                     "a player that starts in the middle of the film cannot show it for up to "
                     "about %.0f s: keyframes are too far apart; encode it with one every 2 s (-g)",
                     ceil((double)result->join_us / 1e6));
}

static void judge_damage(const struct context *context,
                         const struct check_film_probe_result *result,
                         const struct check_place *place)
{
    if (result->damaged > 0)
        check_report_add(context->check->report, CHECK_WARNING, place,
                         "%lld of the frames that were checked are damaged, the first at %.2f s: "
                         "they may look broken",
                         (long long)result->damaged, (double)result->damaged_us / 1e6);
}

/* Editors put a few interlaced frames into films that are not, and the other way round. */
static void judge_fields(const struct context *context,
                         const struct check_film_probe_result *result,
                         const struct check_place *place)
{
    struct check_report *report = context->check->report;
    if (result->deinterlaced == 0)
        return;
    if (20 * result->deinterlaced >= 19 * result->received)
        check_report_add(report, CHECK_WARNING, place,
                         "the film is interlaced: players deinterlace it while it plays, %.5g "
                         "frames a second; encode it progressive to spare slow players",
                         2 * result->facts.fps);
    else
        check_report_add(report, CHECK_WARNING, place,
                         "%lld of the frames that were checked are interlaced: players deinterlace "
                         "them while the film plays; encode it progressive to spare slow players",
                         (long long)(result->deinterlaced + 1) / 2);
}

static void judge_appearance(const struct context *context,
                             const struct check_film_probe_result *result,
                             const struct check_place *place)
{
    struct check_report *report = context->check->report;
    if (result->facts.high_dynamic_range)
        check_report_add(report, CHECK_WARNING, place,
                         "the film is HDR: players convert it to SDR while it plays; convert it "
                         "yourself to decide how it looks, and to spare slow players");
    judge_fields(context, result, place);
    if (result->facts.has_alpha)
        check_report_add(report, CHECK_WARNING, place,
                         "the film has transparency, which is ignored: it is shown opaque");
    if (result->facts.longest_us > STILL_US &&
        result->facts.fps * (double)result->facts.longest_us / 1e6 > GAP_PICTURES)
        check_report_add(report, CHECK_WARNING, place,
                         "one of its frames lasts %.1f s: are its timestamps damaged?",
                         (double)result->facts.longest_us / 1e6);
    if (result->pace > 0 && result->pace < result->facts.fps)
        check_report_add(report, CHECK_WARNING, place,
                         "this machine decodes %.1f of its %.5g frames a second: it would stutter; "
                         "encode it smaller",
                         result->pace, result->facts.fps);
    if (result->flashes > CHECK_FLASH_MOST)
        check_report_add(report, CHECK_WARNING, place,
                         "%d flashes in the second before %.1f s: more than %d a second can cause "
                         "seizures (WCAG 2.2, 2.3.1)",
                         result->flashes, (double)result->flashes_us / 1e6, CHECK_FLASH_MOST);
}

/* What this machine did not get done says nothing of the file. */
static void report_unusable(struct check_report *report, const struct check_place *place,
                            const struct err *err, const char *hint)
{
    if (err->code == ERR_KILLED)
        check_report_add(report, CHECK_WARNING, place, "not checked: %s", err->text);
    else
        check_report_add(report, CHECK_FAULT, place, "%s", hint ? hint : err->text);
}

static void judge_film(const struct context *context, const struct playlist_spot *spot,
                       enum shape shape)
{
    int asset = spot->assets[shape];
    const struct check_film_probe_result *result = &context->findings[asset].result;
    const struct check_screens *screens = context->check->screens;
    struct check_report *report = context->check->report;
    struct check_place place = check_shape_place(spot, shape);
    if (!result->usable) {
        char hint[CHECK_FILE_KIND_BYTES];
        bool known = result->err.code == ERR_INPUT &&
                     check_file_kind_hint(context->check->edition, asset, true, hint);
        report_unusable(report, &place, &result->err, known ? hint : NULL);
        return;
    }
    report_facts(context, &result->facts, &place);
    for (int i = 0; i < screens->count; i++)
        if (check_shape_asset(spot, &screens->list[i]) == asset)
            check_shape_judge(report, screens, &screens->list[i], spot, result->facts.width_px,
                              result->facts.height_px);
    judge_passages(context, result, &place);
    judge_damage(context, result, &place);
    judge_length(context, spot, result, &place);
    judge_appearance(context, result, &place);
    judge_join(context, result, &place);
    judge_sound(context, spot, result, &place);
}

/* Whether two films are of one length, to a frame of the slower one. */
static bool are_equally_long(const struct film_client_facts *a, const struct film_client_facts *b)
{
    double slower_fps = a->fps > 0 && b->fps > 0 ? fmin(a->fps, b->fps) : fmax(a->fps, b->fps);
    double frame_us = slower_fps > 0 ? 1e6 / slower_fps : 0;
    return (double)llabs(a->duration_us - b->duration_us) <= frame_us + ROUNDING_US;
}

/* The shape whose film gives the spot's slots their length. */
static enum shape shape_of_length(const struct context *context, const struct playlist_spot *spot)
{
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++) {
        int asset = spot->assets[shape];
        if (asset >= 0 && context->findings[asset].result.usable &&
            context->findings[asset].result.facts.duration_us > 0)
            return shape;
    }
    return SHAPE_COUNT;
}

/* Screens of all shapes stay in step: slots go by one of the films. */
static void judge_lengths(const struct context *context, const struct playlist_spot *spot)
{
    enum shape first = shape_of_length(context, spot);
    if (first == SHAPE_COUNT || spot->has_duration)
        return;
    const struct film_client_facts *one = &context->findings[spot->assets[first]].result.facts;
    for (enum shape shape = first + 1; shape < SHAPE_COUNT; shape++) {
        if (spot->assets[shape] < 0 || spot->assets[shape] == spot->assets[first])
            continue;
        const struct check_film_probe_result *result =
            &context->findings[spot->assets[shape]].result;
        if (!result->usable || result->facts.duration_us == 0 ||
            are_equally_long(one, &result->facts))
            continue;
        struct check_place place = check_shape_place(spot, shape);
        check_report_add(
            context->check->report, CHECK_FAULT, &place,
            "the film is %.3f s long, and the %s one %.3f s: the films of a spot must be "
            "equally long, to one frame, so that all screens change together; cut "
            "one, or give the spot a duration",
            (double)result->facts.duration_us / 1e6, shape_name(first),
            (double)one->duration_us / 1e6);
    }
}

static MUST_CHECK bool judge_spot(const struct context *context, const struct playlist_spot *spot,
                                  struct err *err)
{
    bool one = playlist_spot_has_one_file(spot);
    for (enum shape shape = shape_first(spot->shapes); shape < SHAPE_COUNT; shape++) {
        int asset = spot->assets[shape];
        if (asset >= 0 && !probe_film(context, asset, err))
            return false;
        if (asset >= 0)
            judge_film(context, spot, shape);
        if (one)
            break;
    }
    judge_lengths(context, spot);
    return true;
}

/* What part of this machine a film takes; 0: not known. */
static double load_of(const struct finding *finding)
{
    const struct check_film_probe_result *result = &finding->result;
    return result->usable && result->pace > 0 ? result->facts.fps / result->pace : 0;
}

/* Two films that are no load can be decoded at once. Beside one that is, every film is timed. */
static MUST_CHECK bool time_beside_load(const struct context *context, struct err *err)
{
    size_t count = context->playlist->asset_count;
    bool any = false, ok = true;
    for (size_t i = 0; i < count; i++)
        any = any || load_of(&context->findings[i]) > CHECK_RECORDS_UNHURRIED_LOAD;
    for (size_t i = 0; any && ok && i < count; i++) {
        const struct check_film_probe probe = probe_of(context, (int)i);
        if (context->findings[i].untimed)
            ok = check_film_probe_time(&probe, &context->findings[i].result, err);
    }
    return ok;
}

static MUST_CHECK bool judge_loops(const struct context *context, struct err *err)
{
    const struct playlist *playlist = context->playlist;
    if (!time_beside_load(context, err))
        return false;
    struct check_film_order_film *films = calloc(playlist->asset_count + 1, sizeof *films);
    if (!films)
        return err_oom(err);
    for (size_t i = 0; i < playlist->asset_count; i++) {
        const struct check_film_probe_result *result = &context->findings[i].result;
        if (result->usable)
            films[i] = (struct check_film_order_film){
                .length_us = result->facts.duration_us,
                .load = load_of(&context->findings[i]),
            };
    }
    bool ok = check_film_order_run(playlist, films, context->check->report, err);
    free(films);
    return ok;
}

bool check_film_run(const struct check_film *check, struct err *err)
{
    const struct playlist *playlist = check->edition->playlist;
    struct context context = {.check = check, .playlist = playlist};
    context.findings = calloc(playlist->asset_count + 1, sizeof *context.findings);
    if (!context.findings)
        return err_oom(err);
    bool ok = true, any = false;
    for (size_t i = 0; ok && i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (!spot->has_visual || !spot->is_video)
            continue;
        any = true;
        ok = judge_spot(&context, spot, err);
    }
    if (ok && any && check->with_loops)
        ok = judge_loops(&context, err);
    free(context.findings);
    return ok;
}
