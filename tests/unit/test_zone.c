#include "base/zone.h"
#include "base/zone_rule.h"

#include "base/file.h"
#include "sample_zones.h"

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define HOUR_S 3600
#define YEAR_2100_S INT64_C(4102444800)
#define YEAR_2199_END_S INT64_C(7258118400)

static int64_t at_s(const char *text)
{
    bool local;
    int64_t ms = 0;
    assert_true(civil_parse_instant(text, &local, &ms));
    return ms / 1000;
}

static struct zone load(const char *name)
{
    struct zone zone;
    struct err err = {0};
    if (!zone_load(&zone, name, &err))
        fail_msg("%s: %s", name, err.text);
    assert_string_equal(zone.name, name);
    return zone;
}

/* What the C library says. */
static int32_t library_offset_s(int64_t t_s)
{
    time_t t = (time_t)t_s;
    struct tm tm;
    assert_non_null(localtime_r(&t, &tm));
    return (int32_t)tm.tm_gmtoff;
}

static void compare_at(const struct zone *zone, int64_t t_s)
{
    int32_t ours = civil_offset_ms(&zone->civil, t_s * 1000) / 1000,
            library = library_offset_s(t_s);
    if (ours != library)
        fail_msg("%s at %lld: %d, not %d", zone->name, (long long)t_s, ours, library);
}

/* Between two instants: both sides of every change in our table, and steps over everything. */
static void compare_with_library(const struct zone *zone, int64_t first_s, int64_t end_s,
                                 int64_t step_s)
{
    setenv("TZ", zone->name, 1);
    tzset();
    for (size_t i = 0; i < zone->civil.change_count; i++) {
        int64_t from_s = zone->civil.changes[i].from_ms / 1000;
        if (from_s > first_s && from_s < end_s) {
            compare_at(zone, from_s - 1);
            compare_at(zone, from_s);
        }
    }
    for (int64_t t_s = first_s; t_s < end_s; t_s += step_s)
        compare_at(zone, t_s);
    setenv("TZ", "UTC", 1);
    tzset();
}

static const char *walked_folder;
static void (*walked_visit)(const char *name);
static int walked_count;

/* A zone file begins with "TZif"; among them lie lists and, in folders, copies that count leap
 * seconds. */
static int visit_file(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)walk;
    char magic[4] = "";
    const char *name = path + strlen(walked_folder) + 1;
    if (type != FTW_F || strncmp(name, "right/", 6) == 0)
        return 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    bool is_zone = fread(magic, 1, 4, file) == 4 && memcmp(magic, "TZif", 4) == 0;
    fclose(file);
    if (is_zone) {
        walked_visit(name);
        walked_count++;
    }
    return 0;
}

/* How many zones there are. */
static int walk_zones(const char *folder, void (*visit)(const char *name))
{
    walked_folder = folder;
    walked_visit = visit;
    walked_count = 0;
    nftw(folder, visit_file, 16, 0);
    return walked_count;
}

/* Steps of about five days, which no change of an offset that our table lacks could hide from. */
static void compare_closely(const char *name)
{
    struct zone zone = load(name);
    compare_with_library(&zone, INT64_C(-2800000000), YEAR_2199_END_S, 5 * 86400 + 12347);
    zone_finish(&zone);
}

static void compare_coarsely(const char *name)
{
    struct zone zone = load(name);
    compare_with_library(&zone, 0, YEAR_2100_S, 20 * 86400 + 12347);
    zone_finish(&zone);
}

static void the_same_as_the_c_library(void **state)
{
    (void)state;
    assert_true(walk_zones(SAMPLE_ZONES, compare_closely) >= 2 * 20); /* slim and fat */
}

/* Whatever zones this machine has, and whatever is in them. */
static void installed_zones_are_the_same_as_the_c_library_s(void **state)
{
    (void)state;
    unsetenv("TZDIR");
    int count = walk_zones(ZONE_FOLDER, compare_coarsely);
    sample_zones_use();
    if (!count) {
        puts("# skipped: no zone is installed in " ZONE_FOLDER);
        skip();
    }
}

static void check_offset(const char *name, const char *before_change, int32_t before_s,
                         int32_t after_s)
{
    struct zone zone = load(name);
    int64_t t_ms = at_s(before_change) * 1000;
    assert_int_equal(civil_offset_ms(&zone.civil, t_ms - 1), before_s * 1000);
    assert_int_equal(civil_offset_ms(&zone.civil, t_ms), after_s * 1000);
    zone_finish(&zone);
}

/* As tests/zones has them, so that this holds whatever the C library does. */
static void changes_that_are_known(void **state)
{
    (void)state;
    check_offset("Asia/Seoul", "1988-05-07T17:00:00Z", 9 * HOUR_S, 10 * HOUR_S);
    check_offset("Asia/Seoul", "1988-10-08T17:00:00Z", 10 * HOUR_S, 9 * HOUR_S);
    check_offset("America/New_York", "2026-03-08T07:00:00Z", -5 * HOUR_S, -4 * HOUR_S);
    check_offset("America/New_York", "2026-11-01T06:00:00Z", -4 * HOUR_S, -5 * HOUR_S);
    check_offset("America/New_York", "2199-03-10T07:00:00Z", -5 * HOUR_S, -4 * HOUR_S);
    check_offset("Europe/London", "2026-03-29T01:00:00Z", 0, HOUR_S);
    check_offset("Europe/London", "2150-10-25T01:00:00Z", HOUR_S, 0);
    check_offset("Asia/Tehran", "2022-03-21T20:30:00Z", 12600, 16200);
    check_offset("Australia/Lord_Howe", "2026-04-04T15:00:00Z", 11 * HOUR_S, 37800);
    check_offset("Pacific/Apia", "2011-12-30T10:00:00Z", -10 * HOUR_S, 14 * HOUR_S);
}

static void seoul_keeps_its_time_to_the_end(void **state)
{
    (void)state;
    struct zone zone = load("Asia/Seoul");
    int64_t last_ms = zone.civil.changes[zone.civil.change_count - 1].from_ms;
    assert_int_equal(last_ms, at_s("1988-10-08T17:00:00Z") * 1000);
    zone_finish(&zone);
}

static void tables_ascend_and_repeat_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"Test/Wild", "America/New_York", "Europe/Dublin"};
    for (size_t n = 0; n < 3; n++) {
        struct zone zone = load(names[n]);
        assert_true(zone.civil.change_count > 300);
        int32_t offset = zone.civil.first_offset_ms;
        for (size_t i = 0; i < zone.civil.change_count; i++) {
            const struct civil_change *change = &zone.civil.changes[i];
            assert_int_not_equal(change->offset_ms, offset);
            assert_true(i == 0 || change->from_ms > change[-1].from_ms);
            offset = change->offset_ms;
        }
        zone_finish(&zone);
    }
}

static void check_refused(const char *name, enum err_code code)
{
    struct zone zone;
    struct err err = {0};
    memset(&zone, 0x5a, sizeof zone);
    if (zone_load(&zone, name, &err))
        fail_msg("accepted %s", name);
    assert_int_equal(err.code, code);
    assert_true(err.text[0]);
    assert_null(zone.table);
    zone_finish(&zone);
}

static void names_that_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        ".",
        "..",
        "/",
        "/etc/localtime",
        "../../../etc/passwd",
        "Asia/../../../../etc/passwd",
        "Asia/..",
        "Asia//Seoul",
        "Asia/",
        "/Asia/Seoul",
        "Asia/.Seoul",
        ".hidden",
        "Asia/Se oul",
        "Asia\\Seoul",
        "Asia/Seoul\n",
        "서울",
        ":Asia/Seoul",
        "Asia/SeoulSeoulSeoulSeoulSeoulSeoulSeoulSeoulSeoulSeoulSeoulSeoul"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_refused(names[i], ERR_INPUT);
    check_refused("Asia/Atlantis", ERR_MISSING);
    check_refused("Asia/Seoul/Gangnam", ERR_MISSING);
    check_refused("Asia", ERR_INPUT); /* a folder */
    check_refused("made", ERR_INPUT); /* no zone file */
}

static void zones_with_leap_seconds_are_refused(void **state)
{
    (void)state;
    check_refused("right/Asia/Seoul", ERR_INPUT);
}

static void the_folder_of_zones(void **state)
{
    (void)state;
    char path[PATH_MAX + 10];
    struct zone zone;
    /* Not in the world's data. */
    zone = load("Test/Wild");
    zone_finish(&zone);
    setenv("TZDIR", SAMPLE_ZONES "/Test", 1);
    zone = load("Wild");
    zone_finish(&zone);
    check_refused("Asia/Seoul", ERR_MISSING);
    /* UTC needs no data. */
    assert_true(zone_load(&zone, "UTC", NULL));
    assert_int_equal(zone.civil.change_count, 0);
    zone_finish(&zone);
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    setenv("TZDIR", path, 1);
    check_refused("Asia/Seoul", ERR_INPUT);
    /* Empty is as if it weren't there. */
    setenv("TZDIR", "", 1);
    check_refused("Test/Wild", ERR_MISSING);
    sample_zones_use();
}

static void finishing_nothing_is_allowed(void **state)
{
    (void)state;
    struct zone zone = {0};
    zone_finish(NULL);
    zone_finish(&zone);
    assert_int_equal(civil_offset_ms(&zone.civil, 0), 0);
}

/* A whole system's zone through TZ, compared with the C library's reading of the same variable. */
static void check_system(const char *variable, const char *name)
{
    struct zone zone;
    struct err err = {0};
    setenv("TZ", variable, 1);
    tzset();
    if (!zone_load_system(&zone, &err))
        fail_msg("TZ=%s: %s", variable, err.text);
    assert_string_equal(zone.name, name);
    for (int64_t t_s = 0; t_s < YEAR_2199_END_S; t_s += 20 * 86400 + 12347)
        compare_at(&zone, t_s);
    zone_finish(&zone);
    setenv("TZ", "UTC", 1);
    tzset();
}

static void the_environment_names_the_zone(void **state)
{
    (void)state;
    check_system("Asia/Seoul", "Asia/Seoul");
    check_system(":America/New_York", "America/New_York");
    check_system("", "UTC");
    check_system("KST-9", "KST-9");
    check_system("AEST-10AEDT,M10.1.0,M4.1.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3");
    check_system("<+0330>-3:30", "<+0330>-3:30");
    check_system("XXX3YYY,J60/0,J300", "XXX3YYY,J60/0,J300");
    check_system("XXX3YYY,59/0,299", "XXX3YYY,59/0,299");
}

static void a_path_in_the_environment(void **state)
{
    (void)state;
    struct zone zone;
    struct err err = {0};
    char path[PATH_MAX];
    assert_non_null(realpath(SAMPLE_ZONES "/Asia/Seoul", path));
    setenv("TZ", path, 1);
    assert_true(zone_load_system(&zone, &err));
    assert_int_equal(civil_offset_ms(&zone.civil, 0), 9 * HOUR_S * 1000);
    zone_finish(&zone);
    setenv("TZ", "/nowhere/at/all", 1);
    assert_false(zone_load_system(&zone, &err));
    assert_int_equal(err.code, ERR_MISSING);
    setenv("TZ", "Asia/Atlantis", 1);
    assert_false(zone_load_system(&zone, &err));
    assert_non_null(strstr(err.text, "Asia/Atlantis"));
    setenv("TZ", "UTC", 1);
}

static void without_the_environment_the_machines_zone(void **state)
{
    (void)state;
    struct zone zone;
    struct err err = {0};
    unsetenv("TZ");
    tzset();
    assert_true(zone_load_system(&zone, &err));
    for (int64_t t_s = 0; t_s < YEAR_2199_END_S; t_s += 20 * 86400 + 12347)
        compare_at(&zone, t_s);
    zone_finish(&zone);
    setenv("TZ", "UTC", 1);
    tzset();
}

static void rules_that_can_not_be_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "K",
                                        "KS-9",
                                        "KST",
                                        "KST-",
                                        "KST-25",
                                        "KST-9:60",
                                        "KST-9:00:60",
                                        "KST-9 ",
                                        "<+09-9",
                                        "<>-9",
                                        "<+0>9x",
                                        "EST5ED",
                                        "EST5EDT,",
                                        "EST5EDT,M3.2.0",
                                        "EST5EDT,M3.2.0,",
                                        "EST5EDT,M0.2.0,M11.1.0",
                                        "EST5EDT,M13.2.0,M11.1.0",
                                        "EST5EDT,M3.0.0,M11.1.0",
                                        "EST5EDT,M3.6.0,M11.1.0",
                                        "EST5EDT,M3.2.7,M11.1.0",
                                        "EST5EDT,J0,J300",
                                        "EST5EDT,J366,J300",
                                        "EST5EDT,366,300",
                                        "EST5EDT,M3.2.0/168,M11.1.0",
                                        "EST5EDT,M3.2.0,M11.1.0,",
                                        "EST5EDT,M3.2.0/,M11.1.0",
                                        "EST99999999999999999999",
                                        "EST5EDT,M99999999999999999999.1.0,M11.1.0",
                                        "EST5EDT,M3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct zone_rule rule;
        if (zone_rule_parse(texts[i], &rule))
            fail_msg("accepted %s", texts[i]);
    }
}

static void check_rule_year(const char *text, int year, const char *start, const char *end)
{
    struct zone_rule rule;
    int64_t start_s, end_s;
    assert_true(zone_rule_parse(text, &rule));
    assert_true(rule.has_dst);
    zone_rule_year(&rule, year, &start_s, &end_s);
    assert_int_equal(start_s, at_s(start));
    assert_int_equal(end_s, at_s(end));
}

static void rules_of_every_form(void **state)
{
    (void)state;
    check_rule_year("EST5EDT", 2026, "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z");
    check_rule_year("EET-2EEST,M3.5.0/3,M10.5.0/4", 2026, "2026-03-29T01:00:00Z",
                    "2026-10-25T01:00:00Z");
    /* The fifth week is the last, also where there are only four. */
    check_rule_year("XXX0YYY,M2.5.6/0,M2.5.0/0", 2026, "2026-02-28T00:00:00Z",
                    "2026-02-21T23:00:00Z");
    check_rule_year("XXX0YYY,J60/0,J365/24", 2028, "2028-03-01T00:00:00Z", "2028-12-31T23:00:00Z");
    check_rule_year("XXX0YYY,J59/0,J365/24", 2028, "2028-02-28T00:00:00Z", "2028-12-31T23:00:00Z");
    check_rule_year("XXX0YYY,59/0,365/0", 2028, "2028-02-29T00:00:00Z", "2028-12-30T23:00:00Z");
    check_rule_year("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2026, "2026-03-29T01:00:00Z",
                    "2026-10-25T01:00:00Z");
    check_rule_year("IST-1GMT0,M10.5.0,M3.5.0/1", 2026, "2026-10-25T01:00:00Z",
                    "2026-03-29T01:00:00Z");
}

/* One TZif file, made by hand: version 2 with an empty first block. */
static size_t make_file(char *bytes, const char *footer, unsigned char type, int32_t offset_s)
{
    size_t size = 0;
    memset(bytes, 0, 512);
    for (int block = 0; block < 2; block++) {
        memcpy(bytes + size, "TZif2", 5);
        bytes[size + 35] = block ? 2 : 0; /* times */
        bytes[size + 39] = block ? 2 : 1; /* types */
        bytes[size + 43] = block ? 8 : 1; /* characters */
        size += block ? 44 : 51;
    }
    for (int i = 0; i < 2; i++, size += 8)
        bytes[size + 7] = (char)(10 * (i + 1)); /* at 10 s and 20 s */
    bytes[size++] = (char)type;
    bytes[size++] = 0;
    for (int i = 0; i < 2; i++, size += 6) {
        int32_t utc = i ? offset_s : 0;
        for (int shift = 24, at = 0; shift >= 0; shift -= 8, at++)
            bytes[size + (size_t)at] = (char)(utc >> shift);
    }
    memcpy(bytes + size, "AAA\0BBB", 8);
    size += 8;
    return size + (size_t)snprintf(bytes + size, 512 - size, "\n%s\n", footer);
}

static bool parses(const char *bytes, size_t size)
{
    /* Its own memory, so that a byte read past the end is seen. */
    char *copy = malloc(size ? size : 1);
    struct zone zone;
    struct err err = {0};
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    bool ok = zone_parse(&zone, "Test/Zone", copy, size, &err);
    assert_int_equal(ok, err.code == ERR_NONE);
    zone_finish(&zone);
    free(copy);
    return ok;
}

static void files_made_by_hand(void **state)
{
    (void)state;
    char bytes[512];
    struct zone zone;
    size_t size = make_file(bytes, "", 1, HOUR_S);
    assert_true(zone_parse(&zone, "Test/Zone", bytes, size, NULL));
    assert_int_equal(zone.civil.change_count, 2);
    assert_int_equal(civil_offset_ms(&zone.civil, 9999), 0);
    assert_int_equal(civil_offset_ms(&zone.civil, 10000), HOUR_S * 1000);
    assert_int_equal(civil_offset_ms(&zone.civil, 19999), HOUR_S * 1000);
    assert_int_equal(civil_offset_ms(&zone.civil, 20000), 0);
    zone_finish(&zone);
    assert_true(parses(bytes, make_file(bytes, "KST-9", 1, HOUR_S)));
    assert_true(parses(bytes, make_file(bytes, "", 1, ZONE_OFFSET_MAX_S)));
    assert_true(parses(bytes, make_file(bytes, "", 1, ZONE_OFFSET_MIN_S)));
    assert_false(parses(bytes, make_file(bytes, "", 1, ZONE_OFFSET_MAX_S + 1)));
    assert_false(parses(bytes, make_file(bytes, "", 1, ZONE_OFFSET_MIN_S - 1)));
    assert_false(parses(bytes, make_file(bytes, "", 2, HOUR_S))); /* no such type */
    assert_false(parses(bytes, make_file(bytes, "KST", 1, HOUR_S)));
    size = make_file(bytes, "", 1, HOUR_S);
    bytes[44 + 7 + 44 + 15] = 10; /* the second change at the time of the first */
    assert_false(parses(bytes, size));
    bytes[44 + 7 + 44 + 15] = 11;
    assert_true(parses(bytes, size));
}

static void put_time(char *at, int64_t time_s)
{
    for (int i = 0; i < 8; i++)
        at[i] = (char)((uint64_t)time_s >> (56 - 8 * i));
}

/* Whatever the times are, none is computed that a variable can't hold; what lies before the
 * calendar's first year counts as if it had always been. */
static void times_at_the_ends_of_the_range(void **state)
{
    (void)state;
    static const int64_t times_s[] = {
        INT64_MIN,    INT64_MIN + 1,    INT64_MIN / 1000 - 1, INT64_MIN / 1000, -62135596801,
        -62135596800, INT64_MAX / 1000, INT64_MAX / 1000 + 1, INT64_MAX - 1,    INT64_MAX,
    };
    size_t count = sizeof times_s / sizeof *times_s;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            char bytes[512];
            size_t size = make_file(bytes, "EST5EDT", 1, HOUR_S);
            put_time(bytes + 44 + 7 + 44, times_s[i]);
            put_time(bytes + 44 + 7 + 44 + 8, times_s[j]);
            assert_int_equal(parses(bytes, size), i < j);
        }
    char bytes[512];
    struct zone zone;
    size_t size = make_file(bytes, "", 1, HOUR_S);
    put_time(bytes + 44 + 7 + 44, INT64_MIN);
    assert_true(zone_parse(&zone, "Test/Zone", bytes, size, NULL));
    assert_int_equal(civil_offset_ms(&zone.civil, -62135596800000), HOUR_S * 1000);
    assert_int_equal(civil_offset_ms(&zone.civil, 20000), 0);
    zone_finish(&zone);
}

static void files_cut_anywhere_are_refused(void **state)
{
    (void)state;
    char bytes[512];
    size_t size = make_file(bytes, "KST-9", 1, HOUR_S);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(parses(bytes, cut));
    char *file;
    assert_true(
        file_read(SAMPLE_ZONES "/America/New_York", ZONE_FILE_BYTES_MAX, &file, &size, NULL));
    for (size_t cut = 0; cut < size; cut++)
        assert_false(parses(file, cut));
    free(file);
}

static void files_damaged_anywhere_never_break_the_table(void **state)
{
    (void)state;
    char *file;
    size_t size;
    assert_true(
        file_read(SAMPLE_ZONES "/America/New_York", ZONE_FILE_BYTES_MAX, &file, &size, NULL));
    uint32_t random = 1;
    for (int i = 0; i < 5000; i++) {
        random = random * 1664525u + 1013904223u;
        size_t at = (random >> 8) % size;
        char kept = file[at];
        file[at] = (char)(random >> 3);
        struct zone zone;
        if (zone_parse(&zone, "Test/Zone", file, size, NULL)) {
            for (size_t j = 1; j < zone.civil.change_count; j++)
                assert_true(zone.table[j].from_ms > zone.table[j - 1].from_ms);
        }
        zone_finish(&zone);
        file[at] = kept;
    }
    free(file);
}

/* Summer time all year round is written as rules that meet (RFC 9636, 3.3.1). */
static void summer_time_all_year(void **state)
{
    (void)state;
    char bytes[512];
    struct zone zone;
    size_t size = make_file(bytes, "EST5EDT,0/0,J365/25", 1, HOUR_S);
    assert_true(zone_parse(&zone, "Test/Zone", bytes, size, NULL));
    for (int64_t t_s = at_s("1971-01-01T00:00:00Z"); t_s < YEAR_2199_END_S; t_s += 3 * HOUR_S + 1)
        assert_int_equal(civil_offset_ms(&zone.civil, t_s * 1000), -4 * HOUR_S * 1000);
    zone_finish(&zone);
}

int main(void)
{
    sample_zones_use();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_the_c_library),
        cmocka_unit_test(installed_zones_are_the_same_as_the_c_library_s),
        cmocka_unit_test(changes_that_are_known),
        cmocka_unit_test(seoul_keeps_its_time_to_the_end),
        cmocka_unit_test(tables_ascend_and_repeat_nothing),
        cmocka_unit_test(names_that_are_refused),
        cmocka_unit_test(zones_with_leap_seconds_are_refused),
        cmocka_unit_test(the_folder_of_zones),
        cmocka_unit_test(finishing_nothing_is_allowed),
        cmocka_unit_test(the_environment_names_the_zone),
        cmocka_unit_test(a_path_in_the_environment),
        cmocka_unit_test(without_the_environment_the_machines_zone),
        cmocka_unit_test(rules_that_can_not_be_read),
        cmocka_unit_test(rules_of_every_form),
        cmocka_unit_test(files_made_by_hand),
        cmocka_unit_test(times_at_the_ends_of_the_range),
        cmocka_unit_test(files_cut_anywhere_are_refused),
        cmocka_unit_test(files_damaged_anywhere_never_break_the_table),
        cmocka_unit_test(summer_time_all_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
