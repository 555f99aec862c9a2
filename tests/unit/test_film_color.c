/* Colors of films that no other program converts by the standard: constant luminance (zimg takes a
 * display's curve for the camera's). All else is held against ffmpeg in e2e/test_film_pictures.py. */
#include "worker/film/film_color.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <cmocka.h>

#define STEPS 12

/* BT.2020-2, table 4: non-linear transfer, with the precise numbers of its second line. */
static double code_of(double light)
{
    const double alpha = 1.09929682680944, beta = 0.018053968510807;
    return light < beta ? 4.5 * light : alpha * pow(light, 0.45) - (alpha - 1);
}

/* The same table, "derivation of luminance and color difference": from the camera's light to Y'C,
 * C'BC and C'RC. */
static void constant_luminance_of(const double light[3], double yuv[3])
{
    double blue, red;
    yuv[0] = code_of(0.2627 * light[0] + 0.6780 * light[1] + 0.0593 * light[2]);
    blue = code_of(light[2]) - yuv[0];
    red = code_of(light[0]) - yuv[0];
    yuv[1] = blue / (blue <= 0 ? 1.9404 : 1.5816);
    yuv[2] = red / (red <= 0 ? 1.7184 : 0.9936);
}

/* As the screen takes it: BT.709, limited range. */
static void screen_of(const double light[3], double to[3])
{
    double rgb[3] = {code_of(light[0]), code_of(light[1]), code_of(light[2])};
    double luma = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    to[0] = 16 + 219 * luma;
    to[1] = 128 + 224 * (rgb[2] - luma) / 1.8556;
    to[2] = 128 + 224 * (rgb[0] - luma) / 1.5748;
}

static void check(const double light[3], bool full_range)
{
    const struct film_color color = {.matrix = FILM_MATRIX_2020_CL,
                                     .full_range = full_range,
                                     .transfer = FILM_TRANSFER_VIDEO,
                                     .primaries = FILM_PRIMARIES_709};
    struct film_color_map map;
    double yuv[3], from[3], to[3], wanted[3];
    film_color_map_init(&map, &color, 10, FRAME_BT709);
    constant_luminance_of(light, yuv);
    for (int i = 0; i < 3; i++) {
        double middle = i ? 0.5 : 0;
        if (full_range) /* H.273, equations 28 to 30 */
            from[i] = yuv[i] * 1023 / 1024 + middle;
        else
            from[i] = (i ? 224 * yuv[i] + 128 : 219 * yuv[i] + 16) / 256;
    }
    film_color_map_sample(&map, from, to);
    screen_of(light, wanted);
    for (int i = 0; i < 3; i++)
        if (fabs(to[i] - wanted[i]) > 0.01)
            fail_msg("%g %g %g: %.3f instead of %.3f in %d", light[0], light[1], light[2], to[i],
                     wanted[i], i);
}

static void constant_luminance_is_by_the_standard(void **state)
{
    (void)state;
    for (int i = 0; i < STEPS * STEPS * STEPS; i++) {
        const int steps[3] = {i % STEPS, i / STEPS % STEPS, i / STEPS / STEPS};
        double light[3];
        for (int k = 0; k < 3; k++) /* many of them dark, on both sides of where the curve begins */
            light[k] = pow((double)steps[k] / (STEPS - 1), 3);
        check(light, false);
        check(light, true);
    }
}

/* The numbers of the curves' ends: white, black, and pure blue of full strength. */
static void its_ends(void **state)
{
    (void)state;
    static const double white[3] = {1, 1, 1}, black[3] = {0, 0, 0}, blue[3] = {0, 0, 1};
    double yuv[3];
    constant_luminance_of(blue, yuv);
    assert_true(fabs(yuv[1] - 0.5) < 0.001); /* of the whole range, so the factors are right */
    check(white, false);
    check(black, false);
    check(blue, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_luminance_is_by_the_standard),
        cmocka_unit_test(its_ends),
    };
    return cmocka_run_group_tests_name("film_color", tests, NULL, NULL);
}
