#include "core/hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/zone.h"
#include "sample_zones.h"

static const struct civil_zone utc;

static int64_t at(const char *text)
{
    int64_t ms;
    bool local;
    if (!civil_parse_instant(text, &local, &ms))
        fail_msg("%s", text);
    return ms;
}

static struct hours parse(const char *text, enum hours_kind kind)
{
    struct hours hours;
    struct err err = {0};
    if (!hours_parse(&hours, text, kind, &err))
        fail_msg("%s: %s", text, err.text);
    return hours;
}

/* 2026-11-30 is a Monday. */
static void when_it_is_open(void **state)
{
    (void)state;
    static const struct {
        const char *text, *open, *closed; /* instants, with blanks between */
    } lines[] = {
        {"07:00-23:00", "2026-11-30T07:00Z 2026-12-06T22:59Z",
         "2026-11-30T06:59Z 2026-11-30T23:00Z"},
        {"24/7", "2026-11-30T00:00Z 2026-12-05T23:59Z", ""},
        {"off", "", "2026-11-30T00:00Z 2026-11-30T12:00Z"},
        {"Mo-Fr 07:00-23:00; Sa 08:00-24:00; 2026-12-25 off",
         "2026-11-30T07:00Z 2026-12-04T12:00Z 2026-12-05T23:59Z 2027-12-24T12:00Z",
         "2026-12-05T07:59Z 2026-12-06T00:00Z 2026-12-06T12:00Z 2026-12-25T12:00Z"},
        {"Mo,We,Fr 10:00-12:00,13:00-17:00", "2026-11-30T11:59Z 2026-12-02T13:00Z",
         "2026-11-30T12:00Z 2026-12-01T11:00Z"},
        {"Fr-Mo 10:00-12:00", "2026-12-04T10:00Z 2026-12-06T10:00Z 2026-11-30T10:00Z",
         "2026-12-01T10:00Z 2026-12-03T10:00Z"},
        /* Over midnight, and 26:00 is 2 o'clock of the next day, whatever that day's rule is. */
        {"Fr 22:00-02:00; Sa off", "2026-12-04T22:00Z 2026-12-05T01:59Z",
         "2026-12-04T01:00Z 2026-12-05T02:00Z 2026-12-05T22:30Z"},
        {"Fr 22:00-26:00", "2026-12-05T01:59Z", "2026-12-05T02:00Z"},
        {"Fr 10:00-48:00", "2026-12-05T23:59Z", "2026-12-06T00:00Z 2026-12-04T09:59Z"},
        /* The rule that stands last is the day's, whole. */
        {"Mo-Su 08:00-20:00; Su 12:00-14:00; 2026-12-06 09:00-10:00",
         "2026-12-06T09:30Z 2026-12-13T13:00Z", "2026-12-06T12:30Z 2026-12-13T09:00Z"},
        {"2026-12-24-2027-01-02 10:00-12:00",
         "2026-12-24T10:00Z 2026-12-31T10:00Z 2027-01-02T11:00Z",
         "2026-12-23T10:00Z 2027-01-03T10:00Z 2027-12-25T10:00Z"},
        {"08:00-20:00; Dec 25,Jan 1 off; Dec 24-26 10:00-12:00",
         "2026-12-24T10:00Z 2029-12-25T10:00Z", "2027-01-01T10:00Z 2026-12-25T09:00Z"},
        {"Dec 24-Jan 2 10:00-12:00", "2026-12-24T10:00Z 2027-01-02T10:00Z",
         "2027-01-03T10:00Z 2026-12-23T10:00Z"},
        {"Feb 29 10:00-12:00", "2028-02-29T10:00Z", "2027-03-01T10:00Z 2027-02-28T10:00Z"},
        /* Blanks, cases, and the signs of word processors and input methods. */
        {" mo - fr  7:00 - 23:00 ; SA 8:00-24:00 ; ", "2026-11-30T07:00Z 2026-12-05T08:00Z",
         "2026-12-06T12:00Z"},
        {"Mo\u2013Fr 07:00\u201323:00", "2026-11-30T07:00Z", "2026-12-05T08:00Z"},
        {"Mo\uff0dFr\u300007\uff1a00\uff5e23\uff1a00\uff1bSa off", "2026-11-30T07:00Z",
         "2026-12-05T08:00Z"},
        {"Mo-Fr 07:00-23:00; Sa closed", "2026-11-30T07:00Z", "2026-12-05T08:00Z"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct hours hours = parse(lines[i].text, HOURS_OPEN);
        for (int open = 0; open <= 1; open++) {
            char text[256], *rest = text, *word;
            snprintf(text, sizeof text, "%s", open ? lines[i].open : lines[i].closed);
            while ((word = strtok_r(rest, " ", &rest)))
                if (hours_value(&hours, &utc, at(word), 0) != open)
                    fail_msg("%s: %s is not %s", lines[i].text, word, open ? "open" : "closed");
        }
    }
}

static void levels(void **state)
{
    (void)state;
    struct hours hours =
        parse("22:00-06:00 0.4, 06:00-08:00 0.75; Sa,Su 20:00-09:00 0", HOURS_LEVEL);
    assert_true(hours_value(&hours, &utc, at("2026-11-30T21:59Z"), 1) == 1);
    assert_true(hours_value(&hours, &utc, at("2026-11-30T22:00Z"), 1) == 0.4);
    assert_true(hours_value(&hours, &utc, at("2026-12-01T05:59Z"), 1) == 0.4);
    assert_true(hours_value(&hours, &utc, at("2026-12-01T06:00Z"), 1) == 0.75);
    assert_true(hours_value(&hours, &utc, at("2026-12-05T05:00Z"), 1) == 0.4);
    assert_true(hours_value(&hours, &utc, at("2026-12-05T07:00Z"), 1) == 1);
    assert_true(hours_value(&hours, &utc, at("2026-12-05T20:00Z"), 1) == 0);
    /* Of two days' spans, that of the later day counts. */
    assert_true(hours_value(&hours, &utc, at("2026-12-07T06:30Z"), 1) == 0.75);
    struct hours always = parse("24/7 0.8", HOURS_LEVEL);
    assert_true(hours_value(&always, &utc, at("2026-12-07T06:30Z"), 1) == 0.8);
}

static void the_next_change(void **state)
{
    (void)state;
    static const struct {
        const char *text, *from, *to; /* NULL: never */
    } lines[] = {
        {"07:00-23:00", "2026-11-30T07:00Z", "2026-11-30T23:00Z"},
        {"07:00-23:00", "2026-11-30T06:00Z", "2026-11-30T07:00Z"},
        {"07:00-23:00", "2026-11-30T23:00Z", "2026-12-01T07:00Z"},
        {"Sa 08:00-24:00; Su 00:00-10:00", "2026-12-05T08:00Z", "2026-12-06T10:00Z"},
        {"Mo-Fr 07:00-23:00", "2026-12-04T23:00Z", "2026-12-07T07:00Z"},
        {"Dec 25 10:00-12:00", "2026-12-25T12:00Z", "2027-12-25T10:00Z"},
        {"2026-12-25 10:00-12:00", "2026-12-25T12:00Z", NULL},
        {"24/7", "2026-12-25T12:00Z", NULL},
        {"off", "2026-12-25T12:00Z", NULL},
        {"Fr 22:00-26:00", "2026-12-04T23:00Z", "2026-12-05T02:00Z"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct hours hours = parse(lines[i].text, HOURS_OPEN);
        int64_t found = hours_next_change(&hours, &utc, at(lines[i].from), 0);
        if (found != (lines[i].to ? at(lines[i].to) : INT64_MAX))
            fail_msg("%s: after %s comes %lld", lines[i].text, lines[i].from, (long long)found);
    }
}

/* The spring night has no 01:30, the autumn night has two; each edge comes once. */
static void nights_when_clocks_are_set(void **state)
{
    (void)state;
    struct zone zone = {0};
    struct err err = {0};
    if (!zone_load(&zone, "Europe/London", &err))
        fail_msg("%s", err.text);
    struct hours hours = parse("01:30-04:00", HOURS_OPEN);
    const struct civil_zone *civil = &zone.civil;
    assert_true(hours_value(&hours, civil, at("2026-03-29T00:59Z"), 0) == 0);
    assert_true(hours_value(&hours, civil, at("2026-03-29T01:00Z"), 0) == 1);
    int64_t next_ms = hours_next_change(&hours, civil, at("2026-03-29T00:00Z"), 0);
    assert_true(next_ms == at("2026-03-29T01:00Z"));
    next_ms = hours_next_change(&hours, civil, at("2026-03-29T01:00Z"), 0);
    assert_true(next_ms == at("2026-03-29T03:00Z"));
    assert_true(hours_value(&hours, civil, at("2026-10-25T00:30Z"), 0) == 1);
    assert_true(hours_value(&hours, civil, at("2026-10-25T01:15Z"), 0) == 1);
    next_ms = hours_next_change(&hours, civil, at("2026-10-25T00:30Z"), 0);
    assert_true(next_ms == at("2026-10-25T04:00Z"));
    zone_finish(&zone);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
        enum hours_kind kind;
    } lines[] = {
        {"", "has \"nothing\" where a day or a time is needed, as in Mo-Fr 07:00-23:00; Dec 25 off",
         HOURS_OPEN},
        {"Mon-Fri 07:00-23:00", "has \"Mon-Fri\", which is no day; did you mean Mo?", HOURS_OPEN},
        {"Mo-Fri 07:00-23:00", "has \"Fri\", which is no day; did you mean Fr?", HOURS_OPEN},
        {"Monday 07:00-23:00", "has \"Monday\", which is no day; did you mean Mo?", HOURS_OPEN},
        {"Mo-So 07:00-23:00", "has \"So\", which is no day; days are Mo Tu We Th Fr Sa Su",
         HOURS_OPEN},
        {"Mo,Di 07:00-23:00", "has \"Di\", which is no day; days are Mo Tu We Th Fr Sa Su",
         HOURS_OPEN},
        {"PH off", "has \"PH\", which is no day; name the dates of holidays, such as Dec 25 off",
         HOURS_OPEN},
        {"weekend off", "has \"weekend\", which is no day; did you mean Sa,Su?", HOURS_OPEN},
        {"daily 07:00-23:00",
         "has \"daily\", which is no day; leave it out: times without days are for every day",
         HOURS_OPEN},
        {"December 25 off", "has \"December\", which is no day; did you mean Dec?", HOURS_OPEN},
        {"Dec 32 off", "has no day of the month behind Dec", HOURS_OPEN},
        {"Feb 30 off", "has no day of the month behind Feb", HOURS_OPEN},
        {"Dec 24-Jan 0 off", "has no day of the month behind Jan", HOURS_OPEN},
        {"Dec off", "has no day of the month behind Dec", HOURS_OPEN},
        {"2026-02-30 off",
         "has \"2026-02-30\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"2026-12-24-2026-12-01 off", "has a span of dates that ends before it begins", HOURS_OPEN},
        {"2026-12-24- off", "has a span of dates without an end such as 2026-12-31", HOURS_OPEN},
        {"Mo", "has \"nothing\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"Mo-Fr: 07:00-23:00", "has a \":\" behind the days; leave it out", HOURS_OPEN},
        {"7am-11pm",
         "has \"7am-11pm\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"7:00-11:00pm",
         "has \"7:00-11:00pm\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"7-23", "has \"7-23\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"07:00", "has \"07:00\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"07:00+",
         "has \"07:00+\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"07:60-08:00",
         "has \"07:60-08:00\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"07:00-48:01",
         "has \"07:00-48:01\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"25:00-26:00",
         "has \"25:00-26:00\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_OPEN},
        {"07:00-07:00", "has a span that ends when it begins; for the whole day write 00:00-24:00",
         HOURS_OPEN},
        {"Mo-Fr 07:00-23:00 Sa 08:00-24:00",
         "has \"Sa\" where a rule should end; put a ; between rules", HOURS_OPEN},
        {"Mo 07:00-23:00; 08:00-20:00",
         "has a rule for every day after others, which would count for nothing; put it first, or a "
         "comma between times of the same days",
         HOURS_OPEN},
        {"; Mo 07:00-23:00",
         "has \"nothing\" where a day or a time is needed, as in Mo-Fr 07:00-23:00; Dec 25 off",
         HOURS_OPEN},
        {"22:00-06:00",
         "has \"nothing\" where a number from 0 to 1 is needed, as in 22:00-06:00 0.4",
         HOURS_LEVEL},
        {"22:00-06:00 40%",
         "has \"40%\" where a number from 0 to 1 is needed, as in 22:00-06:00 0.4", HOURS_LEVEL},
        {"22:00-06:00 1.1",
         "has \"1.1\" where a number from 0 to 1 is needed, as in 22:00-06:00 0.4", HOURS_LEVEL},
        {"0.4", "has \"0.4\" where a span of times of 24 hours is needed, such as 07:00-23:00",
         HOURS_LEVEL},
        {"\xec\x9b\x94 07:00-23:00",
         "has \"\xec\x9b\x94\" where a day or a time is needed, as in Mo-Fr 07:00-23:00; Dec 25 "
         "off",
         HOURS_OPEN},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct err err = {0};
        if (hours_parse(NULL, lines[i].text, lines[i].kind, &err))
            fail_msg("%s was taken", lines[i].text);
        assert_int_equal(err.code, ERR_INPUT);
        assert_string_equal(err.text, lines[i].words);
    }
}

static void bounds(void **state)
{
    (void)state;
    char text[4096] = "";
    struct err err = {0};
    size_t used = 0;
    for (int i = 0; i <= HOURS_RULES_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "Mo 07:00-08:00;");
    assert_false(hours_parse(NULL, text, HOURS_OPEN, &err));
    assert_string_equal(err.text, "has more than 32 rules");
    used = 0;
    for (int i = 0; i <= HOURS_SPANS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s07:00-08:00", i ? "," : "");
    assert_false(hours_parse(NULL, text, HOURS_OPEN, &err));
    assert_string_equal(err.text, "has more than 8 times in a rule");
    used = 0;
    for (int i = 0; i <= HOURS_DATES_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s2026-12-25", i ? "," : "");
    assert_false(hours_parse(NULL, text, HOURS_OPEN, &err));
    assert_string_equal(err.text, "has more than 16 dates in a rule");
    memset(text, ' ', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(hours_parse(NULL, text, HOURS_OPEN, &err));
    assert_string_equal(err.text, "is longer than 2048 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_it_is_open), cmocka_unit_test(levels),
        cmocka_unit_test(the_next_change), cmocka_unit_test(nights_when_clocks_are_set),
        cmocka_unit_test(what_is_refused), cmocka_unit_test(bounds),
    };
    sample_zones_use();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
