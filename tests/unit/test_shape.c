#include "core/shape.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define LANDSCAPE (1U << SHAPE_LANDSCAPE)
#define PORTRAIT (1U << SHAPE_PORTRAIT)
#define WIDE (1U << SHAPE_WIDE)
#define SQUARE (1U << SHAPE_SQUARE)

static void the_nearest_serves(void **state)
{
    (void)state;
    static const struct {
        unsigned set;
        int width, height;
        enum shape nearest;
    } cases[] = {
        {SHAPE_ALL, 1920, 1080, SHAPE_LANDSCAPE},
        {SHAPE_ALL, 1080, 1920, SHAPE_PORTRAIT},
        {SHAPE_ALL, 7840, 1952, SHAPE_WIDE},
        {SHAPE_ALL, 1080, 1080, SHAPE_SQUARE},
        {SHAPE_ALL, 2560, 1080, SHAPE_LANDSCAPE},
        {SHAPE_ALL, 2890, 1080, SHAPE_WIDE}, /* 2.67 is sqrt(16 / 9 × 4) */
        {SHAPE_ALL, 1280, 1024, SHAPE_SQUARE},
        {SHAPE_ALL, 1024, 768, SHAPE_LANDSCAPE}, /* exactly between square and landscape */
        {SHAPE_ALL, 768, 1024, SHAPE_PORTRAIT},
        {SHAPE_ALL, 8000, 3000, SHAPE_LANDSCAPE}, /* exactly between landscape and wide */
        {SHAPE_ALL, 8001, 3000, SHAPE_WIDE},
        {LANDSCAPE | PORTRAIT, 1080, 1080, SHAPE_LANDSCAPE},
        {LANDSCAPE | PORTRAIT, 1080, 1081, SHAPE_PORTRAIT},
        {LANDSCAPE | PORTRAIT, 7840, 1952, SHAPE_LANDSCAPE},
        {PORTRAIT | WIDE, 1500, 1000, SHAPE_PORTRAIT}, /* exactly between the two */
        {PORTRAIT | WIDE, 1501, 1000, SHAPE_WIDE},
        {WIDE | SQUARE, 2000, 1000, SHAPE_WIDE}, /* again; it comes before square */
        {WIDE | SQUARE, 1999, 1000, SHAPE_SQUARE},
        {SQUARE, 1, 1 << 20, SHAPE_SQUARE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(shape_nearest(cases[i].set, cases[i].width, cases[i].height),
                         cases[i].nearest);
}

static void no_size_is_too_odd(void **state)
{
    (void)state;
    assert_int_equal(shape_nearest(SHAPE_ALL, INT_MAX, 1), SHAPE_WIDE);
    assert_int_equal(shape_nearest(SHAPE_ALL, 1, INT_MAX), SHAPE_PORTRAIT);
    assert_int_equal(shape_nearest(SHAPE_ALL, 0, -1), SHAPE_SQUARE);
    assert_int_equal(shape_nearest(0, 1080, 1920), SHAPE_LANDSCAPE);
    assert_int_equal(shape_first(0), SHAPE_COUNT);
    assert_int_equal(shape_first(WIDE | SQUARE), SHAPE_WIDE);
}

static void a_nominal_size_has_its_shape(void **state)
{
    (void)state;
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++) {
        int width, height;
        shape_nominal(shape, &width, &height);
        assert_int_equal(shape_nearest(SHAPE_ALL, width, height), shape);
        assert_int_equal(shape_nearest(SHAPE_ALL, 1000 * width, 1000 * height), shape);
    }
    assert_string_equal(shape_name(SHAPE_LANDSCAPE), "landscape");
    assert_string_equal(shape_name(SHAPE_PORTRAIT), "portrait");
    assert_string_equal(shape_name(SHAPE_WIDE), "wide");
    assert_string_equal(shape_name(SHAPE_SQUARE), "square");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_serves),
        cmocka_unit_test(no_size_is_too_odd),
        cmocka_unit_test(a_nominal_size_has_its_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
