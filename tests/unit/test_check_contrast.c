/* Contrast against values computed by hand from WCAG 2.2's formula, and on texts drawn here pixel
 * by pixel. */
#include "commands/check/check_contrast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define WIDTH 100
#define HEIGHT 60
#define TEXT_X 20
#define TEXT_Y 10
#define TEXT_WIDTH 60
#define TEXT_HEIGHT 40

static uint32_t screen_pixels[HEIGHT][WIDTH];
static uint32_t text_pixels[TEXT_HEIGHT][TEXT_WIDTH];

static const struct canvas screen = {screen_pixels, WIDTH * 4, WIDTH, HEIGHT};
static const struct frame text = {.width_px = TEXT_WIDTH,
                                  .height_px = TEXT_HEIGHT,
                                  .stride_bytes = TEXT_WIDTH * 4,
                                  .pixels = text_pixels,
                                  .at = {TEXT_X, TEXT_Y, TEXT_WIDTH, TEXT_HEIGHT}};

static void expect_near(double value, double wanted)
{
    if (!(value > wanted - 0.011 && value < wanted + 0.011))
        fail_msg("%.3f instead of %.3f", value, wanted);
}

static void fill_screen(uint32_t color)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            screen_pixels[y][x] = 0xff000000u | color;
}

/* A letter of 20 × 20 pixels in the middle of the text's box, in a color; its shadow everywhere
 * else, as strong as `shade` (premultiplied). */
static void draw_letter(uint32_t color, uint32_t shade)
{
    for (int y = 0; y < TEXT_HEIGHT; y++)
        for (int x = 0; x < TEXT_WIDTH; x++)
            text_pixels[y][x] =
                x >= 20 && x < 40 && y >= 10 && y < 30 ? 0xff000000u | color : shade;
}

static double measure(uint32_t color, int size_px)
{
    struct err err = {0};
    double ratio = 0;
    const struct check_contrast_text letters = {
        .frame = &text, .color = color, .opacity = 1, .size_px = size_px};
    assert_true(check_contrast_measure(&screen, &letters, &ratio, &err));
    return ratio;
}

static void colors(void **state)
{
    (void)state;
    expect_near(check_contrast_colors(0x000000, 0xffffff), 21);
    expect_near(check_contrast_colors(0xffffff, 0x000000), 21);
    expect_near(check_contrast_colors(0x123456, 0x123456), 1);
    expect_near(check_contrast_colors(0xffffff, 0x767676), 4.54);
    expect_near(check_contrast_colors(0xffffff, 0x949494), 3.03);
    expect_near(check_contrast_colors(0xffffff, 0xff0000), 4.00);
    expect_near(check_contrast_colors(0x0000ff, 0xffffff), 8.59);
    expect_near(check_contrast_colors(0x00ff00, 0x000000), 15.30);
}

static void a_plain_ground(void **state)
{
    (void)state;
    static const uint32_t inks[] = {0xffffff, 0x000000, 0xff0000, 0x0000ff, 0x808080, 0x00ff00};
    for (size_t i = 0; i < sizeof inks / sizeof *inks; i++) {
        fill_screen(0x949494);
        draw_letter(inks[i], 0);
        expect_near(measure(inks[i], 32), check_contrast_colors(inks[i], 0x949494));
        /* The shadow is not taken for a letter: what the screen shows there counts as it is. */
        draw_letter(inks[i], check_contrast_colors(inks[i], 0) > 4.58 ? 0x80000000u : 0x80808080u);
        expect_near(measure(inks[i], 32), check_contrast_colors(inks[i], 0x949494));
    }
}

/* What is far from the letters doesn't count; what touches them does, a tenth of it forgiven. */
static void only_what_touches(void **state)
{
    (void)state;
    fill_screen(0xffffff);
    draw_letter(0xffffff, 0);
    /* Two pixels around the letter, at 16 to 47 pixels of type: 24 × 24 less 20 × 20. */
    for (int y = 18; y < 42; y++)
        for (int x = 38; x < 62; x++)
            screen_pixels[y][x] = 0xff000000u;
    expect_near(measure(0xffffff, 47), 21);
    expect_near(measure(0xffffff, 48), 1);
    for (int i = 0; i < 17; i++) /* of 176 */
        screen_pixels[18][38 + i] = 0xffffffffu;
    expect_near(measure(0xffffff, 32), 21);
    screen_pixels[18][38 + 17] = 0xffffffffu;
    expect_near(measure(0xffffff, 32), 1);
}

static void no_letters(void **state)
{
    (void)state;
    fill_screen(0xffffff);
    memset(text_pixels, 0, sizeof text_pixels);
    expect_near(measure(0xffffff, 32), 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colors),
        cmocka_unit_test(a_plain_ground),
        cmocka_unit_test(only_what_touches),
        cmocka_unit_test(no_letters),
    };
    return cmocka_run_group_tests_name("check_contrast", tests, NULL, NULL);
}
