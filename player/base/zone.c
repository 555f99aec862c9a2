#include "base/zone.h"

#include "base/file.h"
#include "base/zone_hint.h"
#include "base/zone_rule.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_BYTES 44
#define TIMES_MAX 4096
/* Rules without any table before them (TZ="EST5EDT") hold from here on. */
#define RULE_YEAR_FIRST 1900
#define RULE_YEAR_LAST 2200
#define RULE_EVENTS_MAX (2 * (RULE_YEAR_LAST - RULE_YEAR_FIRST + 2))
#define CHANGES_MAX (TIMES_MAX + RULE_EVENTS_MAX)
/* 0001-01-01 and 3000-01-01: the calendar's first year, and the end of what anyone schedules. */
#define TIME_MIN_S (-62135596800)
#define TIME_MAX_S 32503680000

/* Bytes not yet read. */
struct cursor {
    const unsigned char *bytes;
    size_t left;
};

/* The counts of a TZif header. */
struct header {
    unsigned char version;
    uint32_t utc_count, std_count, leap_count, time_count, type_count, char_count;
};

static const unsigned char *take_bytes(struct cursor *cursor, size_t count)
{
    if (count > cursor->left)
        return NULL;
    const unsigned char *bytes = cursor->bytes;
    cursor->bytes += count;
    cursor->left -= count;
    return bytes;
}

static int64_t big_endian(const unsigned char *bytes, size_t count)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static bool take_header(struct cursor *cursor, struct header *header)
{
    const unsigned char *bytes = take_bytes(cursor, HEADER_BYTES);
    if (!bytes || memcmp(bytes, "TZif", 4) != 0)
        return false;
    uint32_t counts[6];
    for (size_t i = 0; i < 6; i++) {
        int64_t count = big_endian(bytes + 20 + i * 4, 4);
        if (count < 0 || count > TIMES_MAX)
            return false;
        counts[i] = (uint32_t)count;
    }
    *header =
        (struct header){bytes[4], counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    return header->time_count <= TIMES_MAX && header->type_count >= 1 && header->type_count <= 256;
}

static size_t data_bytes(const struct header *header, size_t time_bytes)
{
    return header->time_count * (time_bytes + 1) + (size_t)header->type_count * 6 +
           header->char_count + header->leap_count * (time_bytes + 4) + header->std_count +
           header->utc_count;
}

/* Adds a change; one at the same time as the last replaces it, one that changes nothing is
 * dropped. */
static void add_change(struct zone *zone, int64_t from_s, int32_t offset_s)
{
    struct civil_zone *civil = &zone->civil;
    int32_t offset_ms = offset_s * 1000;
    if (from_s < TIME_MIN_S) { /* in milliseconds it might not fit */
        civil->first_offset_ms = offset_ms;
        return;
    }
    int64_t from_ms = from_s * 1000;
    if (civil->change_count && zone->table[civil->change_count - 1].from_ms == from_ms)
        civil->change_count--;
    size_t count = civil->change_count;
    int32_t before_ms = count ? zone->table[count - 1].offset_ms : civil->first_offset_ms;
    if (offset_ms != before_ms && count < CHANGES_MAX)
        zone->table[civil->change_count++] = (struct civil_change){from_ms, offset_ms};
}

static bool offset_is_possible(int64_t offset_s)
{
    return offset_s >= ZONE_OFFSET_MIN_S && offset_s <= ZONE_OFFSET_MAX_S;
}

/* One data block; the time of its last change goes to *last_s. */
static bool read_table(struct zone *zone, const unsigned char *data, const struct header *header,
                       size_t time_bytes, int64_t *last_s)
{
    const unsigned char *indexes = data + header->time_count * time_bytes;
    const unsigned char *types = indexes + header->time_count;
    for (uint32_t i = 0; i < header->type_count; i++) {
        if (!offset_is_possible(big_endian(types + (size_t)i * 6, 4)))
            return false;
    }
    zone->civil.first_offset_ms = (int32_t)big_endian(types, 4) * 1000;
    *last_s = INT64_MIN;
    for (uint32_t i = 0; i < header->time_count; i++) {
        int64_t from_s = big_endian(data + i * time_bytes, time_bytes);
        if (indexes[i] >= header->type_count || (i > 0 && from_s <= *last_s))
            return false;
        *last_s = from_s;
        if (from_s < TIME_MAX_S)
            add_change(zone, from_s, (int32_t)big_endian(types + indexes[i] * (size_t)6, 4));
    }
    return true;
}

struct rule_event {
    int64_t from_s;
    int32_t offset_s;
    bool is_start;
};

/* By time; the end of one summer before the start of the next at the same instant: summer time all
 * year is written so. */
static int compare_rule_events(const void *left, const void *right)
{
    const struct rule_event *a = left, *b = right;
    if (a->from_s != b->from_s)
        return a->from_s < b->from_s ? -1 : 1;
    return (int)a->is_start - (int)b->is_start;
}

/* Lays the rule out after the table's last change. */
static void extend_by_rule(struct zone *zone, const struct zone_rule *rule, int64_t last_s)
{
    if (!rule->has_dst) {
        if (last_s == INT64_MIN)
            zone->civil.first_offset_ms = rule->std_offset_s * 1000;
        return;
    }
    struct rule_event events[RULE_EVENTS_MAX];
    size_t count = 0;
    for (int year = RULE_YEAR_FIRST; year <= RULE_YEAR_LAST; year++) {
        int64_t start_s, end_s;
        zone_rule_year(rule, year, &start_s, &end_s);
        events[count++] = (struct rule_event){start_s, rule->dst_offset_s, true};
        events[count++] = (struct rule_event){end_s, rule->std_offset_s, false};
    }
    qsort(events, count, sizeof *events, compare_rule_events);
    for (size_t i = 0; i < count; i++) {
        if (events[i].from_s > last_s)
            add_change(zone, events[i].from_s, events[i].offset_s);
    }
}

/* The line between the two line ends at the file's end; empty is allowed and means no rule. */
static bool read_footer(struct zone *zone, struct cursor *cursor, int64_t last_s)
{
    char text[128];
    const unsigned char *start = take_bytes(cursor, 1);
    if (!start || *start != '\n')
        return false;
    const unsigned char *end = memchr(cursor->bytes, '\n', cursor->left);
    if (!end || (size_t)(end - cursor->bytes) >= sizeof text)
        return false;
    size_t length = (size_t)(end - cursor->bytes);
    if (length == 0)
        return true;
    if (memchr(cursor->bytes, '\0', length))
        return false;
    memcpy(text, cursor->bytes, length);
    text[length] = '\0';
    struct zone_rule rule;
    if (!zone_rule_parse(text, &rule) || !offset_is_possible(rule.std_offset_s) ||
        !offset_is_possible(rule.dst_offset_s))
        return false;
    extend_by_rule(zone, &rule, last_s);
    return true;
}

/* Reads a whole file into zone->table; says what is wrong, or NULL. */
static const char *parse_zone_file(struct zone *zone, struct cursor cursor)
{
    struct header header;
    size_t time_bytes = 4;
    if (!take_header(&cursor, &header))
        return "not a time zone file";
    if (header.version >= '2') {
        /* The first block is for readers of 32-bit times. */
        time_bytes = 8;
        if (!take_bytes(&cursor, data_bytes(&header, 4)) || !take_header(&cursor, &header))
            return "the file is cut off";
    }
    if (header.leap_count)
        return "the zone counts leap seconds, which Unix time does not";
    const unsigned char *data = take_bytes(&cursor, data_bytes(&header, time_bytes));
    if (!data)
        return "the file is cut off";
    int64_t last_s;
    if (!read_table(zone, data, &header, time_bytes, &last_s))
        return "the file's table is damaged";
    if (time_bytes == 8 && !read_footer(zone, &cursor, last_s))
        return "the file's rule is damaged";
    return NULL;
}

/* Makes an empty zone with space for the longest table. */
static MUST_CHECK bool allocate_table(struct zone *zone, const char *name, struct err *err)
{
    memset(zone, 0, sizeof *zone);
    zone->table = calloc(CHANGES_MAX, sizeof *zone->table);
    if (!zone->table)
        return err_oom(err);
    snprintf(zone->name, sizeof zone->name, "%s", name);
    return true;
}

/* Gives back the memory that the table does not need. */
static void shrink_table(struct zone *zone)
{
    size_t count = zone->civil.change_count;
    struct civil_change *smaller = realloc(zone->table, (count ? count : 1) * sizeof *smaller);
    if (smaller)
        zone->table = smaller;
    zone->civil.changes = zone->table;
}

bool zone_parse(struct zone *zone, const char *name, const char *bytes, size_t size,
                struct err *err)
{
    if (!allocate_table(zone, name, err))
        return false;
    const char *fault = parse_zone_file(zone, (struct cursor){(const unsigned char *)bytes, size});
    if (fault) {
        zone_finish(zone);
        return err_set(err, ERR_INPUT, "%s", fault);
    }
    shrink_table(zone);
    return true;
}

void zone_finish(struct zone *zone)
{
    if (!zone)
        return;
    free(zone->table);
    memset(zone, 0, sizeof *zone);
}

static MUST_CHECK bool load_zone_file(struct zone *zone, const char *name, const char *path,
                                      struct err *err)
{
    char *bytes = NULL;
    size_t size = 0;
    memset(zone, 0, sizeof *zone);
    if (!file_read(path, ZONE_FILE_BYTES_MAX, &bytes, &size, err))
        return false;
    bool ok = zone_parse(zone, name, bytes, size, err);
    free(bytes);
    return ok || err_prefix(err, "%s: ", path);
}

static bool name_is_possible(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+-./";
    size_t length = strlen(name);
    if (length == 0 || length > ZONE_NAME_BYTES_MAX || strspn(name, allowed) != length)
        return false;
    /* Every part of the path starts with something other than a dot: no "..", no hidden file, none
     * empty. */
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += part != name;
        if (*part == '.' || *part == '/' || *part == '\0')
            return false;
    }
    return true;
}

static const char *zone_folder(void)
{
    const char *folder = getenv("TZDIR");
    return folder && *folder ? folder : ZONE_FOLDER;
}

bool zone_load(struct zone *zone, const char *name, struct err *err)
{
    memset(zone, 0, sizeof *zone);
    char path[PATH_MAX], hint[ZONE_HINT_BYTES];
    const char *folder = zone_folder();
    if (!name_is_possible(name)) {
        bool known = zone_hint_find(folder, name, hint);
        return err_set(err, ERR_INPUT, "\"%.80s\" is not a valid time zone name%s%s", name,
                       known ? "; " : "", hint);
    }
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return err_set(err, ERR_INPUT, "TZDIR in the environment is too long");
    struct err trouble = {0};
    if (load_zone_file(zone, name, path, &trouble))
        return true;
    if (trouble.code == ERR_MISSING && strcmp(name, "UTC") == 0) {
        snprintf(zone->name, sizeof zone->name, "UTC");
        return true;
    }
    if (trouble.code == ERR_MISSING && zone_hint_find(folder, name, hint))
        return err_set(err, ERR_MISSING, "time zone \"%s\" is not installed on this machine; %s",
                       name, hint);
    if (trouble.code == ERR_MISSING)
        return err_set(err, ERR_MISSING,
                       "time zone \"%s\" is not installed on this machine; check its name (such as "
                       "Asia/Seoul) and the package tzdata",
                       name);
    return err_set(err, trouble.code, "time zone \"%s\": %s", name, trouble.text);
}

bool zone_check(const char *name, struct err *err)
{
    struct zone zone;
    struct err trouble = {0};
    char hint[ZONE_HINT_BYTES];
    if (zone_load(&zone, name, &trouble)) {
        zone_finish(&zone);
        return true;
    }
    if (trouble.code == ERR_SYSTEM || trouble.code == ERR_DISK)
        return err_set(err, trouble.code, "cannot be checked: %s", trouble.text);
    bool known = zone_hint_find(zone_folder(), name, hint);
    if (trouble.code != ERR_MISSING && name_is_possible(name))
        return err_set(err, ERR_INPUT, "names a zone that cannot be used: %s", trouble.text);
    return err_set(
        err, ERR_INPUT,
        "needs a time zone that is installed here, such as Asia/Seoul, not \"%.80s\"%s%s", name,
        known ? "; " : "", hint);
}

/* The zone's name, by the target of a link into the zone folder; "local" where it has none. */
static void name_of_link(const char *path, char name[ZONE_NAME_BYTES_MAX + 1])
{
    static const char mark[] = "/zoneinfo/";
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    const char *found = strstr(target, mark);
    const char *rest = found ? found + strlen(mark) : "";
    snprintf(name, ZONE_NAME_BYTES_MAX + 1, "%.*s", ZONE_NAME_BYTES_MAX,
             name_is_possible(rest) ? rest : "local");
}

static MUST_CHECK bool load_rule(struct zone *zone, const struct zone_rule *rule, const char *text,
                                 struct err *err)
{
    if (!allocate_table(zone, text, err))
        return false;
    zone->civil.first_offset_ms = rule->std_offset_s * 1000;
    extend_by_rule(zone, rule, INT64_MIN);
    shrink_table(zone);
    return true;
}

bool zone_load_system(struct zone *zone, struct err *err)
{
    char name[ZONE_NAME_BYTES_MAX + 1];
    const char *given = getenv("TZ");
    if (!given) {
        static const char path[] = "/etc/localtime";
        name_of_link(path, name);
        struct err trouble = {0};
        if (load_zone_file(zone, name, path, &trouble))
            return true;
        if (trouble.code == ERR_MISSING)
            return zone_load(zone, "UTC", err);
        return err_set(err, trouble.code, "cannot read the system's time zone: %s", trouble.text);
    }
    given += *given == ':';
    if (!*given)
        return zone_load(zone, "UTC", err);
    if (*given == '/') {
        name_of_link(given, name);
        return load_zone_file(zone, name, given, err);
    }
    struct err trouble = {0};
    if (zone_load(zone, given, &trouble))
        return true;
    struct zone_rule rule;
    if (!zone_rule_parse(given, &rule) || !offset_is_possible(rule.std_offset_s) ||
        !offset_is_possible(rule.dst_offset_s))
        return err_set(err, trouble.code, "TZ in the environment: %s", trouble.text);
    return load_rule(zone, &rule, given, err);
}
