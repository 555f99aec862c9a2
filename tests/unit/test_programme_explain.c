/* Over 600 lines: both sides of each reason, which are read best in one place. */
#include "programme/programme_explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define DAYPARTS_MAX 6

/* New York around its two changes of 2026, and nothing else. */
static const struct civil_change changes[] = {
    {INT64_C(1772953200000), -4 * 3600000}, /* 2026-03-08T07:00:00Z */
    {INT64_C(1793512800000), -5 * 3600000}, /* 2026-11-01T06:00:00Z */
};
static const struct civil_zone new_york = {-5 * 3600000, changes, 2};
static const struct civil_zone utc = {0};

/* Several questions to one playlist. */
struct asked {
    const struct civil_zone *zone;
    struct playlist_faults faults;
    struct playlist *playlist;
    struct programme *programme;
    struct programme_explain_daypart dayparts[DAYPARTS_MAX];
    struct programme_explain explain;
};

static struct asked asked;

/* Spots a, b and c of 10 s, cut; loops of the same names with one each, "ab" and "abc" with
 * more. */
static void open_playlist(const struct civil_zone *zone, const char *rest)
{
    char *text = NULL;
    assert_true(asprintf(&text,
                         "{\"format\": \"duckling/1\","
                         "\"defaults\": {\"duration\": 10, \"transition\": \"cut\"},"
                         "\"spots\": {\"a\": {\"tagline\": \"a\"}, \"b\": {\"tagline\": \"b\"},"
                         "\"c\": {\"tagline\": \"c\"}},"
                         "\"loops\": {\"a\": [\"a\"], \"b\": [\"b\"], \"c\": [\"c\"],"
                         "\"ab\": [\"a\", \"b\"], \"abc\": [\"a\", \"b\", \"c\"]}, %s}",
                         rest) > 0);
    asked = (struct asked){.zone = zone};
    asked.playlist = playlist_parse(text, strlen(text), &asked.faults);
    free(text);
    if (!asked.playlist)
        fail_msg("%s: %s", asked.faults.items[0].path, asked.faults.items[0].text);
    assert_true(asked.playlist->schedule_count <= DAYPARTS_MAX);
    asked.programme = programme_create(asked.playlist, zone, NULL);
    assert_non_null(asked.programme);
}

static int close_playlist(void **state)
{
    (void)state;
    programme_destroy(asked.programme);
    playlist_destroy(asked.playlist);
    playlist_faults_finish(&asked.faults);
    asked = (struct asked){0};
    return 0;
}

static int64_t at(const char *text)
{
    bool local;
    int64_t ms = 0;
    if (!civil_parse_instant(text, &local, &ms))
        fail_msg("no instant: %s", text);
    return local ? civil_instant(asked.zone, ms) : ms;
}

/* Asks, and expects this reason of a daypart. */
static const struct programme_explain_daypart *expect(const char *when, int daypart,
                                                      enum programme_explain_reason reason)
{
    asked.explain = programme_explain_instant(asked.playlist, asked.zone, asked.programme, at(when),
                                              asked.dayparts);
    const struct programme_explain_daypart *answer = &asked.dayparts[daypart];
    if (answer->reason != reason)
        fail_msg("%s: reason %d of schedule[%d], not %d", when, (int)answer->reason, daypart,
                 (int)reason);
    return answer;
}

static void same_instant(int64_t actual_ms, const char *expected)
{
    char words[40];
    civil_format(asked.zone, actual_ms, words);
    if (actual_ms != at(expected))
        fail_msg("%s, not %s", words, expected);
}

static void before_its_start_and_after_its_end(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\", \"start\": \"2026-02-06T12:00:00Z\","
                        "\"end\": \"2026-02-08T12:00:00Z\"}]");
    const struct programme_explain_daypart *answer =
        expect("2026-02-06T11:59:59.999", 0, PROGRAMME_EXPLAIN_BEFORE_START);
    same_instant(answer->bound_ms, "2026-02-06T12:00:00");
    same_instant(answer->next_ms, "2026-02-06T12:00:00");
    answer = expect("2026-02-06T12:00:00", 0, PROGRAMME_EXPLAIN_RUNS);
    same_instant(answer->since_ms, "2026-02-06T12:00:00");
    same_instant(answer->until_ms, "2026-02-08T12:00:00");
    expect("2026-02-08T11:59:59.999", 0, PROGRAMME_EXPLAIN_RUNS);
    answer = expect("2026-02-08T12:00:00", 0, PROGRAMME_EXPLAIN_AFTER_END);
    same_instant(answer->bound_ms, "2026-02-08T12:00:00");
    assert_true(answer->next_ms == PROGRAMME_EXPLAIN_NOT_SOON);
}

static void a_local_start_is_an_instant_of_the_zone(void **state)
{
    (void)state;
    /* 02:30 was skipped on that day: the instant of the change. */
    open_playlist(&new_york,
                  "\"schedule\": [{\"loop\": \"a\", \"start\": \"2026-03-08T02:30:00\"}]");
    const struct programme_explain_daypart *answer =
        expect("2026-03-08T06:59:59.999Z", 0, PROGRAMME_EXPLAIN_BEFORE_START);
    same_instant(answer->bound_ms, "2026-03-08T07:00:00Z");
    expect("2026-03-08T07:00:00Z", 0, PROGRAMME_EXPLAIN_RUNS);
}

static void before_its_first_date_and_after_its_last(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\", \"start_date\": \"2026-02-10\","
                        "\"end_date\": \"2026-02-12\", \"start_time\": \"09:00\","
                        "\"end_time\": \"17:00\"}]");
    const struct programme_explain_daypart *answer =
        expect("2026-02-07T09:00:00", 0, PROGRAMME_EXPLAIN_BEFORE_START_DATE);
    same_instant(answer->bound_ms, "2026-02-10T09:00:00");
    same_instant(answer->next_ms, "2026-02-10T09:00:00");
    expect("2026-02-10T08:59:59.999", 0, PROGRAMME_EXPLAIN_BEFORE_START_DATE);
    expect("2026-02-10T09:00:00", 0, PROGRAMME_EXPLAIN_RUNS);
    answer = expect("2026-02-10T17:00:00", 0, PROGRAMME_EXPLAIN_OUTSIDE_HOURS);
    same_instant(answer->next_ms, "2026-02-11T09:00:00");
    expect("2026-02-12T16:59:59.999", 0, PROGRAMME_EXPLAIN_RUNS);
    answer = expect("2026-02-12T17:00:00", 0, PROGRAMME_EXPLAIN_AFTER_END_DATE);
    same_instant(answer->bound_ms, "2026-02-12T17:00:00");
    assert_true(answer->next_ms == PROGRAMME_EXPLAIN_NOT_SOON);
}

static void the_night_of_the_last_date_goes_on(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\", \"start_date\": \"2026-02-06\","
                        "\"end_date\": \"2026-02-06\", \"start_time\": \"22:00\","
                        "\"end_time\": \"02:00\"}]");
    expect("2026-02-06T01:00:00", 0, PROGRAMME_EXPLAIN_BEFORE_START_DATE);
    expect("2026-02-07T01:59:59.999", 0, PROGRAMME_EXPLAIN_RUNS);
    const struct programme_explain_daypart *answer =
        expect("2026-02-07T02:00:00", 0, PROGRAMME_EXPLAIN_AFTER_END_DATE);
    same_instant(answer->bound_ms, "2026-02-07T02:00:00");
}

/* 2026-02-06 is a Friday, 20490 days after 1970-01-01. */
static void not_on_this_weekday(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\", \"by_day\": [\"FR\"],"
                        "\"start_time\": \"22:00\", \"end_time\": \"02:00\"}]");
    /* The night that would hold 01:00 on a Friday is a Thursday's. */
    const struct programme_explain_daypart *answer =
        expect("2026-02-06T01:00:00", 0, PROGRAMME_EXPLAIN_NOT_ON_WEEKDAY);
    assert_int_equal(answer->day, 20489);
    same_instant(answer->next_ms, "2026-02-06T22:00:00");
    answer = expect("2026-02-06T21:59:59.999", 0, PROGRAMME_EXPLAIN_OUTSIDE_HOURS);
    same_instant(answer->next_ms, "2026-02-06T22:00:00");
    answer = expect("2026-02-06T22:00:00", 0, PROGRAMME_EXPLAIN_RUNS);
    same_instant(answer->until_ms, "2026-02-07T02:00:00");
    answer = expect("2026-02-07T01:59:59.999", 0, PROGRAMME_EXPLAIN_RUNS);
    same_instant(answer->since_ms, "2026-02-06T22:00:00");
    answer = expect("2026-02-07T02:00:00", 0, PROGRAMME_EXPLAIN_NOT_ON_WEEKDAY);
    assert_int_equal(answer->day, 20491);
    same_instant(answer->next_ms, "2026-02-13T22:00:00");
}

static void not_on_an_excepted_date(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\", \"except_dates\":"
                        "[\"2026-02-17\", \"2026-02-06\"]}]");
    const struct programme_explain_daypart *answer =
        expect("2026-02-05T23:59:59.999", 0, PROGRAMME_EXPLAIN_RUNS);
    same_instant(answer->until_ms, "2026-02-06T00:00:00");
    answer = expect("2026-02-06T00:00:00", 0, PROGRAMME_EXPLAIN_EXCEPTED);
    assert_int_equal(answer->day, 20490);
    same_instant(answer->next_ms, "2026-02-07T00:00:00");
    expect("2026-02-06T23:59:59.999", 0, PROGRAMME_EXPLAIN_EXCEPTED);
    answer = expect("2026-02-07T00:00:00", 0, PROGRAMME_EXPLAIN_RUNS);
    same_instant(answer->since_ms, "2026-02-07T00:00:00");
    same_instant(answer->until_ms, "2026-02-17T00:00:00");
}

/* St. John's, 2006: at 00:01 back to 23:01 the day before. The new day had begun. */
static void where_midnight_comes_twice(void **state)
{
    (void)state;
    static const struct civil_change back = {INT64_C(1162089060000), -12600000};
    static const struct civil_zone st_johns = {-9000000, &back, 1};
    int32_t day;
    assert_true(civil_day_of(2006, 10, 29, &day));
    open_playlist(&st_johns,
                  "\"schedule\": [{\"loop\": \"a\", \"except_dates\": [\"2006-10-29\"]}]");
    const struct programme_explain_daypart *answer =
        expect("2006-10-29T02:29:59.999Z", 0, PROGRAMME_EXPLAIN_RUNS);
    same_instant(answer->until_ms, "2006-10-29T02:30:00Z");
    expect("2006-10-29T02:30:00Z", 0, PROGRAMME_EXPLAIN_EXCEPTED);
    answer = expect("2006-10-29T02:45:00Z", 0, PROGRAMME_EXPLAIN_EXCEPTED);
    assert_int_equal(answer->day, day);
    same_instant(answer->next_ms, "2006-10-30T00:00:00");
}

static void outranked(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\"}, {\"loop\": \"b\", \"priority\": 5,"
                        "\"start_time\": \"10:00\", \"end_time\": \"11:00\"}, {\"loop\": \"c\","
                        "\"priority\": 5, \"start_time\": \"10:30\", \"end_time\": \"11:30\"},"
                        "{\"loop\": \"ab\", \"priority\": -1}]");
    const struct programme_explain_daypart *answer =
        expect("2026-02-06T09:59:59.999", 0, PROGRAMME_EXPLAIN_RUNS);
    same_instant(answer->until_ms, "2026-02-06T10:00:00");
    answer = expect("2026-02-06T10:00:00", 0, PROGRAMME_EXPLAIN_OUTRANKED);
    assert_int_equal(answer->outranked_by, 1);
    same_instant(answer->next_ms, "2026-02-06T11:30:00");
    answer = expect("2026-02-06T11:00:00", 0, PROGRAMME_EXPLAIN_OUTRANKED);
    assert_int_equal(answer->outranked_by, 2);
    expect("2026-02-06T11:30:00", 0, PROGRAMME_EXPLAIN_RUNS);
    answer = expect("2026-02-06T11:30:00", 3, PROGRAMME_EXPLAIN_OUTRANKED);
    assert_int_equal(answer->outranked_by, 0);
    assert_true(answer->next_ms == PROGRAMME_EXPLAIN_NOT_SOON);
    /* The other two of that level, one after the other. */
    expect("2026-02-06T10:59:59.999", 1, PROGRAMME_EXPLAIN_RUNS);
    expect("2026-02-06T11:00:00", 1, PROGRAMME_EXPLAIN_OUTSIDE_HOURS);
}

static void no_share_is_left(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\"}, {\"loop\": \"b\", \"share_of_voice\": "
                        "0.6, \"start_time\": \"10:00\", \"end_time\": \"12:00\"},"
                        "{\"loop\": \"c\", \"share_of_voice\": 0.4, \"start_time\": \"11:00\","
                        "\"end_time\": \"12:00\"}]");
    expect("2026-02-06T10:59:59.999", 0, PROGRAMME_EXPLAIN_RUNS);
    expect("2026-02-06T11:00:00", 0, PROGRAMME_EXPLAIN_NO_SHARE);
    expect("2026-02-06T11:00:00", 1, PROGRAMME_EXPLAIN_RUNS);
    expect("2026-02-06T11:59:59.999", 0, PROGRAMME_EXPLAIN_NO_SHARE);
    /* It counts as running all the time, so without a break. */
    assert_true(asked.dayparts[0].since_ms == PROGRAMME_EXPLAIN_LONG_AGO);
    assert_true(asked.dayparts[0].until_ms == PROGRAMME_EXPLAIN_NOT_SOON);
    expect("2026-02-06T12:00:00", 0, PROGRAMME_EXPLAIN_RUNS);
}

static void bounds_come_before_days_and_days_before_hours(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\", \"start\": \"2026-02-10T00:00:00Z\","
                        "\"start_date\": \"2026-02-09\", \"by_day\": [\"WE\", \"TH\"],"
                        "\"except_dates\": [\"2026-02-11\", \"2026-02-13\"],"
                        "\"start_time\": \"09:00\", \"end_time\": \"17:00\"}]");
    expect("2026-02-08T08:00:00", 0, PROGRAMME_EXPLAIN_BEFORE_START);
    expect("2026-02-09T23:59:59.999", 0, PROGRAMME_EXPLAIN_BEFORE_START);
    expect("2026-02-10T00:00:00", 0, PROGRAMME_EXPLAIN_NOT_ON_WEEKDAY);
    expect("2026-02-10T08:00:00", 0, PROGRAMME_EXPLAIN_NOT_ON_WEEKDAY);
    expect("2026-02-11T08:00:00", 0, PROGRAMME_EXPLAIN_EXCEPTED);
    expect("2026-02-12T08:59:59.999", 0, PROGRAMME_EXPLAIN_OUTSIDE_HOURS);
    expect("2026-02-12T09:00:00", 0, PROGRAMME_EXPLAIN_RUNS);
    /* A Friday that is excepted too. */
    expect("2026-02-13T09:00:00", 0, PROGRAMME_EXPLAIN_NOT_ON_WEEKDAY);
}

static void an_empty_loop_never_runs(void **state)
{
    (void)state;
    struct playlist_loop loop = {"", NULL, 0};
    struct playlist_daypart daypart = {.weekdays = 0x7f, .end_time_ms = CIVIL_DAY_MS};
    struct playlist playlist = {
        .loops = &loop, .loop_count = 1, .schedule = &daypart, .schedule_count = 1, .fallback = -1};
    struct programme_explain_daypart answer;
    asked.zone = &utc;
    asked.programme = programme_create(&playlist, &utc, NULL);
    assert_non_null(asked.programme);
    programme_explain_instant(&playlist, &utc, asked.programme, at("2026-02-06T12:00:00"), &answer);
    assert_int_equal(answer.reason, PROGRAMME_EXPLAIN_NO_SPOTS);
}

static void what_is_on_and_for_how_long(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"ab\", \"start_time\": \"22:00\","
                        "\"end_time\": \"06:00\"}], \"fallback\": \"c\"");
    expect("2026-02-07T00:00:15", 0, PROGRAMME_EXPLAIN_RUNS);
    assert_int_equal(asked.explain.scene.to.spot, 1);
    assert_int_equal(asked.explain.next.spot, 0);
    same_instant(asked.explain.next.start_ms, "2026-02-07T00:00:20");
    /* A block ends at midnight, the daypart does not. */
    same_instant(asked.explain.block.start_ms, "2026-02-07T00:00:00");
    same_instant(asked.explain.block.end_ms, "2026-02-07T06:00:00");
    same_instant(asked.explain.since_ms, "2026-02-06T22:00:00");
    same_instant(asked.explain.until_ms, "2026-02-07T06:00:00");
    expect("2026-02-06T21:59:59.999", 0, PROGRAMME_EXPLAIN_OUTSIDE_HOURS);
    assert_int_equal(asked.explain.scene.to.source, PROGRAMME_FALLBACK);
    same_instant(asked.explain.since_ms, "2026-02-06T06:00:00");
    same_instant(asked.explain.until_ms, "2026-02-06T22:00:00");
}

static void beyond_the_horizon(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\", \"start_date\": \"2028-01-01\"}]");
    const struct programme_explain_daypart *answer =
        expect("2026-02-06T12:00:00", 0, PROGRAMME_EXPLAIN_BEFORE_START_DATE);
    assert_true(answer->next_ms == PROGRAMME_EXPLAIN_NOT_SOON);
    assert_int_equal(asked.explain.scene.to.source, PROGRAMME_NOTHING);
    assert_true(asked.explain.since_ms == PROGRAMME_EXPLAIN_LONG_AGO);
    assert_true(asked.explain.until_ms == PROGRAMME_EXPLAIN_NOT_SOON);
    /* At the edges of the programme the search ends before the horizon. */
    asked.explain = programme_explain_instant(asked.playlist, &utc, asked.programme,
                                              PROGRAMME_FIRST_MS, asked.dayparts);
    assert_int_equal(asked.dayparts[0].reason, PROGRAMME_EXPLAIN_BEFORE_START_DATE);
    asked.explain = programme_explain_instant(asked.playlist, &utc, asked.programme,
                                              PROGRAMME_LAST_MS, asked.dayparts);
    assert_int_equal(asked.dayparts[0].reason, PROGRAMME_EXPLAIN_RUNS);
    assert_true(asked.dayparts[0].until_ms == PROGRAMME_EXPLAIN_NOT_SOON);
}

static struct programme_explain_spot ask_spot(int spot, const char *when)
{
    return programme_explain_spot(asked.playlist, asked.programme, spot, at(when));
}

static void when_a_spot_was_on_and_will_be(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"abc\", \"by_day\": [\"FR\"],"
                        "\"start_time\": \"10:00\", \"end_time\": \"11:00\"}],"
                        "\"fallback\": \"a\"");
    struct programme_explain_spot b = ask_spot(1, "2026-02-06T10:00:15");
    assert_true(b.in_loop && b.is_on && b.has_before && b.has_after);
    /* 120 rounds of 30 s an hour. */
    same_instant(b.before.start_ms, "2026-01-30T10:59:40");
    same_instant(b.after.start_ms, "2026-02-06T10:00:40");
    struct programme_explain_spot c = ask_spot(2, "2026-02-06T09:00:00");
    assert_false(c.is_on);
    same_instant(c.before.start_ms, "2026-01-30T10:59:50");
    same_instant(c.before.end_ms, "2026-01-30T11:00:00");
    same_instant(c.after.start_ms, "2026-02-06T10:00:20");
    /* a is in the fallback too: the slot before, never the one that is on. */
    struct programme_explain_spot a = ask_spot(0, "2026-02-06T09:00:05");
    assert_true(a.is_on);
    same_instant(a.before.start_ms, "2026-02-06T08:59:50");
    same_instant(a.after.start_ms, "2026-02-06T09:00:10");
}

static void a_spot_that_is_never_on(void **state)
{
    (void)state;
    open_playlist(&utc, "\"schedule\": [{\"loop\": \"a\"}, {\"loop\": \"b\", \"priority\": -1},"
                        "{\"loop\": \"b\", \"priority\": 1, \"start_date\": \"2027-06-01\"}]");
    struct programme_explain_spot c = ask_spot(2, "2026-02-06T09:00:00");
    assert_true(!c.in_loop && !c.is_on && !c.has_before && !c.has_after);
    /* In a loop, but always outranked within the horizon; a year later within it. */
    struct programme_explain_spot b = ask_spot(1, "2026-02-06T09:00:00");
    assert_true(b.in_loop && !b.has_before && !b.has_after);
    b = ask_spot(1, "2026-05-01T09:00:00");
    assert_true(b.has_after && !b.has_before);
    same_instant(b.after.start_ms, "2027-06-01T00:00:00");
}

/* Where the programme stands still, the search ends. */
static void spots_at_the_edges(void **state)
{
    (void)state;
    open_playlist(&new_york, "\"schedule\": [{\"loop\": \"ab\"}]");
    for (int spot = 0; spot < 2; spot++) {
        struct programme_explain_spot first =
            programme_explain_spot(asked.playlist, asked.programme, spot, PROGRAMME_FIRST_MS);
        assert_false(first.has_before);
        assert_true(first.has_after && first.after.start_ms > PROGRAMME_FIRST_MS);
        struct programme_explain_spot last =
            programme_explain_spot(asked.playlist, asked.programme, spot, PROGRAMME_LAST_MS);
        assert_true(last.has_before && last.before.end_ms <= PROGRAMME_LAST_MS);
    }
}

/* Every day it is a's turn, then that of b, which takes the rest: c is never reached. Days are of
 * 23 and 25 hours, too. */
static void a_spot_whose_turn_never_comes(void **state)
{
    (void)state;
    open_playlist(&new_york, "\"schedule\": [{\"loop\": \"abc\", \"share_of_voice\": 0.000001},"
                             "{\"loop\": \"b\", \"share_of_voice\": 0.999999}, {\"loop\": \"c\","
                             "\"priority\": 1, \"start\": \"2026-11-05T12:00:00Z\"}]");
    struct programme_explain_spot c = ask_spot(2, "2026-02-06T09:00:00");
    assert_true(!c.has_before && c.has_after);
    same_instant(c.after.start_ms, "2026-11-05T12:00:00Z");
    struct programme_explain_spot a = ask_spot(0, "2026-02-06T09:00:00");
    same_instant(a.before.start_ms, "2026-02-06T00:00:00");
    same_instant(a.after.start_ms, "2026-02-07T00:00:00");
}

/* Random schedules, on days on which clocks change too. */
struct round {
    struct playlist_spot spots[3];
    int places[3][3];
    struct playlist_loop loops[3];
    struct playlist_daypart schedule[DAYPARTS_MAX];
    int32_t except[DAYPARTS_MAX];
    struct playlist playlist;
    const struct civil_zone *zone;
    int32_t day;
};

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % limit);
}

static bool one_in(uint32_t count)
{
    return random_below(count) == 0;
}

static struct playlist_instant random_instant(const struct round *round)
{
    int64_t day = round->day + (int32_t)random_below(7) - 3;
    return (struct playlist_instant){one_in(5), one_in(2),
                                     day * CIVIL_DAY_MS + random_below(96) * INT64_C(900000)};
}

static void random_daypart(struct round *round, int index)
{
    struct playlist_daypart *daypart = &round->schedule[index];
    round->except[index] = round->day + (int32_t)random_below(3) - 1;
    *daypart = (struct playlist_daypart){
        .loop = (int)random_below(3),
        .start = random_instant(round),
        .end = random_instant(round),
        .has_start_date = one_in(5),
        .has_end_date = one_in(5),
        .start_day = round->day + (int32_t)random_below(5) - 2,
        .end_day = round->day + (int32_t)random_below(5) - 2,
        .weekdays = one_in(3) ? (uint8_t)random_below(128) : 0x7f,
        .except_days = &round->except[index],
        .except_count = one_in(4),
        .end_time_ms = CIVIL_DAY_MS,
        .priority = (int32_t)random_below(2),
        .has_share = one_in(2),
        .share_ppm = one_in(3) ? 1000000 : 300000,
    };
    if (!one_in(3)) {
        daypart->start_time_ms = (int32_t)random_below(96) * 900000;
        daypart->end_time_ms = (int32_t)random_below(97) * 900000;
    }
}

static void make_round(struct round *round)
{
    static const int32_t days[] = {20490, 20520, 20758}; /* the latter two: the changes */
    *round = (struct round){.zone = one_in(4) ? &utc : &new_york, .day = days[random_below(3)]};
    for (int i = 0; i < 3; i++) {
        round->spots[i].has_duration = true;
        round->spots[i].duration_ms = 200000 + (int32_t)random_below(400000);
        for (int j = 0; j < 3; j++)
            round->places[i][j] = (int)random_below(3);
        round->loops[i] = (struct playlist_loop){"", round->places[i], 1 + random_below(3)};
    }
    size_t count = 1 + random_below(DAYPARTS_MAX);
    for (size_t i = 0; i < count; i++)
        random_daypart(round, (int)i);
    round->playlist = (struct playlist){.default_duration_ms = 8000,
                                        .spots = round->spots,
                                        .spot_count = 3,
                                        .loops = round->loops,
                                        .loop_count = 3,
                                        .schedule = round->schedule,
                                        .schedule_count = count,
                                        .fallback = one_in(2) ? -1 : 0};
}

static bool runs_at(struct programme *programme, size_t daypart, int64_t t_ms)
{
    uint64_t running[PROGRAMME_SET_WORDS];
    programme_block_at(programme, t_ms, running);
    return running[0] >> daypart & 1;
}

/* The answers about a daypart against the programme's blocks; `flat` is the same schedule without
 * priorities, in which what is active runs. */
static void check_daypart(struct programme *programme, struct programme *flat, size_t daypart,
                          int64_t t_ms, const struct programme_explain_daypart *answer)
{
    bool active = runs_at(flat, daypart, t_ms), runs = runs_at(programme, daypart, t_ms);
    assert_int_equal(answer->reason == PROGRAMME_EXPLAIN_RUNS ||
                         answer->reason == PROGRAMME_EXPLAIN_NO_SHARE,
                     runs);
    assert_int_equal(answer->reason == PROGRAMME_EXPLAIN_OUTRANKED, active && !runs);
    if (answer->reason == PROGRAMME_EXPLAIN_OUTRANKED)
        assert_true(runs_at(programme, (size_t)answer->outranked_by, t_ms));
    int64_t end_ms = runs ? answer->until_ms : answer->next_ms;
    int64_t at_ms = t_ms, latest_ms = t_ms + 40 * (int64_t)CIVIL_DAY_MS;
    while (at_ms < latest_ms && runs_at(programme, daypart, at_ms) == runs)
        at_ms = programme_block_at(programme, at_ms, NULL).end_ms;
    if (at_ms < latest_ms)
        assert_int_equal(end_ms, at_ms);
    else
        assert_true(end_ms >= latest_ms);
    if (!runs)
        return;
    at_ms = t_ms;
    int64_t earliest_ms = t_ms - 40 * (int64_t)CIVIL_DAY_MS;
    while (at_ms > earliest_ms && runs_at(programme, daypart, at_ms - 1))
        at_ms = programme_block_at(programme, at_ms - 1, NULL).start_ms;
    if (at_ms > earliest_ms)
        assert_int_equal(answer->since_ms, at_ms);
    else
        assert_true(answer->since_ms <= earliest_ms);
}

/* Slot by slot, both ways, for three days. */
static void check_spot(const struct round *round, struct programme *programme, int spot,
                       int64_t t_ms)
{
    struct programme_explain_spot answer =
        programme_explain_spot(&round->playlist, programme, spot, t_ms);
    struct programme_slot now = programme_scene_at(programme, t_ms).to, slot = now;
    assert_int_equal(answer.is_on, now.spot == spot);
    int64_t latest_ms = t_ms + 3 * (int64_t)CIVIL_DAY_MS;
    do
        slot = programme_next_slot(programme, &slot);
    while (slot.spot != spot && slot.start_ms < latest_ms);
    if (slot.spot == spot)
        assert_true(answer.has_after && answer.after.start_ms == slot.start_ms);
    else
        assert_true(!answer.has_after || answer.after.start_ms >= latest_ms);
    int64_t earliest_ms = t_ms - 3 * (int64_t)CIVIL_DAY_MS;
    slot = now;
    do
        slot = programme_scene_at(programme, slot.start_ms - 1).to;
    while (slot.spot != spot && slot.end_ms > earliest_ms);
    if (slot.spot == spot)
        assert_true(answer.has_before && answer.before.start_ms == slot.start_ms);
    else
        assert_true(!answer.has_before || answer.before.end_ms <= earliest_ms);
}

static void the_same_as_the_programme_says(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 20260206;
    int reasons[PROGRAMME_EXPLAIN_OUTRANKED + 1] = {0};
    for (uint64_t i = 0; i < 150; i++) {
        static struct round round, flat;
        random_state = first + i;
        make_round(&round);
        flat = round;
        flat.playlist.schedule = flat.schedule;
        for (size_t j = 0; j < round.playlist.schedule_count; j++)
            flat.schedule[j].priority = 0;
        struct programme *programme = programme_create(&round.playlist, round.zone, NULL);
        struct programme *equals = programme_create(&flat.playlist, round.zone, NULL);
        assert_true(programme && equals);
        for (int question = 0; question < 6; question++) {
            struct programme_explain_daypart answers[DAYPARTS_MAX];
            int64_t t_ms = (round.day - 1) * (int64_t)CIVIL_DAY_MS +
                           random_below(3 * 96) * INT64_C(900000) + random_below(2) - 1;
            programme_explain_instant(&round.playlist, round.zone, programme, t_ms, answers);
            for (size_t j = 0; j < round.playlist.schedule_count; j++) {
                check_daypart(programme, equals, j, t_ms, &answers[j]);
                reasons[answers[j].reason]++;
            }
            check_spot(&round, programme, (int)random_below(3), t_ms);
        }
        programme_destroy(programme);
        programme_destroy(equals);
    }
    fprintf(stderr, "# seeds %llu to %llu\n", (unsigned long long)first,
            (unsigned long long)first + 149);
    for (int i = 0; !seed && i <= PROGRAMME_EXPLAIN_OUTRANKED; i++) {
        if (i != PROGRAMME_EXPLAIN_NO_SPOTS && reasons[i] < 20)
            fail_msg("reason %d was met %d times only", i, reasons[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, close_playlist)
    const struct CMUnitTest tests[] = {
        TEST(before_its_start_and_after_its_end),
        TEST(a_local_start_is_an_instant_of_the_zone),
        TEST(before_its_first_date_and_after_its_last),
        TEST(the_night_of_the_last_date_goes_on),
        TEST(not_on_this_weekday),
        TEST(not_on_an_excepted_date),
        TEST(where_midnight_comes_twice),
        TEST(outranked),
        TEST(no_share_is_left),
        TEST(bounds_come_before_days_and_days_before_hours),
        TEST(an_empty_loop_never_runs),
        TEST(what_is_on_and_for_how_long),
        TEST(beyond_the_horizon),
        TEST(when_a_spot_was_on_and_will_be),
        TEST(a_spot_that_is_never_on),
        TEST(spots_at_the_edges),
        TEST(a_spot_whose_turn_never_comes),
        cmocka_unit_test(the_same_as_the_programme_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
