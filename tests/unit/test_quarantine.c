/* Three failures, by what a medium is and not by what it is called. */
#include "playout/quarantine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "temp_folder.h"

static struct quarantine quarantine;

static int forget(void **state)
{
    (void)state;
    memset(&quarantine, 0, sizeof quarantine);
    return 0;
}

static const uint8_t *medium(int number)
{
    static uint8_t identity[HASH_BYTES];
    memset(identity, 0, sizeof identity);
    memcpy(identity + 3, &number, sizeof number);
    return identity;
}

static int64_t hours(int count)
{
    return (int64_t)count * 3600 * 1000000000;
}

static bool count_one(const uint8_t *identity)
{
    return quarantine_count_failure(&quarantine, identity, 0, 0);
}

static bool has(const uint8_t *identity)
{
    return quarantine_has(&quarantine, identity, 0);
}

static void three_failures(void **state)
{
    (void)state;
    assert_false(has(medium(1)));
    assert_false(count_one(medium(1)));
    assert_false(count_one(medium(1)));
    assert_false(has(medium(1)));
    assert_true(count_one(medium(1)));
    assert_true(has(medium(1)));
    /* Told once, whatever comes. */
    assert_false(count_one(medium(1)));
    assert_true(has(medium(1)));
}

/* After some hours there is one trial more: failing that is the end of it for as long again. */
static void its_time_runs_out(void **state)
{
    (void)state;
    for (int i = 0; i < QUARANTINE_FAILURES; i++)
        quarantine_count_failure(&quarantine, medium(1), 0, hours(i));
    int64_t end_ns = hours(QUARANTINE_FAILURES - 1 + QUARANTINE_HOURS);
    assert_true(quarantine_has(&quarantine, medium(1), end_ns - 1));
    assert_false(quarantine_has(&quarantine, medium(1), end_ns));
    assert_true(quarantine_count_failure(&quarantine, medium(1), 0, end_ns + 5));
    assert_true(quarantine_has(&quarantine, medium(1), end_ns + hours(QUARANTINE_HOURS)));
    end_ns += 5 + hours(QUARANTINE_HOURS);
    assert_false(quarantine_has(&quarantine, medium(1), end_ns));
    /* And passing it clears it of all. */
    quarantine_clear(&quarantine, medium(1), 0, INT64_MAX, end_ns);
    assert_false(quarantine_count_failure(&quarantine, medium(1), 0, end_ns));
    assert_false(quarantine_count_failure(&quarantine, medium(1), 0, end_ns));
    assert_true(quarantine_count_failure(&quarantine, medium(1), 0, end_ns));
}

/* Strikes that lie apart, with good plays between them, never add up. */
static void what_goes_well_clears_the_file(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_false(quarantine_count_failure(&quarantine, medium(1), 5000000, hours(i)));
        assert_false(quarantine_count_failure(&quarantine, medium(1), 9000000, hours(i)));
        quarantine_clear(&quarantine, medium(1), 0, 12000000, hours(i));
    }
    quarantine_clear(&quarantine, medium(2), 0, INT64_MAX, hours(20)); /* nothing to clear */
    assert_false(has(medium(2)));
}

/* What plays well up to where it fails, or from there on, has proved nothing. */
static void only_where_it_failed(void **state)
{
    (void)state;
    for (int i = 0; i < QUARANTINE_FAILURES; i++) {
        assert_int_equal(quarantine_count_failure(&quarantine, medium(1), 5000000, hours(i)),
                         i == QUARANTINE_FAILURES - 1);
        quarantine_clear(&quarantine, medium(1), 0, 4900000, hours(i));
        quarantine_clear(&quarantine, medium(1), 0, 5900000, hours(i)); /* may be told of later */
        quarantine_clear(&quarantine, medium(1), 5100000, INT64_MAX, hours(i));
    }
    assert_true(quarantine_has(&quarantine, medium(1), hours(QUARANTINE_FAILURES)));
}

/* It failed at two places: both count, until it has gone well at both. */
static void wherever_it_failed(void **state)
{
    (void)state;
    count_one(medium(1));
    quarantine_count_failure(&quarantine, medium(1), 60000000, 0);
    quarantine_clear(&quarantine, medium(1), 0, 30000000, 0);
    quarantine_clear(&quarantine, medium(1), 1000000, INT64_MAX, 0);
    assert_true(count_one(medium(1)));
    quarantine_clear(&quarantine, medium(1), 0, 61500000, 0);
    assert_false(has(medium(1)));
}

#define S(n) ((int64_t)((n)*1e6))

/* Failures and good runs in the last second of what is shown, hours apart: how many failures there
 * were, when the medium is quarantined. */
static void failures_grow_old(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int count;
        int at_hours[8]; /* of the failures, each at 9.5 s, with good runs up to 10 s between */
        bool quarantines[8];
    } cases[] = {
        {"three in a day", 3, {0, 12, 23}, {false, false, true}},
        {"the first is a day old", 3, {0, 12, 24}, {false, false, false}},
        {"the second and the third are left", 4, {0, 12, 24, 35}, {false, false, false, true}},
        {"one each day", 6, {0, 24, 48, 72, 96, 120}, {false}},
        {"years apart", 4, {0, 9000, 20000, 31000}, {false}},
        {"a trial that comes at once", 4, {0, 1, 2, 8}, {false, false, true, true}},
        {"a trial when others are old", 4, {0, 1, 23, 29}, {false, false, true, true}},
        {"trial after trial", 6, {0, 1, 2, 25, 48, 71}, {false, false, true, true, true, true}},
        {"a trial a day later", 5, {0, 1, 2, 26, 27}, {false, false, true, false, false}},
        {"three anew", 6, {0, 1, 2, 26, 27, 28}, {false, false, true, false, false, true}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forget(NULL);
        for (int k = 0; k < cases[i].count; k++) {
            int64_t now_ns = hours(cases[i].at_hours[k]);
            quarantine_clear(&quarantine, medium(1), 0, S(10), now_ns);
            if (quarantine_count_failure(&quarantine, medium(1), S(9.5), now_ns) !=
                    cases[i].quarantines[k] ||
                quarantine_has(&quarantine, medium(1), now_ns) != cases[i].quarantines[k])
                fail_msg("%s: failure %d", cases[i].what, k);
        }
    }
}

/* A failure that no longer counts is not in the way of those that are cleared. */
static void an_old_place_is_no_place(void **state)
{
    (void)state;
    quarantine_count_failure(&quarantine, medium(1), S(60), 0);
    quarantine_count_failure(&quarantine, medium(1), S(2), hours(20));
    quarantine_clear(&quarantine, medium(1), 0, S(5), hours(23)); /* not at the 60th second */
    quarantine_clear(&quarantine, medium(1), 0, S(5), hours(24));
    for (int i = 0; i < QUARANTINE_FAILURES; i++)
        assert_int_equal(quarantine_count_failure(&quarantine, medium(1), S(2), hours(25)),
                         i == QUARANTINE_FAILURES - 1);
}

static void each_medium_for_itself(void **state)
{
    (void)state;
    for (int round = 1; round <= QUARANTINE_FAILURES; round++)
        for (int i = 0; i < QUARANTINE_MAX; i++)
            assert_true(count_one(medium(i)) == (round == QUARANTINE_FAILURES));
    for (int i = 0; i < QUARANTINE_MAX; i++)
        assert_true(has(medium(i)));
    assert_false(has(medium(QUARANTINE_MAX)));
}

/* A medium of zeros is not the place that is free. */
static void the_hash_of_zeros(void **state)
{
    (void)state;
    static const uint8_t zeros[HASH_BYTES];
    assert_false(has(zeros));
    for (int i = 0; i < QUARANTINE_FAILURES; i++)
        count_one(zeros);
    assert_true(has(zeros));
}

static void the_oldest_is_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < QUARANTINE_MAX; i++)
        for (int round = 0; round < QUARANTINE_FAILURES; round++)
            count_one(medium(i));
    assert_false(count_one(medium(1000)));
    assert_false(has(medium(0)));
    assert_true(has(medium(1)));
    assert_false(has(medium(1000)));
    /* What was forgotten begins anew. */
    assert_false(count_one(medium(0)));
    assert_false(has(medium(1)));
    assert_true(has(medium(2)));
}

/* Two films beside a playlist; the first by its hash, where that is asked for. */
static struct edition *load(bool hash)
{
    static const char spots[] =
        "\"spots\":{\"a\":{\"video\":\"a.mp4\"},\"b\":{\"video\":\"b.mp4\"}}";
    struct playlist_faults faults = {0};
    char text[1024], files[512] = "";
    temp_folder_write("a.mp4", "film a");
    temp_folder_write("b.mp4", "film b");
    if (hash)
        snprintf(files, sizeof files,
                 "\"files\":{\"a.mp4\":{\"sha256\":\"%064d\",\"bytes\":6,\"url\":\"a\"},"
                 "\"b.mp4\":{\"sha256\":\"%064d\",\"bytes\":6,\"url\":\"b\"}},",
                 7, 8);
    snprintf(text, sizeof text, "{\"format\":\"duckling/1\",%s%s}", files, spots);
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    if (!playlist)
        fail_msg("%s", faults.items[0].text);
    playlist_faults_finish(&faults);
    struct edition *edition = edition_create_unchecked(playlist, temp_folder_path("list.json"));
    assert_non_null(edition);
    return edition;
}

static void a_file_is_known_by_what_it_is_now(void **state)
{
    (void)state;
    uint8_t a[HASH_BYTES], b[HASH_BYTES], again[HASH_BYTES];
    struct edition *edition = load(false);
    assert_true(quarantine_identify(edition, 0, a));
    assert_true(quarantine_identify(edition, 1, b));
    assert_true(quarantine_identify(edition, 0, again));
    assert_memory_not_equal(a, b, HASH_BYTES);
    assert_memory_equal(a, again, HASH_BYTES);
    /* Changed in place, as long as it was, in a time that differs. */
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    temp_folder_write("a.mp4", "film c");
    assert_int_equal(utimensat(AT_FDCWD, temp_folder_path("a.mp4"), times, 0), 0);
    assert_true(quarantine_identify(edition, 0, again));
    assert_memory_not_equal(a, again, HASH_BYTES);
    unlink(temp_folder_path("a.mp4"));
    assert_false(quarantine_identify(edition, 0, again));
    assert_false(quarantine_identify(edition, -1, again));
    assert_false(quarantine_identify(edition, 2, again));
    edition_destroy(edition);
}

static void a_hash_comes_first(void **state)
{
    (void)state;
    uint8_t identity[HASH_BYTES];
    struct edition *edition = load(true);
    unlink(temp_folder_path("a.mp4")); /* what it is called, and where it lies, is nothing to it */
    assert_true(quarantine_identify(edition, 0, identity));
    assert_memory_equal(identity, edition->playlist->assets[0].sha256, HASH_BYTES);
    edition_destroy(edition);
}

/* Also where only the store knows it; not where the file could not be had. */
static void the_stores_hash_counts_too(void **state)
{
    (void)state;
    uint8_t a[HASH_BYTES], again[HASH_BYTES];
    struct edition *edition = load(false);
    edition->hashes = calloc(2, sizeof *edition->hashes);
    memset(edition->hashes[0], 7, HASH_BYTES);
    assert_true(quarantine_identify(edition, 0, a));
    assert_memory_equal(a, edition->hashes[0], HASH_BYTES);
    assert_false(quarantine_identify_by_hash(edition, 1, again));
    assert_true(quarantine_identify(edition, 1, again));
    assert_memory_not_equal(a, again, HASH_BYTES);
    edition_destroy(edition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(three_failures, forget),
        cmocka_unit_test_setup(its_time_runs_out, forget),
        cmocka_unit_test_setup(what_goes_well_clears_the_file, forget),
        cmocka_unit_test_setup(only_where_it_failed, forget),
        cmocka_unit_test_setup(wherever_it_failed, forget),
        cmocka_unit_test_setup(failures_grow_old, forget),
        cmocka_unit_test_setup(an_old_place_is_no_place, forget),
        cmocka_unit_test_setup(each_medium_for_itself, forget),
        cmocka_unit_test_setup(the_hash_of_zeros, forget),
        cmocka_unit_test_setup(the_oldest_is_forgotten, forget),
        cmocka_unit_test(a_file_is_known_by_what_it_is_now),
        cmocka_unit_test(a_hash_comes_first),
        cmocka_unit_test(the_stores_hash_counts_too),
    };
    return cmocka_run_group_tests_name("quarantine", tests, temp_folder_setup,
                                       temp_folder_teardown);
}
