#include "core/civil.h"

#include <stdio.h>

#define DAYS_IN_400_YEARS 146097
#define DAYS_TO_1970 719162 /* from 0001-01-01 */
#define DAYS_LIMIT 3000000
#define YEAR_MIN 1
#define YEAR_MAX 9999

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t add_saturating(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days of the year before the first of a month, 1 to 12; 13 gives the year's length. */
static int days_before_month(int year, int month)
{
    static const int16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    return before[month - 1] + (month > 2 && is_leap(year));
}

/* From 0001-01-01 to the first of January of a year ≥ 1. */
static int32_t days_before_year(int year)
{
    int past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

bool civil_day_of(int year, int month, int day, int32_t *days)
{
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1)
        return false;
    int before = days_before_month(year, month);
    if (day > days_before_month(year, month + 1) - before)
        return false;
    *days = days_before_year(year) + before + day - 1 - DAYS_TO_1970;
    return true;
}

void civil_date_of(int32_t days, int *year, int *month, int *day)
{
    int32_t since = days + DAYS_TO_1970;
    int32_t cycle = (int32_t)floor_div(since, DAYS_IN_400_YEARS);
    int32_t rest = since - cycle * DAYS_IN_400_YEARS;
    /* The year of the cycle by its longest possible years, then at most one step on. */
    int y = rest / 366 + 1;
    while (days_before_year(y + 1) <= rest)
        y++;
    rest -= days_before_year(y);
    int m = rest / 31 + 1;
    if (days_before_month(y, m + 1) <= rest)
        m++;
    *year = y + cycle * 400;
    *month = m;
    *day = rest - days_before_month(y, m) + 1;
}

int civil_weekday(int32_t days)
{
    /* 1970-01-01 was a Thursday. */
    int64_t since_monday = (int64_t)days + 3;
    return (int)(since_monday - floor_div(since_monday, 7) * 7);
}

/* How many changes are at or before t_ms. */
static size_t changes_until(const struct civil_zone *zone, int64_t t_ms)
{
    size_t low = 0, high = zone->change_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].from_ms <= t_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_after(const struct civil_zone *zone, size_t changes)
{
    return changes ? zone->changes[changes - 1].offset_ms : zone->first_offset_ms;
}

int32_t civil_offset_ms(const struct civil_zone *zone, int64_t t_ms)
{
    return offset_after(zone, changes_until(zone, t_ms));
}

int64_t civil_local_ms(const struct civil_zone *zone, int64_t t_ms)
{
    return add_saturating(t_ms, civil_offset_ms(zone, t_ms));
}

int32_t civil_local_day(const struct civil_zone *zone, int64_t t_ms)
{
    int64_t day = floor_div(civil_local_ms(zone, t_ms), CIVIL_DAY_MS);
    if (day > DAYS_LIMIT)
        return DAYS_LIMIT;
    return day < -DAYS_LIMIT ? -DAYS_LIMIT : (int32_t)day;
}

/* The first instant whose local time is local_ms or later: for a time that exists the time itself,
 * for one that occurs twice the first, for one that is skipped the change. It never falls while
 * local_ms rises, which days rely on. */
int64_t civil_instant(const struct civil_zone *zone, int64_t local_ms)
{
    /* No offset is larger than INT32_MAX: earlier stretches can't reach local_ms. */
    size_t i = changes_until(zone, add_saturating(local_ms, -(int64_t)INT32_MAX));
    while (i < zone->change_count &&
           add_saturating(zone->changes[i].from_ms, offset_after(zone, i)) <= local_ms)
        i++;
    int64_t t_ms = add_saturating(local_ms, -(int64_t)offset_after(zone, i));
    if (i > 0 && t_ms < zone->changes[i - 1].from_ms)
        return zone->changes[i - 1].from_ms;
    return t_ms;
}

/* Reads exactly `digits` digits and moves on. */
static bool parse_digits(const char **text, int digits, int *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++) {
        char c = **text;
        if (c < '0' || c > '9')
            return false;
        *value = *value * 10 + (c - '0');
        (*text)++;
    }
    return true;
}

static bool parse_char(const char **text, char expected)
{
    if (**text != expected)
        return false;
    (*text)++;
    return true;
}

static bool parse_date_part(const char **text, int32_t *days)
{
    int year, month, day;
    return parse_digits(text, 4, &year) && parse_char(text, '-') && parse_digits(text, 2, &month) &&
           parse_char(text, '-') && parse_digits(text, 2, &day) &&
           civil_day_of(year, month, day, days);
}

/* "HH:MM" or "HH:MM:SS", hours up to 24 (then nothing after them but zeros). */
static bool parse_time_part(const char **text, int32_t *ms)
{
    int hour, minute, second = 0;
    if (!parse_digits(text, 2, &hour) || !parse_char(text, ':') || !parse_digits(text, 2, &minute))
        return false;
    if (parse_char(text, ':') && !parse_digits(text, 2, &second))
        return false;
    if (hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute || second)))
        return false;
    *ms = ((hour * 60 + minute) * 60 + second) * 1000;
    return true;
}

/* ".5" and the like: milliseconds, further digits dropped. */
static bool parse_fraction(const char **text, int32_t *ms)
{
    *ms = 0;
    if (!parse_char(text, '.'))
        return true;
    int digits = 0, weight = 100;
    for (int value; parse_digits(text, 1, &value); weight /= 10, digits++)
        *ms += value * weight;
    return digits > 0;
}

/* "Z", "+09:00", or nothing: then *local. */
static bool parse_utc_offset(const char **text, bool *local, int32_t *ms)
{
    *ms = 0;
    *local = **text == '\0';
    if (*local || parse_char(text, 'Z') || parse_char(text, 'z'))
        return true;
    int sign = **text == '-' ? -1 : 1;
    if (!parse_char(text, '+') && !parse_char(text, '-'))
        return false;
    int hour, minute;
    if (!parse_digits(text, 2, &hour) || !parse_char(text, ':') ||
        !parse_digits(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *ms = sign * (hour * 60 + minute) * 60000;
    return true;
}

bool civil_parse_instant(const char *text, bool *local, int64_t *ms)
{
    int32_t days, time_ms, fraction_ms = 0, offset_ms;
    bool is_local;
    if (!parse_date_part(&text, &days) || !(parse_char(&text, 'T') || parse_char(&text, 't')))
        return false;
    const char *time = text;
    if (!parse_time_part(&text, &time_ms) || time_ms == CIVIL_DAY_MS)
        return false;
    /* Only seconds may have a fraction. */
    if (text - time > 5 && !parse_fraction(&text, &fraction_ms))
        return false;
    if (!parse_utc_offset(&text, &is_local, &offset_ms) || *text)
        return false;
    *local = is_local;
    *ms = (int64_t)days * CIVIL_DAY_MS + time_ms + fraction_ms - offset_ms;
    return true;
}

bool civil_parse_date(const char *text, int32_t *days)
{
    int32_t value;
    if (!parse_date_part(&text, &value) || *text)
        return false;
    *days = value;
    return true;
}

bool civil_parse_time(const char *text, int32_t *ms)
{
    int32_t value;
    if (!parse_time_part(&text, &value) || *text)
        return false;
    *ms = value;
    return true;
}

void civil_format(const struct civil_zone *zone, int64_t t_ms, char text[40])
{
    /* RFC 3339 has no seconds in an offset (local mean times do): local time and offset are both
     * given to the minute below, so that the text is still the same instant. */
    int32_t offset_min = (int32_t)floor_div(civil_offset_ms(zone, t_ms), 60000);
    int64_t local_ms = add_saturating(t_ms, (int64_t)offset_min * 60000);
    const int64_t first_ms = -(int64_t)DAYS_TO_1970 * CIVIL_DAY_MS;
    const int64_t last_ms = first_ms + (int64_t)days_before_year(YEAR_MAX + 1) * CIVIL_DAY_MS - 1;
    if (local_ms < first_ms)
        local_ms = first_ms;
    if (local_ms > last_ms)
        local_ms = last_ms;

    int32_t days = (int32_t)floor_div(local_ms, CIVIL_DAY_MS);
    int ms = (int)(local_ms - (int64_t)days * CIVIL_DAY_MS);
    int year, month, day;
    civil_date_of(days, &year, &month, &day);
    int used = snprintf(text, 40, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, ms / 3600000,
                        ms / 60000 % 60, ms / 1000 % 60);
    if (ms % 1000)
        used += snprintf(text + used, 40 - (size_t)used, ".%03d", ms % 1000);
    int size_min = offset_min < 0 ? -offset_min : offset_min;
    snprintf(text + used, 40 - (size_t)used, "%c%02d:%02d", offset_min < 0 ? '-' : '+',
             size_min / 60, size_min % 60);
}
