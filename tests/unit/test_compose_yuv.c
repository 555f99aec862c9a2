#include "screen/compose_yuv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "sample_frames.h"

#define SAMPLES_MAX 400

struct rows {
    uint8_t samples[2][SAMPLES_MAX + COMPOSE_YUV_SPARE];
    int16_t along[2][SAMPLES_MAX + COMPOSE_YUV_SPARE];
    uint8_t result[SAMPLES_MAX + COMPOSE_YUV_SPARE];
    struct compose_taps taps[SAMPLES_MAX / COMPOSE_YUV_EIGHT + 1];
};

static double between(const uint8_t *row, double position, int size)
{
    position = fmin(fmax(position, 0), size - 1);
    int first = (int)position, second = first + 1 < size ? first + 1 : first;
    double weight = position - first;
    return row[first] * (1 - weight) + row[second] * weight;
}

/* The largest difference from the exact value of any result, for one pair of rows. */
static double most_apart(struct rows *rows, int count, double position, double step, int size,
                         int weight, bool quick)
{
    double most = 0;
    bool near = compose_yuv_taps(rows->taps, count, position, step, size);
    for (int i = 0; i < 2; i++)
        compose_yuv_along(rows->along[i], rows->samples[i], rows->taps, count, near && quick);
    compose_yuv_between(rows->result, rows->along[0], rows->along[1], weight, count);
    for (int i = 0; i < count; i++) {
        double upper = between(rows->samples[0], position + i * step, size);
        double lower = between(rows->samples[1], position + i * step, size);
        double share = (double)weight / COMPOSE_YUV_WEIGHTS;
        most = fmax(most, fabs(rows->result[i] - (upper * (1 - share) + lower * share)));
    }
    return most;
}

/* Noise of all levels, any size, step and place: half a level of rounding, and places in 128ths. */
static void results_are_between_their_samples(void **state)
{
    (void)state;
    static struct rows rows;
    uint64_t seed = 4;
    double most = 0;
    int quick = 0;
    for (int i = 0; i < 6000; i++) {
        int size = 1 + (int)(sample_random(&seed) % SAMPLES_MAX);
        int count = 1 + (int)(sample_random(&seed) % SAMPLES_MAX);
        double step = size * (0.3 + 0.7 * sample_random(&seed) / 4294967295.0) / count;
        if (step > 8)
            continue;
        double position = (sample_random(&seed) / 4294967295.0 - 0.3) * size / 2;
        for (int k = 0; k < 2 * size; k++)
            rows.samples[k % 2][k / 2] = (uint8_t)(sample_random(&seed) % 4 ? sample_random(&seed)
                                                   : k % 4 < 2              ? 0
                                                                            : 255);
        int weight = (int)(sample_random(&seed) % COMPOSE_YUV_WEIGHTS);
        most = fmax(most, most_apart(&rows, count, position, step, size, weight, true));
        quick += compose_yuv_taps(rows.taps, count, position, step, size);
    }
    print_message("# largest difference %.2f, %d of 6000 near\n", most, quick);
    assert_true(most <= 2.1);
    assert_in_range(quick, 1000, 5999); /* both ways were taken */
}

/* What one processor shows another shows too. */
static void the_fast_way_gives_the_same(void **state)
{
    (void)state;
    static struct rows rows;
    uint64_t seed = 8;
    for (int i = 0; i < 2000; i++) {
        int size = 20 + (int)(sample_random(&seed) % (SAMPLES_MAX - 20));
        int count = size - (int)(sample_random(&seed) % 10);
        for (int k = 0; k < size; k++)
            rows.samples[0][k] = (uint8_t)sample_random(&seed);
        double step = (double)(size - 3) / count, start = sample_random(&seed) / 4294967295.0;
        assert_true(compose_yuv_taps(rows.taps, count, start, step, size));
        for (int quick = 0; quick < 2; quick++)
            compose_yuv_along(rows.along[quick], rows.samples[0], rows.taps, count, quick);
        assert_memory_equal(rows.along[0], rows.along[1], (size_t)count * sizeof(int16_t));
    }
}

/* Where nothing moves nothing changes, at either end of the range. */
static void samples_in_their_place_stay_as_they_are(void **state)
{
    (void)state;
    static struct rows rows;
    for (int i = 0; i < 256; i++)
        rows.samples[0][i] = rows.samples[1][i] = (uint8_t)i;
    for (int weight = 0; weight < COMPOSE_YUV_WEIGHTS; weight += 4095) {
        assert_true(most_apart(&rows, 256, 0, 1, 256, weight, true) == 0);
        assert_true(most_apart(&rows, 256, 0, 1, 256, weight, false) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_between_their_samples),
        cmocka_unit_test(the_fast_way_gives_the_same),
        cmocka_unit_test(samples_in_their_place_stay_as_they_are),
    };
    return cmocka_run_group_tests_name("compose_yuv", tests, NULL, NULL);
}
