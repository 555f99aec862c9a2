#include "operate/encode.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME "file:" /* or a name with a colon would be taken for another protocol */
#define TEMPORARY ".tmp"

struct encode {
    char *path;
    char *url; /* SCHEME, path, TEMPORARY */
    AVFormatContext *file;
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    int64_t frames;
    bool opened, finished;
};

bool encode_check_size(int width_px, int height_px, struct err *err)
{
    if (width_px % 2 || height_px % 2)
        return err_set(err, ERR_INPUT,
                       "%dx%d: a film needs even sides (its colors have half the resolution); take "
                       "%dx%d",
                       width_px, height_px, width_px + width_px % 2, height_px + height_px % 2);
    if ((int64_t)width_px * height_px > ENCODE_AREA_MAX_PX)
        return err_set(err, ERR_LIMIT, "%dx%d: a film may have at most %d pixels", width_px,
                       height_px, ENCODE_AREA_MAX_PX);
    return true;
}

static bool fail(struct err *err, int code, const char *what)
{
    char words[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, words, sizeof words);
    int number = AVUNERROR(code);
    bool disk = number == ENOSPC || number == EIO || number == EROFS || number == EDQUOT ||
                number == EFBIG || number == EACCES || number == ENOENT;
    return err_set(err, disk ? ERR_DISK : ERR_SYSTEM, "%s: %s", what, words);
}

static const char *temporary_of(const struct encode *encode)
{
    return encode->url + sizeof SCHEME - 1;
}

/* Renaming replaces whatever has the name: a device would be gone. */
static bool keep_names(struct encode *encode, const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "%s: not a regular file", path);
    encode->path = strdup(path);
    if (asprintf(&encode->url, SCHEME "%s" TEMPORARY, path) < 0)
        encode->url = NULL;
    return (encode->path && encode->url) || err_set(err, ERR_SYSTEM, "out of memory");
}

/* Visually lossless, at a pace that a laptop stands. */
static bool set_quality(AVDictionary **options)
{
    return av_dict_set(options, "profile", "high", 0) >= 0 &&
           av_dict_set(options, "preset", "medium", 0) >= 0 &&
           av_dict_set(options, "crf", "18", 0) >= 0;
}

static bool open_codec(struct encode *encode, const struct encode_config *config, struct err *err)
{
    static const char missing[] = "H.264 can't be written: FFmpeg's libavcodec has no libx264 here";
    const AVCodec *found = avcodec_find_encoder(AV_CODEC_ID_H264);
    AVCodecContext *codec = encode->codec = found ? avcodec_alloc_context3(found) : NULL;
    AVDictionary *options = NULL;
    if (!found)
        return err_set(err, ERR_INPUT, "%s", missing);
    if (!codec || !set_quality(&options)) {
        av_dict_free(&options);
        return err_set(err, ERR_SYSTEM, "out of memory");
    }
    codec->width = config->width_px;
    codec->height = config->height_px;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    av_reduce(&codec->framerate.num, &codec->framerate.den, config->rate, config->per, INT_MAX);
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

static bool open_file(struct encode *encode, struct err *err)
{
    int code = avformat_alloc_output_context2(&encode->file, NULL, "mp4", encode->url);
    AVStream *stream = code >= 0 ? avformat_new_stream(encode->file, NULL) : NULL;
    if (!stream)
        return err_set(err, ERR_SYSTEM, "out of memory");
    stream->time_base = encode->codec->time_base;
    stream->avg_frame_rate = encode->codec->framerate;
    stream->sample_aspect_ratio = encode->codec->sample_aspect_ratio;
    code = avcodec_parameters_from_context(stream->codecpar, encode->codec);
    if (code < 0)
        return fail(err, code, "a film's header");
    AVDictionary *options = NULL;
    code = av_dict_set(&options, "movflags", "+faststart", 0);
    if (code >= 0)
        code = avio_open(&encode->file->pb, encode->url, AVIO_FLAG_WRITE);
    encode->opened = code >= 0;
    if (code >= 0)
        code = avformat_write_header(encode->file, &options);
    av_dict_free(&options);
    return code >= 0 || fail(err, code, encode->path);
}

static bool make_frame(struct encode *encode, const struct encode_config *config, struct err *err)
{
    encode->packet = av_packet_alloc();
    AVFrame *frame = encode->frame = av_frame_alloc();
    if (!encode->packet || !frame)
        return err_set(err, ERR_SYSTEM, "out of memory");
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = config->width_px;
    frame->height = config->height_px;
    return av_frame_get_buffer(frame, 0) >= 0 || err_set(err, ERR_SYSTEM, "out of memory");
}

struct encode *encode_create(const char *path, const struct encode_config *config, struct err *err)
{
    struct encode *encode = calloc(1, sizeof *encode);
    if (!encode) {
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    av_log_set_level(AV_LOG_QUIET); /* what matters comes back as errors */
    if (keep_names(encode, path, err) && open_codec(encode, config, err) &&
        make_frame(encode, config, err) && open_file(encode, err))
        return encode;
    encode_destroy(encode);
    return NULL;
}

/* ITU-R BT.709, section 3, limited range, in 65536ths: libyuv converts into BT.601 alone. */
static uint8_t luma(uint32_t pixel)
{
    uint32_t red = pixel >> 16 & 0xff, green = pixel >> 8 & 0xff, blue = pixel & 0xff;
    return (uint8_t)((11966 * red + 40254 * green + 4064 * blue + (16 << 16) + 32768) >> 16);
}

static void convert_luma(const struct canvas *canvas, AVFrame *frame)
{
    for (int y = 0; y < canvas->height_px; y++) {
        const uint32_t *from = (const uint32_t *)(const void *)((const uint8_t *)canvas->pixels +
                                                                canvas->stride_bytes * (size_t)y);
        uint8_t *to = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
        for (int x = 0; x < canvas->width_px; x++)
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
static void convert_chroma(const struct canvas *canvas, AVFrame *frame)
{
    const int middle = (128 << 18) + (1 << 17);
    for (int y = 0; y < canvas->height_px / 2; y++) {
        const uint8_t *line =
            (const uint8_t *)canvas->pixels + canvas->stride_bytes * 2 * (size_t)y;
        const uint32_t *upper = (const uint32_t *)(const void *)line;
        const uint32_t *lower = (const uint32_t *)(const void *)(line + canvas->stride_bytes);
        uint8_t *u = frame->data[1] + (ptrdiff_t)y * frame->linesize[1];
        uint8_t *v = frame->data[2] + (ptrdiff_t)y * frame->linesize[2];
        for (int x = 0; x < canvas->width_px / 2; x++) {
            int red = sum_of(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 16);
            int green = sum_of(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 8);
            int blue = sum_of(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x, 0);
            u[x] = (uint8_t)((28785 * blue - 6596 * red - 22189 * green + middle) >> 18);
            v[x] = (uint8_t)((28785 * red - 26145 * green - 2640 * blue + middle) >> 18);
        }
    }
}

/* Gives the encoder a frame, or, with NULL, its end; writes what it has finished. */
static bool push(struct encode *encode, const AVFrame *frame, struct err *err)
{
    AVStream *stream = encode->file->streams[0];
    int code = avcodec_send_frame(encode->codec, frame);
    if (code < 0)
        return fail(err, code, "the encoder for H.264");
    for (;;) {
        code = avcodec_receive_packet(encode->codec, encode->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return true;
        if (code < 0)
            return fail(err, code, "the encoder for H.264");
        encode->packet->stream_index = stream->index;
        encode->packet->duration = 1;
        av_packet_rescale_ts(encode->packet, encode->codec->time_base, stream->time_base);
        code = av_interleaved_write_frame(encode->file, encode->packet);
        if (code < 0)
            return fail(err, code, temporary_of(encode));
    }
}

bool encode_add(struct encode *encode, const struct canvas *canvas, struct err *err)
{
    if (av_frame_make_writable(encode->frame) < 0)
        return err_set(err, ERR_SYSTEM, "out of memory");
    convert_luma(canvas, encode->frame);
    convert_chroma(canvas, encode->frame);
    encode->frame->pts = encode->frames++;
    return push(encode, encode->frame, err);
}

/* On the disk before it has its name. */
static bool give_name(struct encode *encode, struct err *err)
{
    int fd = open(temporary_of(encode), O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (!ok)
        return err_set_errno(err, ERR_DISK, number, "%s", temporary_of(encode));
    if (rename(temporary_of(encode), encode->path) < 0)
        return err_set_errno(err, ERR_DISK, errno, "%s", encode->path);
    encode->finished = true;
    return file_sync_folder(encode->path, err);
}

bool encode_finish(struct encode *encode, struct err *err)
{
    if (!push(encode, NULL, err))
        return false;
    int code = av_write_trailer(encode->file);
    int closed = avio_closep(&encode->file->pb);
    if (code < 0 || closed < 0)
        return fail(err, code < 0 ? code : closed, temporary_of(encode));
    return give_name(encode, err);
}

void encode_destroy(struct encode *encode)
{
    if (!encode)
        return;
    if (encode->file)
        avio_closep(&encode->file->pb);
    if (encode->opened && !encode->finished)
        unlink(temporary_of(encode));
    avformat_free_context(encode->file);
    avcodec_free_context(&encode->codec);
    av_frame_free(&encode->frame);
    av_packet_free(&encode->packet);
    free(encode->path);
    free(encode->url);
    free(encode);
}
