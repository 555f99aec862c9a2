#include "core/shape.h"

#include <stdbool.h>
#include <stdint.h>

static const struct {
    const char *name;
    int width, height;
} shapes[SHAPE_COUNT] = {
    [SHAPE_LANDSCAPE] = {"landscape", 16, 9},
    [SHAPE_PORTRAIT] = {"portrait", 9, 16},
    [SHAPE_WIDE] = {"wide", 4, 1},
    [SHAPE_SQUARE] = {"square", 1, 1},
};

/* How far apart two aspects are: e^|ln(a / b)|, at least 1. */
struct distance {
    int64_t over, under;
};

const char *shape_name(enum shape shape)
{
    return shapes[shape].name;
}

void shape_nominal(enum shape shape, int *width, int *height)
{
    *width = shapes[shape].width;
    *height = shapes[shape].height;
}

static int clamp_side(int side)
{
    if (side < 1)
        return 1;
    return side < SHAPE_SIDE_MAX ? side : SHAPE_SIDE_MAX;
}

static struct distance distance_to(enum shape shape, int width, int height)
{
    int64_t one = (int64_t)width * shapes[shape].height;
    int64_t other = (int64_t)height * shapes[shape].width;
    return one > other ? (struct distance){one, other} : (struct distance){other, one};
}

/* Products of two numbers below 2^31. */
static bool is_nearer(struct distance a, struct distance b)
{
    return a.over * b.under < b.over * a.under;
}

enum shape shape_nearest(unsigned set, int width, int height)
{
    enum shape nearest = set & SHAPE_ALL ? shape_first(set) : SHAPE_LANDSCAPE;
    struct distance least = distance_to(nearest, clamp_side(width), clamp_side(height));
    for (enum shape shape = nearest + 1; shape < SHAPE_COUNT; shape++) {
        struct distance distance = distance_to(shape, clamp_side(width), clamp_side(height));
        if (!(set & 1U << shape) || !is_nearer(distance, least))
            continue;
        nearest = shape;
        least = distance;
    }
    return nearest;
}

enum shape shape_first(unsigned set)
{
    enum shape shape = SHAPE_LANDSCAPE;
    while (shape < SHAPE_COUNT && !(set & 1U << shape))
        shape++;
    return shape;
}
