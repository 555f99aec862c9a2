#include "worker/film/film_decoder.h"

#include "sandbox/spare_threads.h"
#include "worker/film/film_codec.h"

#define PACKETS_WITHOUT_FRAME_MAX 300
/* What an edit list hides is decoded all the same, from a key frame on: ten minutes at 30 fps. */
#define PACKETS_NOT_SHOWN_MAX 18000
/* So many frames that can't be correct are left out after a jump; then the film is taken as it
 * is. */
#define UNTRUSTED_MAX 300
/* Frames that end this long before the target are of no use, in whatever order their stamps
 * come. */
#define SKIP_BEFORE_US 200000

_Static_assert(FILM_THREADS_MAX <= SPARE_THREADS_MAX, "in a sandbox there are no more");

bool film_decoder_start(struct film_decoder *decoder, struct film_frame_pool *pool,
                        const struct film_facts *facts, int threads, struct err *err)
{
    const AVStream *pictures = film_demux_stream(decoder->input, FILM_STREAM_PICTURES);
    decoder->first_packet = true;
    decoder->sent_stamp = decoder->passed_stamp = AV_NOPTS_VALUE;
    decoder->packet = av_packet_alloc();
    if (!decoder->packet)
        return err_oom(err);
    decoder->context = film_codec_create(pictures->codecpar, pictures->time_base, err);
    if (!decoder->context)
        return false;
    decoder->context->thread_count = film_codec_threads(pictures->codecpar, threads);
    decoder->context->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
    decoder->pool = pool;
    film_frame_pool_attach(pool, decoder->context, facts->direct);
    return film_codec_start(decoder->context, err);
}

static int64_t packet_stamp(const AVPacket *packet)
{
    return packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
}

static void note_first_packet(struct film_decoder *decoder)
{
    if (!decoder->first_packet)
        return;
    const AVPacket *packet = decoder->packet;
    decoder->first_packet = false;
    decoder->key_stamp = packet->flags & AV_PKT_FLAG_KEY ? packet->pts : AV_NOPTS_VALUE;
    decoder->key_decode_stamp = packet_stamp(packet);
    decoder->untrusted = 0;
    decoder->trusted = false;
}

/* Whether the packet's frame ends well before the target. */
static bool ends_before_target(const struct film_decoder *decoder)
{
    const AVPacket *packet = decoder->packet;
    if (decoder->thorough || packet->duration < 0 || packet->duration > INT64_MAX / 4 ||
        packet->pts == AV_NOPTS_VALUE || packet->pts > INT64_MAX / 4)
        return false;
    int64_t end_us =
        film_timestamps_time(&decoder->clock, packet->pts + packet->duration, decoder->clock.base);
    return end_us != FILM_TIMESTAMPS_NONE && end_us < decoder->target_us - SKIP_BEFORE_US;
}

/* Leaves out frames that no other frame refers to if they would not be shown. */
static void choose_skip_mode(struct film_decoder *decoder)
{
    const AVPacket *packet = decoder->packet;
    bool skippable = ends_before_target(decoder);
    bool hidden = packet->flags & AV_PKT_FLAG_DISCARD;
    decoder->context->skip_frame = skippable || hidden ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
    if (skippable &&
        (decoder->passed_stamp == AV_NOPTS_VALUE || packet->pts > decoder->passed_stamp))
        decoder->passed_stamp = packet->pts;
    if (hidden)
        decoder->not_shown++;
    else if (!skippable)
        decoder->without_frame++;
}

static MUST_CHECK bool check_packet_limits(const struct film_decoder *decoder, struct err *err)
{
    if (decoder->without_frame > PACKETS_WITHOUT_FRAME_MAX)
        return err_set(err, ERR_INPUT, "the decoder produced no frame from %d consecutive packets",
                       PACKETS_WITHOUT_FRAME_MAX);
    if (decoder->not_shown > PACKETS_NOT_SHOWN_MAX)
        return err_set(err, ERR_INPUT, "an edit list hides more than %d packets",
                       PACKETS_NOT_SHOWN_MAX);
    return true;
}

/* Handles an error of the decoder. False: the film fails. */
static MUST_CHECK bool count_broken_packet(struct film_decoder *decoder, int code, struct err *err)
{
    if (code == AVERROR(ENOMEM) || film_frame_pool_out_of_memory(decoder->pool))
        return film_codec_error(err, AVERROR(ENOMEM), "cannot decode the pictures");
    decoder->counts->broken_packets++;
    decoder->packet_broken = true;
    return true;
}

/* Sends one packet to the decoder. */
static MUST_CHECK bool feed_film_decoder(struct film_decoder *decoder, struct err *err)
{
    AVPacket *packet = decoder->packet;
    if (film_demux_read(decoder->input, FILM_STREAM_PICTURES, packet) != FILM_READ_PACKET) {
        decoder->draining = true;
        avcodec_send_packet(decoder->context, NULL);
        return true;
    }
    decoder->counts->packets++;
    note_first_packet(decoder);
    decoder->sent_stamp = packet_stamp(packet);
    choose_skip_mode(decoder);
    int code = avcodec_send_packet(decoder->context, packet);
    av_packet_unref(packet);
    return (code >= 0 || count_broken_packet(decoder, code, err)) &&
           check_packet_limits(decoder, err);
}

/* Receives a frame from the decoder, or sends it a packet. */
static enum film_result decode_step(struct film_decoder *decoder, AVFrame *frame, struct err *err)
{
    if (decoder->ended)
        return FILM_END;
    int code = avcodec_receive_frame(decoder->context, frame);
    if (code >= 0) {
        decoder->without_frame = decoder->not_shown = 0;
        decoder->frames_since_jump++;
        return FILM_FRAME;
    }
    if (code == AVERROR(EAGAIN) && !decoder->draining)
        return feed_film_decoder(decoder, err) ? FILM_WORKING : FILM_FAILED;
    if (code == AVERROR_EOF || ++decoder->without_frame > PACKETS_WITHOUT_FRAME_MAX) {
        decoder->ended = true;
        return FILM_END;
    }
    return count_broken_packet(decoder, code, err) ? FILM_WORKING : FILM_FAILED;
}

/* After a jump to a key frame inside an open group of pictures, decoders return frames that are
 * shown before the key frame and refer to frames before the jump: gray, or smeared. The same goes
 * for films that refresh their picture bit by bit. */
static bool is_trusted(struct film_decoder *decoder, const AVFrame *frame)
{
    if (decoder->trusted)
        return true;
    int64_t stamp = frame->best_effort_timestamp;
    bool early = decoder->key_stamp != AV_NOPTS_VALUE && stamp != AV_NOPTS_VALUE &&
                 stamp < decoder->key_stamp;
    /* A decoder does not mark the frames that it returns when it is drained. */
    bool incomplete =
        frame->flags & AV_FRAME_FLAG_CORRUPT || (decoder->jumped && decoder->draining);
    decoder->trusted = (!early && !incomplete) || ++decoder->untrusted > UNTRUSTED_MAX;
    return decoder->trusted;
}

static void mark_damage(struct film_decoder *decoder, struct film_decoded *decoded)
{
    bool has_bad_parts =
        decoded->frame->flags & AV_FRAME_FLAG_CORRUPT || decoded->frame->decode_error_flags;
    decoder->counts->damaged_frames += has_bad_parts;
    decoded->damaged = has_bad_parts || decoder->packet_broken;
    decoder->packet_broken = false;
}

enum film_result film_decoder_next(struct film_decoder *decoder, struct film_decoded *decoded,
                                   struct err *err)
{
    enum film_result result = decode_step(decoder, decoded->frame, err);
    if (result != FILM_FRAME)
        return result;
    if (is_trusted(decoder, decoded->frame)) {
        decoded->time_us =
            film_timestamps_next(&decoder->clock, decoded->frame->best_effort_timestamp);
        decoded->present = decoded->time_us != FILM_TIMESTAMPS_LATE;
        decoder->counts->late += !decoded->present;
    }
    if (decoded->present) {
        mark_damage(decoder, decoded);
        return FILM_FRAME;
    }
    av_frame_unref(decoded->frame);
    return FILM_WORKING;
}

bool film_decoder_passed(const struct film_decoder *decoder, const AVFrame *frame)
{
    int64_t stamp = frame->best_effort_timestamp;
    return decoder->passed_stamp != AV_NOPTS_VALUE && stamp != AV_NOPTS_VALUE &&
           stamp < decoder->passed_stamp;
}

static void reset_after_jump(struct film_decoder *decoder)
{
    avcodec_flush_buffers(decoder->context);
    film_timestamps_jump(&decoder->clock);
    decoder->first_packet = decoder->jumped = true;
    decoder->draining = decoder->ended = decoder->packet_broken = false;
    decoder->without_frame = decoder->not_shown = decoder->frames_since_jump = 0;
    decoder->sent_stamp = decoder->passed_stamp = AV_NOPTS_VALUE;
    decoder->counts->seeks++;
}

bool film_decoder_seek(struct film_decoder *decoder, int64_t stamp)
{
    if (!film_demux_seek(decoder->input, stamp))
        return false;
    reset_after_jump(decoder);
    return true;
}

bool film_decoder_seek_ahead(struct film_decoder *decoder, int64_t stamp, bool load_index)
{
    int64_t key = film_demux_key_before(decoder->input, stamp);
    bool ahead =
        key != AV_NOPTS_VALUE && decoder->sent_stamp != AV_NOPTS_VALUE && key > decoder->sent_stamp;
    if (!ahead &&
        (!load_index || decoder->index_loaded || !film_demux_index_is_late(decoder->input)))
        return false;
    decoder->index_loaded = true;
    return film_decoder_seek(decoder, stamp);
}

bool film_decoder_rewind(struct film_decoder *decoder, struct err *err)
{
    if (!film_demux_rewind(decoder->input, err))
        return false;
    reset_after_jump(decoder);
    decoder->jumped = false;
    film_timestamps_rewind(&decoder->clock);
    return true;
}

void film_decoder_finish(struct film_decoder *decoder)
{
    avcodec_free_context(&decoder->context);
    av_packet_free(&decoder->packet);
}
