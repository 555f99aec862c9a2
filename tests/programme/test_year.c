/* next_change against a whole year, second by second, in a zone whose clocks change twice in it:
 * between two changes nothing changes, and at each something does. */
#include "base/zone.h"
#include "programme/programme.h"
#include "../unit/sample_zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SECOND_MS 1000
#define YEAR_S 31536000

/* Hours that are skipped or come twice, nights, shares, priorities, an opening at one instant,
 * slots and transitions that end within a second, and nothing at times. */
static const char text[] =
    "{\"format\": \"duckling/1\","
    "\"defaults\": {\"duration\": 40, \"transition\": {\"type\": \"crossfade\", \"duration\": "
    "2.4}},"
    "\"spots\": {\"a\": {\"tagline\": \"a\", \"duration\": 61.7}, \"b\": {\"tagline\": \"b\"},"
    "\"c\": {\"tagline\": \"c\", \"duration\": 90, \"transition\": \"cut\"},"
    "\"d\": {\"tagline\": \"d\", \"duration\": 33.333}, \"e\": {\"tagline\": \"e\"}},"
    "\"loops\": {\"day\": [\"a\", \"b\", \"c\"], \"night\": [\"d\", \"c\"], \"e\": [\"e\"]},"
    "\"schedule\": ["
    "{\"loop\": \"day\", \"start_time\": \"06:00\", \"end_time\": \"22:00:07\"},"
    "{\"loop\": \"night\", \"start_time\": \"22:00\", \"end_time\": \"01:45\","
    " \"by_day\": [\"TU\", \"FR\", \"SA\"], \"except_dates\": [\"2026-07-03\"]},"
    "{\"loop\": \"e\", \"start_time\": \"02:10\", \"end_time\": \"02:50\", \"by_day\": [\"SU\"]},"
    "{\"loop\": \"e\", \"start_time\": \"01:15\", \"end_time\": \"01:40\", \"by_day\": [\"SU\"]},"
    "{\"loop\": \"night\", \"by_day\": [\"WE\"], \"share_of_voice\": 0.3},"
    "{\"loop\": \"e\", \"start\": \"2026-06-01T20:00:00.250Z\","
    " \"end\": \"2026-06-01T22:10:00+00:00\", \"priority\": 9}]}";

struct year {
    struct playlist_faults faults;
    struct playlist *playlist;
    struct zone zone;
    struct programme *programme;
};

static int open_year(void **state)
{
    static struct year year;
    struct err err = {0};
    year = (struct year){0};
    *state = &year;
    year.playlist = playlist_parse(text, sizeof text - 1, &year.faults);
    if (!year.playlist) {
        fprintf(stderr, "# %s: %s\n", year.faults.items[0].path, year.faults.items[0].text);
        return -1;
    }
    if (!zone_load(&year.zone, "America/New_York", &err))
        return -1;
    year.programme = programme_create(year.playlist, &year.zone.civil, NULL);
    return year.programme ? 0 : -1;
}

static int close_year(void **state)
{
    struct year *year = *state;
    programme_destroy(year->programme);
    zone_finish(&year->zone);
    playlist_destroy(year->playlist);
    playlist_faults_finish(&year->faults);
    return 0;
}

static bool same_slot(const struct programme_slot *a, const struct programme_slot *b)
{
    return a->source == b->source && a->spot == b->spot && a->daypart == b->daypart &&
           a->loop == b->loop && a->start_ms == b->start_ms && a->end_ms == b->end_ms;
}

static bool same_slots(const struct programme_scene *a, const struct programme_scene *b)
{
    return a->has_from == b->has_from && same_slot(&a->to, &b->to) &&
           (!a->has_from || same_slot(&a->from, &b->from));
}

static void a_year_second_by_second(void **state)
{
    struct year *year = *state;
    int64_t t_ms = civil_instant(&year->zone.civil, INT64_C(1767225600000)); /* 2026-01-01 */
    struct programme_scene scene = programme_scene_at(year->programme, t_ms);
    int64_t change_ms = programme_next_change(year->programme, t_ms);
    int changes = 0, cards = 0, shared = 0;
    for (int second = 0; second < YEAR_S; second++, t_ms += SECOND_MS) {
        for (; change_ms <= t_ms; changes++) {
            struct programme_scene before = programme_scene_at(year->programme, change_ms - 1);
            struct programme_scene at = programme_scene_at(year->programme, change_ms);
            if (!same_slots(&before, &scene) || same_slots(&at, &scene))
                fail_msg("the change at %lld ms is none", (long long)change_ms);
            scene = at;
            change_ms = programme_next_change(year->programme, change_ms);
        }
        struct programme_scene now = programme_scene_at(year->programme, t_ms);
        if (!same_slots(&now, &scene))
            fail_msg("at %lld ms something changes before %lld ms", (long long)t_ms,
                     (long long)change_ms);
        cards += now.to.source == PROGRAMME_NOTHING;
        shared += now.to.daypart == 4;
    }
    /* It was a year in which something happened. */
    assert_int_equal(t_ms, civil_instant(&year->zone.civil, INT64_C(1798761600000)));
    assert_true(changes > 500000);
    assert_true(cards > 100 * 3600 && shared > 100 * 3600);
}

int main(void)
{
    sample_zones_use();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_year_second_by_second, open_year, close_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
