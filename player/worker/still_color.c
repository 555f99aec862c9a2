#include "worker/still_color.h"

#include "sandbox/protocol.h"
#include "worker/still_color_matrix.h"

#include <lcms2.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INTENT INTENT_RELATIVE_COLORIMETRIC
#define FLAGS cmsFLAGS_BLACKPOINTCOMPENSATION
#define LEVELS 256
#define CUBE_SIDE 6 /* of the colors that are tried, to see whether a profile says sRGB */
#define NEAR 1
#define BLACK_NEAR 0.001 /* of linear light */
#define GAMMA_MIN 0.1
#define GAMMA_MAX 10.0
#define SRGB_GAMMA (1 / 2.2)
#define GAMMA_NEAR 0.05 /* what libpng, too, takes for the same */
#define CHROMATICITY_NEAR 0.005

struct still_color {
    enum still_color_space space;
    cmsHPROFILE source, target;
    cmsHTRANSFORM transform; /* four bytes to B, G, R, unused; not for gray */
    cmsHTRANSFORM deep[2];   /* of 16-bit values: without, with alpha; NULL: not needed yet */
    struct still_color_matrix *matrix; /* instead of `transform`; or NULL */
    uint32_t table[LEVELS];            /* gray to 0xFFRRGGBB */
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "BGRA bytes are ARGB words");

void still_color_destroy(struct still_color *color)
{
    if (!color)
        return;
    for (int i = 0; i < 2; i++)
        if (color->deep[i])
            cmsDeleteTransform(color->deep[i]);
    if (color->transform)
        cmsDeleteTransform(color->transform);
    if (color->source)
        cmsCloseProfile(color->source);
    if (color->target)
        cmsCloseProfile(color->target);
    free(color->matrix);
    free(color);
}

static bool is_near(uint32_t a, uint32_t b)
{
    for (int shift = 0; shift < 24; shift += 8)
        if (abs((int)(a >> shift & 255) - (int)(b >> shift & 255)) > NEAR)
            return false;
    return true;
}

/* Colors that are tried to compare conversions. */
struct trial {
    uint32_t words[LEVELS + CUBE_SIDE * CUBE_SIDE * CUBE_SIDE];
};
#define TRIAL_COUNT (sizeof(struct trial) / sizeof(uint32_t))

static struct trial make_trial(void)
{
    const uint32_t step = 255 / (CUBE_SIDE - 1);
    struct trial trial = {0};
    uint32_t *word = trial.words;
    for (uint32_t i = 0; i < LEVELS; i++)
        *word++ = 0xff000000u | i * 0x010101u;
    for (uint32_t i = 0; i < CUBE_SIDE * CUBE_SIDE * CUBE_SIDE; i++)
        *word++ = 0xff000000u | i / (CUBE_SIDE * CUBE_SIDE) * step << 16 |
                  i / CUBE_SIDE % CUBE_SIDE * step << 8 | i % CUBE_SIDE * step;
    return trial;
}

static bool are_near(const struct trial *a, const struct trial *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_near(a->words[i], b->words[i]))
            return false;
    return true;
}

static void convert_colors(const struct still_color *color, uint32_t *row, int width_px)
{
    if (color->matrix)
        still_color_matrix_convert(color->matrix, row, width_px);
    else
        cmsDoTransform(color->transform, row, row, (cmsUInt32Number)width_px);
}

/* Whether nothing would change that could be seen. */
static bool is_srgb(const struct still_color *color)
{
    const struct trial before = make_trial();
    struct trial after = before;
    bool grey = color->space == STILL_COLOR_GREY;
    if (grey)
        memcpy(after.words, color->table, sizeof color->table);
    else
        convert_colors(color, after.words, (int)TRIAL_COUNT);
    return are_near(&before, &after, grey ? LEVELS : TRIAL_COUNT);
}

/* A profile's curves, and the XYZ of its red, green and blue; false where it has none. */
static bool read_matrix(cmsHPROFILE profile, double curves[3][LEVELS], double points[3][3])
{
    static const cmsTagSignature curve_tags[] = {cmsSigRedTRCTag, cmsSigGreenTRCTag,
                                                 cmsSigBlueTRCTag};
    static const cmsTagSignature point_tags[] = {cmsSigRedColorantTag, cmsSigGreenColorantTag,
                                                 cmsSigBlueColorantTag};
    for (int i = 0; i < 3; i++) {
        const cmsToneCurve *curve = cmsReadTag(profile, curve_tags[i]);
        const cmsCIEXYZ *point = cmsReadTag(profile, point_tags[i]);
        if (!curve || !point)
            return false;
        for (int value = 0; value < LEVELS; value++)
            curves[i][value] =
                (double)cmsEvalToneCurveFloat(curve, (cmsFloat32Number)value / (LEVELS - 1));
        memcpy(points[i], (const double[3]){point->X, point->Y, point->Z}, sizeof points[i]);
    }
    return true;
}

/* Uses the profile's curves and matrix directly, if that is all it has: a table would come first
 * (ICC.1, 8.4), and a black that is not black needs compensation. */
static bool try_matrix(struct still_color *color)
{
    static const cmsTagSignature tables[] = {cmsSigAToB0Tag, cmsSigAToB1Tag, cmsSigDToB0Tag,
                                             cmsSigDToB1Tag};
    double curves[3][LEVELS], points[3][3];
    if (color->space != STILL_COLOR_RGB || cmsGetPCS(color->source) != cmsSigXYZData)
        return false;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (cmsIsTag(color->source, tables[i]))
            return false;
    if (!read_matrix(color->source, curves, points))
        return false;
    for (int i = 0; i < 3; i++)
        if (!(fabs(curves[i][0]) < BLACK_NEAR))
            return false;
    color->matrix = malloc(sizeof *color->matrix);
    return color->matrix && still_color_matrix_init(color->matrix, curves, points);
}

/* Gray is optimized to a table of few nodes, whose shadows are wrong where the curve is steep. */
#define GREY_FLAGS (FLAGS | cmsFLAGS_NOOPTIMIZE)

static bool fill_grey_table(struct still_color *color)
{
    uint8_t levels[LEVELS];
    cmsHTRANSFORM transform = cmsCreateTransform(color->source, TYPE_GRAY_8, color->target,
                                                 TYPE_BGRA_8, INTENT, GREY_FLAGS);
    if (!transform)
        return false;
    for (int i = 0; i < LEVELS; i++) {
        levels[i] = (uint8_t)i;
        color->table[i] = 0xff000000u;
    }
    cmsDoTransform(transform, levels, color->table, LEVELS);
    cmsDeleteTransform(transform);
    return true;
}

static bool create_transform(struct still_color *color)
{
    if (try_matrix(color))
        return true;
    free(color->matrix);
    color->matrix = NULL;
    color->target = cmsCreate_sRGBProfile();
    if (!color->target)
        return false;
    if (color->space == STILL_COLOR_GREY)
        return fill_grey_table(color);
    cmsUInt32Number from = color->space == STILL_COLOR_CMYK ? TYPE_CMYK_8 : TYPE_BGRA_8;
    color->transform =
        cmsCreateTransform(color->source, from, color->target, TYPE_BGRA_8, INTENT, FLAGS);
    return color->transform;
}

/* Takes the profile over; NULL is one that is damaged. */
static struct still_color *convert_from(cmsHPROFILE source, enum still_color_space space,
                                        uint32_t *notes)
{
    struct still_color *color = calloc(1, sizeof *color);
    if (!color) {
        if (source)
            cmsCloseProfile(source);
        return NULL;
    }
    color->space = space;
    color->source = source;
    bool ok = source && create_transform(color);
    if (ok && (space == STILL_COLOR_CMYK || !is_srgb(color)))
        return color;
    if (!ok)
        *notes |= PROTOCOL_STILL_PROFILE_DAMAGED;
    still_color_destroy(color);
    return NULL;
}

static bool fits(cmsHPROFILE profile, enum still_color_space space)
{
    static const cmsColorSpaceSignature spaces[] = {
        [STILL_COLOR_GREY] = cmsSigGrayData,
        [STILL_COLOR_RGB] = cmsSigRgbData,
        [STILL_COLOR_CMYK] = cmsSigCmykData,
    };
    cmsProfileClassSignature class = cmsGetDeviceClass(profile);
    return cmsGetColorSpace(profile) == spaces[space] &&
           (class == cmsSigInputClass || class == cmsSigDisplayClass ||
            class == cmsSigOutputClass || class == cmsSigColorSpaceClass);
}

struct still_color *still_color_of_profile(const void *profile, size_t size,
                                           enum still_color_space space, uint32_t *notes)
{
    if (size > STILL_COLOR_PROFILE_BYTES_MAX) {
        *notes |= PROTOCOL_STILL_PROFILE_LARGE;
        return NULL;
    }
    cmsHPROFILE source = cmsOpenProfileFromMem(profile, (cmsUInt32Number)size);
    if (source && !fits(source, space)) {
        *notes |= PROTOCOL_STILL_PROFILE_UNFIT;
        cmsCloseProfile(source);
        return NULL;
    }
    return convert_from(source, space, notes);
}

static cmsToneCurve *create_curve(double gamma)
{
    /* IEC 61966-2-1 */
    static const cmsFloat64Number srgb[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    return gamma > 0 ? cmsBuildGamma(NULL, 1 / gamma) : cmsBuildParametricToneCurve(NULL, 4, srgb);
}

static bool is_srgbs(const double point[2], double x, double y)
{
    return fabs(point[0] - x) < CHROMATICITY_NEAR && fabs(point[1] - y) < CHROMATICITY_NEAR;
}

static bool has_srgb_primaries(const struct still_color_values *values)
{
    return !values->has_chromaticities ||
           (is_srgbs(values->white, 0.3127, 0.3290) && is_srgbs(values->red, 0.64, 0.33) &&
            is_srgbs(values->green, 0.30, 0.60) && is_srgbs(values->blue, 0.15, 0.06));
}

static cmsHPROFILE create_profile(const struct still_color_values *values, cmsToneCurve *curve,
                                  enum still_color_space space)
{
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsCIExyY white = {0.3127, 0.3290, 1};
    cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
    if (space == STILL_COLOR_GREY)
        return cmsCreateGrayProfile(cmsD50_xyY(), curve);
    if (values->has_chromaticities) {
        white = (cmsCIExyY){values->white[0], values->white[1], 1};
        primaries.Red = (cmsCIExyY){values->red[0], values->red[1], 1};
        primaries.Green = (cmsCIExyY){values->green[0], values->green[1], 1};
        primaries.Blue = (cmsCIExyY){values->blue[0], values->blue[1], 1};
    }
    return cmsCreateRGBProfile(&white, &primaries, curves);
}

static bool make_sense(const struct still_color_values *values)
{
    bool ok = values->gamma == 0 || (values->gamma >= GAMMA_MIN && values->gamma <= GAMMA_MAX);
    const double *points[] = {values->white, values->red, values->green, values->blue};
    for (int i = 0; values->has_chromaticities && i < 4; i++)
        ok = ok && points[i][0] >= 0 && points[i][0] <= 1 && points[i][1] > 0 && points[i][1] <= 1;
    return ok;
}

struct still_color *still_color_of_values(const struct still_color_values *values,
                                          enum still_color_space space, uint32_t *notes)
{
    bool ordinary = values->gamma == 0 || fabs(values->gamma / SRGB_GAMMA - 1) < GAMMA_NEAR;
    if (!make_sense(values)) {
        *notes |= PROTOCOL_STILL_PROFILE_DAMAGED;
        return NULL;
    }
    /* Programs write the gamma of 2.2 into pictures that are sRGB. */
    if (ordinary && (space == STILL_COLOR_GREY || has_srgb_primaries(values)))
        return NULL;
    cmsToneCurve *curve = create_curve(values->gamma);
    cmsHPROFILE source = curve ? create_profile(values, curve, space) : NULL;
    if (curve)
        cmsFreeToneCurve(curve);
    return convert_from(source, space, notes);
}

void still_color_prepare(void)
{
    uint32_t notes = 0;
    const struct still_color_values values = {.gamma = 1};
    still_color_destroy(still_color_of_values(&values, STILL_COLOR_RGB, &notes));
}

static void convert_ideal_inks(uint32_t *row, int width_px)
{
    for (int x = 0; x < width_px; x++) {
        uint32_t inks = row[x], word = 0xff;
        uint32_t paper = 255 - (inks >> 24);
        for (int shift = 0; shift < 24; shift += 8)
            word = word << 8 | ((255 - (inks >> shift & 255)) * paper + 127) / 255;
        row[x] = word;
    }
}

static uint32_t blend_words(uint32_t over, uint32_t under, uint32_t alpha)
{
    uint32_t word = 0xff;
    for (int shift = 16; shift >= 0; shift -= 8)
        word = word << 8 |
               ((over >> shift & 255) * alpha + (under >> shift & 255) * (255 - alpha) + 127) / 255;
    return word;
}

/* From premultiplied bytes R, G, B, A to a word 0xAARRGGBB. Most pixels are opaque. */
static uint32_t unpremultiply(uint32_t bytes)
{
    uint32_t alpha = bytes >> 24, word = alpha;
    if (alpha == 255)
        return (bytes & 0xff00ff00u) | (bytes & 255) << 16 | (bytes >> 16 & 255);
    for (int shift = 0; shift < 24; shift += 8) {
        uint32_t value = alpha ? ((bytes >> shift & 255) * 255 + alpha / 2) / alpha : 0;
        word = word << 8 | (value < 255 ? value : 255);
    }
    return word;
}

static void convert_alpha_row(const struct still_color *color, uint32_t *row, int width_px,
                              uint32_t background)
{
    for (int x = 0; x < width_px; x++)
        row[x] = unpremultiply(row[x]);
    if (color->space != STILL_COLOR_GREY)
        convert_colors(color, row, width_px);
    for (int x = 0; x < width_px; x++) {
        uint32_t over = color->space == STILL_COLOR_GREY ? color->table[row[x] & 255] : row[x];
        uint32_t alpha = row[x] >> 24;
        row[x] = alpha == 255 ? over : blend_words(over, background, alpha);
    }
}

void still_color_convert_row(const struct still_color *color, enum still_layout layout,
                             uint32_t *row, int width_px, uint32_t background)
{
    if (layout == STILL_RGBA32) {
        convert_alpha_row(color, row, width_px, background);
    } else if (!color) {
        convert_ideal_inks(row, width_px);
    } else if (color->space == STILL_COLOR_GREY) {
        for (int x = 0; x < width_px; x++)
            row[x] = color->table[row[x] & 255];
    } else {
        convert_colors(color, row, width_px);
        for (int x = 0; x < width_px && layout == STILL_CMYK32; x++)
            row[x] |= 0xff000000u;
    }
}

static cmsHTRANSFORM create_deep_transform(struct still_color *color, bool alpha)
{
    if (!color->target)
        color->target = cmsCreate_sRGBProfile();
    if (!color->target)
        return NULL;
    bool grey = color->space == STILL_COLOR_GREY;
    cmsUInt32Number from = grey ? TYPE_GRAY_16 : TYPE_RGB_16;
    cmsUInt32Number to = TYPE_RGB_8, flags = grey ? GREY_FLAGS : FLAGS | cmsFLAGS_HIGHRESPRECALC;
    if (alpha) {
        from |= EXTRA_SH(1);
        to |= EXTRA_SH(1);
        flags |= cmsFLAGS_COPY_ALPHA;
    }
    return cmsCreateTransform(color->source, from, color->target, to, INTENT, flags);
}

bool still_color_convert_deep_row(struct still_color *color, bool alpha, const uint16_t *from,
                                  uint8_t *to, int width_px)
{
    if (color->matrix) {
        still_color_matrix_convert_deep(color->matrix, alpha, from, to, width_px);
        return true;
    }
    if (!color->deep[alpha])
        color->deep[alpha] = create_deep_transform(color, alpha);
    if (!color->deep[alpha])
        return false;
    cmsDoTransform(color->deep[alpha], from, to, (cmsUInt32Number)width_px);
    return true;
}
