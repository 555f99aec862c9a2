#include "worker/film/film_deinterlace.h"

#include <string.h>

/* The filters' weights, in 8192ths: in the field itself (the rows at 1 and 3) alone, and its low
 * frequencies beside the high ones of the fields around (the rows at 0, 2 and 4). */
#define OWN_1 5077
#define OWN_3 981
#define LOW_1 4309
#define LOW_3 213
#define HIGH_0 5570
#define HIGH_2 3801
#define HIGH_4 1016
#define WEIGHT_SHIFT 13

/* The rows that a missing row is made of: 0 is its own place, 2 and 4 are so many rows away. */
enum { ROW_UP_4, ROW_UP_2, ROW_0, ROW_DOWN_2, ROW_DOWN_4, ROW_COUNT };
struct rows {
    const uint8_t *up, *down, *up_3, *down_3;         /* of the field itself */
    const uint8_t *before_up, *before_down;           /* of the same field, a frame earlier */
    const uint8_t *after_up, *after_down;             /* and later */
    const uint8_t *old[ROW_COUNT], *young[ROW_COUNT]; /* of the other field, before and after */
};

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static inline int larger(int a, int b)
{
    return a > b ? a : b;
}

static inline int distance(int a, int b)
{
    return a > b ? a - b : b - a;
}

/* Samples around a missing one, named as in struct rows; `around` is the sum of old and young. */
struct samples {
    int up, down, far; /* far: the sum of those at 3 */
    int old, young;
    int around_up_2, around_down_2, around_4;
    int before, after; /* how much the field differs from itself, a frame earlier and later */
};

static inline __attribute__((always_inline)) int interpolate(const struct samples *s, int most)
{
    int sum = s->old + s->young, kept = sum >> 1, moved = distance(s->old, s->young);
    int change = larger(larger(moved >> 1, s->before >> 1), s->after >> 1);
    /* A row that differs from those around it as they do from each other may be right. */
    int above = (s->around_up_2 >> 1) - s->up, below = (s->around_down_2 >> 1) - s->down;
    int from_up = kept - s->up, from_down = kept - s->down;
    int high = larger(larger(from_down, from_up), smaller(above, below));
    int low = smaller(smaller(from_down, from_up), larger(above, below));
    int limit = larger(change, larger(low, -high));
    int own = (OWN_1 * (s->up + s->down) - OWN_3 * s->far) >> WEIGHT_SHIFT;
    int detail = HIGH_0 * sum - HIGH_2 * (s->around_up_2 + s->around_down_2) + HIGH_4 * s->around_4;
    int three = ((detail >> 2) + LOW_1 * (s->up + s->down) - LOW_3 * s->far) >> WEIGHT_SHIFT;
    int value = distance(s->up, s->down) > moved ? three : own;
    value = smaller(larger(value, kept - limit), kept + limit);
    value = change == 0 ? kept : value;
    return smaller(larger(value, 0), most);
}

/* The row that is written overlaps none that is read: gcc can do many samples at once. */
#ifdef __clang__
#define NO_OVERLAP
#else
#define NO_OVERLAP _Pragma("GCC ivdep")
#endif

#define DEFINE_INTERPOLATE_ROW(name, type, attributes)                                             \
    attributes static void name(const struct rows *rows, int width, int most, uint8_t *output)     \
    {                                                                                              \
        const type *up = (const void *)rows->up, *down = (const void *)rows->down;                 \
        const type *up_3 = (const void *)rows->up_3, *down_3 = (const void *)rows->down_3;         \
        const type *before_up = (const void *)rows->before_up;                                     \
        const type *before_down = (const void *)rows->before_down;                                 \
        const type *after_up = (const void *)rows->after_up;                                       \
        const type *after_down = (const void *)rows->after_down;                                   \
        const type *old[ROW_COUNT], *young[ROW_COUNT];                                             \
        for (int i = 0; i < ROW_COUNT; i++) {                                                      \
            old[i] = (const void *)rows->old[i];                                                   \
            young[i] = (const void *)rows->young[i];                                               \
        }                                                                                          \
        __typeof__(type) *into = (void *)output;                                                   \
        NO_OVERLAP                                                                                 \
        for (int x = 0; x < width; x++) {                                                          \
            const struct samples samples = {                                                       \
                .up = up[x],                                                                       \
                .down = down[x],                                                                   \
                .far = up_3[x] + down_3[x],                                                        \
                .old = old[ROW_0][x],                                                              \
                .young = young[ROW_0][x],                                                          \
                .around_up_2 = old[ROW_UP_2][x] + young[ROW_UP_2][x],                              \
                .around_down_2 = old[ROW_DOWN_2][x] + young[ROW_DOWN_2][x],                        \
                .around_4 = old[ROW_UP_4][x] + young[ROW_UP_4][x] + old[ROW_DOWN_4][x] +           \
                            young[ROW_DOWN_4][x],                                                  \
                .before = distance(before_up[x], up[x]) + distance(before_down[x], down[x]),       \
                .after = distance(after_up[x], up[x]) + distance(after_down[x], down[x]),          \
            };                                                                                     \
            into[x] = (type)interpolate(&samples, most);                                           \
        }                                                                                          \
    }

/* For samples of 8 bits and of more; for any processor and, there being a great difference, for
 * those with AVX2. */
DEFINE_INTERPOLATE_ROW(interpolate_row_8, uint8_t, )
DEFINE_INTERPOLATE_ROW(interpolate_row_16, uint16_t, )
#ifdef __x86_64__
DEFINE_INTERPOLATE_ROW(interpolate_row_8_avx2, uint8_t, __attribute__((target("avx2"))))
DEFINE_INTERPOLATE_ROW(interpolate_row_16_avx2, uint16_t, __attribute__((target("avx2"))))
#endif

typedef void interpolate_function(const struct rows *rows, int width, int most, uint8_t *output);

/* From the field alone. */
static void interpolate_row_alone(const struct rows *rows, int width, int most, uint8_t *output)
{
    bool wide = most > UINT8_MAX;
    const uint16_t *up = (const void *)rows->up, *down = (const void *)rows->down;
    const uint16_t *up_3 = (const void *)rows->up_3, *down_3 = (const void *)rows->down_3;
    uint16_t *into = (void *)output;
    for (int x = 0; x < width; x++) {
        int near = wide ? up[x] + down[x] : rows->up[x] + rows->down[x];
        int far = wide ? up_3[x] + down_3[x] : rows->up_3[x] + rows->down_3[x];
        int value = (OWN_1 * near - OWN_3 * far) >> WEIGHT_SHIFT;
        value = smaller(larger(value, 0), most);
        if (wide)
            into[x] = (uint16_t)value;
        else
            output[x] = (uint8_t)value;
    }
}

static interpolate_function *choose_interpolation(int bits, bool alone)
{
    if (alone)
        return interpolate_row_alone;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        return bits > 8 ? interpolate_row_16_avx2 : interpolate_row_8_avx2;
#endif
    return bits > 8 ? interpolate_row_16 : interpolate_row_8;
}

/* A row, or the nearest one of the same field. */
static const uint8_t *row_at(const uint8_t *plane, ptrdiff_t stride, int row, int height)
{
    while (row < 0)
        row += 2;
    while (row >= height)
        row -= 2;
    return plane + (row < 0 ? 0 : row) * stride;
}

static struct rows rows_around(const struct film_deinterlace_plane *plane, bool second, int y)
{
    /* Where one is missing the field does not differ from itself. */
    const bool has_before = plane->before != NULL, has_after = plane->after != NULL;
    const uint8_t *before = has_before ? plane->before : plane->frame;
    const uint8_t *after = has_after ? plane->after : plane->frame;
    ptrdiff_t stride = plane->frame_stride_bytes;
    ptrdiff_t before_stride = has_before ? plane->before_stride_bytes : stride;
    ptrdiff_t after_stride = has_after ? plane->after_stride_bytes : stride;
    int height = plane->height;
    struct rows rows = {
        .up = row_at(plane->frame, stride, y - 1, height),
        .down = row_at(plane->frame, stride, y + 1, height),
        .up_3 = row_at(plane->frame, stride, y - 3, height),
        .down_3 = row_at(plane->frame, stride, y + 3, height),
        .before_up = row_at(before, before_stride, y - 1, height),
        .before_down = row_at(before, before_stride, y + 1, height),
        .after_up = row_at(after, after_stride, y - 1, height),
        .after_down = row_at(after, after_stride, y + 1, height),
    };
    for (int i = 0; i < ROW_COUNT; i++) {
        int row = y + 2 * (i - ROW_0);
        rows.old[i] = second ? row_at(plane->frame, stride, row, height)
                             : row_at(before, before_stride, row, height);
        rows.young[i] = second ? row_at(after, after_stride, row, height)
                               : row_at(plane->frame, stride, row, height);
    }
    return rows;
}

void film_deinterlace_plane(const struct film_deinterlace_plane *plane, bool bottom, bool second,
                            uint8_t *into, ptrdiff_t into_stride_bytes)
{
    size_t row_bytes = (size_t)plane->width * (plane->bits > 8 ? 2 : 1);
    int most = (1 << plane->bits) - 1;
    bool alone = second ? !plane->after : !plane->before;
    interpolate_function *interpolate_row = choose_interpolation(plane->bits, alone);
    for (int y = 0; y < plane->height; y++) {
        uint8_t *row = into + y * into_stride_bytes;
        if ((y & 1) == bottom || plane->height == 1) {
            memcpy(row, plane->frame + y * plane->frame_stride_bytes, row_bytes);
            continue;
        }
        const struct rows rows = rows_around(plane, second, y);
        interpolate_row(&rows, plane->width, most, row);
    }
}
