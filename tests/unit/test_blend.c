#include "screen/blend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sample_films.h"

#define COUNT 203

static void fill(uint32_t *under, uint32_t *over)
{
    uint64_t seed = 11;
    for (int i = 0; i < COUNT; i++) {
        uint32_t alpha = (uint32_t)sample_random(&seed) & 255, ink = 0;
        for (int shift = 0; shift < 24; shift += 8) /* premultiplied: no channel is above alpha */
            ink |= ((uint32_t)sample_random(&seed) & 255) * alpha / 255 << shift;
        under[i] = 0xff000000u | ((uint32_t)sample_random(&seed) & 0xffffff);
        over[i] = alpha << 24 | ink;
    }
}

static int channel(uint32_t pixel, int shift)
{
    return (int)(pixel >> shift & 255);
}

static void it_is_by_the_formula(void **state)
{
    (void)state;
    for (int level = 0; level <= BLEND_WHOLE; level++) {
        uint32_t under[COUNT], over[COUNT], result[COUNT];
        double share = (double)level / BLEND_WHOLE;
        fill(under, over);
        memcpy(result, under, sizeof under);
        blend_row(result, over, COUNT, level);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(channel(result[i], 24), 255);
            for (int shift = 0; shift < 24; shift += 8) {
                double rest = 1 - share * channel(over[i], 24) / 255;
                double exact = share * channel(over[i], shift) + rest * channel(under[i], shift);
                double apart = exact - channel(result[i], shift);
                assert_true(apart > -2 && apart < 2);
            }
        }
    }
}

static void fading_is_by_the_formula(void **state)
{
    (void)state;
    for (int level = 0; level <= BLEND_WHOLE; level++) {
        uint32_t from[COUNT], opaque[COUNT], to[COUNT], part[COUNT];
        fill(opaque, from);
        blend_fade_row(to, from, COUNT, level, 0);
        for (int i = 0; i < COUNT; i++)
            for (int shift = 0; shift < 32; shift += 8)
                assert_int_equal(channel(to[i], shift),
                                 (channel(from[i], shift) * level + BLEND_WHOLE / 2) / BLEND_WHOLE);
        /* Wherever a row is cut, and in its own place. */
        for (int cut = 0; cut <= COUNT; cut += 13) {
            memcpy(part, opaque, sizeof part);
            blend_fade_row(part, part, cut, level, 0xff000000u);
            blend_fade_row(part + cut, part + cut, COUNT - cut, level, 0xff000000u);
            blend_fade_row(to, opaque, COUNT, level, 0xff000000u);
            assert_memory_equal(part, to, sizeof part);
        }
        assert_int_equal(to[0] >> 24, 255);
    }
}

static void both_ends_are_exact(void **state)
{
    (void)state;
    uint32_t under[COUNT], over[COUNT], result[COUNT];
    fill(under, over);
    memcpy(result, under, sizeof under);
    blend_row(result, over, COUNT, 0);
    assert_memory_equal(result, under, sizeof under);
    for (int i = 0; i < COUNT; i++)
        over[i] |= 0xff000000u;
    blend_row(result, over, COUNT, BLEND_WHOLE);
    assert_memory_equal(result, over, sizeof over);
    memset(over, 0, sizeof over);
    memcpy(result, under, sizeof under);
    blend_row(result, over, COUNT, BLEND_WHOLE);
    assert_memory_equal(result, under, sizeof under);
}

/* In one piece or in two, whatever a processor takes at a time. */
static void a_cut_row_is_the_same(void **state)
{
    (void)state;
    uint32_t under[COUNT], over[COUNT], whole[COUNT], parts[COUNT];
    fill(under, over);
    memcpy(whole, under, sizeof under);
    blend_row(whole, over, COUNT, 171);
    for (int cut = 0; cut <= COUNT; cut++) {
        memcpy(parts, under, sizeof under);
        blend_row(parts, over, cut, 171);
        blend_row(parts + cut, over + cut, COUNT - cut, 171);
        assert_memory_equal(parts, whole, sizeof whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_by_the_formula),
        cmocka_unit_test(fading_is_by_the_formula),
        cmocka_unit_test(both_ends_are_exact),
        cmocka_unit_test(a_cut_row_is_the_same),
    };
    return cmocka_run_group_tests_name("blend", tests, NULL, NULL);
}
