/* The queue of sound, and the clock that it keeps. */
#include "sound/sound_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PAIRS 240
#define SAMPLES (2 * PAIRS)

#define PERIOD 960
#define PERIOD_NS INT64_C(20000000)
#define START_NS INT64_C(5000000000)

static struct sound_queue queue;

static int reset(void **state)
{
    (void)state;
    memset(&queue, 0, sizeof queue);
    return 0;
}

static float taken[2 * 4096];

static void take(unsigned device, int64_t now_ns)
{
    sound_queue_take(&queue, device, taken, PERIOD, now_ns);
}

static bool has_room(int most, int64_t *position, bool *gap)
{
    return sound_queue_has_room(&queue, PAIRS, most, position, gap);
}

static void put(float value)
{
    float block[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        block[i] = value;
    sound_queue_put(&queue, block, PAIRS);
}

static void nothing_is_put_before_the_device_keeps_time(void **state)
{
    (void)state;
    int64_t position;
    bool gap;
    for (int n = 0; n < 4; n++) {
        assert_false(has_room(9600, &position, &gap));
        take(1, START_NS + n * PERIOD_NS);
        for (int i = 0; i < 2 * PERIOD; i++)
            assert_true(taken[i] == 0);
    }
    assert_true(has_room(9600, &position, &gap));
    assert_true(gap);
    /* The device may take one period while the block is mixed. */
    assert_int_equal(position, 5 * PERIOD);
    /* Asked for when the fifth is due, heard after the two that are in its buffer. */
    assert_int_equal(sound_queue_heard_ns(&queue, position), START_NS + 7 * PERIOD_NS);
}

static void what_is_put_is_taken_once_in_order(void **state)
{
    (void)state;
    int64_t position, expected = -1, read = 0;
    bool gap;
    int gaps = 0;
    float next = 0, heard = 0;
    for (int n = 0; n < 400; n++) {
        take(1, START_NS + n * PERIOD_NS);
        for (int i = 0; i < PERIOD; i++, read++) {
            if (expected < 0 || read < expected)
                continue;
            assert_true(taken[2 * i] == heard + 1 && taken[2 * i + 1] == heard + 2);
            heard += 2;
        }
        while (has_room(4320, &position, &gap)) {
            gaps += gap;
            if (expected < 0)
                expected = position;
            float block[SAMPLES];
            for (int i = 0; i < SAMPLES; i++)
                block[i] = next += 1;
            sound_queue_put(&queue, block, PAIRS);
        }
        assert_true(n < 4 || queue.put - queue.taken > 4320 - PAIRS);
    }
    assert_int_equal(gaps, 1);
    assert_true(heard > 100000);
}

/* The main thread was busy: what breaks off fades, and what follows comes at a later time. */
static void a_queue_that_runs_dry_fades_and_goes_on(void **state)
{
    (void)state;
    int64_t position;
    bool gap;
    int n = 0;
    for (; n < 4; n++)
        take(1, START_NS + n * PERIOD_NS);
    while (has_room(4320, &position, &gap))
        put(0.5F);
    for (; n < 14; n++) {
        take(1, START_NS + n * PERIOD_NS);
        for (int i = 2; i < 2 * PERIOD; i++) /* the first comes after silence */
            assert_true(i < 4 || n < 6 || fabsf(taken[i] - taken[i - 2]) < 0.02F);
    }
    assert_true(taken[0] == 0);
    assert_true(has_room(4320, &position, &gap));
    assert_true(gap);
    assert_int_equal(position, 15 * PERIOD);
    put(0.25F);
    take(1, START_NS + n++ * PERIOD_NS);
    assert_true(taken[2 * PERIOD - 1] == 0);
    take(1, START_NS + n++ * PERIOD_NS);
    assert_true(taken[0] == 0.25F && taken[2 * PAIRS - 1] == 0.25F);
}

/* It asks late now and then, and for its first periods at once. */
static void a_device_that_is_late_keeps_its_time(void **state)
{
    (void)state;
    static const int late_ms[] = {0, 3, 19, 1, 0, 7, 40, 20, 2, 0, 11};
    int64_t position;
    bool gap;
    take(1, START_NS);
    take(1, START_NS + 100000);
    for (int n = 2; n < 100; n++) {
        take(1, START_NS + (n - 1) * PERIOD_NS + late_ms[n % 11] * 1000000);
        if (n < 20)
            continue;
        assert_true(has_room(100000, &position, &gap));
        assert_int_equal(sound_queue_heard_ns(&queue, position),
                         START_NS + position * 62500 / 3 + PERIOD_NS);
    }
}

static void another_device_keeps_another_time(void **state)
{
    (void)state;
    int64_t position;
    bool gap;
    for (int n = 0; n < 20; n++)
        take(1, START_NS + n * PERIOD_NS);
    assert_true(has_room(4320, &position, &gap));
    put(0.5F);
    for (int n = 0; n < 5; n++)
        take(2, START_NS + INT64_C(3000000000) + n * PERIOD_NS);
    assert_true(has_room(4320, &position, &gap));
    assert_true(gap);
    assert_int_equal(position, 26 * PERIOD);
    assert_int_equal(sound_queue_heard_ns(&queue, position),
                     START_NS + INT64_C(3000000000) + 8 * PERIOD_NS);
}

/* More than its ring of notes holds while the main thread is busy: nothing is lost but time. */
static void a_main_thread_that_sleeps_finds_its_way_back(void **state)
{
    (void)state;
    int64_t position;
    bool gap;
    int n = 0;
    for (; n < 1000; n++)
        take(1, START_NS + n * PERIOD_NS);
    assert_true(has_room(4320, &position, &gap));
    for (; n < 1020; n++)
        take(1, START_NS + n * PERIOD_NS);
    assert_true(has_room(4320, &position, &gap));
    assert_int_equal(position, 1021 * PERIOD);
    assert_int_equal(sound_queue_heard_ns(&queue, position), START_NS + 1023 * PERIOD_NS);
}

/* Both threads at once, as fast as they can: what arrives arrives in order, each block whole where
 * nothing breaks off. */
#define RACE_BLOCKS 5000

static _Atomic bool race_is_over;

static void *take_all(void *unused)
{
    static float samples[2 * PERIOD];
    const char *trouble = NULL;
    float last = 0;
    for (int64_t now_ns = START_NS; last < RACE_BLOCKS; now_ns += PERIOD_NS) {
        sound_queue_take(&queue, 1, samples, PERIOD, now_ns);
        for (int i = 0; i < PERIOD; i++) {
            bool whole = samples[2 * i + 1] - samples[2 * i] == 0.5F; /* else it fades */
            if (whole && samples[2 * i] < last)
                trouble = "what was put later came earlier";
            if (whole)
                last = samples[2 * i];
        }
    }
    race_is_over = true;
    (void)unused;
    return (void *)(uintptr_t)trouble;
}

static void two_threads_agree(void **state)
{
    (void)state;
    pthread_t thread;
    void *trouble;
    int64_t position, end = 0;
    bool gap, in_order = true;
    race_is_over = false;
    assert_int_equal(pthread_create(&thread, NULL, take_all, NULL), 0);
    for (int n = 1; !race_is_over;) {
        if (!has_room(4320, &position, &gap))
            continue;
        in_order &= position >= end && (gap || position == end);
        float block[SAMPLES];
        for (int i = 0; i < SAMPLES; i++)
            block[i] = (float)n + 0.5F * (float)(i % 2);
        sound_queue_put(&queue, block, PAIRS);
        n += n < RACE_BLOCKS;
        end = position + PAIRS;
    }
    pthread_join(thread, &trouble);
    assert_true(in_order);
    if (trouble)
        fail_msg("%s", (const char *)trouble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_put_before_the_device_keeps_time, reset),
        cmocka_unit_test_setup(what_is_put_is_taken_once_in_order, reset),
        cmocka_unit_test_setup(a_queue_that_runs_dry_fades_and_goes_on, reset),
        cmocka_unit_test_setup(a_device_that_is_late_keeps_its_time, reset),
        cmocka_unit_test_setup(another_device_keeps_another_time, reset),
        cmocka_unit_test_setup(a_main_thread_that_sleeps_finds_its_way_back, reset),
        cmocka_unit_test_setup(two_threads_agree, reset),
    };
    return cmocka_run_group_tests_name("sound_queue", tests, NULL, NULL);
}
