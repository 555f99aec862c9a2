/* Films on every kind of display: colors, one frame after the other, two films at once.
 *
 * OpenGL is Mesa's llvmpipe through SDL's offscreen driver; where there is none, those tests say
 * so. */
#include "screen/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <SDL.h>

#include "sample_films.h"

#define WIDTH 64
#define HEIGHT 36
#define TOLERANCE 2
#define GPU_TOLERANCE 4

static const struct layout_box whole = {0, 0, WIDTH, HEIGHT};
static const enum frame_matrix matrices[] = {FRAME_BT601, FRAME_BT709, FRAME_JPEG};

struct kind {
    struct display *display; /* NULL: there is none here */
    double tolerance;
};

static int pin_library(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    if (*info->dlpi_name)
        dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    return 0;
}

static void open_kind(struct kind *kind, enum display_renderer renderer, const char *driver)
{
    setenv("SDL_VIDEODRIVER", driver, 1);
    const struct display_config config = {
        .renderer = renderer, .width_px = WIDTH, .height_px = HEIGHT, .title = "test"};
    struct err err = {0};
    kind->display = display_create(&config, &err);
    kind->tolerance = renderer == DISPLAY_GPU ? GPU_TOLERANCE : TOLERANCE;
    if (!kind->display)
        print_message("# %s\n", err.text);
}

static int set_up_memory(void **state)
{
    struct kind *kind = *state = calloc(1, sizeof *kind);
    open_kind(kind, DISPLAY_MEMORY, "dummy");
    return kind->display ? 0 : -1;
}

static int set_up_processor(void **state)
{
    struct kind *kind = *state = calloc(1, sizeof *kind);
    open_kind(kind, DISPLAY_CPU, "dummy");
    return kind->display ? 0 : -1;
}

/* `renderer` as SDL names it. Asked for by name it does not collect what is drawn unless told. */
static int set_up_gpu(void **state, const char *renderer, const char *batching)
{
    struct kind *kind = *state = calloc(1, sizeof *kind);
    setenv("SDL_RENDER_DRIVER", renderer, 1);
    setenv("SDL_RENDER_BATCHING", batching, 1);
    open_kind(kind, DISPLAY_GPU, "offscreen");
    /* What these libraries never free can't be told from our own leaks once they are gone. */
    if (kind->display)
        dl_iterate_phdr(pin_library, NULL);
    return 0;
}

static int set_up_opengl(void **state)
{
    return set_up_gpu(state, "opengl", "1");
}

static int set_up_opengl_es(void **state)
{
    return set_up_gpu(state, "opengles2", "1");
}

static int set_up_opengl_es_at_once(void **state)
{
    return set_up_gpu(state, "opengles2", "0");
}

static int tear_down(void **state)
{
    struct kind *kind = *state;
    display_destroy(kind->display);
    SDL_Quit();
    free(kind);
    return 0;
}

static struct frame *flat_frame(uint64_t stream, enum frame_matrix matrix, const uint8_t yuv[3])
{
    struct frame *frame = sample_film(WIDTH, HEIGHT, whole, 1);
    frame->stream = stream;
    frame->matrix = matrix;
    sample_film_fill(frame, yuv);
    return frame;
}

static struct picture *film(uint64_t stream, enum frame_matrix matrix, const uint8_t yuv[3])
{
    struct picture *picture = picture_create(0, flat_frame(stream, matrix, yuv), NULL);
    assert_non_null(picture);
    picture->playing = true;
    return picture;
}

static struct display_mix alone(const struct picture *picture)
{
    return (struct display_mix){.to = {picture, 0}, .mix = 1, .dim = 1};
}

static struct display_mix both(const struct picture *from, const struct picture *to, double mix)
{
    return (struct display_mix){
        .has_from = true, .from = {from, 0}, .to = {to, 0}, .mix = mix, .dim = 1};
}

/* Shows, and returns what a capture gives in the middle. */
static uint32_t seen(const struct kind *kind, const struct display_mix *mix)
{
    struct err err = {0};
    struct sample_canvas out = sample_canvas(WIDTH, HEIGHT);
    if (!display_show(kind->display, mix, &err) ||
        !display_capture(kind->display, mix, &out.canvas, &err))
        fail_msg("%s", err.text);
    uint32_t pixel = *sample_pixel(&out.canvas, WIDTH / 2, HEIGHT / 2);
    sample_canvas_finish(&out);
    return pixel;
}

static void assert_seen(const struct kind *kind, const struct display_mix *mix,
                        struct sample_color color, const char *what)
{
    uint32_t pixel = seen(kind, mix);
    double apart = sample_color_apart(pixel, color);
    if (apart > kind->tolerance)
        fail_msg("%s: %06x is %.1f away", what, pixel & 0xffffff, apart);
}

static struct sample_color color_of(const struct picture *picture)
{
    return sample_film_color(picture->visual, 10, 10);
}

static struct sample_color mean(struct sample_color a, struct sample_color b)
{
    for (int i = 0; i < 3; i++)
        a.channels[i] = (fmin(fmax(a.channels[i], 0), 255) + fmin(fmax(b.channels[i], 0), 255)) / 2;
    return a;
}

/* Greys, what red, green and blue are by each matrix, and any others; the matrix changes with each
 * frame of the one film. */
static void colors_are_by_the_formulas(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    static const uint8_t samples[][3] = {
        {16, 128, 128},  {60, 128, 128}, {126, 128, 128}, {235, 128, 128}, {255, 128, 128},
        {63, 102, 240},  {173, 42, 26},  {32, 240, 118},  {81, 90, 240},   {145, 54, 34},
        {41, 240, 110},  {76, 85, 255},  {149, 43, 21},   {29, 255, 107},  {219, 16, 138},
        {210, 16, 146},  {78, 214, 230}, {106, 202, 222}, {188, 154, 16},  {170, 166, 16},
        {100, 100, 150}, {180, 140, 90}, {50, 160, 130},  {200, 70, 180},
    };
    struct picture *picture = film(7, FRAME_BT709, samples[0]);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        for (int m = 0; m < 3; m++) {
            picture_set_visual(picture, flat_frame(7, matrices[m], samples[i]));
            struct display_mix mix = alone(picture);
            char what[64];
            snprintf(what, sizeof what, "%d %d %d by %d", samples[i][0], samples[i][1],
                     samples[i][2], m);
            assert_seen(kind, &mix, color_of(picture), what);
        }
    picture_release(picture);
}

static void half_way_is_the_mean_of_two_films(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    uint64_t seed = 31;
    for (int i = 0; i < 60; i++) {
        uint8_t samples[6];
        for (int k = 0; k < 6; k++)
            samples[k] = (uint8_t)(60 + sample_random(&seed) % 120);
        /* Each by its own matrix: what one film sets is not what the other one is drawn by. */
        struct picture *a = film(1, matrices[i % 3], samples);
        struct picture *b = film(2, matrices[i / 3 % 3], samples + 3);
        struct display_mix mix = both(a, b, 0.5);
        assert_seen(kind, &mix, mean(color_of(a), color_of(b)), "the mean");
        mix.mix = 0;
        assert_seen(kind, &mix, color_of(a), "the first");
        mix.mix = 1;
        assert_seen(kind, &mix, color_of(b), "the second");
        picture_release(a);
        picture_release(b);
    }
}

static void both_films_run_in_a_crossfade(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    struct picture *a = film(1, FRAME_BT709, (const uint8_t[]){40, 128, 128});
    struct picture *b = film(2, FRAME_BT709, (const uint8_t[]){200, 128, 128});
    for (int i = 0; i < 30; i++) {
        if (i % 2)
            picture_set_visual(
                a, flat_frame(1, FRAME_BT709, (const uint8_t[]){(uint8_t)(40 + 3 * i), 128, 128}));
        if (i % 3)
            picture_set_visual(
                b, flat_frame(2, FRAME_BT709, (const uint8_t[]){(uint8_t)(200 - 2 * i), 128, 128}));
        struct display_mix mix = both(a, b, 0.5);
        assert_seen(kind, &mix, mean(color_of(a), color_of(b)), "both");
    }
    /* The second goes on alone, and crossfades into the first one again. */
    picture_set_visual(b, flat_frame(2, FRAME_BT709, (const uint8_t[]){90, 100, 160}));
    struct display_mix mix = alone(b);
    assert_seen(kind, &mix, color_of(b), "alone");
    picture_set_visual(b, flat_frame(2, FRAME_BT709, (const uint8_t[]){95, 100, 160}));
    mix = both(b, a, 0.5);
    assert_seen(kind, &mix, mean(color_of(a), color_of(b)), "back");
    picture_release(a);
    picture_release(b);
}

/* A frame is taken over once. What its memory holds later does not matter: a worker may write to
 * it. */
static void the_same_frame_is_not_drawn_again(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    struct picture *a = film(1, FRAME_BT601, (const uint8_t[]){60, 128, 128});
    struct picture *b = film(2, FRAME_BT601, (const uint8_t[]){180, 128, 128});
    struct sample_color color = mean(color_of(a), color_of(b));
    struct display_mix mix = both(a, b, 0.5);
    assert_seen(kind, &mix, color, "first");
    sample_film_fill(a->visual, (const uint8_t[]){235, 200, 30});
    sample_film_fill(b->visual, (const uint8_t[]){16, 30, 200});
    assert_seen(kind, &mix, color, "again");
    picture_set_visual(a, flat_frame(1, FRAME_BT601, (const uint8_t[]){100, 128, 128}));
    color = sample_color_of(FRAME_BT601, 140, 128, 128);
    assert_seen(kind, &mix, color, "the next frame");
    picture_release(a);
    picture_release(b);
}

/* A film that grows, shrinks and moves to another place in mid-run. */
static void frames_of_one_film_may_differ_in_size(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    static const int sizes[][2] = {{64, 36}, {60, 36}, {60, 30}, {65, 37}, {301, 203}, {1, 1}};
    struct picture *picture = film(3, FRAME_JPEG, (const uint8_t[]){0, 128, 128});
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct frame *frame = sample_film(sizes[i][0], sizes[i][1], whole, i);
        frame->stream = 3;
        frame->matrix = FRAME_JPEG;
        frame->source = (struct layout_rect){0, 0, 1, 1};
        sample_film_fill(frame, (const uint8_t[]){(uint8_t)(40 * i), 120, 140});
        picture_set_visual(picture, frame);
        struct display_mix mix = alone(picture);
        assert_seen(kind, &mix, color_of(picture), "size");
    }
    picture_release(picture);
}

/* More films than a display keeps textures for; with none of them known by its stream, too. */
static void many_films(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    struct picture *pictures[30];
    for (int i = 0; i < 30; i++)
        pictures[i] = film(i % 3 ? (uint64_t)(100 + i) : 0, matrices[i % 3],
                           (const uint8_t[]){(uint8_t)(20 + 7 * i), 110, 140});
    for (int i = 0; i < 90; i++) {
        const struct picture *picture = pictures[i * 7 % 30];
        display_prepare(kind->display, pictures[i * 11 % 30]);
        display_prepare(kind->display, pictures[i * 13 % 30]);
        struct display_mix mix = both(pictures[i % 30], picture, i % 2 ? 0.5 : 1);
        struct sample_color color = color_of(picture);
        assert_seen(kind, &mix, i % 2 ? mean(color_of(pictures[i % 30]), color) : color, "many");
    }
    for (int i = 0; i < 30; i++)
        picture_release(pictures[i]);
}

/* The film that comes next may be the one that runs, at its beginning: that is not shown early. */
static void preparing_does_not_change_what_is_seen(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    struct picture *on = film(5, FRAME_BT709, (const uint8_t[]){150, 100, 120});
    struct picture *next = film(5, FRAME_BT709, (const uint8_t[]){30, 150, 120});
    struct picture *other = film(6, FRAME_BT709, (const uint8_t[]){220, 130, 140});
    struct display_mix mix = alone(on);
    for (int i = 0; i < 6; i++) {
        assert_seen(kind, &mix, color_of(on), "on");
        display_prepare(kind->display, i % 2 ? next : other);
    }
    mix = both(on, next, 0.5);
    assert_seen(kind, &mix, mean(color_of(on), color_of(next)), "both of one stream");
    mix = alone(next);
    assert_seen(kind, &mix, color_of(next), "next");
    mix = alone(other);
    assert_seen(kind, &mix, color_of(other), "other");
    picture_release(on);
    picture_release(next);
    picture_release(other);
}

static void a_film_fades_from_what_was_frozen(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    struct err err = {0};
    struct picture *a = film(1, FRAME_BT709, (const uint8_t[]){60, 120, 128});
    struct picture *b = film(2, FRAME_BT709, (const uint8_t[]){100, 120, 128});
    struct picture *c = film(3, FRAME_BT709, (const uint8_t[]){180, 128, 140});
    struct display_mix mix = both(a, b, 0.5);
    struct sample_color kept = mean(color_of(a), color_of(b));
    assert_true(display_show(kind->display, &mix, &err));
    assert_true(display_freeze(kind->display, &err));
    /* What runs on afterwards does not change it. */
    picture_set_visual(b, flat_frame(2, FRAME_BT709, (const uint8_t[]){230, 120, 128}));
    picture_release(a);
    picture_release(b);
    mix = (struct display_mix){
        .has_from = true, .from_frozen = true, .to = {c, 0}, .mix = 0.5, .dim = 1};
    assert_seen(kind, &mix, mean(kept, color_of(c)), "frozen");
    picture_set_visual(c, flat_frame(3, FRAME_BT709, (const uint8_t[]){90, 128, 140}));
    assert_seen(kind, &mix, mean(kept, color_of(c)), "and it runs");
    picture_release(c);
}

static SDL_Window *only_window(void)
{
    for (Uint32 id = 1; id < 100; id++)
        if (SDL_GetWindowFromID(id))
            return SDL_GetWindowFromID(id);
    return NULL;
}

static struct picture *film_of_size(int width, int height, uint8_t luma)
{
    struct frame *frame = sample_film(width, height, (struct layout_box){0, 0, width, height}, 1);
    sample_film_fill(frame, (const uint8_t[]){luma, 128, 128});
    struct picture *picture = picture_create(0, frame, NULL);
    assert_non_null(picture);
    return picture;
}

/* In a crossfade that was frozen, which is the most that can be lost. */
static void assert_follows_to(const struct kind *kind, int width, int height)
{
    struct err err = {0};
    struct picture *a = film_of_size(width, height, 80), *b = film_of_size(width, height, 200);
    struct display_mix mix = alone(a), fade = both(a, b, 0.5);
    fade.from_frozen = true;
    SDL_SetWindowSize(only_window(), width, height);
    SDL_PumpEvents();
    assert_false(display_show(kind->display, &mix, &err));
    assert_true(display_resize(kind->display));
    int now_width, now_height;
    display_size(kind->display, &now_width, &now_height);
    assert_int_equal(now_width, width);
    assert_int_equal(now_height, height);
    struct sample_canvas out = sample_canvas(width, height);
    for (int frozen = 0; frozen < 2; frozen++) {
        struct sample_color color = frozen ? mean(color_of(a), color_of(b)) : color_of(b);
        assert_true(display_capture(kind->display, &fade, &out.canvas, &err));
        for (int i = 0; i < width * height; i++)
            assert_true(sample_color_apart(*sample_pixel(&out.canvas, i % width, i / width),
                                           color) <= kind->tolerance);
        assert_true(display_show(kind->display, &mix, &err));
        assert_true(display_freeze(kind->display, &err));
    }
    assert_false(display_resize(kind->display));
    sample_canvas_finish(&out);
    picture_release(a);
    picture_release(b);
}

static void a_display_follows_its_window_to_another_size(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    struct err err = {0};
    struct picture *before = film_of_size(WIDTH, HEIGHT, 120);
    struct display_mix mix = alone(before);
    assert_true(display_show(kind->display, &mix, &err));
    assert_true(display_freeze(kind->display, &err));
    assert_false(display_resize(kind->display)); /* nothing happened */
    if (only_window()) {
        assert_follows_to(kind, 96, 54);
        assert_follows_to(kind, 30, 70);
        assert_follows_to(kind, WIDTH, HEIGHT);
        assert_seen(kind, &mix, color_of(before), "back");
    }
    picture_release(before);
}

/* A film that moves is drawn with each of its frames, and between them when it has moved by half a
 * pixel; one that stands still, its last frame, at each refresh. Luma rises from left to right, so
 * that its light tells where it is. */
static void a_film_that_moves_is_never_far_from_its_place(void **state)
{
    const struct kind *kind = *state;
    if (!kind->display)
        return;
    const double rise = 255 / 219.0 * 3; /* from pixel to pixel */
    for (int playing = 0; playing < 2; playing++) {
        double apart = 0;
        struct picture *picture = film_of_size(WIDTH, HEIGHT, 0);
        picture->motion = LAYOUT_MOTION_PAN;
        picture->playing = playing;
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                *sample_film_at(picture->visual, 0, x, y) = (uint8_t)(20 + 3 * x);
        for (int i = 0; i <= 1000; i++) {
            struct display_mix mix = alone(picture);
            mix.to.progress = i / 1000.0; /* five pixels in all */
            struct layout_rect crop = picture_crop(&mix.to);
            double x = (crop.x + crop.width * (WIDTH / 2 + 0.5) / WIDTH) * WIDTH;
            double light = (20 + 3 * (x - 0.5) - 16) * 255 / 219;
            uint32_t pixel = seen(kind, &mix);
            apart = fmax(apart, fabs(light - sample_channel(pixel, 8)));
        }
        assert_true(apart <= (playing ? rise / 2 : 0) + kind->tolerance);
        picture_release(picture);
    }
}

/* In memory alone, where no driver allocates beside us. */
static void nothing_is_allocated_once_warm(void **state)
{
    const struct kind *kind = *state;
    struct picture *films[2] = {film(1, FRAME_BT709, (const uint8_t[]){60, 128, 128}),
                                film(2, FRAME_BT709, (const uint8_t[]){200, 128, 128})};
    struct frame *frames[4];
    for (int i = 0; i < 4; i++) {
        frames[i] = sample_film(i % 2 ? 96 : WIDTH, i % 2 ? 54 : HEIGHT, whole, 0);
        sample_film_fill(frames[i], (const uint8_t[]){(uint8_t)(50 * i), 128, 128});
    }
    films[1]->motion = LAYOUT_MOTION_PAN;
    struct err err = {0};
    struct mallinfo2 before = {0};
    for (int i = 0; i < 200; i++) {
        picture_set_visual(films[0], frame_hold(frames[i / 2 % 2]));
        picture_set_visual(films[1], frame_hold(frames[2 + i / 4 % 2]));
        struct display_mix mix = both(films[0], films[1], i % 8 / 7.0);
        assert_true(display_show(kind->display, &mix, &err));
        if (i == 40)
            before = mallinfo2();
    }
    struct mallinfo2 after = mallinfo2(); /* all zero where a sanitizer has its own malloc */
    assert_int_equal(after.uordblks, before.uordblks);
    assert_int_equal(after.hblkhd, before.hblkhd);
    for (int i = 0; i < 2; i++)
        picture_release(films[i]);
    for (int i = 0; i < 4; i++)
        frame_release(frames[i]);
}

#define ON(name, kind)                                                                             \
    ((struct CMUnitTest){#name " (" #kind ")", name, set_up_##kind, tear_down, 0})
#define ON_EACH(name)                                                                              \
    ON(name, memory), ON(name, processor), ON(name, opengl), ON(name, opengl_es),                  \
        ON(name, opengl_es_at_once)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH(colors_are_by_the_formulas),
        ON_EACH(half_way_is_the_mean_of_two_films),
        ON_EACH(both_films_run_in_a_crossfade),
        ON_EACH(the_same_frame_is_not_drawn_again),
        ON_EACH(frames_of_one_film_may_differ_in_size),
        ON_EACH(many_films),
        ON_EACH(preparing_does_not_change_what_is_seen),
        ON_EACH(a_film_fades_from_what_was_frozen),
        ON_EACH(a_display_follows_its_window_to_another_size),
        ON_EACH(a_film_that_moves_is_never_far_from_its_place),
        cmocka_unit_test_setup_teardown(nothing_is_allocated_once_warm, set_up_memory, tear_down),
    };
    return cmocka_run_group_tests_name("display_film", tests, NULL, NULL);
}
