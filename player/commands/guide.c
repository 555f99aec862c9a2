#include "commands/guide.h"

#include "base/clock.h"
#include "base/log.h"
#include "commands/guide_output.h"
#include "commands/timetable.h"
#include "commands/usage.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "guide"

#define DAY_MS INT64_C(86400000)

struct guide {
    struct settings settings;
    struct timetable timetable;
    struct guide_output output;
    struct listing listing;
    int64_t from_ms, to_ms;
};

static MUST_CHECK bool read_guide_range(struct guide *guide, struct err *err)
{
    guide->from_ms = clock_wall_ms();
    if (!timetable_instant(&guide->timetable, &guide->settings, SETTING_FROM, PROGRAMME_LAST_MS,
                           &guide->from_ms, err))
        return false;
    guide->to_ms = guide->from_ms + DAY_MS;
    if (guide->to_ms > PROGRAMME_LAST_MS + 1)
        guide->to_ms = PROGRAMME_LAST_MS + 1;
    if (!timetable_instant(&guide->timetable, &guide->settings, SETTING_TO, PROGRAMME_LAST_MS + 1,
                           &guide->to_ms, err))
        return false;
    if (guide->to_ms > guide->from_ms)
        return true;
    char from[40], to[40];
    civil_format(&timetable_zone(&guide->timetable)->civil, guide->from_ms, from);
    civil_format(&timetable_zone(&guide->timetable)->civil, guide->to_ms, to);
    return err_set(err, ERR_USAGE, "option --to needs a time after --from, %s, not %s", from, to);
}

/* Slots that overlap the stretch, each whole. Writing fails for good (a full disk, say): then the
 * rest of the years need not be laid. */
static void list_slots(struct guide *guide)
{
    struct programme *programme = guide->timetable.playing.programme;
    guide_output_head(&guide->output, &guide->listing);
    struct programme_slot slot = programme_scene_at(programme, guide->from_ms).to;
    while (slot.start_ms < guide->to_ms && !guide->listing.failed) {
        guide_output_put(&guide->output, &guide->listing, &slot,
                         timetable_screen(&guide->timetable, slot.start_ms, slot.end_ms));
        slot = programme_next_slot(programme, &slot);
    }
}

/* Plays count the slots that list_slots lists, times only what of them lies in the stretch. */
static MUST_CHECK bool list_totals(struct guide *guide, struct err *err)
{
    struct programme *programme = guide->timetable.playing.programme;
    size_t house_card = timetable_playlist(&guide->timetable)->spot_count;
    struct guide_total *totals = calloc(house_card + 1, sizeof *totals);
    if (!totals)
        return err_oom(err);
    struct programme_slot slot = programme_scene_at(programme, guide->from_ms).to;
    while (slot.start_ms < guide->to_ms) {
        struct guide_total *total = &totals[slot.spot >= 0 ? (size_t)slot.spot : house_card];
        int64_t from_ms = slot.start_ms > guide->from_ms ? slot.start_ms : guide->from_ms;
        int64_t to_ms = slot.end_ms < guide->to_ms ? slot.end_ms : guide->to_ms;
        total->plays++;
        total->time_ms += to_ms - from_ms;
        slot = programme_next_slot(programme, &slot);
    }
    guide_output_put_totals(&guide->output, &guide->listing, totals, guide->to_ms - guide->from_ms);
    free(totals);
    return true;
}

static enum guide_format format_of(const struct settings *settings)
{
    const char *text = settings->values[SETTING_FORMAT].text;
    if (strcmp(text, "json") == 0)
        return GUIDE_JSON;
    return strcmp(text, "csv") == 0 ? GUIDE_CSV : GUIDE_TABLE;
}

static MUST_CHECK bool run_guide(struct guide *guide, struct err *err)
{
    if (!timetable_open(&guide->timetable, &guide->settings, err) ||
        !read_guide_range(guide, err) ||
        !guide_output_init(&guide->output, format_of(&guide->settings),
                           timetable_playlist(&guide->timetable), err))
        return false;
    guide->output.has_screen = guide->timetable.hours != NULL;
    listing_init(&guide->listing, stdout, &timetable_zone(&guide->timetable)->civil);
    if (guide->settings.values[SETTING_TOTALS].number == 0)
        list_slots(guide);
    else if (!list_totals(guide, err))
        return false;
    return listing_flush(&guide->listing, err);
}

int guide_main(int argc, char **argv)
{
    static struct guide guide;
    struct err err = {0};
    int status = EXIT_SUCCESS;
    bool understood = settings_read(&guide.settings, SETTINGS_GUIDE, argc, argv, &err);
    if (understood && !guide.settings.help && !guide.settings.source)
        understood = err_set(&err, ERR_INPUT, "no playlist given; use duckling guide FILE");
    if (!understood) {
        status = usage_refuse(SETTINGS_GUIDE, &guide.settings, &err);
    } else if (guide.settings.help) {
        usage_print(SETTINGS_GUIDE, guide.settings.help);
    } else if (!run_guide(&guide, &err)) {
        status = err.code == ERR_USAGE ? usage_refuse(SETTINGS_GUIDE, &guide.settings, &err)
                                       : EXIT_FAILURE;
        if (status == EXIT_FAILURE)
            log_error("cannot list the programme reason=\"%s\"", err.text);
    }
    guide_output_finish(&guide.output);
    timetable_finish(&guide.timetable);
    settings_finish(&guide.settings);
    log_flush();
    return status;
}
