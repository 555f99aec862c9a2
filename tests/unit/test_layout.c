#include "core/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <cmocka.h>

static const int sides[] = {1, 2, 3, 63, 64, 100, 479, 1080, 1919, 1920, 3840, 7840, 16384};
#define SIDES (sizeof sides / sizeof *sides)

static const double focuses[] = {0, 0.25, 0.5, 0.999, 1};
#define FOCUSES (sizeof focuses / sizeof *focuses)

static void check_inside(const struct layout_fitted *fitted, const int picture[2],
                         const int canvas[2])
{
    const struct layout_rect *source = &fitted->source;
    const struct layout_box *target = &fitted->target;
    assert_true(source->x >= 0 && source->y >= 0 && source->width > 0 && source->height > 0);
    /* One rounding of a double is allowed: x + width is not always exact. */
    assert_true(source->x + source->width <= picture[0] * (1 + 1e-12));
    assert_true(source->y + source->height <= picture[1] * (1 + 1e-12));
    assert_true(target->x >= 0 && target->y >= 0 && target->width >= 1 && target->height >= 1);
    assert_true(target->x + target->width <= canvas[0]);
    assert_true(target->y + target->height <= canvas[1]);
}

static void check_cover(const struct layout_fitted *fitted, const int picture[2],
                        const int canvas[2], const double focus[2])
{
    const struct layout_rect *source = &fitted->source;
    assert_int_equal(fitted->target.width, canvas[0]);
    assert_int_equal(fitted->target.height, canvas[1]);
    /* Nothing is stretched, and one side is seen whole. */
    double ratio = (double)canvas[0] / canvas[1];
    assert_true(fabs(source->width / source->height / ratio - 1) < 1e-9);
    assert_true(fabs(source->width - picture[0]) < 1e-9 * picture[0] ||
                fabs(source->height - picture[1]) < 1e-9 * picture[1]);
    /* The focus is seen. */
    double x = focus[0] * picture[0], y = focus[1] * picture[1];
    assert_true(x >= source->x - 1e-6 && x <= source->x + source->width + 1e-6);
    assert_true(y >= source->y - 1e-6 && y <= source->y + source->height + 1e-6);
}

static void check_contain(const struct layout_fitted *fitted, const int picture[2],
                          const int canvas[2])
{
    const struct layout_box *target = &fitted->target;
    assert_true(fitted->source.x == 0 && fitted->source.y == 0);
    assert_true(fitted->source.width == picture[0] && fitted->source.height == picture[1]);
    assert_true(target->width == canvas[0] || target->height == canvas[1]);
    /* Centred to a pixel, and in the picture's shape to a pixel. */
    int right = canvas[0] - target->x - target->width,
        below = canvas[1] - target->y - target->height;
    assert_in_range(right - target->x, 0, 1);
    assert_in_range(below - target->y, 0, 1);
    double exact = fmin((double)canvas[0] / picture[0], (double)canvas[1] / picture[1]);
    assert_true(fabs(target->width - picture[0] * exact) <= 0.5 + 1e-6 || target->width == 1);
    assert_true(fabs(target->height - picture[1] * exact) <= 0.5 + 1e-6 || target->height == 1);
}

static void check_fits(const int picture[2], const int canvas[2])
{
    for (size_t i = 0; i < FOCUSES * FOCUSES; i++) {
        const double focus[2] = {focuses[i / FOCUSES], focuses[i % FOCUSES]};
        struct layout_fitted fitted = layout_fit(picture[0], picture[1], canvas[0], canvas[1],
                                                 LAYOUT_FIT_COVER, focus[0], focus[1]);
        check_inside(&fitted, picture, canvas);
        check_cover(&fitted, picture, canvas, focus);
    }
    struct layout_fitted fitted =
        layout_fit(picture[0], picture[1], canvas[0], canvas[1], LAYOUT_FIT_CONTAIN, 0.3, 0.9);
    check_inside(&fitted, picture, canvas);
    check_contain(&fitted, picture, canvas);
    fitted = layout_fit(picture[0], picture[1], canvas[0], canvas[1], LAYOUT_FIT_FILL, 0.3, 0.9);
    check_inside(&fitted, picture, canvas);
    assert_int_equal(fitted.target.width, canvas[0]);
    assert_int_equal(fitted.target.height, canvas[1]);
    assert_true(fitted.source.width == picture[0] && fitted.source.height == picture[1]);
}

static void every_picture_fits_every_canvas(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIDES * SIDES; i++)
        for (size_t j = 0; j < SIDES * SIDES; j++) {
            const int picture[2] = {sides[i / SIDES], sides[i % SIDES]};
            const int canvas[2] = {sides[j / SIDES], sides[j % SIDES]};
            check_fits(picture, canvas);
        }
}

static void cover_crops_around_the_focus(void **state)
{
    (void)state;
    /* Twice as wide as the canvas: half of the width is seen. */
    struct layout_fitted f = layout_fit(4000, 1000, 2000, 1000, LAYOUT_FIT_COVER, 0.5, 0.5);
    assert_true(f.source.x == 1000 && f.source.width == 2000 && f.source.height == 1000);
    f = layout_fit(4000, 1000, 2000, 1000, LAYOUT_FIT_COVER, 0.4, 0.5);
    assert_true(f.source.x == 600);
    f = layout_fit(4000, 1000, 2000, 1000, LAYOUT_FIT_COVER, 0, 0.5);
    assert_true(f.source.x == 0);
    f = layout_fit(4000, 1000, 2000, 1000, LAYOUT_FIT_COVER, 1, 0.5);
    assert_true(f.source.x == 2000);
}

/* However it is rounded. */
static void a_focus_stays_within_its_part(void **state)
{
    (void)state;
    assert_true(layout_within(5, 4, 4) == 0.25);
    assert_true(layout_within(3, 4, 4) == 0);
    assert_true(layout_within(9, 4, 4) == 1);
    for (int width = 1; width < 200; width++) {
        struct layout_rect part = layout_fit(12, 8, width, 97, LAYOUT_FIT_COVER, 1, 0.5).source;
        double focus = layout_within(12, part.x, part.width);
        assert_true(focus > 0.999 && focus <= 1);
    }
}

static void contain_centres(void **state)
{
    (void)state;
    struct layout_fitted f = layout_fit(100, 100, 1920, 1080, LAYOUT_FIT_CONTAIN, 0, 0);
    assert_int_equal(f.target.x, 420);
    assert_int_equal(f.target.y, 0);
    assert_int_equal(f.target.width, 1080);
    assert_int_equal(f.target.height, 1080);
    f = layout_fit(16384, 1, 64, 64, LAYOUT_FIT_CONTAIN, 0, 0);
    assert_int_equal(f.target.height, 1);
}

static void sizes_turn(void **state)
{
    (void)state;
    static const struct {
        int rotation, width, height;
    } rows[] = {{0, 3, 2}, {90, 2, 3}, {180, 3, 2}, {270, 2, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int width = 3, height = 2;
        layout_rotate_size(rows[i].rotation, &width, &height);
        assert_int_equal(width, rows[i].width);
        assert_int_equal(height, rows[i].height);
    }
}

/* A pixel of the canvas turned clockwise by hand: where (x, y) of w × h goes. */
static void turn_pixel(int rotation, const int size[2], int *x, int *y)
{
    int old_x = *x, old_y = *y;
    if (rotation == 90) {
        *x = size[1] - 1 - old_y;
        *y = old_x;
    } else if (rotation == 180) {
        *x = size[0] - 1 - old_x;
        *y = size[1] - 1 - old_y;
    } else if (rotation == 270) {
        *x = old_y;
        *y = size[0] - 1 - old_x;
    }
}

static void boxes_turn_as_their_pixels_do(void **state)
{
    (void)state;
    const int size[2] = {7, 4};
    const struct layout_box box = {1, 2, 3, 1};
    for (int rotation = 0; rotation < 360; rotation += 90) {
        struct layout_box turned = layout_rotate_box(box, rotation, size[0], size[1]);
        int inside = 0;
        for (int y = 0; y < size[1]; y++)
            for (int x = 0; x < size[0]; x++) {
                int tx = x, ty = y;
                turn_pixel(rotation, size, &tx, &ty);
                bool was =
                    x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
                bool is = tx >= turned.x && tx < turned.x + turned.width && ty >= turned.y &&
                          ty < turned.y + turned.height;
                assert_int_equal(was, is);
                inside += is;
            }
        assert_int_equal(inside, 3);
    }
}

static void fractions_turn_as_boxes_do(void **state)
{
    (void)state;
    const struct layout_rect rect = {0.125, 0.25, 0.5, 0.125};
    for (int rotation = 0; rotation < 360; rotation += 90) {
        struct layout_rect turned = layout_rotate_rect(rect, rotation);
        struct layout_box box =
            layout_rotate_box((struct layout_box){8, 16, 32, 8}, rotation, 64, 64);
        assert_true(turned.x == box.x / 64.0 && turned.y == box.y / 64.0);
        assert_true(turned.width == box.width / 64.0 && turned.height == box.height / 64.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_picture_fits_every_canvas),
        cmocka_unit_test(cover_crops_around_the_focus),
        cmocka_unit_test(a_focus_stays_within_its_part),
        cmocka_unit_test(contain_centres),
        cmocka_unit_test(sizes_turn),
        cmocka_unit_test(boxes_turn_as_their_pixels_do),
        cmocka_unit_test(fractions_turn_as_boxes_do),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
