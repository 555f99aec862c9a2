/* When a medium is asked of another origin. The clock and the bytes are the test's. */
#include "sync/feed/feed_media_pace.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define MIB (INT64_C(1) << 20)

static const char *const bases[] = {"http://a/channels/c/", "http://b/channels/c/",
                                    "http://c/channels/c/"};
static const struct feed_media_config config = {.bases = bases, .base_count = 3};
static struct playlist_asset asset;
static struct feed_media_file file;
static struct feed_media_pace pace;
static struct feed_media_load load;
static int64_t now_ns;
static char url[] = "http://a/media/f.mp4";

static int setup(void **state)
{
    (void)state;
    asset = (struct playlist_asset){.path = "f.mp4", .has_sha256 = true, .size_bytes = 100 * MIB};
    file = (struct feed_media_file){
        .config = &config, .asset = &asset, .base_count = 3, .url = url, .begun = true};
    pace = (struct feed_media_pace){0};
    load = (struct feed_media_load){0};
    now_ns = 1000 * SECOND_NS;
    return 0;
}

static size_t choose(void)
{
    return feed_media_pace_choose(&pace, &file, &load, now_ns);
}

/* So long at this speed, then a look. */
static size_t after(int64_t seconds, int64_t bytes_per_s)
{
    choose();
    now_ns += seconds * SECOND_NS;
    file.arrived_bytes += seconds * bytes_per_s;
    return choose();
}

/* As feed_media does. */
static void go_to(size_t base)
{
    file.base = base;
    file.arrived_bytes = file.looked_bytes = 0;
    file.looked_ns = now_ns;
}

static void what_is_quick_stays(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(after(10, 2 * MIB), 0); /* 50 s */
    asset.size_bytes = 100000;
    assert_int_equal(after(10, 1100), 0); /* slow, but there in a minute and a half */
}

static void nothing_is_said_before_ten_seconds(void **state)
{
    (void)state;
    assert_int_equal(after(9, 0), 0);
    assert_int_equal(feed_media_pace_due_ns(&file), now_ns + SECOND_NS);
    assert_int_equal(after(1, 0), 1);
}

static void a_slow_origin_is_left_for_one_that_is_not_known(void **state)
{
    (void)state;
    assert_int_equal(after(10, 1100), 1);
    go_to(1);
    /* Faster, but not by much: it stays, and the third is tried, too. */
    assert_int_equal(after(10, 1500), 2);
    go_to(2);
    assert_int_equal(after(10, 1400), 2);
    assert_int_equal(after(60, 1400), 2);
}

static void the_faster_one_is_kept(void **state)
{
    (void)state;
    assert_int_equal(after(10, 40000), 1);
    go_to(1);
    assert_int_equal(after(10, 0), 0); /* it hangs: back to the fastest that is known */
    go_to(0);
    assert_int_equal(after(10, 40000), 2);
    go_to(2);
    assert_int_equal(after(10, 2000), 0);
    go_to(0);
    assert_int_equal(after(10, 40000), 0);
    /* Ten minutes later the others may have got better. */
    int64_t start_ns = now_ns;
    while (after(10, 40000) == 0)
        assert_true(now_ns < start_ns + 11 * MINUTE_NS);
    assert_true(now_ns >= start_ns + 9 * MINUTE_NS);
}

static void one_that_becomes_slow_half_way_is_left(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(after(10, 3 * MIB), 0);
    assert_int_equal(after(10, 500), 1);
}

/* Each of five hundred small pictures would be there in time, but not all of them. */
static void what_waits_behind_it_counts(void **state)
{
    (void)state;
    asset.size_bytes = 100000;
    assert_int_equal(after(10, 1100), 0);
    load.queued_bytes = 12 * MIB;
    assert_int_equal(after(10, 1100), 1);
    go_to(1);
    pace.origins[2] = (struct feed_media_pace_origin){.bytes_per_s = MIB, .measured_ns = now_ns};
    assert_int_equal(after(10, 1100), 2);
    load.queued_bytes = INT64_MAX;
    assert_int_equal(after(10, 1100), 2);
}

/* Each is through in a few seconds, and nothing of it is left to be measured. */
static void many_tiny_files_are_measured_together(void **state)
{
    (void)state;
    asset.size_bytes = 5500;
    load.queued_bytes = 100000;
    size_t base = 0;
    for (int i = 0; i < 20; i++) {
        go_to(0);
        now_ns += 5 * SECOND_NS;
        file.arrived_bytes = 5500;
        base = feed_media_pace_finish(&pace, &file, &load, now_ns);
        assert_int_equal(base, 0); /* the rest is there in a minute and a half */
    }
    load.queued_bytes = 1000000;
    for (int i = 0; i < 2; i++) {
        go_to(0);
        now_ns += 5 * SECOND_NS;
        file.arrived_bytes = 5500;
        base = feed_media_pace_finish(&pace, &file, &load, now_ns);
    }
    assert_int_equal(base, 1);
    assert_int_equal(pace.origins[0].bytes_per_s, 1100);
}

static void who_has_failed_is_not_asked(void **state)
{
    (void)state;
    go_to(1);
    feed_media_pace_failed(&file, false, now_ns);
    go_to(2);
    feed_media_pace_failed(&file, true, now_ns);
    go_to(0);
    assert_int_equal(after(10, 1100), 0);
    now_ns += 10 * MINUTE_NS;
    assert_int_equal(after(10, 1100), 1); /* it may be back; what was wrong stays wrong */
    feed_media_pace_failed(&file, true, now_ns);
    go_to(1);
    feed_media_pace_failed(&file, true, now_ns);
    go_to(0);
    now_ns += 100 * MINUTE_NS;
    assert_int_equal(after(10, 1100), 0);
}

static void the_players_own_limit_is_no_origins_fault(void **state)
{
    (void)state;
    load.share_bytes_per_s = 10000;
    assert_int_equal(after(10, 8000), 0);
    assert_int_equal(after(10, 1100), 1);
}

/* The parts of two origins did not fit together: whoever takes over begins anew. */
static void one_that_must_begin_anew_has_to_be_known(void **state)
{
    (void)state;
    file.unjoined = true;
    assert_int_equal(after(10, 1100), 0);
    pace.origins[1] =
        (struct feed_media_pace_origin){.bytes_per_s = 5 * MIB, .measured_ns = now_ns};
    assert_int_equal(after(10, 1100), 1);
}

static void an_only_origin_is_never_left(void **state)
{
    (void)state;
    file.base_count = 1;
    for (int i = 0; i < 500; i++)
        assert_int_equal(after(10, 1), 0);
}

static void no_number_overflows(void **state)
{
    (void)state;
    asset.size_bytes = INT64_MAX;
    assert_int_equal(after(10, 1), 1);
    file.arrived_bytes = INT64_MAX / 2;
    file.looked_bytes = 0;
    now_ns += 10 * SECOND_NS;
    choose();
    assert_true(pace.origins[0].bytes_per_s > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_quick_stays, setup),
        cmocka_unit_test_setup(nothing_is_said_before_ten_seconds, setup),
        cmocka_unit_test_setup(a_slow_origin_is_left_for_one_that_is_not_known, setup),
        cmocka_unit_test_setup(the_faster_one_is_kept, setup),
        cmocka_unit_test_setup(one_that_becomes_slow_half_way_is_left, setup),
        cmocka_unit_test_setup(what_waits_behind_it_counts, setup),
        cmocka_unit_test_setup(many_tiny_files_are_measured_together, setup),
        cmocka_unit_test_setup(who_has_failed_is_not_asked, setup),
        cmocka_unit_test_setup(the_players_own_limit_is_no_origins_fault, setup),
        cmocka_unit_test_setup(one_that_must_begin_anew_has_to_be_known, setup),
        cmocka_unit_test_setup(an_only_origin_is_never_left, setup),
        cmocka_unit_test_setup(no_number_overflows, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
