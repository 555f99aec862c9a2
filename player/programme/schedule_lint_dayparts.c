/* Checks of dayparts: those that never run, and shares that don't add up. */
#include "programme/schedule_lint.h"

#include "playlist/playlist_fault.h"
#include "programme/programme_day.h"

#include <stdio.h>
#include <stdlib.h>

#define WORD_BITS 64
/* The days that are checked: two weeks and a day from each start and end, and a week from each
 * exception, because between these every week is the same. At most DAYS_MAX. */
#define DAYS_AFTER_CHANGE 15
#define DAYS_AFTER_EXCEPTION 8
#define DAYS_MAX 1000
#define WHOLE_PPM 1000000

/* What the survey found about a daypart. */
struct fate {
    bool has_next, has_last;
    int32_t next_day;         /* the first start day on which it still is active */
    int64_t next_ms, last_ms; /* since when, not before now; when it was last active */
    bool shown;               /* it gets slots at some time */
    bool starved;             /* it would, but for the others' shares */
};

struct survey {
    const struct playlist *playlist;
    const struct civil_zone *zone;
    struct programme *programme; /* its first day is our scratch */
    int64_t now_ms;
    int32_t today;
    struct fate *fates; /* by rank */
    int32_t *days;      /* to check */
    size_t day_count, day_capacity;
    bool shares_warned;
    struct playlist_faults *warnings;
};

static const struct playlist_daypart *daypart_of(const struct survey *survey, int rank)
{
    return &survey->playlist->schedule[survey->programme->parts[rank].daypart];
}

/* The first and the last start day that a daypart can have. */
static void find_bounds(const struct survey *survey, int rank, int32_t *first, int32_t *last)
{
    const struct programme_part *part = &survey->programme->parts[rank];
    const struct playlist_daypart *daypart = daypart_of(survey, rank);
    *first = daypart->has_start_date ? daypart->start_day : INT32_MIN;
    *last = daypart->has_end_date ? daypart->end_day : INT32_MAX;
    if (part->start_ms != INT64_MIN) {
        int32_t day = civil_local_day(survey->zone, part->start_ms) - 1; /* may be overnight */
        *first = day > *first ? day : *first;
    }
    if (part->end_ms != INT64_MAX) {
        int32_t day = civil_local_day(survey->zone, part->end_ms);
        *last = day < *last ? day : *last;
    }
}

/* A daypart that is ever active is active within this many days from its first. */
static int32_t search_days(const struct playlist_daypart *daypart)
{
    return (int32_t)(7 * (daypart->except_count + 2) + DAYS_AFTER_CHANGE);
}

static void find_next_run(struct survey *survey, int rank)
{
    struct fate *fate = &survey->fates[rank];
    int32_t first, last, from = survey->today - 1;
    find_bounds(survey, rank, &first, &last);
    from = first > from ? first : from;
    for (int32_t i = 0; i < search_days(daypart_of(survey, rank)) && from + i <= last; i++) {
        int64_t from_ms, to_ms;
        if (!programme_day_span(survey->programme, rank, from + i, &from_ms, &to_ms) ||
            to_ms <= survey->now_ms)
            continue;
        if (from_ms > PROGRAMME_LAST_MS) /* the programme ends there: a year typed wrong */
            return;
        fate->has_next = true;
        fate->next_day = from + i;
        fate->next_ms = from_ms > survey->now_ms ? from_ms : survey->now_ms;
        return;
    }
}

static void find_last_run(struct survey *survey, int rank)
{
    struct fate *fate = &survey->fates[rank];
    int32_t first, last, from = survey->today;
    find_bounds(survey, rank, &first, &last);
    from = last < from ? last : from;
    for (int32_t i = 0; i < search_days(daypart_of(survey, rank)) && from - i >= first; i++) {
        int64_t from_ms;
        if (programme_day_span(survey->programme, rank, from - i, &from_ms, &fate->last_ms)) {
            fate->has_last = true;
            return;
        }
    }
}

static bool add_days(struct survey *survey, int32_t from, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (from + i < survey->today)
            continue;
        if (survey->day_count == survey->day_capacity) {
            size_t capacity = survey->day_capacity ? 2 * survey->day_capacity : 256;
            int32_t *days = realloc(survey->days, capacity * sizeof *days);
            if (!days)
                return false;
            survey->days = days;
            survey->day_capacity = capacity;
        }
        survey->days[survey->day_count++] = from + i;
    }
    return true;
}

static int compare_survey_days(const void *left, const void *right)
{
    const int32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Collects the days on which something may run that does not on the days before. */
static bool gather_days(struct survey *survey)
{
    for (int rank = 0; rank < survey->programme->part_count; rank++) {
        const struct playlist_daypart *daypart = daypart_of(survey, rank);
        const struct fate *fate = &survey->fates[rank];
        int32_t first, last;
        find_bounds(survey, rank, &first, &last);
        if (!fate->has_next)
            continue;
        if (!add_days(survey, fate->next_day, DAYS_AFTER_CHANGE) ||
            (last != INT32_MAX && !add_days(survey, last - 1, DAYS_AFTER_CHANGE)))
            return false;
        for (size_t i = 0; i < daypart->except_count; i++)
            if (!add_days(survey, daypart->except_days[i], DAYS_AFTER_EXCEPTION))
                return false;
    }
    size_t unique = 0;
    if (survey->day_count > 0)
        qsort(survey->days, survey->day_count, sizeof *survey->days, compare_survey_days);
    for (size_t i = 0; i < survey->day_count; i++)
        if (i == 0 || survey->days[i] != survey->days[unique - 1])
            survey->days[unique++] = survey->days[i];
    survey->day_count = unique;
    return true;
}

static bool has_rank(const uint64_t *set, int rank)
{
    return set[rank / WORD_BITS] >> rank % WORD_BITS & 1;
}

static void warn_daypart(const struct survey *survey, int daypart, const char *key,
                         const char *words)
{
    const struct playlist_node root = {0}, schedule = {.parent = &root, .key = "schedule"};
    const struct playlist_node item = {.parent = &schedule, .index = (size_t)daypart};
    const struct playlist_node member = {.parent = &item, .key = key};
    playlist_fault_add(survey->warnings, key ? &member : &item, "%s", words);
}

static void warn_shares(struct survey *survey, int daypart, int64_t sum_ppm, int64_t at_ms)
{
    char when[40], words[256];
    if (survey->shares_warned)
        return;
    survey->shares_warned = true;
    civil_format(survey->zone, at_ms, when);
    snprintf(
        words, sizeof words,
        "adds up to %.4g with the other entries that run at %s: each gets less time than its share",
        (double)sum_ppm / WHOLE_PPM, when);
    warn_daypart(survey, daypart, "share_of_voice", words);
}

/* Which of a block's dayparts get slots (duckling-playlist(5), PROGRAMME, rule 4). */
static void survey_block(struct survey *survey, const uint64_t *set, int64_t at_ms)
{
    int64_t sum_ppm = 0;
    int members = 0, first = -1;
    for (int rank = 0; rank < survey->programme->part_count; rank++) {
        const struct playlist_daypart *daypart = daypart_of(survey, rank);
        if (!has_rank(set, rank))
            continue;
        members++;
        sum_ppm += daypart->has_share ? daypart->share_ppm : 0;
        if (first < 0 && daypart->has_share)
            first = rank;
    }
    for (int rank = 0; rank < survey->programme->part_count; rank++) {
        if (!has_rank(set, rank))
            continue;
        if (members == 1 || daypart_of(survey, rank)->has_share || sum_ppm < WHOLE_PPM)
            survey->fates[rank].shown = true;
        else
            survey->fates[rank].starved = true;
    }
    /* Rounding each to millionths is allowed for, as in the parser. */
    if (members > 1 && sum_ppm > WHOLE_PPM + members)
        warn_shares(survey, survey->programme->parts[first].daypart, sum_ppm, at_ms);
}

static struct programme_day *sweep_day(const struct survey *survey, int32_t local_day)
{
    struct programme_day *day = &survey->programme->days[0];
    day->start_ms = civil_instant(survey->zone, (int64_t)local_day * CIVIL_DAY_MS);
    day->end_ms = civil_instant(survey->zone, (int64_t)(local_day + 1) * CIVIL_DAY_MS);
    day->block_count = 0;
    if (day->start_ms < day->end_ms)
        programme_day_sweep(survey->programme, day, local_day);
    return day;
}

static void survey_days(struct survey *survey)
{
    for (size_t i = 0; i < survey->day_count && i < DAYS_MAX; i++) {
        const struct programme_day *day = sweep_day(survey, survey->days[i]);
        for (int j = 0; j < day->block_count; j++)
            if (day->blocks[j].end_ms > survey->now_ms)
                survey_block(survey, day->sets + (size_t)j * survey->programme->set_words,
                             day->blocks[j].start_ms);
    }
}

/* What runs when the daypart could next. */
static void warn_outranked(const struct survey *survey, int rank)
{
    const int64_t at_ms = survey->fates[rank].next_ms;
    int32_t local_day = civil_local_day(survey->zone, at_ms);
    char words[256] = "never runs: entries of higher priority run whenever it could";
    const struct programme_day *day = sweep_day(survey, local_day);
    for (int i = 0; i < day->block_count; i++) {
        const struct programme_block *block = &day->blocks[i];
        const uint64_t *set = day->sets + (size_t)i * survey->programme->set_words;
        if (at_ms < block->start_ms || at_ms >= block->end_ms)
            continue;
        for (int other = 0; other < rank; other++) {
            if (!has_rank(set, other))
                continue;
            snprintf(words, sizeof words,
                     "never runs: entries of higher priority run whenever it could, next "
                     "schedule[%d] with priority %d",
                     survey->programme->parts[other].daypart,
                     (int)daypart_of(survey, other)->priority);
            break;
        }
    }
    warn_daypart(survey, survey->programme->parts[rank].daypart, NULL, words);
}

static void warn_unshown_daypart(struct survey *survey, int rank)
{
    const struct fate *fate = &survey->fates[rank];
    int daypart = survey->programme->parts[rank].daypart;
    if (!fate->has_next) {
        find_last_run(survey, rank);
        char when[40], words[128] = "never runs: no day matches its dates, weekdays and times";
        civil_format(survey->zone, fate->last_ms, when);
        if (fate->has_last)
            snprintf(words, sizeof words, "is over: it last ran until %s", when);
        warn_daypart(survey, daypart, NULL, words);
    } else if (fate->shown || survey->day_count > DAYS_MAX) {
        return;
    } else if (fate->starved) {
        warn_daypart(
            survey, daypart, NULL,
            "never gets a slot: the share_of_voice of the entries that run at the same time takes "
            "all of the time");
    } else {
        warn_outranked(survey, rank);
    }
}

/* In the order of the playlist. */
static void warn_unshown_dayparts(struct survey *survey)
{
    const struct programme *programme = survey->programme;
    for (size_t i = 0; i < survey->playlist->schedule_count; i++)
        for (int rank = 0; rank < programme->part_count; rank++)
            if (programme->parts[rank].daypart == (int)i)
                warn_unshown_daypart(survey, rank);
}

bool schedule_lint_dayparts(const struct playlist *playlist, const struct civil_zone *zone,
                            int64_t now_ms, struct playlist_faults *warnings)
{
    struct survey survey = {.playlist = playlist,
                            .zone = zone,
                            .programme = programme_create(playlist, zone, NULL),
                            .fates = calloc(playlist->schedule_count + 1, sizeof *survey.fates),
                            .now_ms = now_ms,
                            .today = civil_local_day(zone, now_ms),
                            .warnings = warnings};
    bool ok = survey.programme && survey.fates;
    for (int rank = 0; ok && rank < survey.programme->part_count; rank++)
        find_next_run(&survey, rank);
    ok = ok && gather_days(&survey);
    if (ok) {
        survey_days(&survey);
        warn_unshown_dayparts(&survey);
    }
    free(survey.days);
    free(survey.fates);
    programme_destroy(survey.programme);
    return ok;
}
