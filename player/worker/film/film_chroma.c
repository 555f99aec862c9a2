#include "worker/film/film_chroma.h"

/* A sample is made of three in a line, with weights in quarters. */
#define WHOLE 4
#define ROUND (WHOLE * WHOLE / 2)

struct kernel {
    int step, first; /* the middle one of the sample N is at step N + first */
    uint32_t weights[3];
};

/* In a line of a picture that is turned back, what was first of two pixels is the second; or, if
 * their number is odd, a pixel further on. */
static int turn_back(int place, int side_px)
{
    return (side_px % 2 == 0 ? 2 : 0) - place;
}

struct film_chroma_place film_chroma_place_before(int width_px, int height_px, bool mirrored,
                                                  int turn)
{
    const int beside = 0, between = 1;
    struct film_chroma_place place = {.across = beside, .down = between};
    if (turn == 90)
        place = (struct film_chroma_place){between, turn_back(beside, height_px)};
    else if (turn == 180)
        place =
            (struct film_chroma_place){turn_back(beside, width_px), turn_back(between, height_px)};
    else if (turn == 270)
        place = (struct film_chroma_place){turn_back(between, width_px), beside};
    if (mirrored)
        place.down = turn_back(place.down, height_px);
    return place;
}

bool film_chroma_is_in_place(const struct film_chroma_plane *plane,
                             const struct film_chroma_place *wanted)
{
    return plane->sparse_across && plane->sparse_down && plane->place.across == wanted->across &&
           plane->place.down == wanted->down;
}

/* Linear, both where samples are moved and where they are made fewer. */
static struct kernel choose_kernel(bool sparse, int place, int wanted)
{
    if (sparse) {
        int further = wanted - place;
        uint32_t weight = (uint32_t)(further < 0 ? -further : further);
        return further < 0 ? (struct kernel){1, 0, {weight, WHOLE - weight, 0}}
                           : (struct kernel){1, 0, {0, WHOLE - weight, weight}};
    }
    if (wanted % 2 == 0)
        return (struct kernel){2, wanted / 2, {1, 2, 1}};
    return wanted < 0 ? (struct kernel){2, 0, {2, 2, 0}} : (struct kernel){2, 0, {0, 2, 2}};
}

static const uint8_t *row_at(const struct film_chroma_plane *plane, int row)
{
    int rows = plane->sparse_down ? (plane->height_px + 1) / 2 : plane->height_px;
    row = row < 0 ? 0 : row;
    return plane->samples + (row >= rows ? rows - 1 : row) * plane->stride_bytes;
}

static void blend_rows(const struct film_chroma_plane *plane, int middle, const uint32_t weights[3],
                       int count, uint32_t *into)
{
    const uint8_t *above = row_at(plane, middle - 1), *own = row_at(plane, middle);
    const uint8_t *below = row_at(plane, middle + 1);
    const uint16_t *wide_above = (const void *)above, *wide_own = (const void *)own;
    const uint16_t *wide_below = (const void *)below;
    if (plane->wide)
        for (int x = 0; x < count; x++)
            into[x] =
                weights[0] * wide_above[x] + weights[1] * wide_own[x] + weights[2] * wide_below[x];
    else
        for (int x = 0; x < count; x++)
            into[x] = weights[0] * above[x] + weights[1] * own[x] + weights[2] * below[x];
}

/* The last sample may be made of one that is beyond the row's end. */
static void blend_across(const uint32_t *row, const struct kernel *kernel, int count, bool wide,
                         uint8_t *into)
{
    const uint32_t before = kernel->weights[0], own = kernel->weights[1];
    const uint32_t after = kernel->weights[2];
    const ptrdiff_t step = kernel->step;
    uint16_t *words = (void *)into;
    row += kernel->first;
    for (int x = 0; x < count; x++) {
        const uint32_t *at = row + step * x;
        uint32_t value = (before * at[-1] + own * at[0] + after * at[1] + ROUND) / (WHOLE * WHOLE);
        if (wide)
            words[x] = (uint16_t)value;
        else
            into[x] = (uint8_t)value;
    }
}

void film_chroma_convert(const struct film_chroma_plane *plane,
                         const struct film_chroma_place *wanted, uint32_t *row, uint8_t *into,
                         ptrdiff_t into_stride_bytes)
{
    const struct kernel down = choose_kernel(plane->sparse_down, plane->place.down, wanted->down);
    const struct kernel across =
        choose_kernel(plane->sparse_across, plane->place.across, wanted->across);
    int columns = (plane->width_px + 1) / 2, rows = (plane->height_px + 1) / 2;
    int count = plane->sparse_across ? columns : plane->width_px;
    uint32_t *first = row + 1;
    for (int y = 0; y < rows; y++, into += into_stride_bytes) {
        blend_rows(plane, down.step * y + down.first, down.weights, count, first);
        first[-1] = first[0];
        first[count] = first[count + 1] = first[count - 1];
        blend_across(first, &across, columns, plane->wide, into);
    }
}
