#include "commands/publish/publish_time.h"

#include "base/zone.h"

#include <inttypes.h>
#include <stdio.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define MINUTES_PER_DAY 1440
#define DAYS_MAX 2932896 /* the last day of 9999, since 1970 */

void publish_time_print(const struct settings *settings, int64_t ms, char text[PUBLISH_TIME_BYTES])
{
    struct zone zone = {0};
    const char *name = settings->values[SETTING_TIMEZONE].text;
    struct err unused;
    /* On failure the zone is zeroed, which is UTC. */
    if (!(name ? zone_load(&zone, name, &unused) : zone_load_system(&zone, &unused)))
        zone = (struct zone){0};
    civil_format(&zone.civil, ms - ms % 1000, text);
    zone_finish(&zone);
}

int64_t publish_time_version(int64_t ms)
{
    int year, month, day;
    int64_t minutes = ms > 0 ? ms / MINUTE_MS : 0;
    int64_t days = minutes / MINUTES_PER_DAY;
    civil_date_of((int32_t)(days < DAYS_MAX ? days : DAYS_MAX), &year, &month, &day);
    int left = (int)(minutes % MINUTES_PER_DAY);
    int64_t date = (year * INT64_C(100) + month) * 100 + day;
    return (date * 100 + left / 60) * 100 + left % 60;
}

static int64_t round_to_unit(int64_t ms, int64_t unit_ms)
{
    return (ms + unit_ms / 2) / unit_ms;
}

void publish_time_span(int64_t span_ms, char text[PUBLISH_TIME_BYTES])
{
    int64_t minutes = round_to_unit(span_ms, MINUTE_MS);
    if (span_ms < MINUTE_MS)
        snprintf(text, PUBLISH_TIME_BYTES, "%" PRId64 " s", span_ms / 1000);
    else if (span_ms < HOUR_MS)
        snprintf(text, PUBLISH_TIME_BYTES, "%" PRId64 " min", minutes);
    else if (span_ms < 48 * HOUR_MS)
        snprintf(text, PUBLISH_TIME_BYTES, "%" PRId64 " h %" PRId64 " min", minutes / 60,
                 minutes % 60);
    else
        snprintf(text, PUBLISH_TIME_BYTES, "%" PRId64 " days",
                 round_to_unit(span_ms, CIVIL_DAY_MS));
}
