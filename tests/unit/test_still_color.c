#include "worker/still_color.h"

#include "sandbox/protocol.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sample_frames.h"

#define GREEN 0xff5aa03cu /* rgb(90, 160, 60) */
#define COLORS 4096

static const struct still_color_values adobe = {
    .gamma = 256 / 563.0,
    .has_chromaticities = true,
    .white = {0.3127, 0.3290},
    .red = {0.64, 0.33},
    .green = {0.21, 0.71},
    .blue = {0.15, 0.06},
};
static const struct still_color_values p3 = {
    .has_chromaticities = true,
    .white = {0.3127, 0.3290},
    .red = {0.680, 0.320},
    .green = {0.265, 0.690},
    .blue = {0.150, 0.060},
};

static struct still_color *color_of(const struct still_color_values *values,
                                    enum still_color_space space)
{
    uint32_t notes = 0;
    struct still_color *color = still_color_of_values(values, space, &notes);
    assert_int_equal(notes, 0);
    return color;
}

static void check_color(const struct still_color_values *values, uint32_t before, uint32_t after)
{
    struct still_color *color = color_of(values, STILL_COLOR_RGB);
    assert_non_null(color);
    uint32_t row[3] = {before, before, before};
    still_color_convert_row(color, STILL_RGB24, row, 3, 0);
    for (int i = 0; i < 3; i++)
        if (sample_apart(row[i], after) > 1 || row[i] >> 24 != 255)
            fail_msg("%08x instead of %08x", row[i], after);
    still_color_destroy(color);
}

/* By the matrices of the standards: SMPTE EG 432-1, Adobe RGB (1998), IEC 61966-2-1. */
static void known_colors(void **state)
{
    (void)state;
    struct still_color_values p3_plain = p3;
    p3_plain.gamma = 1 / 2.2;
    check_color(&p3, GREEN, 0xff3da227u);
    check_color(&p3_plain, GREEN, 0xff3aa421u);
    check_color(&adobe, GREEN, 0xff00a12eu);
    check_color(&(struct still_color_values){.gamma = 1}, 0xff808080u, 0xffbcbcbcu);
    check_color(&p3, 0xffffffffu, 0xffffffffu);
    check_color(&adobe, 0xff000000u, 0xff000000u);
}

/* From linear light with other primaries to sRGB's: SMPTE EG 432-1 and Adobe RGB (1998), whose white
 * is the same. */
static const double from_p3[3][3] = {{1.2249401763, -0.2249401763, 0},
                                     {-0.0420569547, 1.0420569547, 0},
                                     {-0.0196375546, -0.0786360455, 1.0982736000}};
static const double from_adobe[3][3] = {
    {1.3983557440, -0.3983557440, 0}, {0, 1, 0}, {0, -0.0429289893, 1.0429289893}};

static double srgb_light(double value)
{
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double adobe_light(double value)
{
    return pow(value, 563 / 256.0);
}

/* Half a level is rounding; the tables have 8192 steps of light, of which the darkest is 0.4
 * levels. */
static void check_pixel(const double matrix[3][3], double (*light)(double), const uint16_t from[3],
                        const uint8_t to[3])
{
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int k = 0; k < 3; k++)
            sum += matrix[i][k] * light(from[k] / 65535.0);
        sum = fmin(fmax(sum, 0), 1);
        double wanted = 255 * (sum <= 0.0031308 ? 12.92 * sum : 1.055 * pow(sum, 1 / 2.4) - 0.055);
        if (fabs(wanted - to[i]) > 1)
            fail_msg("%04x %04x %04x: %d instead of %.2f in channel %d", from[0], from[1], from[2],
                     to[i], wanted, i);
    }
}

/* Colors of all the range, with much that is at its ends and beyond what sRGB has; of 8 bits, and of
 * 16, with alpha and without. */
static void all_colors_are_by_the_formulas(void **state)
{
    (void)state;
    static const struct {
        const struct still_color_values *values;
        const double (*matrix)[3];
        double (*light)(double);
    } rows[] = {{&p3, from_p3, srgb_light}, {&adobe, from_adobe, adobe_light}};
    static uint32_t row[COLORS];
    static uint16_t same[COLORS * 3], deep[COLORS * 4];
    static uint8_t to[COLORS * 4];
    uint64_t seed = 3;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct still_color *color = color_of(rows[k].values, STILL_COLOR_RGB);
        assert_non_null(color);
        for (int i = 0; i < COLORS * 4; i++) {
            uint32_t kind = sample_random(&seed) % 8;
            deep[i] = (uint16_t)(kind == 0   ? 0
                                 : kind == 1 ? 0xffff
                                 : kind == 2 ? sample_random(&seed) % 1024
                                             : sample_random(&seed));
        }
        for (int i = 0; i < COLORS; i++) {
            row[i] = 0xff000000u;
            for (int c = 0; c < 3; c++) {
                row[i] |= (uint32_t)(deep[i * 3 + c] >> 8) << (16 - 8 * c);
                same[i * 3 + c] = (uint16_t)((deep[i * 3 + c] >> 8) * 257);
            }
        }
        still_color_convert_row(color, STILL_RGB24, row, COLORS, 0);
        for (int i = 0; i < COLORS; i++)
            check_pixel(rows[k].matrix, rows[k].light, same + (ptrdiff_t)i * 3,
                        (const uint8_t[]){row[i] >> 16 & 255, row[i] >> 8 & 255, row[i] & 255});
        for (int alpha = 0; alpha < 2; alpha++) {
            assert_true(still_color_convert_deep_row(color, alpha, deep, to, COLORS));
            for (int i = 0; i < COLORS; i++) {
                int at = i * (3 + alpha);
                check_pixel(rows[k].matrix, rows[k].light, deep + at, to + at);
                if (alpha)
                    assert_true(fabs(deep[at + 3] / 257.0 - to[at + 3]) <= 0.51);
            }
        }
        still_color_destroy(color);
    }
}

/* Premultiplied bytes R, G, B, A come out as a word over the background. */
static void alpha_is_kept_out_of_colors(void **state)
{
    (void)state;
    struct still_color *color = color_of(&p3, STILL_COLOR_RGB);
    assert_non_null(color);
    const uint8_t pixels[4][4] = {
        {90, 160, 60, 255}, {45, 80, 30, 128}, {0, 0, 0, 0}, {1, 1, 1, 2}};
    uint32_t row[4];
    memcpy(row, pixels, sizeof row);
    still_color_convert_row(color, STILL_RGBA32, row, 4, 0x102030);
    const uint32_t wanted[4] = {0xff3da227u, 0xff27612bu, 0xff102030u, 0xff112130u};
    for (int i = 0; i < 4; i++)
        if (sample_apart(row[i], wanted[i]) > 1 || row[i] >> 24 != 255)
            fail_msg("%d: %08x instead of %08x", i, row[i], wanted[i]);
    still_color_destroy(color);
}

/* Each value, as the shadows of a steep curve are the first to go wrong. */
static void grey_goes_by_a_curve(void **state)
{
    (void)state;
    const struct still_color_values linear = {.gamma = 1};
    struct still_color *color = color_of(&linear, STILL_COLOR_GREY);
    assert_non_null(color);
    uint32_t row[256];
    for (uint32_t i = 0; i < 256; i++)
        row[i] = 0xff000000u | i * 0x010101u;
    still_color_convert_row(color, STILL_GREY8, row, 256, 0);
    assert_int_equal(row[0], 0xff000000u);
    assert_int_equal(row[255], 0xffffffffu);
    for (int i = 1; i < 255; i++) {
        double light = i / 255.0; /* IEC 61966-2-1 */
        double encoded = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
        uint32_t wanted = (uint32_t)(encoded * 255 + 0.5);
        assert_true(sample_apart(row[i], 0xff000000u | wanted * 0x010101u) <= 1);
    }
    still_color_destroy(color);
}

/* Cyan, magenta, yellow and black as browsers show them. */
static void inks_without_a_profile_are_ideal(void **state)
{
    (void)state;
    const uint8_t inks[6][4] = {{0, 0, 0, 0},   {255, 0, 0, 0}, {0, 255, 0, 0},
                                {0, 0, 255, 0}, {0, 0, 0, 255}, {128, 64, 0, 51}};
    const uint32_t wanted[6] = {0xffffffffu, 0xff00ffffu, 0xffff00ffu,
                                0xffffff00u, 0xff000000u, 0xff6699ccu};
    uint32_t row[6];
    memcpy(row, inks, sizeof row);
    still_color_convert_row(NULL, STILL_CMYK32, row, 6, 0);
    for (int i = 0; i < 6; i++)
        assert_true(sample_apart(row[i], wanted[i]) <= 1);
}

/* Nothing is converted where nothing would change. */
static void what_is_srgb_stays_as_it_is(void **state)
{
    (void)state;
    const struct still_color_values srgb = {
        .gamma = 0.45455,
        .has_chromaticities = true,
        .white = {0.3127, 0.3290},
        .red = {0.64, 0.33},
        .green = {0.30, 0.60},
        .blue = {0.15, 0.06},
    };
    assert_null(color_of(&srgb, STILL_COLOR_RGB));
    assert_null(color_of(&(struct still_color_values){0}, STILL_COLOR_RGB));
    assert_null(color_of(&(struct still_color_values){.gamma = 0.45}, STILL_COLOR_GREY));
    still_color_destroy(NULL);
}

static bool is_converted(const struct still_color_values *values, enum still_color_space space)
{
    struct still_color *color = color_of(values, space);
    still_color_destroy(color);
    return color;
}

/* A gamma 5 % from the usual one, and a primary 0.005 from sRGB's, are still sRGB; what is further
 * away is not, on either side. */
static void what_is_nearly_srgb_is_taken_for_it(void **state)
{
    (void)state;
    const struct still_color_values srgb = {
        .has_chromaticities = true,
        .white = {0.3127, 0.3290},
        .red = {0.64, 0.33},
        .green = {0.30, 0.60},
        .blue = {0.15, 0.06},
    };
    for (int side = -1; side <= 1; side += 2) {
        for (int further = 0; further < 2; further++) {
            struct still_color_values values = {.gamma =
                                                    (1 + side * (0.049 + 0.04 * further)) / 2.2};
            assert_int_equal(is_converted(&values, STILL_COLOR_GREY), further);
            assert_int_equal(is_converted(&values, STILL_COLOR_RGB), further);
            values = srgb;
            values.green[0] += side * (0.0049 + 0.015 * further);
            assert_int_equal(is_converted(&values, STILL_COLOR_RGB), further);
            assert_false(is_converted(&values, STILL_COLOR_GREY));
        }
    }
}

static void nonsense_is_noted(void **state)
{
    (void)state;
    struct still_color_values rows[] = {{.gamma = 1e9}, {.gamma = -1}, {.gamma = 1e-9}, p3, p3, p3};
    rows[3].green[1] = 0;
    rows[4].white[0] = -3;
    memcpy(rows[5].green, rows[5].red, sizeof rows[5].green); /* no triangle */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t notes = 0;
        assert_null(still_color_of_values(&rows[i], STILL_COLOR_RGB, &notes));
        assert_int_equal(notes, PROTOCOL_STILL_PROFILE_DAMAGED);
    }
    uint32_t notes = 0;
    assert_null(still_color_of_profile("none", 4, STILL_COLOR_RGB, &notes));
    assert_int_equal(notes, PROTOCOL_STILL_PROFILE_DAMAGED);
    notes = 0;
    assert_null(
        still_color_of_profile("", STILL_COLOR_PROFILE_BYTES_MAX + 1, STILL_COLOR_RGB, &notes));
    assert_int_equal(notes, PROTOCOL_STILL_PROFILE_LARGE);
}

int main(void)
{
    still_color_prepare();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_colors),
        cmocka_unit_test(all_colors_are_by_the_formulas),
        cmocka_unit_test(alpha_is_kept_out_of_colors),
        cmocka_unit_test(grey_goes_by_a_curve),
        cmocka_unit_test(inks_without_a_profile_are_ideal),
        cmocka_unit_test(what_is_srgb_stays_as_it_is),
        cmocka_unit_test(what_is_nearly_srgb_is_taken_for_it),
        cmocka_unit_test(nonsense_is_noted),
    };
    return cmocka_run_group_tests_name("still_color", tests, NULL, NULL);
}
