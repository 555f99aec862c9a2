/* Each kind of transition: exact at its ends, the same in whatever parts it is drawn, and what its rule
 * says for each pixel. */
#include "screen/mix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "sample_frames.h"

static struct sample_canvas noise(int width, int height, uint64_t seed)
{
    struct sample_canvas out = sample_canvas(width, height);
    for (int i = 0; i < width * height; i++)
        *sample_pixel(&out.canvas, i % width, i / width) = 0xff000000u | sample_random(&seed);
    return out;
}

static struct mix random_mix(uint64_t *seed, enum transition_type type, int width, int height)
{
    static const double softness[] = {0, 0.01, 0.08, 0.33, 0.5};
    static const double focus[] = {0, 0.2, 0.5, 0.77, 1};
    return (struct mix){
        .transition = {.type = type,
                       .direction = (enum transition_direction)(sample_random(seed) % 4),
                       .softness = softness[sample_random(seed) % 5],
                       .color = sample_random(seed) & 0xffffff},
        .amount = sample_random(seed) / 4294967295.0,
        .width_px = width,
        .height_px = height,
        .focus_x = focus[sample_random(seed) % 5],
        .focus_y = focus[sample_random(seed) % 5],
    };
}

static void each_is_exact_at_its_ends(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {7, 1}, {1, 9}, {64, 36}, {131, 7}, {700, 3}};
    uint64_t seed = 1;
    for (int i = 0; i < 6 * TRANSITION_TYPES * 30; i++) {
        int width = sizes[i % 6][0], height = sizes[i % 6][1];
        struct mix mix =
            random_mix(&seed, (enum transition_type)(i / 6 % TRANSITION_TYPES), width, height);
        struct sample_canvas from = noise(width, height, 5), to = noise(width, height, 6);
        struct sample_canvas out = sample_canvas(width, height);
        for (int end = 0; end < 2; end++) {
            mix.amount = end;
            mix_draw(&mix, &out.canvas, 0, 0, &from.canvas, &to.canvas);
            if (memcmp(out.canvas.pixels, end ? to.canvas.pixels : from.canvas.pixels,
                       out.canvas.stride_bytes * (size_t)height) != 0)
                fail_msg("%s at %d of %d × %d", transition_kinds[mix.transition.type].name, end,
                         width, height);
        }
        sample_canvas_finish(&from);
        sample_canvas_finish(&to);
        sample_canvas_finish(&out);
    }
}

/* Rows for threads, and parts of a wall. */
static void parts_make_the_whole(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 900; i++) {
        int width = 1 + (int)(sample_random(&seed) % (i % 9 ? 90 : 1200));
        int height = 1 + (int)(sample_random(&seed) % 40);
        struct mix mix =
            random_mix(&seed, (enum transition_type)(i % TRANSITION_TYPES), width, height);
        struct sample_canvas from = noise(width, height, 5), to = noise(width, height, 6);
        struct sample_canvas whole = sample_canvas(width, height);
        mix_draw(&mix, &whole.canvas, 0, 0, &from.canvas, &to.canvas);
        for (int k = 0; k < 4; k++) {
            int x = (int)(sample_random(&seed) % (unsigned)width);
            int y = (int)(sample_random(&seed) % (unsigned)height);
            int columns = 1 + (int)(sample_random(&seed) % (unsigned)(width - x));
            int rows = 1 + (int)(sample_random(&seed) % (unsigned)(height - y));
            struct sample_canvas part = sample_canvas(columns, rows);
            mix_draw(&mix, &part.canvas, x, y, &from.canvas, &to.canvas);
            for (int row = 0; row < rows; row++)
                assert_memory_equal(sample_pixel(&part.canvas, 0, row),
                                    sample_pixel(&whole.canvas, x, y + row), (size_t)columns * 4);
            sample_canvas_finish(&part);
        }
        sample_canvas_finish(&from);
        sample_canvas_finish(&to);
        sample_canvas_finish(&whole);
    }
}

static double smooth(double part)
{
    part = fmin(fmax(part, 0), 1);
    return part * part * (3 - 2 * part);
}

/* How much is seen of the incoming picture at a pixel, by the rule of its kind. */
static double level_of(const struct mix *mix, int x, int y)
{
    double width = mix->width_px, height = mix->height_px;
    if (mix->transition.type == TRANSITION_IRIS) {
        double cx = mix->focus_x * width, cy = mix->focus_y * height;
        double far = 0;
        for (int i = 0; i < 4; i++)
            far = fmax(far, hypot(cx - (i % 2 ? width : 0), cy - (i / 2 ? height : 0)));
        double edge = fmax(fmin(width, height) * 2 / 1080, 1.5);
        double level = (mix->amount * (far + edge) - hypot(x + 0.5 - cx, y + 0.5 - cy)) / edge;
        return fmin(fmax(level, 0), 1);
    }
    static const int ways[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    const int *way = ways[mix->transition.direction];
    double length = way[0] ? width : height, place = way[0] ? x + 0.5 : y + 0.5;
    if (way[0] + way[1] < 0)
        place = length - place;
    double soft = fmax(length * mix->transition.softness, 1);
    return smooth((mix->amount * (length + soft) - place) / soft);
}

static double exact_channel(const struct mix *mix, const struct canvas *from,
                            const struct canvas *to, int x, int y, int shift)
{
    if (mix->transition.type == TRANSITION_DIP) {
        const struct canvas *picture = mix->amount < 0.5 ? from : to;
        double level = mix->amount < 0.5 ? smooth(2 * mix->amount) : smooth(2 - 2 * mix->amount);
        return sample_channel(*sample_pixel(picture, x, y), shift) * (1 - level) +
               sample_channel(mix->transition.color, shift) * level;
    }
    double level = level_of(mix, x, y);
    return sample_channel(*sample_pixel(from, x, y), shift) * (1 - level) +
           sample_channel(*sample_pixel(to, x, y), shift) * level;
}

static void each_pixel_is_what_the_rule_says(void **state)
{
    (void)state;
    static const enum transition_type types[] = {TRANSITION_WIPE, TRANSITION_IRIS, TRANSITION_DIP};
    uint64_t seed = 3;
    for (int i = 0; i < 300; i++) {
        int width = 1 + (int)(sample_random(&seed) % (i % 9 ? 90 : 1200));
        int height = 1 + (int)(sample_random(&seed) % 50);
        struct mix mix = random_mix(&seed, types[i % 3], width, height);
        struct sample_canvas from = noise(width, height, 5), to = noise(width, height, 6);
        struct sample_canvas out = sample_canvas(width, height);
        mix_draw(&mix, &out.canvas, 0, 0, &from.canvas, &to.canvas);
        for (int k = 0; k < width * height; k++)
            for (int shift = 0; shift < 24; shift += 8) {
                int x = k % width, y = k / width;
                double exact = exact_channel(&mix, &from.canvas, &to.canvas, x, y, shift);
                int is = sample_channel(*sample_pixel(&out.canvas, x, y), shift);
                if (fabs(exact - is) > 1.6)
                    fail_msg("%s at %.3f, %d × %d: %d, %d is %d, not %.2f",
                             transition_kinds[mix.transition.type].name, mix.amount, width, height,
                             x, y, is, exact);
            }
        sample_canvas_finish(&from);
        sample_canvas_finish(&to);
        sample_canvas_finish(&out);
    }
}

static void a_push_moves_both_pictures(void **state)
{
    (void)state;
    static const int ways[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    const int width = 40, height = 30;
    struct sample_canvas from = noise(width, height, 5), to = noise(width, height, 6);
    struct sample_canvas out = sample_canvas(width, height);
    for (int direction = 0; direction < 4; direction++)
        for (int step = 0; step <= 10; step++) {
            struct mix mix = {.transition = {.type = TRANSITION_PUSH,
                                             .direction = (enum transition_direction)direction},
                              .amount = step / 10.0,
                              .width_px = width,
                              .height_px = height};
            mix_draw(&mix, &out.canvas, 0, 0, &from.canvas, &to.canvas);
            int across = ways[direction][0] * width * step / 10;
            int down = ways[direction][1] * height * step / 10;
            for (int k = 0; k < width * height; k++) {
                int x = k % width - across, y = k / width - down;
                const struct canvas *picture = &from.canvas;
                if (x < 0 || y < 0 || x >= width || y >= height) {
                    picture = &to.canvas;
                    x = (x + width) % width;
                    y = (y + height) % height;
                }
                assert_int_equal(*sample_pixel(&out.canvas, k % width, k / width),
                                 *sample_pixel(picture, x, y));
            }
        }
    sample_canvas_finish(&from);
    sample_canvas_finish(&to);
    sample_canvas_finish(&out);
}

/* As people see it, however the screen hangs. */
static void directions_turn_with_the_screen(void **state)
{
    (void)state;
    static const enum transition_direction lefts[] = {TRANSITION_LEFT, TRANSITION_UP,
                                                      TRANSITION_RIGHT, TRANSITION_DOWN};
    for (int i = 0; i < 4; i++) {
        struct picture picture = {.rotation = i * 90, .focus_x = 0.25, .focus_y = 0.1};
        struct display_mix frame = {
            .to = {&picture, 0}, .mix = 0.5, .transition = {.type = TRANSITION_WIPE}};
        struct mix mix = mix_of_frame(&frame, 100, 100);
        assert_int_equal(mix.transition.direction, lefts[i]);
        struct layout_box at =
            layout_rotate_box((struct layout_box){25, 10, 0, 0}, i * 90, 100, 100);
        assert_true(fabs(mix.focus_x * 100 - at.x) < 0.001 &&
                    fabs(mix.focus_y * 100 - at.y) < 0.001);
        frame.from_frozen = true;
        assert_int_equal(mix_of_frame(&frame, 100, 100).transition.type, TRANSITION_CROSSFADE);
    }
}

/* Every shape of a GPU lies on the screen, and there is room for all of them on the largest wall. */
static void meshes_stay_on_the_screen(void **state)
{
    (void)state;
    struct mix_mesh mesh = {.vertices = calloc(MIX_VERTICES_MAX, sizeof *mesh.vertices)};
    assert_non_null(mesh.vertices);
    uint64_t seed = 4;
    for (int i = 0; i < 4000; i++) {
        enum transition_type type = (enum transition_type)(i % TRANSITION_TYPES);
        int width = 1 + (int)(sample_random(&seed) % 16384);
        int height = 1 + (int)(sample_random(&seed) % 16384);
        struct mix mix = random_mix(&seed, type, width, height);
        if (!mix_has_mesh(type))
            continue;
        mix_make_mesh(&mix, &mesh);
        assert_true(mesh.count % 3 == 0 && mesh.count < MIX_VERTICES_MAX);
        for (int k = 0; k < mesh.count; k++) {
            const struct mix_vertex *v = &mesh.vertices[k];
            assert_true(v->x >= -0.01F && v->x <= (float)width + 0.01F);
            assert_true(v->y >= -0.01F && v->y <= (float)height + 0.01F);
            assert_true(v->level >= 0 && v->level <= 1);
        }
    }
    free(mesh.vertices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_exact_at_its_ends),
        cmocka_unit_test(parts_make_the_whole),
        cmocka_unit_test(each_pixel_is_what_the_rule_says),
        cmocka_unit_test(a_push_moves_both_pictures),
        cmocka_unit_test(directions_turn_with_the_screen),
        cmocka_unit_test(meshes_stay_on_the_screen),
    };
    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
