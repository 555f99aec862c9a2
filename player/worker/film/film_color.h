/* What a film's samples mean in light, and what they become on a screen. Part of film; pure.
 *
 * Screens are taken to show red, green and blue by BT.709's primaries, and BT.709's transfer as it
 * is: as all players do, none of the usual transfers (BT.601, BT.709, BT.2020, sRGB, gamma 2.2) is
 * turned into another. Other primaries are converted in linear light, and so are unusual transfers.
 * High dynamic range (SMPTE ST 2084, "PQ"; ARIB STD-B67, "HLG") is mapped to a screen whose white
 * is 203 cd/m², the reference white of ITU-R BT.2408. */
#ifndef WORKER_FILM_FILM_COLOR_H
#define WORKER_FILM_FILM_COLOR_H

#include "core/frame.h"

#include <stdbool.h>

/* From Y, Cb and Cr to red, green and blue: ITU-T H.273, 8.3. */
enum film_matrix {
    FILM_MATRIX_601, /* BT.470BG, SMPTE 170M */
    FILM_MATRIX_709,
    FILM_MATRIX_FCC,
    FILM_MATRIX_240M,
    FILM_MATRIX_2020,    /* with non-constant luminance */
    FILM_MATRIX_2020_CL, /* with constant luminance */
    FILM_MATRIX_YCGCO,
};

/* From a sample to light: H.273, 8.2. */
enum film_transfer {
    FILM_TRANSFER_VIDEO, /* BT.601, 709, 2020, SMPTE 240M, xvYCC: shown by BT.1886, gamma 2.4 */
    FILM_TRANSFER_SRGB,
    FILM_TRANSFER_GAMMA22, /* BT.470M */
    FILM_TRANSFER_GAMMA28, /* BT.470BG */
    FILM_TRANSFER_LINEAR,
    FILM_TRANSFER_LOG100, /* a hundred to one */
    FILM_TRANSFER_LOG316, /* 316 to one */
    FILM_TRANSFER_PQ,
    FILM_TRANSFER_HLG,
};

/* The colors of pure red, green and blue, and of white: H.273, 8.1. */
enum film_primaries {
    FILM_PRIMARIES_709, /* and sRGB */
    FILM_PRIMARIES_470M,
    FILM_PRIMARIES_470BG, /* PAL */
    FILM_PRIMARIES_170M,  /* NTSC; and SMPTE 240M */
    FILM_PRIMARIES_FILM,
    FILM_PRIMARIES_2020,
    FILM_PRIMARIES_P3_DCI,
    FILM_PRIMARIES_P3_D65,
    FILM_PRIMARIES_EBU3213,
    FILM_PRIMARIES_COUNT,
};

struct film_color {
    enum film_matrix matrix;
    bool full_range;
    enum film_transfer transfer;
    enum film_primaries primaries;
    /* PQ: the brightest that the film was made to show, in cd/m²; 0: unknown, 1000 is taken. */
    double peak_nits;
};

bool film_color_is_high_dynamic_range(const struct film_color *color);

/* Whether planes with this meaning can be shown as they are; then *result is set. */
bool film_color_is_plain(const struct film_color *color, enum frame_matrix *result);

bool film_color_is_same(const struct film_color *one, const struct film_color *other);

/* How to get from a film's samples to the screen's. */
struct film_color_map {
    struct film_color color;
    bool linear;            /* by way of linear light */
    double full_scale;      /* from 2 to the power of the bits to the largest code */
    double to_709[3][3];    /* primaries */
    double peak;            /* of high dynamic range, relative to reference white */
    enum frame_matrix into; /* what the result means */
};

/* `bits` that a sample has, 8 to 16. */
void film_color_map_init(struct film_color_map *map, const struct film_color *color, int bits,
                         enum frame_matrix into);

/* Converts a sample: Y, Cb and Cr as codes divided by 2 to the power of the bits, so that no color
 * is .5. The result is in codes of 8 bits, not rounded; what the screen can't show may be out of range. */
void film_color_map_sample(const struct film_color_map *map, const double from[3], double to[3]);

/* The code that shows an amount of light, both 0 to 1 and a little out of range. */
double film_color_map_code(const struct film_color_map *map, double light);

/* A map of films that store light itself, taken apart: a sample's three members make light, that
 * makes codes by film_color_map_code, and these make the result. In each row are the constant, then
 * the factors. */
struct film_color_affine {
    double light[3][4], sample[3][4];
};

/* False for a map that cannot be taken apart so. */
bool film_color_map_affine(const struct film_color_map *map, struct film_color_affine *affine);

#endif
