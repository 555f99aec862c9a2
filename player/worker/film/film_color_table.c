#include "worker/film/film_color_table.h"

#include "worker/film/film_color_exact.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Cells between the table's colors. */
#define LUMA_CELLS 64
#define CHROMA_CELLS 32
/* From one Cr, or Cb, to the next, and all, in words. */
#define CHROMA_STEP 64
#define CHROMA_ROW 2112
#define PAIRS ((size_t)69696)
_Static_assert(CHROMA_STEP == LUMA_CELLS && CHROMA_ROW == CHROMA_STEP * (CHROMA_CELLS + 1) &&
                   PAIRS == (size_t)CHROMA_ROW * (CHROMA_CELLS + 1),
               "as wide as the cells");
/* Results have 6 bits behind the point, so what is far out of range still fits into 16 bits. */
#define FRACTION 64
#define RESULT_MAX 511
/* Samples are brought to 16 bits: the first ones name the cell, the next 8 the place in it. */
#define LUMA_SHIFT 10
#define CHROMA_SHIFT 11
/* Bits behind the point of a result that was interpolated. */
#define RESULT_SHIFT 14
/* Rows are worked on in multiples of so many samples. */
#define ROW_STEP 8

/* Looks a row's colors up for a plane. Rows and result may be read and written up to the next
 * multiple of ROW_STEP. */
typedef void look_up_function(const uint32_t *pairs, uint16_t *const rows[3], int count,
                              const uint8_t dithers[8], uint8_t *into);

struct film_color_table {
    int bits;
    /* For Y, U and V, by Cb, Cr and Y: the result for this Y in the lower half of a word, and for
     * the next Y, which is always needed, too, in the upper half. */
    uint32_t *pairs[3];
    uint16_t *rows[3];  /* Y, Cb and Cr of a row's colors, in 16 bits */
    uint16_t *spare[2]; /* to make these of */
    uint8_t *result;    /* of a row */
    look_up_function *look_up_row;
    struct film_color_exact *exact; /* instead of all cells, or NULL */
};

/* Ordered dithering (Bayer), in 64ths: smooth gradients of 10 bits stay smooth in 8. */
static const uint8_t dither[8][8] = {
    {0, 32, 8, 40, 2, 34, 10, 42},  {48, 16, 56, 24, 50, 18, 58, 26},
    {12, 44, 4, 36, 14, 46, 6, 38}, {60, 28, 52, 20, 62, 30, 54, 22},
    {3, 35, 11, 43, 1, 33, 9, 41},  {51, 19, 59, 27, 49, 17, 57, 25},
    {15, 47, 7, 39, 13, 45, 5, 37}, {63, 31, 55, 23, 61, 29, 53, 21},
};

static uint32_t fixed_point(double value)
{
    return (uint16_t)lround(fmin(fmax(value, -RESULT_MAX), RESULT_MAX) * FRACTION);
}

/* All Y for one Cb and Cr. */
static void fill_column(struct film_color_table *table, const struct film_color_map *map, int blue,
                        int red)
{
    size_t at = (size_t)blue * CHROMA_ROW + (size_t)red * CHROMA_STEP;
    for (int luma = 0; luma <= LUMA_CELLS; luma++) {
        const double from[3] = {(double)luma / LUMA_CELLS, (double)blue / CHROMA_CELLS,
                                (double)red / CHROMA_CELLS};
        double to[3];
        film_color_map_sample(map, from, to);
        for (int i = 0; i < 3; i++) {
            uint32_t result = fixed_point(to[i]);
            if (luma < LUMA_CELLS)
                table->pairs[i][at + (size_t)luma] = result;
            if (luma > 0)
                table->pairs[i][at + (size_t)luma - 1] |= result << 16;
        }
    }
}

/* Between two results, by 256ths: 8 bits more behind the point. */
static inline int32_t blend(int32_t one, int32_t other, int32_t place)
{
    return one * 256 + (other - one) * place;
}

static inline int32_t blend_pair(uint32_t pair, int32_t place)
{
    return blend((int16_t)pair, (int32_t)pair >> 16, place) >> 8;
}

/* A result with RESULT_SHIFT bits behind the point. */
static inline int32_t look_up(const uint32_t *pairs, int luma, int blue, int red)
{
    int y = luma >> (LUMA_SHIFT - 8) & 255, u = blue >> (CHROMA_SHIFT - 8) & 255,
        v = red >> (CHROMA_SHIFT - 8) & 255;
    int cell = (blue >> CHROMA_SHIFT) * CHROMA_ROW + (red >> CHROMA_SHIFT) * CHROMA_STEP +
               (luma >> LUMA_SHIFT);
    const uint32_t *at = pairs + cell;
    int32_t near = blend(blend_pair(at[0], y), blend_pair(at[CHROMA_STEP], y), v);
    at += CHROMA_ROW;
    int32_t far = blend(blend_pair(at[0], y), blend_pair(at[CHROMA_STEP], y), v);
    return blend(near >> 8, far >> 8, u);
}

static void look_up_row(const uint32_t *pairs, uint16_t *const rows[3], int count,
                        const uint8_t dithers[8], uint8_t *into)
{
    for (int x = 0; x < count; x++) {
        int32_t result = look_up(pairs, rows[0][x], rows[1][x], rows[2][x]);
        result += dithers[x & 7] * (1 << (RESULT_SHIFT - 6)) + (1 << (RESULT_SHIFT - 7));
        result >>= RESULT_SHIFT;
        result = result < 0 ? 0 : result;
        into[x] = (uint8_t)(result > 255 ? 255 : result);
    }
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

/* `places` in 256ths, as the two weights that blend the halves of a word. */
static inline AVX2 __m256i weights_of_places(__m256i places)
{
    return _mm256_or_si256(_mm256_sub_epi32(_mm256_set1_epi32(256), places),
                           _mm256_slli_epi32(places, 16));
}

/* Blends the halves of words that are made of two words without their lowest 8 bits. */
static inline AVX2 __m256i blend_words(__m256i one, __m256i other, __m256i weights)
{
    __m256i words =
        _mm256_blend_epi16(_mm256_srli_epi32(one, 8), _mm256_slli_epi32(other, 8), 0xaa);
    return _mm256_madd_epi16(words, weights);
}

static inline AVX2 __m256i load_samples(const uint16_t *samples)
{
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)samples));
}

/* As look_up, eight at a time. */
static inline AVX2 __m256i look_up_8(const uint32_t *pairs, __m256i luma, __m256i blue, __m256i red)
{
    const __m256i low_bits = _mm256_set1_epi32(255);
    __m256i y = _mm256_and_si256(_mm256_srli_epi32(luma, LUMA_SHIFT - 8), low_bits);
    __m256i u = _mm256_and_si256(_mm256_srli_epi32(blue, CHROMA_SHIFT - 8), low_bits);
    __m256i v = _mm256_and_si256(_mm256_srli_epi32(red, CHROMA_SHIFT - 8), low_bits);
    __m256i row =
        _mm256_mullo_epi32(_mm256_srli_epi32(blue, CHROMA_SHIFT), _mm256_set1_epi32(CHROMA_ROW));
    __m256i column =
        _mm256_mullo_epi32(_mm256_srli_epi32(red, CHROMA_SHIFT), _mm256_set1_epi32(CHROMA_STEP));
    __m256i at =
        _mm256_add_epi32(_mm256_add_epi32(row, column), _mm256_srli_epi32(luma, LUMA_SHIFT));
    __m256i weights = weights_of_places(y), corners[4];
    for (int i = 0; i < 4; i++) {
        int corner = (i >> 1) * CHROMA_ROW + (i & 1) * CHROMA_STEP;
        const uint32_t *from = pairs + corner;
        __m256i words = _mm256_i32gather_epi32((const int *)(const void *)from, at, 4);
        corners[i] = _mm256_madd_epi16(words, weights);
    }
    weights = weights_of_places(v);
    return blend_words(blend_words(corners[0], corners[1], weights),
                       blend_words(corners[2], corners[3], weights), weights_of_places(u));
}

static AVX2 void look_up_row_avx2(const uint32_t *pairs, uint16_t *const rows[3], int count,
                                  const uint8_t dithers[8], uint8_t *into)
{
    __m256i dithering = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)dithers));
    dithering = _mm256_add_epi32(_mm256_slli_epi32(dithering, RESULT_SHIFT - 6),
                                 _mm256_set1_epi32(1 << (RESULT_SHIFT - 7)));
    for (int x = 0; x < count; x += 8) {
        __m256i result = look_up_8(pairs, load_samples(rows[0] + x), load_samples(rows[1] + x),
                                   load_samples(rows[2] + x));
        result = _mm256_srai_epi32(_mm256_add_epi32(result, dithering), RESULT_SHIFT);
        __m128i words =
            _mm_packs_epi32(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
        _mm_storel_epi64((void *)(into + x), _mm_packus_epi16(words, words));
    }
}
#endif

static look_up_function *choose_look_up(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        return look_up_row_avx2;
#endif
    return look_up_row;
}

static bool make_cells(struct film_color_table *table, const struct film_color_map *map)
{
    if (film_color_exact_suits(map))
        return (table->exact = film_color_exact_create(map)) != NULL;
    for (int i = 0; i < 3; i++)
        if (!(table->pairs[i] = malloc(PAIRS * sizeof *table->pairs[i])))
            return false;
    for (int blue = 0; blue <= CHROMA_CELLS; blue++)
        for (int red = 0; red <= CHROMA_CELLS; red++)
            fill_column(table, map, blue, red);
    return true;
}

struct film_color_table *film_color_table_create(const struct film_color *color, int bits,
                                                 enum frame_matrix into, int width_px)
{
    struct film_color_table *table = calloc(1, sizeof *table);
    struct film_color_map map;
    film_color_map_init(&map, color, bits, into);
    bool ok =
        table && (table->result = malloc((size_t)width_px + ROW_STEP)) && make_cells(table, &map);
    for (int i = 0; ok && i < 3; i++)
        ok = (table->rows[i] = calloc((size_t)width_px + ROW_STEP, sizeof *table->rows[i]));
    for (int i = 0; ok && i < 2; i++)
        ok = (table->spare[i] = calloc((size_t)width_px + ROW_STEP, sizeof *table->spare[i]));
    if (!ok) {
        film_color_table_destroy(table);
        return NULL;
    }
    table->bits = bits;
    table->look_up_row = choose_look_up();
    return table;
}

/* A plane's row in 16 bits; rows outside of the plane are those at its edge. */
static void read_row(const struct film_color_table *table, const struct film_color_planes *from,
                     int plane, int row, const int size[2], uint16_t *restrict into)
{
    int width = plane ? (size[0] + 1) / 2 : size[0], height = plane ? (size[1] + 1) / 2 : size[1];
    row = row < 0 ? 0 : row;
    row = row >= height ? height - 1 : row;
    const uint8_t *bytes = from->planes[plane] + (ptrdiff_t)row * from->strides_bytes[plane];
    const uint16_t *words = (const void *)bytes;
    if (table->bits > 8)
        for (int x = 0; x < width; x++)
            into[x] = (uint16_t)(words[x] << (16 - table->bits));
    else
        for (int x = 0; x < width; x++)
            into[x] = (uint16_t)(bytes[x] << 8);
}

/* Cb or Cr for each Y of a row: they lie beside the even ones, and between two rows (H.273, figure
 * 1, type 0). */
static void spread_chroma(const struct film_color_table *table, int count, uint16_t *restrict into)
{
    uint16_t *restrict near = table->spare[0];
    const uint16_t *restrict far = table->spare[1];
    for (int x = 0; x < count; x++)
        near[x] = (uint16_t)((3 * near[x] + far[x] + 2) >> 2);
    near[count] = near[count - 1];
    for (int x = 0; x < count; x++) {
        into[2 * (ptrdiff_t)x] = near[x];
        into[2 * (ptrdiff_t)x + 1] = (uint16_t)((near[x] + near[x + 1] + 1) >> 1);
    }
}

/* Y beside each Cb and Cr, from two rows. */
static void gather_luma(const struct film_color_table *table, int width, uint16_t *restrict into)
{
    uint16_t *restrict upper = table->spare[0];
    const uint16_t *restrict lower = table->spare[1];
    for (int x = 0; x < width; x++)
        upper[x] = (uint16_t)((upper[x] + lower[x] + 1) >> 1);
    upper[width] = upper[width - 1];
    into[0] = (uint16_t)((3 * upper[0] + upper[1] + 2) >> 2);
    const uint16_t *restrict left = upper + 1;
    for (int x = 1; x < (width + 1) / 2; x++, left += 2)
        into[x] = (uint16_t)((left[0] + 2 * left[1] + left[2] + 2) >> 2);
}

/* Only Y of more than 8 bits gains by dithering. */
static void put_row(struct film_color_table *table, int plane, int row, int count, uint8_t *into)
{
    static const uint8_t rounding[8] = {32, 32, 32, 32, 32, 32, 32, 32};
    const uint8_t *dithers = plane == 0 && table->bits > 8 ? dither[row & 7] : rounding;
    if (table->exact)
        film_color_exact_row(table->exact, plane, table->rows, count, dithers, table->result);
    else
        table->look_up_row(table->pairs[plane], table->rows, count, dithers, table->result);
    memcpy(into, table->result, (size_t)count);
}

void film_color_table_apply(struct film_color_table *table, const struct film_color_planes *from,
                            int width_px, int height_px, uint8_t *const into[3],
                            const int strides_bytes[3])
{
    const int size[2] = {width_px, height_px};
    int across = (width_px + 1) / 2, down = (height_px + 1) / 2;
    for (int y = 0; y < height_px; y++) {
        read_row(table, from, 0, y, size, table->rows[0]);
        for (int i = 1; i < 3; i++) {
            read_row(table, from, i, y / 2, size, table->spare[0]);
            read_row(table, from, i, y / 2 + (y & 1 ? 1 : -1), size, table->spare[1]);
            spread_chroma(table, across, table->rows[i]);
        }
        put_row(table, 0, y, width_px, into[0] + (ptrdiff_t)y * strides_bytes[0]);
    }
    for (int y = 0; y < down; y++) {
        read_row(table, from, 0, 2 * y, size, table->spare[0]);
        read_row(table, from, 0, 2 * y + 1, size, table->spare[1]);
        gather_luma(table, width_px, table->rows[0]);
        for (int i = 1; i < 3; i++)
            read_row(table, from, i, y, size, table->rows[i]);
        for (int i = 1; i < 3; i++)
            put_row(table, i, y, across, into[i] + (ptrdiff_t)y * strides_bytes[i]);
    }
}

void film_color_table_destroy(struct film_color_table *table)
{
    if (!table)
        return;
    for (int i = 0; i < 3; i++) {
        free(table->pairs[i]);
        free(table->rows[i]);
    }
    film_color_exact_destroy(table->exact);
    free(table->spare[0]);
    free(table->spare[1]);
    free(table->result);
    free(table);
}
