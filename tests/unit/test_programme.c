#include "programme/programme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
/* 2026-02-06, a Friday, in UTC. */
#define DAY 20490
#define MIDNIGHT (DAY * DAY_MS)
#define PARTS_MAX 1024

static const struct civil_zone utc = {0};

/* A playlist that each test changes: spots 0 to 3 of 10, 20, 30 and 8 s (the default), each with a
 * crossfade of 1 s; loops 0 to 3 of one spot each, loop 4 of all; one daypart that always runs loop
 * 0; no fallback. */
struct model {
    struct playlist_spot spots[4];
    struct playlist_loop loops[6];
    struct playlist_daypart schedule[PARTS_MAX];
    struct playlist playlist;
};

static struct model model;
static const int spot_numbers[] = {0, 1, 2, 3};

static int set_up(void **state)
{
    (void)state;
    memset(&model, 0, sizeof model);
    for (int i = 0; i < 4; i++) {
        model.spots[i].has_duration = i < 3;
        model.spots[i].duration_ms = i < 3 ? (i + 1) * 10000 : 8000;
        model.spots[i].transition.duration_ms = 1000;
        model.loops[i] = (struct playlist_loop){"", &spot_numbers[i], 1};
    }
    model.loops[4] = (struct playlist_loop){"", spot_numbers, 4};
    model.loops[5] = (struct playlist_loop){"", spot_numbers, 0};
    for (int i = 0; i < PARTS_MAX; i++) {
        model.schedule[i].end_time_ms = CIVIL_DAY_MS;
        model.schedule[i].weekdays = 0x7f;
    }
    model.playlist = (struct playlist){
        .default_transition = {.type = TRANSITION_CROSSFADE, .duration_ms = 1200},
        .default_duration_ms = 8000,
        .asset_count = 4,
        .spots = model.spots,
        .spot_count = 4,
        .loops = model.loops,
        .loop_count = 6,
        .schedule = model.schedule,
        .schedule_count = 1,
        .fallback = -1,
    };
    return 0;
}

static struct programme *create(void)
{
    struct programme *programme = programme_create(&model.playlist, &utc, NULL);
    assert_non_null(programme);
    return programme;
}

static struct programme_slot slot_at(struct programme *programme, int64_t t_ms)
{
    struct programme_slot slot = programme_scene_at(programme, t_ms).to;
    assert_true(slot.start_ms <= t_ms && t_ms < slot.end_ms);
    return slot;
}

static void check_slot(struct programme_slot slot, int spot, int64_t start_ms, int64_t end_ms)
{
    assert_int_equal(slot.spot, spot);
    assert_int_equal(slot.start_ms - MIDNIGHT, start_ms - MIDNIGHT);
    assert_int_equal(slot.end_ms - MIDNIGHT, end_ms - MIDNIGHT);
}

static void a_loop_runs_round_and_round(void **state)
{
    (void)state;
    model.schedule[0].loop = 4;
    struct programme *programme = create();
    static const int64_t ends[] = {10000, 30000, 60000, 68000};
    for (int64_t round = 0; round < 1270; round += 97) {
        for (int i = 0; i < 4; i++) {
            int64_t start = MIDNIGHT + round * 68000 + (i ? ends[i - 1] : 0);
            int64_t end = MIDNIGHT + round * 68000 + ends[i];
            check_slot(slot_at(programme, start), i, start, end);
            check_slot(slot_at(programme, end - 1), i, start, end);
        }
    }
    /* 1270 rounds of 68 s leave 40 s: the third spot is cut at midnight. */
    struct programme_slot last = slot_at(programme, MIDNIGHT + DAY_MS - 1);
    check_slot(last, 2, MIDNIGHT + DAY_MS - 10000, MIDNIGHT + DAY_MS);
    check_slot(programme_next_slot(programme, &last), 0, MIDNIGHT + DAY_MS,
               MIDNIGHT + DAY_MS + 10000);
    assert_int_equal(last.source, PROGRAMME_DAYPART);
    assert_int_equal(last.daypart, 0);
    assert_int_equal(last.loop, 4);
    programme_destroy(programme);
}

static void a_transition_mixes_from_the_slot_before(void **state)
{
    (void)state;
    model.schedule[0].loop = 4;
    struct programme *programme = create();
    struct programme_scene scene = programme_scene_at(programme, MIDNIGHT + 10000);
    assert_true(scene.has_from && scene.mix == 0);
    check_slot(scene.from, 0, MIDNIGHT, MIDNIGHT + 10000);
    check_slot(scene.to, 1, MIDNIGHT + 10000, MIDNIGHT + 30000);
    assert_int_equal(scene.to.transition.duration_ms, 1000);
    scene = programme_scene_at(programme, MIDNIGHT + 10250);
    assert_true(scene.has_from && scene.mix == 0.25);
    scene = programme_scene_at(programme, MIDNIGHT + 10999);
    assert_true(scene.has_from && scene.mix == 0.999);
    scene = programme_scene_at(programme, MIDNIGHT + 11000);
    assert_true(!scene.has_from && scene.mix == 1);
    assert_int_equal(programme_next_change(programme, MIDNIGHT + 10000), MIDNIGHT + 11000);
    assert_int_equal(programme_next_change(programme, MIDNIGHT + 10999), MIDNIGHT + 11000);
    assert_int_equal(programme_next_change(programme, MIDNIGHT + 11000), MIDNIGHT + 30000);
    assert_int_equal(programme_next_change(programme, MIDNIGHT + 29999), MIDNIGHT + 30000);
    /* Over midnight: from what was cut the day before. */
    scene = programme_scene_at(programme, MIDNIGHT + DAY_MS + 500);
    assert_true(scene.has_from && scene.mix == 0.5);
    check_slot(scene.from, 2, MIDNIGHT + DAY_MS - 10000, MIDNIGHT + DAY_MS);
    programme_destroy(programme);
}

static void a_transition_takes_half_its_slot_at_most(void **state)
{
    (void)state;
    static const struct {
        int32_t transition_ms, end_ms, expected_ms;
    } cases[] = {{10000, 86400000, 5000}, {5000, 86400000, 5000}, {5001, 86400000, 5000},
                 {4999, 86400000, 4999},  {10000, 6000, 3000},    {10000, 6001, 3000},
                 {10000, 1, 0},           {10000, 2, 1},          {0, 86400000, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        model.spots[0].transition.duration_ms = cases[i].transition_ms;
        model.schedule[0].end_time_ms = cases[i].end_ms;
        struct programme *programme = create();
        struct programme_slot slot = slot_at(programme, MIDNIGHT);
        assert_int_equal(slot.transition.duration_ms, cases[i].expected_ms);
        assert_int_equal(programme_scene_at(programme, MIDNIGHT).has_from,
                         cases[i].expected_ms > 0);
        programme_destroy(programme);
    }
}

static void a_cut_takes_no_time_whatever_its_length(void **state)
{
    (void)state;
    model.spots[0].transition = (struct transition){.type = TRANSITION_CUT, .duration_ms = 1000};
    struct programme *programme = create();
    struct programme_scene scene = programme_scene_at(programme, MIDNIGHT);
    assert_false(scene.has_from);
    assert_true(scene.mix == 1);
    assert_int_equal(scene.to.transition.duration_ms, 0);
    assert_int_equal(programme_next_change(programme, MIDNIGHT), MIDNIGHT + 10000);
    programme_destroy(programme);
}

static void check_length(const int32_t *film_ms, int64_t expected_ms)
{
    struct programme *programme = programme_create(&model.playlist, &utc, film_ms);
    assert_non_null(programme);
    check_slot(slot_at(programme, MIDNIGHT), 3, MIDNIGHT, MIDNIGHT + expected_ms);
    programme_destroy(programme);
}

static void how_long_a_spot_is(void **state)
{
    (void)state;
    struct playlist_spot *spot = &model.spots[3];
    model.schedule[0].loop = 3;
    const int32_t films[] = {15000, 25000, 1999, 2001};
    check_length(NULL, 8000);
    check_length(films, 8000); /* a still */
    spot->is_video = true;
    spot->shapes = 1U << SHAPE_LANDSCAPE | 1U << SHAPE_PORTRAIT;
    spot->assets[SHAPE_LANDSCAPE] = 0;
    spot->assets[SHAPE_PORTRAIT] = 1;
    check_length(NULL, 8000);
    check_length(films, 14000);
    check_length((const int32_t[]){0, 25000, 0, 0}, 24000);
    check_length((const int32_t[]){0, 0, 0, 0}, 8000);
    spot->assets[SHAPE_LANDSCAPE] = spot->assets[SHAPE_PORTRAIT] = 2;
    check_length(films, 1000);
    spot->assets[SHAPE_LANDSCAPE] = spot->assets[SHAPE_PORTRAIT] = 3;
    check_length(films, 1001);
    spot->transition.type = TRANSITION_CUT;
    check_length(films, 2001);
    check_length((const int32_t[]){0, 0, 0, INT32_MAX}, DAY_MS);
    spot->has_duration = true;
    spot->duration_ms = 5000;
    check_length(films, 5000);
}

static void the_house_card_is_one_slot_for_each_block(void **state)
{
    (void)state;
    model.schedule[0].start_time_ms = 6 * 3600000;
    model.schedule[0].end_time_ms = 22 * 3600000;
    struct programme *programme = create();
    struct programme_scene scene = programme_scene_at(programme, MIDNIGHT + 22 * HOUR_MS + 600);
    check_slot(scene.to, -1, MIDNIGHT + 22 * HOUR_MS, MIDNIGHT + DAY_MS);
    assert_int_equal(scene.to.source, PROGRAMME_NOTHING);
    assert_int_equal(scene.to.daypart, -1);
    assert_int_equal(scene.to.loop, -1);
    assert_int_equal(scene.to.transition.duration_ms, 1200);
    assert_true(scene.has_from && scene.mix == 0.5);
    check_slot(scene.from, 0, MIDNIGHT + 22 * HOUR_MS - 10000, MIDNIGHT + 22 * HOUR_MS);
    scene = programme_scene_at(programme, MIDNIGHT + DAY_MS + 6 * HOUR_MS);
    assert_true(scene.has_from);
    check_slot(scene.from, -1, MIDNIGHT + DAY_MS, MIDNIGHT + DAY_MS + 6 * HOUR_MS);
    scene = programme_scene_at(programme, MIDNIGHT + DAY_MS);
    assert_true(scene.has_from && scene.from.spot == -1 && scene.to.spot == -1);
    programme_destroy(programme);
}

static void the_fallback_fills_what_is_left(void **state)
{
    (void)state;
    model.schedule[0].end_time_ms = 15000;
    model.playlist.fallback = 1;
    struct programme *programme = create();
    check_slot(slot_at(programme, MIDNIGHT + 14999), 0, MIDNIGHT + 10000, MIDNIGHT + 15000);
    struct programme_slot slot = slot_at(programme, MIDNIGHT + 15000);
    check_slot(slot, 1, MIDNIGHT + 15000, MIDNIGHT + 35000);
    assert_int_equal(slot.source, PROGRAMME_FALLBACK);
    assert_int_equal(slot.daypart, -1);
    assert_int_equal(slot.loop, 1);
    programme_destroy(programme);
}

static void loops_without_spots_are_as_if_not_there(void **state)
{
    (void)state;
    model.schedule[0].loop = 5;
    model.schedule[0].priority = 9;
    model.schedule[1].loop = 1;
    model.playlist.schedule_count = 2;
    model.playlist.fallback = 5;
    struct programme *programme = create();
    assert_int_equal(slot_at(programme, MIDNIGHT).daypart, 1);
    programme_destroy(programme);
    model.playlist.schedule_count = 1;
    programme = create();
    assert_int_equal(slot_at(programme, MIDNIGHT).source, PROGRAMME_NOTHING);
    programme_destroy(programme);
    model.playlist.schedule_count = 0;
    programme = create();
    assert_int_equal(slot_at(programme, MIDNIGHT).source, PROGRAMME_NOTHING);
    programme_destroy(programme);
}

/* The dayparts of the first slots, as digits. */
static void check_turns(const char *expected)
{
    struct programme *programme = create();
    struct programme_slot slot = slot_at(programme, MIDNIGHT);
    for (size_t i = 0; expected[i]; i++) {
        if (slot.daypart != expected[i] - '0')
            fail_msg("slot %zu of %s: daypart %d", i, expected, slot.daypart);
        assert_int_equal(slot.loop, model.schedule[slot.daypart].loop);
        slot = programme_next_slot(programme, &slot);
    }
    programme_destroy(programme);
}

static void share(int daypart, int loop, int32_t share_ppm)
{
    model.schedule[daypart].loop = loop;
    model.schedule[daypart].has_share = share_ppm > 0;
    model.schedule[daypart].share_ppm = share_ppm;
    if (model.playlist.schedule_count <= (size_t)daypart)
        model.playlist.schedule_count = (size_t)daypart + 1;
}

static void shares_of_voice_take_turns(void **state)
{
    (void)state;
    share(0, 0, 0); /* 10 s each, equal shares: by turns */
    share(1, 0, 0);
    share(2, 0, 0);
    check_turns("012012012");
    share(2, 1, 0); /* 20 s: every other round */
    check_turns("0120101201012");
    share(0, 0, 250000); /* a quarter and the rest, divided by two */
    share(1, 0, 0);
    share(2, 0, 0);
    /* after 10 s each: 0 at 40, 1 and 2 at 26.7 */
    check_turns("01212012");
    share(0, 0, 200000);
    share(1, 0, 300000);
    model.playlist.schedule_count = 2; /* two to three, though half of the voice is nobody's */
    check_turns("0110101101");
}

static void shares_that_leave_no_rest(void **state)
{
    (void)state;
    share(0, 0, 0);
    share(1, 1, 600000);
    share(2, 2, 400000); /* 20 s at 33.3 a turn, 30 s at 75 a turn */
    check_turns("121121121");
    share(2, 2,
          900000); /* more than the whole, from entries that were not checked together: 33.3 each */
    check_turns("12121212");
    model.playlist.schedule_count = 2;
    share(1, 1, 1000000);
    check_turns("1111");
}

static void shares_hold_over_a_day(void **state)
{
    (void)state;
    static const int32_t shares[] = {100000, 0, 333333, 1};
    int64_t given[4] = {0};
    for (int i = 0; i < 4; i++)
        share(i, i, shares[i]);
    struct programme *programme = create();
    struct programme_slot slot = slot_at(programme, MIDNIGHT);
    for (; slot.start_ms < MIDNIGHT + DAY_MS; slot = programme_next_slot(programme, &slot))
        given[slot.daypart] += slot.end_ms - slot.start_ms;
    /* Within a slot's length of the exact part of 86,400 s. */
    assert_in_range(given[0], 8640000 - 30000, 8640000 + 30000);
    assert_in_range(given[1], 48959942 - 30000, 48959942 + 30000);
    assert_in_range(given[2], 28799971 - 30000, 28799971 + 30000);
    assert_in_range(given[3], 8000, 8000);
    programme_destroy(programme);
}

static void an_overnight_daypart_without_a_gap_is_one_block_up_to_midnight(void **state)
{
    (void)state;
    model.schedule[0].start_time_ms = model.schedule[0].end_time_ms = 6 * 3600000 + 3000;
    struct programme *programme = create();
    /* Always active, so 06:00:03 ends no block: the slots still lie on whole 10 s. */
    check_slot(slot_at(programme, MIDNIGHT + 6 * HOUR_MS + 3000), 0, MIDNIGHT + 6 * HOUR_MS,
               MIDNIGHT + 6 * HOUR_MS + 10000);
    programme_destroy(programme);
}

static void what_is_outranked_ends_no_block(void **state)
{
    (void)state;
    model.schedule[1] = model.schedule[0];
    model.schedule[1].loop = 1;
    model.schedule[1].priority = -1;
    model.schedule[1].start_time_ms = 7003;
    model.schedule[1].end_time_ms = 13007;
    model.playlist.schedule_count = 2;
    struct programme *programme = create();
    check_slot(slot_at(programme, MIDNIGHT + 7003), 0, MIDNIGHT, MIDNIGHT + 10000);
    programme_destroy(programme);
    /* The other way round it cuts, and both begin anew. */
    model.schedule[1].priority = 1;
    programme = create();
    check_slot(slot_at(programme, MIDNIGHT), 0, MIDNIGHT, MIDNIGHT + 7003);
    check_slot(slot_at(programme, MIDNIGHT + 7003), 1, MIDNIGHT + 7003, MIDNIGHT + 13007);
    check_slot(slot_at(programme, MIDNIGHT + 13007), 0, MIDNIGHT + 13007, MIDNIGHT + 23007);
    programme_destroy(programme);
}

/* Ranks are bits of words: levels that end inside a word, at its end, and words of the outranked
 * behind. */
static void only_the_highest_of_many_run(void **state)
{
    (void)state;
    static const int counts[] = {1, 2, 63, 64, 65, 128, 200};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int first = 300 - counts[i];
        model.playlist.schedule_count = 300;
        for (int j = 0; j < 300; j++)
            model.schedule[j].priority = j >= first;
        struct programme *programme = create();
        struct programme_slot slot = slot_at(programme, MIDNIGHT);
        for (int j = 0; j < 2 * counts[i]; j++) {
            assert_int_equal(slot.daypart, first + j % counts[i]);
            slot = programme_next_slot(programme, &slot);
        }
        programme_destroy(programme);
    }
}

static void outside_the_edges_the_edges_answer(void **state)
{
    (void)state;
    struct programme *programme = create();
    static const int64_t early[] = {INT64_MIN, -1, 0, PROGRAMME_FIRST_MS - 1, PROGRAMME_FIRST_MS};
    static const int64_t late[] = {PROGRAMME_LAST_MS, PROGRAMME_LAST_MS + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
        struct programme_scene scene = programme_scene_at(programme, early[i]);
        assert_int_equal(scene.to.start_ms, PROGRAMME_FIRST_MS);
        assert_true(scene.has_from && scene.mix == 0);
        assert_int_equal(programme_next_change(programme, early[i]), PROGRAMME_FIRST_MS + 1000);
    }
    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        struct programme_scene scene = programme_scene_at(programme, late[i]);
        assert_int_equal(scene.to.end_ms, PROGRAMME_LAST_MS + 1);
        assert_true(programme_next_change(programme, late[i]) == INT64_MAX);
    }
    assert_true(programme_next_change(programme, PROGRAMME_LAST_MS - 1) == INT64_MAX);
    assert_int_equal(programme_next_change(programme, PROGRAMME_LAST_MS - 10000),
                     PROGRAMME_LAST_MS - 9999);
    struct programme_slot slot = programme_scene_at(programme, INT64_MAX).to;
    slot = programme_next_slot(programme, &slot);
    assert_int_equal(slot.start_ms, PROGRAMME_LAST_MS + 1);
    slot.end_ms = INT64_MAX;
    slot = programme_next_slot(programme, &slot);
    assert_int_equal(slot.spot, 0);
    programme_destroy(programme);
}

static void a_full_schedule_as_staggered_as_can_be(void **state)
{
    (void)state;
    model.playlist.schedule_count = PARTS_MAX;
    for (int i = 0; i < PARTS_MAX; i++) {
        model.schedule[i].loop = i % 5;
        model.schedule[i].start_time_ms = i * 41000;
        model.schedule[i].end_time_ms = i * 41000 + 40000000;
        model.schedule[i].priority = i % 3 == 0;
    }
    model.spots[0].duration_ms = 1000;
    struct programme *programme = create();
    struct programme_slot slot = slot_at(programme, MIDNIGHT - DAY_MS);
    size_t count = 0;
    while (slot.start_ms < MIDNIGHT + DAY_MS) {
        struct programme_slot next = programme_next_slot(programme, &slot);
        assert_int_equal(next.start_ms, slot.end_ms);
        assert_true(next.end_ms > next.start_ms);
        slot = next;
        count++;
    }
    assert_true(count > 2 * PARTS_MAX);
    programme_destroy(programme);
}

/* The longest block of the shortest spots, in the longest day a zone can have: the room that is
 * reserved suffices. */
static void the_longest_day_of_the_shortest_spots(void **state)
{
    (void)state;
    const struct civil_change change = {MIDNIGHT + 22 * HOUR_MS - 1000, -25 * 3600000};
    const struct civil_zone zone = {26 * 3600000, &change, 1};
    model.spots[0].duration_ms = 1000;
    share(0, 0, 0);
    share(1, 0, 0);
    struct programme *programme = programme_create(&model.playlist, &zone, NULL);
    assert_non_null(programme);
    int64_t start_ms = civil_instant(&zone, (DAY + 1) * DAY_MS);
    int64_t end_ms = civil_instant(&zone, (DAY + 2) * DAY_MS);
    assert_int_equal(end_ms - start_ms, 75 * HOUR_MS);
    struct programme_slot slot = programme_scene_at(programme, end_ms - 1).to;
    assert_int_equal(slot.end_ms, end_ms);
    assert_int_equal(slot.start_ms, end_ms - 1000);
    programme_destroy(programme);
}

static void answers_do_not_depend_on_what_was_asked_before(void **state)
{
    (void)state;
    share(0, 4, 0);
    share(1, 2, 300000);
    share(2, 1, 0);
    model.schedule[2].start_time_ms = 12 * 3600000;
    struct programme *asked = create();
    uint64_t random = 7;
    for (int i = 0; i < 400; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        int64_t t_ms = MIDNIGHT + (int64_t)(random >> 33) % (9 * DAY_MS);
        if (i % 3 == 0)
            t_ms = MIDNIGHT + t_ms % 9 * DAY_MS; /* midnight: the day before is asked for, too */
        struct programme *fresh = create();
        struct programme_scene a = programme_scene_at(asked, t_ms);
        struct programme_scene b = programme_scene_at(fresh, t_ms);
        assert_int_equal(a.to.start_ms, b.to.start_ms);
        assert_int_equal(a.to.spot, b.to.spot);
        assert_int_equal(a.to.daypart, b.to.daypart);
        assert_int_equal(a.has_from, b.has_from);
        if (a.has_from)
            assert_int_equal(a.from.start_ms, b.from.start_ms);
        assert_int_equal(programme_next_change(asked, t_ms), programme_next_change(fresh, t_ms));
        programme_destroy(fresh);
    }
    programme_destroy(asked);
    programme_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_loop_runs_round_and_round, set_up),
        cmocka_unit_test_setup(a_transition_mixes_from_the_slot_before, set_up),
        cmocka_unit_test_setup(a_transition_takes_half_its_slot_at_most, set_up),
        cmocka_unit_test_setup(a_cut_takes_no_time_whatever_its_length, set_up),
        cmocka_unit_test_setup(how_long_a_spot_is, set_up),
        cmocka_unit_test_setup(the_house_card_is_one_slot_for_each_block, set_up),
        cmocka_unit_test_setup(the_fallback_fills_what_is_left, set_up),
        cmocka_unit_test_setup(loops_without_spots_are_as_if_not_there, set_up),
        cmocka_unit_test_setup(shares_of_voice_take_turns, set_up),
        cmocka_unit_test_setup(shares_that_leave_no_rest, set_up),
        cmocka_unit_test_setup(shares_hold_over_a_day, set_up),
        cmocka_unit_test_setup(an_overnight_daypart_without_a_gap_is_one_block_up_to_midnight,
                               set_up),
        cmocka_unit_test_setup(what_is_outranked_ends_no_block, set_up),
        cmocka_unit_test_setup(only_the_highest_of_many_run, set_up),
        cmocka_unit_test_setup(outside_the_edges_the_edges_answer, set_up),
        cmocka_unit_test_setup(a_full_schedule_as_staggered_as_can_be, set_up),
        cmocka_unit_test_setup(the_longest_day_of_the_shortest_spots, set_up),
        cmocka_unit_test_setup(answers_do_not_depend_on_what_was_asked_before, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
