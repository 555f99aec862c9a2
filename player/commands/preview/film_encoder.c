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
    uint32_t *pixels; /* of the frame that was received */
    int64_t frames;
    bool opened, finished;
};

static bool set_ffmpeg_error(struct err *err, int code, const char *what)
{
    char words[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, words, sizeof words);
    int number = AVUNERROR(code);
    bool disk = number == ENOSPC || number == EIO || number == EROFS || number == EDQUOT ||
                number == EFBIG || number == EACCES || number == ENOENT;
    return err_set(err, disk ? ERR_DISK : ERR_SYSTEM, "%s: %s", what, words);
}

static bool set_file_error(struct err *err, int code, const char *path)
{
    char what[PATH_MAX + 16];
    snprintf(what, sizeof what, "cannot write %s", path);
    return set_ffmpeg_error(err, code, what);
}

static const char *temporary_of(const struct encoder *encoder)
{
    return encoder->url + sizeof SCHEME - 1;
}

/* Only a regular file may be replaced: renaming would replace even a device. */
static MUST_CHECK bool set_paths(struct encoder *encoder, const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "cannot write %s: it is not a regular file", path);
    encoder->path = strdup(path);
    if (asprintf(&encoder->url, SCHEME "%s" TEMPORARY, path) < 0)
        encoder->url = NULL;
    return (encoder->path && encoder->url) || err_oom(err);
}

/* Visually lossless, at a speed that a laptop can keep up. */
static bool set_quality(AVDictionary **options)
{
    return av_dict_set(options, "profile", "high", 0) >= 0 &&
           av_dict_set(options, "preset", "medium", 0) >= 0 &&
           av_dict_set(options, "crf", "18", 0) >= 0;
}

static MUST_CHECK bool open_codec(struct encoder *encoder, const struct film_encoder_order *order,
                                  struct err *err)
{
    static const char missing[] =
        "cannot write H.264: FFmpeg's libavcodec was built without libx264";
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
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER; /* in MP4 it is apart from the frames */
    int code = avcodec_open2(codec, found, &options);
    bool all_known = av_dict_count(options) == 0;
    av_dict_free(&options);
    if (code < 0)
        return set_ffmpeg_error(err, code, "cannot encode H.264");
    return all_known || err_set(err, ERR_INPUT, "%s", missing);
}

static MUST_CHECK bool open_output(struct encoder *encoder, struct err *err)
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
        return set_ffmpeg_error(err, code, "cannot write the film's header");
    AVDictionary *options = NULL;
    code = av_dict_set(&options, "movflags", "+faststart", 0);
    unlink(temporary_of(encoder)); /* it may be a crash's leftover, or a link */
    if (code >= 0)
        code = avio_open(&encoder->file->pb, encoder->url, AVIO_FLAG_WRITE);
    encoder->opened = code >= 0;
    if (code >= 0)
        code = avformat_write_header(encoder->file, &options);
    av_dict_free(&options);
    return code >= 0 || set_file_error(err, code, encoder->path);
}

static MUST_CHECK bool allocate_frame(struct encoder *encoder,
                                      const struct film_encoder_order *order, struct err *err)
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

static MUST_CHECK bool encoder_open(struct encoder *encoder, const char *path,
                                    const struct film_encoder_order *order, struct err *err)
{
    encoder->pixels = malloc((size_t)order->width_px * (size_t)order->height_px * 4);
    if (!encoder->pixels) {
        err_oom(err);
        return false; /* clang-tidy does not see that err_oom returns false */
    }
    av_log_set_level(AV_LOG_QUIET); /* errors are returned */
    return set_paths(encoder, path, err) && open_codec(encoder, order, err) &&
           allocate_frame(encoder, order, err) && open_output(encoder, err);
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

/* The sum of one channel of four pixels. */
static int sum_channel(const uint32_t *upper, const uint32_t *lower, int shift)
{
    return (int)((upper[0] >> shift & 0xff) + (upper[1] >> shift & 0xff) +
                 (lower[0] >> shift & 0xff) + (lower[1] >> shift & 0xff));
}

/* A chroma sample lies in the middle of four pixels. */
static void convert_chroma(const uint32_t *pixels, AVFrame *frame)
{
    const int middle = (128 << 18) + (1 << 17);
    for (int y = 0; y < frame->height / 2; y++) {
        const uint32_t *upper = pixels + (ptrdiff_t)y * 2 * frame->width;
        const uint32_t *lower = upper + frame->width;
        uint8_t *u = frame->data[1] + (ptrdiff_t)y * frame->linesize[1];
        uint8_t *v = frame->data[2] + (ptrdiff_t)y * frame->linesize[2];
        for (int x = 0; x < frame->width / 2; x++) {
            int red = sum_channel(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 16);
            int green = sum_channel(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 8);
            int blue = sum_channel(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 0);
            u[x] = (uint8_t)((28785 * blue - 6596 * red - 22189 * green + middle) >> 18);
            v[x] = (uint8_t)((28785 * red - 26145 * green - 2640 * blue + middle) >> 18);
        }
    }
}

/* Encodes a frame (NULL: the end), and writes what is finished. */
static MUST_CHECK bool encode_frame(struct encoder *encoder, const AVFrame *frame, struct err *err)
{
    AVStream *stream = encoder->file->streams[0];
    int code = avcodec_send_frame(encoder->codec, frame);
    if (code < 0)
        return set_ffmpeg_error(err, code, "cannot encode H.264");
    for (;;) {
        code = avcodec_receive_packet(encoder->codec, encoder->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return true;
        if (code < 0)
            return set_ffmpeg_error(err, code, "cannot encode H.264");
        encoder->packet->stream_index = stream->index;
        encoder->packet->duration = 1;
        av_packet_rescale_ts(encoder->packet, encoder->codec->time_base, stream->time_base);
        code = av_interleaved_write_frame(encoder->file, encoder->packet);
        if (code < 0)
            return set_file_error(err, code, temporary_of(encoder));
    }
}

static MUST_CHECK bool add_frame(struct encoder *encoder, struct err *err)
{
    if (av_frame_make_writable(encoder->frame) < 0)
        return err_oom(err);
    convert_luma(encoder->pixels, encoder->frame);
    convert_chroma(encoder->pixels, encoder->frame);
    encoder->frame->pts = encoder->frames++;
    return encode_frame(encoder, encoder->frame, err);
}

/* Renames the film, after all of it is on the disk. */
static MUST_CHECK bool rename_output(struct encoder *encoder, struct err *err)
{
    int fd = open(temporary_of(encoder), O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (!ok)
        return err_set_errno(err, ERR_DISK, number, "cannot write %s", temporary_of(encoder));
    if (rename(temporary_of(encoder), encoder->path) < 0)
        return err_set_errno(err, ERR_DISK, errno, "cannot write %s", encoder->path);
    encoder->finished = true;
    return file_sync_folder(encoder->path, err);
}

static MUST_CHECK bool finish_output(struct encoder *encoder, struct err *err)
{
    if (!encode_frame(encoder, NULL, err))
        return false;
    int code = av_write_trailer(encoder->file);
    int closed = avio_closep(&encoder->file->pb);
    if (code < 0 || closed < 0)
        return set_file_error(err, code < 0 ? code : closed, temporary_of(encoder));
    return rename_output(encoder, err);
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

static bool receive_bytes(void *bytes, size_t size)
{
    ssize_t got;
    do
        got = recv(PROGRAM_FD, bytes, size, MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}

static MUST_CHECK bool send_reply(const struct err *err)
{
    struct film_encoder_reply reply = {.code = (int32_t)err->code};
    memcpy(reply.text, err->text, sizeof reply.text);
    return send(PROGRAM_FD, &reply, sizeof reply, MSG_NOSIGNAL) == (ssize_t)sizeof reply;
}

/* Encodes frames until the end. */
static MUST_CHECK bool encode_frames(struct encoder *encoder,
                                     const struct film_encoder_order *order, struct err *err)
{
    size_t frame_bytes = (size_t)order->width_px * (size_t)order->height_px * 4;
    uint8_t kind;
    while (receive_bytes(&kind, sizeof kind)) {
        if (kind == FILM_ENCODER_END)
            return finish_output(encoder, err);
        if (!receive_bytes(encoder->pixels, frame_bytes))
            break;
        if (!add_frame(encoder, err))
            return false;
    }
    return err_set(err, ERR_SYSTEM, "the player stopped before the film was complete");
}

int film_encoder_main(const char *path)
{
    struct film_encoder_order order;
    struct encoder encoder = {0};
    struct err err = {0};
    /* A terminal sends these to all foreground processes, but the player decides when the film
     * ends. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, FILM_ENCODER_NAME);
    closefrom(PROGRAM_FD + 1);
    if (!receive_bytes(&order, sizeof order))
        return EXIT_FAILURE;
    bool ok = encoder_open(&encoder, path, &order, &err) && send_reply(&err) &&
              encode_frames(&encoder, &order, &err);
    encoder_close(&encoder);
    return send_reply(&err) && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
