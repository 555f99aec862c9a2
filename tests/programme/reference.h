/* A second, naive programme, written from duckling-playlist(5), PROGRAMME, and not from
 * player/programme: it asks for every second of a day which dayparts run, and lays every slot. For
 * test_reference.c only. */
#ifndef TESTS_PROGRAMME_REFERENCE_H
#define TESTS_PROGRAMME_REFERENCE_H

#include "programme/programme.h"

#include <stdlib.h>
#include <string.h>

#define REFERENCE_DAY_MS INT64_C(86400000)

__extension__ typedef __int128 reference_wide;

/* At most 64 dayparts. `step_ms` divides every local time of the schedule; every absolute one is
 * such a multiple, too, or that plus odd_ms. */
struct reference {
    const struct playlist *playlist;
    const struct civil_zone *zone;
    const int32_t *film_ms;
    int64_t step_ms, odd_ms;
    struct programme_slot *slots;
    size_t count, room;
};

/* Every stretch of the zone in turn: the first that shows this local time, else the change that
 * skips it. */
static int64_t reference_instant(const struct civil_zone *zone, int64_t local_ms)
{
    int64_t skipped_by = INT64_MAX;
    for (size_t i = 0; i <= zone->change_count; i++) {
        int64_t offset = i ? zone->changes[i - 1].offset_ms : zone->first_offset_ms;
        int64_t from = i ? zone->changes[i - 1].from_ms : INT64_MIN;
        int64_t to = i < zone->change_count ? zone->changes[i].from_ms : INT64_MAX;
        if (local_ms - offset >= from && local_ms - offset < to)
            return local_ms - offset;
        if (local_ms - offset < from && skipped_by == INT64_MAX)
            skipped_by = from;
    }
    return skipped_by;
}

static int64_t reference_midnight(const struct reference *reference, int32_t day)
{
    return reference_instant(reference->zone, day * REFERENCE_DAY_MS);
}

static bool reference_has_day(const struct playlist_daypart *daypart, int32_t day)
{
    if (daypart->has_start_date && day < daypart->start_day)
        return false;
    if (daypart->has_end_date && day > daypart->end_day)
        return false;
    for (size_t i = 0; i < daypart->except_count; i++) {
        if (daypart->except_days[i] == day)
            return false;
    }
    /* 1969-12-29 was a Monday, and no test goes further back than 1900. */
    return daypart->weekdays & 1 << (day + 3 + 7 * 10000) % 7;
}

static int64_t reference_edge(const struct reference *reference,
                              const struct playlist_instant *instant)
{
    return instant->local ? reference_instant(reference->zone, instant->ms) : instant->ms;
}

/* Rule 1, for one instant; around_day is a local day near it. */
static bool reference_is_active(const struct reference *reference,
                                const struct playlist_daypart *daypart, int64_t t_ms,
                                int32_t around_day)
{
    if (daypart->start.given && t_ms < reference_edge(reference, &daypart->start))
        return false;
    if (daypart->end.given && t_ms >= reference_edge(reference, &daypart->end))
        return false;
    for (int32_t day = around_day - 2; day <= around_day + 1; day++) {
        int32_t end_day = daypart->end_time_ms <= daypart->start_time_ms ? day + 1 : day;
        if (reference_has_day(daypart, day) &&
            t_ms >= reference_instant(reference->zone,
                                      day * REFERENCE_DAY_MS + daypart->start_time_ms) &&
            t_ms < reference_instant(reference->zone,
                                     end_day * REFERENCE_DAY_MS + daypart->end_time_ms))
            return true;
    }
    return false;
}

/* Rule 2: a bit for each daypart that runs. */
static uint64_t reference_running(const struct reference *reference, int64_t t_ms, int32_t day)
{
    const struct playlist *playlist = reference->playlist;
    uint64_t running = 0;
    int32_t highest = INT32_MIN;
    for (size_t i = 0; i < playlist->schedule_count; i++) {
        const struct playlist_daypart *daypart = &playlist->schedule[i];
        if (!reference_is_active(reference, daypart, t_ms, day))
            continue;
        if (daypart->priority > highest) {
            highest = daypart->priority;
            running = 0;
        }
        if (daypart->priority == highest)
            running |= UINT64_C(1) << i;
    }
    return running;
}

/* Rule 5. */
static int64_t reference_length(const struct reference *reference, const struct playlist_spot *spot)
{
    if (spot->has_duration)
        return spot->duration_ms;
    int64_t film = 0;
    for (int shape = 0; spot->is_video && reference->film_ms && shape < 4; shape++)
        if (film == 0 && (spot->shapes >> shape) % 2 == 1)
            film = reference->film_ms[spot->assets[shape]];
    if (film == 0)
        return reference->playlist->default_duration_ms;
    film -= spot->transition.type == TRANSITION_CUT ? 0 : spot->transition.duration_ms;
    return film < 1000 ? 1000 : film;
}

/* Rule 6; the end is cut already. */
static void reference_add(struct reference *reference, struct programme_slot slot)
{
    const struct playlist *playlist = reference->playlist;
    slot.transition =
        slot.spot < 0 ? playlist->default_transition : playlist->spots[slot.spot].transition;
    if (slot.transition.type == TRANSITION_CUT)
        slot.transition.duration_ms = 0;
    if (slot.transition.duration_ms > (slot.end_ms - slot.start_ms) / 2)
        slot.transition.duration_ms = (int32_t)((slot.end_ms - slot.start_ms) / 2);
    if (reference->count == reference->room) {
        reference->room = reference->room * 2 + 1000;
        reference->slots = realloc(reference->slots, reference->room * sizeof *reference->slots);
        if (!reference->slots)
            abort();
    }
    reference->slots[reference->count++] = slot;
}

/* A daypart's share of voice as a fraction, when these run. */
static void reference_share(const struct playlist *playlist, uint64_t running, int daypart,
                            int64_t *over, int64_t *under)
{
    int64_t rest = 1000000, unshared = 0;
    for (int i = 0; i < 64; i++) {
        if (!(running >> i & 1))
            continue;
        if (playlist->schedule[i].has_share)
            rest -= playlist->schedule[i].share_ppm;
        else
            unshared++;
    }
    bool shared = playlist->schedule[daypart].has_share;
    *over = shared ? playlist->schedule[daypart].share_ppm : rest < 0 ? 0 : rest;
    *under = shared ? 1000000 : 1000000 * unshared;
}

/* Rule 4: which daypart gives the next spot. */
static int reference_next(const struct playlist *playlist, uint64_t running, const int64_t *given)
{
    int best = -1;
    int64_t best_over = 0, best_under = 1;
    for (int i = 0; i < 64; i++) {
        int64_t over, under;
        if (!(running >> i & 1))
            continue;
        reference_share(playlist, running, i, &over, &under);
        if (over == 0)
            continue;
        /* given[i] ÷ (over ÷ under) < given[best] ÷ (best_over ÷ best_under) */
        if (best < 0 || (reference_wide)given[i] * under * best_over <
                            (reference_wide)given[best] * best_under * over) {
            best = i;
            best_over = over;
            best_under = under;
        }
    }
    return best;
}

/* Rules 3 to 5: the slots of one block. */
static void reference_lay(struct reference *reference, uint64_t running, int64_t start_ms,
                          int64_t end_ms)
{
    const struct playlist *playlist = reference->playlist;
    struct programme_slot slot = {PROGRAMME_NOTHING, -1, -1, -1, start_ms, end_ms, {0}};
    int64_t given[64] = {0};
    size_t places[64] = {0}, fallback_place = 0;
    if (!running && playlist->fallback < 0) {
        reference_add(reference, slot);
        return;
    }
    for (int64_t at_ms = start_ms; at_ms < end_ms; at_ms = slot.end_ms) {
        size_t *place = &fallback_place;
        slot.source = PROGRAMME_FALLBACK;
        slot.loop = playlist->fallback;
        if (running) {
            slot.source = PROGRAMME_DAYPART;
            slot.daypart = reference_next(playlist, running, given);
            slot.loop = playlist->schedule[slot.daypart].loop;
            place = &places[slot.daypart];
        }
        const struct playlist_loop *loop = &playlist->loops[slot.loop];
        slot.spot = loop->spots[*place % loop->spot_count];
        ++*place;
        int64_t length_ms = reference_length(reference, &playlist->spots[slot.spot]);
        if (running)
            given[slot.daypart] += length_ms;
        slot.start_ms = at_ms;
        slot.end_ms = at_ms + length_ms > end_ms ? end_ms : at_ms + length_ms;
        reference_add(reference, slot);
    }
}

/* Rule 3: the blocks of one local day, asked for at every step. */
static void reference_day(struct reference *reference, int32_t day)
{
    int64_t start_ms = reference_midnight(reference, day);
    int64_t end_ms = reference_midnight(reference, day + 1);
    if (start_ms >= end_ms)
        return;
    int64_t block_ms = start_ms;
    uint64_t running = reference_running(reference, start_ms, day);
    int64_t step_ms = start_ms / reference->step_ms * reference->step_ms;
    for (; step_ms < end_ms; step_ms += reference->step_ms) {
        for (int odd = 0; odd < 2; odd++) {
            int64_t t_ms = step_ms + (odd ? reference->odd_ms : 0);
            if (t_ms <= start_ms || t_ms >= end_ms || (odd && !reference->odd_ms))
                continue;
            uint64_t now = reference_running(reference, t_ms, day);
            if (now == running)
                continue;
            reference_lay(reference, running, block_ms, t_ms);
            block_ms = t_ms;
            running = now;
        }
    }
    reference_lay(reference, running, block_ms, end_ms);
}

#endif
