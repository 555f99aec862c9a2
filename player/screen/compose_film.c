#include "screen/compose_film.h"

#include "screen/compose_yuv.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libyuv/convert_argb.h>
#include <libyuv/planar_functions.h>
#include <libyuv/row.h>
#include <libyuv/scale.h>

#define ALIGNMENT 64 /* of rows, for libyuv's fast paths */

/* Makes a buffer large enough, and smaller where it is more than four times too large; its contents
 * are lost. */
static bool reserve_buffer(void **memory, size_t *reserved_bytes, size_t bytes)
{
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (*reserved_bytes >= bytes && *reserved_bytes / 4 <= bytes)
        return true;
    free(*memory);
    *memory = aligned_alloc(ALIGNMENT, bytes);
    *reserved_bytes = *memory ? bytes : 0;
    return *memory;
}

static size_t stride_of(int samples, size_t sample_bytes)
{
    return ((size_t)samples * sample_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int chroma_size(int size)
{
    return (size + 1) / 2;
}

static const struct YuvConstants *libyuv_constants(enum frame_matrix matrix)
{
    switch (matrix) {
    case FRAME_BT709:
        return &kYuvH709Constants;
    case FRAME_JPEG:
        return &kYuvJPEGConstants;
    case FRAME_BT601:
        break;
    }
    return &kYuvI601Constants;
}

/* libyuv cuts U's share in blue to 128 / 64, although its arithmetic takes more: pure blue would lose
 * 12 of its 255 levels by BT.709. Here both standards' shares, in 64ths, are restored. Aligned as
 * libyuv's vector code expects. */
struct constants {
    _Alignas(32) struct YuvConstants yuv;
};

static struct constants exact_constants(enum frame_matrix matrix)
{
    struct constants constants = {*libyuv_constants(matrix)};
    const uint8_t blue = matrix == FRAME_BT709 ? 135 : 129; /* 2.1124 and 2.0172 */
    if (matrix == FRAME_JPEG)
        return constants;
#if defined(__x86_64__) || defined(__i386__)
    for (size_t i = 0; i < sizeof constants.yuv.kUVToB; i += 2)
        constants.yuv.kUVToB[i] = blue;
#elif defined(__aarch64__)
    /* Twice: U's share in blue, V's in red, both in green. And luma's share, blue's bias, and others'. */
    uint8_t *coefficients = (uint8_t *)&constants.yuv.kUVCoeff;
    int16_t *biases = (int16_t *)&constants.yuv.kRGBCoeffBias;
    biases[1] = (int16_t)(biases[1] + (blue - coefficients[0]) * 128);
    coefficients[0] = coefficients[4] = blue;
#endif
    return constants;
}

static struct compose_planes planes_of(const struct frame *frame)
{
    return (struct compose_planes){
        .planes = {frame->planes[0], frame->planes[1], frame->planes[2]},
        .strides_bytes = {frame->strides_bytes[0], frame->strides_bytes[1],
                          frame->strides_bytes[2]},
        .width_px = frame->width_px,
        .height_px = frame->height_px,
    };
}

/* A part that begins at an even pixel and lies inside the planes. */
static struct compose_planes crop_planes(const struct compose_planes *whole, struct layout_box part)
{
    struct compose_planes planes = *whole;
    for (int i = 0; i < 3; i++) {
        int share = i ? 2 : 1;
        size_t x = (size_t)(part.x / share), y = (size_t)(part.y / share);
        planes.planes[i] += planes.strides_bytes[i] * y + x;
    }
    planes.width_px = part.width;
    planes.height_px = part.height;
    return planes;
}

/* Converts planes to rows of 0xFFRRGGBB words, of the same size. */
static void convert_to_argb(const struct compose_planes *source, enum frame_matrix matrix,
                            void *pixels, size_t stride_bytes)
{
    struct constants constants = exact_constants(matrix);
    I420ToARGBMatrixFilter(source->planes[0], (int)source->strides_bytes[0], source->planes[1],
                           (int)source->strides_bytes[1], source->planes[2],
                           (int)source->strides_bytes[2], pixels, (int)stride_bytes, &constants.yuv,
                           source->width_px, source->height_px, kFilterBilinear);
}

static size_t i420_bytes(int width_px, int height_px)
{
    return stride_of(width_px, 1) * (size_t)height_px +
           2 * stride_of(chroma_size(width_px), 1) * (size_t)chroma_size(height_px);
}

/* Planes in one piece of memory of i420_bytes, which begins at y. */
static struct compose_planes planes_at(uint8_t *y, int width_px, int height_px)
{
    size_t y_stride = stride_of(width_px, 1), uv_stride = stride_of(chroma_size(width_px), 1);
    uint8_t *u = y + y_stride * (size_t)height_px;
    uint8_t *v = u + uv_stride * (size_t)chroma_size(height_px);
    return (struct compose_planes){
        {y, u, v}, {y_stride, uv_stride, uv_stride}, width_px, height_px};
}

/* Scales planes into planes_at(y). */
static struct compose_planes scale_once(const struct compose_planes *source, uint8_t *y,
                                        int width_px, int height_px)
{
    size_t y_stride = stride_of(width_px, 1), uv_stride = stride_of(chroma_size(width_px), 1);
    uint8_t *u = y + y_stride * (size_t)height_px;
    uint8_t *v = u + uv_stride * (size_t)chroma_size(height_px);
    /* It fails only where a size is out of range, which ends at 32,768. By kFilterBox it filters
     * bilinearly, except for exact halves. */
    I420Scale(source->planes[0], (int)source->strides_bytes[0], source->planes[1],
              (int)source->strides_bytes[1], source->planes[2], (int)source->strides_bytes[2],
              source->width_px, source->height_px, y, (int)y_stride, u, (int)uv_stride, v,
              (int)uv_stride, width_px, height_px, kFilterBox);
    return planes_at(y, width_px, height_px);
}

/* The next step on the way to a final size: half, rounded up, but not below the final size. */
static int next_scaled_size(int size, int final_size)
{
    int half = (size + 1) / 2;
    return half > final_size ? half : final_size;
}

/* Scales planes bilinearly; to less than half in steps of a half, by means of four, and the rest
 * bilinearly. (libyuv's own filter for larger steps drops fractions, so that white becomes
 * grey.) The result stays in the buffers. */
static bool scale_planes(const struct compose_planes *source, int width_px, int height_px,
                         struct compose_buffers *buffers, struct compose_planes *scaled)
{
    size_t bytes = 0;
    int width = source->width_px, height = source->height_px;
    do {
        width = next_scaled_size(width, width_px);
        height = next_scaled_size(height, height_px);
        bytes += i420_bytes(width, height);
    } while (width != width_px || height != height_px);
    buffers->planes_frame = 0;
    if (!reserve_buffer(&buffers->planes, &buffers->planes_bytes, bytes))
        return false;
    uint8_t *unused = buffers->planes;
    *scaled = *source;
    do {
        width = next_scaled_size(scaled->width_px, width_px);
        height = next_scaled_size(scaled->height_px, height_px);
        *scaled = scale_once(scaled, unused, width, height);
        buffers->scaled = unused;
        unused += i420_bytes(width, height);
    } while (width != width_px || height != height_px);
    return true;
}

/* One side of a frame after compose_film_reduce. */
static int reduced_side(int size, double fraction, int place, int most)
{
    double needed = ceil(place / fraction * layout_motion_scale(LAYOUT_MOTION_PAN));
    if (size > 2 * needed)
        size = (int)needed;
    return size < most ? size : most;
}

static int reduced_width(const struct frame *frame, int most)
{
    return reduced_side(frame->width_px, frame_source(frame).width, frame->at.width, most);
}

static int reduced_height(const struct frame *frame, int most)
{
    return reduced_side(frame->height_px, frame_source(frame).height, frame->at.height, most);
}

bool compose_film_reduce(const struct frame *frame, int side_max_px,
                         struct compose_buffers *buffers, struct compose_planes *planes)
{
    int width = reduced_width(frame, side_max_px), height = reduced_height(frame, side_max_px);
    struct compose_planes whole = planes_of(frame);
    *planes = whole;
    return (width == frame->width_px && height == frame->height_px) ||
           scale_planes(&whole, width, height, buffers, planes);
}

static void *film_place(const struct canvas *canvas, const struct layout_box *at)
{
    return (uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)at->y + (size_t)at->x * 4;
}

/* ---- without motion ---- */

/* The part of a resting film's frame that is shown. It begins at an even pixel. */
static struct compose_planes resting_part(const struct frame *frame, struct layout_rect crop)
{
    const struct layout_box box = {
        (int)lround(crop.x * frame->width_px),
        (int)lround(crop.y * frame->height_px),
        (int)lround(crop.width * frame->width_px),
        (int)lround(crop.height * frame->height_px),
    };
    struct compose_planes whole = planes_of(frame);
    return crop_planes(&whole, box);
}

static bool has_size_of(const struct compose_planes *planes, const struct layout_box *at)
{
    return planes->width_px == at->width && planes->height_px == at->height;
}

static bool prepare_film_at_rest(const struct frame *frame, struct layout_rect crop,
                                 struct compose_buffers *buffers)
{
    struct compose_planes part = resting_part(frame, crop), scaled;
    return has_size_of(&part, &frame->at) ||
           scale_planes(&part, frame->at.width, frame->at.height, buffers, &scaled);
}

/* Converts rows y to end by means of the scratch. libyuv blends the chroma of rows 1 and 2, 3 and 4
 * and so on together, and takes the first and the last row's as they are; so it begins at an even row
 * before the first that counts, and ends after the last. */
static void convert_strip(const struct compose_planes *source, enum frame_matrix matrix, int y,
                          int end, void *strip, void *pixels, size_t stride_bytes)
{
    const int first = y > 0 ? (y - 1) & ~1 : 0;
    const int past = end < source->height_px ? end + 1 : end;
    const size_t strip_stride = stride_of(source->width_px, 4);
    const struct layout_box box = {0, first, source->width_px, past - first};
    struct compose_planes part = crop_planes(source, box);
    convert_to_argb(&part, matrix, strip, strip_stride);
    ARGBCopy((const uint8_t *)strip + strip_stride * (size_t)(y - first), (int)strip_stride, pixels,
             (int)stride_bytes, source->width_px, end - y);
}

#define STRIP_ROWS 16
#define STRIP_MORE 3 /* that are converted beside them */

static bool draw_film_at_rest(const struct canvas *canvas, const struct frame *frame,
                              struct layout_rect crop, struct compose_rows rows,
                              const struct compose_buffers *buffers,
                              struct compose_scratch *scratch)
{
    const struct layout_box *at = &frame->at;
    struct compose_planes planes = resting_part(frame, crop);
    if (!has_size_of(&planes, at))
        planes = planes_at(buffers->scaled, at->width, at->height);
    if (rows.first == 0 && rows.end == at->height) {
        convert_to_argb(&planes, frame->matrix, film_place(canvas, at), canvas->stride_bytes);
        return true;
    }
    if (!reserve_buffer(&scratch->rows, &scratch->rows_bytes,
                        stride_of(at->width, 4) * (STRIP_ROWS + STRIP_MORE)))
        return false;
    for (int y = rows.first; y < rows.end; y += STRIP_ROWS) {
        int end = y + STRIP_ROWS < rows.end ? y + STRIP_ROWS : rows.end;
        uint8_t *target = film_place(canvas, at);
        convert_strip(&planes, frame->matrix, y, end, scratch->rows,
                      target + canvas->stride_bytes * (size_t)y, canvas->stride_bytes);
    }
    return true;
}

/* ---- in motion ---- */

/* How one axis of a plane is sampled; the chroma planes have half the samples. */
struct axis {
    double position, step; /* of the first result, and from each to the next, in samples */
    int size;
};

static struct axis axis_of(int plane, double start, double length, int place, int size)
{
    double share = plane ? 0.5 : 1;
    struct axis axis = {.step = length / place * share, .size = plane ? chroma_size(size) : size};
    axis.position = start * share + axis.step / 2 - 0.5;
    return axis;
}

/* How a plane is sampled for a row of the canvas. */
struct plane_sampling {
    const uint8_t *samples;
    size_t stride_bytes;
    struct axis rows;
    struct compose_taps *taps; /* along a row */
    bool near;
    int first, span;    /* the part of a row that the taps need */
    int16_t *cached[2]; /* the rows that were sampled last */
    int cached_y[2];    /* their y; -1: none */
    uint8_t *result;
};

static size_t padded(int samples, size_t sample_bytes)
{
    return stride_of(samples + COMPOSE_YUV_SPARE, sample_bytes);
}

/* Lays out all rows in one piece of memory, which begins with a copy of a row of the film. */
static bool prepare_rows(struct compose_scratch *scratch, int film_width_px, int width_px,
                         struct plane_sampling samplings[3])
{
    size_t row = padded(film_width_px, 1), result = padded(width_px, 1);
    size_t cached = padded(width_px, sizeof(int16_t));
    size_t taps = stride_of(compose_yuv_groups(width_px), sizeof(struct compose_taps));
    if (!reserve_buffer(&scratch->rows, &scratch->rows_bytes,
                        row + 3 * (taps + 2 * cached + result)))
        return false;
    uint8_t *memory = (uint8_t *)scratch->rows + row;
    for (int i = 0; i < 3; i++) {
        samplings[i].taps = (struct compose_taps *)(void *)memory;
        memory += taps;
        for (int k = 0; k < 2; k++) {
            samplings[i].cached[k] = (int16_t *)(void *)memory;
            samplings[i].cached_y[k] = -1;
            memory += cached;
        }
        samplings[i].result = memory;
        memory += result;
    }
    return true;
}

static void init_sampling(struct plane_sampling *sampling, int plane,
                          const struct compose_planes *planes, const struct layout_box *at,
                          struct layout_rect crop)
{
    struct axis axis = axis_of(plane, crop.x * planes->width_px, crop.width * planes->width_px,
                               at->width, planes->width_px);
    sampling->samples = planes->planes[plane];
    sampling->stride_bytes = planes->strides_bytes[plane];
    sampling->rows = axis_of(plane, crop.y * planes->height_px, crop.height * planes->height_px,
                             at->height, planes->height_px);
    sampling->near =
        compose_yuv_taps(sampling->taps, at->width, axis.position, axis.step, axis.size);
    int groups = compose_yuv_groups(at->width);
    const struct compose_taps *last = &sampling->taps[groups - 1];
    sampling->first = sampling->taps[0].first;
    sampling->span = last->first + last->places[2 * COMPOSE_YUV_EIGHT - 1] + 1 - sampling->first;
}

/* A row of the film, scaled to the width of its place. The row is copied first, as more of it is
 * read than there may be. The result replaces the cached row that is not `other`. */
static const int16_t *row_along(struct plane_sampling *sampling, int y, int other, uint8_t *row,
                                int width_px)
{
    for (int i = 0; i < 2; i++)
        if (sampling->cached_y[i] == y)
            return sampling->cached[i];
    int place = sampling->cached_y[0] == other ? 1 : 0;
    memcpy(row + sampling->first,
           sampling->samples + sampling->stride_bytes * (size_t)y + sampling->first,
           (size_t)sampling->span);
    compose_yuv_along(sampling->cached[place], row, sampling->taps, width_px, sampling->near);
    sampling->cached_y[place] = y;
    return sampling->cached[place];
}

static void sample_row(struct plane_sampling *sampling, int y, uint8_t *row, int width_px)
{
    const struct axis *rows = &sampling->rows;
    double exact = fmin(fmax(rows->position + y * rows->step, 0), rows->size - 1);
    int upper = (int)exact, weight = (int)((exact - upper) * COMPOSE_YUV_WEIGHTS);
    int lower = weight ? upper + 1 : upper;
    const int16_t *above = row_along(sampling, upper, lower, row, width_px);
    const int16_t *below = row_along(sampling, lower, upper, row, width_px);
    compose_yuv_between(sampling->result, above, below, weight, width_px);
}

/* Reduces a frame once, however often it is drawn in motion. */
static bool reduce_once(const struct frame *frame, struct compose_buffers *buffers)
{
    struct compose_planes planes;
    if (buffers->planes_frame == frame->id)
        return true;
    if (!compose_film_reduce(frame, INT_MAX, buffers, &planes))
        return false;
    if (planes.planes[0] != frame->planes[0])
        buffers->planes_frame = frame->id;
    return true;
}

/* What reduce_once has left. */
static struct compose_planes reduced_planes(const struct frame *frame,
                                            const struct compose_buffers *buffers)
{
    return buffers->planes_frame == frame->id
               ? planes_at(buffers->scaled, reduced_width(frame, INT_MAX),
                           reduced_height(frame, INT_MAX))
               : planes_of(frame);
}

/* Works row by row, so that everything but the frame and the canvas stays in the first cache;
 * and on YUV samples, as there are fewer of them than of red, green and blue. */
static bool draw_film_in_motion(const struct canvas *canvas, const struct frame *frame,
                                struct layout_rect crop, struct compose_rows rows,
                                const struct compose_buffers *buffers,
                                struct compose_scratch *scratch)
{
    const struct layout_box *at = &frame->at;
    struct constants constants = exact_constants(frame->matrix);
    struct compose_planes planes = reduced_planes(frame, buffers);
    struct plane_sampling samplings[3];
    if (!prepare_rows(scratch, planes.width_px, at->width, samplings))
        return false;
    for (int i = 0; i < 3; i++)
        init_sampling(&samplings[i], i, &planes, at, crop);
    uint8_t *target = film_place(canvas, at);
    for (int y = rows.first; y < rows.end; y++) {
        for (int i = 0; i < 3; i++)
            sample_row(&samplings[i], y, scratch->rows, at->width);
        I444ToARGBMatrix(samplings[0].result, 0, samplings[1].result, 0, samplings[2].result, 0,
                         target + canvas->stride_bytes * (size_t)y, 0, &constants.yuv, at->width,
                         1);
    }
    return true;
}

bool compose_film_prepare(const struct picture_view *view, struct compose_buffers *buffers)
{
    const struct frame *frame = view->picture->visual;
    return picture_moves(view->picture) ? reduce_once(frame, buffers)
                                        : prepare_film_at_rest(frame, picture_crop(view), buffers);
}

bool compose_film_rows(const struct canvas *canvas, const struct picture_view *view,
                       struct compose_rows rows, const struct compose_buffers *buffers,
                       struct compose_scratch *scratch)
{
    const struct frame *frame = view->picture->visual;
    struct layout_rect crop = picture_crop(view);
    return picture_moves(view->picture)
               ? draw_film_in_motion(canvas, frame, crop, rows, buffers, scratch)
               : draw_film_at_rest(canvas, frame, crop, rows, buffers, scratch);
}
