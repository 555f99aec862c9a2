/* What is heard, sample by sample: the mixer, and the queue with its clock. */
#include "stage/mixer.h"
#include "stage/sound_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PAIRS MIXER_BLOCK_PAIRS
#define SAMPLES (2 * PAIRS)
#define NEAR 1e-5F

/* A film whose sound at sample n is n / 2^20 on the left, and `right` on the right; from `first` on
 * to `end`. */
struct tone {
    int64_t first, end;
    float right;
    int asked;
    int64_t last_offset;
};

#define SCALE (1.0F / (1 << 20))

static bool add_tone(void *source, int64_t offset, float *mix, int pairs, const float gains[2])
{
    struct tone *tone = source;
    bool any = false;
    tone->asked++;
    tone->last_offset = offset;
    for (int i = 0; i < pairs; i++) {
        if (offset + i < tone->first || offset + i >= tone->end)
            continue;
        float gain = gains[0] + (gains[1] - gains[0]) * (float)i / (float)pairs;
        mix[2 * i] += (float)(offset + i) * SCALE * gain;
        mix[2 * i + 1] += tone->right * gain;
        any = true;
    }
    return any;
}

static struct tone steady(void)
{
    return (struct tone){.first = 0, .end = INT64_MAX, .right = 0.5F};
}

static struct mixer_side side_of(struct tone *tone, uint64_t key, int64_t offset, float gain)
{
    return (struct mixer_side){.key = key, .source = tone, .offset = offset, .gain = gain};
}

static void assert_near(float is, float wanted)
{
    if (!(fabsf(is - wanted) < NEAR))
        fail_msg("%f instead of %f", (double)is, (double)wanted);
}

static void nothing_is_silence(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    float block[SAMPLES];
    memset(block, 0x55, sizeof block);
    mixer_mix(&mixer, NULL, 0, add_tone, block);
    for (int i = 0; i < SAMPLES; i++)
        assert_true(block[i] == 0);
}

static void sound_fades_in_and_goes_on_sample_by_sample(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone tone = steady();
    float block[SAMPLES];
    int64_t offset = 1000;
    for (int n = 0; n < 20; n++, offset += PAIRS) {
        struct mixer_side side = side_of(&tone, 1, offset, 0.8F);
        mixer_mix(&mixer, &side, 1, add_tone, block);
        for (int i = 0; i < PAIRS; i++) {
            float gain = n == 0 ? 0.8F * (float)i / PAIRS : 0.8F;
            assert_near(block[2 * i], (float)(offset + i) * SCALE * gain);
            assert_near(block[2 * i + 1], 0.5F * gain);
        }
    }
}

/* The show clock is corrected by up to a hundredth: no sample is left out for that, until it is too
 * much; then once, and without a click. */
static void a_clock_that_drifts_is_followed_in_jumps(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone tone = steady();
    float block[SAMPLES], last = 0;
    double clock = 0;
    int64_t heard = 0;
    int jumps = 0;
    for (int n = 0; n < 1000; n++, clock += PAIRS * 1.01) {
        struct mixer_side side = side_of(&tone, 1, (int64_t)clock, 1);
        int64_t before = mixer.voices[0].next;
        mixer_mix(&mixer, &side, 1, add_tone, block);
        bool jumped = n > 0 && mixer.voices[0].next != before + PAIRS;
        jumps += jumped;
        heard = mixer.voices[0].next - PAIRS;
        assert_true(llabs((int64_t)clock - heard) <= MIXER_SLIP_MAX_PAIRS);
        for (int i = 0; i < PAIRS && n > 0; i++) {
            if (!jumped)
                assert_near(block[2 * i], (float)(heard + i) * SCALE);
            /* Right is steady: a fade of one into the other leaves it so. */
            assert_near(block[2 * i + 1], 0.5F);
            assert_true(fabsf(block[2 * i] - last) < 10 * SCALE + 0.001F || i > 0);
            last = block[2 * i];
        }
    }
    assert_int_equal(jumps, 3); /* 2,400 pairs in all, 721 at a time */
    assert_int_equal(tone.last_offset, heard + PAIRS);
}

static void a_jump_back_fades_too(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone tone = steady();
    float block[SAMPLES];
    for (int n = 0; n < 3; n++) {
        struct mixer_side side = side_of(&tone, 1, 48000 + n * PAIRS, 1);
        mixer_mix(&mixer, &side, 1, add_tone, block);
    }
    struct mixer_side side = side_of(&tone, 1, 0, 1);
    mixer_mix(&mixer, &side, 1, add_tone, block);
    for (int i = 0; i < PAIRS; i++) {
        float in = (float)i / PAIRS;
        assert_near(block[2 * i],
                    (float)i * SCALE * in + (float)(48000 + 3 * PAIRS + i) * SCALE * (1 - in));
    }
}

static void sound_that_ends_fades_out(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone tone = steady();
    float block[SAMPLES];
    for (int n = 0; n < 2; n++) {
        struct mixer_side side = side_of(&tone, 7, n * PAIRS, 0.6F);
        mixer_mix(&mixer, &side, 1, add_tone, block);
    }
    int asked = tone.asked;
    mixer_mix(&mixer, NULL, 0, add_tone, block);
    assert_int_equal(tone.asked, asked); /* it may be gone */
    for (int i = 0; i < PAIRS; i++)
        assert_near(block[2 * i + 1], 0.5F * 0.6F * (1 - (float)i / PAIRS));
    mixer_mix(&mixer, NULL, 0, add_tone, block);
    for (int i = 0; i < SAMPLES; i++)
        assert_true(block[i] == 0);
}

static void two_sides_add_up_each_with_its_gain(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone from = {.end = INT64_MAX, .right = 0.5F}, to = {.end = INT64_MAX, .right = -0.25F};
    float block[SAMPLES];
    float gains[][2] = {{1, 0}, {0.9F, 0.3F}, {0.2F, 0.95F}, {0, 1}};
    for (int n = 0; n < 4; n++) {
        struct mixer_side sides[] = {side_of(&to, 2, n * PAIRS, gains[n][1]),
                                     side_of(&from, 1, 96000 + n * PAIRS, gains[n][0])};
        mixer_mix(&mixer, sides, 2, add_tone, block);
        for (int i = 0; i < PAIRS && n > 0; i++) {
            float at = (float)i / PAIRS;
            float one = gains[n - 1][0] + (gains[n][0] - gains[n - 1][0]) * at;
            float two = gains[n - 1][1] + (gains[n][1] - gains[n - 1][1]) * at;
            assert_near(block[2 * i + 1], 0.5F * one - 0.25F * two);
        }
    }
}

static void what_is_too_loud_is_limited(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone one = {.end = INT64_MAX, .right = 0.9F}, two = one;
    float block[SAMPLES];
    for (int n = 0; n < 2; n++) {
        struct mixer_side sides[] = {side_of(&one, 1, n * PAIRS, 1),
                                     side_of(&two, 2, n * PAIRS, 1)};
        mixer_mix(&mixer, sides, 2, add_tone, block);
    }
    for (int i = 0; i < PAIRS; i++)
        assert_true(block[2 * i + 1] == 1);
}

/* Decoded too late: it fades in where the film is by then. */
static void sound_that_comes_late_fades_in(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone tone = {.first = INT64_MAX, .end = INT64_MAX, .right = 0.5F};
    float block[SAMPLES];
    for (int n = 0; n < 6; n++) {
        if (n == 3)
            tone.first = 0;
        struct mixer_side side = side_of(&tone, 1, n * PAIRS, 1);
        mixer_mix(&mixer, &side, 1, add_tone, block);
        for (int i = 0; i < PAIRS; i++)
            assert_near(block[2 * i + 1], n < 3 ? 0 : n == 3 ? 0.5F * (float)i / PAIRS : 0.5F);
    }
}

/* Four films in turn, faster than they fade: no voice is left over, none is missing. */
static void voices_are_given_back(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone tones[5];
    float block[SAMPLES];
    for (int i = 0; i < 5; i++)
        tones[i] = steady();
    for (int n = 0; n < 200; n++) {
        struct mixer_side sides[] = {side_of(&tones[n % 5], (uint64_t)n + 1, 0, 1),
                                     side_of(&tones[(n + 1) % 5], (uint64_t)n + 2, 0, 1)};
        mixer_mix(&mixer, sides, 2, add_tone, block);
    }
    mixer_mix(&mixer, NULL, 0, add_tone, block);
    mixer_mix(&mixer, NULL, 0, add_tone, block);
    for (int i = 0; i < SAMPLES; i++)
        assert_true(block[i] == 0);
}

/* The queue. */

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
        cmocka_unit_test(nothing_is_silence),
        cmocka_unit_test(sound_fades_in_and_goes_on_sample_by_sample),
        cmocka_unit_test(a_clock_that_drifts_is_followed_in_jumps),
        cmocka_unit_test(a_jump_back_fades_too),
        cmocka_unit_test(sound_that_ends_fades_out),
        cmocka_unit_test(two_sides_add_up_each_with_its_gain),
        cmocka_unit_test(what_is_too_loud_is_limited),
        cmocka_unit_test(sound_that_comes_late_fades_in),
        cmocka_unit_test(voices_are_given_back),
        cmocka_unit_test_setup(nothing_is_put_before_the_device_keeps_time, reset),
        cmocka_unit_test_setup(what_is_put_is_taken_once_in_order, reset),
        cmocka_unit_test_setup(a_queue_that_runs_dry_fades_and_goes_on, reset),
        cmocka_unit_test_setup(a_device_that_is_late_keeps_its_time, reset),
        cmocka_unit_test_setup(another_device_keeps_another_time, reset),
        cmocka_unit_test_setup(a_main_thread_that_sleeps_finds_its_way_back, reset),
        cmocka_unit_test_setup(two_threads_agree, reset),
    };
    return cmocka_run_group_tests_name("sound", tests, NULL, NULL);
}
