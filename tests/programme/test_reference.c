/* The core's programme against a naive one (reference.h), for random playlists, zones and instants.
 * TEST_SEED sets the seed, TEST_ROUNDS how many playlists. */
#include "base/zone.h"
#include "../unit/sample_zones.h"
#include "reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define SPOTS_MAX 8
#define LOOPS_MAX 4
#define DAYPARTS_MAX 10
#define DAYS_TRIED 3
#define MINUTE_MS 60000

/* Days on which something happens to a clock, and an ordinary one. */
static const struct {
    const char *zone;
    int year, month, day;
} places[] = {
    {"UTC", 2026, 2, 6},
    {"Asia/Seoul", 2026, 12, 31},
    {"Asia/Seoul", 1988, 5, 8},
    {"Asia/Seoul", 1988, 10, 9},
    {"America/New_York", 2026, 3, 8},
    {"America/New_York", 2026, 11, 1},
    {"Europe/London", 2028, 2, 29},
    {"Europe/London", 2199, 3, 31},
    {"Asia/Tehran", 2022, 3, 22},       /* 00:00 skipped */
    {"Asia/Tehran", 2021, 9, 22},       /* 23:00 twice */
    {"America/Sao_Paulo", 2018, 11, 4}, /* 00:00 skipped */
    {"America/Sao_Paulo", 2018, 2, 17}, /* 23:00 twice */
    {"America/Havana", 2025, 11, 2},    /* 00:00 twice */
    {"America/St_Johns", 2006, 10, 29}, /* 00:01 back to 23:01 the day before */
    {"America/St_Johns", 2006, 4, 2},
    {"Australia/Lord_Howe", 2026, 4, 5},
    {"Australia/Lord_Howe", 2026, 10, 4},
    {"Pacific/Apia", 2011, 12, 30},     /* no such day */
    {"Pacific/Kwajalein", 1993, 8, 21}, /* no such day */
    {"Africa/Casablanca", 2026, 3, 22},
};

struct round {
    struct playlist_spot spots[SPOTS_MAX];
    int places[LOOPS_MAX][SPOTS_MAX];
    struct playlist_loop loops[LOOPS_MAX];
    struct playlist_daypart schedule[DAYPARTS_MAX];
    int32_t except[DAYPARTS_MAX][2];
    int32_t film_ms[SHAPE_COUNT * SPOTS_MAX];
    struct playlist playlist;
    struct civil_change changes[16];
    struct civil_zone zone;
    struct reference reference;
    int32_t day;
};

static uint64_t random_state, seed_in_use;

static void start_at_seed(uint64_t seed)
{
    random_state = seed_in_use = seed;
}

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % limit);
}

static bool one_in(uint32_t count)
{
    return random_below(count) == 0;
}

static struct transition random_transition(void)
{
    struct transition transition = {.type = TRANSITION_CROSSFADE};
    static const int32_t lengths[] = {1, 500, 1000, 1333, 10000};
    if (one_in(5)) {
        transition.type = TRANSITION_CUT;
        return transition;
    }
    transition.duration_ms = one_in(6) ? 0 : lengths[random_below(5)];
    return transition;
}

static void random_spots(struct round *round)
{
    static const int32_t lengths[] = {1000, 1001, 5000, 8000, 12345, 30000, 900000};
    int count = 1 + (int)random_below(SPOTS_MAX);
    for (int i = 0; i < count; i++) {
        struct playlist_spot *spot = &round->spots[i];
        spot->has_duration = one_in(2);
        spot->is_video = one_in(2);
        spot->shapes = spot->is_video ? 1 + random_below(SHAPE_ALL) : 0;
        for (int shape = 0; shape < SHAPE_COUNT; shape++) {
            bool given = spot->shapes & 1U << shape;
            spot->assets[shape] = given ? SHAPE_COUNT * i + (int)random_below(SHAPE_COUNT) : -1;
        }
        spot->transition = random_transition();
        spot->duration_ms = round->playlist.default_duration_ms;
        if (spot->has_duration)
            spot->duration_ms = lengths[random_below(7)];
        for (int shape = 0; shape < SHAPE_COUNT; shape++)
            round->film_ms[SHAPE_COUNT * i + shape] =
                one_in(2) ? 0 : 500 + (int32_t)random_below(40000);
    }
    round->playlist.spots = round->spots;
    round->playlist.spot_count = (size_t)count;
    round->playlist.asset_count = SHAPE_COUNT * SPOTS_MAX;
}

static void random_loops(struct round *round)
{
    uint32_t count = 1 + random_below(LOOPS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        round->loops[i].spots = round->places[i];
        round->loops[i].spot_count = 1 + random_below(SPOTS_MAX);
        for (size_t j = 0; j < SPOTS_MAX; j++)
            round->places[i][j] = (int)random_below((uint32_t)round->playlist.spot_count);
    }
    round->playlist.loops = round->loops;
    round->playlist.loop_count = count;
    round->playlist.fallback = one_in(2) ? -1 : (int)random_below(count);
}

/* A local time of day; often one at which something happens. */
static int32_t random_time(const struct round *round)
{
    static const int32_t minutes[] = {0, 1, 60, 90, 120, 150, 180, 360, 1380, 1410, 1439, 1440};
    if (round->reference.step_ms == 1000 && one_in(3))
        return (int32_t)random_below(86401) * 1000;
    return (one_in(2) ? minutes[random_below(12)] : (int32_t)random_below(1441)) * MINUTE_MS;
}

static struct playlist_instant random_instant(const struct round *round)
{
    struct playlist_instant instant = {.given = one_in(5), .local = one_in(2)};
    int64_t day = round->day + (int32_t)random_below(5) - 2;
    instant.ms = day * REFERENCE_DAY_MS + random_time(round);
    if (!instant.local)
        instant.ms += round->reference.odd_ms;
    return instant;
}

static void random_daypart(struct round *round, uint32_t index)
{
    struct playlist_daypart *daypart = &round->schedule[index];
    daypart->loop = (int)random_below((uint32_t)round->playlist.loop_count);
    daypart->start = random_instant(round);
    daypart->end = random_instant(round);
    daypart->has_start_date = one_in(6);
    daypart->has_end_date = one_in(6);
    daypart->start_day = round->day - 1 + (int32_t)random_below(3);
    daypart->end_day = round->day - 1 + (int32_t)random_below(3);
    daypart->weekdays = one_in(3) ? (uint8_t)random_below(128) : 0x7f;
    daypart->except_days = round->except[index];
    daypart->except_count = one_in(5) ? 2 : 0;
    round->except[index][0] = round->day - (int32_t)random_below(2);
    round->except[index][1] = round->day + 1;
    daypart->end_time_ms = 86400000;
    if (!one_in(4)) {
        daypart->start_time_ms = random_time(round);
        daypart->end_time_ms = random_time(round);
    }
    daypart->priority = one_in(4) ? (int32_t)random_below(3) - 1 : 0;
    daypart->has_share = one_in(2);
    daypart->share_ppm = one_in(8) ? 1000000 : 1 + (int32_t)random_below(400000);
}

/* The zone's changes near the day only: the reference goes through all of them at each step. */
static void take_zone(struct round *round, const char *name)
{
    struct zone zone;
    struct err err = {0};
    if (!zone_load(&zone, name, &err))
        fail_msg("%s", err.text);
    int64_t middle_ms = round->day * REFERENCE_DAY_MS;
    round->zone = zone.civil;
    round->zone.changes = round->changes;
    round->zone.change_count = 0;
    for (size_t i = 0; i < zone.civil.change_count; i++) {
        const struct civil_change *change = &zone.civil.changes[i];
        if (change->from_ms < middle_ms - 30 * REFERENCE_DAY_MS)
            round->zone.first_offset_ms = change->offset_ms;
        else if (change->from_ms < middle_ms + 30 * REFERENCE_DAY_MS)
            round->changes[round->zone.change_count++] = *change;
    }
    zone_finish(&zone);
}

static void make_round(struct round *round)
{
    memset(round, 0, sizeof *round);
    uint32_t place = random_below(sizeof places / sizeof *places);
    assert_true(
        civil_day_of(places[place].year, places[place].month, places[place].day, &round->day));
    take_zone(round, places[place].zone);
    bool fine = one_in(12);
    round->reference.step_ms = fine ? 1000 : MINUTE_MS;
    round->reference.odd_ms = fine || one_in(3) ? 1 + (int32_t)random_below(999) : 0;
    round->playlist.default_duration_ms = 8000;
    round->playlist.default_transition = random_transition();
    random_spots(round);
    random_loops(round);
    uint32_t count = 1 + random_below(one_in(3) ? DAYPARTS_MAX : 3);
    for (uint32_t i = 0; i < count; i++)
        random_daypart(round, i);
    round->playlist.schedule = round->schedule;
    round->playlist.schedule_count = count;
    round->reference.playlist = &round->playlist;
    round->reference.zone = &round->zone;
    round->reference.film_ms = one_in(4) ? NULL : round->film_ms;
    for (int32_t day = round->day - 1; day <= round->day + DAYS_TRIED - 2; day++)
        reference_day(&round->reference, day);
}

static void check_slot(const char *what, int64_t t_ms, const struct programme_slot *actual,
                       const struct programme_slot *expected)
{
    if (actual->source == expected->source && actual->spot == expected->spot &&
        actual->daypart == expected->daypart && actual->loop == expected->loop &&
        actual->start_ms == expected->start_ms && actual->end_ms == expected->end_ms &&
        actual->transition.type == expected->transition.type &&
        actual->transition.duration_ms == expected->transition.duration_ms)
        return;
    fail_msg("%s at %lld: source %d spot %d daypart %d [%lld, %lld) %d ms, "
             "not source %d spot %d daypart %d [%lld, %lld) %d ms",
             what, (long long)t_ms, (int)actual->source, actual->spot, actual->daypart,
             (long long)actual->start_ms, (long long)actual->end_ms, actual->transition.duration_ms,
             (int)expected->source, expected->spot, expected->daypart,
             (long long)expected->start_ms, (long long)expected->end_ms,
             expected->transition.duration_ms);
}

/* Everything that can be asked about an instant in the slot `index`, which has neighbours. */
static void compare(const struct round *round, struct programme *programme, size_t index,
                    int64_t t_ms)
{
    const struct programme_slot *slots = round->reference.slots;
    struct programme_scene scene = programme_scene_at(programme, t_ms);
    check_slot("to", t_ms, &scene.to, &slots[index]);
    int64_t since_ms = t_ms - slots[index].start_ms;
    int64_t fade_ms = slots[index].transition.duration_ms;
    assert_int_equal(scene.has_from, since_ms < fade_ms);
    if (scene.has_from) {
        check_slot("from", t_ms, &scene.from, &slots[index - 1]);
        assert_true(scene.mix == (double)since_ms / (double)fade_ms);
        assert_int_equal(programme_next_change(programme, t_ms), slots[index].start_ms + fade_ms);
    } else {
        assert_true(scene.mix == 1);
        assert_int_equal(programme_next_change(programme, t_ms), slots[index].end_ms);
    }
    struct programme_slot next = programme_next_slot(programme, &scene.to);
    check_slot("next", t_ms, &next, &slots[index + 1]);
}

/* Instants anywhere, and at the edges of slots and transitions. Returns how many slots. */
static int compare_round(const struct round *round, int questions)
{
    const struct reference *reference = &round->reference;
    struct programme *programme =
        programme_create(&round->playlist, &round->zone, reference->film_ms);
    assert_non_null(programme);
    int done = 0;
    for (; reference->count > 2 && done < questions; done++) {
        size_t index = 1 + random_below((uint32_t)(reference->count - 2));
        /* Cut slots are few among many. */
        for (int tries = 0; tries < 500 && done % 2 == 0; tries++) {
            const struct programme_slot *slot = &reference->slots[index];
            bool cut = slot->spot < 0 ||
                       slot->end_ms - slot->start_ms !=
                           reference_length(reference, &round->playlist.spots[slot->spot]);
            if (cut)
                break;
            index = 1 + random_below((uint32_t)(reference->count - 2));
        }
        const struct programme_slot *slot = &reference->slots[index];
        int64_t length_ms = slot->end_ms - slot->start_ms;
        int64_t settled_ms = slot->start_ms + slot->transition.duration_ms;
        compare(round, programme, index, slot->start_ms + random_below((uint32_t)length_ms));
        compare(round, programme, index, slot->start_ms);
        compare(round, programme, index, slot->end_ms - 1);
        compare(round, programme, index, settled_ms < slot->end_ms ? settled_ms : slot->start_ms);
        if (settled_ms > slot->start_ms)
            compare(round, programme, index, settled_ms - 1);
    }
    programme_destroy(programme);
    return done;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void the_same_as_the_naive_programme(void **state)
{
    (void)state;
    uint64_t seed = setting("TEST_SEED", 20260206), rounds = setting("TEST_ROUNDS", 400);
    static struct round round;
    int slots = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        start_at_seed(seed + i);
        make_round(&round);
        slots += compare_round(&round, 12);
        free(round.reference.slots);
    }
    fprintf(stderr, "# seeds %llu to %llu: %d slots compared, four or five instants each\n",
            (unsigned long long)seed, (unsigned long long)(seed + rounds - 1), slots);
    if (rounds >= 400)
        assert_true(slots * 4 > 10000);
}

/* Nothing changes before next_change, and something does at it: by stepping from instant to
 * instant. */
static void nothing_changes_before_the_next_change(void **state)
{
    (void)state;
    static struct round round;
    for (uint64_t i = 0; i < 40; i++) {
        start_at_seed(setting("TEST_SEED", 20260206) + 1000000 + i);
        make_round(&round);
        struct programme *programme = programme_create(&round.playlist, &round.zone, NULL);
        assert_non_null(programme);
        int64_t t_ms = round.day * REFERENCE_DAY_MS + random_below(86400000);
        struct programme_scene scene = programme_scene_at(programme, t_ms);
        int64_t change_ms = programme_next_change(programme, t_ms);
        for (int64_t end_ms = t_ms + 30 * MINUTE_MS; t_ms < end_ms; t_ms += 37) {
            struct programme_scene now = programme_scene_at(programme, t_ms);
            for (; t_ms >= change_ms; change_ms = programme_next_change(programme, change_ms)) {
                struct programme_scene at = programme_scene_at(programme, change_ms);
                assert_true(at.to.start_ms != scene.to.start_ms || at.has_from != scene.has_from);
                scene = at;
            }
            assert_int_equal(now.to.start_ms, scene.to.start_ms);
            assert_int_equal(now.has_from, scene.has_from);
        }
        programme_destroy(programme);
        free(round.reference.slots);
    }
}

/* After a failure this is the seed that shows it again, with TEST_ROUNDS=1. */
static int tell_seed(void **state)
{
    (void)state;
    fprintf(stderr, "# last seed %llu\n", (unsigned long long)seed_in_use);
    return 0;
}

int main(void)
{
    sample_zones_use();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_same_as_the_naive_programme, tell_seed),
        cmocka_unit_test_teardown(nothing_changes_before_the_next_change, tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
