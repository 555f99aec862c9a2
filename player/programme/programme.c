#include "programme/programme.h"

#include "programme/programme_day.h"

#include <stdlib.h>

#define WORD_BITS 64
/* With offsets within 26 hours of UTC no day is longer than 24 + 2 × 26 hours. */
#define DAY_MS_MAX (76 * INT64_C(3600000))
/* Where days can still be named: inside the years 1 to 9999. */
#define CALENDAR_FIRST_MS INT64_C(-62135000000000)
#define CALENDAR_LAST_MS INT64_C(253402000000000)

static int64_t clamp_ms(int64_t value, int64_t low, int64_t high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

static int32_t film_length_ms(const struct playlist_spot *spot, const int32_t *film_ms)
{
    if (!film_ms || !spot->is_video)
        return 0;
    enum shape shape = playlist_spot_length_shape(spot, film_ms);
    int asset = shape < SHAPE_COUNT ? spot->assets[shape] : -1;
    return asset >= 0 ? film_ms[asset] : 0;
}

static int32_t transition_ms(const struct transition *transition)
{
    return transition->type == TRANSITION_CUT ? 0 : transition->duration_ms;
}

/* duckling-playlist(5), PROGRAMME, rule 5. */
static int32_t slot_length_ms(const struct playlist *playlist, const struct playlist_spot *spot,
                              const int32_t *film_ms)
{
    int64_t length_ms = playlist->default_duration_ms;
    int32_t film = film_length_ms(spot, film_ms);
    if (spot->has_duration)
        length_ms = spot->duration_ms;
    else if (film > 0)
        length_ms = (int64_t)film - transition_ms(&spot->transition);
    return (int32_t)clamp_ms(length_ms, PLAYLIST_DURATION_MS_MIN, PLAYLIST_DURATION_MS_MAX);
}

static bool measure_spots(struct programme *programme, const int32_t *film_ms)
{
    const struct playlist *playlist = programme->playlist;
    size_t places = 0;
    for (size_t i = 0; i < playlist->loop_count; i++)
        places += playlist->loops[i].spot_count;
    programme->length_ms = calloc(playlist->spot_count + 1, sizeof *programme->length_ms);
    programme->loop_first = calloc(playlist->loop_count + 1, sizeof *programme->loop_first);
    programme->loop_ends_ms = calloc(places + 1, sizeof *programme->loop_ends_ms);
    if (!programme->length_ms || !programme->loop_first || !programme->loop_ends_ms)
        return false;
    for (size_t i = 0; i < playlist->spot_count; i++)
        programme->length_ms[i] = slot_length_ms(playlist, &playlist->spots[i], film_ms);
    places = 0;
    for (size_t i = 0; i < playlist->loop_count; i++) {
        const struct playlist_loop *loop = &playlist->loops[i];
        programme->loop_first[i] = places;
        int64_t end_ms = 0;
        for (size_t j = 0; j < loop->spot_count; j++) {
            end_ms += programme->length_ms[loop->spots[j]];
            programme->loop_ends_ms[places++] = end_ms;
        }
    }
    return true;
}

static int64_t instant_or(const struct civil_zone *zone, const struct playlist_instant *instant,
                          int64_t otherwise_ms)
{
    if (!instant->given)
        return otherwise_ms;
    return instant->local ? civil_instant(zone, instant->ms) : instant->ms;
}

struct ranked {
    int32_t priority;
    int daypart;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return a->daypart - b->daypart;
}

static bool rank_parts(struct programme *programme)
{
    const struct playlist *playlist = programme->playlist;
    size_t capacity = playlist->schedule_count + 1;
    struct ranked *ranked = calloc(capacity, sizeof *ranked);
    programme->parts = calloc(capacity, sizeof *programme->parts);
    if (!ranked || !programme->parts) {
        free(ranked);
        return false;
    }
    int count = 0;
    for (size_t i = 0; i < playlist->schedule_count; i++) {
        if (playlist->loops[playlist->schedule[i].loop].spot_count > 0)
            ranked[count++] = (struct ranked){playlist->schedule[i].priority, (int)i};
    }
    qsort(ranked, (size_t)count, sizeof *ranked, compare_ranked);
    for (int begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && ranked[end].priority == ranked[begin].priority;)
            end++;
        for (int rank = begin; rank < end; rank++) {
            const struct playlist_daypart *daypart = &playlist->schedule[ranked[rank].daypart];
            programme->parts[rank] = (struct programme_part){
                .daypart = ranked[rank].daypart,
                .level_end = end,
                .start_ms = instant_or(programme->zone, &daypart->start, INT64_MIN),
                .end_ms = instant_or(programme->zone, &daypart->end, INT64_MAX),
            };
        }
    }
    programme->part_count = count;
    free(ranked);
    return true;
}

/* Takes memory for the fullest day: four events a part, one block more than events, and as many
 * slots as the shortest spot fits into the longest day, plus a cut one for each block. Pages that
 * are never touched cost no memory. */
static bool reserve_days(struct programme *programme)
{
    const struct playlist *playlist = programme->playlist;
    size_t parts = (size_t)programme->part_count, blocks = 4 * parts + 2, laid = 1;
    int32_t shortest_ms = PLAYLIST_DURATION_MS_MAX;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        if (programme->length_ms[i] < shortest_ms)
            shortest_ms = programme->length_ms[i];
    }
    if (parts > 1)
        laid = (size_t)(DAY_MS_MAX / shortest_ms) + blocks + 1;
    programme->set_words = parts / WORD_BITS + 1;
    programme->active = calloc(programme->set_words, sizeof *programme->active);
    programme->events = calloc(4 * parts + 1, sizeof *programme->events);
    programme->turns = calloc(parts + 1, sizeof *programme->turns);
    bool ok = programme->active && programme->events && programme->turns;
    for (size_t i = 0; i < PROGRAMME_DAYS_CACHED; i++) {
        struct programme_day *day = &programme->days[i];
        day->blocks = calloc(blocks, sizeof *day->blocks);
        day->sets = calloc(blocks * programme->set_words, sizeof *day->sets);
        day->laid = calloc(laid, sizeof *day->laid);
        ok = ok && day->blocks && day->sets && day->laid;
    }
    return ok;
}

struct programme *programme_create(const struct playlist *playlist, const struct civil_zone *zone,
                                   const int32_t *film_ms)
{
    struct programme *programme = calloc(1, sizeof *programme);
    if (!programme)
        return NULL;
    programme->playlist = playlist;
    programme->zone = zone;
    programme->fallback = playlist->fallback;
    if (programme->fallback >= 0 && playlist->loops[programme->fallback].spot_count == 0)
        programme->fallback = -1;
    if (measure_spots(programme, film_ms) && rank_parts(programme) && reserve_days(programme))
        return programme;
    programme_destroy(programme);
    return NULL;
}

void programme_destroy(struct programme *programme)
{
    if (!programme)
        return;
    for (size_t i = 0; i < PROGRAMME_DAYS_CACHED; i++) {
        free(programme->days[i].blocks);
        free(programme->days[i].sets);
        free(programme->days[i].laid);
    }
    free(programme->turns);
    free(programme->events);
    free(programme->active);
    free(programme->parts);
    free(programme->loop_ends_ms);
    free(programme->loop_first);
    free(programme->length_ms);
    free(programme);
}

static int64_t midnight_ms(const struct programme *programme, int32_t local_day)
{
    return civil_instant(programme->zone, (int64_t)local_day * CIVIL_DAY_MS);
}

/* The day that contains t_ms: from the cache, or swept now in place of the least recently used
 * one. */
static struct programme_day *day_at(struct programme *programme, int64_t t_ms)
{
    struct programme_day *oldest = &programme->days[0];
    programme->questions++;
    for (size_t i = 0; i < PROGRAMME_DAYS_CACHED; i++) {
        struct programme_day *day = &programme->days[i];
        if (t_ms >= day->start_ms && t_ms < day->end_ms) {
            day->asked = programme->questions;
            return day;
        }
        if (day->asked < oldest->asked)
            oldest = day;
    }
    int32_t local_day = civil_local_day(programme->zone, t_ms);
    /* Where midnight was just repeated clocks read the day before again. */
    while (t_ms >= midnight_ms(programme, local_day + 1))
        local_day++;
    oldest->asked = programme->questions;
    oldest->start_ms = midnight_ms(programme, local_day);
    oldest->end_ms = midnight_ms(programme, local_day + 1);
    programme_day_sweep(programme, oldest, local_day);
    return oldest;
}

static struct programme_block *find_block(const struct programme_day *day, int64_t t_ms)
{
    int low = 0, high = day->block_count - 1;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (day->blocks[middle].start_ms <= t_ms)
            low = middle;
        else
            high = middle - 1;
    }
    return &day->blocks[low];
}

static struct programme_slot slot_at(struct programme *programme, int64_t t_ms)
{
    t_ms = clamp_ms(t_ms, CALENDAR_FIRST_MS, CALENDAR_LAST_MS);
    struct programme_day *day = day_at(programme, t_ms);
    const struct playlist *playlist = programme->playlist;
    struct programme_slot slot = programme_lay_slot(programme, day, find_block(day, t_ms), t_ms);
    slot.transition =
        slot.spot >= 0 ? playlist->spots[slot.spot].transition : playlist->default_transition;
    int64_t half_ms = (slot.end_ms - slot.start_ms) / 2;
    slot.transition.duration_ms = (int32_t)clamp_ms(transition_ms(&slot.transition), 0, half_ms);
    return slot;
}

int32_t programme_spot_ms(const struct programme *programme, int spot)
{
    return programme->length_ms[spot];
}

struct programme_scene programme_scene_at(struct programme *programme, int64_t t_ms)
{
    t_ms = clamp_ms(t_ms, PROGRAMME_FIRST_MS, PROGRAMME_LAST_MS);
    struct programme_scene scene = {.to = slot_at(programme, t_ms), .mix = 1};
    int64_t since_ms = t_ms - scene.to.start_ms;
    if (since_ms < scene.to.transition.duration_ms) {
        scene.has_from = true;
        scene.from = slot_at(programme, scene.to.start_ms - 1);
        scene.mix = (double)since_ms / scene.to.transition.duration_ms;
    }
    return scene;
}

int64_t programme_next_change(struct programme *programme, int64_t t_ms)
{
    if (t_ms >= PROGRAMME_LAST_MS)
        return INT64_MAX;
    t_ms = clamp_ms(t_ms, PROGRAMME_FIRST_MS, PROGRAMME_LAST_MS);
    struct programme_slot slot = slot_at(programme, t_ms);
    int64_t settled_ms = slot.start_ms + slot.transition.duration_ms;
    int64_t next_ms = settled_ms > t_ms ? settled_ms : slot.end_ms;
    return next_ms > PROGRAMME_LAST_MS ? INT64_MAX : next_ms;
}

struct programme_slot programme_next_slot(struct programme *programme,
                                          const struct programme_slot *slot)
{
    return slot_at(programme, slot->end_ms);
}

struct programme_stretch programme_block_at(struct programme *programme, int64_t t_ms,
                                            uint64_t running[PROGRAMME_SET_WORDS])
{
    t_ms = clamp_ms(t_ms, PROGRAMME_FIRST_MS, PROGRAMME_LAST_MS);
    const struct programme_day *day = day_at(programme, t_ms);
    const struct programme_block *block = find_block(day, t_ms);
    for (size_t word = 0; running && word < PROGRAMME_SET_WORDS; word++)
        running[word] = 0;
    const uint64_t *set = day->sets + (size_t)(block - day->blocks) * programme->set_words;
    for (size_t word = 0; running && word < programme->set_words; word++) {
        for (uint64_t ranks = set[word]; ranks; ranks &= ranks - 1) {
            size_t rank = word * WORD_BITS + (size_t)__builtin_ctzll(ranks);
            int daypart = programme->parts[rank].daypart;
            running[daypart / WORD_BITS] |= (uint64_t)1 << daypart % WORD_BITS;
        }
    }
    return (struct programme_stretch){block->source, block->start_ms, block->end_ms};
}
