#include "worker/film/film_convert.h"

#include "worker/film/film_format.h"

#include <libswscale/swscale.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libyuv/convert.h>
#include <libyuv/rotate.h>
#include <stdlib.h>

/* The input that a scaler was made for. */
struct source {
    int width_px, height_px;
    enum AVPixelFormat format;
    enum film_matrix matrix;
    bool full_range;
    bool smpte240; /* a matrix of early HDTV */
};

struct film_converter {
    struct film_facts facts;
    int turn;
    struct SwsContext *scaler;
    struct source made_for;
    uint8_t *upright; /* planes before they are rotated, in one block */
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
    enum AVPixelFormat format = (enum AVPixelFormat)frame->format;
    return (struct source){
        .width_px = frame->width,
        .height_px = frame->height,
        .format = without_jpeg_range(format),
        .matrix = film_format_matrix(frame->colorspace, converter->facts.matrix),
        .full_range =
            film_format_full_range(frame->color_range, format, converter->facts.full_range),
        .smpte240 = frame->colorspace == AVCOL_SPC_SMPTE240M,
    };
}

/* Whether the frame has the right size, format and colors, except that it may have to be
 * rotated. */
static bool is_ready(const struct film_converter *converter, const struct source *source)
{
    enum frame_matrix matrix;
    return source->width_px == converter->facts.coded_width_px &&
           source->height_px == converter->facts.coded_height_px &&
           source->format == AV_PIX_FMT_YUV420P && !source->smpte240 &&
           film_format_frame_matrix(source->matrix, source->full_range, &matrix) &&
           matrix == converter->facts.layout.matrix;
}

bool film_convert_is_plain(const struct film_converter *converter, const AVFrame *frame)
{
    struct source source = source_of_frame(converter, frame);
    return !is_turned(converter) && is_ready(converter, &source);
}

static const int *matrix_table(enum film_matrix matrix)
{
    switch (matrix) {
    case FILM_MATRIX_709:
        return sws_getCoefficients(SWS_CS_ITU709);
    case FILM_MATRIX_2020:
        return sws_getCoefficients(SWS_CS_BT2020);
    case FILM_MATRIX_601:
        break;
    }
    return sws_getCoefficients(SWS_CS_ITU601);
}

/* The ranges have to be set before the scaler is initialized: it chooses its short cuts then. */
static bool init_scaler(struct SwsContext *scaler, const struct film_converter *converter,
                        const struct source *source)
{
    enum frame_matrix matrix = converter->facts.layout.matrix;
    bool full = matrix == FRAME_JPEG;
    const struct {
        const char *name;
        int64_t value;
    } options[] = {
        {"srcw", source->width_px},
        {"srch", source->height_px},
        {"src_format", source->format},
        {"src_range", source->full_range},
        {"dstw", converter->facts.coded_width_px},
        {"dsth", converter->facts.coded_height_px},
        {"dst_format", AV_PIX_FMT_YUV420P},
        {"dst_range", full},
        {"sws_flags", SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (av_opt_set_int(scaler, options[i].name, options[i].value, 0) < 0)
            return false;
    if (sws_init_context(scaler, NULL, NULL) < 0)
        return false;
    const int *from =
        source->smpte240 ? sws_getCoefficients(SWS_CS_SMPTE240M) : matrix_table(source->matrix);
    const int *to = matrix_table(matrix == FRAME_BT709 ? FILM_MATRIX_709 : FILM_MATRIX_601);
    /* Returns -1 if there is nothing to convert, which does no harm. */
    sws_setColorspaceDetails(scaler, from, source->full_range, to, full, 0, 1 << 16, 1 << 16);
    return true;
}

static bool is_same_source(const struct source *a, const struct source *b)
{
    return a->width_px == b->width_px && a->height_px == b->height_px && a->format == b->format &&
           a->matrix == b->matrix && a->full_range == b->full_range && a->smpte240 == b->smpte240;
}

static MUST_CHECK bool make_scaler(struct film_converter *converter, const struct source *source,
                                   struct err *err)
{
    if (converter->scaler && is_same_source(&converter->made_for, source))
        return true;
    sws_freeContext(converter->scaler);
    converter->scaler = sws_isSupportedInput(source->format) ? sws_alloc_context() : NULL;
    if (converter->scaler && init_scaler(converter->scaler, converter, source)) {
        converter->made_for = *source;
        return true;
    }
    sws_freeContext(converter->scaler);
    converter->scaler = NULL;
    const char *name = av_get_pix_fmt_name(source->format);
    return err_set(err, ERR_INPUT, "cannot convert pictures of the format %s", name ? name : "?");
}

/* Allocates planes of the coded size, one after the other. */
static MUST_CHECK bool upright_planes(struct film_converter *converter, uint8_t *planes[3],
                                      int strides[3], struct err *err)
{
    size_t width = ((size_t)converter->facts.coded_width_px + 127) / 128 * 128;
    size_t height = (size_t)converter->facts.coded_height_px + 2;
    /* The scaler may write a little past the end. */
    if (!converter->upright && !(converter->upright = malloc(width * height * 3 / 2 + 4096)))
        return err_oom(err);
    planes[0] = converter->upright;
    planes[1] = planes[0] + width * height;
    planes[2] = planes[1] + width / 2 * (height / 2);
    strides[0] = (int)width;
    strides[1] = strides[2] = (int)(width / 2);
    return true;
}

static void turn_planes(const struct film_converter *converter, const uint8_t *const from[3],
                        const int from_strides[3], uint8_t *planes[3])
{
    const size_t *strides = converter->facts.layout.stride_bytes;
    int width = converter->facts.coded_width_px, height = converter->facts.coded_height_px;
    I420Rotate(from[0], from_strides[0], from[1], from_strides[1], from[2], from_strides[2],
               planes[0], (int)strides[0], planes[1], (int)strides[1], planes[2], (int)strides[2],
               width, converter->facts.mirrored ? -height : height,
               (enum RotationMode)converter->turn);
}

bool film_convert_frame(struct film_converter *converter, const AVFrame *frame, uint8_t *planes[3],
                        struct err *err)
{
    struct source source = source_of_frame(converter, frame);
    const uint8_t *from[3] = {frame->data[0], frame->data[1], frame->data[2]};
    int from_strides[3] = {frame->linesize[0], frame->linesize[1], frame->linesize[2]};
    if (is_ready(converter, &source)) {
        turn_planes(converter, from, from_strides, planes);
        return true;
    }
    if (!make_scaler(converter, &source, err))
        return false;
    /* The scaler copies four pointers, whatever the format. */
    uint8_t *into[4] = {planes[0], planes[1], planes[2], NULL};
    int strides[4] = {0};
    for (int i = 0; i < 3; i++)
        strides[i] = (int)converter->facts.layout.stride_bytes[i];
    if (is_turned(converter) && !upright_planes(converter, into, strides, err))
        return false;
    if (sws_scale(converter->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0,
                  frame->height, into, strides) <= 0)
        return err_set(err, ERR_INPUT, "cannot convert a frame");
    if (is_turned(converter)) {
        const uint8_t *upright[3] = {into[0], into[1], into[2]};
        turn_planes(converter, upright, strides, planes);
    }
    return true;
}

void film_convert_destroy(struct film_converter *converter)
{
    if (!converter)
        return;
    sws_freeContext(converter->scaler);
    free(converter->upright);
    free(converter);
}
