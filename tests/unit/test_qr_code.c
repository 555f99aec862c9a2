/* QR codes: where they stand, that each module has whole pixels, and that nothing else is drawn. That
 * they can be read: tests/e2e/test_qr.py. */
#include "worker/text/qr_code.h"

#include "worker/text/text_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define DARK 0x123456
#define LIGHT 0xfedcba

static const struct {
    int width, height;
} screens[] = {{1920, 1080}, {1080, 1920}, {3840, 960}, {1080, 1080}, {320, 180}};

static struct qr_request request_for(const char *text, int screen, double size)
{
    return (struct qr_request){
        .text = text,
        .style = {.size = size, .align = TEXT_ALIGN_END, .dark = DARK, .light = LIGHT},
        .canvas_width_px = screens[screen].width,
        .canvas_height_px = screens[screen].height,
    };
}

static struct qr_code *make(const struct qr_request *request)
{
    struct err err = {0};
    struct qr_code *code = qr_code_create(request, &err);
    if (!code)
        fail_msg("%s", err.text);
    return code;
}

/* Two modules from the code: a corner of its finder pattern, which is dark, and its quiet zone. */
static void check_pixels(const struct qr_code *code, const struct layout_box *box, int module_px)
{
    size_t stride = (size_t)box->width * 4;
    uint32_t *pixels = malloc(stride * (size_t)box->height);
    assert_non_null(pixels);
    memset(pixels, 0x55, stride * (size_t)box->height);
    qr_code_paint(code, pixels, stride, box->x, box->y);
    for (int y = 0; y < box->height; y++)
        for (int x = 0; x < box->width; x++) {
            uint32_t pixel = pixels[y * box->width + x];
            int corner_x = x / module_px * module_px, corner_y = y / module_px * module_px;
            assert_true(pixel == (0xff000000 | DARK) || pixel == (0xff000000 | LIGHT));
            assert_true(pixel == pixels[corner_y * box->width + corner_x]);
            int least = x < y ? x : y, most = x > y ? x : y;
            if (least < QR_QUIET_MODULES * module_px ||
                most >= box->width - QR_QUIET_MODULES * module_px)
                assert_true(pixel == (0xff000000 | LIGHT));
        }
    int first = QR_QUIET_MODULES * module_px;
    assert_true(pixels[first * box->width + first] == (0xff000000 | DARK));
    free(pixels);
}

static void modules_have_whole_pixels(void **state)
{
    (void)state;
    static const double sizes[] = {0.1, 0.173, 0.25, 0.5};
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            const struct qr_request request =
                request_for("https://example.org/small", (int)i, sizes[k]);
            int width = request.canvas_width_px, height = request.canvas_height_px, modules;
            int shorter = width < height ? width : height;
            struct qr_code *code = make(&request);
            struct layout_box box;
            int module_px = qr_code_place(code, &box, &modules);
            assert_int_equal(box.width, box.height);
            assert_int_equal(box.width, module_px * (modules + 2 * QR_QUIET_MODULES));
            assert_true(box.width <= sizes[k] * shorter + 1e-6);
            assert_true((module_px + 1) * (modules + 8) > sizes[k] * shorter);
            assert_true(width - box.x - box.width >= 0.055 * shorter - 1 &&
                        box.y >= 0.055 * shorter - 1);
            if (module_px > 0)
                check_pixels(code, &box, module_px);
            qr_code_destroy(code);
        }
}

/* All nine places lie in the safe area. */
static void each_position_is_in_its_place(void **state)
{
    (void)state;
    for (int align = 0; align < 3; align++)
        for (int valign = 0; valign < 3; valign++) {
            const struct qr_style style = {
                .size = 0.2, .align = (enum text_align)align, .valign = (enum text_align)valign};
            const int margin = 60, side = 203; /* 29 modules of 7 pixels */
            const int across[] = {margin, (1920 - side) / 2, 1920 - side - margin};
            const int down[] = {margin, (1080 - side) / 2, 1080 - side - margin};
            struct layout_box box;
            assert_int_equal(qr_style_place(&style, 21, 1920, 1080, &box), 7);
            assert_int_equal(box.width, side);
            assert_int_equal(box.x, across[align]);
            assert_int_equal(box.y, down[valign]);
        }
}

static void what_does_not_fit_is_not_drawn(void **state)
{
    (void)state;
    char text[2001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const struct qr_request request = request_for(text, 0, 0.1);
    const struct text_block_request alone = {.only = TEXT_LEVELS, .qr = &request};
    struct text_block *block = text_block_create(&alone, NULL);
    uint32_t pixel = 7;
    int x, y, width, height, modules;
    struct layout_box box;
    assert_non_null(block);
    assert_int_equal(qr_code_place(text_block_qr(block), &box, &modules), 0);
    assert_true(modules > 100 && modules <= QR_MODULES_MAX);
    text_block_box(block, &x, &y, &width, &height);
    assert_int_equal(width * height, 1);
    assert_true(text_block_paint(block, &pixel, 4, NULL));
    assert_int_equal(pixel, 0);
    text_block_destroy(block);
}

static void faults_are_told(void **state)
{
    (void)state;
    char text[4000];
    struct err err = {0};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct qr_request request = request_for(text, 0, 0.5);
    assert_null(qr_code_create(&request, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    request.text = "";
    assert_null(qr_code_create(&request, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_have_whole_pixels),
        cmocka_unit_test(each_position_is_in_its_place),
        cmocka_unit_test(what_does_not_fit_is_not_drawn),
        cmocka_unit_test(faults_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
