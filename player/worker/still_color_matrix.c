#include "worker/still_color_matrix.h"

#include <math.h>
#include <string.h>

#define ONE STILL_COLOR_MATRIX_ONE

/* A share holds three numbers of LANE_BITS, each in parts of a step. A number may be negative, and
 * then borrows from the one above it; in the sum of three shares none is, so all are right again. */
#define LANE_BITS 21
#define PART_BITS 5
#define PARTS (1 << PART_BITS)
_Static_assert((int64_t)5 * ONE * PARTS < (int64_t)1 << LANE_BITS, "a sum fits its lane");

/* IEC 61966-2-1; light below black and above white is cut off. */
static void fill_encoded(uint8_t encoded[5 * ONE + 1])
{
    memset(encoded, 0, (size_t)2 * ONE);
    memset(encoded + (size_t)3 * ONE, 255, (size_t)2 * ONE + 1);
    for (int i = 0; i < ONE; i++) {
        double linear = (double)i / ONE;
        double value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
        encoded[2 * ONE + i] = (uint8_t)(value * 255 + 0.5);
    }
}

/* From XYZ under D50 to sRGB's linear red, green and blue: the inverse of the primaries of IEC
 * 61966-2-1, adapted from D65 by Bradford's matrix (ICC.1, annex E). */
static const double from_xyz[3][3] = {{3.1338561, -1.6168667, -0.4906146},
                                      {-0.9787684, 1.9161415, 0.0334540},
                                      {0.0719453, -0.2289914, 1.4052427}};

/* One channel's part in one of the results; *least and *most grow by its range. */
static void fill_shares(struct still_color_matrix *tables, int channel, int row,
                        const double curve[256], double factor, double *least, double *most)
{
    /* The first channel brings the table's offset, and half a step for rounding. */
    double low = INFINITY, high = -INFINITY, offset = channel == 0 ? 2 * ONE + 0.5 : 0;
    for (int value = 0; value < 256; value++) {
        double share = curve[value] * factor;
        if (!(fabs(share) < 3)) { /* nor a number; fmin and fmax would pass over it */
            *least = -INFINITY;
            return;
        }
        tables->deep_shares[channel][value][row] = (float)(share * ONE + offset);
        int64_t parts = llround((share * ONE + offset) * PARTS);
        tables->shares[channel][value] += (uint64_t)parts << (row * LANE_BITS);
        low = fmin(low, share);
        high = fmax(high, share);
    }
    *least += low;
    *most += high;
}

bool still_color_matrix_init(struct still_color_matrix *tables, double curves[3][256],
                             double points[3][3])
{
    memset(tables->shares, 0, sizeof tables->shares);
    memset(tables->deep_shares, 0, sizeof tables->deep_shares);
    for (int row = 0; row < 3; row++) {
        double least = 0, most = 0;
        for (int channel = 0; channel < 3; channel++) {
            double factor = 0;
            for (int i = 0; i < 3; i++)
                factor += from_xyz[row][i] * points[channel][i];
            fill_shares(tables, channel, row, curves[channel], factor, &least, &most);
        }
        if (!(least > -1.99 && most < 2.99)) /* nor where one is no number */
            return false;
    }
    fill_encoded(tables->encoded);
    return true;
}

static uint32_t lane(uint64_t sum, int index)
{
    return (uint32_t)(sum >> (index * LANE_BITS + PART_BITS)) &
           ((1u << (LANE_BITS - PART_BITS)) - 1);
}

void still_color_matrix_convert(const struct still_color_matrix *tables, uint32_t *row,
                                int width_px)
{
    for (int x = 0; x < width_px; x++) {
        uint32_t word = row[x];
        uint64_t sum = tables->shares[0][word >> 16 & 255] + tables->shares[1][word >> 8 & 255] +
                       tables->shares[2][word & 255];
        uint32_t red = tables->encoded[lane(sum, 0)], green = tables->encoded[lane(sum, 1)];
        row[x] = (word & 0xff000000u) | red << 16 | green << 8 | tables->encoded[lane(sum, 2)];
    }
}

typedef float light_vector __attribute__((vector_size(16)));
typedef int32_t step_vector __attribute__((vector_size(16)));

#define DEEP_STEP 257 /* 16-bit values from one of 8 bits to the next */

/* What a channel's 16-bit value adds. */
static light_vector deep_share(const struct still_color_matrix *tables, int channel, uint16_t value)
{
    int lower = value / DEEP_STEP, upper = lower < 255 ? lower + 1 : lower;
    float place = (float)(value % DEEP_STEP) / DEEP_STEP;
    light_vector low, high;
    memcpy(&low, tables->deep_shares[channel][lower], sizeof low);
    memcpy(&high, tables->deep_shares[channel][upper], sizeof high);
    return low + (high - low) * place;
}

void still_color_matrix_convert_deep(const struct still_color_matrix *tables, bool alpha,
                                     const uint16_t *from, uint8_t *to, int width_px)
{
    int values = alpha ? 4 : 3;
    for (int x = 0; x < width_px; x++, from += values, to += values) {
        light_vector light = deep_share(tables, 0, from[0]) + deep_share(tables, 1, from[1]) +
                             deep_share(tables, 2, from[2]);
        step_vector at = __builtin_convertvector(light, step_vector);
        for (int i = 0; i < 3; i++)
            to[i] = tables->encoded[at[i]];
        if (alpha)
            to[3] = (uint8_t)((from[3] + DEEP_STEP / 2) / DEEP_STEP);
    }
}
