#include "screen/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <cmocka.h>

#include "sample_films.h"

static const struct layout_box place = {0, 0, 160, 90};

static int freed;

static void count_freed(struct frame *frame)
{
    (void)frame;
    freed++;
}

static struct frame counted(uint64_t id)
{
    return (struct frame){.id = id, .holders = 1, .free = count_freed};
}

static void another_frame_takes_the_visuals_place(void **state)
{
    (void)state;
    struct frame frames[3] = {counted(1), counted(2), counted(3)};
    struct picture *picture = picture_create(0, &frames[0], NULL);
    freed = 0;
    frame_hold(&frames[0]);
    picture_set_visual(picture, &frames[1]);
    assert_ptr_equal(picture->visual, &frames[1]);
    assert_int_equal(freed, 0);
    frame_release(&frames[0]);
    assert_int_equal(freed, 1);
    picture_set_visual(picture, &frames[2]);
    assert_int_equal(freed, 2);
    /* The same again, by who holds it twice. */
    frame_hold(&frames[2]);
    picture_set_visual(picture, &frames[2]);
    assert_int_equal(freed, 2);
    assert_int_equal(frames[2].holders, 1);
    picture_set_visual(picture, NULL);
    assert_int_equal(freed, 3);
    assert_null(picture->visual);
    picture_release(picture);
    assert_int_equal(freed, 3);
}

static void a_film_moves_only_by_its_motion(void **state)
{
    (void)state;
    struct picture *picture = picture_create(0, sample_film(16, 9, place, 0), NULL);
    picture->playing = true;
    assert_false(picture_moves(picture));
    picture->motion = LAYOUT_MOTION_PAN;
    assert_true(picture_moves(picture));
    picture_release(picture);
}

static void assert_rect(struct layout_rect rect, double x, double y, double width, double height)
{
    if (fabs(rect.x - x) > 1e-9 || fabs(rect.y - y) > 1e-9 || fabs(rect.width - width) > 1e-9 ||
        fabs(rect.height - height) > 1e-9)
        fail_msg("%g %g %g %g, not %g %g %g %g", rect.x, rect.y, rect.width, rect.height, x, y,
                 width, height);
}

static void no_source_is_the_whole_frame(void **state)
{
    (void)state;
    struct picture *still = picture_create(0, sample_frame(16, 9, place), NULL);
    struct picture *film = picture_create(0, sample_film(17, 9, place, 0), NULL);
    assert_rect(picture_crop(&(struct picture_view){still, 0.5}), 0, 0, 1, 1);
    assert_rect(picture_crop(&(struct picture_view){film, 0.5}), 0, 0, 1, 1);
    picture_release(still);
    picture_release(film);
}

static void a_motion_goes_on_inside_the_source(void **state)
{
    (void)state;
    for (int is_film = 0; is_film < 2; is_film++) {
        struct frame *frame =
            is_film ? sample_film(400, 100, place, 0) : sample_frame(400, 100, place);
        frame->source = (struct layout_rect){0.25, 0.1, 0.5, 0.8};
        struct picture *picture = picture_create(0, frame, NULL);
        picture->motion = LAYOUT_MOTION_PAN;
        struct layout_rect first = picture_crop(&(struct picture_view){picture, 0});
        struct layout_rect last = picture_crop(&(struct picture_view){picture, 1});
        double part = 1 / 1.08;
        assert_rect(first, 0.25, 0.1 + 0.8 * (1 - part) / 2, 0.5 * part, 0.8 * part);
        assert_rect(last, 0.75 - 0.5 * part, first.y, first.width, first.height);
        /* The screen hangs upside down: so does the frame, and goes the other way. */
        picture->rotation = 180;
        assert_rect(picture_crop(&(struct picture_view){picture, 0}), last.x, last.y, last.width,
                    last.height);
        picture_release(picture);
    }
}

static void a_stills_source_is_taken_as_it_is(void **state)
{
    (void)state;
    struct frame *frame = sample_frame(101, 51, place);
    frame->source = (struct layout_rect){0.123, 0.2, 0.4567, 0.7};
    struct picture *picture = picture_create(0, frame, NULL);
    assert_rect(picture_crop(&(struct picture_view){picture, 0}), 0.123, 0.2, 0.4567, 0.7);
    picture_release(picture);
}

/* Whatever the source: from an even pixel, whole ones, inside the frame, at most a pixel and a bit
 * away. */
static void a_standing_film_is_cut_at_pixels(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        int size = 1 + (int)(sample_random(&seed) % 300);
        double start = sample_random(&seed) / 4294967296.0;
        double length = sample_random(&seed) / 4294967296.0 * (1 - start);
        struct frame frame = {.id = 1,
                              .width_px = size,
                              .height_px = 2,
                              .format = FRAME_I420,
                              .source = {start, 0, length, 1}};
        struct picture picture = {.visual = &frame};
        struct layout_rect crop = picture_crop(&(struct picture_view){&picture, 0});
        double left = crop.x * size, width = crop.width * size;
        assert_true(fabs(left - round(left)) < 1e-6 && fabs(width - round(width)) < 1e-6);
        assert_int_equal(lround(left) % 2, 0);
        assert_true(lround(left) >= 0 && lround(width) >= 1);
        assert_true(lround(left) + lround(width) <= size);
        assert_true(fabs(width - fmax(length * size, 1)) <= 0.5 + 1e-6);
        assert_true(fabs(left - start * size) <= 2.5 + 1e-6);
        assert_true(fabs(crop.height - 1) < 1e-9 && fabs(crop.y) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_frame_takes_the_visuals_place),
        cmocka_unit_test(a_film_moves_only_by_its_motion),
        cmocka_unit_test(no_source_is_the_whole_frame),
        cmocka_unit_test(a_motion_goes_on_inside_the_source),
        cmocka_unit_test(a_stills_source_is_taken_as_it_is),
        cmocka_unit_test(a_standing_film_is_cut_at_pixels),
    };
    return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
