#include "commands/explain.h"

#include "base/clock.h"
#include "base/log.h"
#include "commands/listing.h"
#include "commands/explain_words.h"
#include "commands/timetable.h"
#include "commands/usage.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "explain"

#define LABEL_CELLS 8
#define NAMES_LISTED_MAX 12
#define GAP 2

struct inquiry {
    struct settings settings;
    struct timetable timetable;
    struct explain_words words;
    struct programme_explain explain;
    struct programme_explain_daypart *dayparts; /* schedule_count */
};

static const struct playlist *playlist_of(const struct inquiry *inquiry)
{
    return timetable_playlist(&inquiry->timetable);
}

static void put_label(const char *label)
{
    listing_print_cell(stdout, label, LABEL_CELLS);
}

static void put_time(const struct inquiry *inquiry, int64_t ms)
{
    char text[40];
    civil_format(inquiry->words.zone, ms, text);
    fputs(text, stdout);
}

/* "a.jpg", or "landscape a.jpg, portrait b.jpg". */
static void put_files(const struct playlist *playlist, const struct playlist_spot *spot)
{
    bool one = playlist_spot_has_one_file(spot);
    enum shape first = shape_first(spot->shapes);
    for (enum shape shape = first; shape < SHAPE_COUNT; shape++) {
        if (!(spot->shapes & 1U << shape))
            continue;
        if (!one)
            printf("%s%s ", shape == first ? "" : ", ", shape_name(shape));
        fputs(playlist->assets[spot->assets[shape]].path, stdout);
        if (one)
            break;
    }
}

static void put_slot_name(const struct inquiry *inquiry, const struct programme_slot *slot)
{
    const struct playlist *playlist = playlist_of(inquiry);
    int house = playlist_house(playlist);
    if (slot->spot >= 0) {
        fputs(playlist->spots[slot->spot].name, stdout);
        return;
    }
    fputs("the house card", stdout);
    if (house < 0)
        return;
    const struct playlist_spot *card = &playlist->spots[house];
    fputs(" (", stdout);
    if (card->has_visual)
        put_files(playlist, card);
    else
        printf("#%06x", card->background);
    putchar(')');
}

/* The instant, and where times are shown in another zone than the playlist's, both. */
static void print_instant(const struct inquiry *inquiry)
{
    const struct zone *shown = timetable_zone(&inquiry->timetable);
    const struct zone *zone = &inquiry->timetable.playing.zone;
    int64_t t_ms = inquiry->words.t_ms;
    char own[40];
    put_label("at");
    put_time(inquiry, t_ms);
    const char *weekday = explain_words_weekday(civil_local_day(&zone->civil, t_ms));
    if (strcmp(shown->name, zone->name) == 0) {
        printf(", %s, %s\n", weekday, zone->name);
        return;
    }
    civil_format(&zone->civil, t_ms, own);
    printf(", %s\n", shown->name);
    put_label("");
    printf("%s, %s, %s, the zone of its schedule\n", own, weekday, zone->name);
}

/* What is seen of the texts in a transition: never two of them. */
static void put_texts(const struct inquiry *inquiry)
{
    const struct programme_scene *scene = &inquiry->explain.scene;
    const struct transition *transition = &scene->to.transition;
    const struct playlist_spot *spots = playlist_of(inquiry)->spots;
    bool has_old = scene->from.spot >= 0 && playlist_spot_has_texts(&spots[scene->from.spot]);
    bool has_new = scene->to.spot >= 0 && playlist_spot_has_texts(&spots[scene->to.spot]);
    if (!has_old && !has_new)
        return;
    if (has_old && has_new &&
        playlist_has_same_tagline(playlist_of(inquiry), &spots[scene->from.spot],
                                  &spots[scene->to.spot]))
        fputs(", the text stays", stdout);
    else if (has_old && transition_text_leaving(transition, scene->mix) > 0)
        fputs(", the text before fades out", stdout);
    else if (has_new && transition_text_coming(transition, scene->mix) > 0)
        fputs(", its text fades in", stdout);
    else
        fputs(", no text is seen", stdout);
}

static void print_scene(const struct inquiry *inquiry)
{
    const struct programme_scene *scene = &inquiry->explain.scene;
    put_label("on");
    put_slot_name(inquiry, &scene->to);
    fputs(", from ", stdout);
    put_time(inquiry, scene->to.start_ms);
    fputs(" to ", stdout);
    put_time(inquiry, scene->to.end_ms);
    putchar('\n');
    if (scene->has_from) {
        put_label("");
        fputs("in transition from ", stdout);
        put_slot_name(inquiry, &scene->from);
        printf(", %s, %.0f %% done", transition_kinds[scene->to.transition.type].name,
               scene->mix * 100);
        put_texts(inquiry);
        putchar('\n');
    }
    put_label("then");
    put_slot_name(inquiry, &inquiry->explain.next);
    putchar('\n');
}

/* By the operating hours, where there are any. */
static void print_screen(struct inquiry *inquiry)
{
    int64_t t_ms = inquiry->words.t_ms;
    if (!inquiry->timetable.hours)
        return;
    bool is_on = timetable_screen(&inquiry->timetable, t_ms, t_ms + 1) == TIMETABLE_SCREEN_ON;
    put_label("screen");
    fputs(is_on ? "on" : "off, outside operating hours", stdout);
    if (inquiry->timetable.until_ms != INT64_MAX) {
        fputs(", until ", stdout);
        explain_words_put_instant(&inquiry->words, inquiry->timetable.until_ms);
    }
    putchar('\n');
}

static size_t count_sharing(const struct inquiry *inquiry)
{
    size_t count = 0;
    for (size_t i = 0; i < playlist_of(inquiry)->schedule_count; i++)
        count += inquiry->dayparts[i].reason == PROGRAMME_EXPLAIN_RUNS;
    return count;
}

static void put_loop(const char *name)
{
    if (*name)
        printf(", loop %s", name);
}

static void print_why(const struct inquiry *inquiry)
{
    const struct playlist *playlist = playlist_of(inquiry);
    const struct programme_slot *slot = &inquiry->explain.scene.to;
    put_label("why");
    switch (slot->source) {
    case PROGRAMME_DAYPART:
        if (playlist->schedule_given)
            printf("schedule[%d]", slot->daypart);
        else
            fputs("always, as the playlist has no schedule", stdout);
        put_loop(playlist->loops[slot->loop].name);
        if (playlist->schedule_given)
            printf(", priority %d", (int)playlist->schedule[slot->daypart].priority);
        if (count_sharing(inquiry) > 1)
            printf(", one of %zu that share the time", count_sharing(inquiry));
        if (playlist->schedule[slot->daypart].dim < 1)
            printf(", dimmed to %.3g %%", playlist->schedule[slot->daypart].dim * 100);
        break;
    case PROGRAMME_FALLBACK:
        fputs("no daypart runs: the fallback", stdout);
        put_loop(playlist->loops[slot->loop].name);
        break;
    case PROGRAMME_NOTHING:
        fputs("no daypart runs, and there is no fallback", stdout);
        break;
    }
    putchar('\n');
    if (playlist->schedule_given) {
        put_label("");
        explain_words_put_run(&inquiry->words, inquiry->explain.since_ms,
                              inquiry->explain.until_ms);
        putchar('\n');
    }
    put_label("block");
    fputs("from ", stdout);
    put_time(inquiry, inquiry->explain.block.start_ms);
    fputs(" to ", stdout);
    put_time(inquiry, inquiry->explain.block.end_ms);
    putchar('\n');
}

static void print_dayparts(const struct inquiry *inquiry)
{
    const struct playlist *playlist = playlist_of(inquiry);
    int label_width = 0, loop_width = 0;
    char label[32];
    for (size_t i = 0; i < playlist->schedule_count; i++) {
        int width = listing_text_width(playlist->loops[playlist->schedule[i].loop].name);
        loop_width = width > loop_width ? width : loop_width;
    }
    snprintf(label, sizeof label, "schedule[%zu]", playlist->schedule_count - 1);
    label_width = listing_text_width(label);
    putchar('\n');
    for (size_t i = 0; i < playlist->schedule_count; i++) {
        snprintf(label, sizeof label, "schedule[%zu]", i);
        listing_print_cell(stdout, label, label_width + GAP);
        if (loop_width > 0)
            listing_print_cell(stdout, playlist->loops[playlist->schedule[i].loop].name,
                               loop_width + GAP);
        explain_words_put_daypart(&inquiry->words, playlist, inquiry->dayparts, i);
        putchar('\n');
    }
}

static void print_occurrence(const struct inquiry *inquiry, const char *label, bool found,
                             const struct programme_slot *slot)
{
    put_label(label);
    if (!found) {
        printf("not within %d days\n", PROGRAMME_EXPLAIN_HORIZON_DAYS);
        return;
    }
    explain_words_put_instant(&inquiry->words, slot->start_ms);
    fputs(" to ", stdout);
    put_time(inquiry, slot->end_ms);
    putchar('\n');
}

static void print_spot(const struct inquiry *inquiry, int spot)
{
    const struct playlist *playlist = playlist_of(inquiry);
    struct programme_explain_spot answer = programme_explain_spot(
        playlist, inquiry->timetable.playing.programme, spot, inquiry->words.t_ms);
    putchar('\n');
    put_label("spot");
    printf("%s%s\n", playlist->spots[spot].name, answer.is_on ? ", on now" : "");
    if (!answer.in_loop) {
        put_label("");
        puts(
            playlist->schedule_given
                ? "never on: it is in no loop of the schedule, nor in the fallback"
                : "never on: without a schedule the first loop always runs, and it is not in that");
        return;
    }
    print_occurrence(inquiry, "last", answer.has_before, &answer.before);
    print_occurrence(inquiry, "next", answer.has_after, &answer.after);
}

/* The spot of a name; an error that helps to find the right one. */
static MUST_CHECK bool find_spot(const struct playlist *playlist, const char *name, int *spot,
                                 struct err *err)
{
    for (size_t i = 0; i < playlist->spot_count; i++) {
        if (strcmp(playlist->spots[i].name, name) == 0) {
            *spot = (int)i;
            return true;
        }
    }
    char names[ERR_TEXT_BYTES / 2] = "";
    size_t used = 0;
    for (size_t i = 0; i < playlist->spot_count && i < NAMES_LISTED_MAX; i++) {
        int size = snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                            playlist->spots[i].name);
        if ((size_t)size >= sizeof names - used) {
            names[used] = '\0';
            break;
        }
        used += (size_t)size;
    }
    return err_set(err, ERR_INPUT, "there is no spot \"%.200s\"; the playlist has %zu: %s", name,
                   playlist->spot_count, names);
}

static MUST_CHECK bool run_explain(struct inquiry *inquiry, struct err *err)
{
    struct timetable *timetable = &inquiry->timetable;
    struct explain_words *words = &inquiry->words;
    int spot = -1;
    if (!timetable_open(timetable, &inquiry->settings, err))
        return false;
    const struct playlist *playlist = timetable_playlist(timetable);
    *words = (struct explain_words){stdout, &timetable_zone(timetable)->civil, clock_wall_ms()};
    if (!timetable_instant(timetable, &inquiry->settings, SETTING_AT, PROGRAMME_LAST_MS,
                           &words->t_ms, err) ||
        (inquiry->settings.operands[1] &&
         !find_spot(playlist, inquiry->settings.operands[1], &spot, err)))
        return false;
    inquiry->dayparts = calloc(playlist->schedule_count, sizeof *inquiry->dayparts);
    if (!inquiry->dayparts)
        return err_oom(err);
    inquiry->explain =
        programme_explain_instant(playlist, &timetable->playing.zone.civil,
                                  timetable->playing.programme, words->t_ms, inquiry->dayparts);
    print_instant(inquiry);
    print_scene(inquiry);
    print_screen(inquiry);
    print_why(inquiry);
    if (playlist->schedule_given)
        print_dayparts(inquiry);
    if (spot >= 0)
        print_spot(inquiry, spot);
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_set(err, ERR_DISK, "cannot write to standard output");
    return true;
}

int explain_main(int argc, char **argv)
{
    struct inquiry inquiry = {0};
    struct err err = {0};
    int status = EXIT_SUCCESS;
    bool understood = settings_read(&inquiry.settings, SETTINGS_EXPLAIN, argc, argv, &err);
    if (understood && !inquiry.settings.help && !inquiry.settings.source)
        understood =
            err_set(&err, ERR_INPUT, "no playlist given; use duckling explain FILE [SPOT]");
    if (!understood) {
        status = usage_refuse(SETTINGS_EXPLAIN, &inquiry.settings, &err);
    } else if (inquiry.settings.help) {
        usage_print(SETTINGS_EXPLAIN, inquiry.settings.help);
    } else if (!run_explain(&inquiry, &err)) {
        status = err.code == ERR_USAGE ? usage_refuse(SETTINGS_EXPLAIN, &inquiry.settings, &err)
                                       : EXIT_FAILURE;
        if (status == EXIT_FAILURE)
            log_error("cannot explain the programme reason=\"%s\"", err.text);
    }
    free(inquiry.dayparts);
    timetable_finish(&inquiry.timetable);
    settings_finish(&inquiry.settings);
    log_flush();
    return status;
}
