#include "base/zone_rule.h"

#include "core/civil.h"

#include <string.h>

#define DAY_S 86400
#define HOUR_S 3600

static bool is_ascii_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "EST" or "<+03>"; POSIX requires at least three characters. */
static bool parse_rule_name(const char **text)
{
    const char *start = *text, *c = start;
    if (*c == '<') {
        for (c++; is_ascii_letter(*c) || is_ascii_digit(*c) || *c == '+' || *c == '-';)
            c++;
        if (*c != '>' || c - start < 4)
            return false;
        *text = c + 1;
        return true;
    }
    while (is_ascii_letter(*c))
        c++;
    *text = c;
    return c - start >= 3;
}

static bool parse_rule_number(const char **text, int max, int *value)
{
    const char *start = *text;
    *value = 0;
    for (; is_ascii_digit(**text) && *value <= max; (*text)++)
        *value = *value * 10 + (**text - '0');
    return *text != start && *value <= max;
}

/* [+-]h[:m[:s]] in seconds. */
static bool parse_rule_time(const char **text, int hours_max, int32_t *seconds)
{
    int sign = **text == '-' ? -1 : 1;
    int hour, minute = 0, second = 0;
    if (**text == '-' || **text == '+')
        (*text)++;
    if (!parse_rule_number(text, hours_max, &hour))
        return false;
    if (**text == ':') {
        (*text)++;
        if (!parse_rule_number(text, 59, &minute))
            return false;
        if (**text == ':') {
            (*text)++;
            if (!parse_rule_number(text, 59, &second))
                return false;
        }
    }
    *seconds = sign * (hour * HOUR_S + minute * 60 + second);
    return true;
}

static bool parse_rule_month(const char **text, struct zone_rule_date *date)
{
    date->form = ZONE_RULE_MONTH;
    if (!parse_rule_number(text, 12, &date->month) || *(*text)++ != '.')
        return false;
    if (!parse_rule_number(text, 5, &date->week) || *(*text)++ != '.')
        return false;
    return parse_rule_number(text, 6, &date->weekday) && date->month >= 1 && date->week >= 1;
}

/* ",date[/time]" */
static bool parse_rule_date(const char **text, struct zone_rule_date *date)
{
    if (*(*text)++ != ',')
        return false;
    bool ok;
    if (**text == 'M') {
        (*text)++;
        ok = parse_rule_month(text, date);
    } else if (**text == 'J') {
        (*text)++;
        date->form = ZONE_RULE_JULIAN;
        ok = parse_rule_number(text, 365, &date->day) && date->day >= 1;
    } else {
        date->form = ZONE_RULE_DAY;
        ok = parse_rule_number(text, 365, &date->day);
    }
    if (!ok)
        return false;
    date->time_s = 2 * HOUR_S;
    if (**text != '/')
        return true;
    (*text)++;
    return parse_rule_time(text, 167, &date->time_s);
}

bool zone_rule_parse(const char *text, struct zone_rule *rule)
{
    int32_t west_s;
    memset(rule, 0, sizeof *rule);
    if (!parse_rule_name(&text) || !parse_rule_time(&text, 24, &west_s))
        return false;
    rule->std_offset_s = -west_s;
    if (!*text)
        return true;
    rule->has_dst = true;
    rule->dst_offset_s = rule->std_offset_s + HOUR_S;
    if (!parse_rule_name(&text))
        return false;
    if (*text && *text != ',') {
        if (!parse_rule_time(&text, 24, &west_s))
            return false;
        rule->dst_offset_s = -west_s;
    }
    /* POSIX leaves a missing rule to the system. The C library uses that of the United States. */
    if (!*text)
        text = ",M3.2.0,M11.1.0";
    return parse_rule_date(&text, &rule->dst_start) && parse_rule_date(&text, &rule->dst_end) &&
           !*text;
}

static int32_t day_of_date(const struct zone_rule_date *date, int year)
{
    int32_t day = 0;
    if (date->form != ZONE_RULE_MONTH) {
        int32_t leap_day;
        bool is_leap = civil_day_of(year, 2, 29, &leap_day);
        (void)civil_day_of(year, 1, 1, &day);
        if (date->form == ZONE_RULE_DAY)
            return day + date->day;
        return day + date->day - 1 + (is_leap && date->day >= 60);
    }
    (void)civil_day_of(year, date->month, 1, &day);
    /* civil counts weekdays from Monday, the rule from Sunday. */
    int first = (civil_weekday(day) + 1) % 7;
    day += (date->weekday - first + 7) % 7 + (date->week - 1) * 7;
    int32_t last_of_month;
    int length = 31;
    while (!civil_day_of(year, date->month, length, &last_of_month))
        length--;
    return day > last_of_month ? day - 7 : day;
}

void zone_rule_year(const struct zone_rule *rule, int year, int64_t *dst_start_s,
                    int64_t *dst_end_s)
{
    int64_t start_day = day_of_date(&rule->dst_start, year);
    int64_t end_day = day_of_date(&rule->dst_end, year);
    *dst_start_s = start_day * DAY_S + rule->dst_start.time_s - rule->std_offset_s;
    *dst_end_s = end_day * DAY_S + rule->dst_end.time_s - rule->dst_offset_s;
}
