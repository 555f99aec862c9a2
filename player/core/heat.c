#include "core/heat.h"

#include <stdbool.h>

#define DEGREE 1000
#define TRIP_MIN (40 * DEGREE)
#define TRIP_MAX (130 * DEGREE)
#define READING_MIN (-40 * DEGREE)
#define READING_MAX (150 * DEGREE)
#define BELOW (5 * DEGREE)
#define COOL_NS INT64_C(60000000000)
/* Where one of the points is not named. */
#define PASSIVE_BELOW_CRITICAL (15 * DEGREE)
#define HOT_ABOVE_PASSIVE (10 * DEGREE)

/* Firmware leaves zeros, and numbers beyond anything, for points that it does not use. */
static int32_t trip_or_none(int32_t trip)
{
    return trip >= TRIP_MIN && trip <= TRIP_MAX ? trip : 0;
}

/* Where a zone reaches a level; 0: never. */
static int32_t find_limit(const struct heat_zone *zone, enum heat_level level)
{
    int32_t passive = trip_or_none(zone->passive), critical = trip_or_none(zone->critical);
    int32_t hot = trip_or_none(zone->hot);
    if (!critical)
        critical = hot;
    if (!passive && critical)
        passive = critical - PASSIVE_BELOW_CRITICAL;
    if (!passive || level == HEAT_WARM)
        return passive;
    int32_t limit =
        critical > passive ? passive + (critical - passive) / 2 : passive + HOT_ABOVE_PASSIVE;
    return hot > passive && hot < limit ? hot : limit;
}

static bool is_reading(const struct heat_zone *zone)
{
    return zone->now >= READING_MIN && zone->now <= READING_MAX;
}

/* The level that any zone has reached, if all limits were lower by so much. */
static enum heat_level find_level(const struct heat_zone *zones, int count, int32_t below,
                                  int *worst)
{
    enum heat_level level = HEAT_NONE;
    for (int i = 0; i < count; i++)
        for (enum heat_level at = HEAT_HOT; at > level; at--) {
            int32_t limit = find_limit(&zones[i], at);
            if (limit && is_reading(&zones[i]) && zones[i].now >= limit - below) {
                level = at;
                *worst = i;
            }
        }
    return level;
}

enum heat_level heat_step(struct heat *heat, const struct heat_zone *zones, int count,
                          int64_t now_ns)
{
    int worst = 0;
    enum heat_level reached = find_level(zones, count, 0, &worst);
    if (reached > heat->level) {
        heat->level = reached;
        heat->worst = zones[worst];
        heat->limit = find_limit(&zones[worst], reached);
    }
    if (find_level(zones, count, BELOW, &worst) >= heat->level) {
        heat->cool_since_ns = 0;
    } else if (!heat->cool_since_ns) {
        heat->cool_since_ns = now_ns;
    } else if (now_ns - heat->cool_since_ns >= COOL_NS) {
        heat->level--;
        heat->cool_since_ns = now_ns;
    }
    return heat->level;
}
