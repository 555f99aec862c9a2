/* What is said of schedules, from both sides of each boundary. */
#include "programme/schedule_lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
/* 2026-02-06T12:00:00Z, a Friday. */
#define NOW (INT64_C(20490) * DAY_MS + 12 * HOUR_MS)

static const struct civil_zone utc = {0};
static const struct civil_zone seoul = {.first_offset_ms = 9 * 3600000};

typedef bool (*check_function)(const struct playlist *, const struct civil_zone *, int64_t,
                               struct playlist_faults *);

/* "$.path: text" lines of a check; the caller frees. */
static char *told(const char *json, check_function check, const struct civil_zone *zone,
                  int64_t now_ms)
{
    struct playlist_faults faults = {0}, warnings = {0};
    char *lines = NULL;
    size_t size = 0;
    struct playlist *playlist = playlist_parse(json, strlen(json), &faults);
    if (!playlist)
        fail_msg("%s: %s", faults.items[0].path, faults.items[0].text);
    assert_true(check(playlist, zone, now_ms, &warnings));
    FILE *stream = open_memstream(&lines, &size);
    assert_non_null(stream);
    for (size_t i = 0; i < warnings.count; i++)
        fprintf(stream, "%s: %s\n", warnings.items[i].path, warnings.items[i].text);
    if (warnings.total > warnings.count)
        fprintf(stream, "+%zu\n", warnings.total - warnings.count);
    fclose(stream);
    playlist_faults_finish(&warnings);
    playlist_faults_finish(&faults);
    playlist_destroy(playlist);
    return lines;
}

#define OPEN "{\"format\": \"duckling/1\", \"spots\": {\"a\": {\"tagline\": \"A\", \"duration\": "
#define SPOT(seconds) OPEN #seconds "}}, \"loops\": {\"x\": [\"a\"]}"

static void expect(const char *rest, check_function check, const char *wanted)
{
    char json[4096];
    snprintf(json, sizeof json, SPOT(10) "%s}", rest);
    char *lines = told(json, check, &utc, NOW);
    assert_string_equal(lines, wanted);
    free(lines);
}

/* One daypart with these members. */
static void expect_daypart(const char *members, const char *wanted)
{
    char rest[1024], line[512] = "";
    snprintf(rest, sizeof rest, ", \"schedule\": [{\"loop\": \"x\"%s}]", members);
    if (*wanted)
        snprintf(line, sizeof line, "$.schedule[0]: %s\n", wanted);
    expect(rest, schedule_lint_dayparts, line);
}

static bool check_week(const struct playlist *playlist, const struct civil_zone *zone,
                       int64_t now_ms, struct playlist_faults *warnings)
{
    return schedule_lint_week(playlist, zone, NULL, now_ms, warnings);
}

#define NO_DAY "never runs: no day matches its dates, weekdays and times"

static void dayparts_that_are_over(void **state)
{
    (void)state;
    expect_daypart("", "");
    expect_daypart(", \"end\": \"2026-02-06T12:00:00Z\"",
                   "is over: it last ran until 2026-02-06T12:00:00+00:00");
    expect_daypart(", \"end\": \"2026-02-06T12:00:00.001Z\"", "");
    expect_daypart(", \"end_date\": \"2026-02-05\"",
                   "is over: it last ran until 2026-02-06T00:00:00+00:00");
    expect_daypart(", \"end_date\": \"2026-02-06\"", "");
    expect_daypart(", \"end_date\": \"2026-02-06\", \"end_time\": \"12:00\"",
                   "is over: it last ran until 2026-02-06T12:00:00+00:00");
    expect_daypart(", \"end_date\": \"2026-02-06\", \"end_time\": \"12:01\"", "");
    expect_daypart(", \"end_date\": \"2026-02-06\", \"by_day\": [\"TH\"]",
                   "is over: it last ran until 2026-02-06T00:00:00+00:00");
    /* The night that began yesterday still runs until 13:00. */
    expect_daypart(", \"end_date\": \"2026-02-05\", \"start_time\": \"14:00\", \"end_time\": "
                   "\"13:00\"",
                   "");
    expect_daypart(", \"end_date\": \"2026-02-05\", \"start_time\": \"14:00\", \"end_time\": "
                   "\"12:00\"",
                   "is over: it last ran until 2026-02-06T12:00:00+00:00");
    expect_daypart(", \"start\": \"0001-01-02T00:00:00Z\", \"end\": \"0001-01-03T00:00:00Z\"",
                   "is over: it last ran until 0001-01-03T00:00:00+00:00");
}

static void dayparts_that_no_day_fits(void **state)
{
    (void)state;
    /* 2026-03-02 is a Monday. */
    expect_daypart(", \"start_date\": \"2026-03-02\", \"end_date\": \"2026-03-03\", \"by_day\": "
                   "[\"WE\"]",
                   NO_DAY);
    expect_daypart(", \"start_date\": \"2026-03-02\", \"end_date\": \"2026-03-04\", \"by_day\": "
                   "[\"WE\"]",
                   "");
    expect_daypart(", \"start_date\": \"2026-03-02\", \"end_date\": \"2026-03-03\", "
                   "\"except_dates\": [\"2026-03-02\", \"2026-03-03\"]",
                   NO_DAY);
    expect_daypart(", \"start_date\": \"2026-03-02\", \"end_date\": \"2026-03-03\", "
                   "\"except_dates\": [\"2026-03-02\"]",
                   "");
    /* Start after end, which the parser can't compare without a zone. */
    expect_daypart(", \"start\": \"2026-03-02T10:00:00\", \"end\": \"2026-03-02T10:00:00Z\"",
                   NO_DAY);
    expect_daypart(", \"start\": \"2026-03-02T10:00:00\", \"end\": \"2026-03-02T10:00:01Z\"", "");
    expect_daypart(", \"start\": \"2026-03-02T10:00:00Z\", \"end\": \"2026-03-02T20:00:00Z\", "
                   "\"start_time\": \"20:00\"",
                   NO_DAY);
    expect_daypart(", \"start\": \"2026-03-02T10:00:00Z\", \"end\": \"2026-03-02T20:00:00Z\", "
                   "\"start_time\": \"19:59:59\"",
                   "");
    /* The programme ends with 2199: later starts are typed wrong. */
    expect_daypart(", \"start_date\": \"2199-12-31\"", "");
    expect_daypart(", \"start_date\": \"2200-01-01\"", NO_DAY);
    expect_daypart(", \"start_date\": \"9999-12-31\"", NO_DAY);
}

static void the_zone_decides(void **state)
{
    (void)state;
    static const char json[] = SPOT(10) ", \"schedule\": [{\"loop\": \"x\", \"end\": "
                                        "\"2026-02-06T21:00:00\"}]}";
    char *lines = told(json, schedule_lint_dayparts, &seoul, NOW);
    assert_string_equal(lines,
                        "$.schedule[0]: is over: it last ran until 2026-02-06T21:00:00+09:00\n");
    free(lines);
    lines = told(json, schedule_lint_dayparts, &seoul, NOW - 1);
    assert_string_equal(lines, "");
    free(lines);
}

#define OUTRANKED(number, priority)                                                                \
    "never runs: entries of higher priority run whenever it could, next schedule[" #number         \
    "] with priority " #priority

static void expect_pair(const char *first, const char *second, const char *wanted)
{
    char rest[1024];
    snprintf(rest, sizeof rest, ", \"schedule\": [{\"loop\": \"x\"%s}, {\"loop\": \"x\"%s}]", first,
             second);
    expect(rest, schedule_lint_dayparts, wanted);
}

static void dayparts_that_are_outranked(void **state)
{
    (void)state;
    expect_pair("", ", \"priority\": 1", "$.schedule[0]: " OUTRANKED(1, 1) "\n");
    expect_pair(", \"priority\": -1000000", "", "$.schedule[0]: " OUTRANKED(1, 0) "\n");
    expect_pair("", "", "");
    expect_pair("", ", \"priority\": 1, \"end_time\": \"23:59:59\"", "");
    expect_pair(", \"by_day\": [\"SA\", \"SU\"]", ", \"priority\": 1, \"by_day\": [\"SA\", \"SU\"]",
                "$.schedule[0]: " OUTRANKED(1, 1) "\n");
    expect_pair(", \"by_day\": [\"SA\", \"SU\"]", ", \"priority\": 1, \"by_day\": [\"SA\"]", "");
    /* An overnight one covers the morning after. */
    expect_pair(", \"start_time\": \"01:00\", \"end_time\": \"02:00\"",
                ", \"priority\": 1, \"start_time\": \"22:00\", \"end_time\": \"03:00\"",
                "$.schedule[0]: " OUTRANKED(1, 1) "\n");
    /* Years from now the outranker ends; or pauses for a day. */
    expect_pair("", ", \"priority\": 1, \"end_date\": \"2031-05-17\"", "");
    expect_pair(", \"by_day\": [\"TU\"]", ", \"priority\": 1, \"except_dates\": [\"2031-05-13\"]",
                "");
    expect_pair(", \"by_day\": [\"TU\"]", ", \"priority\": 1, \"except_dates\": [\"2031-05-14\"]",
                "$.schedule[0]: " OUTRANKED(1, 1) "\n");
    expect_pair(", \"end_date\": \"2031-05-17\"", ", \"priority\": 1, \"end_date\": \"2031-05-17\"",
                "$.schedule[0]: " OUTRANKED(1, 1) "\n");
    expect_pair("", ", \"priority\": 1, \"start\": \"2026-02-06T12:00:00Z\"",
                "$.schedule[0]: " OUTRANKED(1, 1) "\n");
    expect_pair("", ", \"priority\": 1, \"start\": \"2026-02-06T12:00:01Z\"", "");
}

static void shares(void **state)
{
    (void)state;
    const char *by_day = ", \"by_day\": [\"FR\"], \"share_of_voice\": 0.6";
    expect_pair(by_day, ", \"share_of_voice\": 0.4", "");
    expect_pair(by_day, ", \"share_of_voice\": 0.5",
                "$.schedule[0].share_of_voice: adds up to 1.1 with the other entries that run at "
                "2026-02-06T00:00:00+00:00: each gets less time than its share\n");
    expect_pair(", \"by_day\": [\"FR\"], \"share_of_voice\": 1", ", \"by_day\": [\"FR\"]",
                "$.schedule[1]: never gets a slot: the share_of_voice of the entries that run at "
                "the same time takes all of the time\n");
    expect_pair(", \"by_day\": [\"FR\"], \"share_of_voice\": 1", ", \"by_day\": [\"FR\", \"SA\"]",
                "");
    expect_pair(", \"by_day\": [\"FR\"], \"share_of_voice\": 0.999", ", \"by_day\": [\"FR\"]", "");
    expect_pair(", \"by_day\": [\"FR\"], \"share_of_voice\": 1",
                ", \"by_day\": [\"FR\"], \"priority\": -1", "$.schedule[1]: " OUTRANKED(0, 0) "\n");
}

#define CARD ", and there is no fallback: screens show the house card\n"

static void expect_week(const char *rest, const char *wanted)
{
    expect(rest, check_week, wanted);
}

static void hours_with_nothing(void **state)
{
    (void)state;
    expect_week("", "");
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"start_time\": \"06:00\", \"end_time\": "
                "\"23:00\"}]",
                "$.schedule: nothing is scheduled from 23:00 to 06:00 every day" CARD);
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"start_time\": \"06:00\", \"end_time\": "
                "\"23:00\"}], \"fallback\": \"x\"",
                "");
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"start_time\": \"06:00\", \"end_time\": "
                "\"23:00\"}, {\"loop\": \"x\", \"start_time\": \"23:00\", \"end_time\": "
                "\"05:59:30\"}]",
                "$.schedule: nothing is scheduled from 05:59:30 to 06:00 every day" CARD);
    expect_week(
        ", \"schedule\": [{\"loop\": \"x\", \"end_time\": \"20:00\", \"by_day\": [\"MO\", "
        "\"TU\"]}, {\"loop\": \"x\", \"by_day\": [\"WE\", \"TH\", \"FR\", \"SA\", \"SU\"]}]",
        "$.schedule: nothing is scheduled from 20:00 to 00:00 on MO TU" CARD);
    /* A weekend, and one that lasts beyond the week. */
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"by_day\": [\"MO\", \"TU\", \"WE\", \"TH\", "
                "\"FR\"]}]",
                "$.schedule: nothing is scheduled from 2026-02-07T00:00:00+00:00 to "
                "2026-02-09T00:00:00+00:00" CARD);
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"end\": \"2026-02-10T00:00:00Z\"}, {\"loop\": "
                "\"x\", \"start\": \"2026-02-15T06:00:00Z\"}]",
                "$.schedule: nothing is scheduled from 2026-02-10T00:00:00+00:00 to "
                "2026-02-15T06:00:00+00:00" CARD);
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"start\": \"2026-02-13T12:00:00Z\"}]",
                "$.schedule: nothing is scheduled for the next 7 days" CARD);
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"end\": \"2020-02-13T12:00:00Z\"}]",
                "$.schedule: nothing is scheduled for the next 7 days" CARD);
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"start\": \"2026-02-06T12:00:01Z\"}]",
                "$.schedule: nothing is scheduled until 2026-02-06T12:00:01+00:00" CARD);
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"start\": \"2026-02-06T12:00:00Z\"}]", "");
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"end\": \"2026-02-13T11:59:59Z\"}]",
                "$.schedule: nothing is scheduled from 2026-02-13T11:59:59+00:00 on" CARD);
    expect_week(", \"schedule\": [{\"loop\": \"x\", \"end\": \"2026-02-13T12:00:00Z\"}]", "");
}

static void expect_cut(const char *seconds, const char *rest, const char *wanted)
{
    char json[2048];
    snprintf(json, sizeof json, OPEN "%s}}, \"loops\": {\"x\": [\"a\"]}%s}", seconds, rest);
    char *lines = told(json, check_week, &utc, NOW);
    assert_string_equal(lines, wanted);
    free(lines);
}

static void slots_that_are_cut(void **state)
{
    (void)state;
    expect_cut("7", "",
               "$.spots.a: is cut to 6 of its 7 seconds at 24:00 every day, in the loop "
               "\"x\"\n");
    /* 86400 = 86395 + 5, and 86395.5 + 4.5: half a second less is told, a little more is not. */
    expect_cut("43200.25", "",
               "$.spots.a: is cut to 43199.8 of its 43200.2 seconds at 24:00 "
               "every day, in the loop \"x\"\n");
    expect_cut("43200.2", "", "");
    expect_cut("10",
               ", \"schedule\": [{\"loop\": \"x\"}, {\"loop\": \"x\", \"priority\": 1, "
               "\"start_time\": \"12:00:04\", \"end_time\": \"13:00\", \"by_day\": [\"SA\", "
               "\"SU\"]}]",
               "$.spots.a: is cut to 4 of its 10 seconds at 12:00:04 on SA SU, in the loop \"x\"\n"
               "$.spots.a: is cut to 6 of its 10 seconds at 13:00 on SA SU, in the loop \"x\"\n");
    /* Once is no habit. */
    expect_cut("10",
               ", \"schedule\": [{\"loop\": \"x\"}, {\"loop\": \"x\", \"priority\": 1, "
               "\"start\": \"2026-02-08T12:00:04Z\"}]",
               "");
}

static bool check_unused(const struct playlist *playlist, const struct civil_zone *zone,
                         int64_t now_ms, struct playlist_faults *warnings)
{
    (void)zone, (void)now_ms;
    return schedule_lint_unused(playlist, warnings);
}

static void what_is_not_used(void **state)
{
    (void)state;
    static const char json[] =
        "{\"format\": \"duckling/1\", \"spots\": {\"a\": {\"tagline\": \"A\"}, \"b\": "
        "{\"tagline\": "
        "\"B\", \"tagline_style\": \"t\"}, \"c\": {\"image\": \"c.png\", \"tagline_style\": "
        "\"u\"}, "
        "\"d\": {\"tagline\": \"D\"}}, "
        "\"defaults\": {\"tagline_style\": \"s\"}, \"styles\": {\"s\": {}, \"t\": {}, \"u\": {}}, "
        "\"loops\": {\"x\": [\"a\"], \"y\": [\"b\", \"c\"], \"z\": [\"a\"]}%s}";
    char full[1024];
    snprintf(full, sizeof full, json, "");
    char *lines = told(full, check_unused, &utc, NOW);
    assert_string_equal(lines,
                        "$.spots.d: is never shown: it is in no loop\n"
                        "$.loops.y: is never shown: without a schedule the first loop always runs\n"
                        "$.loops.z: is never shown: without a schedule the first loop always runs\n"
                        "$.styles.u: is not used: no text has this style\n");
    free(lines);
    snprintf(full, sizeof full, json, ", \"schedule\": [{\"loop\": \"z\"}], \"fallback\": \"y\"");
    lines = told(full, check_unused, &utc, NOW);
    assert_string_equal(lines, "$.spots.d: is never shown: it is in no loop\n"
                               "$.loops.x: is never shown: neither schedule nor fallback names it\n"
                               "$.styles.u: is not used: no text has this style\n");
    free(lines);
}

/* A thousand dayparts, of which all but the last are outranked; the first 200 are told. */
static void many_dayparts(void **state)
{
    (void)state;
    char *json = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&json, &size);
    fputs(SPOT(10) ", \"schedule\": [", stream);
    for (int i = 0; i < PLAYLIST_SCHEDULE_MAX; i++)
        fprintf(stream, "%s{\"loop\": \"x\", \"priority\": %d}", i ? ", " : "", i);
    fputs("]}", stream);
    fclose(stream);
    char *lines = told(json, schedule_lint_dayparts, &utc, NOW);
    assert_non_null(strstr(lines, "$.schedule[199]: " OUTRANKED(1023, 1023) "\n+823\n"));
    free(lines);
    free(json);
}

/* More days than are looked at: nothing is said, rather than something wrong. */
static void too_many_days(void **state)
{
    (void)state;
    char *json = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&json, &size);
    fputs(SPOT(10) ", \"schedule\": [{\"loop\": \"x\"}, {\"loop\": \"x\", \"priority\": 1, "
                   "\"except_dates\": [",
          stream);
    for (int i = 0; i < 400; i++)
        fprintf(stream, "%s\"%04d-02-01\"", i ? ", " : "", 2100 + i);
    fputs("]}]}", stream);
    fclose(stream);
    char *lines = told(json, schedule_lint_dayparts, &utc, NOW);
    assert_string_equal(lines, "");
    free(lines);
    free(json);
}

static bool check_zones(const struct playlist *playlist, const struct civil_zone *zone,
                        int64_t now_ms, struct playlist_faults *warnings)
{
    (void)zone, (void)now_ms;
    schedule_lint_zones(playlist, warnings);
    return true;
}

/* A playlist with a tagline in these languages, and these members. */
static bool warns_of_zones(const char *tagline, const char *members)
{
    char json[1024];
    snprintf(json, sizeof json,
             "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"tagline\":%s}},\"loops\":{\"x\":["
             "\"a\"]}%s}",
             tagline, members);
    char *lines = told(json, check_zones, &utc, NOW);
    bool warns = strncmp(lines, "$.timezone: is not given", 24) == 0;
    assert_true(warns || !*lines);
    free(lines);
    return warns;
}

static void two_countries_without_a_zone(void **state)
{
    (void)state;
    static const char both[] = "{\"ko\":\"a\",\"zh-Hans\":\"b\",\"en\":\"c\"}";
    static const char hours[] = ",\"schedule\":[{\"loop\":\"x\",\"start_time\":\"09:00\"}]";
    assert_true(warns_of_zones(both, hours));
    assert_true(warns_of_zones("{\"ja\":\"a\",\"zh-TW\":\"b\"}", hours));
    assert_true(warns_of_zones(both, ",\"schedule\":[{\"loop\":\"x\",\"by_day\":[\"MO\"]}]"));
    assert_true(
        warns_of_zones(both, ",\"schedule\":[{\"loop\":\"x\",\"start\":\"2026-02-06T20:00\"}]"));
    /* Clocks that agree, a zone, no local time, and a time with an offset: the author knows. */
    assert_false(warns_of_zones("{\"ko\":\"a\",\"ja\":\"b\"}", hours));
    assert_false(warns_of_zones("{\"ko\":\"a\",\"en\":\"b\",\"kok\":\"c\"}", hours));
    assert_false(warns_of_zones("\"a\"", hours));
    assert_false(warns_of_zones(
        both, ",\"timezone\":\"Asia/Seoul\",\"schedule\":[{\"loop\":\"x\",\"start_time\":"
              "\"09:00\"}]"));
    assert_false(warns_of_zones(both, ""));
    assert_false(warns_of_zones(both, ",\"schedule\":[{\"loop\":\"x\"}]"));
    assert_false(warns_of_zones(
        both, ",\"schedule\":[{\"loop\":\"x\",\"start_time\":\"09:00\"},{\"loop\":\"x\","
              "\"priority\":1,\"start\":\"2026-02-06T20:00:00+09:00\"}]"));
}

static bool check_durations(const struct playlist *playlist, const struct civil_zone *zone,
                            int64_t now_ms, struct playlist_faults *warnings)
{
    (void)zone, (void)now_ms;
    schedule_lint_durations(playlist, warnings);
    return true;
}

static void durations_in_milliseconds(void **state)
{
    (void)state;
    char *lines = told(OPEN "8000}, \"b\": {\"tagline\": \"B\", \"duration\": 12500}}, "
                            "\"defaults\": {\"duration\": 5000}}",
                       check_durations, &utc, NOW);
    assert_string_equal(
        lines,
        "$.defaults.duration: is 5000 seconds, which is 1 hour 23 minutes: did you mean 5 "
        "seconds?\n"
        "$.spots.a.duration: is 8000 seconds, which is 2 hours 13 minutes: did you mean 8 "
        "seconds?\n"
        "$.spots.b.duration: is 12500 seconds, which is 3 hours 28 minutes: did you mean 12.5 "
        "seconds?\n");
    free(lines);
    static const int plain[] = {1, 8, 600, 1000, 1500, 1800, 3600, 5400, 7200, 7210, 43200, 86400};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        char json[256];
        snprintf(json, sizeof json, OPEN "%d}}}", plain[i]);
        lines = told(json, check_durations, &utc, NOW);
        assert_string_equal(lines, "");
        free(lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dayparts_that_are_over),
        cmocka_unit_test(dayparts_that_no_day_fits),
        cmocka_unit_test(the_zone_decides),
        cmocka_unit_test(dayparts_that_are_outranked),
        cmocka_unit_test(shares),
        cmocka_unit_test(hours_with_nothing),
        cmocka_unit_test(slots_that_are_cut),
        cmocka_unit_test(what_is_not_used),
        cmocka_unit_test(many_dayparts),
        cmocka_unit_test(too_many_days),
        cmocka_unit_test(two_countries_without_a_zone),
        cmocka_unit_test(durations_in_milliseconds),
    };
    return cmocka_run_group_tests_name("schedule_lint", tests, NULL, NULL);
}
