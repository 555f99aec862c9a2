#include "programme/programme_day.h"

#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64

static bool has_day(const struct playlist_daypart *daypart, int32_t local_day)
{
    if ((daypart->has_start_date && local_day < daypart->start_day) ||
        (daypart->has_end_date && local_day > daypart->end_day))
        return false;
    if (!(daypart->weekdays >> civil_weekday(local_day) & 1))
        return false;
    size_t low = 0, high = daypart->except_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (daypart->except_days[middle] == local_day)
            return false;
        if (daypart->except_days[middle] < local_day)
            low = middle + 1;
        else
            high = middle;
    }
    return true;
}

/* duckling-playlist(5), PROGRAMME, rule 1. */
bool programme_day_span(const struct programme *programme, int rank, int32_t start_day,
                        int64_t *from_ms, int64_t *to_ms)
{
    const struct programme_part *part = &programme->parts[rank];
    const struct playlist_daypart *daypart = &programme->playlist->schedule[part->daypart];
    if (!has_day(daypart, start_day))
        return false;
    int64_t midnight_ms = (int64_t)start_day * CIVIL_DAY_MS;
    bool overnight = daypart->end_time_ms <= daypart->start_time_ms;
    *from_ms = civil_instant(programme->zone, midnight_ms + daypart->start_time_ms);
    *to_ms = civil_instant(programme->zone,
                           midnight_ms + daypart->end_time_ms + (overnight ? CIVIL_DAY_MS : 0));
    *from_ms = *from_ms > part->start_ms ? *from_ms : part->start_ms;
    *to_ms = *to_ms < part->end_ms ? *to_ms : part->end_ms;
    return *from_ms < *to_ms;
}

/* Adds what lies in the swept day of a part's interval for a start day. */
static size_t add_events(const struct programme *programme, const struct programme_day *day,
                         int rank, int32_t start_day, size_t count)
{
    int64_t from_ms, to_ms;
    if (!programme_day_span(programme, rank, start_day, &from_ms, &to_ms))
        return count;
    from_ms = from_ms > day->start_ms ? from_ms : day->start_ms;
    to_ms = to_ms < day->end_ms ? to_ms : day->end_ms;
    if (from_ms >= to_ms)
        return count;
    programme->events[count++] = (struct programme_event){from_ms, rank};
    programme->events[count++] = (struct programme_event){to_ms, rank};
    return count;
}

static int compare_day_events(const void *left, const void *right)
{
    const struct programme_event *a = left, *b = right;
    return (a->ms > b->ms) - (a->ms < b->ms);
}

/* Of the active parts those of the highest priority: copies them to `set`. */
static void choose_running(const struct programme *programme, uint64_t *set)
{
    const size_t words = programme->set_words;
    memset(set, 0, words * sizeof *set);
    size_t word = 0;
    while (word < words && !programme->active[word])
        word++;
    if (word == words)
        return;
    size_t first = word * WORD_BITS + (size_t)__builtin_ctzll(programme->active[word]);
    /* Nothing is active above the first, so only what lies below its level has to go. */
    size_t end = (size_t)programme->parts[first].level_end;
    memcpy(set + word, programme->active + word, (words - word) * sizeof *set);
    size_t last = end / WORD_BITS;
    if (last < words)
        set[last] &= ((uint64_t)1 << end % WORD_BITS) - 1;
    for (size_t i = last + 1; i < words; i++)
        set[i] = 0;
}

/* What a block shows, from its set. */
static void describe_block(const struct programme *programme, struct programme_block *block,
                           const uint64_t *set)
{
    int running = 0;
    for (size_t word = 0; word < programme->set_words; word++) {
        if (set[word] && running == 0) {
            size_t rank = word * WORD_BITS + (size_t)__builtin_ctzll(set[word]);
            block->daypart = programme->parts[rank].daypart;
        }
        running += __builtin_popcountll(set[word]);
    }
    if (running != 1)
        block->daypart = -1;
    if (running > 0)
        block->source = PROGRAMME_DAYPART;
    else
        block->source = programme->fallback >= 0 ? PROGRAMME_FALLBACK : PROGRAMME_NOTHING;
}

/* From from_ms on the active parts are as they are now: opens a block unless those that run stay
 * the same. */
static void open_block(const struct programme *programme, struct programme_day *day,
                       int64_t from_ms)
{
    const size_t words = programme->set_words;
    uint64_t *set = day->sets + (size_t)day->block_count * words;
    choose_running(programme, set);
    if (day->block_count > 0) {
        if (memcmp(set, set - words, words * sizeof *set) == 0)
            return;
        day->blocks[day->block_count - 1].end_ms = from_ms;
    }
    struct programme_block *block = &day->blocks[day->block_count++];
    *block = (struct programme_block){.start_ms = from_ms, .end_ms = day->end_ms};
    describe_block(programme, block, set);
}

void programme_day_sweep(struct programme *programme, struct programme_day *day, int32_t local_day)
{
    size_t count = 0, next = 0;
    for (int rank = 0; rank < programme->part_count; rank++) {
        count = add_events(programme, day, rank, local_day - 1, count);
        count = add_events(programme, day, rank, local_day, count);
    }
    if (count > 0)
        qsort(programme->events, count, sizeof *programme->events, compare_day_events);
    memset(programme->active, 0, programme->set_words * sizeof *programme->active);
    day->block_count = 0;
    day->laid_count = 0;
    for (int64_t at_ms = day->start_ms; at_ms < day->end_ms;) {
        /* A part's intervals never overlap, so every event is a flip; two at once (06:00 to 06:00
         * on two days) cancel. */
        for (; next < count && programme->events[next].ms <= at_ms; next++) {
            size_t rank = (size_t)programme->events[next].rank;
            programme->active[rank / WORD_BITS] ^= (uint64_t)1 << rank % WORD_BITS;
        }
        open_block(programme, day, at_ms);
        at_ms = next < count ? programme->events[next].ms : day->end_ms;
    }
}
