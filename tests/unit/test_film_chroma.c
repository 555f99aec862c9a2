/* Chroma that is halved, and moved: a slope stays the slope that it was, in its place. */
#include "worker/film/film_chroma.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIDE_MAX 12
#define ACROSS 64 /* a half pixel, so that no sample has to be rounded */
#define DOWN 1024
#define BASE 8192

/* The slope at half pixels. */
static int slope(int across, int down)
{
    return BASE + ACROSS * across + DOWN * down;
}

static int round_up_half(int side)
{
    return (side + 1) / 2;
}

/* Samples whose neighbours are all within the picture. */
static bool is_inside(int at, int side)
{
    return at > 0 && at < round_up_half(side) - 2;
}

static void check(const struct film_chroma_plane *shape, const struct film_chroma_place *wanted)
{
    uint16_t from[SIDE_MAX * SIDE_MAX], into[SIDE_MAX * SIDE_MAX];
    uint32_t row[SIDE_MAX + 3];
    struct film_chroma_plane plane = *shape;
    int columns = plane.sparse_across ? round_up_half(plane.width_px) : plane.width_px;
    int rows = plane.sparse_down ? round_up_half(plane.height_px) : plane.height_px;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++)
            from[y * columns + x] =
                (uint16_t)slope(plane.sparse_across ? 4 * x + plane.place.across : 2 * x,
                                plane.sparse_down ? 4 * y + plane.place.down : 2 * y);
    plane.samples = (const uint8_t *)from;
    plane.stride_bytes = columns * 2;
    plane.wide = true;
    film_chroma_convert(&plane, wanted, row, (uint8_t *)into, SIDE_MAX * 2);
    for (int y = 0; y < round_up_half(plane.height_px); y++)
        for (int x = 0; x < round_up_half(plane.width_px); x++) {
            int expected = slope(4 * x + wanted->across, 4 * y + wanted->down);
            int found = into[y * SIDE_MAX + x];
            assert_in_range(found, from[0], from[rows * columns - 1]);
            if (is_inside(x, plane.width_px) && is_inside(y, plane.height_px))
                assert_int_equal(found, expected);
        }
}

static void slopes_stay(void **state)
{
    (void)state;
    for (int shape = 0; shape < 4; shape++)
        for (int place = 0; place < 9; place++)
            for (int size = 0; size < SIDE_MAX * SIDE_MAX; size++)
                for (int turn = 0; turn < 360; turn += 90)
                    for (int mirrored = 0; mirrored < 2; mirrored++) {
                        const struct film_chroma_plane plane = {
                            .width_px = size % SIDE_MAX + 1,
                            .height_px = size / SIDE_MAX + 1,
                            .sparse_across = shape & 1,
                            .sparse_down = shape & 2,
                            .place = {place % 3, place / 3},
                        };
                        const struct film_chroma_place wanted = film_chroma_place_before(
                            plane.width_px, plane.height_px, mirrored, turn);
                        check(&plane, &wanted);
                    }
}

/* Where the pixels go to that chroma lies beside, in a picture that is flipped and then turned. */
static void turned_pictures_have_it_beside_the_left_pixels(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        bool mirrored;
        int turn;
        struct film_chroma_place place;
    } cases[] = {
        {8, 6, false, 0, {0, 1}},   {8, 6, false, 90, {1, 2}},   {8, 6, false, 180, {2, 1}},
        {8, 6, false, 270, {1, 0}}, {8, 6, true, 0, {0, 1}},     {8, 6, true, 90, {1, 0}},
        {7, 5, false, 90, {1, 0}},  {7, 5, false, 180, {0, -1}}, {7, 5, false, 270, {-1, 0}},
        {7, 5, true, 0, {0, -1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct film_chroma_place place = film_chroma_place_before(cases[i].width, cases[i].height,
                                                                  cases[i].mirrored, cases[i].turn);
        assert_int_equal(place.across, cases[i].place.across);
        assert_int_equal(place.down, cases[i].place.down);
    }
}

static void samples_of_8_bits(void **state)
{
    (void)state;
    const uint8_t from[] = {0, 100, 200, 255, 255, 16, 20, 255, 255, 255};
    const struct film_chroma_plane plane = {
        .samples = from, .stride_bytes = 5, .width_px = 5, .height_px = 2};
    const struct film_chroma_place wanted = film_chroma_place_before(5, 2, false, 0);
    uint32_t row[8];
    uint8_t into[4] = {0};
    film_chroma_convert(&plane, &wanted, row, into, 4);
    /* (3 * 8 + 60) / 4, and so on: the first and the last sample stand for what is beyond. */
    static const uint8_t expected[4] = {21, 193, 255, 0};
    assert_memory_equal(into, expected, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_stay),
        cmocka_unit_test(turned_pictures_have_it_beside_the_left_pixels),
        cmocka_unit_test(samples_of_8_bits),
    };
    return cmocka_run_group_tests_name("film_chroma", tests, NULL, NULL);
}
