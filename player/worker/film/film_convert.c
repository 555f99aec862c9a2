#include "worker/film/film_convert.h"

#include "worker/film/film_format.h"

#include <libswscale/swscale.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libyuv/convert.h>
#include <libyuv/rotate.h>
#include <stdlib.h>

/* What a scaler was made for. */
struct source {
    int width_px, height_px;
    enum AVPixelFormat format;
    enum film_matrix matrix;
    bool full_range;
    bool smpte240; /* a matrix of early HDTV */
};

struct film_paint {
    struct film_facts facts;
    int turn;
    struct SwsContext *scaler;
    struct source made_for;
    uint8_t *upright; /* planes before they are turned, all in one */
};

struct film_paint *film_convert_create(const struct film_facts *facts, int rotation)
{
    struct film_paint *paint = calloc(1, sizeof *paint);
    if (!paint)
        return NULL;
    paint->facts = *facts;
    paint->turn = film_format_turn(facts, rotation);
    return paint;
}

static bool turned(const struct film_paint *paint)
{
    return paint->turn != 0 || paint->facts.mirrored;
}

/* JPEG's name for a format is only a range, which is told apart from it. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format)
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

static struct source source_of(const struct film_paint *paint, const AVFrame *frame)
{
    enum AVPixelFormat format = (enum AVPixelFormat)frame->format;
    return (struct source){
        .width_px = frame->width,
        .height_px = frame->height,
        .format = plain_format(format),
        .matrix = film_format_matrix(frame->colorspace, paint->facts.matrix),
        .full_range = film_format_full_range(frame->color_range, format, paint->facts.full_range),
        .smpte240 = frame->colorspace == AVCOL_SPC_SMPTE240M,
    };
}

/* As it was coded: of the right size, format and colours, but perhaps not turned. */
static bool ready(const struct film_paint *paint, const struct source *source)
{
    enum frame_matrix colour;
    return source->width_px == paint->facts.coded_width_px &&
           source->height_px == paint->facts.coded_height_px &&
           source->format == AV_PIX_FMT_YUV420P && !source->smpte240 &&
           film_format_colour(source->matrix, source->full_range, &colour) &&
           colour == paint->facts.layout.colour;
}

bool film_convert_plain(const struct film_paint *paint, const AVFrame *frame)
{
    struct source source = source_of(paint, frame);
    return !turned(paint) && ready(paint, &source);
}

static const int *matrix_table(enum film_matrix matrix)
{
    return sws_getCoefficients(matrix == FILM_MATRIX_709    ? SWS_CS_ITU709
                               : matrix == FILM_MATRIX_2020 ? SWS_CS_BT2020
                                                            : SWS_CS_ITU601);
}

/* The ranges have to be known before the scaler is made: it looks for short cuts then. */
static bool set_up(struct SwsContext *scaler, const struct film_paint *paint,
                   const struct source *source)
{
    enum frame_matrix colour = paint->facts.layout.colour;
    bool full = colour == FRAME_JPEG;
    const struct {
        const char *name;
        int64_t value;
    } options[] = {
        {"srcw", source->width_px},
        {"srch", source->height_px},
        {"src_format", source->format},
        {"src_range", source->full_range},
        {"dstw", paint->facts.coded_width_px},
        {"dsth", paint->facts.coded_height_px},
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
    const int *to = matrix_table(colour == FRAME_BT709 ? FILM_MATRIX_709 : FILM_MATRIX_601);
    /* -1 where there is nothing to convert: no harm. */
    sws_setColorspaceDetails(scaler, from, source->full_range, to, full, 0, 1 << 16, 1 << 16);
    return true;
}

static bool same(const struct source *a, const struct source *b)
{
    return a->width_px == b->width_px && a->height_px == b->height_px && a->format == b->format &&
           a->matrix == b->matrix && a->full_range == b->full_range && a->smpte240 == b->smpte240;
}

static bool make_scaler(struct film_paint *paint, const struct source *source, struct err *err)
{
    if (paint->scaler && same(&paint->made_for, source))
        return true;
    sws_freeContext(paint->scaler);
    paint->scaler = sws_isSupportedInput(source->format) ? sws_alloc_context() : NULL;
    if (paint->scaler && set_up(paint->scaler, paint, source)) {
        paint->made_for = *source;
        return true;
    }
    sws_freeContext(paint->scaler);
    paint->scaler = NULL;
    const char *name = av_get_pix_fmt_name(source->format);
    return err_set(err, ERR_INPUT, "pictures of the format %s can't be converted",
                   name ? name : "?");
}

/* Planes of the coded size, one after the other. */
static bool upright_planes(struct film_paint *paint, uint8_t *planes[3], int strides[3],
                           struct err *err)
{
    size_t width = ((size_t)paint->facts.coded_width_px + 127) / 128 * 128;
    size_t height = (size_t)paint->facts.coded_height_px + 2;
    /* The scaler may write a little past the end. */
    if (!paint->upright && !(paint->upright = malloc(width * height * 3 / 2 + 4096)))
        return err_oom(err);
    planes[0] = paint->upright;
    planes[1] = planes[0] + width * height;
    planes[2] = planes[1] + width / 2 * (height / 2);
    strides[0] = (int)width;
    strides[1] = strides[2] = (int)(width / 2);
    return true;
}

static void turn_planes(const struct film_paint *paint, const uint8_t *const from[3],
                        const int from_strides[3], uint8_t *planes[3])
{
    const size_t *strides = paint->facts.layout.stride_bytes;
    int width = paint->facts.coded_width_px, height = paint->facts.coded_height_px;
    I420Rotate(from[0], from_strides[0], from[1], from_strides[1], from[2], from_strides[2],
               planes[0], (int)strides[0], planes[1], (int)strides[1], planes[2], (int)strides[2],
               width, paint->facts.mirrored ? -height : height, (enum RotationMode)paint->turn);
}

bool film_convert_frame(struct film_paint *paint, const AVFrame *frame, uint8_t *planes[3],
                        struct err *err)
{
    struct source source = source_of(paint, frame);
    const uint8_t *from[3] = {frame->data[0], frame->data[1], frame->data[2]};
    int from_strides[3] = {frame->linesize[0], frame->linesize[1], frame->linesize[2]};
    if (ready(paint, &source)) {
        turn_planes(paint, from, from_strides, planes);
        return true;
    }
    if (!make_scaler(paint, &source, err))
        return false;
    /* The scaler copies four of each, whatever the format. */
    uint8_t *into[4] = {planes[0], planes[1], planes[2], NULL};
    int strides[4] = {0};
    for (int i = 0; i < 3; i++)
        strides[i] = (int)paint->facts.layout.stride_bytes[i];
    if (turned(paint) && !upright_planes(paint, into, strides, err))
        return false;
    if (sws_scale(paint->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0,
                  frame->height, into, strides) <= 0)
        return err_set(err, ERR_INPUT, "a frame can't be converted");
    if (turned(paint)) {
        const uint8_t *upright[3] = {into[0], into[1], into[2]};
        turn_planes(paint, upright, strides, planes);
    }
    return true;
}

void film_convert_destroy(struct film_paint *paint)
{
    if (!paint)
        return;
    sws_freeContext(paint->scaler);
    free(paint->upright);
    free(paint);
}
