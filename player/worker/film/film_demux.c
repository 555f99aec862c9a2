#include "worker/film/film_demux.h"

#include "sandbox/sandbox.h"
#include "worker/film/film_codec.h"
#include "worker/film/film_demux_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (64 << 10)
#define PROBE_BYTES "8388608"
#define PROBE_US "5000000"
#define PROBE_READ_BYTES_MAX ((int64_t)16 << 20)
#define BAD_READS_MAX 64
/* A file may count its length from its first stamp or from 0, and rounds it: less than this makes
 * no difference. */
#define STARTS_AT_ONCE_US 100000

static int read_bytes(void *opaque, uint8_t *bytes, int count)
{
    struct film_demux *input = opaque;
    int64_t from = input->at_bytes;
    if (input->bytes_left && count > *input->bytes_left)
        count = (int)*input->bytes_left;
    if (count <= 0) {
        input->stopped = true;
        return AVERROR_EOF;
    }
    if (from < input->hole_at && count > input->hole_at - from)
        count = (int)(input->hole_at - from);
    if (from >= input->hole_at)
        from += input->hole_bytes;
    ssize_t got;
    do
        got = pread(input->fd, bytes, (size_t)count, from);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return AVERROR(errno);
    input->at_bytes += got;
    if (input->bytes_left)
        *input->bytes_left -= got;
    return got ? (int)got : AVERROR_EOF;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    struct film_demux *input = opaque;
    whence &= ~AVSEEK_FORCE;
    int64_t size_bytes = input->size_bytes - input->hole_bytes;
    if (whence == AVSEEK_SIZE)
        return size_bytes;
    int64_t from = 0;
    if (whence == SEEK_CUR)
        from = input->at_bytes;
    else if (whence == SEEK_END)
        from = size_bytes;
    if (offset < -from || offset > INT64_MAX - from)
        return AVERROR(EINVAL);
    return input->at_bytes = from + offset;
}

/* A file may refer to others (a playlist, external tracks): none is opened. */
static int open_nothing(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                        AVDictionary **options)
{
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EACCES);
}

static void packet_queue_clear(struct packet_queue *queue)
{
    while (queue->count > 0) {
        av_packet_free(&queue->packets[queue->first]);
        queue->first = (queue->first + 1) % FILM_DEMUX_QUEUE_PACKETS_MAX;
        queue->count--;
    }
    queue->bytes = 0;
}

static bool packet_queue_is_full(const struct packet_queue *queue)
{
    return queue->count == FILM_DEMUX_QUEUE_PACKETS_MAX ||
           queue->bytes >= FILM_DEMUX_QUEUE_BYTES_MAX;
}

static void packet_queue_take(struct packet_queue *queue, AVPacket *packet)
{
    AVPacket **first = &queue->packets[queue->first];
    queue->bytes -= (size_t)(*first)->size;
    av_packet_move_ref(packet, *first);
    av_packet_free(first);
    queue->first = (queue->first + 1) % FILM_DEMUX_QUEUE_PACKETS_MAX;
    queue->count--;
}

/* Takes ownership of the packet. Out of memory it is lost, like a broken one. */
static void packet_queue_put(struct packet_queue *queue, AVPacket *packet)
{
    AVPacket *moved = av_packet_alloc();
    if (!moved) {
        av_packet_unref(packet);
        return;
    }
    av_packet_move_ref(moved, packet);
    queue->packets[(queue->first + queue->count) % FILM_DEMUX_QUEUE_PACKETS_MAX] = moved;
    queue->count++;
    queue->bytes += (size_t)moved->size;
}

static void close_format(struct film_demux *input)
{
    for (int i = 0; i < FILM_STREAM_COUNT; i++)
        packet_queue_clear(&input->queues[i]);
    if (!input->format)
        return;
    AVIOContext *io = input->format->pb;
    avformat_close_input(&input->format);
    if (io)
        av_freep(&io->buffer);
    avio_context_free(&io);
}

/* FFmpeg writes to standard error by itself, at length about hostile files. */
static void set_process_limits(void)
{
    av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(FILM_CODEC_ALLOCATION_BYTES_MAX);
}

static AVIOContext *create_io(struct film_demux *input)
{
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    AVIOContext *io =
        buffer ? avio_alloc_context(buffer, BUFFER_BYTES, 0, input, read_bytes, NULL, seek_bytes)
               : NULL;
    if (!io)
        av_free(buffer);
    return io;
}

static bool format_options(AVDictionary **options)
{
    static const char *const pairs[][2] = {
        {"format_whitelist", FILM_CODEC_CONTAINERS},
        {"codec_whitelist", FILM_CODEC_DECODERS},
        {"protocol_whitelist", ""},
        {"probesize", PROBE_BYTES},
        {"analyzeduration", PROBE_US},
        /* mov: don't look for tracks in other files. */
        {"enable_drefs", "0"},
        {"use_absolute_path", "0"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (av_dict_set(options, pairs[i][0], pairs[i][1], 0) < 0)
            return false;
    return av_dict_set_int(options, "max_streams", FILM_DEMUX_STREAMS_MAX, 0) >= 0;
}

bool film_demux_open_format(struct film_demux *input, struct err *err)
{
    input->at_bytes = 0;
    input->ended = input->stopped = false;
    input->bad_reads = 0;
    input->format = avformat_alloc_context();
    AVIOContext *io = create_io(input);
    AVDictionary *options = NULL;
    int code = AVERROR(ENOMEM);
    if (input->format && io && format_options(&options)) {
        input->format->pb = io;
        input->format->flags |= AVFMT_FLAG_CUSTOM_IO;
        input->format->io_open = open_nothing;
        /* On failure it frees the context, but never our io. */
        code = avformat_open_input(&input->format, NULL, NULL, &options);
    }
    av_dict_free(&options);
    if (code >= 0) {
        input->head_bytes = avio_tell(io);
        return true;
    }
    avformat_free_context(input->format);
    input->format = NULL;
    if (io)
        av_freep(&io->buffer);
    avio_context_free(&io);
    film_codec_error(err, code, "not an MP4, MOV, WebM or MKV film");
    return false;
}

static int find_stream(const AVFormatContext *format, enum AVMediaType type)
{
    int found = -1;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        /* A cover picture is not video. */
        if (stream->codecpar->codec_type != type ||
            (stream->disposition & AV_DISPOSITION_ATTACHED_PIC))
            continue;
        if (type == AVMEDIA_TYPE_AUDIO && !film_codec_find(stream->codecpar->codec_id))
            continue;
        bool better = found >= 0 && (stream->disposition & AV_DISPOSITION_DEFAULT) &&
                      !(format->streams[found]->disposition & AV_DISPOSITION_DEFAULT);
        if (found < 0 || better)
            found = (int)i;
    }
    return found;
}

void film_demux_choose_streams(struct film_demux *input)
{
    AVFormatContext *format = input->format;
    input->index[FILM_STREAM_PICTURES] = find_stream(format, AVMEDIA_TYPE_VIDEO);
    input->index[FILM_STREAM_SOUND] = find_stream(format, AVMEDIA_TYPE_AUDIO);
    for (unsigned i = 0; i < format->nb_streams; i++) {
        bool is_read = (int)i == input->index[FILM_STREAM_PICTURES] ||
                       (input->want_sound && (int)i == input->index[FILM_STREAM_SOUND]);
        format->streams[i]->discard = is_read ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
}

static MUST_CHECK bool probe_streams(struct film_demux *input, struct err *err)
{
    unsigned count = input->format->nb_streams;
    AVDictionary **options = calloc(count, sizeof(AVDictionary *));
    int64_t bytes_left = PROBE_READ_BYTES_MAX;
    int code = options ? 0 : AVERROR(ENOMEM);
    for (unsigned i = 0; i < count && code >= 0; i++)
        if (!film_codec_limits(&options[i]))
            code = AVERROR(ENOMEM);
    input->bytes_left = &bytes_left;
    if (code >= 0)
        code = avformat_find_stream_info(input->format, options);
    input->bytes_left = NULL;
    for (unsigned i = 0; options && i < count; i++)
        av_dict_free(&options[i]);
    free(options);
    if (input->stopped)
        code = AVERROR_INVALIDDATA;
    return code >= 0 || film_codec_error(err, code, "cannot read the film's headers");
}

static MUST_CHECK bool check_pictures(const struct film_demux *input, struct err *err)
{
    const AVStream *pictures = film_demux_stream(input, FILM_STREAM_PICTURES);
    if (!pictures)
        return err_set(err, ERR_INPUT, "the file contains no video");
    enum AVCodecID id = pictures->codecpar->codec_id;
    return film_codec_find(id) ||
           err_set(err, ERR_INPUT,
                   "the video codec is %s; supported are H.264, HEVC, VP8, VP9 and AV1",
                   id == AV_CODEC_ID_NONE ? "unknown" : avcodec_get_name(id));
}

/* FFmpeg counts only packets that it does not discard when it decides whether it has seen enough:
 * where few pictures stand in much sound it would read on to the end of the file. Then it is to
 * look at the sound, too. */
static MUST_CHECK bool open_streams(struct film_demux *input, struct err *err)
{
    if (!film_demux_open_format(input, err))
        return false;
    film_demux_choose_streams(input);
    if (!check_pictures(input, err))
        return false;
    if (probe_streams(input, err))
        return true;
    if (!input->stopped)
        return false;
    close_format(input);
    if (!film_demux_open_format(input, err))
        return false;
    film_demux_choose_streams(input);
    for (unsigned i = 0; i < input->format->nb_streams; i++)
        input->format->streams[i]->discard = AVDISCARD_DEFAULT;
    if (!check_pictures(input, err) || !probe_streams(input, err))
        return false;
    film_demux_choose_streams(input);
    return true;
}

struct film_demux *film_demux_create(int fd, int64_t size_bytes, struct err *err)
{
    struct film_demux *input = calloc(1, sizeof *input);
    if (!input || !(input->packet = av_packet_alloc())) {
        err_oom(err);
        free(input);
        return NULL;
    }
    input->fd = fd;
    input->size_bytes = size_bytes;
    return input;
}

struct film_demux *film_demux_open(int fd, bool want_sound, struct err *err)
{
    struct stat st;
    if (sandbox_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        err_set(err, ERR_INPUT, "not a regular file");
        return NULL;
    }
    set_process_limits();
    struct film_demux *input = film_demux_create(fd, st.st_size, err);
    if (!input)
        return NULL;
    input->want_sound = want_sound;
    if (open_streams(input, err))
        return input;
    film_demux_close(input);
    return NULL;
}

AVStream *film_demux_stream(const struct film_demux *input, enum film_stream which)
{
    int index = input->index[which];
    return input->format && index >= 0 ? input->format->streams[index] : NULL;
}

bool film_demux_is_matroska(const struct film_demux *input)
{
    return strncmp(input->format->iformat->name, "matroska", 8) == 0;
}

/* Whether the file's length may be that of something else: sound, or a text. */
static bool has_other_streams(const struct film_demux *input)
{
    const AVFormatContext *format = input->format;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        enum AVMediaType type = stream->codecpar->codec_type;
        if ((int)i != input->index[FILM_STREAM_PICTURES] && type != AVMEDIA_TYPE_ATTACHMENT &&
            !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC))
            return true;
    }
    return false;
}

int64_t film_demux_declared_us(const struct film_demux *input)
{
    const AVFormatContext *format = input->format;
    const AVStream *pictures = film_demux_stream(input, FILM_STREAM_PICTURES);
    /* Matroska has a length for all together. */
    if (film_demux_is_matroska(input) && has_other_streams(input))
        return 0;
    if (pictures->duration != AV_NOPTS_VALUE)
        return pictures->duration > 0
                   ? av_rescale_q(pictures->duration, pictures->time_base, AV_TIME_BASE_Q)
                   : 0;
    if (format->duration == AV_NOPTS_VALUE || pictures->start_time == AV_NOPTS_VALUE ||
        format->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE)
        return 0;
    int64_t start_us = av_rescale_q(pictures->start_time, pictures->time_base, AV_TIME_BASE_Q);
    bool at_once = start_us >= 0 && start_us <= STARTS_AT_ONCE_US && start_us < format->duration;
    return at_once ? format->duration - start_us : 0;
}

bool film_demux_read_any(struct film_demux *input)
{
    while (!input->ended) {
        int code = av_read_frame(input->format, input->packet);
        if (code >= 0) {
            input->bad_reads = 0;
            return true;
        }
        /* A damaged part may be passed over; an end is final. */
        if (code == AVERROR_EOF || avio_feof(input->format->pb) ||
            ++input->bad_reads >= BAD_READS_MAX)
            input->ended = true;
    }
    return false;
}

enum film_read film_demux_read(struct film_demux *input, enum film_stream which, AVPacket *packet)
{
    struct packet_queue *queue = &input->queues[which];
    if (queue->count > 0) {
        packet_queue_take(queue, packet);
        return FILM_READ_PACKET;
    }
    enum film_stream other = which == FILM_STREAM_SOUND ? FILM_STREAM_PICTURES : FILM_STREAM_SOUND;
    struct packet_queue *other_queue = &input->queues[other];
    for (;;) {
        if (which == FILM_STREAM_SOUND && packet_queue_is_full(other_queue) && !input->ended)
            return FILM_READ_FULL;
        if (!film_demux_read_any(input))
            return FILM_READ_END;
        int index = input->packet->stream_index;
        if (index == input->index[which]) {
            av_packet_move_ref(packet, input->packet);
            return FILM_READ_PACKET;
        }
        /* Streams may appear while the file is read. */
        if (index != input->index[other] || (other == FILM_STREAM_SOUND && !input->want_sound)) {
            av_packet_unref(input->packet);
            continue;
        }
        if (packet_queue_is_full(other_queue)) {
            packet_queue_take(other_queue, packet);
            av_packet_unref(packet);
        }
        packet_queue_put(other_queue, input->packet);
    }
}

bool film_demux_seek(struct film_demux *input, int64_t stamp)
{
    for (int i = 0; i < FILM_STREAM_COUNT; i++)
        packet_queue_clear(&input->queues[i]);
    input->ended = false;
    input->bad_reads = 0;
    return av_seek_frame(input->format, input->index[FILM_STREAM_PICTURES], stamp,
                         AVSEEK_FLAG_BACKWARD) >= 0;
}

int64_t film_demux_key_before(const struct film_demux *input, int64_t stamp)
{
    AVStream *pictures = film_demux_stream(input, FILM_STREAM_PICTURES);
    int entry = av_index_search_timestamp(pictures, stamp, AVSEEK_FLAG_BACKWARD);
    return entry < 0 ? AV_NOPTS_VALUE : avformat_index_get_entry(pictures, entry)->timestamp;
}

bool film_demux_index_is_late(const struct film_demux *input)
{
    return film_demux_is_matroska(input);
}

bool film_demux_rewind(struct film_demux *input, struct err *err)
{
    close_format(input);
    return open_streams(input, err);
}

void film_demux_close(struct film_demux *input)
{
    if (!input)
        return;
    close_format(input);
    av_packet_free(&input->packet);
    free(input);
}
