/* Parses `schedule`. */
#include "core/civil.h"
#include "playlist/playlist_json.h"
#include "playlist/playlist_texts.h"
#include "playlist/playlist_values.h"

#include <math.h>
#include <stdlib.h>

static const char *const DAYPART_KEYS[] = {
    "loop",         "start",      "end",      "start_date", "end_date",       "by_day",
    "except_dates", "start_time", "end_time", "priority",   "share_of_voice", "dim"};
static const char *const WEEKDAYS[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
#define EVERY_DAY 0x7f

static const struct playlist_range PRIORITY = {-1000000, 1000000, true,
                                               "a whole number from -1000000 to 1000000"};
static const struct playlist_range BRIGHTNESS = {0, 1, false, "a number from 0, black, to 1"};
static const struct playlist_range SHARE = {0.000001, 1, false, "a number from 0.000001 to 1"};
#define WHOLE_PPM 1000000

static void read_daypart_instant(struct playlist_parser *parser, const struct playlist_node *object,
                                 const char *key, struct playlist_instant *out)
{
    const char *text;
    struct playlist_node node;
    if (!playlist_read_string(parser, object, key, &text))
        return;
    out->given = civil_parse_instant(text, &out->local, &out->ms);
    if (out->given)
        return;
    playlist_member(object, key, &node);
    playlist_string_fault(parser, &node,
                          "a time such as \"2026-02-06T20:00:00+09:00\", or without +09:00 the "
                          "local time of each screen");
}

static bool check_date(struct playlist_parser *parser, const struct playlist_node *node,
                       int32_t *day)
{
    if (!playlist_is_string(parser, node))
        return false;
    if (civil_parse_date(playlist_json_string(node->value), day))
        return true;
    playlist_string_fault(parser, node, "a date such as \"2026-02-06\"");
    return false;
}

static bool read_daypart_date(struct playlist_parser *parser, const struct playlist_node *object,
                              const char *key, int32_t *day)
{
    struct playlist_node node;
    return playlist_member(object, key, &node) && check_date(parser, &node, day);
}

static void read_daypart_time(struct playlist_parser *parser, const struct playlist_node *object,
                              const char *key, int32_t *ms)
{
    const char *text;
    struct playlist_node node;
    if (!playlist_read_string(parser, object, key, &text) || civil_parse_time(text, ms))
        return;
    playlist_member(object, key, &node);
    playlist_string_fault(parser, &node, "a time of day such as \"09:30\"");
}

static void read_weekdays(struct playlist_parser *parser, const struct playlist_node *object,
                          uint8_t *weekdays)
{
    struct playlist_node node;
    if (!playlist_member(object, "by_day", &node) || !playlist_is_list(parser, &node, 1))
        return;
    unsigned days = 0;
    for (size_t i = 0; i < playlist_json_count(node.value); i++) {
        struct playlist_node item = playlist_list_item(&node, i);
        int day;
        if (playlist_check_word(parser, &item, PLAYLIST_WORDS(WEEKDAYS), &day))
            days |= 1U << day;
    }
    *weekdays = (uint8_t)days;
}

static int compare_except_days(const void *left, const void *right)
{
    const int32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void read_except_dates(struct playlist_parser *parser, const struct playlist_node *object,
                              struct playlist_daypart *daypart)
{
    struct playlist_node node;
    if (!playlist_member(object, "except_dates", &node) || !playlist_is_list(parser, &node, 0))
        return;
    size_t count = playlist_json_count(node.value), count_read = 0;
    int32_t *days = playlist_new_items(parser, count, sizeof *days);
    if (!days)
        return;
    for (size_t i = 0; i < count; i++) {
        struct playlist_node item = playlist_list_item(&node, i);
        count_read += check_date(parser, &item, &days[count_read]);
    }
    qsort(days, count_read, sizeof *days, compare_except_days);
    for (size_t i = 0; i < count_read; i++)
        if (!i || days[i] != days[daypart->except_count - 1])
            days[daypart->except_count++] = days[i];
    daypart->except_days = days;
}

/* No zone is further from UTC: an instant and a local time further apart than this are in order in
 * every zone, or in none. */
#define ZONE_REACH_MS INT64_C(93600000)

/* Ends that come before their starts: such a daypart never runs. An end_time before the start_time
 * is an overnight daypart. */
static void check_order(struct playlist_parser *parser, const struct playlist_node *node,
                        const struct playlist_daypart *daypart)
{
    struct playlist_node member;
    const struct playlist_instant *start = &daypart->start, *end = &daypart->end;
    int64_t reach_ms = start->local == end->local ? 0 : ZONE_REACH_MS;
    if (start->given && end->given && end->ms <= start->ms - reach_ms) {
        playlist_member(node, "end", &member);
        playlist_fault_add(parser->faults, &member,
                           "must be after \"start\": the entry would never run");
    }
    if (daypart->has_start_date && daypart->has_end_date && daypart->end_day < daypart->start_day) {
        playlist_member(node, "end_date", &member);
        playlist_fault_add(parser->faults, &member,
                           "must not be before \"start_date\": the entry would never run");
    }
    if (daypart->start_time_ms >= CIVIL_DAY_MS) {
        playlist_member(node, "start_time", &member);
        playlist_fault_add(parser->faults, &member,
                           "must be before \"24:00\"; the start of a day is \"00:00\"");
    }
}

static void parse_daypart(struct playlist_parser *parser, const struct playlist_node *node,
                          struct playlist_daypart *daypart)
{
    if (!playlist_is_object(parser, node, PLAYLIST_WORDS(DAYPART_KEYS)))
        return;
    struct playlist_node loop;
    double priority = 0, share = 0;
    if (playlist_member(node, "loop", &loop))
        daypart->loop = playlist_check_reference(parser, &loop, &parser->loop_names,
                                                 parser->loops_known, "loop");
    else
        playlist_fault_add(parser->faults, &loop, "is missing: name the loop to run");
    read_daypart_instant(parser, node, "start", &daypart->start);
    read_daypart_instant(parser, node, "end", &daypart->end);
    daypart->has_start_date = read_daypart_date(parser, node, "start_date", &daypart->start_day);
    daypart->has_end_date = read_daypart_date(parser, node, "end_date", &daypart->end_day);
    read_weekdays(parser, node, &daypart->weekdays);
    read_except_dates(parser, node, daypart);
    read_daypart_time(parser, node, "start_time", &daypart->start_time_ms);
    read_daypart_time(parser, node, "end_time", &daypart->end_time_ms);
    playlist_read_number(parser, node, "priority", &PRIORITY, &priority);
    daypart->priority = (int32_t)priority;
    daypart->has_share = playlist_read_number(parser, node, "share_of_voice", &SHARE, &share);
    daypart->share_ppm = (int32_t)lround(share * WHOLE_PPM);
    playlist_read_number(parser, node, "dim", &BRIGHTNESS, &daypart->dim);
    check_order(parser, node, daypart);
}

static bool always_runs(const struct playlist_daypart *daypart)
{
    return !daypart->start.given && !daypart->end.given && !daypart->has_start_date &&
           !daypart->has_end_date && daypart->weekdays == EVERY_DAY && !daypart->except_count &&
           daypart->start_time_ms == 0 && daypart->end_time_ms == CIVIL_DAY_MS;
}

/* Checks the shares of the dayparts of one priority that always run, and so always run together
 * (duckling-playlist(5), PROGRAMME, rule 4). Those that only meet at times are checked by
 * schedule_lint, which knows the programme. Rounding each to millionths is allowed for. */
static void check_shares(struct playlist_parser *parser, const struct playlist_node *schedule,
                         size_t first)
{
    const struct playlist_daypart *items = parser->schedule;
    int64_t sum_ppm = 0, members = 0;
    size_t without = SIZE_MAX;
    for (size_t i = first; i < parser->playlist->schedule_count; i++) {
        if (items[i].priority != items[first].priority || !always_runs(&items[i]))
            continue;
        members++;
        sum_ppm += items[i].has_share ? items[i].share_ppm : 0;
        without = items[i].has_share ? without : i;
    }
    struct playlist_node where = playlist_list_item(schedule, first);
    if (sum_ppm > WHOLE_PPM + members)
        playlist_fault_add(parser->faults, &where,
                           "the share_of_voice of the %d always-running entries of priority %d, of "
                           "which this is the first, adds up to more than 1",
                           (int)members, (int)items[first].priority);
    else if (sum_ppm >= WHOLE_PPM && without != SIZE_MAX) {
        where = playlist_list_item(schedule, without);
        playlist_fault_add(
            parser->faults, &where,
            "never runs: the share_of_voice of other always-running entries takes all of the time");
    }
}

/* check_shares once for each priority: from the first entry of it on. */
static void check_all_shares(struct playlist_parser *parser, const struct playlist_node *schedule)
{
    const struct playlist_daypart *items = parser->schedule;
    for (size_t i = 0; i < parser->playlist->schedule_count; i++) {
        bool first = always_runs(&items[i]);
        for (size_t j = 0; first && j < i; j++)
            first = !always_runs(&items[j]) || items[j].priority != items[i].priority;
        if (first)
            check_shares(parser, schedule, i);
    }
}

static const struct playlist_daypart ALWAYS = {
    .loop = 0, .weekdays = EVERY_DAY, .start_time_ms = 0, .end_time_ms = CIVIL_DAY_MS, .dim = 1};

void playlist_parse_schedule(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist *playlist = parser->playlist;
    struct playlist_node node;
    size_t count = 0;
    playlist->schedule_given = playlist_member(root, "schedule", &node);
    if (playlist->schedule_given) {
        if (!playlist_is_list(parser, &node, 1))
            return;
        count = playlist_json_count(node.value);
    }
    if (count > PLAYLIST_SCHEDULE_MAX) {
        playlist_fault_add(parser->faults, &node, "has %zu entries; at most %d are allowed", count,
                           PLAYLIST_SCHEDULE_MAX);
        count = PLAYLIST_SCHEDULE_MAX;
    }
    playlist->schedule_count = count ? count : 1;
    parser->schedule =
        playlist_new_items(parser, playlist->schedule_count, sizeof *parser->schedule);
    if (!parser->schedule)
        return;
    playlist->schedule = parser->schedule;
    parser->schedule[0] = ALWAYS;
    for (size_t i = 0; i < count; i++) {
        struct playlist_node item = playlist_list_item(&node, i);
        parser->schedule[i] = ALWAYS;
        parse_daypart(parser, &item, &parser->schedule[i]);
    }
    if (playlist->schedule_given)
        check_all_shares(parser, &node);
}
