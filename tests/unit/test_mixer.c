/* The mixer: what is heard of films, sample by sample. */
#include "sound/mixer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
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
};

#define SCALE (1.0F / (1 << 20))

static bool add_tone(void *source, int64_t offset, float *mix, int pairs)
{
    struct tone *tone = source;
    bool any = false;
    tone->asked++;
    for (int i = 0; i < pairs; i++) {
        if (offset + i < tone->first || offset + i >= tone->end)
            continue;
        mix[2 * i] += (float)(offset + i) * SCALE;
        mix[2 * i + 1] += tone->right;
        any = true;
    }
    return any;
}

static struct tone steady(void)
{
    return (struct tone){.first = 0, .end = INT64_MAX, .right = 0.5F};
}

static struct mixer_side side_of(struct tone *tone, uint64_t key, double offset, float gain)
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
        struct mixer_side side = side_of(&tone, 1, (double)offset, 0.8F);
        mixer_mix(&mixer, &side, 1, add_tone, block);
        for (int i = 0; i < PAIRS; i++) {
            float gain = n == 0 ? 0.8F * (float)i / PAIRS : 0.8F;
            assert_near(block[2 * i], (float)(offset + i) * SCALE * gain);
            assert_near(block[2 * i + 1], 0.5F * gain);
        }
    }
}

/* A film that is followed for some time by a clock that runs at `speed`, from `slip` pairs ahead of
 * it on: its sound has no jump, and at most so many pairs are between the two. */
struct chase {
    double speed, slip, slip_max;
    int blocks;
};

static bool add_steady(void *source, int64_t offset, float *mix, int pairs)
{
    (void)source;
    (void)offset;
    for (int i = 0; i < pairs; i++)
        mix[2 * i + 1] += 0.5F;
    return true;
}

/* Returns how far the film is behind in the end. */
static double follow(struct mixer *mixer, const struct chase *chase)
{
    double wanted = mixer->voices[0].next + chase->slip, slip = 0;
    float block[SAMPLES];
    for (int n = 0; n < chase->blocks; n++, wanted += PAIRS * chase->speed) {
        const struct mixer_side side = {.key = 1, .offset = wanted, .gain = 1};
        double before = mixer->voices[0].next;
        mixer_mix(mixer, &side, 1, add_steady, block);
        double rate = (mixer->voices[0].next - before) / PAIRS;
        slip = wanted - before;
        if (fabs(rate - 1) > MIXER_GLIDE_PER_MILLE / 1000.0 + 1e-9)
            fail_msg("block %d is played at %f", n, rate);
        if (fabs(slip) > chase->slip_max)
            fail_msg("block %d is %f pairs off", n, slip);
        for (int i = 0; i < PAIRS; i++)
            assert_true(n == 0 || block[2 * i + 1] == 0.5F);
    }
    return slip;
}

#define BLOCKS_S (MIXER_HZ / PAIRS)

/* As the show clock takes a correction of 1.9 s: for 190 s by a hundredth, of which the first
 * thirty say all. */
static void a_clock_that_is_corrected_is_followed_without_a_jump(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct mixer mixer = {0};
        const struct chase before = {.speed = 1, .blocks = 2},
                           slewed = {1 + sign * 0.01, 0, MIXER_HZ * 0.0051, 30 * BLOCKS_S},
                           after = {1, sign * MIXER_HZ * 0.005, MIXER_HZ * 0.0051, 5 * BLOCKS_S};
        follow(&mixer, &before);
        assert_true(fabs(follow(&mixer, &slewed)) > MIXER_HZ * 0.004);
        assert_true(fabs(follow(&mixer, &after)) < 0.1);
    }
}

/* 50 ppm, which was a jump each five minutes. */
static void a_device_that_is_off_is_followed_without_a_jump(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    const struct chase before = {.speed = 1, .blocks = 2}, off = {1 + 50e-6, 0, 2, 30 * BLOCKS_S};
    follow(&mixer, &before);
    follow(&mixer, &off);
}

/* Up to 40 ms at once are no jump either: three seconds later they are gone. */
static void a_small_step_of_the_clock_is_caught_up_with(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct mixer mixer = {0};
        const struct chase before = {.speed = 1, .blocks = 2},
                           step = {1, sign * MIXER_HZ * 0.0399, MIXER_HZ * 0.04, 5 * BLOCKS_S};
        follow(&mixer, &before);
        assert_true(fabs(follow(&mixer, &step)) < MIXER_HZ * 0.0005);
    }
}

/* Played faster, each sample follows on the one before it by a little more than one of the film. */
static void what_is_played_faster_has_no_seam(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone tone = steady();
    float block[SAMPLES], last = 0;
    double clock = 0;
    for (int n = 0; n < 10 * BLOCKS_S; n++, clock += PAIRS * 1.01) {
        struct mixer_side side = side_of(&tone, 1, clock, 1);
        mixer_mix(&mixer, &side, 1, add_tone, block);
        for (int i = 0; i < PAIRS && n > 0; i++) {
            float step = (block[2 * i] - last) / SCALE;
            if (n > 1 && !(step > 0.9F && step < 1.1F)) /* what a float has of so high a number */
                fail_msg("a step of %f at %d of block %d", (double)step, i, n);
            last = block[2 * i];
        }
    }
}

#define TURN 6.28318530717958647692

static bool add_wave(void *source, int64_t offset, float *mix, int pairs)
{
    const double *hz = source;
    for (int i = 0; i < pairs; i++)
        mix[2 * i] += (float)(0.5 * sin(TURN * *hz / MIXER_HZ * (double)(offset + i)));
    return true;
}

/* Between its samples a film is what it was before it was sampled, within 60 dB at 2 kHz. */
static void what_is_played_faster_keeps_its_shape(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    float block[SAMPLES];
    double hz = 2000, clock = 0, worst = 0;
    for (int n = 0; n < 4 * BLOCKS_S; n++, clock += PAIRS * 1.01) {
        const struct mixer_side side = {.key = 1, .source = &hz, .offset = clock, .gain = 1};
        double from = mixer.voices[0].next;
        mixer_mix(&mixer, &side, 1, add_wave, block);
        double rate = (mixer.voices[0].next - from) / PAIRS;
        for (int i = 0; i < PAIRS && n > 0; i++) {
            double right = 0.5 * sin(TURN * hz / MIXER_HZ * (from + i * rate));
            worst = fmax(worst, fabs((double)block[2 * i] - right));
        }
    }
    if (worst > 0.0005)
        fail_msg("%f off", worst);
}

/* More than 40 ms: there at once, from the one into the other. */
static void a_jump_forth_fades(void **state)
{
    (void)state;
    struct mixer mixer = {0};
    struct tone tone = steady();
    float block[SAMPLES];
    const int64_t there = 3 * PAIRS + MIXER_SLIP_MAX_PAIRS + 1;
    for (int n = 0; n < 3; n++) {
        struct mixer_side side = side_of(&tone, 1, n * PAIRS, 1);
        mixer_mix(&mixer, &side, 1, add_tone, block);
    }
    struct mixer_side side = side_of(&tone, 1, (double)there, 1);
    mixer_mix(&mixer, &side, 1, add_tone, block);
    for (int i = 0; i < PAIRS; i++) {
        float in = (float)i / PAIRS;
        assert_near(block[2 * i],
                    (float)(there + i) * SCALE * in + (float)(3 * PAIRS + i) * SCALE * (1 - in));
        assert_near(block[2 * i + 1], 0.5F);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_silence),
        cmocka_unit_test(sound_fades_in_and_goes_on_sample_by_sample),
        cmocka_unit_test(a_clock_that_is_corrected_is_followed_without_a_jump),
        cmocka_unit_test(a_device_that_is_off_is_followed_without_a_jump),
        cmocka_unit_test(a_small_step_of_the_clock_is_caught_up_with),
        cmocka_unit_test(what_is_played_faster_has_no_seam),
        cmocka_unit_test(what_is_played_faster_keeps_its_shape),
        cmocka_unit_test(a_jump_forth_fades),
        cmocka_unit_test(a_jump_back_fades_too),
        cmocka_unit_test(sound_that_ends_fades_out),
        cmocka_unit_test(two_sides_add_up_each_with_its_gain),
        cmocka_unit_test(what_is_too_loud_is_limited),
        cmocka_unit_test(sound_that_comes_late_fades_in),
        cmocka_unit_test(voices_are_given_back),
    };
    return cmocka_run_group_tests_name("mixer", tests, NULL, NULL);
}
