/* Loops that a processor does many pixels at a time, in instructions that not every one has: what
 * one machine shows another shows too.
 *
 * Ours are chosen by __builtin_cpu_supports(), which looks into a table that is this program's own,
 * and libyuv's by a mask. */
#include "screen/compose.h"
#include "screen/compose_yuv.h"
#include "worker/film/film_color_table.h"
#include "worker/film/film_deinterlace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <libyuv/cpu_id.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sample_frames.h"

#define WIDTH_MAX 70 /* over two steps of every loop, and each remainder */
#define HEIGHT 13

#ifdef __x86_64__
/* As the library of gcc has it, and clang's. */
extern struct __processor_model {
    unsigned int vendor, type, subtype, features[1];
} __cpu_model;

static bool is_quick(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("ssse3");
}

/* Lets the processor be an old one, or what it is. */
static void set_plain(bool plain)
{
    static unsigned int features;
    if (!features)
        features = __cpu_model.features[0];
    __cpu_model.features[0] = plain ? 0 : features;
    MaskCpuFlags(plain ? 1 : -1);
}
#else
static bool is_quick(void)
{
    return false;
}

static void set_plain(bool plain)
{
    (void)plain;
}
#endif

static int tell_of_an_old_processor(void **state)
{
    (void)state;
    set_plain(false);
    if (!is_quick())
        print_message("# this processor has no AVX2: there is nothing to compare\n");
    return 0;
}

static uint64_t seed = 11;

/* Noise with all that is at the ends of the range, in `bits` a sample. */
static void fill(void *samples, int count, int bits)
{
    unsigned most = (1u << bits) - 1;
    for (int i = 0; i < count; i++) {
        uint32_t random = sample_random(&seed);
        uint32_t value = random % 8 == 0 ? 0 : random % 8 == 1 ? most : (random >> 8) & most;
        if (bits > 8)
            ((uint16_t *)samples)[i] = (uint16_t)value;
        else
            ((uint8_t *)samples)[i] = (uint8_t)value;
    }
}

static void deinterlace(int bits, int width)
{
    static uint16_t frames[3][HEIGHT * WIDTH_MAX], results[2][HEIGHT * WIDTH_MAX];
    int sample_bytes = bits > 8 ? 2 : 1;
    ptrdiff_t stride = (ptrdiff_t)width * sample_bytes;
    for (int i = 0; i < 3; i++)
        fill(frames[i], HEIGHT * width, bits);
    for (int kind = 0; kind < 8; kind++) {
        const struct film_deinterlace_plane plane = {
            .before = kind & 4 ? NULL : (const uint8_t *)frames[0],
            .frame = (const uint8_t *)frames[1],
            .after = (const uint8_t *)frames[2],
            .before_stride_bytes = stride,
            .frame_stride_bytes = stride,
            .after_stride_bytes = stride,
            .width = width,
            .height = HEIGHT,
            .bits = bits,
        };
        for (int plain = 0; plain < 2; plain++) {
            set_plain(plain);
            film_deinterlace_plane(&plane, kind & 1, kind & 2, (uint8_t *)results[plain], stride);
        }
        assert_memory_equal(results[0], results[1], (size_t)stride * HEIGHT);
    }
}

static void fields(void **state)
{
    (void)state;
    for (int width = 1; width <= WIDTH_MAX; width++) {
        deinterlace(8, width);
        deinterlace(10, width);
        deinterlace(16, width);
    }
}

static void convert(int bits, int width, const struct film_color *color)
{
    static uint16_t planes[3][HEIGHT * WIDTH_MAX];
    static uint8_t results[2][3][HEIGHT * WIDTH_MAX];
    struct film_color_planes from;
    int strides[3];
    for (int i = 0; i < 3; i++) {
        int across = i ? (width + 1) / 2 : width;
        fill(planes[i], HEIGHT * across, bits);
        from.planes[i] = (const uint8_t *)planes[i];
        from.strides_bytes[i] = across * (bits > 8 ? 2 : 1);
        strides[i] = across;
    }
    memset(results, 0, sizeof results);
    for (int plain = 0; plain < 2; plain++) {
        set_plain(plain);
        uint8_t *const into[3] = {results[plain][0], results[plain][1], results[plain][2]};
        struct film_color_table *table = film_color_table_create(color, bits, FRAME_BT709, width);
        assert_non_null(table);
        film_color_table_apply(table, &from, width, HEIGHT, into, strides);
        film_color_table_destroy(table);
    }
    assert_memory_equal(results[0], results[1], sizeof results[0]);
}

static void colors(void **state)
{
    (void)state;
    static const struct film_color kinds[] = {
        {.matrix = FILM_MATRIX_2020,
         .transfer = FILM_TRANSFER_PQ,
         .primaries = FILM_PRIMARIES_2020},
        {.matrix = FILM_MATRIX_YCGCO, .full_range = true, .transfer = FILM_TRANSFER_LINEAR},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int width = 1; width <= WIDTH_MAX; width += i == 0 ? 23 : 19)
            for (int bits = 8; bits <= 16; bits += 2)
                convert(bits, width, &kinds[i]);
}

/* At weights of either end, too. */
static void samples_between_samples(void **state)
{
    (void)state;
    static uint8_t rows[2][WIDTH_MAX + COMPOSE_YUV_SPARE];
    static int16_t along[2][2][WIDTH_MAX + COMPOSE_YUV_SPARE];
    static uint8_t results[2][WIDTH_MAX + COMPOSE_YUV_SPARE];
    static struct compose_taps taps[WIDTH_MAX / COMPOSE_YUV_EIGHT + 2];
    static const int weights[] = {
        0, 1, 127, 9999, COMPOSE_YUV_WEIGHTS / 2, COMPOSE_YUV_WEIGHTS - 1};
    for (int count = 1; count <= WIDTH_MAX; count++) {
        bool near = compose_yuv_taps(taps, count, 0.37, 0.9, WIDTH_MAX);
        assert_true(near);
        for (int i = 0; i < 2; i++)
            fill(rows[i], WIDTH_MAX, 8);
        for (size_t w = 0; w < sizeof weights / sizeof *weights; w++) {
            for (int plain = 0; plain < 2; plain++) {
                set_plain(plain);
                for (int i = 0; i < 2; i++)
                    compose_yuv_along(along[plain][i], rows[i], taps, count, near);
                compose_yuv_between(results[plain], along[plain][0], along[plain][1], weights[w],
                                    count);
            }
            assert_memory_equal(along[0], along[1], sizeof along[0]);
            assert_memory_equal(results[0], results[1], (size_t)count);
        }
    }
}

static struct sample_canvas noise(int width)
{
    struct sample_canvas out = sample_canvas(width, HEIGHT);
    for (int y = 0; y < HEIGHT; y++) {
        fill(sample_pixel(&out.canvas, 0, y), width * 4, 8);
        for (int x = 0; x < width; x++)
            *sample_pixel(&out.canvas, x, y) |= 0xff000000u;
    }
    return out;
}

/* libyuv's are not ours to make equal: they are one level apart at most. */
static void check_close(const struct canvas *a, const struct canvas *b)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < a->width_px; x++)
            assert_in_range(sample_apart(*sample_pixel(a, x, y), *sample_pixel(b, x, y)), 0, 1);
}

static void crossfades(void **state)
{
    (void)state;
    for (int width = 1; width <= WIDTH_MAX; width += 3) {
        struct sample_canvas from = noise(width), to = noise(width);
        struct sample_canvas out[2] = {sample_canvas(width, HEIGHT), sample_canvas(width, HEIGHT)};
        for (int step = 0; step <= 64; step++) {
            for (int plain = 0; plain < 2; plain++) {
                set_plain(plain);
                compose_crossfade(&out[plain].canvas, &from.canvas, &to.canvas, step / 64.0);
                const struct canvas *end = step == 0 ? &from.canvas : &to.canvas;
                if (step == 0 || step == 64)
                    assert_memory_equal(out[plain].canvas.pixels, end->pixels,
                                        end->stride_bytes * HEIGHT);
            }
            check_close(&out[0].canvas, &out[1].canvas);
        }
        sample_canvas_finish(&from);
        sample_canvas_finish(&to);
        sample_canvas_finish(&out[0]);
        sample_canvas_finish(&out[1]);
    }
}

/* Darkness, from none to all. */
static void dimmed(void **state)
{
    (void)state;
    for (int level = 0; level <= 255; level += 5) {
        struct sample_canvas ground = noise(WIDTH_MAX);
        struct sample_canvas out[2] = {sample_canvas(WIDTH_MAX, HEIGHT),
                                       sample_canvas(WIDTH_MAX, HEIGHT)};
        for (int plain = 0; plain < 2; plain++) {
            set_plain(plain);
            compose_copy(&out[plain].canvas, &ground.canvas);
            compose_dim(&out[plain].canvas, &out[plain].canvas, level / 255.0);
            for (int x = 0; x < WIDTH_MAX && level % 255 == 0; x++)
                assert_int_equal(*sample_pixel(&out[plain].canvas, x, 1),
                                 level ? *sample_pixel(&ground.canvas, x, 1) : 0xff000000u);
        }
        check_close(&out[0].canvas, &out[1].canvas);
        sample_canvas_finish(&ground);
        sample_canvas_finish(&out[0]);
        sample_canvas_finish(&out[1]);
    }
}

/* A picture that moves, and one with a text over it. */
static void pictures(void **state)
{
    (void)state;
    for (int moving = 0; moving < 2; moving++) {
        struct layout_box all = {0, 0, WIDTH_MAX, HEIGHT}, some = {3, 2, 41, 9};
        struct frame *visual = sample_frame(moving ? 101 : WIDTH_MAX, moving ? 19 : HEIGHT, all);
        struct frame *text = sample_frame(some.width, some.height, some);
        for (int y = 0; y < visual->height_px; y++)
            for (int x = 0; x < visual->width_px; x++)
                sample_frame_row(visual, y)[x] = sample_random(&seed) | 0xff000000u;
        for (int y = 0; y < some.height; y++)
            for (int x = 0; x < some.width; x++) {
                uint32_t alpha = x % 3 == 0 ? 0 : x % 3 == 1 ? 255 : (uint32_t)x * 6;
                sample_frame_row(text, y)[x] =
                    alpha << 24 | alpha << 16 | alpha / 2 << 8 | alpha / 7;
            }
        struct picture *picture = picture_create(0x102030, visual, text);
        struct sample_canvas out[2] = {sample_canvas(WIDTH_MAX, HEIGHT),
                                       sample_canvas(WIDTH_MAX, HEIGHT)};
        for (int plain = 0; plain < 2; plain++) {
            set_plain(plain);
            compose_picture(&out[plain].canvas, &(struct picture_view){picture, 0.4});
        }
        check_close(&out[0].canvas, &out[1].canvas);
        sample_canvas_finish(&out[0]);
        sample_canvas_finish(&out[1]);
        picture_release(picture);
    }
}

/* That the test compares what it means to. */
static void an_old_processor_can_be_played(void **state)
{
    (void)state;
    bool quick = is_quick();
    set_plain(true);
    assert_false(is_quick());
    assert_int_equal(TestCpuFlag(kCpuHasX86) && TestCpuFlag(kCpuHasSSE2), 0);
    set_plain(false);
    assert_int_equal(is_quick(), quick);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_old_processor_can_be_played, tell_of_an_old_processor),
        cmocka_unit_test(fields),
        cmocka_unit_test(colors),
        cmocka_unit_test(samples_between_samples),
        cmocka_unit_test(crossfades),
        cmocka_unit_test(dimmed),
        cmocka_unit_test(pictures),
    };
    return cmocka_run_group_tests_name("compose_plain_loops", tests, NULL, NULL);
}
