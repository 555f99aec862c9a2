/* What --mode and --canvas may say. */
#include "screen/display_wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void modes(void **state)
{
    (void)state;
    struct display_mode mode;
    assert_true(display_wish_read_mode("1920x1080", &mode, NULL));
    assert_int_equal(mode.width_px, 1920);
    assert_int_equal(mode.height_px, 1080);
    assert_true(mode.hz == 0);
    assert_true(display_wish_read_mode("3840x2160@59.94", &mode, NULL));
    assert_int_equal(mode.width_px, 3840);
    assert_true(mode.hz > 59.93 && mode.hz < 59.95);
    assert_true(display_wish_check_mode("32768x64@1000", NULL));
    static const char *const wrong[] = {
        "",
        "1920",
        "1920x",
        "x1080",
        "1920x1080@",
        "1920x1080@0",
        "1920x1080@-60",
        "1920x1080@60Hz",
        "1920x1080@1001",
        "63x1080",
        "1920x32769",
        "1920X1080",
        "1920x1080x3",
        " 1920x1080",
        "1920x1080 ",
        "1920x1080@ 60",
        "1920x1080@nan",
        "001920x1080",
        "-1920x1080",
        "1920x1080@60@60",
        "19e2x1080",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {0};
        if (display_wish_read_mode(wrong[i], &mode, &err))
            fail_msg("took \"%s\"", wrong[i]);
        assert_int_equal(err.code, ERR_INPUT);
        assert_memory_equal(err.text, "needs ", 6);
    }
}

static void canvases(void **state)
{
    (void)state;
    struct display_canvas canvas;
    assert_true(display_wish_read_canvas("7680x2160+1920+0", &canvas, NULL));
    assert_int_equal(canvas.width_px, 7680);
    assert_int_equal(canvas.height_px, 2160);
    assert_int_equal(canvas.x_px, 1920);
    assert_int_equal(canvas.y_px, 0);
    assert_true(display_wish_check_canvas("64x64+63+63", NULL));
    static const char *const wrong[] = {
        "",           "7680x2160",  "7680x2160+0",     "7680x2160+0+",  "7680x2160+-1+0",
        "64x64+64+0", "64x64+0+64", "7680x2160+0+0+0", "7680x2160-0-0", "40000x64+0+0",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {0};
        if (display_wish_read_canvas(wrong[i], &canvas, &err))
            fail_msg("took \"%s\"", wrong[i]);
        assert_memory_equal(err.text, "needs ", 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes),
        cmocka_unit_test(canvases),
    };
    return cmocka_run_group_tests_name("display_wish", tests, NULL, NULL);
}
