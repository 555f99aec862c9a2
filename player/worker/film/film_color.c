#include "worker/film/film_color.h"

#include <math.h>
#include <string.h>

/* ITU-R BT.2408, 2: what white is on a graphic or a page of paper. */
#define REFERENCE_WHITE_NITS 203.0
#define PQ_NITS_MAX 10000.0
/* HLG's nominal display (BT.2100, table 5), and PQ films that don't say how bright they are. */
#define NOMINAL_PEAK_NITS 1000.0
#define HLG_SYSTEM_GAMMA 1.2
/* Below, light is kept as it is; above, it is bent so that the peak becomes the screen's white:
 * the curve known as Möbius (FFmpeg's tonemap, mobius). */
#define TONE_KNEE 0.3
#define DISPLAY_GAMMA 2.4 /* BT.1886 */
/* What the screen can't show is cut off, but not at once: a table that interpolates is the more
 * exact at the edge of what it can show, and Cb and Cr still fit into their 8 bits. */
#define MARGIN (1.0 / 16)

/* Weights of red and blue in Y; green has the rest. */
struct weights {
    double red, blue;
};

static struct weights weights_of(enum film_matrix matrix)
{
    switch (matrix) {
    case FILM_MATRIX_709:
        return (struct weights){0.2126, 0.0722};
    case FILM_MATRIX_FCC:
        return (struct weights){0.30, 0.11};
    case FILM_MATRIX_240M:
        return (struct weights){0.212, 0.087};
    case FILM_MATRIX_2020:
    case FILM_MATRIX_2020_CL:
        return (struct weights){0.2627, 0.0593};
    case FILM_MATRIX_601:
    case FILM_MATRIX_YCGCO:
        break;
    }
    return (struct weights){0.299, 0.114};
}

bool film_color_is_high_dynamic_range(const struct film_color *color)
{
    return color->transfer == FILM_TRANSFER_PQ || color->transfer == FILM_TRANSFER_HLG;
}

/* Whether the screen shows the transfer as it is. */
static bool is_usual_transfer(enum film_transfer transfer)
{
    return transfer == FILM_TRANSFER_VIDEO || transfer == FILM_TRANSFER_SRGB ||
           transfer == FILM_TRANSFER_GAMMA22;
}

static bool needs_linear_light(const struct film_color *color)
{
    return color->primaries != FILM_PRIMARIES_709 || !is_usual_transfer(color->transfer);
}

bool film_color_is_plain(const struct film_color *color, enum frame_matrix *result)
{
    if (needs_linear_light(color))
        return false;
    if (color->matrix == FILM_MATRIX_709 && !color->full_range)
        *result = FRAME_BT709;
    else if (color->matrix == FILM_MATRIX_601)
        *result = color->full_range ? FRAME_JPEG : FRAME_BT601;
    else
        return false;
    return true;
}

bool film_color_is_same(const struct film_color *one, const struct film_color *other)
{
    return one->matrix == other->matrix && one->full_range == other->full_range &&
           one->transfer == other->transfer && one->primaries == other->primaries &&
           one->peak_nits == other->peak_nits;
}

/* Chromaticities x and y of red, green, blue and white (H.273, table 2). */
static const double chromaticities[FILM_PRIMARIES_COUNT][4][2] = {
    [FILM_PRIMARIES_709] = {{0.640, 0.330}, {0.300, 0.600}, {0.150, 0.060}, {0.3127, 0.3290}},
    [FILM_PRIMARIES_470M] = {{0.67, 0.33}, {0.21, 0.71}, {0.14, 0.08}, {0.310, 0.316}},
    [FILM_PRIMARIES_470BG] = {{0.64, 0.33}, {0.29, 0.60}, {0.15, 0.06}, {0.3127, 0.3290}},
    [FILM_PRIMARIES_170M] = {{0.630, 0.340}, {0.310, 0.595}, {0.155, 0.070}, {0.3127, 0.3290}},
    [FILM_PRIMARIES_FILM] = {{0.681, 0.319}, {0.243, 0.692}, {0.145, 0.049}, {0.310, 0.316}},
    [FILM_PRIMARIES_2020] = {{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}, {0.3127, 0.3290}},
    [FILM_PRIMARIES_P3_DCI] = {{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}, {0.314, 0.351}},
    [FILM_PRIMARIES_P3_D65] = {{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}, {0.3127, 0.3290}},
    [FILM_PRIMARIES_EBU3213] = {{0.630, 0.340}, {0.295, 0.605}, {0.155, 0.077}, {0.3127, 0.3290}},
};

static void multiply(double product[3][3], double a[3][3], double b[3][3])
{
    double result[3][3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            result[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
    memcpy(product, result, sizeof result);
}

static void apply(double matrix[3][3], const double from[3], double to[3])
{
    for (int i = 0; i < 3; i++)
        to[i] = matrix[i][0] * from[0] + matrix[i][1] * from[1] + matrix[i][2] * from[2];
}

/* By cofactors; no matrix here is singular. */
static void invert(double inverse[3][3], double m[3][3])
{
    double result[3][3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            int a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
            result[i][j] = m[a][c] * m[b][d] - m[a][d] * m[b][c];
        }
    double determinant = m[0][0] * result[0][0] + m[0][1] * result[1][0] + m[0][2] * result[2][0];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            inverse[i][j] = result[i][j] / determinant;
}

static void xyz_of(const double chromaticity[2], double xyz[3])
{
    xyz[0] = chromaticity[0] / chromaticity[1];
    xyz[1] = 1;
    xyz[2] = (1 - chromaticity[0] - chromaticity[1]) / chromaticity[1];
}

/* SMPTE RP 177: red, green and blue in amounts that add up to white. */
static void rgb_to_xyz(enum film_primaries primaries, double matrix[3][3])
{
    double white[3], amounts[3], inverse[3][3];
    for (int i = 0; i < 3; i++) {
        double xyz[3];
        xyz_of(chromaticities[primaries][i], xyz);
        for (int j = 0; j < 3; j++)
            matrix[j][i] = xyz[j];
    }
    xyz_of(chromaticities[primaries][3], white);
    invert(inverse, matrix);
    apply(inverse, white, amounts);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            matrix[i][j] *= amounts[j];
}

/* White stays white: Bradford's adaptation. */
static void adapt_white(enum film_primaries primaries, double matrix[3][3])
{
    double cones[3][3] = {
        {0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}};
    double from[3], to[3], xyz[3], back[3][3], scale[3][3] = {{0}};
    xyz_of(chromaticities[primaries][3], xyz);
    apply(cones, xyz, from);
    xyz_of(chromaticities[FILM_PRIMARIES_709][3], xyz);
    apply(cones, xyz, to);
    for (int i = 0; i < 3; i++)
        scale[i][i] = to[i] / from[i];
    invert(back, cones);
    multiply(scale, scale, cones);
    multiply(matrix, back, scale);
}

void film_color_map_init(struct film_color_map *map, const struct film_color *color, int bits,
                         enum frame_matrix into)
{
    double xyz[3][3], white[3][3], to_709[3][3];
    *map = (struct film_color_map){.color = *color, .into = into};
    map->linear = needs_linear_light(color);
    map->full_scale = ldexp(1, bits) / (ldexp(1, bits) - 1);
    rgb_to_xyz(color->primaries, xyz);
    adapt_white(color->primaries, white);
    rgb_to_xyz(FILM_PRIMARIES_709, to_709);
    invert(to_709, to_709);
    multiply(map->to_709, white, xyz);
    multiply(map->to_709, to_709, map->to_709);
    double peak_nits = NOMINAL_PEAK_NITS;
    if (color->transfer == FILM_TRANSFER_PQ && color->peak_nits > 0)
        peak_nits = fmin(fmax(color->peak_nits, 2 * REFERENCE_WHITE_NITS), PQ_NITS_MAX);
    map->peak = peak_nits / REFERENCE_WHITE_NITS;
}

/* What is outside of the primaries' gamut is negative, and stays so. */
static double signed_power(double base, double exponent)
{
    return copysign(pow(fabs(base), exponent), base);
}

/* IEC 61966-2-1. */
static double light_of_srgb(double code)
{
    double size = fabs(code);
    return copysign(size <= 0.04045 ? size / 12.92 : pow((size + 0.055) / 1.055, 2.4), code);
}

static double srgb_of_light(double light)
{
    double size = fabs(light);
    return copysign(size <= 0.0031308 ? size * 12.92 : 1.055 * pow(size, 1 / 2.4) - 0.055, light);
}

/* SMPTE ST 2084, equation 4.1, in units of reference white. */
static double light_of_pq(double code)
{
    const double m1 = 2610.0 / 16384, m2 = 2523.0 / 32;
    const double c1 = 3424.0 / 4096, c2 = 2413.0 / 128, c3 = 2392.0 / 128;
    double power = pow(fmin(fmax(code, 0), 1), 1 / m2);
    return pow(fmax(power - c1, 0) / (c2 - c3 * power), 1 / m1) * PQ_NITS_MAX /
           REFERENCE_WHITE_NITS;
}

/* BT.2100, table 5: light of the scene, 0 to 1. */
static double scene_of_hlg(double code)
{
    const double a = 0.17883277, b = 0.28466892, c = 0.55991073;
    code = fmin(fmax(code, 0), 1);
    return code <= 0.5 ? code * code / 3 : (exp((code - c) / a) + b) / 12;
}

static double light_of_code(enum film_transfer transfer, double code)
{
    switch (transfer) {
    case FILM_TRANSFER_VIDEO:
        return signed_power(code, DISPLAY_GAMMA);
    case FILM_TRANSFER_SRGB:
        return light_of_srgb(code);
    case FILM_TRANSFER_GAMMA22:
        return signed_power(code, 2.2);
    case FILM_TRANSFER_GAMMA28:
        return signed_power(code, 2.8);
    case FILM_TRANSFER_LINEAR:
        return code;
    case FILM_TRANSFER_LOG100:
        return code <= 0 ? 0.01 : pow(10, 2 * (code - 1));
    case FILM_TRANSFER_LOG316:
        return code <= 0 ? sqrt(10) / 1000 : pow(10, 2.5 * (code - 1));
    case FILM_TRANSFER_PQ:
        return light_of_pq(code);
    case FILM_TRANSFER_HLG:
        return scene_of_hlg(code);
    }
    return code;
}

static double code_of_light(enum film_transfer transfer, double light)
{
    if (transfer == FILM_TRANSFER_SRGB)
        return srgb_of_light(light);
    return signed_power(light, 1 / (transfer == FILM_TRANSFER_GAMMA22 ? 2.2 : DISPLAY_GAMMA));
}

/* From the scene's light to that of a display (BT.2100, table 5: the OOTF). */
static void show_hlg(double rgb[3])
{
    double luminance = 0.2627 * rgb[0] + 0.6780 * rgb[1] + 0.0593 * rgb[2];
    double gain =
        NOMINAL_PEAK_NITS / REFERENCE_WHITE_NITS * pow(fmax(luminance, 1e-9), HLG_SYSTEM_GAMMA - 1);
    for (int i = 0; i < 3; i++)
        rgb[i] *= gain;
}

/* Bends light above the knee, so that `peak` becomes 1; slope and value are continuous. */
static double bend(double light, double peak)
{
    const double knee = TONE_KNEE;
    if (light <= knee)
        return light;
    double a = -knee * knee * (peak - 1) / (knee * knee - 2 * knee + peak);
    double b = (knee * knee - 2 * knee * peak + peak) / (peak - 1);
    return (b * b + 2 * b * knee + knee * knee) / (b - a) * (light + a) / (light + b);
}

/* By the largest of the three, so that the hue stays. */
static void map_tones(double rgb[3], double peak)
{
    double largest = fmax(fmax(rgb[0], rgb[1]), rgb[2]);
    if (largest <= TONE_KNEE)
        return;
    double gain = bend(largest, peak) / largest;
    for (int i = 0; i < 3; i++)
        rgb[i] *= gain;
}

/* BT.2020, table 4: blue and red are told by their differences from Y', which is that of linear
 * light. */
static void rgb_of_constant_luminance(const double yuv[3], double rgb[3])
{
    const double alpha = 1.09929682680944, beta = 0.018053968510807;
    double codes[3] = {yuv[2] * (yuv[2] <= 0 ? 1.7184 : 0.9936) + yuv[0], yuv[0],
                       yuv[1] * (yuv[1] <= 0 ? 1.9404 : 1.5816) + yuv[0]};
    double light[3];
    for (int i = 0; i < 3; i++)
        light[i] =
            codes[i] < 4.5 * beta ? codes[i] / 4.5 : pow((codes[i] + alpha - 1) / alpha, 1 / 0.45);
    double green = (light[1] - 0.2627 * light[0] - 0.0593 * light[2]) / 0.6780;
    rgb[0] = codes[0];
    rgb[1] = green < beta ? 4.5 * green : alpha * pow(green, 0.45) - (alpha - 1);
    rgb[2] = codes[2];
}

/* Y is 0 to 1, Cb and Cr -.5 to .5. */
static void rgb_of_yuv(enum film_matrix matrix, const double yuv[3], double rgb[3])
{
    if (matrix == FILM_MATRIX_2020_CL) {
        rgb_of_constant_luminance(yuv, rgb);
    } else if (matrix == FILM_MATRIX_YCGCO) {
        rgb[0] = yuv[0] - yuv[1] + yuv[2];
        rgb[1] = yuv[0] + yuv[1];
        rgb[2] = yuv[0] - yuv[1] - yuv[2];
    } else {
        const struct weights k = weights_of(matrix);
        rgb[0] = yuv[0] + 2 * (1 - k.red) * yuv[2];
        rgb[2] = yuv[0] + 2 * (1 - k.blue) * yuv[1];
        rgb[1] = (yuv[0] - k.red * rgb[0] - k.blue * rgb[2]) / (1 - k.red - k.blue);
    }
}

/* From the film's codes to a display's light by BT.709's primaries, tones mapped. */
static void show(const struct film_color_map *map, const double codes[3], double light[3])
{
    struct film_color_map copy = *map; /* for `apply`, which takes no const matrix */
    double rgb[3];
    for (int i = 0; i < 3; i++)
        rgb[i] = light_of_code(map->color.transfer, codes[i]);
    if (map->color.transfer == FILM_TRANSFER_HLG)
        show_hlg(rgb);
    apply(copy.to_709, rgb, light);
    if (film_color_is_high_dynamic_range(&map->color))
        map_tones(light, map->peak);
}

/* The film's codes for red, green and blue. */
static void codes_of_sample(const struct film_color_map *map, const double from[3], double rgb[3])
{
    double yuv[3] = {from[0], from[1] - 0.5, from[2] - 0.5};
    if (map->color.full_range) {
        for (int i = 0; i < 3; i++)
            yuv[i] *= map->full_scale;
    } else {
        yuv[0] = (yuv[0] * 256 - 16) / 219;
        yuv[1] *= 256.0 / 224;
        yuv[2] *= 256.0 / 224;
    }
    rgb_of_yuv(map->color.matrix, yuv, rgb);
}

/* The screen's Y, Cb and Cr for its red, green and blue. */
static void sample_of_codes(const struct film_color_map *map, const double rgb[3], double to[3])
{
    const struct weights k =
        weights_of(map->into == FRAME_BT709 ? FILM_MATRIX_709 : FILM_MATRIX_601);
    double luma = k.red * rgb[0] + (1 - k.red - k.blue) * rgb[1] + k.blue * rgb[2];
    double blue = (rgb[2] - luma) / (2 * (1 - k.blue)), red = (rgb[0] - luma) / (2 * (1 - k.red));
    bool full = map->into == FRAME_JPEG;
    to[0] = full ? luma * 255 : luma * 219 + 16;
    to[1] = blue * (full ? 255 : 224) + 128;
    to[2] = red * (full ? 255 : 224) + 128;
}

double film_color_map_code(const struct film_color_map *map, double light)
{
    return fmin(fmax(code_of_light(map->color.transfer, light), -MARGIN), 1 + MARGIN);
}

void film_color_map_sample(const struct film_color_map *map, const double from[3], double to[3])
{
    double rgb[3], light[3];
    codes_of_sample(map, from, rgb);
    if (map->linear) {
        show(map, rgb, light);
        for (int i = 0; i < 3; i++)
            rgb[i] = film_color_map_code(map, light[i]);
    }
    sample_of_codes(map, rgb, to);
}

/* Each coefficient is what one more of its member makes of the result. */
bool film_color_map_affine(const struct film_color_map *map, struct film_color_affine *affine)
{
    static const double points[4][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    if (map->color.transfer != FILM_TRANSFER_LINEAR || map->color.matrix == FILM_MATRIX_2020_CL)
        return false;
    for (int i = 0; i < 4; i++) {
        double rgb[3], light[3], sample[3];
        codes_of_sample(map, points[i], rgb);
        show(map, rgb, light);
        sample_of_codes(map, points[i], sample);
        for (int j = 0; j < 3; j++) {
            affine->light[j][i] = light[j] - (i ? affine->light[j][0] : 0);
            affine->sample[j][i] = sample[j] - (i ? affine->sample[j][0] : 0);
        }
    }
    return true;
}
