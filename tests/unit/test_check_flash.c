#include "commands/check/check_flash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#define FPS 60

static bool everywhere(int cell)
{
    (void)cell;
    return true;
}

static bool left_column(int cell)
{
    return cell % CHECK_FLASH_SIDE == 0;
}

static bool three_cells(int cell)
{
    return cell < 3;
}

/* A film of some seconds that is `high` for the first half of each period, in some cells, else
 * `low`; the rest is dark. */
struct pattern {
    double low, high;
    int period_frames, seconds;
    bool (*has)(int cell);
};

static int most_of(const struct pattern *pattern, int64_t *time_us)
{
    static struct check_flash flash; /* large */
    memset(&flash, 0, sizeof flash);
    for (int i = 0; i < pattern->seconds * FPS; i++) {
        bool lit = i % pattern->period_frames < pattern->period_frames / 2;
        struct check_flash_light light = {{0}};
        for (int cell = 0; cell < CHECK_FLASH_CELLS; cell++)
            if (pattern->has(cell))
                light.cells[cell] = lit ? pattern->high : pattern->low;
        check_flash_add(&flash, i * INT64_C(1000000) / FPS, &light);
    }
    return check_flash_most(&flash, time_us);
}

static void assert_most(struct pattern pattern, int wanted)
{
    int64_t time_us = -1;
    assert_int_equal(most_of(&pattern, &time_us), wanted);
    assert_true((time_us >= 0) == (wanted > 0));
}

static void counts_pairs_within_a_second(void **state)
{
    (void)state;
    static const int rows[][2] = {{60, 1}, {30, 2}, {20, 3}, {18, 3}, {16, 4},
                                  {14, 4}, {12, 5}, {6, 10}, {4, 15}, {2, 30}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_most((struct pattern){0, 1, rows[i][0], 3, everywhere}, rows[i][1]);
}

static void long_films_have_no_more(void **state)
{
    (void)state;
    assert_most((struct pattern){0, 1, 20, 300, everywhere}, 3);
    assert_most((struct pattern){0, 1, 2, 300, everywhere}, 30);
}

static void thresholds_are_those_of_wcag(void **state)
{
    (void)state;
    assert_most((struct pattern){0, 0.099, 10, 2, everywhere}, 0);
    assert_most((struct pattern){0, 0.101, 10, 2, everywhere}, 6);
    assert_most((struct pattern){0.801, 1, 10, 2, everywhere}, 0);
    assert_most((struct pattern){0.799, 1, 10, 2, everywhere}, 6);
}

static void a_quarter_of_the_picture_counts(void **state)
{
    (void)state;
    assert_most((struct pattern){0, 1, 10, 2, left_column}, 6);
    assert_most((struct pattern){0, 1, 10, 2, three_cells}, 0);
}

/* A fade is one change, however many steps it has. */
static void slow_changes_are_one(void **state)
{
    (void)state;
    static struct check_flash flash;
    int64_t time_us = -1;
    for (int i = 0; i < 10 * FPS; i++) {
        struct check_flash_light light;
        for (int cell = 0; cell < CHECK_FLASH_CELLS; cell++)
            light.cells[cell] = 0.5 - 0.5 * cos(i * 2 * 3.14159265 / FPS); /* one a second */
        check_flash_add(&flash, i * INT64_C(1000000) / FPS, &light);
    }
    assert_int_equal(check_flash_most(&flash, &time_us), 1);
}

static void says_when(void **state)
{
    (void)state;
    static struct check_flash flash;
    int64_t time_us = -1;
    for (int i = 0; i < 10 * FPS; i++) {
        struct check_flash_light light = {{0}};
        bool lit = i >= 4 * FPS && i < 5 * FPS && i % 12 < 6;
        for (int cell = 0; cell < CHECK_FLASH_CELLS; cell++)
            light.cells[cell] = lit;
        check_flash_add(&flash, i * INT64_C(1000000) / FPS, &light);
    }
    assert_int_equal(check_flash_most(&flash, &time_us), 5);
    assert_true(time_us > 4800000 && time_us <= 5000000);
}

/* White, black and a primary, in each of the matrices; sides that are odd, planes of no more bytes
 * than they have. */
static void measures_relative_luminance(void **state)
{
    (void)state;
    static const struct {
        enum frame_matrix matrix;
        uint8_t samples[3];
        double light;
    } rows[] = {{FRAME_BT709, {16, 128, 128}, 0},      {FRAME_BT709, {235, 128, 128}, 1},
                {FRAME_BT709, {63, 102, 240}, 0.2126}, {FRAME_BT601, {235, 128, 128}, 1},
                {FRAME_BT601, {145, 54, 34}, 0.7152},  {FRAME_JPEG, {0, 128, 128}, 0},
                {FRAME_JPEG, {255, 128, 128}, 1},      {FRAME_JPEG, {29, 255, 107}, 0.0722},
                {FRAME_JPEG, {188, 128, 128}, 0.5029}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t y[7 * 5], u[4 * 3], v[4 * 3];
        memset(y, rows[i].samples[0], sizeof y);
        memset(u, rows[i].samples[1], sizeof u);
        memset(v, rows[i].samples[2], sizeof v);
        const struct frame frame = {
            .width_px = 7,
            .height_px = 5,
            .format = FRAME_I420,
            .matrix = rows[i].matrix,
            .planes = {y, u, v},
            .strides_bytes = {7, 4, 4},
        };
        struct check_flash_light light = check_flash_measure(&frame);
        for (int cell = 0; cell < CHECK_FLASH_CELLS; cell++)
            if (fabs(light.cells[cell] - rows[i].light) > 0.01)
                fail_msg("row %zu, cell %d: %f", i, cell, light.cells[cell]);
    }
}

static void each_cell_has_its_own_part(void **state)
{
    (void)state;
    enum { SIDE = 16 };
    uint8_t y[SIDE * SIDE], chroma[SIDE * SIDE / 4];
    memset(chroma, 128, sizeof chroma);
    for (int lit = 0; lit < CHECK_FLASH_CELLS; lit++) {
        for (int i = 0; i < SIDE * SIDE; i++)
            y[i] = i / SIDE / 4 * 4 + i % SIDE / 4 == lit ? 235 : 16;
        const struct frame frame = {
            .width_px = SIDE,
            .height_px = SIDE,
            .format = FRAME_I420,
            .matrix = FRAME_BT709,
            .planes = {y, chroma, chroma},
            .strides_bytes = {SIDE, SIDE / 2, SIDE / 2},
        };
        struct check_flash_light light = check_flash_measure(&frame);
        for (int cell = 0; cell < CHECK_FLASH_CELLS; cell++)
            assert_true(fabs(light.cells[cell] - (cell == lit)) < 0.001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_pairs_within_a_second),
        cmocka_unit_test(long_films_have_no_more),
        cmocka_unit_test(thresholds_are_those_of_wcag),
        cmocka_unit_test(a_quarter_of_the_picture_counts),
        cmocka_unit_test(slow_changes_are_one),
        cmocka_unit_test(says_when),
        cmocka_unit_test(measures_relative_luminance),
        cmocka_unit_test(each_cell_has_its_own_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
