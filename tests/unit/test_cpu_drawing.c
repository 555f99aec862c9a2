/* Drawing on the processor into memory that can only be written fast, and into parts of a wall: the
 * same pixels as into plain memory. */
#include "screen/cpu_drawing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "sample_films.h"
#include "write_only_memory.h"

#define WIDTH 64
#define HEIGHT 36

enum {
    SOLID,
    STILL,
    TEXT,
    MOVING,
    FILM,
    FILM_TEXT,
    FILM_MOVING,
    SMALL_STILL,
    SMALL_FILM,
    LINES,
    LINES_TURNED,
    PICTURES
};

struct scene {
    const char *name;
    int from, to; /* from -1: none */
    double mix, dim;
    bool linear, frozen;
    double from_hidden, hidden; /* of the texts */
    double age_ms;              /* of a text that rises; 0: it stands */
};

static const struct scene scenes[] = {
    {"solid", -1, SOLID, 1, 1, false, false, 0, 0, 0},
    {"still", -1, STILL, 1, 1, false, false, 0, 0, 0},
    {"text", -1, TEXT, 1, 1, false, false, 0, 0, 0},
    {"moving", -1, MOVING, 1, 1, false, false, 0, 0, 0},
    {"film", -1, FILM, 1, 1, false, false, 0, 0, 0},
    {"film with text", -1, FILM_TEXT, 1, 1, false, false, 0, 0, 0},
    {"film in motion", -1, FILM_MOVING, 1, 1, false, false, 0, 0, 0},
    {"dimmed still", -1, STILL, 1, 0.5, false, false, 0, 0, 0},
    {"dimmed text", -1, TEXT, 1, 0.3, false, false, 0, 0, 0},
    {"dimmed film", -1, FILM, 1, 0.9, false, false, 0, 0, 0},
    {"crossfade", STILL, TEXT, 0.4, 1, false, false, 0, 0, 0},
    {"dissolve", TEXT, MOVING, 0.6, 1, true, false, 0, 0, 0},
    {"dimmed crossfade", FILM, TEXT, 0.3, 0.7, false, false, 0, 0, 0},
    {"dimmed dissolve", STILL, FILM_TEXT, 0.3, 0.7, true, false, 0, 0, 0},
    {"from a frozen frame", -1, STILL, 0.3, 1, false, true, 0, 0, 0},
    {"from a frozen frame, dimmed", -1, TEXT, 0.3, 0.2, false, true, 0, 0, 0},
    {"text that comes", STILL, TEXT, 0.8, 1, false, false, 0, 0.3, 0},
    {"text that leaves", TEXT, STILL, 0.2, 1, false, false, 0.6, 0, 0},
    {"texts hidden", TEXT, FILM_TEXT, 0.5, 0.8, false, false, 1, 1, 0},
    {"text that leaves a frozen frame", TEXT, STILL, 0.2, 1, false, true, 0.6, 0, 0},
    {"text that rises", -1, LINES, 1, 1, false, false, 0, 0, 200},
    {"text that rises, dimmed", -1, LINES, 1, 0.5, false, false, 0, 0, 200},
    {"text that rises while it comes", TEXT, LINES, 0.9, 1, false, false, 1, 0, 90},
    {"text that rises across", -1, LINES_TURNED, 1, 1, false, false, 0, 0, 200},
};
#define SCENES (sizeof scenes / sizeof *scenes)

struct stage {
    struct picture *pictures[PICTURES];
    struct cpu_drawing drawing;
};

static struct frame *still_frame(int width, int height, struct layout_box at, uint64_t seed)
{
    struct frame *frame = sample_frame(width, height, at);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            sample_frame_row(frame, y)[x] = 0xff000000u | sample_random(&seed);
    return frame;
}

static struct frame *text_frame(void)
{
    struct frame *frame = sample_frame(40, 20, (struct layout_box){11, 13, 40, 20});
    for (int y = 0; y < 20; y++)
        for (int x = 0; x < 40; x++)
            sample_frame_row(frame, y)[x] = (uint32_t)(x * 6) << 24 | (uint32_t)(x * 5) << 8;
    frame->opaque = false;
    return frame;
}

static uint8_t ripples(int plane, int x, int y)
{
    return (uint8_t)(100 + plane * 20 + (x * 7 + y * 3) % 60);
}

static struct picture *film(int width, int height, struct frame *text)
{
    struct frame *frame = sample_film(width, height, (struct layout_box){0, 0, WIDTH, HEIGHT}, 1);
    sample_film_draw(frame, ripples);
    struct picture *picture = picture_create(0x102030, frame, text);
    picture->playing = true;
    return picture;
}

static int set_up(void **state)
{
    const struct layout_box whole = {0, 0, WIDTH, HEIGHT};
    struct stage *stage = calloc(1, sizeof *stage);
    if (!stage)
        return -1;
    struct picture **p = stage->pictures;
    p[SOLID] = picture_create(0xff6a00, NULL, NULL);
    p[STILL] = picture_create(0, still_frame(WIDTH, HEIGHT, whole, 1), NULL);
    p[TEXT] = picture_create(0, still_frame(WIDTH, HEIGHT, whole, 2), text_frame());
    p[MOVING] = picture_create(0, still_frame(70, 40, whole, 3), NULL);
    p[MOVING]->motion = LAYOUT_MOTION_DRIFT_IN;
    p[FILM] = film(WIDTH, HEIGHT, NULL);
    p[FILM_TEXT] = film(80, 45, text_frame());
    p[FILM_MOVING] = film(80, 46, NULL);
    p[FILM_MOVING]->motion = LAYOUT_MOTION_PAN;
    const struct layout_box inside = {7, 5, 33, 21};
    p[SMALL_STILL] = picture_create(0x336699, still_frame(33, 21, inside, 4), text_frame());
    p[SMALL_FILM] = film(40, 30, NULL);
    p[SMALL_FILM]->visual->at = inside;
    for (int i = 0; i < 2; i++) {
        struct frame *text = text_frame();
        text->lines = (struct frame_lines){.count = 2, .em_px = 30, .ink = {{1, 7}, {11, 18}}};
        p[LINES + i] = picture_create(0, still_frame(WIDTH, HEIGHT, whole, 5 + (uint64_t)i), text);
        p[LINES + i]->rotation = 90 * i;
    }
    cpu_drawing_resize(&stage->drawing, WIDTH, HEIGHT);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    cpu_drawing_finish(&stage->drawing);
    for (int i = 0; i < PICTURES; i++)
        picture_release(stage->pictures[i]);
    free(stage);
    return 0;
}

static struct display_mix mix_of(const struct stage *stage, const struct scene *scene)
{
    struct display_mix mix = {
        .has_from = scene->from >= 0 || scene->frozen,
        .from_frozen = scene->frozen,
        .to = {stage->pictures[scene->to], 0.3},
        .from_text = {.hidden = scene->from_hidden},
        .to_text = {scene->hidden, scene->age_ms > 0, scene->age_ms, 150},
        .mix = scene->mix,
        .transition.type = scene->linear ? TRANSITION_DISSOLVE : TRANSITION_CROSSFADE,
        .dim = scene->dim,
    };
    if (scene->from >= 0)
        mix.from = (struct picture_view){stage->pictures[scene->from], 0.9};
    return mix;
}

static void draw(struct cpu_drawing *drawing, const struct display_mix *mix,
                 const struct cpu_target *target)
{
    struct err err = {0};
    if (!cpu_drawing_draw(drawing, mix, target, &err))
        fail_msg("%s", err.text);
}

static void freeze(struct stage *stage, const struct scene *scene)
{
    struct err err = {0};
    const struct display_mix mix = mix_of(stage, scene);
    cpu_drawing_note_shown(&stage->drawing, &mix);
    assert_true(cpu_drawing_freeze(&stage->drawing, &err));
}

/* In plain memory, by a drawing that has drawn nothing else. */
static struct sample_canvas expected(struct stage *stage, const struct scene *scene)
{
    struct sample_canvas out = sample_canvas(WIDTH, HEIGHT);
    const struct cpu_target target = {.canvas = out.canvas};
    const struct display_mix mix = mix_of(stage, scene);
    cpu_drawing_resize(&stage->drawing, WIDTH, HEIGHT);
    if (scene->frozen)
        freeze(stage, &scenes[10]);
    draw(&stage->drawing, &mix, &target);
    return out;
}

static void graphics_memory_is_written_and_never_read(void **state)
{
    struct stage *stage = *state;
    const size_t stride = 512, bytes = stride * HEIGHT;
    struct canvas canvas = {write_only_map(bytes), stride, WIDTH, HEIGHT};
    const struct cpu_target target = {.canvas = canvas, .write_only = true};
    for (size_t i = 0; i < SCENES; i++) {
        struct sample_canvas out = expected(stage, &scenes[i]);
        const struct display_mix mix = mix_of(stage, &scenes[i]);
        memset(canvas.pixels, 0x5a, bytes);
        write_only_watch();
        draw(&stage->drawing, &mix, &target);
        write_only_unwatch();
        if (write_only.reads)
            fail_msg("%s: read %d times", scenes[i].name, (int)write_only.reads);
        assert_true(write_only.writes > 0);
        for (int y = 0; y < HEIGHT; y++)
            assert_memory_equal(sample_pixel(&canvas, 0, y), sample_pixel(&out.canvas, 0, y),
                                WIDTH * 4);
        sample_canvas_finish(&out);
    }
    write_only_unmap();
}

/* Whatever ranges of rows it is drawn in: the same pixels, and no others. */
static void ranges_of_rows_make_the_whole(void **state)
{
    struct stage *stage = *state;
    uint64_t seed = 5;
    for (int round = 0; round < 200; round++) {
        const struct picture_view view = {stage->pictures[round % PICTURES], 0.4};
        struct sample_canvas whole = sample_canvas(WIDTH, HEIGHT);
        struct sample_canvas parts = sample_canvas(WIDTH, HEIGHT);
        struct compose_buffers buffers = {0};
        assert_true(compose_view(&whole.canvas, &view, &buffers));
        assert_true(compose_view_prepare(&view, &buffers));
        memset(parts.canvas.pixels, 0x5a, parts.canvas.stride_bytes * HEIGHT);
        for (int row = 0, end; row < HEIGHT; row = end) {
            struct compose_scratch scratch = {0};
            end = row + 1 + (int)(sample_random(&seed) % 20);
            end = end < HEIGHT ? end : HEIGHT;
            assert_true(compose_view_rows(&parts.canvas, &view, row, end, &buffers, &scratch));
            for (int y = 0; y < HEIGHT; y++) {
                if (y < end)
                    assert_memory_equal(sample_pixel(&parts.canvas, 0, y),
                                        sample_pixel(&whole.canvas, 0, y), WIDTH * 4);
                else
                    assert_int_equal(*sample_pixel(&parts.canvas, WIDTH / 2, y), 0x5a5a5a5a);
            }
            compose_scratch_finish(&scratch);
        }
        compose_buffers_finish(&buffers);
        sample_canvas_finish(&whole);
        sample_canvas_finish(&parts);
    }
}

static void a_part_is_cut_out_of_the_whole(void **state)
{
    struct stage *stage = *state;
    const struct layout_box parts[] = {
        {0, 0, 32, HEIGHT}, {32, 0, 32, HEIGHT}, {13, 7, 31, 20}, {63, 35, 1, 1}};
    for (size_t i = 0; i < SCENES; i++) {
        struct sample_canvas out = expected(stage, &scenes[i]);
        const struct display_mix mix = mix_of(stage, &scenes[i]);
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            struct layout_box at = parts[k];
            struct sample_canvas part = sample_canvas(at.width, at.height);
            const struct cpu_target target = {part.canvas, at.x, at.y, true};
            draw(&stage->drawing, &mix, &target);
            for (int y = 0; y < at.height; y++)
                assert_memory_equal(sample_pixel(&part.canvas, 0, y),
                                    sample_pixel(&out.canvas, at.x, at.y + y),
                                    (size_t)at.width * 4);
            sample_canvas_finish(&part);
        }
        sample_canvas_finish(&out);
    }
}

/* Of the whole, and of parts of a wall: within the picture nothing is bared at a part's edge. */
static void a_shift_moves_all_pixels(void **state)
{
    struct stage *stage = *state;
    const struct layout_box parts[] = {
        {0, 0, WIDTH, HEIGHT}, {0, 0, 32, HEIGHT}, {32, 0, WIDTH - 32, HEIGHT}, {13, 7, 31, 20}};
    const int shifts[][2] = {{1, 0}, {-1, 0}, {0, 3}, {0, -3}, {5, -2}, {-4, 6}};
    for (size_t i = 0; i < SCENES; i++) {
        struct sample_canvas out = expected(stage, &scenes[i]);
        for (size_t k = 0; k < 4 * 6; k++) {
            struct layout_box at = parts[k % 4];
            struct sample_canvas part = sample_canvas(at.width, at.height);
            const struct cpu_target target = {part.canvas, at.x, at.y, true};
            struct display_mix mix = mix_of(stage, &scenes[i]);
            mix.shift_x_px = shifts[k / 4][0];
            mix.shift_y_px = shifts[k / 4][1];
            draw(&stage->drawing, &mix, &target);
            for (int y = 0; y < at.height; y++)
                for (int x = 0; x < at.width; x++) {
                    int from_x = at.x + x - mix.shift_x_px, from_y = at.y + y - mix.shift_y_px;
                    bool bared = from_x < 0 || from_x >= WIDTH || from_y < 0 || from_y >= HEIGHT;
                    uint32_t right =
                        bared ? 0xff000000 : *sample_pixel(&out.canvas, from_x, from_y);
                    if (*sample_pixel(&part.canvas, x, y) != right)
                        fail_msg("%s, shifted by %d, %d: %d, %d is wrong", scenes[i].name,
                                 mix.shift_x_px, mix.shift_y_px, x, y);
                }
            sample_canvas_finish(&part);
        }
        sample_canvas_finish(&out);
    }
}

/* Without texts, which go on above it. Frozen again and again, as where transitions are interrupted in a
 * row. */
static void what_is_frozen_is_what_was_drawn(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < SCENES; i++) {
        struct scene bare = scenes[i];
        bare.from_hidden = bare.hidden = 1;
        bare.age_ms = 0;
        struct sample_canvas out = expected(stage, &bare);
        freeze(stage, &scenes[i]);
        for (int y = 0; y < HEIGHT; y++)
            assert_memory_equal(sample_pixel(&stage->drawing.frozen, 0, y),
                                sample_pixel(&out.canvas, 0, y), WIDTH * 4);
        sample_canvas_finish(&out);
    }
}

static void nothing_shown_is_nothing_to_freeze(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    assert_false(cpu_drawing_freeze(&stage->drawing, &err));
    assert_non_null(strstr(err.text, "there is none"));
    assert_null(stage->drawing.frozen.pixels);
}

#define DRAWING_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRAWING_TEST(graphics_memory_is_written_and_never_read),
        DRAWING_TEST(ranges_of_rows_make_the_whole),
        DRAWING_TEST(a_part_is_cut_out_of_the_whole),
        DRAWING_TEST(a_shift_moves_all_pixels),
        DRAWING_TEST(what_is_frozen_is_what_was_drawn),
        DRAWING_TEST(nothing_shown_is_nothing_to_freeze),
    };
    return cmocka_run_group_tests_name("cpu_drawing", tests, NULL, NULL);
}
