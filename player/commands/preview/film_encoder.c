#include "commands/preview/film_encoder.h"

#include "base/file.h"
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME "file:" /* or a name with a colon would be taken for another protocol */
#define TEMPORARY ".tmp"

struct encoder {
    char *path;
    char *url; /* SCHEME, path, TEMPORARY */
    AVFormatContext *file;
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    uint32_t *pixels; /* as they come */
    int64_t frames;
    bool opened, finished;
};

static bool fail(struct err *err, int code, const char *what)
{
    char words[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, words, sizeof words);
    int number = AVUNERROR(code);
    bool disk = number == ENOSPC || number == EIO || number == EROFS || number == EDQUOT ||
                number == EFBIG || number == EACCES || number == ENOENT;
    return err_set(err, disk ? ERR_DISK : ERR_SYSTEM, "%s: %s", what, words);
}

static const char *temporary_of(const struct encoder *encoder)
{
    return encoder->url + sizeof SCHEME - 1;
}

/* Renaming replaces whatever has the name: a device would be gone. */
static bool keep_names(struct encoder *encoder, const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "%s: not a regular file", path);
    encoder->path = strdup(path);
    if (asprintf(&encoder->url, SCHEME "%s" TEMPORARY, path) < 0)
        encoder->url = NULL;
    return (encoder->path && encoder->url) || err_oom(err);
}

/* Visually lossless, at a pace that a laptop stands. */
static bool set_quality(AVDictionary **options)
{
    return av_dict_set(options, "profile", "high", 0) >= 0 &&
           av_dict_set(options, "preset", "medium", 0) >= 0 &&
           av_dict_set(options, "crf", "18", 0) >= 0;
}

static bool open_codec(struct encoder *encoder, const struct film_encoder_order *order,
                       struct err *err)
{
    static const char missing[] = "H.264 can't be written: FFmpeg's libavcodec has no libx264 here";
    const AVCodec *found = avcodec_find_encoder(AV_CODEC_ID_H264);
    AVCodecContext *codec = encoder->codec = found ? avcodec_alloc_context3(found) : NULL;
    AVDictionary *options = NULL;
    if (!found)
        return err_set(err, ERR_INPUT, "%s", missing);
    if (!codec || !set_quality(&options)) {
        av_dict_free(&options);
        return err_oom(err);
    }
    codec->width = order->width_px;
    codec->height = order->height_px;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    av_reduce(&codec->framerate.num, &codec->framerate.den, order->rate, order->per, INT_MAX);
    codec->time_base = av_inv_q(codec->framerate);
    codec->sample_aspect_ratio = (AVRational){1, 1};
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->color_primaries = AVCOL_PRI_BT709;
    codec->color_trc = AVCOL_TRC_BT709;
    codec->colorspace = AVCOL_SPC_BT709;
    codec->chroma_sample_location = AVCHROMA_LOC_CENTER;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER; /* MP4 keeps it beside the pictures */
    int code = avcodec_open2(codec, found, &options);
    bool all_known = av_dict_count(options) == 0;
    av_dict_free(&options);
    if (code < 0)
        return fail(err, code, "the encoder for H.264");
    return all_known || err_set(err, ERR_INPUT, "%s", missing);
}

static bool open_file(struct encoder *encoder, struct err *err)
{
    int code = avformat_alloc_output_context2(&encoder->file, NULL, "mp4", encoder->url);
    AVStream *stream = code >= 0 ? avformat_new_stream(encoder->file, NULL) : NULL;
    if (!stream)
        return err_oom(err);
    stream->time_base = encoder->codec->time_base;
    stream->avg_frame_rate = encoder->codec->framerate;
    stream->sample_aspect_ratio = encoder->codec->sample_aspect_ratio;
    code = avcodec_parameters_from_context(stream->codecpar, encoder->codec);
    if (code < 0)
        return fail(err, code, "a film's header");
    AVDictionary *options = NULL;
    code = av_dict_set(&options, "movflags", "+faststart", 0);
    unlink(temporary_of(encoder)); /* what a crash left, or a link to somewhere else */
    if (code >= 0)
        code = avio_open(&encoder->file->pb, encoder->url, AVIO_FLAG_WRITE);
    encoder->opened = code >= 0;
    if (code >= 0)
        code = avformat_write_header(encoder->file, &options);
    av_dict_free(&options);
    return code >= 0 || fail(err, code, encoder->path);
}

static bool make_frame(struct encoder *encoder, const struct film_encoder_order *order,
                       struct err *err)
{
    encoder->packet = av_packet_alloc();
    AVFrame *frame = encoder->frame = av_frame_alloc();
    if (!encoder->packet || !frame)
        return err_oom(err);
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = order->width_px;
    frame->height = order->height_px;
    return av_frame_get_buffer(frame, 0) >= 0 || err_oom(err);
}

static bool encoder_open(struct encoder *encoder, const char *path,
                         const struct film_encoder_order *order, struct err *err)
{
    encoder->pixels = malloc((size_t)order->width_px * (size_t)order->height_px * 4);
    if (!encoder->pixels) {
        err_oom(err);
        return false;
    }
    av_log_set_level(AV_LOG_QUIET); /* what matters comes back as errors */
    return keep_names(encoder, path, err) && open_codec(encoder, order, err) &&
           make_frame(encoder, order, err) && open_file(encoder, err);
}

/* ITU-R BT.709, section 3, limited range, in 65536ths: libyuv converts into BT.601 alone. */
static uint8_t luma(uint32_t pixel)
{
    uint32_t red = pixel >> 16 & 0xff, green = pixel >> 8 & 0xff, blue = pixel & 0xff;
    return (uint8_t)((11966 * red + 40254 * green + 4064 * blue + (16 << 16) + 32768) >> 16);
}

static void convert_luma(const uint32_t *pixels, AVFrame *frame)
{
    for (int y = 0; y < frame->height; y++) {
        const uint32_t *from = pixels + (ptrdiff_t)y * frame->width;
        uint8_t *to = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
        for (int x = 0; x < frame->width; x++)
            to[x] = luma(from[x]);
    }
}

/* One channel of four pixels, added up. */
static int sum_of(const uint32_t *upper, const uint32_t *lower, int shift)
{
    return (int)((upper[0] >> shift & 0xff) + (upper[1] >> shift & 0xff) +
                 (lower[0] >> shift & 0xff) + (lower[1] >> shift & 0xff));
}

/* A sample lies in the middle of its four pixels. */
static void convert_chroma(const uint32_t *pixels, AVFrame *frame)
{
    const int middle = (128 << 18) + (1 << 17);
    for (int y = 0; y < frame->height / 2; y++) {
        const uint32_t *upper = pixels + (ptrdiff_t)y * 2 * frame->width;
        const uint32_t *lower = upper + frame->width;
        uint8_t *u = frame->data[1] + (ptrdiff_t)y * frame->linesize[1];
        uint8_t *v = frame->data[2] + (ptrdiff_t)y * frame->linesize[2];
        for (int x = 0; x < frame->width / 2; x++) {
            int red = sum_of(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 16);
            int green = sum_of(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 8);
            int blue = sum_of(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 0);
            u[x] = (uint8_t)((28785 * blue - 6596 * red - 22189 * green + middle) >> 18);
            v[x] = (uint8_t)((28785 * red - 26145 * green - 2640 * blue + middle) >> 18);
        }
    }
}

/* Gives the encoder a frame, or, with NULL, its end; writes what it has finished. */
static bool push(struct encoder *encoder, const AVFrame *frame, struct err *err)
{
    AVStream *stream = encoder->file->streams[0];
    int code = avcodec_send_frame(encoder->codec, frame);
    if (code < 0)
        return fail(err, code, "the encoder for H.264");
    for (;;) {
        code = avcodec_receive_packet(encoder->codec, encoder->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return true;
        if (code < 0)
            return fail(err, code, "the encoder for H.264");
        encoder->packet->stream_index = stream->index;
        encoder->packet->duration = 1;
        av_packet_rescale_ts(encoder->packet, encoder->codec->time_base, stream->time_base);
        code = av_interleaved_write_frame(encoder->file, encoder->packet);
        if (code < 0)
            return fail(err, code, temporary_of(encoder));
    }
}

static bool add_frame(struct encoder *encoder, struct err *err)
{
    if (av_frame_make_writable(encoder->frame) < 0)
        return err_oom(err);
    convert_luma(encoder->pixels, encoder->frame);
    convert_chroma(encoder->pixels, encoder->frame);
    encoder->frame->pts = encoder->frames++;
    return push(encoder, encoder->frame, err);
}

/* On the disk before it has its name. */
static bool give_name(struct encoder *encoder, struct err *err)
{
    int fd = open(temporary_of(encoder), O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (!ok)
        return err_set_errno(err, ERR_DISK, number, "%s", temporary_of(encoder));
    if (rename(temporary_of(encoder), encoder->path) < 0)
        return err_set_errno(err, ERR_DISK, errno, "%s", encoder->path);
    encoder->finished = true;
    return file_sync_folder(encoder->path, err);
}

static bool finish_film(struct encoder *encoder, struct err *err)
{
    if (!push(encoder, NULL, err))
        return false;
    int code = av_write_trailer(encoder->file);
    int closed = avio_closep(&encoder->file->pb);
    if (code < 0 || closed < 0)
        return fail(err, code < 0 ? code : closed, temporary_of(encoder));
    return give_name(encoder, err);
}

/* A film that is not finished is removed. */
static void encoder_close(struct encoder *encoder)
{
    if (encoder->file)
        avio_closep(&encoder->file->pb);
    if (encoder->opened && !encoder->finished)
        unlink(temporary_of(encoder));
    avformat_free_context(encoder->file);
    avcodec_free_context(&encoder->codec);
    av_frame_free(&encoder->frame);
    av_packet_free(&encoder->packet);
    free(encoder->pixels);
    free(encoder->path);
    free(encoder->url);
}

static bool read_whole(void *bytes, size_t size)
{
    ssize_t got;
    do
        got = recv(PROGRAM_FD, bytes, size, MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}

static bool answer(const struct err *err)
{
    struct film_encoder_reply reply = {.code = (int32_t)err->code};
    memcpy(reply.text, err->text, sizeof reply.text);
    return send(PROGRAM_FD, &reply, sizeof reply, MSG_NOSIGNAL) == (ssize_t)sizeof reply;
}

/* Frames until the end, or until nobody sends any more; an error is only of use to somebody who is
 * there. */
static bool write_frames(struct encoder *encoder, const struct film_encoder_order *order,
                         struct err *err)
{
    size_t frame_bytes = (size_t)order->width_px * (size_t)order->height_px * 4;
    uint8_t kind;
    while (read_whole(&kind, sizeof kind)) {
        if (kind == FILM_ENCODER_END)
            return finish_film(encoder, err);
        if (!read_whole(encoder->pixels, frame_bytes))
            break;
        if (!add_frame(encoder, err))
            return false;
    }
    return err_set(err, ERR_SYSTEM, "nobody ended the film");
}

int film_encoder_main(const char *path)
{
    struct film_encoder_order order;
    struct encoder encoder = {0};
    struct err err = {0};
    /* A terminal sends these to its whole foreground; whether the film ends is the other side's to
     * say. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, FILM_ENCODER_NAME);
    closefrom(PROGRAM_FD + 1);
    if (!read_whole(&order, sizeof order))
        return EXIT_FAILURE;
    bool ok = encoder_open(&encoder, path, &order, &err) && answer(&err) &&
              write_frames(&encoder, &order, &err);
    encoder_close(&encoder);
    return answer(&err) && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
