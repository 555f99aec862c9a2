#include "screen/blend.h"

#include <string.h>

#define LANES 8          /* pixels at a time */
#define PAIR 0x00ff00ffu /* two channels of a pixel, with room above each */
#define OPAQUE 0xff000000u

/* Vectors of GCC and Clang, which every processor has something for. */
typedef uint32_t pixels __attribute__((vector_size(4 * LANES)));
typedef uint16_t halves __attribute__((vector_size(4 * LANES)));

/* Where the compiler can, once for newer processors, too; the linker takes the one that fits. */
#if defined(__x86_64__) && defined(__GLIBC__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

/* Each channel of pairs times a factor from 0 to 256 in 256ths, which stands in both halves. What is
 * faded is rounded to the nearest; what lies below it down, so that no sum is above 255. */
#define TIMES(pairs, factors, half)                                                                \
    (((pixels)((halves)(pairs) * (halves)(factors)) + (half)) >> 8 & PAIR)
#define HALF 0x00800080u

static uint32_t times(uint32_t pair, uint32_t factor, uint32_t half)
{
    return (pair * factor + half) >> 8 & PAIR;
}

static uint32_t blend_one(uint32_t under, uint32_t over, uint32_t level)
{
    uint32_t red_blue = times(over & PAIR, level, HALF);
    uint32_t alpha_green = times(over >> 8 & PAIR, level, HALF);
    uint32_t rest = BLEND_WHOLE - (alpha_green >> 16);
    red_blue += times(under & PAIR, rest, 0);
    alpha_green += times(under >> 8 & PAIR, rest, 0);
    return red_blue | alpha_green << 8 | OPAQUE;
}

CLONES void blend_row(uint32_t *under, const uint32_t *over, int count, int level)
{
    uint32_t factor = (uint32_t)level | (uint32_t)level << 16;
    const pixels levels = factor - (pixels){0};
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
        pixels below, above;
        memcpy(&below, under + i, sizeof below);
        memcpy(&above, over + i, sizeof above);
        pixels red_blue = TIMES(above & PAIR, levels, HALF);
        pixels alpha_green = TIMES(above >> 8 & PAIR, levels, HALF);
        pixels rest = BLEND_WHOLE - (alpha_green >> 16);
        rest |= rest << 16;
        red_blue += TIMES(below & PAIR, rest, 0);
        alpha_green += TIMES(below >> 8 & PAIR, rest, 0);
        below = red_blue | alpha_green << 8 | OPAQUE;
        memcpy(under + i, &below, sizeof below);
    }
    for (; i < count; i++)
        under[i] = blend_one(under[i], over[i], (uint32_t)level);
}

CLONES void blend_fade_row(uint32_t *to, const uint32_t *from, int count, int level,
                           uint32_t always)
{
    uint32_t factor = (uint32_t)level | (uint32_t)level << 16;
    const pixels levels = factor - (pixels){0};
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
        pixels here;
        memcpy(&here, from + i, sizeof here);
        here =
            TIMES(here & PAIR, levels, HALF) | TIMES(here >> 8 & PAIR, levels, HALF) << 8 | always;
        memcpy(to + i, &here, sizeof here);
    }
    for (; i < count; i++)
        to[i] = times(from[i] & PAIR, (uint32_t)level, HALF) |
                times(from[i] >> 8 & PAIR, (uint32_t)level, HALF) << 8 | always;
}
