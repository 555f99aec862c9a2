#include "screen/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "sample_films.h"

#define WIDTH 64
#define HEIGHT 36

static const struct layout_box whole = {0, 0, WIDTH, HEIGHT};

/* Four fields of four colors: a picture that is turned, moved or distorted is told apart. */
static uint32_t field(double x, double y)
{
    static const uint32_t colors[4] = {0xffc83020, 0xff20b040, 0xff3040d0, 0xffe0d040};
    return colors[(x >= 0.5) + 2 * (y >= 0.5)];
}

static struct picture *fields(const char *name)
{
    struct frame *frame = sample_frame(WIDTH, HEIGHT, whole);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        sample_frame_row(frame, i / WIDTH)[i % WIDTH] =
            field((i % WIDTH + 0.5) / WIDTH, (double)(i / WIDTH) / HEIGHT);
    struct picture *picture = picture_create(0x405060, frame, NULL);
    assert_non_null(picture);
    memcpy(picture->name, name, strlen(name) + 1);
    return picture;
}

static struct picture *grey_film(uint8_t luma)
{
    struct frame *frame = sample_film(WIDTH, HEIGHT, whole, 0);
    sample_film_fill(frame, (const uint8_t[]){luma, 128, 128});
    struct picture *picture = picture_create(0, frame, NULL);
    assert_non_null(picture);
    return picture;
}

static struct display_mix alone(const struct picture *picture)
{
    return (struct display_mix){.to = {picture, 0}, .mix = 1, .dim = 1};
}

/* It covers the new screen whole, and fields stay in their places; at its borders colors mix. */
static void it_fills_a_screen_of_any_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{128, 72}, {32, 18}, {64, 36}, {100, 90}, {200, 40}, {33, 97}};
    struct picture *on = fields("on");
    struct display_mix mix = alone(on);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int width = sizes[i][0], height = sizes[i][1];
        struct picture *kept = snapshot_take(&mix, WIDTH, HEIGHT, width, height);
        assert_non_null(kept);
        assert_string_equal(kept->name, "on");
        assert_false(kept->playing);
        struct sample_canvas out = sample_canvas(width, height);
        compose_picture(&out.canvas, &(struct picture_view){kept, 0});
        for (int k = 0; k < width * height; k++) {
            double x = (k % width + 0.5) / width, y = (k / width + 0.5) / height;
            if (fabs(x - 0.5) * width < 5 || fabs(y - 0.5) * height < 5)
                continue;
            assert_true(
                sample_apart(*sample_pixel(&out.canvas, k % width, k / width), field(x, y)) <= 1);
        }
        sample_canvas_finish(&out);
        picture_release(kept);
    }
    picture_release(on);
}

/* What moves on afterwards, or ends, does not change it. */
static void it_keeps_what_a_transition_showed(void **state)
{
    (void)state;
    struct picture *from = grey_film(60), *to = grey_film(200);
    double light_from = (60 - 16) * 255 / 219.0, light_to = (200 - 16) * 255 / 219.0;
    struct display_mix mix = alone(to);
    mix.has_from = true;
    mix.from = (struct picture_view){from, 0};
    mix.mix = 0.25;
    /* What is frozen is not there any more: the picture from before stands in for it. */
    for (int frozen = 0; frozen < 2; frozen++) {
        mix.from_frozen = frozen;
        struct picture *kept = snapshot_take(&mix, WIDTH, HEIGHT, WIDTH, HEIGHT);
        assert_non_null(kept);
        sample_film_fill(from->visual, (const uint8_t[]){16, 128, 128});
        sample_film_fill(to->visual, (const uint8_t[]){16, 128, 128});
        struct sample_canvas out = sample_canvas(WIDTH, HEIGHT);
        compose_picture(&out.canvas, &(struct picture_view){kept, 0});
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            int level = sample_channel(*sample_pixel(&out.canvas, i % WIDTH, i / WIDTH), 8);
            assert_true(fabs(level - (0.75 * light_from + 0.25 * light_to)) <= 2);
        }
        sample_canvas_finish(&out);
        picture_release(kept);
        sample_film_fill(from->visual, (const uint8_t[]){60, 128, 128});
        sample_film_fill(to->visual, (const uint8_t[]){200, 128, 128});
    }
    picture_release(from);
    picture_release(to);
}

/* So that it goes before the text of the new size comes; what is not seen of it is gone. */
static void a_text_stays_one_in_its_place(void **state)
{
    (void)state;
    static const double hidden[] = {0, 0.4, 1};
    for (int i = 0; i < 3; i++) {
        struct picture *on = fields("on");
        on->text = sample_frame(16, 8, (struct layout_box){8, 20, 16, 8});
        on->text->opaque = false;
        for (int k = 0; k < 16 * 8; k++)
            sample_frame_row(on->text, k / 16)[k % 16] = 0xff808080u;
        struct display_mix mix = alone(on);
        mix.to_text.hidden = hidden[i];
        struct picture *kept = snapshot_take(&mix, WIDTH, HEIGHT, 2 * WIDTH, 2 * HEIGHT);
        assert_non_null(kept);
        if (hidden[i] == 1) {
            assert_null(kept->text);
        } else {
            const struct layout_box *at = &kept->text->at;
            assert_true(at->x == 16 && at->y == 40 && at->width == 32 && at->height == 16);
            assert_false(kept->text->opaque);
            int alpha = (int)(*(const uint32_t *)kept->text->pixels >> 24);
            assert_true(abs(alpha - (int)(255 * (1 - hidden[i]))) <= 2);
        }
        const struct picture bare = picture_without_text(kept);
        struct sample_canvas out = sample_canvas(2 * WIDTH, 2 * HEIGHT);
        compose_picture(&out.canvas, &(struct picture_view){&bare, 0});
        assert_int_equal(*sample_pixel(&out.canvas, 20, 44), field(0, 1));
        sample_canvas_finish(&out);
        picture_release(kept);
        picture_release(on);
    }
}

static void a_dimmed_screen_is_not_dimmed_twice(void **state)
{
    (void)state;
    struct picture *on = fields("on");
    struct display_mix mix = alone(on);
    mix.dim = 0.5;
    struct picture *kept = snapshot_take(&mix, WIDTH, HEIGHT, WIDTH, HEIGHT);
    assert_non_null(kept);
    struct sample_canvas out = sample_canvas(WIDTH, HEIGHT);
    compose_picture(&out.canvas, &(struct picture_view){kept, 0});
    assert_int_equal(*sample_pixel(&out.canvas, 3, 3), field(0, 0));
    sample_canvas_finish(&out);
    picture_release(kept);
    picture_release(on);
}

/* One column is white: wherever a line falls, as much light comes through as there is. */
static void scaling_loses_no_fine_line(void **state)
{
    (void)state;
    static const int sizes[][2] = {{3840, 480}, {1366, 480}, {1280, 480}, {1000, 499}, {700, 699}};
    static uint32_t from_pixels[2 * 3840], to_pixels[3840];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int width = sizes[i][0], new_width = sizes[i][1];
        for (int line = 0; line < width; line += 97) {
            for (int x = 0; x < 2 * width; x++)
                from_pixels[x] = x % width == line ? 0xffffffffu : 0xff000000u;
            const struct canvas from = {from_pixels, (size_t)width * 4, width, 2};
            const struct canvas to = {to_pixels, sizeof to_pixels, new_width, 1};
            snapshot_scale(&from, &to);
            int light = 0;
            for (int x = 0; x < new_width; x++) {
                assert_int_equal(to_pixels[x] >> 24, 0xff);
                light += (int)(to_pixels[x] & 255);
            }
            assert_in_range(light, 255 * new_width / width - 1, 255 * new_width / width + 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fills_a_screen_of_any_size),
        cmocka_unit_test(it_keeps_what_a_transition_showed),
        cmocka_unit_test(a_text_stays_one_in_its_place),
        cmocka_unit_test(a_dimmed_screen_is_not_dimmed_twice),
        cmocka_unit_test(scaling_loses_no_fine_line),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
