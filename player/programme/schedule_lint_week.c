/* Checks of the next seven days: hours with nothing scheduled, and slots that are cut off each
 * day. */
#include "programme/schedule_lint.h"

#include "playlist/playlist_fault.h"
#include "programme/programme.h"

#include <stdio.h>
#include <string.h>

#define WINDOW_MS (SCHEDULE_LINT_DAYS * INT64_C(86400000))
/* How far beyond the window a stretch is followed to find its true ends. */
#define BEYOND_MS (2 * WINDOW_MS)
#define CUT_MS 500 /* less is not seen */
#define EVERY_DAY 0x7f
#define REPEATS_MAX PLAYLIST_FAULTS_MAX

/* Something that happens at the same local time, and for as long, on several days. */
struct repeat {
    int spot, loop; /* cut slots; -1: hours with nothing */
    int32_t time_ms;
    int64_t length_ms;
    unsigned weekdays;
    int times;
    int64_t first_ms;
    bool open; /* no end is in sight */
};

struct week {
    const struct playlist *playlist;
    const struct civil_zone *zone;
    struct programme *programme;
    int64_t from_ms, to_ms;
    struct repeat repeats[REPEATS_MAX];
    size_t count;
    size_t lost; /* more than fit */
};

/* `at_ms` gives the time of day; `on_ms` the day that it belongs to. */
static void count_repeat(struct week *week, struct repeat repeat, int64_t at_ms, int64_t on_ms)
{
    int32_t day = civil_local_day(week->zone, at_ms);
    repeat.time_ms = (int32_t)(civil_local_ms(week->zone, at_ms) - (int64_t)day * CIVIL_DAY_MS);
    repeat.weekdays = 1U << civil_weekday(civil_local_day(week->zone, on_ms));
    repeat.times = 1;
    repeat.first_ms = on_ms;
    for (size_t i = 0; i < week->count; i++) {
        struct repeat *known = &week->repeats[i];
        if (known->spot == repeat.spot && known->loop == repeat.loop &&
            known->time_ms == repeat.time_ms && known->length_ms == repeat.length_ms) {
            known->weekdays |= repeat.weekdays;
            known->times++;
            return;
        }
    }
    if (week->count < REPEATS_MAX)
        week->repeats[week->count++] = repeat;
    else
        week->lost++;
}

static void format_time(int32_t time_ms, char text[16])
{
    int seconds = time_ms / 1000 % 60;
    int length = snprintf(text, 16, "%02d:%02d", time_ms / 3600000, time_ms / 60000 % 60);
    if (seconds)
        snprintf(text + length, 16 - (size_t)length, ":%02d", seconds);
}

/* "every day", or "on MO TU". */
static void format_days(unsigned weekdays, char text[32])
{
    static const char names[7][4] = {" MO", " TU", " WE", " TH", " FR", " SA", " SU"};
    size_t length = (size_t)snprintf(text, 32, weekdays == EVERY_DAY ? "every day" : "on");
    for (int i = 0; i < 7 && weekdays != EVERY_DAY; i++)
        if (weekdays >> i & 1)
            length += (size_t)snprintf(text + length, 32 - length, "%s", names[i]);
}

static void warn_gap(const struct week *week, const struct repeat *gap,
                     struct playlist_faults *warnings)
{
    const struct playlist_node root = {0}, node = {.parent = &root, .key = "schedule"};
    const int64_t end_ms = gap->first_ms + gap->length_ms;
    char from[40], to[40], days[32], when[128];
    if (week->playlist->has_house) /* what is shown then is given */
        return;
    if (gap->first_ms <= week->from_ms && end_ms >= week->to_ms) {
        playlist_fault_add(warnings, &node,
                           "nothing is scheduled for the next %d days, and there is no fallback: "
                           "screens show the house card",
                           SCHEDULE_LINT_DAYS);
        return;
    }
    civil_format(week->zone, gap->first_ms, from);
    civil_format(week->zone, end_ms, to);
    if (gap->open) {
        snprintf(when, sizeof when, "from %s on", from);
    } else if (gap->first_ms <= week->from_ms && gap->times == 1) {
        snprintf(when, sizeof when, "until %s", to);
    } else if (gap->times == 1 || gap->length_ms >= CIVIL_DAY_MS) {
        snprintf(when, sizeof when, "from %s to %s", from, to);
    } else {
        format_time(gap->time_ms, from);
        format_time((int32_t)((gap->time_ms + gap->length_ms) % CIVIL_DAY_MS), to);
        format_days(gap->weekdays, days);
        snprintf(when, sizeof when, "from %s to %s %s", from, to, days);
    }
    playlist_fault_add(
        warnings, &node,
        "nothing is scheduled %s, and there is no fallback: screens show the house card", when);
}

static void warn_cut(const struct week *week, const struct repeat *cut,
                     struct playlist_faults *warnings)
{
    const struct playlist *playlist = week->playlist;
    const struct playlist_node root = {0}, spots = {.parent = &root, .key = "spots"};
    const struct playlist_node node = {.parent = &spots, .key = playlist->spots[cut->spot].name};
    const char *loop = playlist->loops[cut->loop].name;
    char time[16], days[32], clipped[96], where[128] = "";
    /* The weekday is that of the slot's start: its end at midnight is that day's, not the next
     * one's. */
    format_time(cut->time_ms ? cut->time_ms : CIVIL_DAY_MS, time);
    format_days(cut->weekdays, days);
    if (*loop)
        snprintf(where, sizeof where, ", in the loop \"%s\"", playlist_fault_clip(loop, clipped));
    playlist_fault_add(
        warnings, &node, "is cut to %g of its %g seconds at %s %s%s", (double)cut->length_ms / 1000,
        (double)programme_spot_ms(week->programme, cut->spot) / 1000, time, days, where);
}

static bool is_gap(const struct programme_slot *slot)
{
    return slot->source == PROGRAMME_NOTHING;
}

/* Slots from now on; of the first, and of a gap at either end of the window, the whole. */
static void survey_week(struct week *week)
{
    struct programme_slot slot = programme_scene_at(week->programme, week->from_ms).to;
    while (is_gap(&slot) && slot.start_ms > week->from_ms - BEYOND_MS) {
        struct programme_slot before = programme_scene_at(week->programme, slot.start_ms - 1).to;
        if (!is_gap(&before) || before.start_ms >= slot.start_ms)
            break;
        slot = before;
    }
    while (slot.start_ms < week->to_ms) {
        struct programme_slot next = programme_next_slot(week->programme, &slot);
        struct repeat repeat = {.spot = -1, .loop = -1};
        int64_t start_ms = slot.start_ms;
        while (is_gap(&slot) && is_gap(&next) && next.end_ms < week->to_ms + BEYOND_MS) {
            slot = next;
            next = programme_next_slot(week->programme, &slot);
        }
        repeat.length_ms = slot.end_ms - start_ms;
        repeat.open = is_gap(&slot) && is_gap(&next);
        if (is_gap(&slot)) {
            count_repeat(week, repeat, start_ms, start_ms);
        } else if (repeat.length_ms + CUT_MS <= programme_spot_ms(week->programme, slot.spot)) {
            repeat.spot = slot.spot;
            repeat.loop = slot.loop;
            count_repeat(week, repeat, slot.end_ms, start_ms);
        }
        if (next.start_ms <= slot.start_ms) /* the edge of what the programme knows */
            break;
        slot = next;
    }
}

bool schedule_lint_week(const struct playlist *playlist, const struct civil_zone *zone,
                        const int32_t *film_ms, int64_t now_ms, struct playlist_faults *warnings)
{
    struct week week = {.playlist = playlist,
                        .zone = zone,
                        .programme = programme_create(playlist, zone, film_ms),
                        .from_ms = now_ms,
                        .to_ms = now_ms + WINDOW_MS};
    if (!week.programme)
        return false;
    survey_week(&week);
    for (size_t i = 0; i < week.count; i++) {
        if (week.repeats[i].spot < 0)
            warn_gap(&week, &week.repeats[i], warnings);
        else if (week.repeats[i].times > 1)
            warn_cut(&week, &week.repeats[i], warnings);
    }
    warnings->total += week.lost;
    programme_destroy(week.programme);
    return true;
}
