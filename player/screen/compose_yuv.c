#include "screen/compose_yuv.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <tmmintrin.h>
#endif

#define WEIGHT 128
#define NEAR 16 /* bytes of one shuffle */

bool compose_yuv_taps(struct compose_taps *taps, int count, double position, double step, int size)
{
    bool near = true;
    for (int i = 0; i < compose_yuv_groups(count) * COMPOSE_YUV_EIGHT; i++) {
        struct compose_taps *group = &taps[i / COMPOSE_YUV_EIGHT];
        int place = i % COMPOSE_YUV_EIGHT * 2;
        /* A group is filled beyond `count`, with copies of the last result. */
        int at = i < count ? i : count - 1;
        double exact = fmin(fmax(position + at * step, 0), size - 1);
        int first = (int)exact, weight = (int)((exact - first) * WEIGHT + 0.5);
        if (place == 0)
            group->first = first;
        int offset = first - group->first;
        int second = first + 1 < size ? offset + 1 : offset;
        group->places[place] = (uint8_t)offset;
        group->places[place + 1] = (uint8_t)second;
        group->weights[place] = (uint8_t)(WEIGHT - weight);
        group->weights[place + 1] = (uint8_t)weight;
        near &= second < NEAR;
    }
    return near;
}

static void sample_row_plain(int16_t *result, const uint8_t *row, const struct compose_taps *taps,
                             int groups)
{
    for (int i = 0; i < groups * COMPOSE_YUV_EIGHT; i++) {
        const struct compose_taps *group = &taps[i / COMPOSE_YUV_EIGHT];
        const uint8_t *from = row + group->first;
        int place = i % COMPOSE_YUV_EIGHT * 2;
        result[i] = (int16_t)((from[group->places[place]] - 128) * group->weights[place] +
                              (from[group->places[place + 1]] - 128) * group->weights[place + 1]);
    }
}

static void blend_rows_plain(uint8_t *result, const int16_t *upper, const int16_t *lower,
                             int weight, int groups)
{
    for (int i = 0; i < groups * COMPOSE_YUV_EIGHT; i++) {
        int between = upper[i] + (((lower[i] - upper[i]) * weight + (1 << 14)) >> 15);
        result[i] = (uint8_t)(((between + WEIGHT / 2) >> 7) + 128);
    }
}

#if defined(__x86_64__) || defined(__i386__)
/* One factor of the multiplication is signed, so samples are shifted by half their range. */
__attribute__((target("ssse3"))) static void
sample_row_ssse3(int16_t *result, const uint8_t *row, const struct compose_taps *taps, int groups)
{
    const __m128i sign = _mm_set1_epi8((char)0x80);
    for (int i = 0; i < groups; i++) {
        __m128i samples, places, weights;
        memcpy(&samples, row + taps[i].first, sizeof samples);
        memcpy(&places, taps[i].places, sizeof places);
        memcpy(&weights, taps[i].weights, sizeof weights);
        __m128i pairs = _mm_shuffle_epi8(_mm_xor_si128(samples, sign), places);
        __m128i sums = _mm_maddubs_epi16(weights, pairs);
        memcpy(result + (size_t)i * COMPOSE_YUV_EIGHT, &sums, sizeof sums);
    }
}

__attribute__((target("ssse3"))) static void blend_rows_ssse3(uint8_t *result, const int16_t *upper,
                                                              const int16_t *lower, int weight,
                                                              int groups)
{
    const __m128i sign = _mm_set1_epi8((char)0x80), half = _mm_set1_epi16(WEIGHT / 2);
    const __m128i share = _mm_set1_epi16((int16_t)weight);
    for (int i = 0; i < groups; i++) {
        __m128i a, b;
        memcpy(&a, upper + (size_t)i * COMPOSE_YUV_EIGHT, sizeof a);
        memcpy(&b, lower + (size_t)i * COMPOSE_YUV_EIGHT, sizeof b);
        __m128i between = _mm_add_epi16(a, _mm_mulhrs_epi16(_mm_sub_epi16(b, a), share));
        between = _mm_srai_epi16(_mm_add_epi16(between, half), 7);
        between = _mm_xor_si128(_mm_packs_epi16(between, between), sign);
        memcpy(result + (size_t)i * COMPOSE_YUV_EIGHT, &between, COMPOSE_YUV_EIGHT);
    }
}

static bool has_ssse3(void)
{
    return __builtin_cpu_supports("ssse3");
}
#else
#define sample_row_ssse3 sample_row_plain
#define blend_rows_ssse3 blend_rows_plain

static bool has_ssse3(void)
{
    return false;
}
#endif

void compose_yuv_along(int16_t *result, const uint8_t *row, const struct compose_taps *taps,
                       int count, bool near)
{
    if (near && has_ssse3())
        sample_row_ssse3(result, row, taps, compose_yuv_groups(count));
    else
        sample_row_plain(result, row, taps, compose_yuv_groups(count));
}

void compose_yuv_between(uint8_t *result, const int16_t *upper, const int16_t *lower, int weight,
                         int count)
{
    if (has_ssse3())
        blend_rows_ssse3(result, upper, lower, weight, compose_yuv_groups(count));
    else
        blend_rows_plain(result, upper, lower, weight, compose_yuv_groups(count));
}
