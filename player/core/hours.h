/* Hours of the week and of dates, as people write them for shops: "Mo-Fr 07:00-23:00; Sa 08:00-24:00;
 * Dec 25 off". Each may have a number, such as how bright a screen is then.
 *
 * A subset of OpenStreetMap's opening_hours (https://wiki.openstreetmap.org/wiki/Key:opening_hours).
 * Rules stand between semicolons. A rule is days (none: every day), then times, "off", or both in the
 * form "24/7". The last rule that names a day is that day's. Days are Mo to Su, single or as a span
 * (Fr-Mo goes round), and dates: 2026-12-25, or Dec 25 of every year, single or as a span, such as
 * 2026-12-24-2027-01-02, Dec 24-26 or Dec 24-Jan 2. Times are spans between commas. One that ends
 * before it begins, or after 24:00, goes on into the next day, whatever that day's rule is.
 *
 * Local times become instants as those of a programme do (civil_instant). Pure; any thread. */
#ifndef CORE_HOURS_H
#define CORE_HOURS_H

#include "core/civil.h"
#include "core/err.h"

#include <stdint.h>

#define HOURS_RULES_MAX 32
#define HOURS_DATES_MAX 16 /* in a rule */
#define HOURS_SPANS_MAX 8  /* in a rule */
#define HOURS_HORIZON_DAYS 400
#define HOURS_RATE_MIN 16000
#define HOURS_RATE_MAX 1e12

enum hours_kind {
    HOURS_OPEN,  /* times alone; the value is 1 in them, 0 outside */
    HOURS_LEVEL, /* each span of times has a number from 0 to 1 behind it: "22:00-06:00 0.4" */
    HOURS_RATE,  /* each has a number of bytes a second behind it: "09:00-18:00 200k" */
};

struct hours_rule {
    uint8_t weekdays; /* bits of Mo to Su */
    int date_count;
    struct hours_dates {
        bool yearly;         /* then both are month × 100 + day */
        int32_t first, last; /* else days since 1970; both included */
    } dates[HOURS_DATES_MAX];
    int span_count; /* 0: off */
    struct hours_span {
        int32_t start_ms, end_ms; /* since midnight; the end may be up to 48 hours */
        double value;
    } spans[HOURS_SPANS_MAX];
};

/* Zeroed: no rules. */
struct hours {
    int rule_count;
    struct hours_rule rules[HOURS_RULES_MAX];
};

/* ERR_INPUT: what is wrong completes a name ("has "Mon", which is no day; did you mean Mo?"), and
 * *hours is of no use. `hours` may be NULL. */
MUST_CHECK bool hours_parse(struct hours *hours, const char *text, enum hours_kind kind,
                            struct err *err);

/* The value of the span that covers an instant, of several that which began on the latest day;
 * `otherwise` where none does. */
double hours_value(const struct hours *hours, const struct civil_zone *zone, int64_t t_ms,
                   double otherwise);

/* When the value changes next; INT64_MAX: not within HOURS_HORIZON_DAYS. */
int64_t hours_next_change(const struct hours *hours, const struct civil_zone *zone, int64_t t_ms,
                          double otherwise);

#endif
