/* Sample by sample, as the map itself says, but for rounding. */
#include "worker/film/film_color_exact.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define STEP 1285 /* 52 values of each member */
#define VALUES (65536 / STEP + 1)

static const uint8_t rounding[8] = {32, 32, 32, 32, 32, 32, 32, 32};

static void check(const struct film_color *color, int bits, enum frame_matrix into)
{
    struct film_color_map map;
    film_color_map_init(&map, color, bits, into);
    assert_true(film_color_exact_suits(&map));
    struct film_color_exact *exact = film_color_exact_create(&map);
    assert_non_null(exact);
    uint16_t members[3][VALUES];
    uint16_t *const rows[3] = {members[0], members[1], members[2]};
    double furthest = 0;
    for (int blue = 0; blue < 65536; blue += STEP)
        for (int red = 0; red < 65536; red += STEP) {
            for (int x = 0; x < VALUES; x++) {
                members[0][x] = (uint16_t)(x * STEP);
                members[1][x] = (uint16_t)blue;
                members[2][x] = (uint16_t)red;
            }
            for (int member = 0; member < 3; member++) {
                uint8_t row[VALUES];
                film_color_exact_row(exact, member, rows, VALUES, rounding, row);
                for (int x = 0; x < VALUES; x++) {
                    const double from[3] = {members[0][x] / 65536.0, blue / 65536.0, red / 65536.0};
                    double to[3];
                    film_color_map_sample(&map, from, to);
                    furthest = fmax(furthest, fabs(fmin(fmax(to[member], 0), 255) - row[x]));
                }
            }
        }
    film_color_exact_destroy(exact);
    /* Half a code of rounding, and three steps of the curve at its steepest. */
    assert_true(furthest < 0.5 + 3);
    assert_true(furthest > 0);
}

static void rows_are_as_the_map_says(void **state)
{
    (void)state;
    struct film_color color = {.matrix = FILM_MATRIX_709, .transfer = FILM_TRANSFER_LINEAR};
    check(&color, 8, FRAME_BT709);
    color.full_range = true;
    check(&color, 10, FRAME_JPEG);
    color.primaries = FILM_PRIMARIES_2020;
    color.matrix = FILM_MATRIX_2020;
    check(&color, 12, FRAME_BT601);
    color.matrix = FILM_MATRIX_YCGCO;
    check(&color, 16, FRAME_BT709);
}

static void other_maps_do_not_suit(void **state)
{
    (void)state;
    struct film_color color = {.matrix = FILM_MATRIX_709};
    for (enum film_transfer transfer = FILM_TRANSFER_VIDEO; transfer <= FILM_TRANSFER_HLG;
         transfer++) {
        struct film_color_map map;
        color.transfer = transfer;
        film_color_map_init(&map, &color, 8, FRAME_BT709);
        assert_int_equal(film_color_exact_suits(&map), transfer == FILM_TRANSFER_LINEAR);
    }
    struct film_color_map map;
    color = (struct film_color){.matrix = FILM_MATRIX_2020_CL, .transfer = FILM_TRANSFER_LINEAR};
    film_color_map_init(&map, &color, 8, FRAME_BT709);
    assert_false(film_color_exact_suits(&map));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_as_the_map_says),
        cmocka_unit_test(other_maps_do_not_suit),
    };
    return cmocka_run_group_tests_name("film_color_exact", tests, NULL, NULL);
}
