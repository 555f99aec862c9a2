/* Frames of films, each plane in memory of its own that ends at a page nobody may touch, and what
 * they mean in red, green and blue, by the formulas of ITU-R BT.601 and BT.709. */
#ifndef TESTS_UNIT_SAMPLE_FILMS_H
#define TESTS_UNIT_SAMPLE_FILMS_H

#include "sample_frames.h"

#include <math.h>

struct sample_film {
    struct frame frame;
    struct sample_guarded planes[3];
};

static inline void sample_film_free(struct frame *frame)
{
    struct sample_film *film = (struct sample_film *)frame;
    for (int i = 0; i < 3; i++)
        sample_unguard(&film->planes[i]);
    free(film);
}

static inline int sample_plane_size(int plane, int size)
{
    return plane ? (size + 1) / 2 : size;
}

/* Strides are longer than rows by `spare` bytes; the last row has none. Samples are the caller's to
 * write. */
static inline struct frame *sample_film(int width_px, int height_px, struct layout_box at,
                                        size_t spare)
{
    static uint64_t last_id = 1000000;
    struct sample_film *film = calloc(1, sizeof *film);
    if (!film)
        abort();
    last_id++;
    film->frame = (struct frame){
        .id = last_id,
        .width_px = width_px,
        .height_px = height_px,
        .opaque = true,
        .at = at,
        .focus_x = 0.5,
        .focus_y = 0.5,
        .format = FRAME_I420,
        .stream = last_id,
        .holders = 1,
        .free = sample_film_free,
    };
    for (int i = 0; i < 3; i++) {
        size_t width = (size_t)sample_plane_size(i, width_px);
        size_t height = (size_t)sample_plane_size(i, height_px);
        size_t stride = width + spare;
        film->planes[i] = sample_guard(stride * (height - 1) + width);
        film->frame.planes[i] = film->planes[i].bytes;
        film->frame.strides_bytes[i] = stride;
    }
    return &film->frame;
}

static inline uint8_t *sample_film_at(struct frame *frame, int plane, int x, int y)
{
    struct sample_film *film = (struct sample_film *)frame;
    return film->planes[plane].bytes + frame->strides_bytes[plane] * (size_t)y + (size_t)x;
}

/* Writes all samples: `sample` is given the place in the plane's own samples. */
static inline void sample_film_draw(struct frame *frame, uint8_t (*sample)(int plane, int x, int y))
{
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < sample_plane_size(i, frame->height_px); y++)
            for (int x = 0; x < sample_plane_size(i, frame->width_px); x++)
                *sample_film_at(frame, i, x, y) = sample(i, x, y);
}

static inline void sample_film_fill(struct frame *frame, const uint8_t samples[3])
{
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < sample_plane_size(i, frame->height_px); y++)
            for (int x = 0; x < sample_plane_size(i, frame->width_px); x++)
                *sample_film_at(frame, i, x, y) = samples[i];
}

struct sample_color {
    double channels[3]; /* blue, green, red, not limited to 0 to 255 */
};

static inline struct sample_color sample_color_of(enum frame_matrix matrix, double y, double u,
                                                  double v)
{
    const bool full = matrix == FRAME_JPEG;
    const double kr = matrix == FRAME_BT709 ? 0.2126 : 0.299;
    const double kb = matrix == FRAME_BT709 ? 0.0722 : 0.114, kg = 1 - kr - kb;
    double light = full ? y : (y - 16) * 255 / 219;
    double b = (u - 128) * (full ? 1 : 255 / 224.0), r = (v - 128) * (full ? 1 : 255 / 224.0);
    return (struct sample_color){{
        light + 2 * (1 - kb) * b,
        light - 2 * kb * (1 - kb) / kg * b - 2 * kr * (1 - kr) / kg * r,
        light + 2 * (1 - kr) * r,
    }};
}

/* The largest difference of a pixel from a color, which is limited to what can be shown. */
static inline double sample_color_apart(uint32_t pixel, struct sample_color color)
{
    double most = 0;
    for (int i = 0; i < 3; i++) {
        double exact = fmin(fmax(color.channels[i], 0), 255);
        most = fmax(most, fabs(exact - sample_channel(pixel, 8 * i)));
    }
    return most;
}

/* A plane between its samples, x and y in those: beyond the middles of the outer ones it goes on as
 * they are. */
static inline double sample_film_between(const struct frame *frame, int plane, double x, double y)
{
    int width = sample_plane_size(plane, frame->width_px);
    int height = sample_plane_size(plane, frame->height_px);
    x = fmin(fmax(x - 0.5, 0), width - 1);
    y = fmin(fmax(y - 0.5, 0), height - 1);
    int x0 = (int)x, y0 = (int)y, x1 = x0 + 1 < width ? x0 + 1 : x0;
    int y1 = y0 + 1 < height ? y0 + 1 : y0;
    const uint8_t *upper = frame->planes[plane] + frame->strides_bytes[plane] * (size_t)y0;
    const uint8_t *lower = frame->planes[plane] + frame->strides_bytes[plane] * (size_t)y1;
    double fx = x - x0, fy = y - y0;
    return (upper[x0] * (1 - fx) + upper[x1] * fx) * (1 - fy) +
           (lower[x0] * (1 - fx) + lower[x1] * fx) * fy;
}

/* The color of a place in a frame, x and y in its pixels: chroma's samples lie in the middle of
 * four pixels. */
static inline struct sample_color sample_film_color(const struct frame *frame, double x, double y)
{
    return sample_color_of(frame->matrix, sample_film_between(frame, 0, x, y),
                           sample_film_between(frame, 1, x / 2, y / 2),
                           sample_film_between(frame, 2, x / 2, y / 2));
}

#endif
