#include "worker/film/film_convert.h"

#include "worker/film/film_chroma.h"
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

/* What a picture is before it is converted, or between two steps. */
struct source {
    const uint8_t *planes[4];
    int strides_bytes[4];
    int width_px, height_px;
    enum AVPixelFormat format;
    int bits; /* a sample */
    bool rgb;
    struct film_color color;
    enum AVChromaLocation chroma;
};

/* Planes of the film's coded size, in one block: of chroma at half the size, or as large. */
struct planes {
    uint8_t *block;
    size_t size_bytes;
    uint8_t *start[3];
    int strides_bytes[3];
};

/* A picture passes through as many of these steps as it needs: deinterlaced; scaled, and brought to
 * planes of Y, Cb and Cr; its chroma halved both ways, and moved to its place; its colors converted;
 * turned. Each but the last works into planes of its own, the last one into the slot. */
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
    struct planes scaled, halved, upright;
    struct film_chroma_place chroma; /* where it has to be before the picture is turned */
    uint32_t *row;                   /* scratch for film_chroma */
};

struct film_converter *film_convert_create(const struct film_facts *facts, int rotation)
{
    struct film_converter *converter = calloc(1, sizeof *converter);
    if (!converter)
        return NULL;
    converter->facts = *facts;
    converter->turn = film_format_turn(facts, rotation);
    converter->chroma = film_chroma_place_before(facts->coded_width_px, facts->coded_height_px,
                                                 facts->mirrored, converter->turn);
    converter->row = calloc((size_t)facts->coded_width_px + 3, sizeof *converter->row);
    if (converter->row)
        return converter;
    free(converter);
    return NULL;
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
        .chroma = frame->chroma_location,
    };
    for (int i = 0; i < 4; i++) {
        source.planes[i] = frame->data[i];
        source.strides_bytes[i] = frame->linesize[i];
    }
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

/* Planes of Y, Cb and Cr, chroma at full or half the size either way. */
static bool is_planar(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *described = av_pix_fmt_desc_get(format);
    return described && described->nb_components == 3 && described->log2_chroma_w <= 1 &&
           described->log2_chroma_h <= 1 && (described->flags & AV_PIX_FMT_FLAG_PLANAR) &&
           !(described->flags & AV_PIX_FMT_FLAG_RGB) && !(described->flags & AV_PIX_FMT_FLAG_BE) &&
           described->comp[2].plane == 2 && described->comp[0].shift == 0;
}

/* The same with the chroma halved both ways. */
static enum AVPixelFormat halved_format(int bits)
{
    switch (bits) {
    case 9:
        return AV_PIX_FMT_YUV420P9;
    case 10:
        return AV_PIX_FMT_YUV420P10;
    case 12:
        return AV_PIX_FMT_YUV420P12;
    case 14:
        return AV_PIX_FMT_YUV420P14;
    case 16:
        return AV_PIX_FMT_YUV420P16;
    default:
        return AV_PIX_FMT_YUV420P;
    }
}

/* What is not told is where MPEG-2 has it. */
static struct film_chroma_place place_of(enum AVChromaLocation location)
{
    const int beside = 0, between = 1, below = 2;
    switch ((int)location) {
    case AVCHROMA_LOC_CENTER:
        return (struct film_chroma_place){between, between};
    case AVCHROMA_LOC_TOPLEFT:
        return (struct film_chroma_place){beside, beside};
    case AVCHROMA_LOC_TOP:
        return (struct film_chroma_place){between, beside};
    case AVCHROMA_LOC_BOTTOMLEFT:
        return (struct film_chroma_place){beside, below};
    case AVCHROMA_LOC_BOTTOM:
        return (struct film_chroma_place){between, below};
    default:
        return (struct film_chroma_place){beside, between};
    }
}

/* One of the planes of chroma; the format is_planar. */
static struct film_chroma_plane chroma_of(const struct source *source, int plane)
{
    const AVPixFmtDescriptor *described = av_pix_fmt_desc_get(source->format);
    return (struct film_chroma_plane){
        .samples = source->planes[plane],
        .stride_bytes = source->strides_bytes[plane],
        .width_px = source->width_px,
        .height_px = source->height_px,
        .wide = source->bits > 8,
        .sparse_across = described && described->log2_chroma_w == 1,
        .sparse_down = described && described->log2_chroma_h == 1,
        .place = place_of(source->chroma),
    };
}

static bool has_chroma_in_place(const struct film_converter *converter, const struct source *source)
{
    const struct film_chroma_plane plane = chroma_of(source, 1);
    return film_chroma_is_in_place(&plane, &converter->chroma);
}

/* Whether the frame has the right size, format and colors, except that it may have to be
 * rotated. */
static bool is_ready(const struct film_converter *converter, const struct source *source)
{
    return has_right_size(converter, source) && source->format == AV_PIX_FMT_YUV420P &&
           has_right_color(converter, source) && has_chroma_in_place(converter, source);
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
                                      int sample_bytes, bool half_chroma, struct err *err)
{
    size_t width = ((size_t)converter->facts.coded_width_px + 127) / 128 * 128;
    size_t height = (size_t)converter->facts.coded_height_px + 2;
    width *= (size_t)sample_bytes;
    size_t chroma_width = half_chroma ? width / 2 : width;
    size_t chroma_bytes = chroma_width * (half_chroma ? height / 2 + 1 : height);
    size_t size_bytes = width * height + 2 * chroma_bytes + PLANE_PADDING_BYTES;
    if (planes->size_bytes < size_bytes) {
        free(planes->block);
        planes->block = malloc(size_bytes);
        planes->size_bytes = planes->block ? size_bytes : 0;
    }
    if (!planes->block)
        return err_oom(err);
    planes->start[0] = planes->block;
    planes->start[1] = planes->start[0] + width * height;
    planes->start[2] = planes->start[1] + chroma_bytes;
    planes->strides_bytes[0] = (int)width;
    planes->strides_bytes[1] = planes->strides_bytes[2] = (int)chroma_width;
    return true;
}

static MUST_CHECK bool scale_frame(struct film_converter *converter, const struct source *source,
                                   enum AVPixelFormat format, const struct planes *into,
                                   struct err *err)
{
    if (!make_scaler(converter, source, format, err))
        return false;
    /* The scaler copies four pointers, whatever the format. */
    uint8_t *planes[4] = {into->start[0], into->start[1], into->start[2], NULL};
    int strides[4] = {into->strides_bytes[0], into->strides_bytes[1], into->strides_bytes[2], 0};
    return sws_scale(converter->scaler, source->planes, source->strides_bytes, 0, source->height_px,
                     planes, strides) > 0 ||
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

static void take_planes(struct source *source, const struct planes *planes, int first)
{
    for (int i = first; i < 3; i++) {
        source->planes[i] = planes->start[i];
        source->strides_bytes[i] = planes->strides_bytes[i];
    }
}

/* Brings a picture to the film's size, and to planes of Y, Cb and Cr. The scaler leaves chroma at
 * full size: it would halve an odd width, or height, to a size that is not half of it. */
static MUST_CHECK bool make_planar(struct film_converter *converter, struct source *source,
                                   struct err *err)
{
    if (has_right_size(converter, source) && is_planar(source->format))
        return true;
    bool wide = source->bits > 8 && !has_right_color(converter, source);
    enum AVPixelFormat format = wide ? AV_PIX_FMT_YUV444P10 : AV_PIX_FMT_YUV444P;
    if (!provide_planes(converter, &converter->scaled, wide ? 2 : 1, false, err) ||
        !scale_frame(converter, source, format, &converter->scaled, err))
        return false;
    take_planes(source, &converter->scaled, 0);
    source->width_px = converter->facts.coded_width_px;
    source->height_px = converter->facts.coded_height_px;
    source->format = format;
    source->bits = wide ? 10 : 8;
    source->rgb = false;
    return true;
}

static MUST_CHECK bool place_chroma(struct film_converter *converter, struct source *source,
                                    struct err *err)
{
    if (has_chroma_in_place(converter, source))
        return true;
    if (!provide_planes(converter, &converter->halved, source->bits > 8 ? 2 : 1, true, err))
        return false;
    for (int i = 1; i < 3; i++) {
        const struct film_chroma_plane plane = chroma_of(source, i);
        film_chroma_convert(&plane, &converter->chroma, converter->row, converter->halved.start[i],
                            converter->halved.strides_bytes[i]);
    }
    take_planes(source, &converter->halved, 1);
    source->format = halved_format(source->bits);
    return true;
}

/* To 8 bits and the slots' colors. */
static MUST_CHECK bool convert_colors(struct film_converter *converter, const struct source *source,
                                      const struct planes *into, struct err *err)
{
    if (has_right_color(converter, source))
        return scale_frame(converter, source, AV_PIX_FMT_YUV420P, into, err);
    struct film_color_planes from;
    for (int i = 0; i < 3; i++) {
        from.planes[i] = source->planes[i];
        from.strides_bytes[i] = source->strides_bytes[i];
    }
    if (!make_table(converter, &source->color, source->bits, err))
        return false;
    film_color_table_apply(converter->table, &from, converter->facts.coded_width_px,
                           converter->facts.coded_height_px, into->start, into->strides_bytes);
    return true;
}

static void turn_planes(const struct film_converter *converter, const struct source *from,
                        const struct planes *into)
{
    int width = converter->facts.coded_width_px, height = converter->facts.coded_height_px;
    I420Rotate(from->planes[0], from->strides_bytes[0], from->planes[1], from->strides_bytes[1],
               from->planes[2], from->strides_bytes[2], into->start[0], into->strides_bytes[0],
               into->start[1], into->strides_bytes[1], into->start[2], into->strides_bytes[2],
               width, converter->facts.mirrored ? -height : height,
               (enum RotationMode)converter->turn);
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
static MUST_CHECK bool convert_frame(struct film_converter *converter, struct source *source,
                                     const struct planes *slot, struct err *err)
{
    if (!make_planar(converter, source, err) || !place_chroma(converter, source, err))
        return false;
    if (is_ready(converter, source)) {
        turn_planes(converter, source, slot);
        return true;
    }
    if (!is_turned(converter))
        return convert_colors(converter, source, slot, err);
    if (!provide_planes(converter, &converter->upright, 1, true, err) ||
        !convert_colors(converter, source, &converter->upright, err))
        return false;
    take_planes(source, &converter->upright, 0);
    turn_planes(converter, source, slot);
    return true;
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
        return convert_frame(converter, &source, &slot, err);
    if (is_ready(converter, &source) && !is_turned(converter) &&
        deinterlace(picture, slot.start, slot.strides_bytes))
        return true;
    if (!make_whole(converter, picture, err))
        return false;
    source = source_of_frame(converter, converter->whole);
    return convert_frame(converter, &source, &slot, err);
}

void film_convert_destroy(struct film_converter *converter)
{
    if (!converter)
        return;
    sws_freeContext(converter->scaler);
    film_color_table_destroy(converter->table);
    av_frame_free(&converter->whole);
    free(converter->scaled.block);
    free(converter->halved.block);
    free(converter->upright.block);
    free(converter->row);
    free(converter);
}
