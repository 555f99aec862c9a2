/* What the show says of films: where one runs, its next frame has to be drawn. */
#include "screen/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct picture *make(bool playing)
{
    struct picture *picture = picture_create(0, NULL, NULL);
    assert_non_null(picture);
    picture->playing = playing;
    return picture;
}

static struct show_frame step(struct show *show, double now_ms, uint64_t key,
                              struct picture *picture)
{
    const struct show_request request = {
        .now_ms = now_ms, .to = {key, picture, 0, 10000}, .mix = 1, .bridge_ms = 1000};
    return show_step(show, &request);
}

static void a_film_on_screen_plays(void **state)
{
    (void)state;
    struct picture *still = make(false), *film = make(true);
    struct show show = {0};
    show_start(&show, still, 0);
    assert_false(step(&show, 0, UINT64_MAX, still).playing);
    assert_true(step(&show, 10, 1, film).playing); /* fades in */
    struct show_frame frame = step(&show, 2000, 1, film);
    assert_false(frame.mix.has_from);
    assert_false(frame.animating);
    assert_true(frame.playing);
    /* Its last frame holds: who runs the film says so. */
    film->playing = false;
    assert_false(step(&show, 2010, 1, film).playing);
    film->playing = true;
    assert_true(step(&show, 3000, 2, still).playing); /* fades out */
    assert_false(step(&show, 5000, 2, still).playing);
    show_finish(&show);
    picture_release(still);
    picture_release(film);
}

static void a_frozen_film_does_not(void **state)
{
    (void)state;
    struct picture *still = make(false), *film = make(true), *other = make(false);
    struct show show = {0};
    show_start(&show, film, 0);
    assert_true(step(&show, 10, 1, still).playing);
    /* Another target in mid-crossfade: it starts from what display_freeze kept. */
    struct show_frame frame = step(&show, 500, 2, other);
    assert_true(frame.mix.from_frozen);
    assert_false(frame.playing);
    assert_true(step(&show, 600, 3, film).playing);
    show_finish(&show);
    picture_release(still);
    picture_release(film);
    picture_release(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_film_on_screen_plays),
        cmocka_unit_test(a_frozen_film_does_not),
    };
    return cmocka_run_group_tests_name("show_film", tests, NULL, NULL);
}
