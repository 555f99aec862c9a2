#include "worker/film/film_codec.h"

#include "worker/film/film.h"

#include <libavutil/imgutils.h>
#include <stdio.h>

/* How much of the worker's address space (worker_film.c) frames being decoded may take, beside the
 * ring, the threads' stacks and the libraries. */
#define DECODER_BYTES_MAX ((int64_t)2048 << 20)
/* The most large frames that decoders refer to beside those that their threads work on. */
#define FRAMES_REFERENCED_MAX 8

#define TEXT(number) #number
#define TEXT_OF(macro) TEXT(macro)

const AVCodec *film_codec_find(enum AVCodecID id)
{
    /* By name: FFmpeg has several decoders for some codecs, and which one is the first depends on
     * its build. */
    static const struct {
        enum AVCodecID id;
        const char *name;
    } allowed[] = {
        {AV_CODEC_ID_H264, "h264"},    {AV_CODEC_ID_HEVC, "hevc"},
        {AV_CODEC_ID_VP8, "vp8"},      {AV_CODEC_ID_VP9, "vp9"},
        {AV_CODEC_ID_AV1, "libdav1d"}, {AV_CODEC_ID_AAC, "aac"},
        {AV_CODEC_ID_OPUS, "opus"},    {AV_CODEC_ID_VORBIS, "vorbis"},
        {AV_CODEC_ID_MP3, "mp3float"}, {AV_CODEC_ID_FLAC, "flac"},
        {AV_CODEC_ID_AC3, "ac3"},      {AV_CODEC_ID_PCM_S16LE, "pcm_s16le"},
    };
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (allowed[i].id == id)
            return avcodec_find_decoder_by_name(allowed[i].name);
    return NULL;
}

bool film_codec_limits(AVDictionary **options)
{
    return av_dict_set(options, "max_pixels", TEXT_OF(PROTOCOL_FILM_AREA_MAX_PX), 0) >= 0 &&
           av_dict_set(options, "codec_whitelist", FILM_CODEC_DECODERS, 0) >= 0;
}

/* FFmpeg's own words only where they say something to an operator. */
static const char *ffmpeg_reason(int code, char text[AV_ERROR_MAX_STRING_SIZE])
{
    if (code == AVERROR_INVALIDDATA || code == AVERROR(EINVAL))
        return "its data are damaged or not understood";
    if (code == AVERROR_EOF)
        return "it ends too early";
    if (code == AVERROR(ENOMEM))
        return "it needs more memory than films may use";
    av_strerror(code, text, AV_ERROR_MAX_STRING_SIZE);
    return text;
}

bool film_codec_error(struct err *err, int code, const char *what)
{
    char text[AV_ERROR_MAX_STRING_SIZE];
    /* What the film needs is limited, not what the machine has. */
    enum err_code err_code = code == AVERROR(ENOMEM) ? ERR_LIMIT : ERR_INPUT;
    return err_set(err, err_code, "%s: %s", what, ffmpeg_reason(code, text));
}

/* Each thread works on a frame of its own, so the frame size decides how many fit. A frame needs
 * about half as much again for its motion vectors and modes. */
int film_codec_threads(const AVCodecParameters *parameters, int requested)
{
    enum AVPixelFormat format = (enum AVPixelFormat)parameters->format;
    int64_t frame =
        av_image_get_buffer_size(format == AV_PIX_FMT_NONE ? AV_PIX_FMT_YUV420P16LE : format,
                                 parameters->width, parameters->height, 64);
    int64_t fit = FILM_THREADS_MAX;
    if (frame > 0)
        fit = DECODER_BYTES_MAX / (frame + frame / 2) - FRAMES_REFERENCED_MAX;
    fit = fit > FILM_THREADS_MAX ? FILM_THREADS_MAX : fit;
    fit = fit > requested ? requested : fit;
    return fit < 1 ? 1 : (int)fit;
}

AVCodecContext *film_codec_create(const AVCodecParameters *parameters, AVRational time_base,
                                  struct err *err)
{
    const AVCodec *codec = film_codec_find(parameters->codec_id);
    if (!codec) {
        err_set(err, ERR_INPUT, "cannot decode %s", avcodec_get_name(parameters->codec_id));
        return NULL;
    }
    AVCodecContext *context = avcodec_alloc_context3(codec);
    int code = context ? avcodec_parameters_to_context(context, parameters) : AVERROR(ENOMEM);
    if (code < 0) {
        film_codec_error(err, code, "cannot set up the decoder");
        avcodec_free_context(&context);
        return NULL;
    }
    context->pkt_timebase = time_base;
    /* A frame cropped at its left begins where its crop says, not at the next multiple of 64. */
    context->flags |= AV_CODEC_FLAG_UNALIGNED;
    return context;
}

bool film_codec_start(AVCodecContext *context, struct err *err)
{
    AVDictionary *options = NULL;
    int code = AVERROR(ENOMEM);
    if (film_codec_limits(&options))
        code = avcodec_open2(context, context->codec, &options);
    av_dict_free(&options);
    return code >= 0 || film_codec_error(err, code, "cannot open the decoder");
}
