/* Part of film_demux: how long the pictures last, found out from little of the file. */
#include "worker/film/film_demux_internal.h"

/* A file that ends so much before the end of all that its head declares was cut off. */
#define CUT_US 500000
/* How much of a file's end is read for its last pictures, and how much at most if there are
 * none. */
#define TAIL_BYTES ((int64_t)2 << 20)
#define TAIL_BYTES_MAX ((int64_t)32 << 20)
/* How much a file's head and its index may have together. */
#define INDEX_BYTES_MAX ((int64_t)8 << 20)
/* Far more than those bytes hold in any film that is not made to keep a player busy. */
#define PACKETS_MAX (1 << 18)

/* What is asked of a file, and what may still be read to answer it. */
struct measure {
    const struct film_demux *input;
    int64_t frame_length; /* in units of the pictures' stream */
    int64_t bytes_left;
    int packets_left;
};

/* How far a file goes. */
struct extent {
    int64_t pictures; /* the end of the latest one, in units of their stream; INT64_MIN: none */
    int64_t all_us;   /* the end of whatever ends last; INT64_MAX: not known */
};

static const struct extent no_extent = {INT64_MIN, INT64_MAX};

static bool is_plausible_stamp(int64_t stamp)
{
    return stamp > INT64_MIN / 4 && stamp < INT64_MAX / 4;
}

/* Where a packet ends, in units of its stream; INT64_MIN: not known. */
static int64_t packet_end(const AVPacket *packet, int64_t frame_length)
{
    int64_t stamp = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    int64_t length = packet->duration > 0 ? packet->duration : frame_length;
    bool counts = is_plausible_stamp(stamp) && length < INT64_MAX / 4 &&
                  !(packet->flags & AV_PKT_FLAG_DISCARD);
    return counts ? stamp + length : INT64_MIN;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* A demuxer of its own, to which the file seems to go on at `from` after its head. NULL where that
 * can't be read within so many bytes, which it goes on to count. */
static struct film_demux *open_part(const struct film_demux *input, int64_t from,
                                    int64_t *bytes_left)
{
    struct film_demux *part = film_demux_create(input->fd, input->size_bytes, NULL);
    if (!part)
        return NULL;
    part->hole_at = input->head_bytes;
    part->hole_bytes = later(from - input->head_bytes, 0);
    part->bytes_left = bytes_left;
    if (film_demux_open_format(part, NULL)) {
        film_demux_choose_streams(part);
        if (part->index[FILM_STREAM_PICTURES] == input->index[FILM_STREAM_PICTURES])
            return part;
    }
    film_demux_close(part);
    return NULL;
}

/* Reads to the end of the file, or until so much of it has come without a picture that there will
 * be none. */
static struct extent read_to_end(struct measure *measure, struct film_demux *part)
{
    struct extent extent = {INT64_MIN, INT64_MIN};
    int64_t picture_at = avio_tell(part->format->pb);
    for (unsigned i = 0; i < part->format->nb_streams; i++)
        part->format->streams[i]->discard = AVDISCARD_DEFAULT;
    while (film_demux_read_any(part)) {
        const AVPacket *packet = part->packet;
        bool picture = packet->stream_index == part->index[FILM_STREAM_PICTURES];
        int64_t end = packet_end(packet, picture ? measure->frame_length : 0);
        AVRational base = part->format->streams[packet->stream_index]->time_base;
        if (end != INT64_MIN)
            extent.all_us = later(extent.all_us, av_rescale_q(end, base, AV_TIME_BASE_Q));
        if (picture) {
            extent.pictures = later(extent.pictures, end);
            picture_at = avio_tell(part->format->pb);
        }
        av_packet_unref(part->packet);
        if (--measure->packets_left < 0)
            return no_extent;
        if (avio_tell(part->format->pb) - picture_at > TAIL_BYTES_MAX) {
            extent.all_us = INT64_MAX;
            return extent;
        }
    }
    /* Where reading was stopped there may be later pictures. */
    return part->stopped ? no_extent : extent;
}

static struct extent measure_from(struct measure *measure, int64_t from)
{
    struct film_demux *part = open_part(measure->input, from, &measure->bytes_left);
    struct extent extent = part ? read_to_end(measure, part) : no_extent;
    film_demux_close(part);
    return extent;
}

/* A Matroska demuxer that meets bytes outside its elements goes on at the next cluster. */
static struct extent measure_tail(struct measure *measure, int64_t tail_bytes)
{
    return measure_from(measure, measure->input->size_bytes - tail_bytes);
}

/* Where the last key picture of a Matroska file's index is; 0: it has none. */
static int64_t last_key_at(struct measure *measure)
{
    int64_t may_read =
        measure->bytes_left < INDEX_BYTES_MAX ? measure->bytes_left : INDEX_BYTES_MAX;
    int64_t left = may_read, at = 0;
    struct film_demux *part = open_part(measure->input, 0, &left);
    /* The index is read at the first seek. To seek a later key picture than it has, the demuxer
     * would read to the end of the file. */
    if (part && film_demux_seek(part, 0)) {
        AVStream *pictures = film_demux_stream(part, FILM_STREAM_PICTURES);
        int count = avformat_index_get_entries_count(pictures);
        if (count > 0)
            at = avformat_index_get_entry(pictures, count - 1)->pos;
    }
    film_demux_close(part);
    measure->bytes_left -= may_read - left;
    return at < measure->input->size_bytes ? at : 0;
}

/* Most files end with their pictures, or soon after; else the last key picture in the index is
 * where to begin. */
static struct extent measure_matroska(struct measure *measure)
{
    const struct extent tail = measure_tail(measure, TAIL_BYTES);
    struct extent extent = tail;
    int64_t key_at = extent.pictures == INT64_MIN ? last_key_at(measure) : 0;
    if (key_at > 0)
        extent = measure_from(measure, key_at);
    for (int64_t bytes = 4 * TAIL_BYTES; bytes <= TAIL_BYTES_MAX && extent.pictures == INT64_MIN;
         bytes *= 4)
        extent = measure_tail(measure, bytes);
    return extent.pictures == INT64_MIN ? tail : extent;
}

/* A file without an index is short, or not worth reading. */
static struct extent measure_all(struct measure *measure)
{
    return measure->input->size_bytes > TAIL_BYTES_MAX ? no_extent : measure_from(measure, 0);
}

/* What the head of the file declares, or else how far its end goes, is a length for all that is
 * in it. */
static int64_t length_of_all_us(const struct film_demux *input, const struct extent *extent)
{
    const AVFormatContext *format = input->format;
    if (format->duration != AV_NOPTS_VALUE &&
        format->duration_estimation_method != AVFMT_DURATION_FROM_BITRATE)
        return format->duration;
    return extent->all_us == INT64_MAX ? 0 : extent->all_us;
}

int64_t film_demux_measure_us(const struct film_demux *input)
{
    const AVStream *pictures = film_demux_stream(input, FILM_STREAM_PICTURES);
    const AVRational base = pictures->time_base;
    AVRational rate = pictures->avg_frame_rate;
    int64_t first = pictures->start_time != AV_NOPTS_VALUE ? pictures->start_time : 0;
    int64_t length = rate.num > 0 && rate.den > 0 ? av_rescale_q(1, av_inv_q(rate), base) : 0;
    struct measure measure = {
        .input = input,
        .frame_length = is_plausible_stamp(length) ? length : 0,
        .bytes_left = FILM_DEMUX_MEASURE_BYTES_MAX,
        .packets_left = PACKETS_MAX,
    };
    bool matroska = film_demux_is_matroska(input);
    struct extent extent = matroska ? measure_matroska(&measure) : measure_all(&measure);
    int64_t all_us = matroska ? length_of_all_us(input, &extent) : 0;
    /* A file that was cut off has the length that it would have, as one of another kind would. */
    bool cut = extent.all_us != INT64_MIN && extent.all_us < all_us - CUT_US;
    if (extent.pictures > first && !cut)
        return av_rescale_q(extent.pictures - first, base, AV_TIME_BASE_Q);
    return later(all_us - av_rescale_q(first, base, AV_TIME_BASE_Q), 0);
}
