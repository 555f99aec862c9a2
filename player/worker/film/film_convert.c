#include "worker/film/film_convert.h"

#include "worker/film/film_color_table.h"
#include "worker/film/film_deinterlace.h"
#include "worker/film/film_format.h"

#include <libswscale/swscale.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libyuv/convert.h>
#include <libyuv/rotate.h>
#include <stdlib.h>

/* The scaler may write a little past the end. */
#define PLANE_PADDING_BYTES 4096

/* What a picture is before it is converted. */
struct source {
    int width_px, height_px;
    enum AVPixelFormat format;
    int bits; /* a sample */
    bool rgb;
    struct film_color color;
};

/* Planes of the film's coded size, in one block. */
struct planes {
    uint8_t *block;
    size_t size_bytes;
    uint8_t *start[3];
    int strides_bytes[3];
};

/* A picture passes through as many of these steps as it needs: deinterlaced; scaled, and brought to
 * planes with half the chroma both ways; its colors converted; turned. Each but the last works into
 * planes of its own, the last one into the slot. */
struct film_converter {
    struct film_facts facts;
    int turn;
    AVFrame *whole; /* what was deinterlaced */
    struct SwsContext *scaler;
    struct source scaled_from;
    enum AVPixelFormat scaled_to;
    struct film_color_table *table;
    struct film_color table_color;
    int table_bits;
    struct planes scaled, upright;
};

struct film_converter *film_convert_create(const struct film_facts *facts, int rotation)
{
    struct film_converter *converter = calloc(1, sizeof *converter);
    if (!converter)
        return NULL;
    converter->facts = *facts;
    converter->turn = film_format_turn(facts, rotation);
    return converter;
}

static bool is_turned(const struct film_converter *converter)
{
    return converter->turn != 0 || converter->facts.mirrored;
}

/* FFmpeg's JPEG formats only imply a range, which is handled on its own. */
static enum AVPixelFormat without_jpeg_range(enum AVPixelFormat format)
{
    switch ((int)format) {
    case AV_PIX_FMT_YUVJ420P:
        return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
        return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
        return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
        return AV_PIX_FMT_YUV440P;
    default:
        return format;
    }
}

static struct source source_of_frame(const struct film_converter *converter, const AVFrame *frame)
{
    enum AVPixelFormat format = without_jpeg_range((enum AVPixelFormat)frame->format);
    const AVPixFmtDescriptor *described = av_pix_fmt_desc_get(format);
    struct source source = {
        .width_px = frame->width,
        .height_px = frame->height,
        .format = format,
        .bits = described ? described->comp[0].depth : 8,
        .rgb = described && (described->flags & AV_PIX_FMT_FLAG_RGB),
        .color = film_format_color(frame, &converter->facts.color),
    };
    return source;
}

/* Whether the colors are the slots'. */
static bool has_right_color(const struct film_converter *converter, const struct source *source)
{
    enum frame_matrix matrix;
    return film_color_is_plain(&source->color, &matrix) && matrix == converter->facts.layout.matrix;
}

static bool has_right_size(const struct film_converter *converter, const struct source *source)
{
    return source->width_px == converter->facts.coded_width_px &&
           source->height_px == converter->facts.coded_height_px;
}

/* Three planes, chroma at half the size both ways. */
static bool is_420(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *described = av_pix_fmt_desc_get(format);
    return described && described->nb_components == 3 && described->log2_chroma_w == 1 &&
           described->log2_chroma_h == 1 && (described->flags & AV_PIX_FMT_FLAG_PLANAR) &&
           !(described->flags & AV_PIX_FMT_FLAG_RGB) && !(described->flags & AV_PIX_FMT_FLAG_BE) &&
           described->comp[2].plane == 2 && described->comp[0].shift == 0;
}

/* Whether the frame has the right size, format and colors, except that it may have to be
 * rotated. */
static bool is_ready(const struct film_converter *converter, const struct source *source)
{
    return has_right_size(converter, source) && source->format == AV_PIX_FMT_YUV420P &&
           has_right_color(converter, source);
}

bool film_convert_is_plain(const struct film_converter *converter,
                           const struct film_picture *picture)
{
    if (is_turned(converter) || picture->field != FILM_FIELD_NONE)
        return false;
    struct source source = source_of_frame(converter, picture->frame);
    return is_ready(converter, &source);
}

/* The scaler changes no color: both ends have the same matrix and range. It takes gray for full
 * range, whatever it is told, so all are. Only RGB becomes what film_format_color says of it. */
static MUST_CHECK bool init_scaler(struct SwsContext *scaler,
                                   const struct film_converter *converter,
                                   const struct source *source, enum AVPixelFormat format)
{
    const struct {
        const char *name;
        int64_t value;
    } options[] = {
        {"srcw", source->width_px},
        {"srch", source->height_px},
        {"src_format", source->format},
        {"src_range", 1},
        {"dstw", converter->facts.coded_width_px},
        {"dsth", converter->facts.coded_height_px},
        {"dst_format", format},
        {"dst_range", !source->rgb},
        /* Beside the even samples, where MPEG has them; the scaler's own default is between. */
        {"src_h_chr_pos", 0},
        {"dst_h_chr_pos", 0},
        {"sws_flags", SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (av_opt_set_int(scaler, options[i].name, options[i].value, 0) < 0)
            return false;
    if (sws_init_context(scaler, NULL, NULL) < 0)
        return false;
    const int *table = sws_getCoefficients(SWS_CS_ITU709);
    /* Returns -1 if there is nothing to convert, which does no harm. */
    sws_setColorspaceDetails(scaler, table, 1, table, !source->rgb, 0, 1 << 16, 1 << 16);
    return true;
}

static bool is_same_source(const struct source *a, const struct source *b)
{
    return a->width_px == b->width_px && a->height_px == b->height_px && a->format == b->format &&
           film_color_is_same(&a->color, &b->color);
}

static MUST_CHECK bool make_scaler(struct film_converter *converter, const struct source *source,
                                   enum AVPixelFormat format, struct err *err)
{
    if (converter->scaler && converter->scaled_to == format &&
        is_same_source(&converter->scaled_from, source))
        return true;
    sws_freeContext(converter->scaler);
    converter->scaler = sws_isSupportedInput(source->format) ? sws_alloc_context() : NULL;
    if (converter->scaler && init_scaler(converter->scaler, converter, source, format)) {
        converter->scaled_from = *source;
        converter->scaled_to = format;
        return true;
    }
    sws_freeContext(converter->scaler);
    converter->scaler = NULL;
    const char *name = av_get_pix_fmt_name(source->format);
    return err_set(err, ERR_INPUT, "cannot convert pictures of the format %s", name ? name : "?");
}

/* Allocates planes once, for samples of up to so many bytes. */
static MUST_CHECK bool provide_planes(const struct film_converter *converter, struct planes *planes,
                                      int sample_bytes, struct err *err)
{
    size_t width = ((size_t)converter->facts.coded_width_px + 127) / 128 * 128;
    size_t height = (size_t)converter->facts.coded_height_px + 2;
    width *= (size_t)sample_bytes;
    size_t size_bytes = width * height * 3 / 2 + PLANE_PADDING_BYTES;
    if (planes->size_bytes < size_bytes) {
        free(planes->block);
        planes->block = malloc(size_bytes);
        planes->size_bytes = planes->block ? size_bytes : 0;
    }
    if (!planes->block)
        return err_oom(err);
    planes->start[0] = planes->block;
    planes->start[1] = planes->start[0] + width * height;
    planes->start[2] = planes->start[1] + width / 2 * (height / 2);
    planes->strides_bytes[0] = (int)width;
    planes->strides_bytes[1] = planes->strides_bytes[2] = (int)(width / 2);
    return true;
}

static MUST_CHECK bool scale_frame(struct film_converter *converter, const struct source *source,
                                   const AVFrame *frame, enum AVPixelFormat format,
                                   const struct planes *into, struct err *err)
{
    if (!make_scaler(converter, source, format, err))
        return false;
    /* The scaler copies four pointers, whatever the format. */
    uint8_t *planes[4] = {into->start[0], into->start[1], into->start[2], NULL};
    int strides[4] = {into->strides_bytes[0], into->strides_bytes[1], into->strides_bytes[2], 0};
    return sws_scale(converter->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0,
                     frame->height, planes, strides) > 0 ||
           err_set(err, ERR_INPUT, "cannot convert a frame");
}

static MUST_CHECK bool make_table(struct film_converter *converter, const struct film_color *color,
                                  int bits, struct err *err)
{
    if (converter->table && converter->table_bits == bits &&
        film_color_is_same(&converter->table_color, color))
        return true;
    film_color_table_destroy(converter->table);
    converter->table = film_color_table_create(color, bits, converter->facts.layout.matrix,
                                               converter->facts.coded_width_px);
    converter->table_color = *color;
    converter->table_bits = bits;
    return converter->table || err_oom(err);
}

/* Converts the colors of a frame. Only what has the right size, and half the chroma both ways, has
 * not to be scaled before. */
static MUST_CHECK bool convert_colors(struct film_converter *converter, const struct source *source,
                                      const AVFrame *frame, const struct planes *into,
                                      struct err *err)
{
    struct film_color_planes from;
    int bits = source->bits;
    bool scaled = !has_right_size(converter, source) || !is_420(source->format);
    if (scaled) {
        bits = bits > 8 ? 10 : 8;
        if (!provide_planes(converter, &converter->scaled, bits > 8 ? 2 : 1, err) ||
            !scale_frame(converter, source, frame,
                         bits > 8 ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P, &converter->scaled,
                         err))
            return false;
    }
    for (int i = 0; i < 3; i++) {
        from.planes[i] = scaled ? converter->scaled.start[i] : frame->data[i];
        from.strides_bytes[i] = scaled ? converter->scaled.strides_bytes[i] : frame->linesize[i];
    }
    if (!make_table(converter, &source->color, bits, err))
        return false;
    film_color_table_apply(converter->table, &from, converter->facts.coded_width_px,
                           converter->facts.coded_height_px, into->start, into->strides_bytes);
    return true;
}

static void turn_planes(const struct film_converter *converter, const uint8_t *const from[3],
                        const int from_strides[3], const struct planes *into)
{
    int width = converter->facts.coded_width_px, height = converter->facts.coded_height_px;
    I420Rotate(from[0], from_strides[0], from[1], from_strides[1], from[2], from_strides[2],
               into->start[0], into->strides_bytes[0], into->start[1], into->strides_bytes[1],
               into->start[2], into->strides_bytes[2], width,
               converter->facts.mirrored ? -height : height, (enum RotationMode)converter->turn);
}

/* A field's neighbour, if it has the field's size and format, else NULL. */
static const AVFrame *neighbour_of(const AVFrame *frame, const AVFrame *neighbour)
{
    bool fits = neighbour->buf[0] && neighbour->width == frame->width &&
                neighbour->height == frame->height && neighbour->format == frame->format;
    return fits ? neighbour : NULL;
}

static bool is_bottom_field(const struct film_picture *picture)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    bool top_first = picture->frame->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST;
#else
    bool top_first = picture->frame->top_field_first;
#endif
    return top_first == (picture->field == FILM_FIELD_SECOND);
}

/* All planes of a picture's field; false if its format has none that can be deinterlaced. */
static bool deinterlace(const struct film_picture *picture, uint8_t *const into[],
                        const int strides_bytes[])
{
    const AVFrame *frame = picture->frame;
    const AVFrame *before = neighbour_of(frame, picture->before);
    const AVFrame *after = neighbour_of(frame, picture->after);
    const AVPixFmtDescriptor *described = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    int planes = av_pix_fmt_count_planes((enum AVPixelFormat)frame->format);
    if (!described || planes != described->nb_components || described->comp[0].shift != 0)
        return false;
    for (int i = 0; i < planes; i++) {
        bool chroma = (i == 1 || i == 2) && !(described->flags & AV_PIX_FMT_FLAG_RGB);
        const struct film_deinterlace_plane plane = {
            .before = before ? before->data[i] : NULL,
            .frame = frame->data[i],
            .after = after ? after->data[i] : NULL,
            .before_stride_bytes = before ? before->linesize[i] : 0,
            .frame_stride_bytes = frame->linesize[i],
            .after_stride_bytes = after ? after->linesize[i] : 0,
            .width = chroma ? AV_CEIL_RSHIFT(frame->width, described->log2_chroma_w) : frame->width,
            .height =
                chroma ? AV_CEIL_RSHIFT(frame->height, described->log2_chroma_h) : frame->height,
            .bits = described->comp[0].depth,
        };
        film_deinterlace_plane(&plane, is_bottom_field(picture),
                               picture->field == FILM_FIELD_SECOND, into[i], strides_bytes[i]);
    }
    return true;
}

/* Makes `whole` of a picture's field. */
static MUST_CHECK bool make_whole(struct film_converter *converter,
                                  const struct film_picture *picture, struct err *err)
{
    const AVFrame *frame = picture->frame;
    AVFrame *whole = converter->whole;
    bool fits = whole && whole->width == frame->width && whole->height == frame->height &&
                whole->format == frame->format;
    if (!fits) {
        av_frame_free(&converter->whole);
        converter->whole = whole = av_frame_alloc();
        if (!whole)
            return err_oom(err);
        whole->width = frame->width;
        whole->height = frame->height;
        whole->format = frame->format;
        if (av_frame_get_buffer(whole, 0) < 0) {
            av_frame_free(&converter->whole);
            return err_oom(err);
        }
    }
    while (whole->nb_side_data > 0) /* which would only grow */
        av_frame_remove_side_data(whole, whole->side_data[0]->type);
    return (av_frame_copy_props(whole, frame) >= 0 || err_oom(err)) &&
           (deinterlace(picture, whole->data, whole->linesize) ||
            err_set(err, ERR_INPUT, "cannot deinterlace pictures of this format"));
}

/* A whole frame, into the slot. */
static MUST_CHECK bool convert_frame(struct film_converter *converter, const struct source *source,
                                     const AVFrame *frame, const struct planes *slot,
                                     struct err *err)
{
    const uint8_t *from[3] = {frame->data[0], frame->data[1], frame->data[2]};
    int from_strides[3] = {frame->linesize[0], frame->linesize[1], frame->linesize[2]};
    if (is_ready(converter, source)) {
        turn_planes(converter, from, from_strides, slot);
        return true;
    }
    bool turned = is_turned(converter);
    if (turned && !provide_planes(converter, &converter->upright, 1, err))
        return false;
    const struct planes *into = turned ? &converter->upright : slot;
    bool ok = has_right_color(converter, source)
                  ? scale_frame(converter, source, frame, AV_PIX_FMT_YUV420P, into, err)
                  : convert_colors(converter, source, frame, into, err);
    if (ok && turned) {
        for (int i = 0; i < 3; i++) {
            from[i] = into->start[i];
            from_strides[i] = into->strides_bytes[i];
        }
        turn_planes(converter, from, from_strides, slot);
    }
    return ok;
}

bool film_convert_picture(struct film_converter *converter, const struct film_picture *picture,
                          uint8_t *planes[3], struct err *err)
{
    struct source source = source_of_frame(converter, picture->frame);
    struct planes slot = {.block = NULL};
    for (int i = 0; i < 3; i++) {
        slot.start[i] = planes[i];
        slot.strides_bytes[i] = (int)converter->facts.layout.stride_bytes[i];
    }
    if (picture->field == FILM_FIELD_NONE)
        return convert_frame(converter, &source, picture->frame, &slot, err);
    if (is_ready(converter, &source) && !is_turned(converter) &&
        deinterlace(picture, slot.start, slot.strides_bytes))
        return true;
    return make_whole(converter, picture, err) &&
           convert_frame(converter, &source, converter->whole, &slot, err);
}

void film_convert_destroy(struct film_converter *converter)
{
    if (!converter)
        return;
    sws_freeContext(converter->scaler);
    film_color_table_destroy(converter->table);
    av_frame_free(&converter->whole);
    free(converter->scaled.block);
    free(converter->upright.block);
    free(converter);
}
