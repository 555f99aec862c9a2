#include "worker/still_scale.h"

#include <stdlib.h>
#include <zimg.h>

#define ALIGNMENT 64u

/* Three planes of a few rows that zimg reads from or writes to while it walks down the picture. */
struct band {
    uint8_t *planes[3];
    size_t stride;
    unsigned mask; /* row number & mask = row in the band */
};

struct job {
    const struct still_scale_source *source;
    const struct still_scale_target *target;
    struct band in, out;
};

static bool band_init(struct band *band, int width, unsigned rows)
{
    band->mask = zimg_select_buffer_mask(rows);
    size_t row_count = band->mask == ZIMG_BUFFER_MAX ? rows : band->mask + 1;
    band->stride = ((size_t)width + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    for (int i = 0; i < 3; i++) {
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

static void unpack_alpha_row(const struct still_scale_source *source, const uint8_t *row,
                             unsigned left, unsigned right, uint8_t *const planes[3])
{
    unsigned ground[3] = {source->background >> 16 & 255, source->background >> 8 & 255,
                          source->background & 255};
    for (unsigned x = left; x < right; x++) {
        unsigned r, g, b, a = 255;
        if (source->format == STILL_SCALE_ARGB8888) {
            uint32_t word = ((const uint32_t *)(const void *)row)[x];
            a = word >> 24;
            r = word >> 16 & 255;
            g = word >> 8 & 255;
            b = word & 255;
        } else {
            const uint8_t *pixel = row + (size_t)x * 4;
            r = pixel[0];
            g = pixel[1];
            b = pixel[2];
            a = pixel[3];
        }
        planes[0][x] = blend_over(r, a, ground[0]);
        planes[1][x] = blend_over(g, a, ground[1]);
        planes[2][x] = blend_over(b, a, ground[2]);
    }
}

static int unpack_source_row(void *user, unsigned i, unsigned left, unsigned right)
{
    struct job *job = user;
    const struct still_scale_source *source = job->source;
    const uint8_t *row = (const uint8_t *)source->pixels + source->stride_bytes * i;
    size_t offset = job->in.stride * (i & job->in.mask);
    uint8_t *planes[3];
    for (int k = 0; k < 3; k++)
        planes[k] = job->in.planes[k] + offset;
    if (source->format != STILL_SCALE_RGB24) {
        unpack_alpha_row(source, row, left, right, planes);
        return 0;
    }
    for (unsigned x = left; x < right; x++) {
        planes[0][x] = row[3 * (size_t)x];
        planes[1][x] = row[3 * (size_t)x + 1];
        planes[2][x] = row[3 * (size_t)x + 2];
    }
    return 0;
}

static int pack_target_row(void *user, unsigned i, unsigned left, unsigned right)
{
    struct job *job = user;
    size_t offset = job->out.stride * (i & job->out.mask);
    const uint8_t *r = job->out.planes[0] + offset, *g = job->out.planes[1] + offset,
                  *b = job->out.planes[2] + offset;
    uint32_t *row =
        (uint32_t *)(void *)((uint8_t *)job->target->pixels + job->target->stride_bytes * i);
    for (unsigned x = left; x < right; x++)
        row[x] = 0xff000000u | (uint32_t)r[x] << 16 | (uint32_t)g[x] << 8 | b[x];
    return 0;
}

static zimg_filter_graph *build_graph(const struct still_scale_source *source,
                                      const struct still_scale_target *target)
{
    zimg_image_format from, to;
    zimg_image_format_default(&from, ZIMG_API_VERSION);
    zimg_image_format_default(&to, ZIMG_API_VERSION);
    from.width = (unsigned)source->width_px;
    from.height = (unsigned)source->height_px;
    from.pixel_type = to.pixel_type = ZIMG_PIXEL_BYTE;
    from.depth = to.depth = 8;
    from.color_family = to.color_family = ZIMG_COLOR_RGB;
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
    params.cpu_type = ZIMG_CPU_AUTO_64B;
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
    bool ok = tmp && band_init(&job->in, job->source->width_px, in_rows) &&
              band_init(&job->out, job->target->width_px, out_rows);
    if (ok) {
        zimg_image_buffer_const from = {.version = ZIMG_API_VERSION};
        zimg_image_buffer to = {.version = ZIMG_API_VERSION};
        for (int i = 0; i < 3; i++) {
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

bool still_scale_picture(const struct still_scale_source *source,
                         const struct still_scale_target *target, struct err *err)
{
    char reason[256] = "";
    zimg_clear_last_error();
    zimg_filter_graph *graph = build_graph(source, target);
    struct job job = {.source = source, .target = target};
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
