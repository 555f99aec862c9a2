#include "worker/film/film_color_exact.h"

#include <stdlib.h>

/* What a curve of codes covers: all that is shown, and what is a little out of range. */
#define LIGHT_MIN (-1.0 / 64)
#define LIGHT_MAX 1.25
#define STEPS 65536 /* from light 0 to light 1 */
#define CURVE_SIZE ((size_t)((LIGHT_MAX - LIGHT_MIN) * STEPS) + 1)

struct film_color_exact {
    float light[3][4];  /* of a sample in 16 bits, in places of the curve */
    float sample[3][4]; /* of codes, in codes of 8 bits */
    float curve[];      /* codes by light */
};

bool film_color_exact_suits(const struct film_color_map *map)
{
    struct film_color_affine affine;
    return film_color_map_affine(map, &affine);
}

struct film_color_exact *film_color_exact_create(const struct film_color_map *map)
{
    struct film_color_affine affine;
    if (!film_color_map_affine(map, &affine))
        return NULL;
    struct film_color_exact *exact = malloc(sizeof *exact + CURVE_SIZE * sizeof exact->curve[0]);
    if (!exact)
        return NULL;
    for (int i = 0; i < 3; i++) {
        /* Half a step more, so that the nearest one is taken. */
        exact->light[i][0] = (float)((affine.light[i][0] - LIGHT_MIN) * STEPS + 0.5);
        exact->sample[i][0] = (float)affine.sample[i][0];
        for (int j = 1; j < 4; j++) {
            exact->light[i][j] = (float)(affine.light[i][j] / 65536 * STEPS);
            exact->sample[i][j] = (float)affine.sample[i][j];
        }
    }
    for (size_t i = 0; i < CURVE_SIZE; i++)
        exact->curve[i] = (float)film_color_map_code(map, LIGHT_MIN + (double)i / STEPS);
    return exact;
}

static inline float clamp(float value, float least, float most)
{
    value = value < least ? least : value;
    return value > most ? most : value;
}

void film_color_exact_row(const struct film_color_exact *exact, int member, uint16_t *const rows[3],
                          int count, const uint8_t dithers[8], uint8_t *into)
{
    const float *weights = exact->sample[member];
    for (int x = 0; x < count; x++) {
        float result = weights[0] + (float)dithers[x & 7] / 64;
        for (int i = 0; i < 3; i++) {
            const float *k = exact->light[i];
            float light = k[0] + k[1] * (float)rows[0][x] + k[2] * (float)rows[1][x] +
                          k[3] * (float)rows[2][x];
            result += weights[i + 1] * exact->curve[(int)clamp(light, 0, (float)(CURVE_SIZE - 1))];
        }
        into[x] = (uint8_t)clamp(result, 0, 255);
    }
}

void film_color_exact_destroy(struct film_color_exact *exact)
{
    free(exact);
}
