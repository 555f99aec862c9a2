/* POSIX TZ strings ("EST5EDT,M3.2.0,M11.1.0"), with RFC 9636's extension: hours of a rule from -167
 * to 167.
 *
 * Pure; any thread. For base/zone only. */
#ifndef BASE_ZONE_RULE_H
#define BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum zone_rule_form {
    ZONE_RULE_JULIAN, /* Jn: 1 to 365, 29 February never counted */
    ZONE_RULE_DAY,    /* n: 0 to 365, 29 February counted */
    ZONE_RULE_MONTH   /* Mm.w.d */
};

/* A day of the year and a time on it. */
struct zone_rule_date {
    enum zone_rule_form form;
    int month, week, weekday; /* for ZONE_RULE_MONTH: 1 to 12, 1 to 5 (5: last), 0 (Sunday) to 6 */
    int day;                  /* for the other two */
    int32_t time_s;           /* local time before the change */
};

/* Offsets are seconds east of Greenwich. Without daylight saving time only std_offset_s counts. */
struct zone_rule {
    int32_t std_offset_s, dst_offset_s;
    bool has_dst;
    struct zone_rule_date dst_start, dst_end;
};

/* False where `text` (NUL-terminated) is no such string, whole. */
bool zone_rule_parse(const char *text, struct zone_rule *rule);

/* The instants (Unix time in seconds) of a year's two changes; for rules with daylight saving
 * time. */
void zone_rule_year(const struct zone_rule *rule, int year, int64_t *dst_start_s,
                    int64_t *dst_end_s);

#endif
