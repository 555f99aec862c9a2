/* Any bytes as a time zone file, and as a POSIX rule: what is accepted is a table that the programme
 * can rely on (base/zone.h), and what is refused has a reason. */
#include "base/zone.h"
#include "base/zone_rule.h"

#include <stdlib.h>
#include <string.h>

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#define OFFSET_MIN_MS (ZONE_OFFSET_MIN_S * INT64_C(1000))
#define OFFSET_MAX_MS (ZONE_OFFSET_MAX_S * INT64_C(1000))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_offset(const struct civil_zone *zone, int64_t t_ms)
{
    int64_t offset_ms = civil_offset_ms(zone, t_ms);
    PROMISE(offset_ms >= OFFSET_MIN_MS && offset_ms <= OFFSET_MAX_MS);
}

static void check_table(const struct zone *zone)
{
    const struct civil_zone *civil = &zone->civil;
    PROMISE(civil->first_offset_ms >= OFFSET_MIN_MS && civil->first_offset_ms <= OFFSET_MAX_MS);
    int64_t before_ms = civil->first_offset_ms;
    for (size_t i = 0; i < civil->change_count; i++) {
        PROMISE(i == 0 || civil->changes[i].from_ms > civil->changes[i - 1].from_ms);
        PROMISE(civil->changes[i].offset_ms != before_ms);
        before_ms = civil->changes[i].offset_ms;
        check_offset(civil, civil->changes[i].from_ms - 1);
        check_offset(civil, civil->changes[i].from_ms);
    }
    /* Any day of the programme's years has a beginning. */
    for (int64_t day = 0; day < 84000; day += 4001)
        check_offset(civil, civil_instant(civil, day * CIVIL_DAY_MS));
}

static void check_rule(const char *text)
{
    struct zone_rule rule;
    if (!zone_rule_parse(text, &rule) || !rule.has_dst)
        return;
    for (int year = 1900; year <= 2200; year += 7) {
        int64_t start_s, end_s;
        zone_rule_year(&rule, year, &start_s, &end_s);
        PROMISE(start_s > INT64_C(-2300000000) && end_s > INT64_C(-2300000000));
        PROMISE(start_s < INT64_C(7300000000) && end_s < INT64_C(7300000000));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone zone;
    struct err err = {0};
    /* Memory of its own, so that a byte read past the end is seen. */
    char *bytes = malloc(size + 1);
    PROMISE(bytes);
    if (size > 0)
        memcpy(bytes, data, size);
    bytes[size] = '\0';
    check_rule(bytes);
    char *exact = realloc(bytes, size > 0 ? size : 1);
    PROMISE(exact);
    if (zone_parse(&zone, "Test/Zone", exact, size, &err)) {
        check_table(&zone);
        zone_finish(&zone);
    } else {
        PROMISE(err.code == ERR_INPUT && err.text[0]);
    }
    free(exact);
    return 0;
}
