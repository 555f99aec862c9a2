#include "worker/still_scale.h"

#include <stdlib.h>
#include <string.h>
#include <zimg.h>

/* zimg's code for ARM (3.0.4 and 3.0.5) gives wrong sums when it scales: a plain color comes out up to 10
 * levels off. */
#if defined(__aarch64__) || defined(__arm__)
#define CPU ZIMG_CPU_NONE
#else
#define CPU ZIMG_CPU_AUTO_64B
#endif

#define ALIGNMENT 64u

/* Up to three planes of a few rows that zimg reads from or writes to while it walks down the picture. */
struct band {
    uint8_t *planes[3];
    size_t stride;
    unsigned mask; /* row number & mask = row in the band */
};

struct job {
    const struct still_scale_source *source;
    const struct still_scale_target *target;
    int first, count; /* the channels that are scaled in this walk: one or three */
    struct band in, out;
};

static bool band_init(struct band *band, int count, int width, unsigned rows)
{
    band->mask = zimg_select_buffer_mask(rows);
    size_t row_count = band->mask == ZIMG_BUFFER_MAX ? rows : band->mask + 1;
    band->stride = ((size_t)width + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    for (int i = 0; i < count; i++) {
        band->planes[i] = aligned_alloc(ALIGNMENT, band->stride * row_count);
        if (!band->planes[i])
            return false;
    }
    return true;
}

static void band_finish(struct band *band)
{
    for (int i = 0; i < 3; i++)
        free(band->planes[i]);
}

static uint8_t blend_over(unsigned value, unsigned alpha, unsigned ground)
{
    return (uint8_t)((value * alpha + ground * (255 - alpha) + 127) / 255);
}

/* Over a background; or, where that is 0, premultiplied. */
static void unpack_alpha_row(const uint8_t *row, uint32_t background, unsigned left, unsigned right,
                             uint8_t *const planes[3])
{
    unsigned ground[3] = {background >> 16 & 255, background >> 8 & 255, background & 255};
    for (unsigned x = left; x < right; x++) {
        const uint8_t *pixel = row + (size_t)x * 4;
        for (int k = 0; k < 3; k++)
            planes[k][x] = blend_over(pixel[k], pixel[3], ground[k]);
    }
}

static void unpack_three(const uint8_t *row, size_t pixel_bytes, unsigned left, unsigned right,
                         uint8_t *const planes[3])
{
    for (unsigned x = left; x < right; x++) {
        const uint8_t *pixel = row + x * pixel_bytes;
        planes[0][x] = pixel[0];
        planes[1][x] = pixel[1];
        planes[2][x] = pixel[2];
    }
}

static int unpack_source_row(void *user, unsigned i, unsigned left, unsigned right)
{
    struct job *job = user;
    const struct still_scale_source *source = job->source;
    const uint8_t *row = source->bytes + source->stride_bytes * i;
    size_t offset = job->in.stride * (i & job->in.mask);
    bool three = job->count == 3;
    uint8_t *const planes[3] = {job->in.planes[0] + offset, job->in.planes[three ? 1 : 0] + offset,
                                job->in.planes[three ? 2 : 0] + offset};
    if (source->layout == STILL_GREY8)
        memcpy(planes[0] + left, row + left, right - left);
    else if (source->layout == STILL_RGB24)
        unpack_three(row, 3, left, right, planes);
    else if (source->layout == STILL_RGBA32 && job->first == 0)
        unpack_alpha_row(row, job->target->result == STILL_SCALE_WORDS ? source->background : 0,
                         left, right, planes);
    else if (three)
        unpack_three(row, 4, left, right, planes);
    else
        for (unsigned x = left; x < right; x++)
            planes[0][x] = row[(size_t)x * 4 + 3];
    return 0;
}

static void pack_words(const struct job *job, size_t offset, uint32_t *row, unsigned left,
                       unsigned right)
{
    const uint8_t *r = job->out.planes[0] + offset;
    const uint8_t *g = job->count == 3 ? job->out.planes[1] + offset : r;
    const uint8_t *b = job->count == 3 ? job->out.planes[2] + offset : r;
    for (unsigned x = left; x < right; x++)
        row[x] = 0xff000000u | (uint32_t)r[x] << 16 | (uint32_t)g[x] << 8 | b[x];
}

/* The filter overshoots at edges: a color may come out larger than its alpha. The last channel
 * comes last. */
static void pack_bytes(const struct job *job, size_t offset, uint8_t *row, unsigned left,
                       unsigned right)
{
    bool limits = job->first == 3 && job->source->layout == STILL_RGBA32;
    for (int k = 0; k < job->count; k++) {
        const uint8_t *plane = job->out.planes[k] + offset;
        for (unsigned x = left; x < right; x++)
            row[(size_t)x * 4 + (size_t)(job->first + k)] = plane[x];
    }
    for (unsigned x = left; limits && x < right; x++) {
        uint8_t *pixel = row + (size_t)x * 4;
        for (int k = 0; k < 3; k++)
            pixel[k] = pixel[k] < pixel[3] ? pixel[k] : pixel[3];
    }
}

static int pack_target_row(void *user, unsigned i, unsigned left, unsigned right)
{
    struct job *job = user;
    size_t offset = job->out.stride * (i & job->out.mask);
    uint8_t *row = (uint8_t *)job->target->pixels + job->target->stride_bytes * i;
    if (job->target->result == STILL_SCALE_WORDS)
        pack_words(job, offset, (uint32_t *)(void *)row, left, right);
    else
        pack_bytes(job, offset, row, left, right);
    return 0;
}

static zimg_filter_graph *build_graph(const struct still_scale_source *source,
                                      const struct still_scale_target *target, int count)
{
    zimg_image_format from, to;
    zimg_image_format_default(&from, ZIMG_API_VERSION);
    zimg_image_format_default(&to, ZIMG_API_VERSION);
    from.width = (unsigned)source->width_px;
    from.height = (unsigned)source->height_px;
    from.pixel_type = to.pixel_type = ZIMG_PIXEL_BYTE;
    from.depth = to.depth = 8;
    from.color_family = to.color_family = count == 3 ? ZIMG_COLOR_RGB : ZIMG_COLOR_GREY;
    if (count == 3)
        from.matrix_coefficients = to.matrix_coefficients = ZIMG_MATRIX_RGB;
    from.pixel_range = to.pixel_range = ZIMG_RANGE_FULL;
    from.active_region.left = source->part.x;
    from.active_region.top = source->part.y;
    from.active_region.width = source->part.width;
    from.active_region.height = source->part.height;
    to.width = (unsigned)target->width_px;
    to.height = (unsigned)target->height_px;
    zimg_graph_builder_params params;
    zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
    params.resample_filter = ZIMG_RESIZE_LANCZOS;
    params.filter_param_a = 3;
    params.cpu_type = CPU;
    return zimg_filter_graph_build(&from, &to, &params);
}

static bool run_graph(struct job *job, zimg_filter_graph *graph)
{
    unsigned in_rows = 0, out_rows = 0;
    size_t tmp_bytes = 0;
    if (zimg_filter_graph_get_input_buffering(graph, &in_rows) ||
        zimg_filter_graph_get_output_buffering(graph, &out_rows) ||
        zimg_filter_graph_get_tmp_size(graph, &tmp_bytes))
        return false;
    if (in_rows > (unsigned)job->source->height_px)
        in_rows = (unsigned)job->source->height_px;
    if (out_rows > (unsigned)job->target->height_px)
        out_rows = (unsigned)job->target->height_px;
    void *tmp = aligned_alloc(ALIGNMENT, (tmp_bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
    bool ok = tmp && band_init(&job->in, job->count, job->source->width_px, in_rows) &&
              band_init(&job->out, job->count, job->target->width_px, out_rows);
    if (ok) {
        zimg_image_buffer_const from = {.version = ZIMG_API_VERSION};
        zimg_image_buffer to = {.version = ZIMG_API_VERSION};
        for (int i = 0; i < job->count; i++) {
            from.plane[i].data = job->in.planes[i];
            from.plane[i].stride = (ptrdiff_t)job->in.stride;
            from.plane[i].mask = job->in.mask;
            to.plane[i].data = job->out.planes[i];
            to.plane[i].stride = (ptrdiff_t)job->out.stride;
            to.plane[i].mask = job->out.mask;
        }
        ok = zimg_filter_graph_process(graph, &from, &to, tmp, unpack_source_row, job,
                                       pack_target_row, job) == 0;
    }
    free(tmp);
    band_finish(&job->in);
    band_finish(&job->out);
    return ok;
}

static MUST_CHECK bool scale_channels(const struct still_scale_source *source,
                                      const struct still_scale_target *target, int first, int count,
                                      struct err *err)
{
    char reason[256] = "";
    zimg_clear_last_error();
    zimg_filter_graph *graph = build_graph(source, target, count);
    struct job job = {.source = source, .target = target, .first = first, .count = count};
    bool ok = graph && run_graph(&job, graph);
    if (!ok) {
        zimg_get_last_error(reason, sizeof reason);
        if (reason[0])
            err_set(err, ERR_SYSTEM, "cannot scale the picture: %s", reason);
        else
            err_oom(err);
    }
    zimg_filter_graph_free(graph);
    return ok;
}

bool still_scale_picture(const struct still_scale_source *source,
                         const struct still_scale_target *target, struct err *err)
{
    if (target->result == STILL_SCALE_BYTES)
        return scale_channels(source, target, 0, 3, err) &&
               scale_channels(source, target, 3, 1, err);
    return scale_channels(source, target, 0, source->layout == STILL_GREY8 ? 1 : 3, err);
}
