#include "programme/programme_explain.h"

#include <string.h>

#define WORD_BITS 64
#define SKIPPED_BLOCKS_MAX 16

/* The arguments of one call. */
struct question {
    const struct playlist *playlist;
    const struct civil_zone *zone;
    struct programme *programme;
    int64_t t_ms;
    uint64_t running[PROGRAMME_SET_WORDS];
};

struct hours {
    int64_t from_ms, to_ms;
};

static bool set_has(const uint64_t *set, size_t daypart)
{
    return set[daypart / WORD_BITS] >> daypart % WORD_BITS & 1;
}

static void set_add(uint64_t *set, size_t daypart)
{
    set[daypart / WORD_BITS] |= (uint64_t)1 << daypart % WORD_BITS;
}

/* The daypart's hours that begin on a local day, whether it runs on that day or not. */
static struct hours hours_of(const struct question *question,
                             const struct playlist_daypart *daypart, int32_t day)
{
    int64_t midnight_ms = (int64_t)day * CIVIL_DAY_MS;
    bool overnight = daypart->end_time_ms <= daypart->start_time_ms;
    return (struct hours){
        civil_instant(question->zone, midnight_ms + daypart->start_time_ms),
        civil_instant(question->zone,
                      midnight_ms + daypart->end_time_ms + (overnight ? CIVIL_DAY_MS : 0)),
    };
}

static bool hours_hold(struct hours hours, int64_t t_ms)
{
    return t_ms >= hours.from_ms && t_ms < hours.to_ms;
}

/* The programme's day: where clocks show midnight twice the new day begins at the first. */
static int32_t day_of_question(const struct question *question)
{
    int32_t day = civil_local_day(question->zone, question->t_ms);
    while (question->t_ms >= civil_instant(question->zone, ((int64_t)day + 1) * CIVIL_DAY_MS))
        day++;
    return day;
}

static int64_t bound_instant(const struct question *question,
                             const struct playlist_instant *instant)
{
    return instant->local ? civil_instant(question->zone, instant->ms) : instant->ms;
}

static bool is_excepted(const struct playlist_daypart *daypart, int32_t day)
{
    for (size_t i = 0; i < daypart->except_count; i++) {
        if (daypart->except_days[i] == day)
            return true;
    }
    return false;
}

/* Whether t_ms is outside `start` and `end`, or the dates. */
static bool is_out_of_bounds(const struct question *question,
                             const struct playlist_daypart *daypart,
                             struct programme_explain_daypart *answer)
{
    const int64_t t_ms = question->t_ms;
    if (daypart->start.given) {
        answer->bound_ms = bound_instant(question, &daypart->start);
        answer->reason = PROGRAMME_EXPLAIN_BEFORE_START;
        if (t_ms < answer->bound_ms)
            return true;
    }
    if (daypart->end.given) {
        answer->bound_ms = bound_instant(question, &daypart->end);
        answer->reason = PROGRAMME_EXPLAIN_AFTER_END;
        if (t_ms >= answer->bound_ms)
            return true;
    }
    if (daypart->has_start_date) {
        answer->bound_ms = hours_of(question, daypart, daypart->start_day).from_ms;
        answer->reason = PROGRAMME_EXPLAIN_BEFORE_START_DATE;
        if (t_ms < answer->bound_ms)
            return true;
    }
    if (daypart->has_end_date) {
        answer->bound_ms = hours_of(question, daypart, daypart->end_day).to_ms;
        answer->reason = PROGRAMME_EXPLAIN_AFTER_END_DATE;
        if (t_ms >= answer->bound_ms)
            return true;
    }
    answer->bound_ms = 0;
    return false;
}

static int first_running(const struct question *question)
{
    for (size_t i = 0; i < question->playlist->schedule_count; i++) {
        if (set_has(question->running, i))
            return (int)i;
    }
    return -1;
}

/* The reason of a daypart that does not run. */
static void explain_idle_daypart(const struct question *question,
                                 const struct playlist_daypart *daypart, int32_t today,
                                 struct programme_explain_daypart *answer)
{
    struct hours hours = hours_of(question, daypart, today - 1);
    bool of_yesterday = hours_hold(hours, question->t_ms);
    if (!of_yesterday)
        hours = hours_of(question, daypart, today);
    answer->day = of_yesterday ? today - 1 : today;
    if (question->playlist->loops[daypart->loop].spot_count == 0) {
        answer->reason = PROGRAMME_EXPLAIN_NO_SPOTS;
    } else if (is_out_of_bounds(question, daypart, answer)) {
        return;
    } else if (!(daypart->weekdays >> civil_weekday(answer->day) & 1)) {
        answer->reason = PROGRAMME_EXPLAIN_NOT_ON_WEEKDAY;
    } else if (is_excepted(daypart, answer->day)) {
        answer->reason = PROGRAMME_EXPLAIN_EXCEPTED;
    } else if (!hours_hold(hours, question->t_ms)) {
        answer->reason = PROGRAMME_EXPLAIN_OUTSIDE_HOURS;
    } else {
        answer->reason = PROGRAMME_EXPLAIN_OUTRANKED;
        answer->outranked_by = first_running(question);
    }
}

/* Whether the shares of the running dayparts leave something to those without one. */
static bool leave_rest(const struct question *question)
{
    int64_t rest_ppm = 1000000;
    for (size_t i = 0; i < question->playlist->schedule_count; i++) {
        const struct playlist_daypart *daypart = &question->playlist->schedule[i];
        if (set_has(question->running, i) && daypart->has_share)
            rest_ppm -= daypart->share_ppm;
    }
    return rest_ppm > 0;
}

static void explain_dayparts(const struct question *question,
                             struct programme_explain_daypart *dayparts)
{
    int32_t today = day_of_question(question);
    bool rest = leave_rest(question);
    for (size_t i = 0; i < question->playlist->schedule_count; i++) {
        const struct playlist_daypart *daypart = &question->playlist->schedule[i];
        dayparts[i] = (struct programme_explain_daypart){
            .day = today,
            .outranked_by = -1,
            .since_ms = PROGRAMME_EXPLAIN_LONG_AGO,
            .until_ms = PROGRAMME_EXPLAIN_NOT_SOON,
            .next_ms = PROGRAMME_EXPLAIN_NOT_SOON,
        };
        if (!set_has(question->running, i))
            explain_idle_daypart(question, daypart, today, &dayparts[i]);
        else if (!daypart->has_share && !rest)
            dayparts[i].reason = PROGRAMME_EXPLAIN_NO_SHARE;
    }
}

static bool can_run_again(const struct programme_explain_daypart *daypart)
{
    return daypart->reason != PROGRAMME_EXPLAIN_NO_SPOTS &&
           daypart->reason != PROGRAMME_EXPLAIN_AFTER_END &&
           daypart->reason != PROGRAMME_EXPLAIN_AFTER_END_DATE;
}

static bool is_empty(const uint64_t *set)
{
    uint64_t all = 0;
    for (size_t i = 0; i < PROGRAMME_SET_WORDS; i++)
        all |= set[i];
    return all == 0;
}

/* Moves dayparts from `open` to `taken`: those that run now (`run`), or those that do not. */
static void take_matching(uint64_t *open, const uint64_t *now, bool run, uint64_t *taken)
{
    for (size_t i = 0; i < PROGRAMME_SET_WORDS; i++) {
        taken[i] = open[i] & (run ? now[i] : ~now[i]);
        open[i] &= ~taken[i];
    }
}

/* Removes the first daypart of a set, and returns it; -1 when the set is empty. */
static int take_first(uint64_t *set)
{
    for (size_t i = 0; i < PROGRAMME_SET_WORDS; i++) {
        if (set[i]) {
            int bit = __builtin_ctzll(set[i]);
            set[i] &= set[i] - 1;
            return (int)i * WORD_BITS + bit;
        }
    }
    return -1;
}

/* Since when what runs has run. */
static void find_run_starts(const struct question *question, struct programme_explain *explain,
                            struct programme_explain_daypart *dayparts)
{
    uint64_t open[PROGRAMME_SET_WORDS], now[PROGRAMME_SET_WORDS], ended[PROGRAMME_SET_WORDS];
    bool nothing = is_empty(question->running);
    for (size_t i = 0; i < PROGRAMME_SET_WORDS; i++)
        open[i] = question->running[i];
    int64_t earliest_ms = question->t_ms - PROGRAMME_EXPLAIN_HORIZON_MS;
    if (earliest_ms < PROGRAMME_FIRST_MS)
        earliest_ms = PROGRAMME_FIRST_MS;
    for (int64_t at_ms = explain->block.start_ms - 1;
         at_ms >= earliest_ms && (nothing || !is_empty(open));) {
        struct programme_stretch block = programme_block_at(question->programme, at_ms, now);
        take_matching(open, now, false, ended);
        for (int i; (i = take_first(ended)) >= 0;)
            dayparts[i].since_ms = block.end_ms;
        if (nothing && block.source == PROGRAMME_DAYPART) {
            explain->since_ms = block.end_ms;
            return;
        }
        at_ms = block.start_ms - 1;
    }
}

/* Until when what runs will run, and when the others will. */
static void find_run_ends(const struct question *question, struct programme_explain *explain,
                          struct programme_explain_daypart *dayparts)
{
    uint64_t running[PROGRAMME_SET_WORDS], waiting[PROGRAMME_SET_WORDS] = {0};
    uint64_t now[PROGRAMME_SET_WORDS], changed[PROGRAMME_SET_WORDS];
    bool nothing = is_empty(question->running);
    for (size_t i = 0; i < PROGRAMME_SET_WORDS; i++)
        running[i] = question->running[i];
    for (size_t i = 0; i < question->playlist->schedule_count; i++) {
        if (!set_has(running, i) && can_run_again(&dayparts[i]))
            set_add(waiting, i);
    }
    int64_t latest_ms = question->t_ms + PROGRAMME_EXPLAIN_HORIZON_MS;
    if (latest_ms > PROGRAMME_LAST_MS)
        latest_ms = PROGRAMME_LAST_MS;
    for (int64_t at_ms = explain->block.end_ms;
         at_ms <= latest_ms && (nothing || !is_empty(running) || !is_empty(waiting));) {
        struct programme_stretch block = programme_block_at(question->programme, at_ms, now);
        take_matching(running, now, false, changed);
        for (int i; (i = take_first(changed)) >= 0;)
            dayparts[i].until_ms = at_ms;
        take_matching(waiting, now, true, changed);
        for (int i; (i = take_first(changed)) >= 0;)
            dayparts[i].next_ms = at_ms;
        if (nothing && block.source == PROGRAMME_DAYPART) {
            explain->until_ms = at_ms;
            nothing = false;
        }
        at_ms = block.end_ms;
    }
}

struct programme_explain programme_explain_instant(const struct playlist *playlist,
                                                   const struct civil_zone *zone,
                                                   struct programme *programme, int64_t t_ms,
                                                   struct programme_explain_daypart *dayparts)
{
    struct question question = {playlist, zone, programme, t_ms, {0}};
    struct programme_explain explain = {.scene = programme_scene_at(programme, t_ms),
                                        .since_ms = PROGRAMME_EXPLAIN_LONG_AGO,
                                        .until_ms = PROGRAMME_EXPLAIN_NOT_SOON};
    explain.next = programme_next_slot(programme, &explain.scene.to);
    explain.block = programme_block_at(programme, t_ms, question.running);
    explain_dayparts(&question, dayparts);
    find_run_starts(&question, &explain, dayparts);
    find_run_ends(&question, &explain, dayparts);
    if (explain.scene.to.daypart >= 0) {
        explain.since_ms = dayparts[explain.scene.to.daypart].since_ms;
        explain.until_ms = dayparts[explain.scene.to.daypart].until_ms;
    }
    return explain;
}

static bool loop_holds(const struct playlist *playlist, int loop, int spot)
{
    for (size_t i = 0; i < playlist->loops[loop].spot_count; i++) {
        if (playlist->loops[loop].spots[i] == spot)
            return true;
    }
    return false;
}

/* A block in which the spot was not found. Slots follow from what runs and for how long, so a
 * block like it need not be searched: most days are as the one before. */
struct skipped_block {
    int64_t length_ms;
    uint64_t running[PROGRAMME_SET_WORDS];
};

/* A search for a spot, and the dayparts whose loops have it. */
struct search {
    struct programme *programme;
    int spot;
    bool in_fallback;
    uint64_t carriers[PROGRAMME_SET_WORDS];
    struct skipped_block skipped[SKIPPED_BLOCKS_MAX];
    size_t skipped_count; /* in all; only the latest are stored */
};

static void record_skipped_block(struct search *search, const struct programme_stretch *block,
                                 const uint64_t *running)
{
    struct skipped_block *note = &search->skipped[search->skipped_count++ % SKIPPED_BLOCKS_MAX];
    *note = (struct skipped_block){.length_ms = block->end_ms - block->start_ms};
    memcpy(note->running, running, sizeof note->running);
}

static bool can_hold(const struct search *search, const struct programme_stretch *block,
                     const uint64_t *running)
{
    if (block->source != PROGRAMME_DAYPART)
        return block->source == PROGRAMME_FALLBACK && search->in_fallback;
    uint64_t both = 0;
    for (size_t i = 0; i < PROGRAMME_SET_WORDS; i++)
        both |= running[i] & search->carriers[i];
    if (!both)
        return false;
    for (size_t i = 0; i < search->skipped_count && i < SKIPPED_BLOCKS_MAX; i++) {
        const struct skipped_block *note = &search->skipped[i];
        if (note->length_ms == block->end_ms - block->start_ms &&
            memcmp(note->running, running, sizeof note->running) == 0)
            return false;
    }
    return true;
}

static bool find_slot_before(struct search *search, int64_t start_ms, struct programme_slot *found)
{
    uint64_t running[PROGRAMME_SET_WORDS];
    int64_t earliest_ms = start_ms - PROGRAMME_EXPLAIN_HORIZON_MS;
    if (earliest_ms < PROGRAMME_FIRST_MS)
        earliest_ms = PROGRAMME_FIRST_MS;
    for (int64_t at_ms = start_ms - 1; at_ms >= earliest_ms;) {
        struct programme_stretch block = programme_block_at(search->programme, at_ms, running);
        bool whole = at_ms == block.end_ms - 1, can = can_hold(search, &block, running);
        /* Before the first instant the programme answers for the first. */
        while (can && at_ms >= block.start_ms && at_ms >= PROGRAMME_FIRST_MS) {
            *found = programme_scene_at(search->programme, at_ms).to;
            if (found->spot == search->spot)
                return true;
            at_ms = found->start_ms - 1;
        }
        if (can && whole)
            record_skipped_block(search, &block, running);
        at_ms = block.start_ms - 1;
    }
    return false;
}

static bool find_slot_after(struct search *search, int64_t end_ms, struct programme_slot *found)
{
    uint64_t running[PROGRAMME_SET_WORDS];
    int64_t latest_ms = end_ms + PROGRAMME_EXPLAIN_HORIZON_MS;
    if (latest_ms > PROGRAMME_LAST_MS)
        latest_ms = PROGRAMME_LAST_MS;
    for (int64_t at_ms = end_ms; at_ms <= latest_ms;) {
        struct programme_stretch block = programme_block_at(search->programme, at_ms, running);
        bool whole = at_ms == block.start_ms, can = can_hold(search, &block, running);
        if (can) {
            *found = programme_scene_at(search->programme, at_ms).to;
            while (found->spot != search->spot && found->end_ms < block.end_ms)
                *found = programme_next_slot(search->programme, found);
            if (found->spot == search->spot)
                return true;
            if (whole)
                record_skipped_block(search, &block, running);
        }
        at_ms = block.end_ms;
    }
    return false;
}

struct programme_explain_spot programme_explain_spot(const struct playlist *playlist,
                                                     struct programme *programme, int spot,
                                                     int64_t t_ms)
{
    struct search search = {.programme = programme, .spot = spot};
    search.in_fallback = playlist->fallback >= 0 && loop_holds(playlist, playlist->fallback, spot);
    for (size_t i = 0; i < playlist->schedule_count; i++) {
        if (loop_holds(playlist, playlist->schedule[i].loop, spot))
            set_add(search.carriers, i);
    }
    struct programme_slot now = programme_scene_at(programme, t_ms).to;
    struct programme_explain_spot answer = {
        .in_loop = search.in_fallback || !is_empty(search.carriers),
        .is_on = now.spot == spot,
    };
    answer.has_before = answer.in_loop && find_slot_before(&search, now.start_ms, &answer.before);
    answer.has_after = answer.in_loop && find_slot_after(&search, now.end_ms, &answer.after);
    return answer;
}
